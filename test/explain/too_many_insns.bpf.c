#include "explain_bpf.h"

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 1000000; i++)
		sum += bpf_get_prandom_u32();
	return sum & 1 ? XDP_DROP : XDP_PASS;
}
