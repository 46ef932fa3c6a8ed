#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	__s64 i;

	if (!e)
		return XDP_PASS;
	i = (__s64)e->count;
	if (i > 15)
		return XDP_PASS;
	return ((char *)e)[i] ? XDP_DROP : XDP_PASS;
}
