#include "map_field.h"
#include <sys/mman.h>
#include <unistd.h>

/* Storage: the values, one after the other, each rounded up to 8 bytes, as user space
 * maps them. Per-CPU: a part for each slot, see map_percpu_values(). */

enum {
	FLAGS = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_RDONLY_PROG |
		SKEP_F_WRONLY_PROG
};

static int check_flags(const union skep_attr *attr, u32 allowed)
{
	if (!attr->max_entries || attr->key_size != 4 || !attr->value_size ||
	    attr->map_flags & ~allowed)
		return -EINVAL;
	return attr->value_size > INT32_MAX ? -E2BIG : 0;
}

static int check(const union skep_attr *attr)
{
	return check_flags(attr, FLAGS | SKEP_F_MMAPABLE | SKEP_F_INNER_MAP);
}

static int percpu_check(const union skep_attr *attr)
{
	int err = check_flags(attr, FLAGS);

	if (attr->map_flags & SKEP_F_NUMA_NODE && attr->numa_node != UINT32_MAX)
		return -EINVAL;
	return !err && attr->value_size > MAP_PERCPU_VALUE ? -E2BIG : err;
}

static u64 size(const struct map_info *info)
{
	return info->max_entries * round_up(info->value_size, 8);
}

static u64 percpu_part(const struct map_info *info)
{
	return map_percpu_values(info->max_entries) * round_up(info->value_size, 8);
}

static u64 percpu_size(const struct map_info *info)
{
	return info->slots * percpu_part(info);
}

static struct map_values places(const struct map_info *info)
{
	return (struct map_values){
		.hi = info->size,
		.stride = round_up(info->value_size, 8),
		.size = info->value_size,
	};
}

static int open_view(struct map *map)
{
	map->values = places(&map->info);
	map->values.lo += u64_of(map->storage);
	map->values.hi += u64_of(map->storage);
	return 0;
}

static u8 *value_at(struct map *map, u32 index)
{
	return map->storage + (u64)index * map->stride;
}

static u8 *percpu_at(struct map *map, u32 index, u32 slot)
{
	return map->storage + slot * percpu_part(&map->info) + (u64)index * map->stride;
}

/* In the kernel's order: that the value has no lock to take comes last. */
static int check_index(struct map *map, u32 index, u64 flags)
{
	if (map_check_update(flags & ~(u64)SKEP_F_LOCK))
		return -EINVAL;
	if (index >= map->info.max_entries)
		return -E2BIG;
	if (flags & SKEP_NOEXIST)
		return -EEXIST; /* every index is there */
	return flags & SKEP_F_LOCK && !map_has_field(map, field_spin_lock) ? -EINVAL : 0;
}

/* ---- a program's side ---- */

static void *lookup(struct map *map, const void *key, u32 slot)
{
	u32 index = load32(key);

	return likely(index < map->info.max_entries) ? value_at(map, index) : NULL;
}

static void *percpu_lookup(struct map *map, const void *key, u32 slot)
{
	u32 index = load32(key);

	if (index >= map->info.max_entries || slot >= map->info.slots)
		return NULL;
	return percpu_at(map, index, slot);
}

static int write_fields(struct map *map, u8 *value, const void *from, u64 flags)
{
	if (!map_enter())
		return -EDEADLK;
	if (flags & SKEP_F_LOCK)
		map_field_write_locked(map, value, from);
	else
		map_field_write(map, value, from);
	if (flags & SKEP_F_LOCK)
		map_field_free(map, value);
	map_leave();
	return 0;
}

static int update(struct map *map, const void *key, const void *value, u64 flags,
		  u32 slot)
{
	u32 index = load32(key);
	int err = check_index(map, index, flags);

	if (err)
		return err;
	if (map->info.fields.n)
		return write_fields(map, value_at(map, index), value, flags);
	map_copy(value_at(map, index), value, map->info.value_size);
	return 0;
}

static int percpu_update(struct map *map, const void *key, const void *value, u64 flags,
			 u32 slot)
{
	u32 index = load32(key);
	int err = check_index(map, index, flags);

	if (!err && slot >= map->info.slots)
		err = -EINVAL;
	if (err)
		return err;
	if (map->info.fields.n)
		map_field_write(map, percpu_at(map, index, slot), value);
	else
		map_copy(percpu_at(map, index, slot), value, map->info.value_size);
	return 0;
}

static int delete_never(struct map *map, const void *key)
{
	return -EINVAL;
}

/* ---- user space's side ---- */

static int user_read(struct map *map, const void *key, void *value)
{
	u32 index = load32(key);

	if (index >= map->info.max_entries)
		return -ENOENT;
	if (map->info.fields.n)
		map_field_read(map, value, value_at(map, index));
	else
		map_copy(value, value_at(map, index), map->info.value_size);
	return 0;
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return update(map, key, value, flags, 0);
}

static int percpu_read(struct map *map, const void *key, void *value)
{
	u32 index = load32(key);

	if (index >= map->info.max_entries)
		return -ENOENT;
	map_percpu_read(map, map->storage, map_percpu_values(map->info.max_entries),
			index, value);
	return 0;
}

static int percpu_write(struct map *map, const void *key, const void *value, u64 flags)
{
	u32 index = load32(key);
	int err = check_index(map, index, flags);

	if (!err)
		map_percpu_write(map, map->storage,
				 map_percpu_values(map->info.max_entries), index, value);
	return err;
}

int map_index_next(struct map *map, const void *key, void *next)
{
	u32 index = key ? load32(key) : UINT32_MAX;

	if (index == map->info.max_entries - 1)
		return -ENOENT;
	store32(next, index >= map->info.max_entries ? 0 : index + 1);
	return 0;
}

static int map_values(struct map *map, int fd, void **out, size_t len, int prot,
		      int flags, off_t off)
{
	u64 all = round_up(map->info.size, sysconf(_SC_PAGESIZE));
	void *p;

	if (!(map->info.flags & SKEP_F_MMAPABLE) || off < 0 || (u64)off > all ||
	    len > all - off)
		return -EINVAL;
	p = mmap(*out, len, prot, flags, fd, OBJECT_HEAD_SIZE + off);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

const struct map_ops map_array = {
	.name = "array",
	.inner = map_inner_sized,
	.btf = map_btf_globals,
	.check = check,
	.size = size,
	.places = places,
	.open = open_view,
	.lookup = lookup,
	.update = update,
	.remove = delete_never,
	.read = user_read,
	.write = user_write,
	.next_key = map_index_next,
	.batch = map_batch_lookup | map_batch_update,
	.mmap = map_values,
};

const struct map_ops map_percpu_array = {
	.name = "percpu_array",
	.per_cpu = true,
	.btf = map_btf_index,
	.check = percpu_check,
	.size = percpu_size,
	.places = places,
	.open = open_view,
	.lookup = percpu_lookup,
	.update = percpu_update,
	.remove = delete_never,
	.read = percpu_read,
	.write = percpu_write,
	.next_key = map_index_next,
	.batch = map_batch_lookup | map_batch_update,
};
