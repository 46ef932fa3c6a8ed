/* scalar.h - what is known of a number
 *
 * Five views of one 64-bit value: which bits are known (a tristate number: where mask is
 * 0, the bit is that of value), its range as unsigned and as signed, and both ranges of
 * its low 32 bits. Every operation leaves them as sharp as Linux 6.18 does, no sharper
 * and no blunter, since the count of instructions that the verifier processes follows
 * from it. An operation on impossible input (no value fits) gives some output.
 *
 * Sound: if x is in a and y in b, x op y is in the result. Tested exhaustively at small
 * widths.
 */
#ifndef SCALAR_H
#define SCALAR_H

#include "insn.h"
#include "tnum.h"

struct scalar {
	struct tnum bits;
	u64 umin, umax;
	s64 smin, smax;
	u32 umin32, umax32;
	s32 smin32, smax32;
};

extern const struct scalar scalar_unknown;

static inline struct scalar scalar_const(u64 value)
{
	return (struct scalar){
		.bits = {value, 0},
		.umin = value,
		.umax = value,
		.smin = (s64)value,
		.smax = (s64)value,
		.umin32 = (u32)value,
		.umax32 = (u32)value,
		.smin32 = (s32)value,
		.smax32 = (s32)value,
	};
}

static inline bool scalar_is_const(const struct scalar *s)
{
	return !s->bits.mask;
}

/* The low 32 bits are known. */
static inline bool scalar_is_const32(const struct scalar *s)
{
	return !(u32)s->bits.mask;
}

/* d = d op s, for ops of class_alu and class_swap: 64 and 32 bits (which clear the upper
 * half), moves with and without sign extension included. `s` is the second operand, a
 * constant for an immediate. Only divisions, whose result for a divisor of 0 is defined,
 * and shifts, whose count is masked at run time, have cases: both as the kernel has them.
 * True when the kernel keeps what it knows of operands for this op (so that both have to
 * be precise); false when it gives up and the result is unknown. */
bool scalar_alu(enum op op, struct scalar *d, const struct scalar *s);

/* Linux walks `and` and `or` with a constant twice where d is 0 or -1 (from an s>>= that
 * leaves but the sign): call it before scalar_alu(). If true, d has become -1, and *zero
 * is what d is when the same instruction is walked again, later. */
bool scalar_fork(enum op op, struct scalar *d, const struct scalar *s,
		 struct scalar *zero);

/* A value of `size` bytes (1, 2, 4, 8) that was loaded: the upper bits are 0 or copies of
 * the sign. */
void scalar_zero_extend(struct scalar *s, u32 size);
void scalar_sign_extend(struct scalar *s, u32 size);

/* All five views sharpen each other; call it after changing one by hand. */
void scalar_sync(struct scalar *s);

/* Whether some range holds no value, or not the one that the bits know. */
bool scalar_is_broken(const struct scalar *s);

/* As the kernel repairs a broken one, on a dead branch: ranges are forgotten, bits stay.
 * False if it had to. scalar_alu() and scalar_refine() do it themselves. */
bool scalar_settle(struct scalar *s);

/* A conditional jump (class_jmp op) on two numbers: 1 always, 0 never, -1 it depends. */
int scalar_branch(enum op op, const struct scalar *d, const struct scalar *s);

/* Sharpens both by the fact that the jump was taken, or was not; of an op with an
 * immediate `s` is left in any state. False if the kernel sees that this cannot be. */
bool scalar_refine(enum op op, bool taken, struct scalar *d, struct scalar *s);

/* Whether every value of `in` is one of `of`, view by view, as pruning asks it. */
bool scalar_within(const struct scalar *of, const struct scalar *in);

bool scalar_equal(const struct scalar *a, const struct scalar *b);

#endif
