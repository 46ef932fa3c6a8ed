#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0, i = ctx->rx_queue_index & 15;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	__u32 *data = e->data + i;

	asm volatile("" : "+r"(data));
	if (!e)
		return XDP_PASS;
	*data = 1;
	return XDP_PASS;
}
