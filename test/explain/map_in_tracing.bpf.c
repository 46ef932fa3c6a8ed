#include "explain_bpf.h"

struct guarded {
	struct bpf_spin_lock lock;
	__u32 count;
};
MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct guarded, 64);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&counts, &key);

	if (g)
		g->count++;
	return 0;
}
