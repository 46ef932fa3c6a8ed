#include "explain_bpf.h"

MAP(stages, BPF_MAP_TYPE_PROG_ARRAY, __u32, __u32, 4);

static __attribute__((noinline)) int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &stages, 1);
	return XDP_PASS;
}

SEC("xdp") int prog(struct xdp_md *ctx)
{
	char buf[300];

	bpf_get_current_comm(buf, sizeof(buf));
	jump(ctx);
	return buf[0] ? XDP_DROP : XDP_PASS;
}
