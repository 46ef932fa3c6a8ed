/* Capture files, and packets through XDP and traffic control. The captures are written
 * here; libpcap reads them. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "bits.h"
#include "skip.h"

/* DLT_* of pcap/dlt.h, where they are the same in a file */
enum { ETHERNET = 1, LOOPBACK = 0, RAW = 101, WIFI = 105, SLL = 113, SLL2 = 276 };

struct test {
	struct skep_engine *engine;
	struct skep_sys *sys;
	struct skep_log log;
	char text[1024];
	char lines[1024];
	char path[32];
	int fd; /* of the capture */
};

static int setup(void **state)
{
	/* a program that faults does not pass the verifier */
	struct skep_engine_opts opts = {.size = sizeof(opts), .unverified = true};
	struct test *t = calloc(1, sizeof(*t));

	if (skep_engine_open(&opts, &t->engine))
		return -1;
	t->sys = skep_engine_sys(t->engine);
	t->log = (struct skep_log){.buf = t->text, .size = sizeof(t->text)};
	strcpy(t->path, "/tmp/skep-feed-XXXXXX");
	t->fd = mkstemp(t->path);
	*state = t;
	return t->fd < 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	close(t->fd);
	unlink(t->path);
	skep_engine_close(t->engine);
	free(t);
	return 0;
}

static struct test *begin(void **state, const char *test)
{
	void *lib = dlopen("libpcap.so.0.8", RTLD_NOW);

	if (!lib)
		test_skip(test, "libpcap is missing (Debian: libpcap0.8)");
	dlclose(lib);
	return *state;
}

static void put(struct test *t, const void *data, size_t len)
{
	assert_int_equal(write(t->fd, data, len), len);
}

static void begin_capture(struct test *t, u32 link)
{
	u32 head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, link};

	assert_int_equal(ftruncate(t->fd, 0), 0);
	lseek(t->fd, 0, SEEK_SET);
	put(t, head, sizeof(head));
}

static void put_packet(struct test *t, u32 us, const void *data, u32 caplen, u32 len)
{
	u32 head[4] = {7, us, caplen, len};

	put(t, head, sizeof(head));
	put(t, data, caplen);
}

static struct skep_capture *open_capture(struct test *t)
{
	struct skep_capture *c = NULL;
	int err = skep_capture_open(t->path, &t->log, &c);

	if (err)
		fail_msg("%d: %s", err, t->text);
	return c;
}

/* ---- reading ---- */

static void packets_come_as_captured(void **state)
{
	struct test *t = begin(state, __func__);
	u8 data[60] = {1, 2, 3};
	struct skep_capture *c;
	struct skep_frame f;

	begin_capture(t, ETHERNET);
	put_packet(t, 5, data, 60, 60);
	put_packet(t, 6, data, 20, 1500);
	put_packet(t, 7, data, 0, 0);
	c = open_capture(t);
	assert_int_equal(skep_capture_next(c, &f), 1);
	assert_int_equal(f.caplen, 60);
	assert_int_equal(f.len, 60);
	assert_int_equal(f.ns, 7000005000);
	assert_memory_equal(f.data, data, 60);
	assert_false(f.made_up);
	assert_int_equal(skep_capture_next(c, &f), 1);
	assert_int_equal(f.caplen, 20);
	assert_int_equal(f.len, 1500);
	assert_int_equal(skep_capture_next(c, &f), 1);
	assert_int_equal(f.caplen, 0);
	assert_int_equal(skep_capture_next(c, &f), 0);
	assert_int_equal(skep_capture_next(c, &f), 0);
	skep_capture_close(c);
}

static void other_link_layers_become_ethernet(void **state)
{
	static const struct {
		u32 link;
		u8 header[20];
		u32 size;
		u8 first; /* byte behind it */
		u32 type, sender;
	} all[] = {
		{RAW, {0}, 0, 0x45, 0x0800, 0},
		{RAW, {0}, 0, 0x60, 0x86dd, 0},
		{RAW, {0}, 0, 0x10, 0, 0},
		{LOOPBACK, {2}, 4, 0x45, 0x0800, 0},
		{LOOPBACK, {0, 0, 0, 30}, 4, 0x60, 0x86dd, 0},
		{LOOPBACK, {99}, 4, 0, 0, 0},
		{SLL, {0, 0, 0, 1, 0, 6, 2, 3, 4, 5, 6, 7, 0, 0, 8, 6}, 16, 0, 0x0806, 2},
		{SLL, {0, 0, 0, 1, 0, 6, 2, 3, 4, 5, 6, 7, 0, 0, 0, 4}, 16, 0, 0, 0},
		{SLL2, {8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 9}, 20, 0x45, 0x0800, 9},
	};
	struct test *t = begin(state, __func__);
	struct skep_capture *c;
	struct skep_frame f;
	u8 data[60];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		u32 size = all[i].size;

		memset(data, 0x77, sizeof(data));
		memcpy(data, all[i].header, size);
		data[size] = all[i].first;
		begin_capture(t, all[i].link);
		put_packet(t, 1, data, 60, 100);
		put_packet(t, 1, data, size ? size - 1 : 0, 60); /* too short */
		c = open_capture(t);
		assert_int_equal(skep_capture_next(c, &f), all[i].type != 0);
		if (all[i].type) {
			assert_int_equal(f.data[12] << 8 | f.data[13], all[i].type);
			assert_int_equal(f.data[6], all[i].sender);
			assert_int_equal(f.data[14], all[i].first);
			assert_int_equal(f.caplen, 60 - size + 14);
			assert_int_equal(f.len, 100 - size + 14);
			assert_true(f.made_up);
			assert_int_equal(skep_capture_next(c, &f), 0);
		}
		assert_int_equal(skep_capture_skipped(c), all[i].type ? 1 : 2);
		skep_capture_close(c);
	}
}

static void bad_captures_get_a_sentence(void **state)
{
	struct test *t = begin(state, __func__);
	struct skep_capture *c;
	struct skep_frame f;

	assert_int_equal(skep_capture_open("/nowhere/x", &t->log, &c), -ENOENT);
	assert_non_null(strstr(t->text, "cannot read the capture /nowhere/x: No such"));
	put(t, "this is no capture, but it is long enough", 41);
	assert_int_equal(skep_capture_open(t->path, &t->log, &c), -EINVAL);
	assert_non_null(strstr(t->text, "unknown file format"));
	begin_capture(t, WIFI);
	assert_int_equal(skep_capture_open(t->path, &t->log, &c), -EPROTONOSUPPORT);
	assert_non_null(strstr(t->text, "IEEE802_11"));
	begin_capture(t, ETHERNET);
	put_packet(t, 1, t, 64, 64);
	put(t, t, 20); /* a record that is cut */
	c = open_capture(t);
	assert_int_equal(skep_capture_next(c, &f), 1);
	assert_int_equal(skep_capture_next(c, &f), -EINVAL);
	assert_non_null(strstr(t->text, "damaged after packet 1"));
	assert_int_equal(skep_capture_next(c, &f), 0);
	skep_capture_close(c);
}

/* Whatever the bytes: no crash, and an end. */
static void mutated_captures_end(void **state)
{
	struct test *t = begin(state, __func__);
	u8 data[64] = {0x45}, byte;
	struct skep_capture *c;
	struct skep_frame f;
	u32 opened = 0, links[] = {ETHERNET, RAW, LOOPBACK, SLL};

	srand(1);
	for (int i = 0; i < 400; i++) {
		begin_capture(t, links[i % 4]);
		for (int j = 0; j < 5; j++)
			put_packet(t, 1, data, 40 + (u32)j, 64);
		for (int j = 0; j < 3; j++) {
			byte = (u8)rand();
			assert_int_equal(pwrite(t->fd, &byte, 1, rand() % 300), 1);
		}
		t->log.len = 0;
		if (skep_capture_open(t->path, &t->log, &c))
			continue;
		opened++;
		while (skep_capture_next(c, &f) > 0)
			assert_true(f.caplen <= f.len);
		skep_capture_close(c);
	}
	assert_true(opened > 100);
}

/* ---- feeding ---- */

static int load(struct test *t, u32 type, const char *text)
{
	static const char license[] = "GPL";
	struct skep_insn code[64];
	int n = skep_asm(text, strlen(text), NULL, code, 64, &t->log);
	union skep_attr attr;

	if (n < 0)
		fail_msg("%s", t->text);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)n;
	attr.license = u64_of(license);
	return t->sys->bpf(t->sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static int attach(struct test *t, u32 type, u32 attach_type, const char *text)
{
	int prog = load(t, type, text), link;
	union skep_attr attr;

	assert_true(prog >= 0);
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (u32)prog;
	attr.link_create.target_ifindex = 1;
	attr.link_create.attach_type = attach_type;
	link = t->sys->bpf(t->sys, SKEP_LINK_CREATE, &attr, sizeof(attr));
	assert_true(link >= 0);
	t->sys->close(t->sys, prog);
	return link;
}

static int attach_xdp(struct test *t, const char *text)
{
	return attach(t, SKEP_PROG_TYPE_XDP, SKEP_XDP, text);
}

static int attach_tcx(struct test *t, const char *text)
{
	return attach(t, SKEP_PROG_TYPE_SCHED_CLS, SKEP_TCX_INGRESS, text);
}

static void keep_line(void *arg, const char *line, size_t len)
{
	struct test *t = arg;

	strncat(t->lines, line, sizeof(t->lines) - strlen(t->lines) - 1);
}

static struct skep_feed_stats feed(struct test *t)
{
	struct skep_feed_stats stats = {0};
	struct skep_feed_opts opts = {
		.size = sizeof(opts),
		.print = keep_line,
		.arg = t,
		.stats = &stats,
		.log = &t->log,
	};
	struct skep_capture *c = open_capture(t);

	assert_int_equal(skep_feed(t->engine, c, &opts), 0);
	skep_capture_close(c);
	return stats;
}

/* Packets whose first bytes are 0, 1, ..., n - 1. */
static void numbered(struct test *t, u32 n)
{
	u8 data[64] = {0};

	begin_capture(t, ETHERNET);
	for (u32 i = 0; i < n; i++) {
		data[0] = (u8)i;
		put_packet(t, i, data, 64, 64);
	}
}

#define FIRST_BYTE \
	"r2 = *(u32 *)(r1 + 0)\n r3 = *(u32 *)(r1 + 4)\n r4 = r2\n r4 += 1\n" \
	"if r4 > r3 goto bad\n r0 = *(u8 *)(r2 + 0)\n exit\n bad: r0 = 0\n exit\n"

static void xdp_verdicts_are_counted(void **state)
{
	struct test *t = begin(state, __func__);
	struct skep_feed_stats s;
	int link;

	numbered(t, 7);
	s = feed(t);
	assert_int_equal(s.packets, 7);
	assert_int_equal(s.bytes, 7 * 64);
	assert_int_equal(s.runs, 0);
	assert_int_equal(s.passed, 7);
	link = attach_xdp(t, FIRST_BYTE);
	s = feed(t);
	assert_int_equal(s.runs, 7);
	assert_int_equal(s.xdp[SKEP_XDP_ABORTED], 3); /* 0, and 5 and 6, which are none */
	assert_int_equal(s.xdp[SKEP_XDP_DROP], 1);
	assert_int_equal(s.xdp[SKEP_XDP_PASS], 1);
	assert_int_equal(s.xdp[SKEP_XDP_TX], 1);
	assert_int_equal(s.xdp[SKEP_XDP_REDIRECT], 1);
	assert_int_equal(s.passed, 1);
	t->sys->close(t->sys, link);
}

static void ingress_runs_behind_xdp(void **state)
{
	struct test *t = begin(state, __func__);
	/* XDP cuts one byte off the head; the rows behind it see that. */
	int xdp = attach_xdp(t, "r2 = 1\n call bpf_xdp_adjust_head\n r0 = 2\n exit\n");
	int next = attach_tcx(t, "r0 = -1\n exit\n"), drop, late;
	struct skep_feed_stats s;

	numbered(t, 200);
	s = feed(t);
	assert_int_equal(s.runs, 400);
	assert_int_equal(s.passed, 200);
	/* len is 63 for the row: drop those */
	drop = attach_tcx(t, "r0 = 2\n r1 = *(u32 *)(r1 + 0)\n if r1 == 63 goto out\n"
			     "r0 = 0\n out: exit\n");
	late = attach_tcx(t, "r0 = 0\n exit\n");
	s = feed(t);
	assert_int_equal(s.runs, 600);
	assert_int_equal(s.passed, 0);
	t->sys->close(t->sys, xdp);
	s = feed(t);
	assert_int_equal(s.runs, 400);
	assert_int_equal(s.passed, 200);
	t->sys->close(t->sys, next);
	t->sys->close(t->sys, drop);
	t->sys->close(t->sys, late);
}

static void the_clock_is_the_captures(void **state)
{
	struct test *t = begin(state, __func__);
	int link = attach_xdp(t, "call bpf_ktime_get_ns\n r3 = r0\n r8 = 0x0a646c25 ll\n"
				 "*(u64 *)(r10 - 8) = r8\n r1 = r10\n r1 += -8\n r2 = 8\n"
				 "call bpf_trace_printk\n r0 = 2\n exit\n");

	numbered(t, 2);
	feed(t);
	assert_string_equal(t->lines, "7000000000\n7000001000\n");
	t->sys->close(t->sys, link);
}

static void a_fault_drops_the_packet(void **state)
{
	struct test *t = begin(state, __func__);
	int link =
		attach_xdp(t, "r2 = *(u32 *)(r1 + 0)\n r0 = *(u8 *)(r2 + 64)\n exit\n");
	struct skep_feed_stats s;

	numbered(t, 3);
	s = feed(t);
	assert_int_equal(s.faults, 3);
	assert_int_equal(s.xdp[SKEP_XDP_ABORTED], 3);
	assert_int_equal(s.passed, 0);
	assert_non_null(strstr(t->text, "the packet"));
	t->sys->close(t->sys, link);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(packets_come_as_captured),
		TEST(other_link_layers_become_ethernet),
		TEST(bad_captures_get_a_sentence),
		TEST(mutated_captures_end),
		TEST(xdp_verdicts_are_counted),
		TEST(ingress_runs_behind_xdp),
		TEST(the_clock_is_the_captures),
		TEST(a_fault_drops_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
