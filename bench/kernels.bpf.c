/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* kernels.h as programs. */
#include "kernels.h"

struct xdp_md {
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

#define PROGRAM(name) \
	__attribute__((section("xdp"), used)) int prog_##name(struct xdp_md *ctx) \
	{ \
		u8 *p = (u8 *)(long)ctx->data; \
		if (p + SIZE > (u8 *)(long)ctx->data_end) \
			return -1; \
		return (int)name(p); \
	}
EACH_KERNEL(PROGRAM)

char _license[] __attribute__((section("license"), used)) = "GPL";
