#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	ctx->data_end = 0;
	return XDP_PASS;
}
