/* tnum.h - tristate numbers: 64 bits, of which some are known
 *
 * Every operation gives a tristate number that holds all results: if x is in a and y is
 * in b, x op y is in tnum_op(a, b). Those without carries, and + and -, hold no more than
 * they must. Where a and b exclude each other tnum_intersect() gives some number.
 *
 * A carry into a bit is known when the sum of all unknown bits taken as 0 and that of all
 * taken as 1 agree there (Vishwanathan et al., "Sound, Precise, and Fast Abstract
 * Interpretation with Tristate Numbers", CGO 2022).
 */
#ifndef TNUM_H
#define TNUM_H

#include "bits.h"

struct tnum {
	u64 value, mask; /* a bit of mask: unknown; value & mask is 0 */
};

static inline struct tnum tnum_make(u64 value, u64 mask)
{
	return (struct tnum){value & ~mask, mask};
}

static inline struct tnum tnum_const(u64 value)
{
	return (struct tnum){value, 0};
}

/* The least that holds min to max. */
static inline struct tnum tnum_range(u64 min, u64 max)
{
	u64 differ = min ^ max;

	return tnum_make(min, differ ? ~(u64)0 >> __builtin_clzll(differ) : 0);
}

static inline struct tnum tnum_add(struct tnum a, struct tnum b)
{
	u64 least = a.value + b.value, most = least + a.mask + b.mask;

	return tnum_make(least, (least ^ most) | a.mask | b.mask);
}

static inline struct tnum tnum_sub(struct tnum a, struct tnum b)
{
	u64 known = a.value - b.value, most = known + a.mask, least = known - b.mask;

	return tnum_make(known, (least ^ most) | a.mask | b.mask);
}

static inline struct tnum tnum_and(struct tnum a, struct tnum b)
{
	u64 ones = a.value & b.value;

	return (struct tnum){ones, (a.value | a.mask) & (b.value | b.mask) & ~ones};
}

static inline struct tnum tnum_or(struct tnum a, struct tnum b)
{
	u64 ones = a.value | b.value;

	return (struct tnum){ones, (a.mask | b.mask) & ~ones};
}

static inline struct tnum tnum_xor(struct tnum a, struct tnum b)
{
	return tnum_make(a.value ^ b.value, a.mask | b.mask);
}

/* `by` is less than the width. */
static inline struct tnum tnum_lshift(struct tnum a, u8 by)
{
	return (struct tnum){a.value << by, a.mask << by};
}

static inline struct tnum tnum_rshift(struct tnum a, u8 by)
{
	return (struct tnum){a.value >> by, a.mask >> by};
}

/* Of a number of 32 or 64 bits; an unknown sign spreads as unknown bits. */
static inline struct tnum tnum_arshift(struct tnum a, u8 by, u8 bits)
{
	if (bits == 32)
		return (struct tnum){(u32)((s32)a.value >> by), (u32)((s32)a.mask >> by)};
	return (struct tnum){(u64)((s64)a.value >> by), (u64)((s64)a.mask >> by)};
}

static inline struct tnum tnum_intersect(struct tnum a, struct tnum b)
{
	return tnum_make(a.value | b.value, a.mask & b.mask);
}

/* The low `size` bytes, 1 to 8. */
static inline struct tnum tnum_cast(struct tnum a, u8 size)
{
	u64 kept = ~(u64)0 >> (64 - 8 * size);

	return (struct tnum){a.value & kept, a.mask & kept};
}

static inline bool tnum_equal(struct tnum a, struct tnum b)
{
	return a.value == b.value && a.mask == b.mask;
}

/* Whether b is one of a's. */
static inline bool tnum_in(struct tnum a, struct tnum b)
{
	return !(b.mask & ~a.mask) && (b.value & ~a.mask) == a.value;
}

/* Whether some number is one of both. */
static inline bool tnum_overlaps(struct tnum a, struct tnum b)
{
	return !((a.value ^ b.value) & ~(a.mask | b.mask));
}

static inline bool tnum_is_aligned(struct tnum a, u64 size)
{
	return !size || !((a.value | a.mask) & (size - 1));
}

struct tnum tnum_mul(struct tnum a, struct tnum b);

/* The low `size` bytes in the other order, 1 to 8. */
struct tnum tnum_bswap(struct tnum a, u8 size);

/* The least number of `a` that is above n; where there is none, the greatest of a. */
u64 tnum_next(struct tnum a, u64 n);

#endif
