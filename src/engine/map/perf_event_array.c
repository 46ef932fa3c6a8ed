#include "fd_array.h"
#include "perf_output.h"

/* User space can set elements but not read them. An element lasts until it is deleted or
 * the map goes. (In the kernel, without SKEP_F_PRESERVE_ELEMS, also no longer than the
 * open file of the map that it was set through.) */

static int check(const union skep_attr *attr)
{
	u32 allowed =
		SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_PRESERVE_ELEMS;

	return !attr->max_entries || attr->key_size != 4 || attr->value_size != 4 ||
			       attr->map_flags & ~allowed
		       ? -EINVAL
		       : 0;
}

static int write_fd(struct map *map, const void *key, const void *value, u64 flags)
{
	u32 *ids = map->priv, index = load32(key);
	struct object *obj;
	int err = 0;

	if (flags != SKEP_ANY)
		return -EINVAL;
	if (index >= map->info.max_entries)
		return -E2BIG;
	if (object_get(map->obj.store, (int)load32(value), OBJECT_PERF, &obj, NULL))
		return -EBADF;
	if (container_of(obj, struct perf, obj)->info->inherit)
		err = -EOPNOTSUPP;
	else
		__atomic_store_n(&ids[index], obj->id, __ATOMIC_RELEASE);
	object_put(obj);
	return err;
}

const struct map_ops map_perf_event_array = {
	.name = "perf_event_array",
	.no_value_ptr = true,
	.btf = map_btf_never,
	.check = check,
	.size = fd_array_size,
	.open = fd_array_open,
	.remove = fd_array_remove,
	.write = write_fd,
	.next_key = map_index_next,
	.refs = fd_array_refs,
};
