/* csum.h - the Internet checksum (RFC 1071) and its incremental update (RFC 1624)
 *
 * Sums are taken of words as they stand in memory, which the sum does not mind.
 */
#ifndef CSUM_H
#define CSUM_H

#include "bits.h"

static inline u32 csum_add(u32 a, u32 b)
{
	return a + b + (a + b < a);
}

static inline u32 csum_sub(u32 a, u32 b)
{
	return csum_add(a, ~b);
}

static inline u16 csum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)(sum + (sum >> 16));
}

static inline u32 csum_of(const u8 *p, u64 len, u32 sum)
{
	u8 rest[4] = {0};

	for (; len >= 4; p += 4, len -= 4)
		sum = csum_add(sum, load32(p));
	memcpy(rest, p, len);
	return csum_add(sum, load32(rest));
}

#endif
