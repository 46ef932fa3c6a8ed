/* branch.h - a conditional jump while it is taken; shared by branch.c and bound.c */
#ifndef BRANCH_H
#define BRANCH_H

#include "verifier.h"

/* The rows of insn.def that are jumps, whatever their form. */
enum jmp_row {
#define JMP(name, ...) jmp_##name,
#include "insn.def"
	jmp_rows,
};

struct branch {
	const struct insn *in;
	enum jmp_row row;
	bool is32, s_is_reg;
	struct reg *d, *s; /* of the running path, s of an immediate too */
};

/* a op b is b flip(op) a. */
enum jmp_row branch_flip(enum jmp_row row);

static inline bool reg_offset_is_zero(const struct reg *r)
{
	return !r->n.bits.mask && !r->n.bits.value;
}

/* Packet pointers. Which way the jump goes: 1, 0, or -1; what is known after it on the
 * path that falls through (here) and the one that jumps (there): false: nothing. */
int bound_branch(const struct branch *b);
bool bound_refine(const struct branch *b, struct state *here, struct state *there);

#endif
