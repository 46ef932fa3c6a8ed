/* Both sides judge the translation of filters, the kernel and the engine: they load what
 * skep_cbpf_translate() writes, and their test run returns what skep_cbpf_run() returns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/engine.h>
#include "cbpf_random.h"
#include "skip.h"

/* below 0: not loaded, the log says why */
static int load(struct skep_sys *sys, const struct skep_insn *code, u32 n, char *log,
		u32 size)
{
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SCHED_CLS,
		.insns = u64_of(code),
		.insn_cnt = n,
		.license = u64_of("GPL"),
		.log_level = 1,
		.log_buf = u64_of(log),
		.log_size = size,
	};

	return sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static u32 test_run(struct skep_sys *sys, int fd, const struct skep_cbpf_packet *p)
{
	union skep_attr attr = {0};

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(p->data);
	attr.test.data_size_in = p->len;
	assert_int_equal(sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	return attr.test.retval;
}

static void compare(struct skep_sys *sys, const struct skep_filter *f, u32 n,
		    const struct skep_cbpf_packet *p)
{
	static struct skep_insn code[400];
	static char log[20000], text[8000];
	int len = skep_cbpf_translate(f, n, code, ARRAY_SIZE(code), NULL), fd;
	s64 ours = skep_cbpf_run(f, n, p);
	u32 theirs;

	assert_in_range(len, 4, ARRAY_SIZE(code));
	skep_cbpf_print(f, n, text, sizeof(text), NULL);
	fd = load(sys, code, (u32)len, log, sizeof(log));
	if (fd < 0) {
		char bpf_text[20000];

		skep_disasm(code, (u32)len, NULL, bpf_text, sizeof(bpf_text), NULL);
		fail_msg("not loaded: %s\n%s\n%s", text, bpf_text, log);
	}
	theirs = test_run(sys, fd, p);
	sys->close(sys, fd);
	if (theirs != (u64)ours)
		fail_msg("skep_cbpf_run() says %lld, the %s %u\n%s", (long long)ours,
			 sys->name, theirs, text);
}

static void random_filters(struct skep_sys *sys)
{
	u8 data[100] = {0};
	struct skep_cbpf_packet packet = {.size = sizeof(packet),
					  .data = data,
					  .len = sizeof(data),
					  .wire_len = sizeof(data),
					  .net = 14};
	for (int i = 0; i < 2000; i++) {
		struct skep_filter f[60];
		u32 n = good_filter(f, ARRAY_SIZE(f));

		for (u32 b = 0; b < sizeof(data); b++)
			data[b] = (u8)rnd();
		compare(sys, f, n, &packet);
	}
}

static void ancillary_data(struct skep_sys *sys)
{
	u8 data[100] = {[12] = 0x86, [13] = 0xdd, [14] = 0x60};
	struct skep_sk_buff ctx = {.protocol = 0xdd86, .ifindex = 1};
	struct skep_cbpf_packet packet = {.size = sizeof(packet),
					  .data = data,
					  .len = sizeof(data),
					  .wire_len = sizeof(data),
					  .net = 14,
					  .ctx = &ctx};
	static const u32 ks[] = {0, 4, 8, 20, 24, 40, 44, 48, 60};
	for (u32 i = 0; i < ARRAY_SIZE(ks); i++) {
		const struct skep_filter f[] = {
			{0x01, 0, 0, 0x1234},
			{0x00, 0, 0, 0x4321},
			{0x28, 0, 0, CBPF_AD_OFF + ks[i]},
			{0x16, 0, 0, 0},
		};

		compare(sys, f, ARRAY_SIZE(f), &packet);
	}
	for (u32 i = 0; i < 40; i++) {
		const u32 base = i & 1 ? CBPF_NET_OFF : CBPF_LL_OFF;
		const struct skep_filter f[] = {
			{0x01, 0, 0, i},
			{0x48, 0, 0, base + i * 4},
			{0x16, 0, 0, 0},
		};

		compare(sys, f, ARRAY_SIZE(f), &packet);
	}
}

static void the_kernel_agrees(void **state)
{
	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	random_filters(skep_sys_kernel());
	ancillary_data(skep_sys_kernel());
}

static void the_engine_agrees(void **state)
{
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(NULL, &engine), 0);
	random_filters(skep_engine_sys(engine));
	ancillary_data(skep_engine_sys(engine));
	skep_engine_close(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_agrees),
		cmocka_unit_test(the_engine_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
