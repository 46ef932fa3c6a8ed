#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);

	if (!e)
		return XDP_PASS;
	return *(__u8 *)((long)e & ~7l);
}
