#include "helper_fn.h"
#include "skb.h"
#include <errno.h>

enum {
	MANGLE_FLAGS = SKEP_F_RECOMPUTE_CSUM | SKEP_F_INVALIDATE_HASH,
	RELATIVE_MOST = 0xffff,
	PACKET_TYPES = 3, /* host, broadcast, multicast, other host */
	TC_SHOT = 2,
	TC_REDIRECT = 7,
	KERNEL_ENOTSUPP = 524,
};

static struct skep_sk_buff *skb_of(struct run *run)
{
	return (struct skep_sk_buff *)run->shadow;
}

static u64 len_of(const struct run *run)
{
	return (u64)(run->packet.tail - run->packet.data);
}

/* ---- bytes ---- */

HELPER_FN(skb_load_bytes)
{
	u64 off = (u32)b, len = (u32)d;

	if (off + len > len_of(run)) {
		memset(ptr_of(c), 0, len);
		return (u64)-EFAULT;
	}
	memmove(ptr_of(c), run->packet.data + off, len);
	return 0;
}

HELPER_FN(skb_load_bytes_relative)
{
	const struct skep_packet *p = &run->packet;
	u64 off = (u32)b, len = (u32)d;
	const u8 *from = (u32)e == SKEP_HDR_START_MAC ? p->mac : run->net;

	if ((u32)e > SKEP_HDR_START_NET || off > RELATIVE_MOST || from > p->tail ||
	    off + len > (u64)(p->tail - from)) {
		memset(ptr_of(c), 0, len);
		return (u64)-EFAULT;
	}
	memmove(ptr_of(c), from + off, len);
	return 0;
}

HELPER_FN(skb_store_bytes)
{
	u64 off = (u32)b, len = (u32)d;

	if (e & ~(u64)MANGLE_FLAGS)
		return (u64)-EINVAL;
	if (off + len > len_of(run))
		return (u64)-EFAULT;
	if (e & SKEP_F_RECOMPUTE_CSUM)
		skb_sum(&run->packet, (u32)off, (u32)len, false);
	memmove(run->packet.data + off, ptr_of(c), len);
	if (e & SKEP_F_RECOMPUTE_CSUM)
		skb_sum(&run->packet, (u32)off, (u32)len, true);
	if (e & SKEP_F_INVALIDATE_HASH)
		skb_of(run)->hash = 0;
	return 0;
}

/* ---- length ---- */

/* The engine's packets lie in one piece: there is nothing to pull. */
HELPER_FN(skb_pull_data)
{
	return (u32)b > len_of(run) ? (u64)-ENOMEM : 0;
}

HELPER_FN(skb_change_tail)
{
	struct skep_packet *p = &run->packet;
	u32 len = (u32)b;

	if (c || len > SKB_MOST || len < run->net - p->data + run->encap)
		return (u64)-EINVAL;
	if (run->encap)
		return (u64)-KERNEL_ENOTSUPP;
	if (len > p->end - p->data)
		return (u64)-ENOMEM;
	if (len != len_of(run))
		p->has_csum = false;
	if (len > len_of(run))
		memset(p->tail, 0, len - len_of(run));
	p->tail = p->data + len;
	run_packet_changed(run);
	return 0;
}

/* The new first bytes are a new MAC header; the network header stays where it was. */
HELPER_FN(skb_change_head)
{
	struct skep_packet *p = &run->packet;
	u32 room = (u32)b;

	if (c || room + len_of(run) > SKB_MOST)
		return (u64)-EINVAL;
	if (room > p->data - p->head)
		return (u64)-ENOMEM;
	p->data -= room;
	memset(p->data, 0, room);
	p->mac = p->meta = p->data;
	run_packet_changed(run);
	return 0;
}

/* ---- how it came ---- */

/* No packet of the engine came out of a tunnel, or was decrypted. */
static u64 none(u64 out, u64 size, int err)
{
	memset(ptr_of(out), 0, size);
	return (u64)(s64)err;
}

HELPER_FN(skb_get_tunnel_key)
{
	return none(b, c, -EINVAL);
}

HELPER_FN(skb_get_tunnel_opt)
{
	return none(b, c, -ENOENT);
}

HELPER_FN(skb_get_xfrm_state)
{
	return none(c, d, -EINVAL);
}

/* ---- fields ---- */

HELPER_FN(skb_change_type)
{
	if (skb_of(run)->pkt_type > PACKET_TYPES || (u32)b > PACKET_TYPES)
		return (u64)-EINVAL;
	skb_of(run)->pkt_type = (u32)b;
	return 0;
}

HELPER_FN(set_hash)
{
	skb_of(run)->hash = (u32)b;
	return 0;
}

HELPER_FN(set_hash_invalid)
{
	skb_of(run)->hash = 0;
	return 0;
}

/* Linux hashes the flow with a secret; ours is FNV-1a of the same: addresses, protocol,
 * ports. 0 stands for no hash. */
HELPER_FN(get_hash_recalc)
{
	const u8 *ip = run->net, *end = run->packet.tail;
	u32 hash = 2166136261u, from = 12, to = 20;

	if (skb_of(run)->hash || end <= ip)
		return skb_of(run)->hash;
	if (*ip >> 4 == 6)
		from = 8, to = 40;
	else if (*ip >> 4 == 4 && (ip[0] & 15) == 5)
		to = 24;
	for (u32 i = from; i < to && ip + i < end; i++)
		hash = (hash ^ ip[i]) * 16777619;
	skb_of(run)->hash = hash ? hash : 1;
	return skb_of(run)->hash;
}

/* No route has been looked up for the engine's packets. */
HELPER_FN(get_route_realm)
{
	return 0;
}

/* What the program should return; where the packet goes is the event source's business.
 */
HELPER_FN(redirect)
{
	if (!run->prog->type->skb)
		return b ? SKEP_XDP_ABORTED : SKEP_XDP_REDIRECT;
	return b & ~(u64)SKEP_F_INGRESS ? TC_SHOT : TC_REDIRECT;
}
