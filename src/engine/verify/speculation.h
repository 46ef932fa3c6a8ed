/* speculation.h - what the processor may do where the program never goes
 *
 * Without CAP_PERFMON Linux also walks, marked as speculative, the other way of a jump
 * that is decided and what follows an addition to a pointer whose number is masked to 0.
 * What would be refused there gets a barrier in front of it, at which later speculative
 * paths end; so does what follows a store that may be overtaken by a load. For each
 * addition and subtraction of registers it remembers how it will mask the number, which
 * has to be the same on all paths.
 *
 * No code is made here: masks and barriers are the kernel's, kept since what is accepted
 * and counted follows from them.
 */
#ifndef SPECULATION_H
#define SPECULATION_H

#include "alu.h"

static inline bool speculation_matters(const struct verifier *v)
{
	return !v->profile->perfmon;
}

/* One instruction of a speculative path. False: the path ends here. `take` is the step.
 */
bool speculation_step(struct verifier *v, void (*take)(struct verifier *v));

/* The other way, to `insn`, of the jump `in` that is decided. */
void speculation_jump(struct verifier *v, const struct insn *in, u32 insn);

/* d += or -= s, both numbers. */
void speculation_numbers(struct verifier *v, const struct insn *in, enum alu_row row);

/* The same of a pointer. What the first half, before the operation, found out is for the
 * second one, behind it, in which `pointer` is the result. */
struct mask {
	u32 state, limit; /* enum mask_state; bytes to the end of what it points into */
	bool to_left;
};

void speculation_before(struct verifier *v, const struct insn *in, enum alu_row row,
			const struct reg *pointer, const struct reg *number,
			struct mask *mask);
void speculation_after(struct verifier *v, const struct insn *in, enum alu_row row,
		       const struct reg *pointer, bool number_was_dst,
		       const struct mask *mask);

/* The result of any operation on a pointer to the stack or a map's value stays within. */
void speculation_bounds(struct verifier *v, const struct insn *in, const struct reg *r);

/* A store of the running instruction to a slot. */
void speculation_store(struct verifier *v, const struct slot *slot, const struct reg *r,
		       u32 size);

#endif
