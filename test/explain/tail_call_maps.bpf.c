// skep: --unprivileged
// kernel: root may load it
#include "explain_bpf.h"

MAP(first, BPF_MAP_TYPE_PROG_ARRAY, __u32, __u32, 4);
MAP(second, BPF_MAP_TYPE_PROG_ARRAY, __u32, __u32, 4);

SEC("socket") int prog(struct __sk_buff *skb)
{
	void *map = skb->protocol == 8 ? (void *)&first : (void *)&second;

	bpf_tail_call(skb, map, 1);
	return 0;
}
