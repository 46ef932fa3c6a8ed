#include "explain_bpf.h"

__u32 table[8];
__u32 position;

SEC("xdp") int prog(struct xdp_md *ctx)
{
	table[position] = ctx->rx_queue_index;
	position++;
	return XDP_PASS;
}
