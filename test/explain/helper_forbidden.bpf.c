#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, 8);
}
