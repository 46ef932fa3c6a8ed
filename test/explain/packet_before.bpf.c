#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u32 len = ctx->rx_queue_index & 0xff;
	__u8 *last = data + len - 1;

	if (last + 1 > data_end)
		return XDP_DROP;
	return *last == 7 ? XDP_DROP : XDP_PASS;
}
