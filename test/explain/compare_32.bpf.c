#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	__u64 i = ctx->args[1];

	if (!e || (__u32)i > 15)
		return 0;
	return ((char *)e)[i];
}
