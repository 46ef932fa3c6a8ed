#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *data_end = (void *)(long)ctx->data_end;
	__u8 *opt = data + 54;
	int found = 0;

	if (data + 54 > data_end)
		return XDP_PASS;
	while (opt + 2 <= data_end) {
		if (opt[0] == 8)
			found = 1;
		opt += opt[1];
	}
	return found ? XDP_DROP : XDP_PASS;
}
