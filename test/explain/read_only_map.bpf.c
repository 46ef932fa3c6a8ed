#include "explain_bpf.h"

const volatile __u32 limit = 10;

SEC("xdp") int prog(struct xdp_md *ctx)
{
	*(volatile __u32 *)&limit = ctx->rx_queue_index;
	return XDP_PASS;
}
