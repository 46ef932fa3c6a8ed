#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u32 len;

	if (data + 4 > data_end)
		return XDP_PASS;
	len = *(__u32 *)data;
	if (data + len > data_end)
		return XDP_PASS;
	return data[len] ? XDP_PASS : XDP_DROP;
}
