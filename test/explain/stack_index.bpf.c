#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	volatile __u8 seen[16] = {0};
	__u32 i = ctx->rx_queue_index & 31;

	seen[i] = 1;
	return seen[0] ? XDP_DROP : XDP_PASS;
}
