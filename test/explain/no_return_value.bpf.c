#include "explain_bpf.h"

SEC("xdp") __attribute__((naked)) int prog(struct xdp_md *ctx)
{
	asm volatile("r1 = *(u32 *)(r1 + 16); \
		      if r1 == 0 goto 1f; \
		      r0 = 2; \
		      1: exit;");
}
