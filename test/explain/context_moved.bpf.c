#include "explain_bpf.h"

SEC("tc") int prog(struct __sk_buff *skb)
{
	return skb->cb[bpf_get_prandom_u32() & 3];
}
