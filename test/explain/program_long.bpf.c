// skep: --unprivileged
// kernel: root may load so long programs
#include "explain_bpf.h"

SEC("socket") int prog(struct __sk_buff *skb)
{
	__u32 sum = 0;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < 4000; i++)
		asm volatile("%0 += 1; %0 ^= 3;" : "+r"(sum));
	return sum;
}
