#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_ARRAY, __u32, struct entry, 1);

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);
	long off = (long)ctx->args[1];

	if (!e)
		return 0;
	if ((int)off < 0 || (int)off > 15)
		return 0;
	e->data[off] = 1;
	return 0;
}
