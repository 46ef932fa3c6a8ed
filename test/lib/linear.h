/* linear.h - whether a history of calls is linearizable
 *
 * Each call took effect at one moment between its begin and its end, if there is an order
 * of the calls that keeps those moments and that a model, done one call after the other,
 * agrees with. The search is Wing and Gong's ("Testing and verifying concurrent objects",
 * 1993) with Lowe's memory of what led nowhere ("Testing for linearizability", 2017): the
 * same calls done with the same state.
 */
#ifndef LINEAR_H
#define LINEAR_H

#include <stdlib.h>
#include <string.h>
#include "bits.h"

enum { LINEAR_CALLS = 256, LINEAR_STATE = 576 };

struct linear_call {
	u64 begin, end; /* by one clock */
	u32 what, key;	/* what was called: the model's */
	u64 in, out;
	s32 ret;
};

/* Does the call: false, if from this state it has not that result. */
typedef bool (*linear_model)(void *state, const struct linear_call *call);

/* A begin or an end in the list of what is not in order yet. */
struct linear_event {
	struct linear_event *prev, *next, *end; /* end: NULL of an end */
	u32 call;
};

struct linear_node {
	u64 done[LINEAR_CALLS / 64];
	u8 state[LINEAR_STATE];
};

struct linear {
	const struct linear_call *calls;
	u32 n;
	struct linear_event head, events[2 * LINEAR_CALLS];
	struct linear_node now;
	struct linear_node *seen;
	u32 *table; /* numbers in seen + 1 */
	u32 nseen, room;
	struct {
		struct linear_event *event;
		u8 state[LINEAR_STATE];
	} path[LINEAR_CALLS];
};

/* At the same moment begins come first: what is not known to follow may not. */
static int linear_compare(const void *a, const void *b, void *calls)
{
	const u32 *x = a, *y = b;
	const struct linear_call *cx = (struct linear_call *)calls + *x / 2;
	const struct linear_call *cy = (struct linear_call *)calls + *y / 2;
	u64 tx = *x & 1 ? cx->end : cx->begin, ty = *y & 1 ? cy->end : cy->begin;

	if (tx != ty)
		return tx < ty ? -1 : 1;
	return (int)(*x & 1) - (int)(*y & 1);
}

static void linear_list(struct linear *l)
{
	struct linear_event *ends[LINEAR_CALLS], *begins[LINEAR_CALLS], *last = &l->head;
	u32 order[2 * LINEAR_CALLS];

	for (u32 i = 0; i < 2 * l->n; i++)
		order[i] = i;
	qsort_r(order, 2 * l->n, sizeof(*order), linear_compare, (void *)l->calls);
	for (u32 i = 0; i < 2 * l->n; i++) {
		struct linear_event *e = &l->events[i];

		*e = (struct linear_event){.prev = last, .call = order[i] / 2};
		*(order[i] & 1 ? &ends[e->call] : &begins[e->call]) = e;
		last->next = e;
		last = e;
	}
	for (u32 i = 0; i < l->n; i++)
		begins[i]->end = ends[i];
}

static void linear_unlink(struct linear_event *e)
{
	e->prev->next = e->next;
	if (e->next)
		e->next->prev = e->prev;
}

static void linear_relink(struct linear_event *e)
{
	e->prev->next = e;
	if (e->next)
		e->next->prev = e;
}

static u32 linear_hash(const struct linear_node *n)
{
	const u8 *at = (const u8 *)n;
	u64 h = 0;

	for (u32 i = 0; i < sizeof(*n); i += 8)
		h = (h ^ load64(at + i)) * 0x9e3779b97f4a7c15ull, h ^= h >> 29;
	return (u32)(h >> 32);
}

/* Whether this was tried before; if not it is now. */
static bool linear_was_here(struct linear *l)
{
	u32 at;

	if (2 * l->nseen >= l->room) {
		l->room = l->room ? 2 * l->room : 1024;
		l->seen = realloc(l->seen, l->room / 2 * sizeof(*l->seen));
		free(l->table);
		l->table = calloc(l->room, sizeof(*l->table));
		for (u32 i = 0; i < l->nseen; i++) {
			at = linear_hash(&l->seen[i]) & (l->room - 1);
			while (l->table[at])
				at = (at + 1) & (l->room - 1);
			l->table[at] = i + 1;
		}
	}
	at = linear_hash(&l->now) & (l->room - 1);
	for (; l->table[at]; at = (at + 1) & (l->room - 1))
		if (!memcmp(&l->seen[l->table[at] - 1], &l->now, sizeof(l->now)))
			return true;
	l->seen[l->nseen] = l->now;
	l->table[at] = ++l->nseen;
	return false;
}

static bool linear_search(struct linear *l, linear_model model)
{
	struct linear_event *e = l->head.next;
	u32 depth = 0;

	while (l->head.next) {
		struct linear_node before = l->now;
		u64 bit = 1ull << e->call % 64;

		if (!e->end) { /* a call that ends here has no place: back */
			if (!depth)
				return false;
			e = l->path[--depth].event;
			memcpy(l->now.state, l->path[depth].state, LINEAR_STATE);
			l->now.done[e->call / 64] &= ~(1ull << e->call % 64);
			linear_relink(e->end);
			linear_relink(e);
			e = e->next;
			continue;
		}
		l->now.done[e->call / 64] |= bit;
		if (model(l->now.state, &l->calls[e->call]) && !linear_was_here(l)) {
			l->path[depth].event = e;
			memcpy(l->path[depth++].state, before.state, LINEAR_STATE);
			linear_unlink(e);
			linear_unlink(e->end);
			e = l->head.next;
		} else {
			l->now = before;
			e = e->next;
		}
	}
	return true;
}

/* `state`: the model's, of `size` bytes, before all calls. */
static inline bool linear_check(const struct linear_call *calls, u32 n,
				linear_model model, const void *state, u32 size)
{
	struct linear *l = calloc(1, sizeof(*l));
	bool good;

	l->calls = calls;
	l->n = n;
	memcpy(l->now.state, state, size);
	linear_list(l);
	good = linear_search(l, model);
	free(l->seen);
	free(l->table);
	free(l);
	return good;
}

#endif
