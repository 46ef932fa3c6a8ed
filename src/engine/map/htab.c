#include "htab.h"
#include "map_field.h"
#include "mem.h"
#include <sched.h>
#include <sys/random.h>

enum {
	STRIPES = 64,	   /* at most; a power of two */
	STRAY = 4096,	   /* steps that readers may lose to writers */
	SCAN = 128,	   /* used elements that the hand passes before it takes one */
	ROUNDS = 16,	   /* searches for a victim before an insertion fails */
	KMALLOC = 4 << 20, /* the kernel's KMALLOC_MAX_SIZE, and struct htab_elem */
	KERNEL_ELEM = 48,
};
#define MOST_BUCKETS (UINT32_MAX / 16) /* of the kernel's struct bucket */

/* ---- layout ---- */

static u32 buckets_for(const struct map_info *info)
{
	return 2 * pow2_ceil(info->max_entries);
}

static u32 stripes_for(const struct map_info *info)
{
	u32 n = buckets_for(info) / 8;

	return !n ? 1 : MIN(n, STRIPES);
}

/* Per-CPU copies are updated in place, as in the kernel: no spares. */
static u32 elems_for(const struct map_info *info, bool percpu)
{
	return info->max_entries + (percpu ? 0 : stripes_for(info));
}

struct layout {
	u64 stripes, buckets, elems, values, size;
	u32 elem_size, value_at;
};

static struct layout layout(const struct map_info *info, bool percpu)
{
	struct layout l = {.stripes = sizeof(struct htab_head)};
	u64 stride = round_up(info->value_size, 8);
	u64 n = elems_for(info, percpu);

	l.value_at = sizeof(struct htab_elem) + round_up(info->key_size, 8);
	l.elem_size = l.value_at + (percpu ? 0 : stride);
	l.buckets = l.stripes + stripes_for(info) * sizeof(struct htab_stripe);
	l.elems =
		round_up(l.buckets + buckets_for(info) * sizeof(struct htab_bucket), 64);
	l.values = round_up(l.elems + n * l.elem_size, 64);
	l.size = l.values + (percpu ? info->slots * map_percpu_values(n) * stride : 0);
	return l;
}

u64 htab_size(const struct map_info *info)
{
	return layout(info, false).size;
}

u64 htab_percpu_size(const struct map_info *info)
{
	return layout(info, true).size;
}

int htab_check(const union skep_attr *attr, u32 flags, bool percpu)
{
	if (attr->map_flags & ~(flags | HTAB_FLAGS) || !attr->max_entries ||
	    !attr->key_size || !attr->value_size)
		return -EINVAL;
	if ((u64)attr->key_size + attr->value_size >= KMALLOC - KERNEL_ELEM ||
	    (percpu && attr->value_size > MAP_PERCPU_VALUE) ||
	    pow2_ceil(attr->max_entries) > MOST_BUCKETS)
		return -E2BIG;
	return 0;
}

int htab_init(struct map *map)
{
	struct layout l = layout(&map->info, map->ops->per_cpu);
	struct htab_head *head = (struct htab_head *)map->storage;
	struct htab_stripe *stripes = (struct htab_stripe *)(map->storage + l.stripes);

	if (!(map->info.flags & SKEP_F_ZERO_SEED) &&
	    getrandom(&head->seed, sizeof(head->seed), 0) != sizeof(head->seed))
		return -EAGAIN;
	if (map->ops->per_cpu)
		return 0;
	head->fresh = stripes_for(&map->info);
	for (u32 i = 0; i < head->fresh; i++)
		stripes[i].spare = i + 1;
	return 0;
}

static struct htab view(const struct map_info *info, u8 *storage, bool percpu)
{
	struct layout l = layout(info, percpu);

	return (struct htab){
		.head = (struct htab_head *)storage,
		.stripes = (struct htab_stripe *)(storage + l.stripes),
		.buckets = (struct htab_bucket *)(storage + l.buckets),
		.elems = storage + l.elems,
		.values = percpu ? storage + l.values : NULL,
		.seed = ((struct htab_head *)storage)->seed,
		.n = elems_for(info, percpu),
		.mask = buckets_for(info) - 1,
		.stripe_mask = stripes_for(info) - 1,
		.elem_size = l.elem_size,
		.value_at = l.value_at,
		.key_size = info->key_size,
		.lru = info->type == SKEP_MAP_TYPE_LRU_HASH ||
		       info->type == SKEP_MAP_TYPE_LRU_PERCPU_HASH,
	};
}

struct map_values htab_places(const struct map_info *info)
{
	bool percpu = map_type(info->type)->per_cpu;
	struct layout l = layout(info, percpu);

	return (struct map_values){
		.lo = percpu ? l.values : l.elems,
		.hi = percpu ? l.size
			     : l.elems + (u64)elems_for(info, percpu) * l.elem_size,
		.stride = percpu ? round_up(info->value_size, 8) : l.elem_size,
		.at = percpu ? 0 : l.value_at,
		.size = info->value_size,
	};
}

int htab_open(struct map *map)
{
	bool percpu = map->ops->per_cpu;
	struct htab *t = mem_alloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = view(&map->info, map->storage, percpu);
	map->priv = t;
	map->values = htab_places(&map->info);
	map->values.lo += u64_of(map->storage);
	map->values.hi += u64_of(map->storage);
	return 0;
}

void htab_close(struct map *map)
{
	mem_free(map->priv);
}

/* ---- loads and stores of what others change ---- */

static u32 get(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void put(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Whether what was read since `seq` was read is whole. */
static bool stood_still(const u32 *word, u32 seq)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(word, __ATOMIC_RELAXED) == seq;
}

/* ---- reading ---- */

u32 htab_find(const struct htab *t, const void *key, u32 *seq)
{
	u32 hash = htab_hash(t->seed, key, t->key_size);
	struct htab_bucket *b = &t->buckets[hash & t->mask];
	s64 budget = (s64)t->n + STRAY;
	u32 gone, i;

	do {
		gone = get(&b->gone);
		for (i = get(&b->head) - 1; i < t->n && budget-- > 0;) {
			struct htab_elem *e = htab_elem(t, i);

			if (e->hash == hash) {
				*seq = get(&e->seq);
				if (!(*seq & 1) &&
				    htab_key_is(e->key, key, t->key_size) &&
				    stood_still(&e->seq, *seq))
					return i;
			}
			i = get(&e->next) - 1;
		}
	} while (!stood_still(&b->gone, gone) && budget-- > 0);
	return HTAB_NONE;
}

static void read_value(const struct map *map, u32 i, void *value)
{
	struct htab *t = map->priv;

	if (map->ops->per_cpu)
		map_percpu_read(map, t->values, map_percpu_values(t->n), i, value);
	else if (map->info.fields.n)
		map_field_read(map, value, htab_value(t, i));
	else
		map_copy(value, htab_value(t, i), map->info.value_size);
}

/* Under the lock of the stripe, which those who have a value's lock never wait for. */
static void take_value(const struct map *map, u32 i, void *value)
{
	if (map_has_field(map, field_spin_lock))
		map_field_read_locked(map, value, htab_value(map->priv, i));
	else
		read_value(map, i, value);
}

int htab_read(struct map *map, const void *key, void *value)
{
	struct htab *t = map->priv;
	u32 seq, i;

	for (int tries = 0; tries < STRAY; tries++) {
		i = htab_find(t, key, &seq);
		if (i == HTAB_NONE)
			return -ENOENT;
		read_value(map, i, value);
		if (stood_still(&htab_elem(t, i)->seq, seq))
			return 0;
	}
	return -EAGAIN; /* somebody writes it without end */
}

/* Copies the key of element `i`, if it is one of bucket `b`. */
static bool copy_key(const struct htab *t, u32 i, u32 b, void *out)
{
	struct htab_elem *e = htab_elem(t, i);
	u32 seq = get(&e->seq), hash = e->hash;

	memcpy(out, e->key, t->key_size);
	return !(seq & 1) && (hash & t->mask) == b && stood_still(&e->seq, seq);
}

int htab_next_key(struct map *map, const void *key, void *next)
{
	struct htab *t = map->priv;
	u32 b = 0, seq, i = key ? htab_find(t, key, &seq) : HTAB_NONE;

	if (i != HTAB_NONE) {
		b = htab_hash(t->seed, key, t->key_size) & t->mask;
		i = get(&htab_elem(t, i)->next) - 1;
	} else {
		i = get(&t->buckets[0].head) - 1;
	}
	for (u32 tries = 0; tries < STRAY;) {
		if (i >= t->n) {
			if (b++ == t->mask)
				return -ENOENT;
		} else if (copy_key(t, i, b, next)) {
			return 0;
		} else {
			tries++; /* led astray: this bucket again */
		}
		i = get(&t->buckets[b].head) - 1;
	}
	return -EAGAIN;
}

static void report(const struct htab *t, u32 i, void (*fn)(void *arg, u32 id), void *arg)
{
	u32 id = get((const u32 *)htab_value(t, i));

	if (id)
		fn(arg, id);
}

/* A bucket whose chain changed under the walk is walked again. If writers never rest,
 * every element counts: what keeps an object too long is put right by the next sweep. */
void htab_refs(const struct map_info *info, const void *storage,
	       void (*fn)(void *arg, u32 id), void *arg)
{
	struct htab t = view(info, (u8 *)storage, false);
	s64 budget = 2 * (s64)t.n + STRAY;
	u32 gone;

	for (u32 b = 0; b <= t.mask; b++) {
		do {
			gone = get(&t.buckets[b].gone);
			for (u32 i = get(&t.buckets[b].head) - 1; i < t.n && budget-- > 0;
			     i = get(&htab_elem(&t, i)->next) - 1)
				report(&t, i, fn, arg);
		} while (!stood_still(&t.buckets[b].gone, gone) && budget-- > 0);
	}
	for (u32 i = 0; budget <= 0 && i < t.n; i++)
		report(&t, i, fn, arg);
}

/* ---- free elements: a lock-free stack of links, and the fresh ones ---- */

static void free_push(const struct htab *t, u32 i)
{
	u64 *top = &t->head->free, old = __atomic_load_n(top, __ATOMIC_RELAXED);

	do
		__atomic_store_n(&htab_elem(t, i)->next, (u32)old, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(top, &old, ((old >> 32) + 1) << 32 | (i + 1),
					    true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static bool free_pop(const struct htab *t, u32 *i)
{
	u64 *top = &t->head->free, old = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	u32 next;

	while ((u32)old - 1 < t->n) {
		*i = (u32)old - 1;
		next = __atomic_load_n(&htab_elem(t, *i)->next, __ATOMIC_RELAXED);
		if (__atomic_compare_exchange_n(top, &old, ((old >> 32) + 1) << 32 | next,
						true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
			return true;
	}
	if (__atomic_load_n(&t->head->fresh, __ATOMIC_RELAXED) >= t->n)
		return false;
	*i = __atomic_fetch_add(&t->head->fresh, 1, __ATOMIC_RELAXED);
	return *i < t->n;
}

/* ---- chains, under the lock of their stripe ---- */

/* The link that leads to the element with that key (or, with key NULL, to number *i), and
 * its number, which stays bounded whatever becomes of the link. NULL: none. */
static u32 *chain_find(const struct htab *t, u32 hash, const void *key, u32 *i)
{
	u32 *link = &t->buckets[hash & t->mask].head, at;

	for (u32 steps = 0; (at = get(link) - 1) < t->n && steps <= t->n; steps++) {
		struct htab_elem *e = htab_elem(t, at);

		if (key ? e->hash == hash && htab_key_is(e->key, key, t->key_size)
			: at == *i) {
			*i = at;
			return link;
		}
		link = &e->next;
	}
	return NULL;
}

/* The element that *link leads to leaves the chain; after this it may be used again. */
static void chain_drop(const struct htab *t, u32 hash, u32 *link, u32 successor)
{
	u32 *gone = &t->buckets[hash & t->mask].gone;

	put(link, successor);
	put(gone, *gone + 1);
}

static struct htab_stripe *stripe_of(const struct htab *t, u32 hash)
{
	return &t->stripes[hash & t->mask & t->stripe_mask];
}

/* A dead process had the lock. Chains are right at every instant; what it had in its
 * hands is lost for now, and the spare may be in a chain already. */
static void recover(const struct htab *t, struct htab_stripe *s)
{
	u32 i = s->spare - 1;

	put(&t->head->lost, 1);
	if (i < t->n && chain_find(t, htab_elem(t, i)->hash, NULL, &i))
		s->spare = 0;
}

static struct htab_stripe *lock(struct map *map, u32 hash)
{
	struct htab *t = map->priv;
	struct htab_stripe *s = stripe_of(t, hash);

	if (unlikely(lock_take(map->obj.store, &s->lock)))
		recover(t, s);
	return s;
}

/* ---- after a death: what no chain reaches is free ---- */

static void mark_chains(const struct htab *t)
{
	for (u32 b = 0; b <= t->mask; b++) {
		u32 *link = &t->buckets[b].head, i;

		while ((i = get(link) - 1) < t->n && !htab_elem(t, i)->mark) {
			htab_elem(t, i)->mark = 1;
			link = &htab_elem(t, i)->next;
		}
		if (*link) /* not an honest process's work: ends here */
			put(link, 0);
		put(&t->buckets[b].gone, t->buckets[b].gone + 1);
	}
}

static void free_unmarked(const struct htab *t, bool spares)
{
	u32 stripe = 0;

	__atomic_store_n(&t->head->free, 0, __ATOMIC_RELAXED);
	t->head->fresh = t->n;
	for (u32 i = 0; i < t->n; i++) {
		if (htab_elem(t, i)->mark)
			continue;
		if (spares && stripe <= t->stripe_mask)
			t->stripes[stripe++].spare = i + 1;
		else
			free_push(t, i);
	}
}

/* Whether a process died with a lock that nobody has wanted since. */
static bool dead_writer(struct map *map)
{
	struct htab *t = map->priv;

	for (u32 i = 0; i <= t->stripe_mask; i++) {
		u32 owner = get(&t->stripes[i].lock);

		if (owner && !store_alive(map->obj.store, owner))
			return true;
	}
	return false;
}

/* Nothing may be locked by the caller. */
static void collect(struct map *map)
{
	struct htab *t = map->priv;

	for (u32 i = 0; i <= t->stripe_mask; i++)
		lock(map, i);
	if (t->head->lost) {
		for (u32 i = 0; i < t->n; i++)
			htab_elem(t, i)->mark = 0;
		for (u32 i = 0; i <= t->stripe_mask; i++)
			t->stripes[i].spare = 0;
		mark_chains(t);
		free_unmarked(t, !map->ops->per_cpu);
		t->head->lost = 0;
	}
	for (u32 i = 0; i <= t->stripe_mask; i++)
		lock_give(&t->stripes[i].lock);
}

/* ---- LRU: the hand of a clock ---- */

/* Takes element `i` out of the table if it is in a chain. `mine` is locked already. */
static bool evict(struct map *map, struct htab_stripe *mine, u32 i)
{
	struct htab *t = map->priv;
	u32 hash = __atomic_load_n(&htab_elem(t, i)->hash, __ATOMIC_RELAXED);
	struct htab_stripe *s = stripe_of(t, hash);
	bool from_dead = false;
	u32 *link;

	/* Only a try: two evictions could wait for each other. */
	if (s != mine && !lock_try(map->obj.store, &s->lock, &from_dead))
		return false;
	if (from_dead)
		recover(t, s);
	link = chain_find(t, hash, NULL, &i);
	if (link)
		chain_drop(t, hash, link, htab_elem(t, i)->next);
	if (s != mine)
		lock_give(&s->lock);
	return link;
}

static bool take_victim(struct map *map, struct htab_stripe *mine, u32 *out)
{
	struct htab *t = map->priv;
	u32 scanned = 0;

	for (u64 steps = 0; steps < 2ull * t->n; steps++) {
		u32 i = __atomic_fetch_add(&t->head->hand, 1, __ATOMIC_RELAXED) % t->n;
		struct htab_elem *e = htab_elem(t, i);

		if (e->used && scanned++ < SCAN) {
			e->used = 0;
		} else if (evict(map, mine, i)) {
			*out = i;
			return true;
		}
	}
	return false;
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
	for (u32 s = 0; fresh && s < map->info.slots; s++)
		memset(t->values + (s * n + i) * map->stride, 0, map->stride);
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
	e->hash = hash;
	e->used = 0;
	memcpy(e->key, key, t->key_size);
	write_value(map, i, value, slot, true);
	put(&e->seq, seq + 1);
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
		htab_elem(t, old)->used = t->lru;
		return 0;
	}
	if (new >= t->n)
		return COLLECT;
	fill(map, new, hash, key, value, slot);
	htab_elem(t, new)->used = t->lru;
	put(&htab_elem(t, new)->next, htab_elem(t, old)->next);
	chain_drop(t, hash, link, new + 1);
	if (map->info.fields.n)
		map_field_free(map, htab_value(t, old));
	s->spare = old + 1;
	return 0;
}

static int insert(struct map *map, struct htab_stripe *s, u32 hash, const void *key,
		  const void *value, u32 slot)
{
	struct htab *t = map->priv;
	u32 *head = &t->buckets[hash & t->mask].head, i;

	if (!free_pop(t, &i)) {
		if (t->head->lost || (!t->lru && dead_writer(map)))
			return COLLECT;
		if (!t->lru)
			return -E2BIG;
		if (!take_victim(map, s, &i))
			return AGAIN;
	}
	fill(map, i, hash, key, value, slot);
	put(&htab_elem(t, i)->next, *head);
	put(head, i + 1);
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
	struct htab_stripe *s = lock(map, hash);
	u32 i, *link = chain_find(map->priv, hash, key, &i);
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
			collect(map);
	}
	map_leave();
	return err > 0 ? -ENOMEM : err;
}

int htab_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return htab_update(map, key, value, flags, HTAB_USER);
}

/* An element that has left its chain is free. */
static void give_back(struct map *map, u32 i)
{
	if (map->info.fields.n && !map->ops->per_cpu)
		map_field_free(map, htab_value(map->priv, i));
	free_push(map->priv, i);
}

/* value NULL: only remove. */
static int remove_locked(struct map *map, u32 hash, const void *key, void *value)
{
	struct htab *t = map->priv;
	struct htab_stripe *s = lock(map, hash);
	u32 i, *link = chain_find(t, hash, key, &i);

	if (link) {
		if (value)
			take_value(map, i, value);
		chain_drop(t, hash, link, htab_elem(t, i)->next);
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

static u32 chain_length(const struct htab *t, u32 bucket)
{
	u32 n = 0;

	for (u32 i = get(&t->buckets[bucket].head) - 1; i < t->n && n <= t->n; n++)
		i = get(&htab_elem(t, i)->next) - 1;
	return n;
}

/* The first n of a chain. */
static void copy_chain(struct map *map, u32 bucket, u32 n, u8 *keys, u8 *values)
{
	struct htab *t = map->priv;
	u32 size = map_user_value_size(map), i = get(&t->buckets[bucket].head) - 1;

	for (u32 k = 0; k < n && i < t->n; k++) {
		memcpy(keys + (u64)k * t->key_size, htab_elem(t, i)->key, t->key_size);
		take_value(map, i, values + (u64)k * size);
		i = get(&htab_elem(t, i)->next) - 1;
	}
}

static void free_chain(struct map *map, u32 bucket, u32 n)
{
	struct htab *t = map->priv;
	u32 *head = &t->buckets[bucket].head, i;

	while (n-- && (i = get(head) - 1) < t->n) {
		chain_drop(t, bucket, head, htab_elem(t, i)->next);
		give_back(map, i);
	}
}

s64 htab_bucket(struct map *map, u32 bucket, u32 room, bool take, void *keys,
		void *values)
{
	struct htab *t = map->priv;
	struct htab_stripe *s;
	u32 n;

	if (bucket > t->mask)
		return -ENOENT;
	if (!map_enter())
		return -EDEADLK;
	s = lock(map, bucket);
	n = chain_length(t, bucket);
	if (n <= room) {
		copy_chain(map, bucket, n, keys, values);
		if (take)
			free_chain(map, bucket, n);
	}
	lock_give(&s->lock);
	map_leave();
	return n;
}
