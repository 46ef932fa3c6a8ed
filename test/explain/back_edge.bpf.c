// skep: --unprivileged
// kernel: root may load loops
#include "explain_bpf.h"

SEC("socket") int prog(struct __sk_buff *skb)
{
	__u32 sum = 0;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < 10; i++) {
		sum += i;
		asm volatile("" : "+r"(sum));
	}
	return sum;
}
