#include "explain_bpf.h"

HELPER(95, struct bpf_sock *, bpf_sk_fullsock, struct bpf_sock *sk);

SEC("tc") int prog(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk->family == 2 ? 0 : 2;
}
