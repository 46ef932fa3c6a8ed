#include "tnum.h"

/* The least that holds both. */
static struct tnum join(struct tnum a, struct tnum b)
{
	return tnum_make(a.value & b.value, (a.value ^ b.value) | a.mask | b.mask);
}

/* As at school, a row for each bit of a; a row of an unknown bit may be there or not. */
struct tnum tnum_mul(struct tnum a, struct tnum b)
{
	struct tnum sum = {0, 0};

	for (u64 rows = a.value | a.mask; rows; rows &= rows - 1) {
		u8 bit = (u8)__builtin_ctzll(rows);
		struct tnum with = tnum_add(sum, tnum_lshift(b, bit));

		sum = a.mask >> bit & 1 ? join(sum, with) : with;
		if (!~sum.mask)
			break; /* nothing is known any more */
	}
	return sum;
}

static u64 swap_bytes(u64 v, u8 size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

struct tnum tnum_bswap(struct tnum a, u8 size)
{
	return (struct tnum){swap_bytes(a.value, size), swap_bytes(a.mask, size)};
}

u64 tnum_next(struct tnum a, u64 n)
{
	u64 most = a.value | a.mask, differ, low;

	if (n >= most)
		return most;
	if (n < a.value)
		return a.value;
	n++;
	differ = (n ^ a.value) & ~a.mask;
	if (!differ)
		return n;
	/* up to the highest known bit that is not n's */
	low = ~(u64)0 >> __builtin_clzll(differ);
	if (n & (low ^ low >> 1)) /* n is past this block of a: to the next */
		n = (n | low | ~a.mask) + 1;
	return (n & a.mask & ~low) | a.value;
}
