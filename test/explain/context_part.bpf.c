#include "explain_bpf.h"

SEC("tc") int prog(struct __sk_buff *skb)
{
	return *(__u64 *)&skb->len == 60;
}
