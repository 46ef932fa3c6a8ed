#include "fd_array.h"

int fd_array_check(const union skep_attr *attr)
{
	u32 allowed = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY;

	return !attr->max_entries || attr->key_size != 4 || attr->value_size != 4 ||
			       attr->map_flags & ~allowed
		       ? -EINVAL
		       : 0;
}

u64 fd_array_size(const struct map_info *info)
{
	return sizeof(struct fd_array_head) + info->max_entries * (u64)sizeof(u32);
}

int fd_array_open(struct map *map)
{
	map->priv = map->storage + sizeof(struct fd_array_head);
	return 0;
}

int fd_array_read(struct map *map, const void *key, void *value)
{
	const u32 *ids = map->priv;
	u32 index = load32(key), id;

	if (index >= map->info.max_entries)
		return -ENOENT;
	id = __atomic_load_n(&ids[index], __ATOMIC_ACQUIRE);
	store32(value, id);
	return id ? 0 : -ENOENT;
}

int fd_array_write(struct map *map, const void *key, const void *value, u64 flags,
		   enum object_kind kind,
		   bool (*fits)(struct map *map, const struct object *obj))
{
	u32 *ids = map->priv, index = load32(key);
	struct object *obj;
	int err;

	if (flags != SKEP_ANY)
		return -EINVAL;
	if (index >= map->info.max_entries)
		return -E2BIG;
	err = object_get(map->obj.store, (int)load32(value), kind, &obj, NULL);
	if (err)
		return err;
	if (fits(map, obj))
		__atomic_store_n(&ids[index], obj->id, __ATOMIC_RELEASE);
	else
		err = -EINVAL;
	object_put(obj);
	return err;
}

int fd_array_remove(struct map *map, const void *key)
{
	u32 *ids = map->priv, index = load32(key);

	if (index >= map->info.max_entries)
		return -E2BIG;
	return __atomic_exchange_n(&ids[index], 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

void fd_array_refs(const struct map_info *info, const void *storage,
		   void (*fn)(void *arg, u32 id), void *arg)
{
	const u32 *ids =
		(const u32 *)((const u8 *)storage + sizeof(struct fd_array_head));

	for (u32 i = 0; i < info->max_entries; i++) {
		u32 id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE);

		if (id)
			fn(arg, id);
	}
}
