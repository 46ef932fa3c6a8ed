#include "skb.h"
#include "csum.h"
#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>

enum {
	ETH_802_3 = 0x0100, /* network order: raw 802.3, */
	ETH_802_2 = 0x0400, /* 802.2 frames */
	HOST = 0,
	BROADCAST = 1,
	MULTICAST = 2,
	OTHER_HOST = 3, /* pkt_type */
	LOOPBACK = 1,	/* its ifindex */
	GSO_SEGS = 65535,
	WIRE_LEN = 65536,
};

static const u8 *mac_of(const struct skep_packet *p)
{
	return p->mac ? p->mac : p->data;
}

/* As the kernel's eth_type_trans: what is below 0x600 is a length. */
u16 skb_protocol(const struct skep_packet *p)
{
	const u8 *mac = mac_of(p);
	u16 type;

	if (p->tail - mac < SKB_HEADER)
		return 0;
	type = load16(mac + 12);
	if (__builtin_bswap16(type) >= 0x600)
		return type;
	if (p->tail - mac >= SKB_HEADER + 2 && load16(mac + SKB_HEADER) == 0xffff)
		return ETH_802_3;
	return ETH_802_2;
}

static u32 type_of(const struct skep_packet *p)
{
	static const u8 none[6], all[6] = {255, 255, 255, 255, 255, 255};
	bool loopback = p->ifindex <= LOOPBACK;

	if (p->tail - p->mac < SKB_HEADER)
		return HOST;
	if (p->mac[0] & 1)
		return !loopback && !memcmp(p->mac, all, 6) ? BROADCAST : MULTICAST;
	/* The loopback's own address is 0; other devices' we do not know. */
	return loopback && memcmp(p->mac, none, 6) ? OTHER_HOST : HOST;
}

static void take_over(struct skep_sk_buff *skb, const struct skep_sk_buff *in)
{
	skb->mark = in->mark;
	skb->priority = in->priority;
	skb->ingress_ifindex = in->ingress_ifindex;
	if (in->ifindex)
		skb->ifindex = in->ifindex;
	memcpy(skb->cb, in->cb, sizeof(skb->cb));
	skb->tstamp = in->tstamp;
	skb->wire_len = in->wire_len ? in->wire_len : skb->len;
	skb->gso_segs = in->gso_segs;
	skb->gso_size = (u16)in->gso_size;
	skb->hwtstamp = in->hwtstamp;
}

void skb_sum(struct skep_packet *p, u32 off, u32 len, bool join)
{
	u32 sum;

	if (!p->has_csum)
		return;
	sum = csum_of(p->data + off, len, 0);
	if (off & 1)
		sum = sum >> 8 | sum << 24;
	p->csum = join ? csum_add(p->csum, sum) : csum_sub(p->csum, sum);
}

static void set_socket(struct run *run, struct skep_sk_buff *skb, struct skep_sock *sk)
{
	skb->sk = sk;
	skb->family = sk->family;
	skb->remote_ip4 = sk->dst_ip4;
	skb->local_ip4 = sk->src_ip4;
	memcpy(skb->remote_ip6, sk->dst_ip6, sizeof(skb->remote_ip6));
	memcpy(skb->local_ip6, sk->src_ip6, sizeof(skb->local_ip6));
	skb->remote_port = sk->dst_port;
	skb->local_port = sk->src_port;
	run_give(run, sk, sizeof(*sk), access_read, NULL);
}

void skb_setup(struct run *run)
{
	struct skep_sk_buff *skb = (struct skep_sk_buff *)run->shadow;
	const struct skep_packet *p = &run->packet;

	_Static_assert(sizeof(*skb) <= RUN_CTX, "the shadow holds it");
	*skb = (struct skep_sk_buff){
		.len = (u32)(p->tail - p->data),
		.pkt_type = type_of(p),
		.protocol = p->protocol ? p->protocol : skb_protocol(p),
		.ifindex = p->ifindex ? p->ifindex : LOOPBACK,
		.tstamp = p->tstamp,
		.wire_len = p->wire_len,
	};
	if (run->event->ctx && run->event->ctx_len >= sizeof(*skb))
		take_over(skb, run->event->ctx);
	if (p->sk)
		set_socket(run, skb, p->sk);
	run->csum_level = -1;
	run->encap = 0;
	run->ctx = run->shadow;
}

/* Everything that is not taken over must be 0. */
static bool rest_is_zero(const struct skep_sk_buff *in)
{
	struct skep_sk_buff rest = *in;
	const u8 *p = (const u8 *)&rest;

	rest.mark = rest.priority = rest.ingress_ifindex = rest.ifindex = 0;
	memset(rest.cb, 0, sizeof(rest.cb));
	rest.tstamp = rest.hwtstamp = 0;
	rest.wire_len = rest.gso_segs = rest.gso_size = 0;
	for (size_t i = 0; i < sizeof(rest); i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* A closed socket, of the addresses in the packet. */
static void make_socket(struct skep_sock *sk, const struct skep_packet *p, u16 protocol)
{
	const u8 *ip = mac_of(p) + SKB_HEADER;

	*sk = (struct skep_sock){.state = SKEP_TCP_CLOSE, .rx_queue_mapping = -1};
	if (protocol == SKB_IP) {
		sk->family = AF_INET;
		sk->src_ip4 = load32(ip + 12);
		sk->dst_ip4 = load32(ip + 16);
	} else if (protocol == SKB_IPV6) {
		sk->family = AF_INET6;
		memcpy(sk->src_ip6, ip + 8, sizeof(sk->src_ip6));
		memcpy(sk->dst_ip6, ip + 24, sizeof(sk->dst_ip6));
	}
}

static u32 sum_from(const struct skep_packet *p, const u8 *net)
{
	return csum_of(net, p->tail > net ? (u64)(p->tail - net) : 0, 0);
}

/* What the program made of the packet, its csum still says. */
static bool test_sums(const struct run *run)
{
	return csum_fold(run->packet.csum) == csum_fold(sum_from(&run->packet, run->net));
}

static int test_in(const void *ctx, struct skep_packet *p)
{
	const struct skep_sk_buff *in = ctx;
	u16 protocol = skb_protocol(p);
	size_t len = (size_t)(p->tail - p->data);
	size_t net = (size_t)(p->tail - mac_of(p)) - SKB_HEADER;
	char name[IF_NAMESIZE];

	if (in && in->ifindex > LOOPBACK && !if_indextoname(in->ifindex, name))
		return -ENODEV;
	if ((protocol == SKB_IP && net < 20) || (protocol == SKB_IPV6 && net < 40))
		return -EINVAL;
	if (p->sk)
		make_socket(p->sk, p, protocol);
	p->csum = sum_from(p, mac_of(p) + SKB_HEADER);
	if (!in)
		return 0;
	if (!rest_is_zero(in) || in->gso_segs > GSO_SEGS)
		return -EINVAL;
	if (in->wire_len && (in->wire_len < len || in->wire_len > WIRE_LEN))
		return -EINVAL;
	return 0;
}

static void test_out(const struct run *run, void *ctx)
{
	const struct skep_sk_buff *skb = (const struct skep_sk_buff *)run->shadow;
	struct skep_sk_buff *out = ctx;

	out->mark = skb->mark;
	out->priority = skb->priority;
	out->ingress_ifindex = skb->ingress_ifindex;
	out->ifindex = skb->ifindex;
	memcpy(out->cb, skb->cb, sizeof(out->cb));
	out->tstamp = skb->tstamp;
	out->wire_len = skb->wire_len;
	out->gso_segs = skb->gso_segs;
	out->hwtstamp = skb->hwtstamp;
}

#define TEST \
	.kind = test_packet, .least = SKB_HEADER, .most = SKB_TEST_MOST, \
	.head = SKB_MOST, .room = 2 * SKB_MOST, .ctx_size = sizeof(struct skep_sk_buff), \
	.in = test_in, .out = test_out, .sums = test_sums

const struct prog_test skb_test = {TEST};
/* Those that see a packet from its network header on. */
const struct prog_test skb_test_net = {TEST, .pull = SKB_HEADER};
