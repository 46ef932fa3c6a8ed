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
	__builtin_memset(g, 0, sizeof(*g));
	return 0;
}
