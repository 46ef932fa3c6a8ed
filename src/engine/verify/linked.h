/* linked.h - numbers that are equal but for a constant
 *
 * Scalars with the same id (but for ID_ADD_CONST) are copies of one number, and what a
 * branch tells of one holds for all. With ID_ADD_CONST a register is `off` more than that
 * number. Six at most are kept together, as in the kernel.
 */
#ifndef LINK_H
#define LINK_H

#include "verifier.h"

enum { LINKS = 6 };

struct links {
	u32 n;
	struct link {
		u8 frame, at; /* register, or slot */
		bool is_slot;
	} link[LINKS];
};

/* It is another number from now on, linked with none. */
static inline void link_forget(struct reg *r)
{
	r->id = 0;
	r->off = 0;
}

/* `s` is about to be copied whole. */
void link_before_copy(struct verifier *v, struct reg *s);

/* d += number, or -= (subtract), was computed. was_max: what d was at most. */
void link_add(struct verifier *v, struct reg *d, const struct scalar *number,
	      bool subtract, bool is32, u64 was_max);

/* Adds those that are linked with `id`, and are live; who finds no room is linked no
 * more. */
void link_collect(struct verifier *v, u32 id, struct links *links);

/* As history_add() takes them: 63 bits. */
u64 link_pack(const struct links *links);
void link_unpack(u64 packed, struct links *links);

/* In `s`: those of `links` that are linked with `known` are as sharp as it is. */
void link_sync(struct state *s, const struct reg *known, const struct links *links);

#endif
