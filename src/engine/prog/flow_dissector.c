/* Flow dissectors see a packet through the two pointers of a __sk_buff, and write what
 * they find into flow keys. */
#include "run.h"
#include <errno.h>

enum { PAGE = 4096 };

struct shadow {
	struct skep_sk_buff skb;
	struct skep_flow_keys keys;
};

_Static_assert(sizeof(struct shadow) <= RUN_CTX, "the shadow holds it");

void flow_setup(struct run *run)
{
	const struct skep_packet *p = &run->packet;
	const struct skep_flow_keys *in = run->event->ctx;
	struct shadow *shadow = (struct shadow *)run->shadow;

	*shadow = (struct shadow){.skb.flow_keys = &shadow->keys};
	shadow->keys.nhoff = shadow->keys.thoff = RUN_ETHERNET;
	if (p->tail - p->mac >= RUN_ETHERNET)
		shadow->keys.n_proto = load16(p->mac + 12);
	if (in && run->event->ctx_len >= sizeof(*in))
		shadow->keys.flags = in->flags;
	run_give(run, &shadow->keys, sizeof(shadow->keys), access_read | access_write,
		 NULL);
	run->ctx = run->shadow;
}

/* Of what may be given there are the flags alone. */
static int test_in(const void *ctx, struct skep_packet *packet)
{
	static const struct skep_flow_keys none;
	struct skep_flow_keys in;

	if (!ctx)
		return 0;
	memcpy(&in, ctx, sizeof(in));
	in.flags = 0;
	return memcmp(&in, &none, sizeof(in)) ? -EINVAL : 0;
}

/* Offsets lie within the packet, behind its Ethernet header. */
static void test_ran(struct run *run)
{
	struct skep_flow_keys *keys = &((struct shadow *)run->shadow)->keys;
	u16 len = (u16)(run->packet.tail - run->packet.data);

	keys->nhoff = MIN(MAX(keys->nhoff, (u16)RUN_ETHERNET), len);
	keys->thoff = MIN(MAX(keys->thoff, keys->nhoff), len);
}

static u32 test_data(const struct run *run, const void **at)
{
	*at = &((const struct shadow *)run->shadow)->keys;
	return sizeof(struct skep_flow_keys);
}

const struct prog_test flow_test = {
	.kind = test_packet,
	.least = RUN_ETHERNET,
	.most = PAGE,
	.room = PAGE,
	.ctx_size = sizeof(struct skep_flow_keys),
	.in = test_in,
	.ran = test_ran,
	.data = test_data,
};
