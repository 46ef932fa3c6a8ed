#include "explain_bpf.h"

#define NEXT(name, next) \
	static __attribute__((noinline)) int name(struct xdp_md *ctx) \
	{ \
		volatile int keep = next(ctx); \
		return keep; \
	}
static __attribute__((noinline)) int f9(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? XDP_DROP : XDP_PASS;
}
NEXT(f8, f9)
NEXT(f7, f8)
NEXT(f6, f7)
NEXT(f5, f6)
NEXT(f4, f5)
NEXT(f3, f4)
NEXT(f2, f3)

SEC("xdp") int prog(struct xdp_md *ctx)
{
	return f2(ctx);
}
