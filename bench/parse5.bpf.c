// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* Straight-line packet parsing: the five-tuple of an IPv4 packet, checked.
 * bench/parse5.s is what clang -O2 -mcpu=v3 makes of it; bench_run.c runs both. */
#include "parse5.h"

struct xdp_md {
	__UINT32_TYPE__ data, data_end, data_meta, ingress_ifindex, rx_queue_index,
		egress;
};

__attribute__((section("xdp"), used)) int parse(struct xdp_md *ctx)
{
	return (int)parse5((const unsigned char *)(long)ctx->data,
			   (const unsigned char *)(long)ctx->data_end);
}
