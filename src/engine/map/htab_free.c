/* Elements that are free, or soon will be. */
#include "htab_core.h"

enum { SCAN = 128 }; /* used elements that the hand passes before it takes one */

/* ---- free elements: a lock-free stack of links, and the fresh ones ---- */

void htab_free(const struct htab *t, u32 i)
{
	u64 *top = &t->head->free, old = __atomic_load_n(top, __ATOMIC_RELAXED);

	do
		__atomic_store_n(&htab_elem(t, i)->next, (u32)old, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(top, &old, ((old >> 32) + 1) << 32 | (i + 1),
					    true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool htab_take_free(const struct htab *t, u32 *i)
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

/* ---- after a death: what no link reaches is free ---- */

static void mark_chain(const struct htab *t, u32 *link)
{
	u32 i;

	while ((i = htab_get(link) - 1) < t->n && !htab_elem(t, i)->mark) {
		htab_elem(t, i)->mark = 1;
		link = &htab_elem(t, i)->next;
	}
	if (*link) /* not an honest process's work: ends here */
		htab_put(link, 0);
}

static void mark_bucket(const struct htab *t, struct htab_bucket *b)
{
	u64 tags = 0;
	u32 i;

	for (u32 s = 0; s < HTAB_SLOTS; s++) {
		mark_chain(t, &b->link[s]);
		i = htab_get(&b->link[s]) - 1;
		if (i < t->n)
			tags |= htab_tag(htab_elem(t, i)->hash) << 8 * s;
	}
	mark_chain(t, &b->more);
	__atomic_store_n(&b->tags, tags, __ATOMIC_RELEASE);
	htab_put(&b->gone, b->gone + 1);
}

/* Elements from `used` on are fresh still: their memory may not be there yet. */
static void free_unmarked(const struct htab *t, u32 used, bool spares)
{
	u32 stripe = 0;

	__atomic_store_n(&t->head->free, 0, __ATOMIC_RELAXED);
	t->head->fresh = used;
	for (u32 i = 0; i < used; i++) {
		if (htab_elem(t, i)->mark)
			continue;
		if (spares && stripe <= t->stripe_mask)
			t->stripes[stripe++].spare = i + 1;
		else
			htab_free(t, i);
	}
}

/* Whether a process died with a lock that nobody has wanted since. */
static bool dead_writer(struct map *map)
{
	struct htab *t = map->priv;

	for (u32 i = 0; i <= t->stripe_mask; i++) {
		u32 owner = htab_get(&t->stripes[i].lock);

		if (owner && !store_alive(map->obj.store, owner))
			return true;
	}
	return false;
}

bool htab_lost(struct map *map)
{
	struct htab *t = map->priv;

	return htab_get(&t->head->lost) || (!t->lru && dead_writer(map));
}

void htab_collect(struct map *map)
{
	struct htab *t = map->priv;
	u32 used;

	for (u32 i = 0; i <= t->stripe_mask; i++)
		htab_lock(map, i);
	if (t->head->lost) {
		used = MIN(t->head->fresh, t->n);
		for (u32 i = 0; i < used; i++)
			htab_elem(t, i)->mark = 0;
		for (u32 i = 0; i <= t->stripe_mask; i++)
			t->stripes[i].spare = 0;
		for (u32 b = 0; b <= t->mask; b++)
			mark_bucket(t, &t->buckets[b]);
		free_unmarked(t, used, !map->ops->per_cpu);
		htab_put(&t->head->lost, 0);
	}
	for (u32 i = 0; i <= t->stripe_mask; i++)
		lock_give(&t->stripes[i].lock);
}

/* ---- LRU: the hand of a clock ---- */

/* Takes element `i` out of the table if it is in it. `mine` is locked already. */
static bool evict(struct map *map, struct htab_stripe *mine, u32 i)
{
	struct htab *t = map->priv;
	u32 hash = __atomic_load_n(&htab_elem(t, i)->hash, __ATOMIC_RELAXED), *link;
	/* Only a try: two evictions could wait for each other. */
	struct htab_stripe *s = htab_try_lock(map, hash, mine);

	if (!s)
		return false;
	link = htab_link(t, hash, NULL, &i);
	if (link)
		htab_drop(t, hash, link, htab_elem(t, i)->next);
	if (s != mine)
		lock_give(&s->lock);
	return link;
}

bool htab_victim(struct map *map, struct htab_stripe *mine, u32 *out)
{
	struct htab *t = map->priv;
	u32 scanned = 0;

	for (u64 steps = 0; steps < 2ull * t->n; steps++) {
		u32 i = __atomic_fetch_add(&t->head->hand, 1, __ATOMIC_RELAXED) % t->n;
		struct htab_elem *e = htab_elem(t, i);

		if (htab_used(e) && scanned++ < SCAN) {
			htab_use(e, false);
		} else if (evict(map, mine, i)) {
			*out = i;
			return true;
		}
	}
	return false;
}
