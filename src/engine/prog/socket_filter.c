#include "skb.h"

/* clang-format off */
static const struct ctx_field fields[] = {
	SKB(len,             ctx_len,   false),
	SKB(pkt_type,        ctx_plain, false),
	SKB(mark,            ctx_plain, false),
	SKB(queue_mapping,   ctx_plain, false),
	SKB(protocol,        ctx_plain, false),
	SKB(vlan_present,    ctx_plain, false),
	SKB(vlan_tci,        ctx_plain, false),
	SKB(vlan_proto,      ctx_plain, false),
	SKB(priority,        ctx_plain, false),
	SKB(ingress_ifindex, ctx_plain, false),
	SKB(ifindex,         ctx_plain, false),
	SKB(tc_index,        ctx_plain, false),
	SKB(cb,              ctx_bytes, true),
	SKB(hash,            ctx_plain, false),
	SKB(napi_id,         ctx_plain, false),
	SKB(gso_segs,        ctx_plain, false),
	SKB(sk,              ctx_whole, false),
	SKB(gso_size,        ctx_plain, false),
};
/* clang-format on */

/* Sees the packet from its network header on in a test run, and from the Ethernet header
 * on when a packet socket runs it. */
const struct prog_type type_socket_filter = {
	.name = "socket_filter",
	.ctx_name = "struct __sk_buff",
	.fields = fields,
	.nfields = ARRAY_SIZE(fields),
	.ctx_size = sizeof(struct skep_sk_buff),
	.packet = true,
	.ld_abs = true,
	.groups = group_base | group_net | group_skb,
	.setup = skb_setup,
	.test_run = true,
	.test_least = SKB_HEADER,
	.test_most = SKB_TEST_MOST,
	.test_pull = SKB_HEADER,
	.test_head = SKB_MOST,
	.test_room = 2 * SKB_MOST,
	.test_in = skb_test_in,
	.test_out = skb_test_out,
};
