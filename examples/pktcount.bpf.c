/* pktcount.bpf.c - counts packets by protocol and by source, and tells of each TCP SYN
 *
 *	skep run pktcount.bpf.o --pcap FILE		on the engine
 *	sudo skep run pktcount.bpf.o --on kernel ...	on a network device
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include "skep_bpf.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	PROTO_TCP = 6,
	TCP_SYN = 2,
	TCP_ACK = 16,
	FRAGMENT = 0x1fff,
	MAX_TAGS = 2,
};

struct packets {
	__u64 packets, bytes;
};

/* By IP protocol number; 256 is all that is not IP, 257 what is cut short. */
enum { NOT_IP = 256, CUT = 257, NKINDS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NKINDS);
	__type(key, __u32);
	__type(value, struct packets);
} protocols SEC(".maps");

/* IPv4 addresses as ::ffff:a.b.c.d */
struct address {
	__u8 bytes[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct address);
	__type(value, struct packets);
} sources SEC(".maps");

struct syn {
	struct address source, destination;
	__u16 source_port, destination_port;
	__u32 sequence;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} syns SEC(".maps");

__u64 lost; /* SYNs for which the ring buffer had no room */

static __u16 be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static void add(struct packets *p, __u64 bytes)
{
	__sync_fetch_and_add(&p->packets, 1);
	__sync_fetch_and_add(&p->bytes, bytes);
}

static void count_protocol(__u32 kind, __u64 bytes)
{
	struct packets *p = bpf_map_lookup_elem(&protocols, &kind);

	if (p)
		add(p, bytes);
}

static void count_source(const struct address *source, __u64 bytes)
{
	struct packets *p = bpf_map_lookup_elem(&sources, source), one = {1, bytes};

	if (p)
		add(p, bytes);
	else if (bpf_map_update_elem(&sources, source, &one, BPF_NOEXIST)) {
		/* another CPU was first */
		p = bpf_map_lookup_elem(&sources, source);
		if (p)
			add(p, bytes);
	}
}

static void tell_syn(const __u8 *tcp, const __u8 *end, const struct address *source,
		     const struct address *destination)
{
	struct syn *syn;

	if (tcp + 20 > end || (tcp[13] & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return;
	syn = bpf_ringbuf_reserve(&syns, sizeof(*syn), 0);
	if (!syn) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	syn->source = *source;
	syn->destination = *destination;
	syn->source_port = be16(tcp);
	syn->destination_port = be16(tcp + 2);
	syn->sequence = (__u32)be16(tcp + 4) << 16 | be16(tcp + 6);
	bpf_ringbuf_submit(syn, 0);
}

static struct address ipv4_address(const __u8 *p)
{
	struct address a = {
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, p[0], p[1], p[2], p[3]}};

	return a;
}

/* The kind of packet; CUT: shorter than its headers say. */
static __u32 ipv4(const __u8 *ip, const __u8 *end, __u64 bytes)
{
	struct address source, destination;
	__u32 header;

	if (ip + 20 > end || ip[0] >> 4 != 4)
		return CUT;
	header = (ip[0] & 15) * 4;
	source = ipv4_address(ip + 12);
	destination = ipv4_address(ip + 16);
	count_source(&source, bytes);
	if (ip[9] == PROTO_TCP && header >= 20 && !(be16(ip + 6) & FRAGMENT))
		tell_syn(ip + header, end, &source, &destination);
	return ip[9];
}

static __u32 ipv6(const __u8 *ip, const __u8 *end, __u64 bytes)
{
	struct address source, destination;

	if (ip + 40 > end || ip[0] >> 4 != 6)
		return CUT;
	__builtin_memcpy(&source, ip + 8, 16);
	__builtin_memcpy(&destination, ip + 24, 16);
	count_source(&source, bytes);
	if (ip[6] == PROTO_TCP)
		tell_syn(ip + 40, end, &source, &destination);
	return ip[6];
}

SEC("xdp")
int pktcount(struct xdp_md *ctx)
{
	const __u8 *p = (const __u8 *)(long)ctx->data;
	const __u8 *end = (const __u8 *)(long)ctx->data_end;
	__u64 bytes = end - p;
	__u32 kind = NOT_IP;
	__u16 type = 0;

	if (p + 14 > end) {
		count_protocol(CUT, bytes);
		return XDP_PASS;
	}
	type = be16(p + 12);
	p += 14;
	for (int i = 0; i < MAX_TAGS; i++) {
		if ((type != TYPE_VLAN && type != TYPE_QINQ) || p + 4 > end)
			break;
		type = be16(p + 2);
		p += 4;
	}
	if (type == TYPE_IPV4)
		kind = ipv4(p, end, bytes);
	else if (type == TYPE_IPV6)
		kind = ipv6(p, end, bytes);
	count_protocol(kind, bytes);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
