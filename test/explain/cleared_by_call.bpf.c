#include "explain_bpf.h"

SEC("xdp") __attribute__((naked)) int prog(struct xdp_md *ctx)
{
	asm volatile("call 7; \
		      r0 = *(u32 *)(r1 + 16); \
		      exit;");
}
