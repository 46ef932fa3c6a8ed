#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;

	if (data + 14 > data_end)
		return XDP_DROP;
	bpf_xdp_adjust_head(ctx, -8);
	data[0] = 0xff;
	return XDP_PASS;
}
