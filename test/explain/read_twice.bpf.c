#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);

	if (!e)
		return 0;
	if (*(volatile __u64 *)&e->count > 15)
		return 0;
	return e->data[*(volatile __u64 *)&e->count];
}
