#include "htab.h"

static int check(const union skep_attr *attr)
{
	return htab_check(attr, SKEP_F_NO_PREALLOC, false);
}

static int percpu_check(const union skep_attr *attr)
{
	if (attr->map_flags & SKEP_F_NUMA_NODE && attr->numa_node != UINT32_MAX)
		return -EINVAL;
	return htab_check(attr, SKEP_F_NO_PREALLOC, true);
}

static void *lookup(struct map *map, const void *key, u32 slot)
{
	struct htab *t = map->priv;
	u32 seq, i = htab_find(t, key, &seq);

	return i == HTAB_NONE ? NULL : htab_value(t, i);
}

static void *percpu_lookup(struct map *map, const void *key, u32 slot)
{
	struct htab *t = map->priv;
	u32 seq, i = htab_find(t, key, &seq);

	return i == HTAB_NONE ? NULL : htab_percpu_value(map, i, slot);
}

const struct map_ops map_hash = {
	.name = "hash",
	.check = check,
	.size = htab_size,
	.lookup = lookup,
	HTAB_OPS,
};

const struct map_ops map_percpu_hash = {
	.name = "percpu_hash",
	.per_cpu = true,
	.check = percpu_check,
	.size = htab_percpu_size,
	.lookup = percpu_lookup,
	HTAB_OPS,
};
