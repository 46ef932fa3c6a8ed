#include "map_field.h"
#include "heap_graph.h"
#include "map_timer.h"

enum { PAGE = 4096 };

/* ---- which maps have which ---- */

enum {
	LOCKS = 1 << field_spin_lock | 1 << field_res_spin_lock,
	LATER = 1 << field_timer | 1 << field_wq | 1 << field_task_work,
	KEPT = FIELD_KPTRS | 1 << field_refcount,
};

static u32 takes(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_HASH:
	case SKEP_MAP_TYPE_ARRAY: return LOCKS | LATER | KEPT | FIELD_ROOTS;
	case SKEP_MAP_TYPE_LRU_HASH: return LATER | KEPT | FIELD_ROOTS;
	case SKEP_MAP_TYPE_PERCPU_HASH:
	case SKEP_MAP_TYPE_PERCPU_ARRAY:
	case SKEP_MAP_TYPE_LRU_PERCPU_HASH: return KEPT;
	case SKEP_MAP_TYPE_TASK_STORAGE: return LOCKS | KEPT | 1 << field_uptr;
	case SKEP_MAP_TYPE_SK_STORAGE:
	case SKEP_MAP_TYPE_INODE_STORAGE:
	case SKEP_MAP_TYPE_CGRP_STORAGE: return LOCKS | KEPT;
	case SKEP_MAP_TYPE_CGROUP_STORAGE: return LOCKS;
	default: return 0;
	}
}

/* A page of the user's is what an uptr can point to. */
static int check_uptr(const struct skep_btf *btf, const struct map_field *f)
{
	u32 size = f->kind == field_uptr ? btf_size(btf, f->type) : 1;

	return !size ? -EINVAL : size > PAGE ? -E2BIG : 0;
}

int map_find_fields(const struct skep_btf *btf, struct map_info *info)
{
	struct btf_field found[BTF_FIELDS];
	struct map_fields *f = &info->fields;
	int err = 0, n = btf_fields(btf, info->btf_value_type, FIELD_OF_MAP, found);

	for (int i = 0; i < n; i++) {
		f->at[f->n++] = (struct map_field){.kind = found[i].kind,
						   .off = found[i].off,
						   .size = found[i].size,
						   .type = found[i].btf_id};
		f->kinds |= 1u << found[i].kind;
	}
	if (!f->n)
		return 0;
	if (info->flags & (SKEP_F_RDONLY_PROG | SKEP_F_WRONLY_PROG))
		return -EACCES;
	if (f->kinds & ~takes(info->type))
		return -EOPNOTSUPP;
	for (u32 i = 0; i < f->n && !err; i++)
		err = check_uptr(btf, &f->at[i]);
	return err;
}

bool map_fields_fit(const struct map_info *info)
{
	const struct map_fields *f = &info->fields;
	u32 kinds = 0;
	u64 end = 0;

	if (f->n > BTF_FIELDS)
		return false;
	for (u32 i = 0; i < f->n; end = (u64)f->at[i].off + f->at[i].size, i++) {
		if (f->at[i].kind >= FIELD_KINDS || f->at[i].off < end ||
		    f->at[i].size != btf_size_of_field(f->at[i].kind) ||
		    f->at[i].off % MIN(f->at[i].size, 8u))
			return false;
		kinds |= 1u << f->at[i].kind;
	}
	return end <= info->value_size && kinds == f->kinds &&
	       !(kinds & ~takes(info->type));
}

bool map_fields_alike(const struct map_fields *a, u32 a_btf, const struct map_fields *b,
		      u32 b_btf)
{
	const u32 typed = FIELD_KPTRS | FIELD_ROOTS | 1 << field_uptr;

	if (a->n != b->n || (a->n && memcmp(a->at, b->at, a->n * sizeof(a->at[0]))))
		return false;
	return a_btf == b_btf || !(a->kinds & typed);
}

const struct map_field *map_field_at(const struct map *map, u64 off, u32 kinds)
{
	const struct map_fields *f = &map->info.fields;

	for (u32 i = 0; i < f->n; i++)
		if (f->at[i].off == off && kinds >> f->at[i].kind & 1)
			return &f->at[i];
	return NULL;
}

/* ---- copies ---- */

/* Words that are aligned as whole ones: see map_copy(). */
static void copy_part(u8 *to, const u8 *from, u32 at, u32 end)
{
	for (; at < end && at % 8; at++)
		to[at] = from[at];
	map_copy(to + at, from + at, end - at);
}

static void copy_around(const struct map *map, u8 *to, const u8 *from)
{
	const struct map_fields *f = &map->info.fields;
	u32 at = 0;

	for (u32 i = 0; i < f->n; at = f->at[i].off + f->at[i].size, i++)
		copy_part(to, from, at, f->at[i].off);
	copy_part(to, from, at, map->info.value_size);
}

static void clear_fields(const struct map *map, u8 *copy)
{
	const struct map_fields *f = &map->info.fields;

	for (u32 i = 0; i < f->n; i++)
		memset(copy + f->at[i].off, 0, f->at[i].size);
}

void map_field_free(const struct map *map, void *value)
{
	const struct map_fields *f = &map->info.fields;

	for (u32 i = 0; i < f->n; i++)
		if (MAP_TIMERS >> f->at[i].kind & 1)
			map_timer_free(map,
				       (struct map_timer *)((u8 *)value + f->at[i].off));
	if (f->kinds & HEAP_OWNERS)
		map_field_free_kept(map, value);
}

void map_field_read(const struct map *map, void *to, const void *value)
{
	copy_around(map, to, value);
	clear_fields(map, to);
}

void map_field_write(const struct map *map, void *value, const void *from)
{
	copy_around(map, value, from);
	map_field_free(map, value);
}

/* ---- under the lock ---- */

static u32 *lock_of(const struct map *map, u8 *value)
{
	const struct map_fields *f = &map->info.fields;

	for (u32 i = 0; i < f->n; i++)
		if (f->at[i].kind == field_spin_lock)
			return (u32 *)(value + f->at[i].off);
	return NULL;
}

void map_field_repair(const struct map *map, void *value)
{
	const struct map_fields *f = &map->info.fields;

	for (u32 i = 0; i < f->n; i++)
		if (FIELD_ROOTS >> f->at[i].kind & 1)
			graph_repair(map->obj.store, f->at[i].kind,
				     (struct heap_root *)((u8 *)value + f->at[i].off));
}

/* NULL: the map has none. */
static u32 *lock_value(const struct map *map, void *value)
{
	u32 *lock = lock_of(map, value);

	if (lock && lock_take(map->obj.store, lock))
		map_field_repair(map, value);
	return lock;
}

static void unlock_value(u32 *lock)
{
	if (lock)
		lock_give(lock);
}

/* A list or tree is emptied under the lock beside it. */
void map_field_free_kept(const struct map *map, void *value)
{
	const struct map_fields *f = &map->info.fields;
	u32 *lock = f->kinds & FIELD_ROOTS ? lock_value(map, value) : NULL;

	for (u32 i = 0; i < f->n; i++)
		if (HEAP_OWNERS >> f->at[i].kind & 1)
			heap_free_field(map->obj.store, f->at[i].kind,
					(u8 *)value + f->at[i].off);
	unlock_value(lock);
}

void map_field_read_locked(const struct map *map, void *to, void *value)
{
	u32 *lock = lock_value(map, value);

	copy_around(map, to, value);
	unlock_value(lock);
	clear_fields(map, to);
}

void map_field_write_locked(const struct map *map, void *value, const void *from)
{
	u32 *lock = lock_value(map, value);

	copy_around(map, value, from);
	unlock_value(lock);
}

int map_read_locked(struct map *map, const void *key, void *to)
{
	void *value = map->ops->lookup(map, key, 0);

	if (!value)
		return -ENOENT;
	if (!map_enter())
		return -EDEADLK;
	map_field_read_locked(map, to, value);
	map_leave();
	return 0;
}
