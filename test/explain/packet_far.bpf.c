#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u32 len = ctx->rx_queue_index & 0xffff;
	__u8 *p = data + 14 + len;

	if (p + 1 > data_end)
		return XDP_DROP;
	return *p == 7 ? XDP_DROP : XDP_PASS;
}
