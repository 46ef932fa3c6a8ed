#include "htab.h"

enum { LRU_FLAGS = SKEP_F_NO_PREALLOC | SKEP_F_NO_COMMON_LRU };

static int check_lru(const union skep_attr *attr, bool percpu)
{
	u32 flags = attr->map_flags;

	/* The sizes are not looked at before that. */
	if (flags & SKEP_F_NO_PREALLOC && !(flags & ~(HTAB_FLAGS | LRU_FLAGS)))
		return -ENOTSUPP;
	if ((percpu || flags & SKEP_F_NO_COMMON_LRU) && flags & SKEP_F_NUMA_NODE &&
	    attr->numa_node != UINT32_MAX)
		return -EINVAL;
	return htab_check(attr, LRU_FLAGS, percpu);
}

static int check(const union skep_attr *attr)
{
	return check_lru(attr, false);
}

static int percpu_check(const union skep_attr *attr)
{
	return check_lru(attr, true);
}

/* The kernel gives each CPU's list as many. Our list is common to all. */
static void adjust(struct map_info *info)
{
	u32 n = info->slots, up = (info->max_entries + n - 1) / n * n;

	if (info->flags & SKEP_F_NO_COMMON_LRU)
		info->max_entries =
			up < info->max_entries ? info->max_entries / n * n : up;
}

/* The element with that key, which is used now; HTAB_NONE: there is none. */
static u32 use(const struct htab *t, const void *key)
{
	u32 seq, i = htab_find(t, key, &seq);

	if (i != HTAB_NONE &&
	    !htab_used(htab_elem(t, i))) /* a clean cache line stays clean */
		htab_use(htab_elem(t, i), true);
	return i;
}

static void *lookup(struct map *map, const void *key, u32 slot)
{
	struct htab *t = map->priv;
	u32 i = use(t, key);

	return i == HTAB_NONE ? NULL : htab_value(t, i);
}

static void *peek(struct map *map, const void *key)
{
	struct htab *t = map->priv;
	u32 seq, i = htab_find(t, key, &seq);

	return i == HTAB_NONE ? NULL : htab_value(t, i);
}

static void *percpu_lookup(struct map *map, const void *key, u32 slot)
{
	struct htab *t = map->priv;
	u32 i = use(t, key);

	return i == HTAB_NONE ? NULL : htab_percpu_value(map, i, slot);
}

const struct map_ops map_lru_hash = {
	.name = "lru_hash",
	.check = check,
	.size = htab_size,
	.adjust = adjust,
	.lookup = lookup,
	.peek = peek,
	HTAB_OPS,
};

const struct map_ops map_lru_percpu_hash = {
	.name = "lru_percpu_hash",
	.per_cpu = true,
	.check = percpu_check,
	.size = htab_percpu_size,
	.adjust = adjust,
	.lookup = percpu_lookup,
	HTAB_OPS,
};
