#include "explain_bpf.h"

struct guarded {
	struct bpf_spin_lock lock;
	__u32 count;
};
MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct guarded, 64);

SEC("tc") int prog(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&counts, &key);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	if (g->count++ > 100)
		return 2;
	bpf_spin_unlock(&g->lock);
	return 0;
}
