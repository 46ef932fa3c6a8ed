#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct entry new = {}, *e;

	e = bpf_map_lookup_elem(&counts, &key);
	if (!e) {
		bpf_map_update_elem(&counts, &key, &new, BPF_NOEXIST);
		e = bpf_map_lookup_elem(&counts, &key);
	}
	e->count++;
	return XDP_PASS;
}
