#include "explain_bpf.h"

static long body(__u32 i, void *sum)
{
	*(__u64 *)sum += i;
	return *(__u64 *)sum;
}

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u64 sum = 0;

	bpf_loop(10, body, &sum, 0);
	return sum > 20 ? XDP_DROP : XDP_PASS;
}
