#include "explain_bpf.h"

struct guarded {
	struct bpf_spin_lock lock;
	__u32 count;
};
MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct guarded, 64);

SEC("tc") int prog(struct __sk_buff *skb)
{
	__u32 from = 0, to = 1;
	struct guarded *a = bpf_map_lookup_elem(&counts, &from);
	struct guarded *b = bpf_map_lookup_elem(&counts, &to);

	if (!a || !b)
		return 0;
	bpf_spin_lock(&a->lock);
	bpf_spin_lock(&b->lock);
	b->count++;
	bpf_spin_unlock(&b->lock);
	bpf_spin_unlock(&a->lock);
	return 0;
}
