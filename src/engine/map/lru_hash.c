#include "htab.h"

enum { LRU_FLAGS = SKEP_F_NO_PREALLOC | SKEP_F_NO_COMMON_LRU };

static int check(const union skep_attr *attr)
{
	u32 flags = attr->map_flags;

	/* The sizes are not looked at before that. */
	if (flags & SKEP_F_NO_PREALLOC && !(flags & ~(HTAB_FLAGS | LRU_FLAGS)))
		return -ENOTSUPP;
	if (flags & SKEP_F_NO_COMMON_LRU && flags & SKEP_F_NUMA_NODE &&
	    attr->numa_node != UINT32_MAX)
		return -EINVAL;
	return htab_check(attr, LRU_FLAGS, false);
}

/* The kernel gives each CPU's list as many. Our list is common to all. */
static void adjust(struct map_info *info)
{
	u32 n = info->slots, up = (info->max_entries + n - 1) / n * n;

	if (info->flags & SKEP_F_NO_COMMON_LRU)
		info->max_entries =
			up < info->max_entries ? info->max_entries / n * n : up;
}

static void *lookup(struct map *map, const void *key, u32 slot)
{
	struct htab *t = map->priv;
	u32 seq, i = htab_find(t, key, &seq);

	if (i == HTAB_NONE)
		return NULL;
	if (!htab_elem(t, i)->used) /* a clean cache line stays clean */
		htab_elem(t, i)->used = 1;
	return htab_value(t, i);
}

const struct map_ops map_lru_hash = {
	.name = "lru_hash",
	.check = check,
	.size = htab_size,
	.adjust = adjust,
	.lookup = lookup,
	HTAB_OPS,
};
