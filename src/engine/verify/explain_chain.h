/* explain_chain.h - the walk back over a path to where a value came from
 *
 * explain_chain.c walks and keeps the lines that say something (events of struct tale);
 * explain_lost.c goes the same way forth, for a check that did not count.
 */
#ifndef EXPLAIN_CHAIN_H
#define EXPLAIN_CHAIN_H

#include "explain_tale.h"

struct place {
	u32 frame, n; /* a register, or a slot of the stack */
	bool slot;
};

struct walk {
	struct tale *t;
	struct place at;
	struct place *where; /* of each step, before it */
	bool number; /* a number is followed, not the pointer that it was added to */
};

static inline const struct snap *chain_snap(const struct tale *t, u32 step)
{
	return &t->rec->snaps[step];
}

static inline const struct insn *chain_insn(const struct tale *t, u32 step)
{
	return &t->v->insns[chain_snap(t, step)->insn];
}

/* The slot of the stack that lies at a register and an offset; false: none. */
bool chain_slot(const struct snap *s, u32 regno, s32 off, struct place *p);

/* An instruction has an event. */
bool chain_is_told(const struct tale *t, u32 insn);
/* Adds one, in the order of the steps; what its line had to say is replaced, but where
 * the value came from. */
void chain_tell_between(struct tale *t, u32 step, const char *note);

/* ---- explain_lost.c ---- */

/* After the walk back, which came to t->origin: tells of a check that did not count. */
void chain_find_lost(struct walk *w);

#endif
