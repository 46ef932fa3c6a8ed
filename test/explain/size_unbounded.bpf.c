#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u32 key = 0;
	struct entry *e = bpf_map_lookup_elem(&counts, &key);

	if (!e)
		return 0;
	bpf_probe_read_kernel(e->data, e->count, ctx);
	return 0;
}
