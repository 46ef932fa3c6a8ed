/* MAP_CREATE by a user without capabilities: which types there are, and where Linux asks.
 */
#include "map.h"
#include <errno.h>

static bool is_for_everybody(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_ARRAY:
	case SKEP_MAP_TYPE_PERCPU_ARRAY:
	case SKEP_MAP_TYPE_PROG_ARRAY:
	case SKEP_MAP_TYPE_PERF_EVENT_ARRAY:
	case SKEP_MAP_TYPE_CGROUP_ARRAY:
	case SKEP_MAP_TYPE_ARRAY_OF_MAPS:
	case SKEP_MAP_TYPE_HASH:
	case SKEP_MAP_TYPE_PERCPU_HASH:
	case SKEP_MAP_TYPE_HASH_OF_MAPS:
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
	case SKEP_MAP_TYPE_CGROUP_STORAGE:
	case SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE: return true;
	default: return false;
	}
}

static bool is_hash(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_HASH:
	case SKEP_MAP_TYPE_PERCPU_HASH:
	case SKEP_MAP_TYPE_LRU_HASH:
	case SKEP_MAP_TYPE_LRU_PERCPU_HASH: return true;
	default: return false;
	}
}

/* Arrays are as long as the next power of two, so that no guess of the processor reads
 * behind their end. */
static bool is_too_long(const union skep_attr *attr)
{
	switch (attr->map_type) {
	case SKEP_MAP_TYPE_ARRAY:
	case SKEP_MAP_TYPE_PERCPU_ARRAY:
	case SKEP_MAP_TYPE_PROG_ARRAY:
	case SKEP_MAP_TYPE_PERF_EVENT_ARRAY:
	case SKEP_MAP_TYPE_CGROUP_ARRAY:
	case SKEP_MAP_TYPE_ARRAY_OF_MAPS: return attr->max_entries > 1u << 31;
	default: return false;
	}
}

int map_check_unprivileged(const union skep_attr *attr, int token)
{
	const struct map_ops *ops = map_type(attr->map_type);
	int err = 0;

	if (is_hash(attr->map_type) && attr->map_flags & SKEP_F_ZERO_SEED)
		return -EPERM;
	if (!ops->late_check)
		err = ops->check(attr);
	if (err || token)
		return err ? err : token;
	if (!is_for_everybody(attr->map_type))
		return -EPERM;
	if (ops->late_check)
		err = ops->check(attr);
	if (err)
		return err;
	return is_too_long(attr) ? -E2BIG : 0;
}
