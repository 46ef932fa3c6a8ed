#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	__u32 a = ctx->rx_queue_index, b = ctx->ingress_ifindex;

	if (e && a + b < 16)
		return e->data[a] ? XDP_DROP : XDP_PASS;
	return XDP_PASS;
}
