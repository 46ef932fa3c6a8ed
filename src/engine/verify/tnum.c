/* tnum.c - arithmetic on numbers of which some bits are known
 *
 * A carry into a bit is known when the sum of all unknown bits taken as 0 and that of all
 * taken as 1 agree there (Vishwanathan et al., "Sound, Precise, and Fast Abstract
 * Interpretation with Tristate Numbers", CGO 2022).
 */
#include "scalar.h"

static struct tnum tnum(u64 value, u64 mask)
{
	return (struct tnum){value & ~mask, mask};
}

struct tnum tnum_const(u64 value)
{
	return (struct tnum){value, 0};
}

struct tnum tnum_range(u64 min, u64 max)
{
	u64 differ = min ^ max;

	return tnum(min, differ ? ~(u64)0 >> __builtin_clzll(differ) : 0);
}

struct tnum tnum_add(struct tnum a, struct tnum b)
{
	u64 least = a.value + b.value, most = least + a.mask + b.mask;

	return tnum(least, (least ^ most) | a.mask | b.mask);
}

struct tnum tnum_sub(struct tnum a, struct tnum b)
{
	u64 known = a.value - b.value, most = known + a.mask, least = known - b.mask;

	return tnum(known, (least ^ most) | a.mask | b.mask);
}

struct tnum tnum_and(struct tnum a, struct tnum b)
{
	u64 ones = a.value & b.value;

	return (struct tnum){ones, (a.value | a.mask) & (b.value | b.mask) & ~ones};
}

struct tnum tnum_or(struct tnum a, struct tnum b)
{
	u64 ones = a.value | b.value;

	return (struct tnum){ones, (a.mask | b.mask) & ~ones};
}

struct tnum tnum_xor(struct tnum a, struct tnum b)
{
	return tnum(a.value ^ b.value, a.mask | b.mask);
}

/* The least that holds both. */
static struct tnum join(struct tnum a, struct tnum b)
{
	return tnum(a.value & b.value, (a.value ^ b.value) | a.mask | b.mask);
}

/* As at school, a row for each bit of a; a row of an unknown bit may be there or not. */
struct tnum tnum_mul(struct tnum a, struct tnum b)
{
	struct tnum sum = {0, 0};

	for (u64 rows = a.value | a.mask; rows; rows &= rows - 1) {
		u8 bit = (u8)__builtin_ctzll(rows);
		struct tnum with = tnum_add(sum, tnum_lshift(b, bit));

		sum = a.mask >> bit & 1 ? join(sum, with) : with;
	}
	return sum;
}

struct tnum tnum_lshift(struct tnum a, u8 by)
{
	return (struct tnum){a.value << by, a.mask << by};
}

struct tnum tnum_rshift(struct tnum a, u8 by)
{
	return (struct tnum){a.value >> by, a.mask >> by};
}

/* An unknown sign spreads as unknown bits. */
struct tnum tnum_arshift(struct tnum a, u8 by, u8 bits)
{
	if (bits == 32)
		return (struct tnum){(u32)((s32)a.value >> by), (u32)((s32)a.mask >> by)};
	return (struct tnum){(u64)((s64)a.value >> by), (u64)((s64)a.mask >> by)};
}

static u64 swap_bytes(u64 v, u8 size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

struct tnum tnum_bswap(struct tnum a, u8 size)
{
	return (struct tnum){swap_bytes(a.value, size), swap_bytes(a.mask, size)};
}

struct tnum tnum_intersect(struct tnum a, struct tnum b)
{
	return tnum(a.value | b.value, a.mask & b.mask);
}

struct tnum tnum_cast(struct tnum a, u8 size)
{
	u64 kept = ~(u64)0 >> (64 - 8 * size);

	return (struct tnum){a.value & kept, a.mask & kept};
}

bool tnum_overlaps(struct tnum a, struct tnum b)
{
	return !((a.value ^ b.value) & ~(a.mask | b.mask));
}

bool tnum_in(struct tnum a, struct tnum b)
{
	return !(b.mask & ~a.mask) && (b.value & ~a.mask) == a.value;
}

bool tnum_is_aligned(struct tnum a, u64 size)
{
	return !size || !((a.value | a.mask) & (size - 1));
}
