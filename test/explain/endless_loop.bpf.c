#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	while (ctx->rx_queue_index)
		asm volatile("" ::: "memory");
	return XDP_PASS;
}
