#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	char *bytes = (char *)e;

	if (!e)
		return XDP_PASS;
	return bytes[now] ? XDP_DROP : XDP_PASS;
}
