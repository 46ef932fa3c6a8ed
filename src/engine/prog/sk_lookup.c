/* Socket lookups: there are no sockets to choose from, so the context says who asks. */
#include "run.h"
#include <errno.h>
#include <sys/socket.h>

static void copy_addresses(struct skep_sk_lookup *to, const struct skep_sk_lookup *in)
{
	if (to->family == AF_INET) {
		to->remote_ip4 = in->remote_ip4;
		to->local_ip4 = in->local_ip4;
	} else {
		memcpy(to->remote_ip6, in->remote_ip6, sizeof(to->remote_ip6));
		memcpy(to->local_ip6, in->local_ip6, sizeof(to->local_ip6));
	}
}

void lookup_setup(struct run *run)
{
	struct skep_sk_lookup *to = (struct skep_sk_lookup *)run->shadow;
	const struct skep_sk_lookup *in = run->event->ctx;

	memset(to, 0, sizeof(*to));
	run->ctx = run->shadow;
	if (!in || run->event->ctx_len < sizeof(*in))
		return;
	to->family = (u16)in->family;
	to->protocol = (u16)in->protocol;
	to->remote_port = in->remote_port;
	to->local_port = (u16)in->local_port;
	to->ingress_ifindex = in->ingress_ifindex;
	copy_addresses(to, in);
}

static int test_in(const void *ctx, struct skep_packet *packet)
{
	const struct skep_sk_lookup *in = ctx;

	if (!in || in->sk || in->ingress_ifindex || load32((const u8 *)(in + 1) - 4))
		return -EINVAL;
	if (in->local_port > UINT16_MAX)
		return -ERANGE;
	return (u16)in->family == AF_INET || (u16)in->family == AF_INET6 ? 0
									 : -EAFNOSUPPORT;
}

const struct prog_test lookup_test = {
	.kind = test_fields,
	.ctx_size = sizeof(struct skep_sk_lookup),
	.in = test_in,
};
