#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u8 *eth = data;

	if (data + 12 > data_end)
		return XDP_DROP;
	return *(__u16 *)(eth + 12) == 8 ? XDP_PASS : XDP_DROP;
}
