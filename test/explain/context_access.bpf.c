#include "explain_bpf.h"

SEC("xdp") int prog(struct __sk_buff *skb)
{
	return skb->priority == 7 ? XDP_DROP : XDP_PASS;
}
