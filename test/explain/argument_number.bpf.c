#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	long key = ctx->rx_queue_index;

	return bpf_map_lookup_elem(&counts, (void *)key) ? XDP_DROP : XDP_PASS;
}
