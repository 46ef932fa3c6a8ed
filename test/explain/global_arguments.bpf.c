#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

__attribute__((noinline)) int add(struct entry *e)
{
	if (!e)
		return 0;
	e->count++;
	return 1;
}

SEC("xdp") int prog(struct xdp_md *ctx)
{
	return add((struct entry *)ctx) ? XDP_DROP : XDP_PASS;
}
