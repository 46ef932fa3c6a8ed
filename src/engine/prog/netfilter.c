/* Netfilter hooks. Their context is two pointers into the kernel: of the hook's state we
 * have a copy with hook and family; the packet is a handle that nothing can be read of.
 */
#include "run.h"
#include "skb.h"
#include <errno.h>

enum { IPV4 = 2, IPV6 = 10, LOCAL_OUT = 3, IPV4_HEADER = 20, IPV6_HEADER = 40 };

/* struct nf_hook_state: devices, socket, network and function follow. */
struct state {
	u8 hook, family;
	u64 pointers[5];
};

struct shadow {
	struct state *state;
	void *skb;
	struct state copy;
};

static const struct state usual = {.hook = LOCAL_OUT, .family = IPV4};

void nf_setup(struct run *run)
{
	struct shadow *shadow = (struct shadow *)run->shadow;
	const struct state *in = run->event->ctx;

	_Static_assert(sizeof(*shadow) <= RUN_CTX, "the shadow holds it");
	if (!in || run->event->ctx_len < sizeof(*in))
		in = &usual;
	shadow->copy = (struct state){.hook = in->hook, .family = in->family};
	shadow->state = &shadow->copy;
	shadow->skb = &run->packet;
	run_give(run, &shadow->copy, sizeof(shadow->copy), access_read, NULL);
	run->ctx = run->shadow;
}

/* What comes in has an Ethernet header, which says what the state says; what goes out
 * locally has none yet. */
static int test_in(const void *ctx, struct skep_packet *p)
{
	const struct state *in = ctx ? ctx : &usual;
	u16 protocol = skb_protocol(p);
	bool ipv6 = in->family == IPV6;
	u32 len = (u32)(p->tail - p->data);

	for (u32 i = 0; i < ARRAY_SIZE(in->pointers); i++)
		if (in->pointers[i])
			return -EINVAL;
	if (in->family != IPV4 && !ipv6)
		return -EINVAL;
	if (in->hook == LOCAL_OUT)
		return 0;
	if (len < RUN_ETHERNET + IPV4_HEADER)
		return -EINVAL;
	if (protocol != SKB_IP && protocol != SKB_IPV6)
		return -EPROTO;
	if ((protocol == SKB_IPV6) != ipv6 || (ipv6 && len < RUN_ETHERNET + IPV6_HEADER))
		return -EINVAL;
	p->data += RUN_ETHERNET;
	return 0;
}

static u32 test_data(const struct run *run, const void **at)
{
	return 0;
}

const struct prog_test nf_test = {
	.kind = test_packet,
	.least = IPV4_HEADER,
	.most = SKB_TEST_MOST,
	.room = SKB_TEST_MOST,
	.ctx_size = sizeof(struct state),
	.keeps = true,
	.in = test_in,
	.data = test_data,
};
