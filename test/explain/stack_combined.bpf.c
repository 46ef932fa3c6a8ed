#include "explain_bpf.h"

static __attribute__((noinline)) int parse(struct xdp_md *ctx)
{
	char buf[300];

	bpf_get_current_comm(buf, sizeof(buf));
	return buf[ctx->rx_queue_index & 15];
}

SEC("xdp") int prog(struct xdp_md *ctx)
{
	char buf[300];

	bpf_get_current_comm(buf, sizeof(buf));
	return parse(ctx) == buf[0] ? XDP_DROP : XDP_PASS;
}
