#include "explain_bpf.h"

SEC("cgroup_skb/ingress") int prog(struct __sk_buff *skb)
{
	return skb->len;
}
