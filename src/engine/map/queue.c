#include "map.h"

/* queue and stack. Storage: a head, then the values in a ring with one place more than
 * max_entries. A value is written to a place that is free and gets its place by one
 * store, so a process that dies leaves nothing to mend. */

struct head {
	u32 lock;
	u32 pad;
	u64 span; /* place of the first << 32 | how many */
	u8 pad1[48];
};

struct span {
	u64 first, n;
};

enum {
	FLAGS = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_RDONLY_PROG |
		SKEP_F_WRONLY_PROG,
	VALUE_MOST = 4 << 20 /* the kernel's KMALLOC_MAX_SIZE */
};

static int check(const union skep_attr *attr)
{
	if (!attr->max_entries || attr->key_size || !attr->value_size ||
	    attr->map_flags & ~(u32)FLAGS)
		return -EINVAL;
	return attr->value_size > VALUE_MOST ? -E2BIG : 0;
}

static u64 places(const struct map_info *info)
{
	return info->max_entries + 1ull;
}

static u64 size(const struct map_info *info)
{
	return sizeof(struct head) + places(info) * round_up(info->value_size, 8);
}

static int open_view(struct map *map)
{
	return 0;
}

/* ---- under the lock ---- */

static struct span span_load(const struct map *map)
{
	u64 span =
		__atomic_load_n(&((struct head *)map->storage)->span, __ATOMIC_RELAXED);

	return (struct span){.first = (span >> 32) % places(&map->info),
			     .n = MIN((u32)span, map->info.max_entries)};
}

static void span_store(struct map *map, struct span s)
{
	u64 *span = &((struct head *)map->storage)->span;

	__atomic_store_n(span, s.first % places(&map->info) << 32 | s.n,
			 __ATOMIC_RELEASE);
}

static u8 *place(const struct map *map, u64 i)
{
	return map->storage + sizeof(struct head) + i % places(&map->info) * map->stride;
}

static int push_locked(struct map *map, const void *value, bool drop)
{
	struct span s = span_load(map);

	if (s.n == map->info.max_entries && !drop)
		return -E2BIG;
	map_copy(place(map, s.first + s.n), value, map->info.value_size);
	if (s.n < map->info.max_entries)
		s.n++;
	else
		s.first++; /* also of a stack: the oldest goes */
	span_store(map, s);
	return 0;
}

static int get_locked(struct map *map, void *value, bool take)
{
	bool stack = map->info.type == SKEP_MAP_TYPE_STACK;
	struct span s = span_load(map);

	if (!s.n) {
		memset(value, 0, map->info.value_size);
		return -ENOENT;
	}
	map_copy(value, place(map, stack ? s.first + s.n - 1 : s.first),
		 map->info.value_size);
	if (!take)
		return 0;
	s.first += !stack;
	s.n--;
	span_store(map, s);
	return 0;
}

/* ---- both sides ---- */

static bool lock(struct map *map)
{
	if (!map_enter())
		return false;
	lock_take(map->obj.store, &((struct head *)map->storage)->lock);
	return true;
}

static void unlock(struct map *map)
{
	lock_give(&((struct head *)map->storage)->lock);
	map_leave();
}

static int push(struct map *map, const void *key, const void *value, u64 flags)
{
	int err;

	if (flags != SKEP_ANY && flags != SKEP_EXIST)
		return -EINVAL;
	if (!lock(map))
		return -EBUSY;
	err = push_locked(map, value, flags == SKEP_EXIST);
	unlock(map);
	return err;
}

static int get(struct map *map, void *value, bool take)
{
	int err;

	if (!lock(map))
		return -EBUSY;
	err = get_locked(map, value, take);
	unlock(map);
	return err;
}

static int peek(struct map *map, const void *key, void *value)
{
	return get(map, value, false);
}

static int pop(struct map *map, const void *key, void *value)
{
	return get(map, value, true);
}

static int no_remove(struct map *map, const void *key)
{
	return -EINVAL;
}

static int no_next_key(struct map *map, const void *key, void *next)
{
	return -EINVAL;
}

#define QUEUE_OPS \
	.no_value_ptr = true, .pushes = true, .check = check, .size = size, \
	.open = open_view, .read = peek, .write = push, .take = pop, \
	.remove = no_remove, .next_key = no_next_key

const struct map_ops map_queue = {.name = "queue", QUEUE_OPS};
const struct map_ops map_stack = {.name = "stack", QUEUE_OPS};
