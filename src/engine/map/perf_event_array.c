#include "perf_output.h"
#include "map.h"

/* Storage: ids of perf events, 0: none, each of which keeps its event alive. User space
 * can set elements but not read them. An element lasts until it is deleted or the map
 * goes. (In the kernel, without SKEP_F_PRESERVE_ELEMS, also no longer than the open file
 * of the map that it was set through.) */

static int check(const union skep_attr *attr)
{
	u32 allowed =
		SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_PRESERVE_ELEMS;

	return !attr->max_entries || attr->key_size != 4 || attr->value_size != 4 ||
			       attr->map_flags & ~allowed
		       ? -EINVAL
		       : 0;
}

static u64 size(const struct map_info *info)
{
	return info->max_entries * (u64)sizeof(u32);
}

static int open_view(struct map *map)
{
	map->priv = map->storage;
	return 0;
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

static int remove_id(struct map *map, const void *key)
{
	u32 *ids = map->priv, index = load32(key);

	if (index >= map->info.max_entries)
		return -E2BIG;
	return __atomic_exchange_n(&ids[index], 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

static void refs(const void *storage, u64 size, void (*fn)(void *arg, u32 id), void *arg)
{
	const u32 *ids = storage;

	for (u64 i = 0; (i + 1) * sizeof(u32) <= size; i++) {
		u32 id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE);

		if (id)
			fn(arg, id);
	}
}

const struct map_ops map_perf_event_array = {
	.name = "perf_event_array",
	.no_value_ptr = true,
	.check = check,
	.size = size,
	.open = open_view,
	.remove = remove_id,
	.write = write_fd,
	.next_key = map_index_next,
	.refs = refs,
};
