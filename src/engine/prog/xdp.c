#include "run.h"
#include <errno.h>
#include <net/if.h>

enum {
	LOOPBACK = 1, /* its ifindex, and with one queue */
	LEAST = 14,   /* an Ethernet header */
	/* A test run puts the packet into one page: 256 bytes before it, of which the
	 * kernel keeps 40 (struct xdp_frame), and 320 behind (struct skb_shared_info). */
	PAGE = 4096,
	HEADROOM = SKEP_XDP_PACKET_HEADROOM,
	FRAME = 40,
	SHARED_INFO = 320,
	MOST = PAGE - HEADROOM - SHARED_INFO,
	MOST_FRAGS = 17, /* what is more goes into fragments of a page */
};

void xdp_setup(struct run *run)
{
	struct skep_xdp_md *md = (struct skep_xdp_md *)run->shadow;
	const struct skep_packet *p = &run->packet;

	*md = (struct skep_xdp_md){.ingress_ifindex = p->ifindex ? p->ifindex : LOOPBACK,
				   .rx_queue_index = p->rx_queue};
	run->ctx = run->shadow;
}

/* data_in begins with `data` bytes of metadata, which go into the headroom; what is
 * behind `data_end` or does not fit goes into fragments. */
static int test_fit(const void *ctx, u32 size, u32 *linear, u32 *before)
{
	const struct skep_xdp_md *in = ctx;
	u32 meta = in ? in->data : 0, end = in ? in->data_end : size;

	if (in && (in->data_meta || end > size || meta > end || meta % 4 ||
		   meta > HEADROOM - FRAME))
		return -EINVAL;
	*before = meta;
	*linear = MIN(end, MOST + meta);
	return size - meta < LEAST ? -EINVAL : 0;
}

static int test_in(const void *ctx, struct skep_packet *p)
{
	const struct skep_xdp_md *in = ctx;
	char name[IF_NAMESIZE];

	if (!in)
		return 0;
	if (in->egress_ifindex || (in->rx_queue_index && !in->ingress_ifindex))
		return -EINVAL;
	if (in->ingress_ifindex && !if_indextoname(in->ingress_ifindex, name))
		return -ENODEV;
	if (in->rx_queue_index && in->ingress_ifindex == LOOPBACK)
		return -EINVAL;
	p->meta = p->data;
	p->data += in->data;
	p->ifindex = in->ingress_ifindex;
	p->rx_queue = in->rx_queue_index;
	return 0;
}

static void test_out(const struct run *run, void *ctx)
{
	const struct skep_packet *p = &run->packet;
	struct skep_xdp_md *out = ctx;

	out->data = (u32)(p->data - p->meta);
	out->data_end = (u32)(p->tail - p->meta);
}

const struct prog_test xdp_test = {
	.kind = test_frame,
	.most = MOST,
	.frags = MOST_FRAGS * PAGE,
	.head = HEADROOM - FRAME,
	.room = PAGE - FRAME - SHARED_INFO,
	.ctx_size = sizeof(struct skep_xdp_md),
	.fit = test_fit,
	.in = test_in,
	.out = test_out,
};
