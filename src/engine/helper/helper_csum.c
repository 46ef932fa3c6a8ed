/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are taken
 * of words as they stand in memory, which the sum does not mind. */
#include "helper_fn.h"
#include "skb.h"
#include <errno.h>

enum { OFFSET_MOST = 0xffff, KERNEL_ENOTSUPP = 524, MANGLED_0 = 0xffff, CSUM_LEVELS = 4 };

static u32 add(u32 a, u32 b)
{
	return a + b + (a + b < a);
}

static u16 fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)(sum + (sum >> 16));
}

static u32 sum_of(const u8 *p, u64 len, u32 sum)
{
	u8 rest[4] = {0};

	for (; len >= 4; p += 4, len -= 4)
		sum = add(sum, load32(p));
	memcpy(rest, p, len);
	return add(sum, load32(rest));
}

/* A difference of two sums: the new bytes' and the old bytes' taken away. */
HELPER_FN(csum_diff)
{
	const u8 *from = ptr_of(a), *to = ptr_of(c);
	u32 seed = (u32)e;

	if (b && d)
		return fold(add(sum_of(to, d, seed), ~sum_of(from, b, 0)));
	if (d)
		return fold(sum_of(to, d, seed));
	if (b)
		return fold(~sum_of(from, b, ~seed));
	return fold(seed);
}

/* The checksum `old` after `from` was replaced by `to` in what it covers. */
static u16 replace(u16 old, u32 from, u32 to)
{
	return (u16)~fold(add(add((u16)~old, ~from), to));
}

/* Of a field of `size` bytes, or 0: `to` is a difference; false: no such field. */
static bool replaced(u16 *sum, u32 size, u64 from, u64 to)
{
	switch (size) {
	case 0: *sum = (u16)~fold(add((u32)to, (u16) ~*sum)); return !from;
	case 2: *sum = replace(*sum, (u16)from, (u16)to); return true;
	case 4: *sum = replace(*sum, (u32)from, (u32)to); return true;
	default: return false;
	}
}

/* Where a checksum stands in the packet; NULL: nowhere that may be. */
static u8 *sum_at(const struct run *run, u32 off)
{
	const struct skep_packet *p = &run->packet;

	if (off > OFFSET_MOST || off % 2 || off + 2 > p->tail - p->data)
		return NULL;
	return p->data + off;
}

HELPER_FN(l3_csum_replace)
{
	u8 *at = sum_at(run, (u32)b);
	u16 sum;

	if (e & ~(u64)SKEP_F_HDR_FIELD_MASK)
		return (u64)-EINVAL;
	if (!at)
		return (u64)-EFAULT;
	sum = load16(at);
	if (!replaced(&sum, (u32)e & SKEP_F_HDR_FIELD_MASK, c, d))
		return (u64)-EINVAL;
	store16(at, sum);
	return 0;
}

/* A checksum of 0 is UDP's "none" and stays so, when the flags say that it may be. */
HELPER_FN(l4_csum_replace)
{
	const u64 known = SKEP_F_MARK_MANGLED_0 | SKEP_F_MARK_ENFORCE |
			  SKEP_F_PSEUDO_HDR | SKEP_F_HDR_FIELD_MASK | SKEP_F_IPV6;
	u8 *at = sum_at(run, (u32)b);
	u16 sum;

	if (e & ~known)
		return (u64)-EINVAL;
	if (!at)
		return (u64)-EFAULT;
	sum = load16(at);
	if ((e & SKEP_F_MARK_MANGLED_0) && !(e & SKEP_F_MARK_ENFORCE) && !sum)
		return 0;
	if (!replaced(&sum, (u32)e & SKEP_F_HDR_FIELD_MASK, c, d))
		return (u64)-EINVAL;
	if ((e & SKEP_F_MARK_MANGLED_0) && !sum)
		sum = MANGLED_0;
	store16(at, sum);
	return 0;
}

/* Packets of the engine come without a sum over all of it (CHECKSUM_COMPLETE). */
HELPER_FN(csum_update)
{
	return (u64)-KERNEL_ENOTSUPP;
}

HELPER_FN(csum_level)
{
	switch (b) {
	case SKEP_CSUM_LEVEL_QUERY:
		return run->csum_level < 0 ? (u64)-EACCES : (u64)run->csum_level;
	case SKEP_CSUM_LEVEL_INC:
		run->csum_level = MIN(run->csum_level + 1, CSUM_LEVELS - 1);
		return 0;
	case SKEP_CSUM_LEVEL_DEC:
		run->csum_level = MAX(run->csum_level - 1, -1);
		return 0;
	case SKEP_CSUM_LEVEL_RESET: run->csum_level = -1; return 0;
	default: return (u64)-EINVAL;
	}
}
