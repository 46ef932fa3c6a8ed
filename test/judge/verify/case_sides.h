/* case_sides.h - one case, asked of the running kernel and of skep's verifier
 *
 * Results have no pointers, so that they can stand in memory that processes share.
 */
#ifndef CASE_SIDES_H
#define CASE_SIDES_H

#include "case.h"

struct side {
	bool asked;
	int err; /* a positive errno; 0: accepted */
	u32 processed, states, peak, max_per_insn;
	u64 ns;	   /* best of the repeats: CPU time; the kernel's own figure if less */
	u64 bytes; /* most memory */
	char message[240]; /* the last line */
	char stack[80];	   /* bytes, of each function; of what is accepted */
};

struct case_result {
	char name[120], group[80];
	struct side recorded, kernel, skep;
	char broken[200]; /* the case cannot be asked: why */
};

struct case_options {
	bool kernel, skep; /* whom to ask */
	u32 repeats;
	bool unprivileged; /* as a user without capabilities; judged by the case's own
			      expectation, where it has one */
	bool verbose;	   /* whole logs of level 2 on stdout */
	int caps; /* mask of enum case_cap, instead of the case's own; -1: those */
};

void case_ask(const char *path, const struct case_options *o, struct case_result *r);

/* The kernel refused before it verified: nothing to compare. */
static inline bool side_unjudged(const struct side *s)
{
	return s->err && !s->processed && !*s->message;
}

#endif
