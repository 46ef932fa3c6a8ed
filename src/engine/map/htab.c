#include "htab_core.h"
#include "map_field.h"
#include "mem.h"
#include <sys/random.h>

enum {
	STRIPES = 64,	   /* at most; a power of two */
	FULL = 4,	   /* elements of a bucket when the table is full, at most */
	STRAY = 4096,	   /* steps that readers may lose to writers */
	KMALLOC = 4 << 20, /* the kernel's KMALLOC_MAX_SIZE, and struct htab_elem */
	KERNEL_ELEM = 48,
};
#define MOST_BUCKETS (UINT32_MAX / 16) /* of the kernel's struct bucket */

/* ---- layout ---- */

static u32 buckets_for(const struct map_info *info)
{
	return MAX(pow2_ceil(info->max_entries) / FULL, 1u);
}

static u32 stripes_for(const struct map_info *info)
{
	u32 n = buckets_for(info) / 4;

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
	l.elems = l.buckets + (u64)buckets_for(info) * sizeof(struct htab_bucket);
	l.values = round_up(l.elems + n * l.elem_size, 64);
	l.size = l.values + (percpu ? info->slots * map_percpu_values(n) * stride : 0);
	return l;
}

u64 htab_size(const struct map_info *info)
{
	return layout(info, false).size;
}

u64 htab_end(const struct map_info *info, u32 n)
{
	struct layout l = layout(info, false);

	return n < elems_for(info, false) ? l.elems + (u64)n * l.elem_size : l.size;
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

/* ---- reading ---- */

/* The element that a bucket's slot leads to, if it has that key. */
static u32 find_in_slot(const struct htab *t, const u32 *link, const void *key, u32 *seq)
{
	for (u32 tries = 0; tries < STRAY; tries++) {
		u32 at = htab_get(link), i = at - 1;
		struct htab_elem *e = htab_elem(t, i);
		bool same;

		if (i >= t->n)
			return HTAB_NONE;
		*seq = htab_get(&e->seq);
		same = htab_key_is(e->key, key, t->key_size);
		if (likely(!(*seq & 1) && htab_stood_still(link, at) &&
			   htab_stood_still(&e->seq, *seq)))
			return same ? i : HTAB_NONE;
	}
	return HTAB_NONE;
}

static u32 find_in_chain(const struct htab *t, const struct htab_bucket *b, u32 hash,
			 const void *key, u32 *seq)
{
	s64 budget = (s64)t->n + STRAY;
	u32 gone, i;

	do {
		gone = htab_get(&b->gone);
		for (i = htab_get(&b->more) - 1; i < t->n && budget-- > 0;) {
			struct htab_elem *e = htab_elem(t, i);

			*seq = htab_get(&e->seq);
			if (htab_get(&e->hash) == hash && !(*seq & 1) &&
			    htab_key_is(e->key, key, t->key_size) &&
			    htab_stood_still(&b->gone, gone) &&
			    htab_stood_still(&e->seq, *seq))
				return i;
			i = htab_get(&e->next) - 1;
		}
	} while (!htab_stood_still(&b->gone, gone) && budget-- > 0);
	return HTAB_NONE;
}

u32 htab_find(const struct htab *t, const void *key, u32 *seq)
{
	u32 hash = htab_hash(t->seed, key, t->key_size), i;
	const struct htab_bucket *b = &t->buckets[hash & t->mask];
	u64 tags = __atomic_load_n(&b->tags, __ATOMIC_ACQUIRE);

	for (u64 at = htab_slots_with(tags, htab_tag(hash)); at; at &= at - 1) {
		i = find_in_slot(t, &b->link[htab_first_slot(at)], key, seq);
		if (likely(i != HTAB_NONE))
			return i;
	}
	return likely(!htab_get(&b->more)) ? HTAB_NONE
					   : find_in_chain(t, b, hash, key, seq);
}

void htab_read_value(const struct map *map, u32 i, void *value)
{
	struct htab *t = map->priv;

	if (map->ops->per_cpu)
		map_percpu_read(map, t->values, map_percpu_values(t->n), i, value);
	else if (map->info.fields.n)
		map_field_read(map, value, htab_value(t, i));
	else
		map_copy(value, htab_value(t, i), map->info.value_size);
}

int htab_read(struct map *map, const void *key, void *value)
{
	struct htab *t = map->priv;
	u32 seq, i;

	for (int tries = 0; tries < STRAY; tries++) {
		i = htab_find(t, key, &seq);
		if (i == HTAB_NONE)
			return -ENOENT;
		htab_read_value(map, i, value);
		if (htab_stood_still(&htab_elem(t, i)->seq, seq))
			return 0;
	}
	return -EAGAIN; /* somebody writes it without end */
}

/* Copies the key of element `i`, if it is one of bucket `b`. */
static bool copy_key(const struct htab *t, u32 i, u32 b, void *out)
{
	struct htab_elem *e = htab_elem(t, i);
	u32 seq = htab_get(&e->seq), hash = htab_get(&e->hash);

	map_copy(out, e->key, t->key_size);
	return !(seq & 1) && (hash & t->mask) == b && htab_stood_still(&e->seq, seq);
}

/* A place in the walk over all elements: the next one, and the bucket's link from which
 * it is reached. */
struct walk {
	u32 bucket, head, i;
};

static struct walk walk_from(const struct htab *t, u32 bucket, u32 head)
{
	return (struct walk){bucket, head, htab_get(htab_head(t, bucket, head)) - 1};
}

static struct walk walk_behind(const struct htab *t, const void *key)
{
	u32 b = htab_hash(t->seed, key, t->key_size) & t->mask, seq;
	u32 i = htab_find(t, key, &seq);

	if (i == HTAB_NONE)
		return walk_from(t, 0, 0);
	for (u32 head = 0; head < HTAB_SLOTS; head++)
		if (htab_get(htab_head(t, b, head)) - 1 == i)
			return walk_from(t, b, head + 1);
	return (struct walk){b, HTAB_SLOTS, htab_get(&htab_elem(t, i)->next) - 1};
}

int htab_next_key(struct map *map, const void *key, void *next)
{
	struct htab *t = map->priv;
	struct walk at = key ? walk_behind(t, key) : walk_from(t, 0, 0);

	for (u32 tries = 0; tries < STRAY;) {
		if (at.i < t->n) {
			if (copy_key(t, at.i, at.bucket, next))
				return 0;
			tries++; /* led astray: from this link again */
		} else if (++at.head == HTAB_HEADS) {
			at.head = 0;
			if (at.bucket++ == t->mask)
				return -ENOENT;
		}
		at = walk_from(t, at.bucket, at.head);
	}
	return -EAGAIN;
}

static void report(const struct htab *t, u32 i, void (*fn)(void *arg, u32 id), void *arg)
{
	u32 id = htab_get((const u32 *)htab_value(t, i));

	if (id)
		fn(arg, id);
}

/* A bucket that something left under the walk is walked again. If writers never rest,
 * every element counts: what keeps an object too long is put right by the next sweep. */
void htab_refs(const struct map_info *info, const void *storage,
	       void (*fn)(void *arg, u32 id), void *arg)
{
	struct htab t = view(info, (u8 *)storage, false);
	s64 budget = 2 * (s64)t.n + STRAY;
	u32 gone;

	for (u32 b = 0; b <= t.mask; b++) {
		do {
			gone = htab_get(&t.buckets[b].gone);
			for (u32 h = 0; h < HTAB_HEADS; h++)
				for (u32 i = htab_get(htab_head(&t, b, h)) - 1;
				     i < t.n && budget-- > 0;
				     i = htab_get(&htab_elem(&t, i)->next) - 1)
					report(&t, i, fn, arg);
		} while (!htab_stood_still(&t.buckets[b].gone, gone) && budget-- > 0);
	}
	for (u32 i = 0; budget <= 0 && i < t.n; i++)
		report(&t, i, fn, arg);
}
