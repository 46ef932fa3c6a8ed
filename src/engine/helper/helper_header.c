/* Headers that come and go: VLAN tags, the network header, congestion marks. */
#include "helper_fn.h"
#include "skb.h"
#include <errno.h>
#include <stdlib.h>

enum {
	VLAN = 4,
	MACS = 12, /* bytes: a tag, the addresses before it */
	ETH_8021Q = 0x0081,
	ETH_8021AD = 0xa888, /* network order */
	ETH_IP = 0x0008,
	ETH_IPV6 = 0xdd86,
	IP_HEADER = 20,
	IPV6_HEADER = 40,
	ROOM_MOST = 0xfff,
	KERNEL_ENOTSUPP = 524,
};

static struct skep_sk_buff *skb_of(struct run *run)
{
	return (struct skep_sk_buff *)run->shadow;
}

static bool is_vlan(u32 protocol)
{
	return protocol == ETH_8021Q || protocol == ETH_8021AD;
}

/* Opens a gap of `len` zero bytes behind the first `off`. The headers before it move. */
static int push(struct run *run, u32 off, u32 len)
{
	struct skep_packet *p = &run->packet;

	if (len > p->data - p->head)
		return -ENOMEM;
	off = (u32)MIN(
		off, p->end - p->data); /* a cut packet may be shorter than its headers */
	memmove(p->data - len, p->data, off);
	p->data -= len;
	memset(p->data + off, 0, len);
	p->mac = p->meta = p->data;
	run_packet_changed(run);
	return 0;
}

/* Takes the `len` bytes behind the first `off` out. */
static int pop(struct run *run, u32 off, u32 len)
{
	struct skep_packet *p = &run->packet;

	if (off + len > p->tail - p->data)
		return -ENOMEM;
	skb_sum(p, off, len, false);
	memmove(p->data + len, p->data, off);
	p->data += len;
	p->mac = p->meta = p->data;
	run_packet_changed(run);
	return 0;
}

/* ---- VLAN: the outermost tag stands beside the packet, as hardware delivers it ---- */

static void set_tag(struct skep_sk_buff *skb, u32 protocol, u32 tci)
{
	skb->vlan_present = 1;
	skb->vlan_proto = protocol;
	skb->vlan_tci = tci;
}

HELPER_FN(skb_vlan_push)
{
	struct skep_sk_buff *skb = skb_of(run);
	u8 *at;

	if (skb->vlan_present) {
		if (push(run, MACS, VLAN))
			return (u64)-ENOMEM;
		at = run->packet.data + MACS;
		store16(at, (u16)skb->vlan_proto);
		store16(at + 2, __builtin_bswap16((u16)skb->vlan_tci));
		skb_sum(&run->packet, MACS, VLAN, true);
		skb->protocol = skb->vlan_proto;
		run->net -= VLAN;
	}
	set_tag(skb, is_vlan((u16)b) ? (u16)b : ETH_8021Q, (u16)c);
	return 0;
}

/* Takes a tag out of the packet. */
static int untag(struct run *run, u32 *tci)
{
	const struct skep_packet *p = &run->packet;

	if (p->tail - p->data < SKB_HEADER + VLAN)
		return -ENOMEM;
	*tci = __builtin_bswap16(load16(p->data + SKB_HEADER));
	pop(run, MACS, VLAN);
	skb_of(run)->protocol = skb_protocol(p);
	if (run->net < p->data + SKB_HEADER)
		run->net = p->data + SKB_HEADER;
	return 0;
}

HELPER_FN(skb_vlan_pop)
{
	struct skep_sk_buff *skb = skb_of(run);
	u32 tci, protocol;

	if (!skb->vlan_present && is_vlan(skb->protocol) && untag(run, &tci))
		return (u64)-ENOMEM;
	skb->vlan_present = skb->vlan_tci = skb->vlan_proto = 0;
	protocol = skb->protocol;
	if (!is_vlan(protocol))
		return 0;
	if (untag(run, &tci))
		return (u64)-ENOMEM;
	set_tag(skb, protocol, tci);
	return 0;
}

/* ---- the network header ---- */

/* push() and pop() for a part of the network header, which moves with what is before. */
static int net_push(struct run *run, u32 off, u32 len)
{
	int err = push(run, off, len);

	if (!err)
		run->net -= len;
	return err;
}

static int net_pop(struct run *run, u32 off, u32 len)
{
	int err = pop(run, off, len);

	if (!err)
		run->net += len;
	return err;
}

HELPER_FN(skb_change_proto)
{
	struct skep_sk_buff *skb = skb_of(run);
	u32 to = (u16)b, off = (u32)(run->net - run->packet.mac);
	const u32 more = IPV6_HEADER - IP_HEADER;
	int err;

	if (c)
		return (u64)-EINVAL;
	if (skb->protocol == ETH_IP && to == ETH_IPV6)
		err = net_push(run, off, more);
	else if (skb->protocol == ETH_IPV6 && to == ETH_IP)
		err = net_pop(run, off, more);
	else
		err = -KERNEL_ENOTSUPP;
	if (err)
		return (u64)(s64)err;
	skb->protocol = to;
	skb->hash = 0;
	return 0;
}

enum {
	ENCAP_L3 = SKEP_F_ADJ_ROOM_ENCAP_L3_IPV4 | SKEP_F_ADJ_ROOM_ENCAP_L3_IPV6,
	ENCAP_L4 = SKEP_F_ADJ_ROOM_ENCAP_L4_GRE | SKEP_F_ADJ_ROOM_ENCAP_L4_UDP,
	DECAP_L3 = SKEP_F_ADJ_ROOM_DECAP_L3_IPV4 | SKEP_F_ADJ_ROOM_DECAP_L3_IPV6,
	SHRINK_FLAGS =
		SKEP_F_ADJ_ROOM_FIXED_GSO | DECAP_L3 | SKEP_F_ADJ_ROOM_NO_CSUM_RESET,
};

static void follow(struct skep_sk_buff *skb, u64 flags, u64 ipv4, u64 ipv6)
{
	if (flags & ipv6 && skb->protocol == ETH_IP)
		skb->protocol = ETH_IPV6;
	else if (flags & ipv4 && skb->protocol == ETH_IPV6)
		skb->protocol = ETH_IP;
}

static int grow(struct run *run, u32 off, u32 len, u64 flags)
{
	u64 inner_mac = flags >> SKEP_ADJ_ROOM_ENCAP_L2_SHIFT;
	int err;

	if (flags & ENCAP_L3) {
		if ((flags & ENCAP_L4) == ENCAP_L4 || (flags & ENCAP_L3) == ENCAP_L3 ||
		    (flags & SKEP_F_ADJ_ROOM_ENCAP_L2_ETH && inner_mac < SKB_HEADER))
			return -EINVAL;
		if (run->encap)
			return -EALREADY;
		if (inner_mac > len)
			return -EINVAL;
	}
	err = net_push(run, off, len);
	if (err || !(flags & ENCAP_L3))
		return err;
	run->encap = flags & SKEP_F_ADJ_ROOM_ENCAP_L3_IPV6 ? IPV6_HEADER : IP_HEADER;
	follow(skb_of(run), flags, SKEP_F_ADJ_ROOM_ENCAP_L3_IPV4,
	       SKEP_F_ADJ_ROOM_ENCAP_L3_IPV6);
	return 0;
}

static int shrink(struct run *run, u32 off, u32 len, u64 flags)
{
	int err;

	if (flags & ~(u64)SHRINK_FLAGS)
		return -EINVAL;
	err = net_pop(run, off, len);
	if (!err)
		follow(skb_of(run), flags, SKEP_F_ADJ_ROOM_DECAP_L3_IPV4,
		       SKEP_F_ADJ_ROOM_DECAP_L3_IPV6);
	return err;
}

/* The least that must stay of the packet from its network header on. */
static u32 least(u32 header, u64 flags)
{
	switch (flags & DECAP_L3) {
	case SKEP_F_ADJ_ROOM_DECAP_L3_IPV4: return IP_HEADER;
	case SKEP_F_ADJ_ROOM_DECAP_L3_IPV6: return IPV6_HEADER;
	default: return header;
	}
}

HELPER_FN(skb_adjust_room)
{
	const u64 known = (SKEP_F_ADJ_ROOM_DECAP_L3_IPV6 << 1) - 1;
	const struct skep_packet *p = &run->packet;
	u32 protocol = skb_of(run)->protocol, len = (u32)llabs((s32)b), off;
	u32 header = protocol == ETH_IP ? IP_HEADER : IPV6_HEADER;
	s64 rest = p->tail - run->net;
	bool less = (s32)b < 0;
	int err;

	if (d & ~(known | SKEP_F_ADJ_ROOM_ENCAP_L2(~0ull)))
		return (u64)-EINVAL;
	if (len > ROOM_MOST)
		return (u64)-EFAULT;
	if ((protocol != ETH_IP && protocol != ETH_IPV6) || (u32)c > SKEP_ADJ_ROOM_MAC)
		return (u64)-KERNEL_ENOTSUPP;
	if ((d & DECAP_L3) && (!less || (d & DECAP_L3) == DECAP_L3))
		return (u64)-EINVAL;
	if (less ? rest - len < least(header, d) || rest <= len
		 : p->tail - p->data + len > SKB_MOST)
		return (u64)-KERNEL_ENOTSUPP;
	off = (u32)(run->net - p->mac) + ((u32)c == SKEP_ADJ_ROOM_NET ? header : 0);
	err = less ? shrink(run, off, len, d) : grow(run, off, len, d);
	if (!err && !(d & SKEP_F_ADJ_ROOM_NO_CSUM_RESET))
		run->csum_level = -1;
	return (u64)(s64)err;
}

/* ---- marks ---- */

/* The protocol behind any VLAN tags. */
static u32 inner_protocol(struct run *run)
{
	const struct skep_packet *p = &run->packet;
	u32 protocol = skb_of(run)->protocol;

	for (const u8 *at = p->data + SKB_HEADER;
	     is_vlan(protocol) && p->tail - at >= VLAN; at += VLAN)
		protocol = load16(at + 2);
	return protocol;
}

/* "Congestion experienced", RFC 3168; 1: it is set now. IPv4's checksum follows. */
static u64 mark_ip(u8 *ip)
{
	u32 ecn = ip[1] & 3, sum;

	if (!ecn)
		return 0;
	ip[1] |= 3;
	/* as the first word of the header grew by 3 - ecn, the checksum shrinks */
	sum = (u16)load16(ip + 10) + (u32)__builtin_bswap16((u16)(0xffff - (3 - ecn)));
	if (ecn != 3)
		store16(ip + 10, (u16)(sum + (sum >> 16)));
	return 1;
}

HELPER_FN(skb_ecn_set_ce)
{
	u32 protocol = inner_protocol(run);
	u8 *ip = run->net;
	s64 len = run->packet.tail - ip;

	if (protocol == ETH_IP && len >= IP_HEADER)
		return mark_ip(ip);
	if (protocol != ETH_IPV6 || len < IPV6_HEADER || !(ip[1] & 0x30))
		return 0;
	skb_sum(&run->packet, (u32)(ip - run->packet.data), 4, false);
	ip[1] |= 0x30;
	skb_sum(&run->packet, (u32)(ip - run->packet.data), 4, true);
	return 1;
}

HELPER_FN(skb_set_tstamp)
{
	struct skep_sk_buff *skb = skb_of(run);
	u32 clock = (u32)c;

	if (skb->protocol != ETH_IP && skb->protocol != ETH_IPV6)
		return (u64)-EOPNOTSUPP;
	if (clock > SKEP_SKB_CLOCK_TAI || (clock != SKEP_SKB_CLOCK_REALTIME && !b))
		return (u64)-EINVAL;
	skb->tstamp = b;
	skb->tstamp_type = (u8)clock;
	return 0;
}
