#include "explain_bpf.h"

SEC("xdp") __attribute__((naked)) int prog(struct xdp_md *ctx)
{
	asm volatile("r0 = 2; \
		      r0 += r7; \
		      exit;");
}
