#include "explain_bpf.h"

MAP(counts, BPF_MAP_TYPE_HASH, __u32, struct entry, 64);

SEC("tc") int prog(struct __sk_buff *skb)
{
	return bpf_map_lookup_elem(&counts, &skb->ifindex) ? 2 : 0;
}
