#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u32 length;

	if (data + 15 > data_end)
		return XDP_DROP;
	length = (data[14] & 0xf) * 4;
	return data[14 + length] ? XDP_PASS : XDP_DROP;
}
