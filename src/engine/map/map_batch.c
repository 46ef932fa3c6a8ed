/* The commands on many elements. Checks stand in the kernel's order. */
#include "cmd.h"
#include "map_field.h"
#include "mem.h"

struct batch {
	struct map *map;
	union skep_attr *attr;
	u32 max, done; /* elements that the user has room for or gives, and those done */
	u32 key_size, value_size;
	u8 *keys, *values;
};

typedef int batch_fn(struct batch *b);

/* Room for so many elements. */
static int get_room(struct batch *b, u32 n)
{
	u64 keys = round_up((u64)n * b->key_size, 8);

	mem_free(b->keys);
	b->keys = mem_alloc(1, keys + (u64)n * b->value_size);
	b->values = b->keys + keys;
	return b->keys ? 0 : -ENOMEM;
}

/* The next n elements go to the user. */
static int give(struct batch *b, const u8 *key, const u8 *value, u32 n)
{
	u64 keys = b->attr->batch.keys + (u64)b->done * b->key_size;
	u64 values = b->attr->batch.values + (u64)b->done * b->value_size;

	if (user_copy_out(keys, key, (u64)n * b->key_size) ||
	    user_copy_out(values, value, (u64)n * b->value_size))
		return -EFAULT;
	b->done += n;
	return 0;
}

/* ---- one element after the other ---- */

/* A place in the walk is a key. What is gone between next_key() and read() is left out.
 */
static int lookup_each(struct batch *b)
{
	const struct map_ops *ops = b->map->ops;
	bool locked = b->attr->batch.elem_flags & SKEP_F_LOCK;
	u64 in = b->attr->batch.in_batch;
	u8 *key = b->keys, *next = b->keys + b->key_size, *at = in ? key : NULL;
	int err = 0;

	if (in && user_copy_in(key, in, b->key_size))
		return -EFAULT;
	while (b->done < b->max) {
		err = ops->next_key(b->map, at, next);
		if (err)
			break;
		err = (locked ? map_read_locked : ops->read)(b->map, next, b->values);
		if (!err)
			err = give(b, next, b->values, 1);
		if (err && err != -ENOENT)
			return err;
		memcpy(key, next, b->key_size);
		at = key;
		err = 0;
	}
	b->attr->batch.count = b->done;
	if (b->done && user_copy_out(b->attr->batch.out_batch, key, b->key_size))
		return -EFAULT;
	return err;
}

static int update_each(struct batch *b)
{
	int err = 0;

	for (; !err && b->done < b->max; b->done += !err) {
		u64 key = b->attr->batch.keys + (u64)b->done * b->key_size;
		u64 value = b->attr->batch.values + (u64)b->done * b->value_size;

		if (user_copy_in(b->keys, key, b->key_size) ||
		    user_copy_in(b->values, value, b->value_size))
			err = -EFAULT;
		else
			err = b->map->ops->write(b->map, b->keys, b->values,
						 b->attr->batch.elem_flags);
	}
	b->attr->batch.count = b->done;
	return err;
}

static int delete_each(struct batch *b)
{
	int err = 0;

	for (; !err && b->done < b->max; b->done += !err) {
		u64 key = b->attr->batch.keys + (u64)b->done * b->key_size;

		err = user_copy_in(b->keys, key, b->key_size);
		if (!err)
			err = b->map->ops->remove(b->map, b->keys);
	}
	b->attr->batch.count = b->done;
	return err;
}

/* ---- a bucket at a time ---- */

/* All elements of a bucket, or none: the user's room ends in front of it. */
static int give_bucket(struct batch *b, u32 bucket, u32 *room, bool take)
{
	u32 left = b->max - b->done;
	s64 n;

	for (;;) {
		n = b->map->ops->bucket(b->map, bucket, MIN(*room, left), take, b->keys,
					b->values);
		if (n < 0)
			return (int)n;
		if (n > left)
			return -ENOSPC;
		if (n <= *room)
			return n ? give(b, b->keys, b->values, (u32)n) : 0;
		*room = (u32)n * 2;
		if (get_room(b, *room))
			return -ENOMEM;
	}
}

/* A place in the walk is the number of a bucket, 32 bits. */
static int give_buckets(struct batch *b, bool take)
{
	u32 first = 0, bucket, room = 2;
	int err;

	if (b->attr->batch.in_batch &&
	    user_copy_in(&first, b->attr->batch.in_batch, sizeof(first)))
		return -EFAULT;
	for (bucket = first; !(err = give_bucket(b, bucket, &room, take)); bucket++)
		;
	if (bucket == first && err == -ENOENT) /* begins behind the last */
		return err;
	if (err != -ENOENT && err != -ENOSPC)
		return err;
	if (user_copy_out(b->attr->batch.out_batch, &bucket, sizeof(bucket)))
		return -EFAULT;
	b->attr->batch.count = b->done;
	return err == -ENOSPC && b->done ? 0 : err;
}

static int lookup_buckets(struct batch *b)
{
	return give_buckets(b, false);
}

static int take_buckets(struct batch *b)
{
	return give_buckets(b, true);
}

/* ---- the commands ---- */

static int check(const struct batch *b, enum map_batch what, bool by_bucket)
{
	u64 flags = b->attr->batch.elem_flags;

	if (!(b->map->ops->batch & what))
		return -ENOTSUPP;
	if (flags & ~(u64)SKEP_F_LOCK || (by_bucket && b->attr->batch.flags) ||
	    (flags & SKEP_F_LOCK && !map_has_field(b->map, field_spin_lock)))
		return -EINVAL;
	return 0;
}

static int run(struct store *store, union skep_attr *attr, u32 needs, enum map_batch what,
	       batch_fn *each, batch_fn *buckets)
{
	struct batch b = {.attr = attr, .max = attr->batch.count};
	int err = map_get(store, attr->batch.map_fd, needs, &b.map);
	bool by_bucket;

	if (err)
		return err;
	by_bucket = buckets && b.map->ops->bucket;
	b.key_size = b.map->info.key_size;
	b.value_size = map_user_value_size(b.map);
	err = check(&b, what, by_bucket);
	if (!err && b.max) {
		attr->batch.count = 0;
		err = get_room(&b, 2);
		if (!err)
			err = by_bucket ? buckets(&b) : each(&b);
		mem_free(b.keys);
	}
	object_put(&b.map->obj);
	return err;
}

int cmd_map_lookup_batch(struct store *store, union skep_attr *attr)
{
	return run(store, attr, map_need_read, map_batch_lookup, lookup_each,
		   lookup_buckets);
}

int cmd_map_lookup_and_delete_batch(struct store *store, union skep_attr *attr)
{
	return run(store, attr, map_need_read | map_need_write, map_batch_take, NULL,
		   take_buckets);
}

int cmd_map_update_batch(struct store *store, union skep_attr *attr)
{
	return run(store, attr, map_need_write, map_batch_update, update_each, NULL);
}

int cmd_map_delete_batch(struct store *store, union skep_attr *attr)
{
	return run(store, attr, map_need_write, map_batch_delete, delete_each, NULL);
}
