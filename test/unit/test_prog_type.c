#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "rules.h"
#include "run.h"

struct bench {
	struct run run;
	struct prog prog;
	struct skep_event event;
	struct skep_world world;
	struct skep_packet packet;
	struct run_value values[RUN_VALUES];
	u8 data[512];
};

/* An Ethernet header, to, from, IPv4, and 60 bytes. */
static const u8 header[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	memcpy(b->data + 256, header, sizeof(header));
	b->packet = (struct skep_packet){.head = b->data,
					 .data = b->data + 256,
					 .tail = b->data + 330,
					 .end = b->data + 512};
	b->event.packet = &b->packet;
	b->run.prog = &b->prog;
	b->run.event = &b->event;
	b->event.world = &b->world;
	b->run.values = b->values;
	b->run.number = 1;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void begin(struct bench *b, u32 type)
{
	assert_int_equal(prog_set_type(&b->prog, type, 0), 0);
	run_begin(&b->run);
}

static u64 field(struct bench *b, u32 off, u32 size)
{
	u64 v = 0;

	assert_true(ctx_load(&b->run, u64_of(b->run.ctx) + off, size, false, &v));
	return v;
}

#define SKB(b, name) \
	field(b, offsetof(struct skep_sk_buff, name), \
	      sizeof(((struct skep_sk_buff *)0)->name))
#define XDP(b, name) field(b, offsetof(struct skep_xdp_md, name), 4)

static void types_say_who_they_are(void **state)
{
	for (u32 type = 1; type <= SKEP_PROG_TYPE_NETFILTER; type++) {
		const struct prog_type *t = prog_type(type);

		assert_true(!t == (prog_type_refusal(type) != NULL));
		if (!t)
			continue;
		assert_string_equal(t->name, rules_prog(type)->name);
		assert_true(t->ctx_size > 0);
		if (t->setup)
			assert_true(t->ctx_size <= RUN_CTX);
	}
	assert_null(prog_type(SKEP_PROG_TYPE_UNSPEC));
	assert_null(prog_type(1000));
	assert_null(prog_type_refusal(1000));
}

static void sched_cls_sees_the_packet(void **state)
{
	struct bench *b = *state;

	b->packet.wire_len = 1500;
	b->packet.tstamp = 99;
	b->packet.ifindex = 3;
	begin(b, SKEP_PROG_TYPE_SCHED_CLS);
	assert_int_equal(SKB(b, len), 74);
	assert_int_equal(SKB(b, protocol), 8);
	assert_int_equal(SKB(b, pkt_type), 0);
	assert_int_equal(SKB(b, ifindex), 3);
	assert_int_equal(SKB(b, wire_len), 1500);
	assert_int_equal(SKB(b, tstamp), 99);
	assert_int_equal(SKB(b, data), u64_of(b->packet.data));
	assert_int_equal(SKB(b, data_end), u64_of(b->packet.tail));
	assert_int_equal(SKB(b, data_meta), u64_of(b->packet.data));
	b->run.packet.tail -= 10;
	run_packet_changed(&b->run);
	assert_int_equal(SKB(b, len), 64);
	assert_int_equal(SKB(b, data_end), u64_of(b->packet.tail) - 10);
}

static u64 store_load(struct bench *b, u32 off, u32 size, u64 v)
{
	assert_true(ctx_store(&b->run, u64_of(b->run.ctx) + off, size, v));
	return field(b, off, size);
}

/* Values as the kernel's test run showed them. */
static void some_stores_keep_16_bits(void **state)
{
	struct bench *b = *state;

	begin(b, SKEP_PROG_TYPE_SCHED_CLS);
	assert_int_equal(store_load(b, 8, 4, 0x12345678), 0x12345678);
	assert_int_equal(store_load(b, 44, 4, 0x12345), 0x2345);
	assert_int_equal(store_load(b, 72, 4, 0xffffffff), 0xffff);
	assert_int_equal(store_load(b, 12, 4, 5), 5);
	assert_int_equal(store_load(b, 12, 4, 0xffff), 5);
	assert_int_equal(store_load(b, 12, 4, 0xfffe), 0xfffe);
	assert_int_equal(store_load(b, 52, 1, 0x1ff), 0xff);
}

static u64 protocol(struct bench *b, u16 type, u16 next)
{
	store16(b->data + 268, __builtin_bswap16(type));
	store16(b->data + 270, next);
	begin(b, SKEP_PROG_TYPE_SOCKET_FILTER);
	return SKB(b, protocol);
}

static void protocol_is_what_the_header_says(void **state)
{
	struct bench *b = *state;

	assert_int_equal(protocol(b, 0x86dd, 0), 0xdd86);
	assert_int_equal(protocol(b, 0x0600, 0), 0x0006);
	assert_int_equal(protocol(b, 0x0030, 0xffff), 0x0100);
	assert_int_equal(protocol(b, 0x0030, 0xaaaa), 0x0400);
	b->packet.tail = b->packet.data + 13;
	assert_int_equal(protocol(b, 0x0800, 0), 0);
}

static u64 pkt_type(struct bench *b, u8 to, u32 ifindex)
{
	memset(b->data + 256, to, 6);
	b->packet.ifindex = ifindex;
	begin(b, SKEP_PROG_TYPE_SOCKET_FILTER);
	return SKB(b, pkt_type);
}

static void packet_type_depends_on_the_device(void **state)
{
	struct bench *b = *state;

	assert_int_equal(pkt_type(b, 0, 0), 0);
	assert_int_equal(pkt_type(b, 2, 0), 3);
	assert_int_equal(pkt_type(b, 255, 0), 2);
	assert_int_equal(pkt_type(b, 255, 3), 1);
	assert_int_equal(pkt_type(b, 1, 3), 2);
	assert_int_equal(pkt_type(b, 2, 3), 0);
}

static void test_run_takes_over_and_gives_back(void **state)
{
	struct bench *b = *state;
	const struct prog_test *t = prog_type(SKEP_PROG_TYPE_SCHED_CLS)->test;
	struct skep_sk_buff in = {.mark = 1,
				  .priority = 2,
				  .ingress_ifindex = 3,
				  .cb = {4, 5},
				  .tstamp = 6,
				  .gso_segs = 7,
				  .gso_size = 70000};

	assert_int_equal(t->in(&in, &b->packet), 0);
	b->event.ctx = &in;
	b->event.ctx_len = sizeof(in);
	begin(b, SKEP_PROG_TYPE_SCHED_CLS);
	assert_int_equal(SKB(b, mark), 1);
	assert_int_equal(SKB(b, wire_len), 74);
	assert_int_equal(SKB(b, gso_size), 4464);
	assert_int_equal(field(b, 52, 4), 5);
	store_load(b, 8, 4, 100);
	t->out(&b->run, &in);
	assert_int_equal(in.mark, 100);
	assert_int_equal(in.ifindex, 1);
	assert_int_equal(in.wire_len, 74);
	assert_int_equal(in.gso_size, 70000);
	assert_int_equal(in.len, 0);
}

static int skb_in(struct bench *b, struct skep_sk_buff in)
{
	return prog_type(SKEP_PROG_TYPE_SCHED_CLS)->test->in(&in, &b->packet);
}

static void test_run_refuses_what_the_kernel_refuses(void **state)
{
	struct bench *b = *state;

	assert_int_equal(skb_in(b, (struct skep_sk_buff){.len = 1}), -EINVAL);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.tstamp_type = 1}), -EINVAL);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.wire_len = 73}), -EINVAL);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.wire_len = 65536}), 0);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.wire_len = 65537}), -EINVAL);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.gso_segs = 65536}), -EINVAL);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.ifindex = 1}), 0);
	assert_int_equal(skb_in(b, (struct skep_sk_buff){.ifindex = 0x7fffffff}),
			 -ENODEV);
	b->packet.tail = b->packet.data + 33; /* an IPv4 header needs 20 */
	assert_int_equal(skb_in(b, (struct skep_sk_buff){0}), -EINVAL);
	b->packet.tail++;
	assert_int_equal(skb_in(b, (struct skep_sk_buff){0}), 0);
}

static int xdp_in(struct bench *b, struct skep_xdp_md in)
{
	const struct prog_test *t = prog_type(SKEP_PROG_TYPE_XDP)->test;
	u32 linear, before;
	int err = t->fit(&in, 74, &linear, &before);

	return err ? err : t->in(&in, &b->packet);
}

static void xdp_metadata_goes_before_the_packet(void **state)
{
	struct bench *b = *state;
	struct skep_xdp_md out = {0};

	b->packet.data -= 8;
	b->packet.tail -= 8;
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){8, 74, 0, 1, 0, 0}), 0);
	begin(b, SKEP_PROG_TYPE_XDP);
	assert_int_equal(XDP(b, data), u64_of(b->data + 256));
	assert_int_equal(XDP(b, data_meta), u64_of(b->data + 248));
	assert_int_equal(XDP(b, data_end), u64_of(b->data + 322));
	assert_int_equal(XDP(b, ingress_ifindex), 1);
	assert_non_null(run_mem(&b->run, u64_of(b->data + 248), 74, access_write, "r1"));
	prog_type(SKEP_PROG_TYPE_XDP)->test->out(&b->run, &out);
	assert_int_equal(out.data, 8);
	assert_int_equal(out.data_end, 74);
}

static void xdp_refuses_what_the_kernel_refuses(void **state)
{
	struct bench *b = *state;

	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 74, 4, 0, 0, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){3, 74, 0, 0, 0, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){64, 74, 0, 0, 0, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){~0u & ~3u, 74, 0, 0, 0, 0}),
			 -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 75, 0, 0, 0, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){4, 3, 0, 0, 0, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 74, 0, 0, 1, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 74, 0, 1, 1, 0}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 74, 0, 0, 0, 1}), -EINVAL);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 74, 0, 0x7fffffff, 0, 0}),
			 -ENODEV);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){60, 74, 0, 0, 0, 0}), 0);
	assert_int_equal(xdp_in(b, (struct skep_xdp_md){0, 20, 0, 0, 0, 0}), 0);
}

static void begin_at(struct bench *b, u32 type, u32 attach, void *ctx, u32 len)
{
	b->event.ctx = ctx;
	b->event.ctx_len = len;
	assert_int_equal(prog_set_type(&b->prog, type, attach), 0);
	run_begin(&b->run);
}

#define GET(b, type, name) \
	field(b, offsetof(struct type, name), sizeof(((struct type *)0)->name))
#define PUT(b, type, name, v) \
	ctx_store(&(b)->run, u64_of((b)->run.ctx) + offsetof(struct type, name), \
		  sizeof(((struct type *)0)->name), v)

/* Where there is no shadow, what a program changes is the event's. */
static void contexts_are_the_event_s(void **state)
{
	struct bench *b = *state;
	struct skep_sock_ops ops = {.op = SKEP_SOCK_OPS_RTT_CB, .snd_cwnd = 10};
	struct skep_sock sock = {.family = 2, .mark = 3};
	struct skep_sock_addr addr = {.user_ip4 = 7, .user_port = 9};
	struct skep_sysctl sysctl = {.write = 1, .file_pos = 5};

	begin_at(b, SKEP_PROG_TYPE_SOCK_OPS, 0, &ops, sizeof(ops));
	assert_int_equal(GET(b, skep_sock_ops, op), SKEP_SOCK_OPS_RTT_CB);
	assert_int_equal(GET(b, skep_sock_ops, snd_cwnd), 10);
	assert_int_equal(GET(b, skep_sock_ops, skb_data), 0);
	assert_true(PUT(b, skep_sock_ops, reply, 77));
	assert_int_equal(ops.reply, 77);
	assert_false(PUT(b, skep_sock_ops, snd_cwnd, 1));
	b->run.fault = 0;
	begin_at(b, SKEP_PROG_TYPE_CGROUP_SOCK, SKEP_CGROUP_INET_SOCK_CREATE, &sock,
		 sizeof(sock));
	assert_int_equal(GET(b, skep_sock, family), 2);
	assert_true(PUT(b, skep_sock, mark, 4));
	assert_int_equal(sock.mark, 4);
	begin_at(b, SKEP_PROG_TYPE_CGROUP_SOCK_ADDR, SKEP_CGROUP_INET4_CONNECT, &addr,
		 sizeof(addr));
	assert_int_equal(GET(b, skep_sock_addr, user_ip4), 7);
	assert_true(PUT(b, skep_sock_addr, user_port, 8));
	assert_int_equal(addr.user_port, 8);
	begin_at(b, SKEP_PROG_TYPE_CGROUP_SYSCTL, 0, &sysctl, sizeof(sysctl));
	assert_int_equal(GET(b, skep_sysctl, write), 1);
	assert_true(PUT(b, skep_sysctl, file_pos, 6));
	assert_int_equal(sysctl.file_pos, 6);
}

/* Pointers into the packet are the run's, of any width. */
static void wide_pointers_lead_into_the_packet(void **state)
{
	struct bench *b = *state;
	struct skep_sk_msg_md msg = {.family = 10, .size = 74};
	struct skep_sockopt opt = {.level = 6, .optlen = 4, .retval = -1};
	struct skep_sk_reuseport_md port = {.len = 74, .hash = 0x1234};

	begin_at(b, SKEP_PROG_TYPE_SK_MSG, 0, &msg, sizeof(msg));
	assert_int_equal(GET(b, skep_sk_msg_md, data), u64_of(b->packet.data));
	assert_int_equal(GET(b, skep_sk_msg_md, data_end), u64_of(b->packet.tail));
	assert_int_equal(GET(b, skep_sk_msg_md, family), 10);
	assert_non_null(run_mem(&b->run, u64_of(b->packet.data), 74, access_write, "r1"));
	begin_at(b, SKEP_PROG_TYPE_CGROUP_SOCKOPT, SKEP_CGROUP_GETSOCKOPT, &opt,
		 sizeof(opt));
	assert_int_equal(GET(b, skep_sockopt, optval), u64_of(b->packet.data));
	assert_int_equal(GET(b, skep_sockopt, level), 6);
	assert_true(PUT(b, skep_sockopt, retval, 0));
	assert_int_equal(opt.retval, 0);
	begin_at(b, SKEP_PROG_TYPE_SK_REUSEPORT, SKEP_SK_REUSEPORT_SELECT, &port,
		 sizeof(port));
	assert_int_equal(GET(b, skep_sk_reuseport_md, data_end), u64_of(b->packet.tail));
	assert_int_equal(GET(b, skep_sk_reuseport_md, hash), 0x1234);
	assert_null(run_mem(&b->run, u64_of(b->packet.data), 4, access_write, "r1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(types_say_who_they_are),
		TEST(sched_cls_sees_the_packet),
		TEST(some_stores_keep_16_bits),
		TEST(protocol_is_what_the_header_says),
		TEST(packet_type_depends_on_the_device),
		TEST(test_run_takes_over_and_gives_back),
		TEST(test_run_refuses_what_the_kernel_refuses),
		TEST(xdp_metadata_goes_before_the_packet),
		TEST(xdp_refuses_what_the_kernel_refuses),
		TEST(contexts_are_the_event_s),
		TEST(wide_pointers_lead_into_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
