/* Checksums in packets, and of all of a packet. */
#include "csum.h"
#include "helper_fn.h"
#include "skb.h"
#include <errno.h>

enum { OFFSET_MOST = 0xffff, KERNEL_ENOTSUPP = 524, MANGLED_0 = 0xffff, CSUM_LEVELS = 4 };

/* A difference of two sums: the new bytes' and the old bytes' taken away. */
HELPER_FN(csum_diff)
{
	const u8 *from = ptr_of(a), *to = ptr_of(c);
	u32 seed = (u32)e;

	if (b && d)
		return csum_fold(csum_add(csum_of(to, d, seed), ~csum_of(from, b, 0)));
	if (d)
		return csum_fold(csum_of(to, d, seed));
	if (b)
		return csum_fold(~csum_of(from, b, ~seed));
	return csum_fold(seed);
}

/* The checksum `old` after `from` was replaced by `to` in what it covers. */
static u16 replace(u16 old, u32 from, u32 to)
{
	return (u16)~csum_fold(csum_add(csum_add((u16)~old, ~from), to));
}

/* Of a field of `size` bytes, or 0: `to` is a difference; false: no such field. */
static bool replaced(u16 *sum, u32 size, u64 from, u64 to)
{
	switch (size) {
	case 0: *sum = (u16)~csum_fold(csum_add((u32)to, (u16) ~*sum)); return !from;
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

/* The pseudo header is not in the packet: a checksum that follows it changes the sum of
 * the packet. IPv6's addresses are in both. */
static void follow_pseudo(struct skep_packet *p, u64 from, u64 to, u64 flags)
{
	u32 size = flags & SKEP_F_HDR_FIELD_MASK, sum = ~p->csum;

	if (!size)
		sum = flags & SKEP_F_IPV6 ? sum : csum_add((u32)to, sum);
	else if (size == 2)
		sum = csum_add(csum_sub(sum, (u16)from), (u16)to);
	else
		sum = csum_add(csum_sub(sum, (u32)from), (u32)to);
	if (p->has_csum)
		p->csum = ~sum;
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
	if (e & SKEP_F_PSEUDO_HDR)
		follow_pseudo(&run->packet, c, d, e);
	if ((e & SKEP_F_MARK_MANGLED_0) && !sum)
		sum = MANGLED_0;
	store16(at, sum);
	return 0;
}

HELPER_FN(csum_update)
{
	struct skep_packet *p = &run->packet;

	if (!p->has_csum)
		return (u64)-KERNEL_ENOTSUPP;
	p->csum = csum_add(p->csum, (u32)b);
	return p->csum;
}

/* Of checksums within the packet; the sum of all of it says nothing of them. */
HELPER_FN(csum_level)
{
	if (run->packet.has_csum && b <= SKEP_CSUM_LEVEL_RESET)
		return b == SKEP_CSUM_LEVEL_QUERY ? (u64)-EACCES : 0;
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
