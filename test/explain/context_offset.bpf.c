#include "explain_bpf.h"

HELPER(26, long, bpf_skb_load_bytes, void *skb, __u32 off, void *to, __u32 len);
static __attribute__((noinline)) int parse(void *p)
{
	__u8 b = 0;

	bpf_skb_load_bytes(p + 8, 0, &b, 1);
	return b;
}
SEC("tc") int prog(struct __sk_buff *skb)
{
	return parse(skb);
}
