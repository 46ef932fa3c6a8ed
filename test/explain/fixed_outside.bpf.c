#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, __u32, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += 1;
	return XDP_PASS;
}
