/* What changes the table: under the lock of the bucket's stripe. */
#include "htab_core.h"
#include "map_field.h"
#include <sched.h>

enum { ROUNDS = 16 }; /* searches for a victim before an insertion fails */

/* ---- links ---- */

static struct htab_bucket *bucket_of(const struct htab *t, u32 hash)
{
	return &t->buckets[hash & t->mask];
}

static void set_tag(struct htab_bucket *b, u32 slot, u64 tag)
{
	u64 mask = 0xffull << 8 * slot;

	__atomic_store_n(&b->tags, (b->tags & ~mask) | tag << 8 * slot, __ATOMIC_RELEASE);
}

/* Whether element `at` has the key or, without one, is the one that is meant. */
static bool is_it(const struct htab *t, u32 at, const void *key, u32 i)
{
	return key ? htab_key_is(htab_elem(t, at)->key, key, t->key_size) : at == i;
}

static u32 *link_of_chain(const struct htab *t, u32 *link, const void *key, u32 *i)
{
	u32 at;

	for (u32 steps = 0; (at = htab_get(link) - 1) < t->n && steps <= t->n; steps++) {
		if (is_it(t, at, key, *i)) {
			*i = at;
			return link;
		}
		link = &htab_elem(t, at)->next;
	}
	return NULL;
}

u32 *htab_link(const struct htab *t, u32 hash, const void *key, u32 *i)
{
	struct htab_bucket *b = bucket_of(t, hash);

	for (u64 at = htab_slots_with(b->tags, htab_tag(hash)); at; at &= at - 1) {
		u32 *link = &b->link[htab_first_slot(at)], n = htab_get(link) - 1;

		if (n < t->n && is_it(t, n, key, *i)) {
			*i = n;
			return link;
		}
	}
	return link_of_chain(t, &b->more, key, i);
}

void htab_drop(const struct htab *t, u32 hash, u32 *link, u32 successor)
{
	struct htab_bucket *b = bucket_of(t, hash);

	htab_put(link, successor);
	htab_put(&b->gone, b->gone + 1);
	if (!successor && link >= b->link && link < b->link + HTAB_SLOTS)
		set_tag(b, (u32)(link - b->link), 0);
}

/* A complete element comes into the table: into a slot, or if there is none the chain. */
static void link_in(const struct htab *t, u32 hash, u32 i)
{
	struct htab_bucket *b = bucket_of(t, hash);
	u64 none = htab_slots_with(b->tags, 0);
	u32 slot = none ? htab_first_slot(none) : 0, *link = &b->more;

	if (none && !b->link[slot]) {
		link = &b->link[slot];
		set_tag(b, slot, htab_tag(hash));
	}
	htab_put(&htab_elem(t, i)->next, *link);
	htab_put(link, i + 1);
}

/* ---- locks ---- */

static struct htab_stripe *stripe_of(const struct htab *t, u32 hash)
{
	return &t->stripes[hash & t->mask & t->stripe_mask];
}

/* A dead process had the lock. Links are right at every instant; what it had in its hands
 * is lost for now, and the spare may be in the table already. */
static void recover(const struct htab *t, struct htab_stripe *s)
{
	u32 i = s->spare - 1;

	htab_put(&t->head->lost, 1);
	if (i < t->n && htab_link(t, htab_elem(t, i)->hash, NULL, &i))
		s->spare = 0;
}

struct htab_stripe *htab_lock(struct map *map, u32 hash)
{
	struct htab *t = map->priv;
	struct htab_stripe *s = stripe_of(t, hash);

	if (unlikely(lock_take(map->obj.store, &s->lock)))
		recover(t, s);
	return s;
}

struct htab_stripe *htab_try_lock(struct map *map, u32 hash, struct htab_stripe *mine)
{
	struct htab *t = map->priv;
	struct htab_stripe *s = stripe_of(t, hash);
	bool from_dead = false;

	if (s != mine && !lock_try(map->obj.store, &s->lock, &from_dead))
		return NULL;
	if (unlikely(from_dead))
		recover(t, s);
	return s;
}

/* ---- writing ---- */

static void put_value(struct map *map, u8 *to, const void *value)
{
	if (map->info.fields.n)
		map_field_write(map, to, value);
	else
		map_copy(to, value, map->info.value_size);
}

static void write_value(struct map *map, u32 i, const void *value, u32 slot, bool fresh)
{
	struct htab *t = map->priv;
	u64 n = map_percpu_values(t->n);

	if (!map->ops->per_cpu) {
		put_value(map, htab_value(t, i), value);
		return;
	}
	if (slot == HTAB_USER) {
		map_percpu_write(map, t->values, n, i, value);
		return;
	}
	for (u32 s = 0; fresh && s < map->info.slots; s++) {
		if (map->info.fields.n)
			map_field_free(map, t->values + (s * n + i) * map->stride);
		memset(t->values + (s * n + i) * map->stride, 0, map->stride);
	}
	put_value(map, t->values + (slot * n + i) * map->stride, value);
}

/* Writes an element that no chain reaches; readers that stand on it see seq odd. */
static void fill(struct map *map, u32 i, u32 hash, const void *key, const void *value,
		 u32 slot)
{
	struct htab *t = map->priv;
	struct htab_elem *e = htab_elem(t, i);
	u32 seq = (e->seq + 1) | 1;

	__atomic_store_n(&e->seq, seq, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	htab_put(&e->hash, hash);
	htab_use(e, false);
	map_copy(e->key, key, t->key_size);
	write_value(map, i, value, slot, true);
	htab_put(&e->seq, seq + 1);
}

/* What a write under the lock says instead of an errno: unlock and try again. */
enum { AGAIN = 1, COLLECT = 2 };

/* `link` leads to element `old`. */
static int replace(struct map *map, struct htab_stripe *s, u32 *link, u32 old, u32 hash,
		   const void *key, const void *value, u32 slot)
{
	struct htab *t = map->priv;
	u32 new = s->spare - 1;

	if (map->ops->per_cpu) {
		write_value(map, old, value, slot, false);
		htab_use(htab_elem(t, old), t->lru);
		return 0;
	}
	if (new >= t->n)
		return COLLECT;
	fill(map, new, hash, key, value, slot);
	htab_use(htab_elem(t, new), t->lru);
	htab_put(&htab_elem(t, new)->next, htab_elem(t, old)->next);
	htab_drop(t, hash, link, new + 1);
	if (map->info.fields.n)
		map_field_free(map, htab_value(t, old));
	s->spare = old + 1;
	return 0;
}

static int insert(struct map *map, struct htab_stripe *s, u32 hash, const void *key,
		  const void *value, u32 slot)
{
	struct htab *t = map->priv;
	u32 i;

	if (!htab_take_free(t, &i)) {
		if (htab_lost(map))
			return COLLECT;
		if (!t->lru)
			return -E2BIG;
		if (!htab_victim(map, s, &i))
			return AGAIN;
	}
	fill(map, i, hash, key, value, slot);
	link_in(t, hash, i);
	return 0;
}

/* With SKEP_F_LOCK an element stays, and its fields with it. */
static int write_locked(struct map *map, u32 i, const void *value, u64 flags)
{
	if (flags & SKEP_NOEXIST)
		return -EEXIST;
	map_field_write_locked(map, htab_value(map->priv, i), value);
	return 0;
}

static int update_locked(struct map *map, u32 hash, const void *key, const void *value,
			 u64 flags, u32 slot)
{
	struct htab_stripe *s = htab_lock(map, hash);
	u32 i, *link = htab_link(map->priv, hash, key, &i);
	int err;

	if (link && flags & SKEP_F_LOCK)
		err = write_locked(map, i, value, flags);
	else if (link)
		err = flags == SKEP_NOEXIST
			      ? -EEXIST
			      : replace(map, s, link, i, hash, key, value, slot);
	else
		err = flags & SKEP_EXIST ? -ENOENT
					 : insert(map, s, hash, key, value, slot);
	lock_give(&s->lock);
	return err;
}

int htab_update(struct map *map, const void *key, const void *value, u64 flags, u32 slot)
{
	struct htab *t = map->priv;
	u32 hash = htab_hash(t->seed, key, t->key_size);
	int err = AGAIN;

	if (!map_good_flags(map, flags) || (slot >= map->info.slots && slot != HTAB_USER))
		return -EINVAL;
	if (!map_enter())
		return -EDEADLK;
	for (int round = 0; err > 0 && round < ROUNDS; round++) {
		if (round > 1)
			sched_yield();
		err = update_locked(map, hash, key, value, flags, slot);
		if (err == COLLECT)
			htab_collect(map);
	}
	map_leave();
	return err > 0 ? -ENOMEM : err;
}

int htab_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return htab_update(map, key, value, flags, HTAB_USER);
}

/* Under the lock of the stripe, which those who have a value's lock never wait for. */
static void take_value(const struct map *map, u32 i, void *value)
{
	if (map_has_field(map, field_spin_lock))
		map_field_read_locked(map, value, htab_value(map->priv, i));
	else
		htab_read_value(map, i, value);
}

/* An element that has left the table is free. */
static void give_back(struct map *map, u32 i)
{
	if (map->info.fields.n && !map->ops->per_cpu)
		map_field_free(map, htab_value(map->priv, i));
	for (u32 slot = 0;
	     map->info.fields.n && map->ops->per_cpu && slot < map->info.slots; slot++)
		map_field_free(map, htab_percpu_value(map, i, slot));
	htab_free(map->priv, i);
}

/* value NULL: only remove. */
static int remove_locked(struct map *map, u32 hash, const void *key, void *value)
{
	struct htab *t = map->priv;
	struct htab_stripe *s = htab_lock(map, hash);
	u32 i, *link = htab_link(t, hash, key, &i);

	if (link) {
		if (value)
			take_value(map, i, value);
		htab_drop(t, hash, link, htab_elem(t, i)->next);
		give_back(map, i);
	}
	lock_give(&s->lock);
	return link ? 0 : -ENOENT;
}

int htab_take(struct map *map, const void *key, void *value)
{
	struct htab *t = map->priv;
	int err;

	if (!map_enter())
		return -EDEADLK;
	err = remove_locked(map, htab_hash(t->seed, key, t->key_size), key, value);
	map_leave();
	return err;
}

int htab_remove(struct map *map, const void *key)
{
	return htab_take(map, key, NULL);
}

/* ---- batches ---- */

static u32 chain_length(const struct htab *t, const u32 *head)
{
	u32 n = 0;

	for (u32 i = htab_get(head) - 1; i < t->n && n <= t->n; n++)
		i = htab_get(&htab_elem(t, i)->next) - 1;
	return n;
}

/* The first n of a chain. */
static void copy_chain(struct map *map, const u32 *head, u32 n, u8 *keys, u8 *values)
{
	struct htab *t = map->priv;
	u32 size = map_user_value_size(map), i = htab_get(head) - 1;

	for (u32 k = 0; k < n && i < t->n; k++) {
		memcpy(keys + (u64)k * t->key_size, htab_elem(t, i)->key, t->key_size);
		take_value(map, i, values + (u64)k * size);
		i = htab_get(&htab_elem(t, i)->next) - 1;
	}
}

static void free_chain(struct map *map, u32 bucket, u32 *head, u32 n)
{
	struct htab *t = map->priv;
	u32 i;

	while (n-- && (i = htab_get(head) - 1) < t->n) {
		htab_drop(t, bucket, head, htab_elem(t, i)->next);
		give_back(map, i);
	}
}

/* What user space takes for a bucket is one of a bucket's links, so that a small room is
 * enough mostly, as it is in the kernel. */
s64 htab_bucket(struct map *map, u32 at, u32 room, bool take, void *keys, void *values)
{
	struct htab *t = map->priv;
	u32 bucket = at / HTAB_HEADS, *head, n;
	struct htab_stripe *s;

	if (bucket > t->mask)
		return -ENOENT;
	head = htab_head(t, bucket, at % HTAB_HEADS);
	if (!htab_get(head))
		return 0;
	if (!map_enter())
		return -EDEADLK;
	s = htab_lock(map, bucket);
	n = chain_length(t, head);
	if (n <= room) {
		copy_chain(map, head, n, keys, values);
		if (take)
			free_chain(map, bucket, head, n);
	}
	lock_give(&s->lock);
	map_leave();
	return n;
}
