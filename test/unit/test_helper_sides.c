/* test/bpf/helpers.bpf.c on the engine and on the kernel: both give the same answers, and
 * the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "sides.h"

#define HELPERS TEST_BPF "/helpers.bpf.c"

/* With a program to jump to. */
static void open_side(struct side *s, u32 i)
{
	static const u32 one = 1;
	union skep_attr attr;

	side_open(s, i);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, "progs")->fd;
	attr.key = u64_of(&one);
	attr.value = u64_of(&skep_object_find_prog(s->obj, "target")->fd);
	assert_int_equal(s->sys->bpf(s->sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr)),
			 0);
}

/* Runs one program once and gives what it put into `out`; what it returned. */
static u32 run(struct side *s, const char *name, void *ctx, u32 ctx_len, u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;

	memset(s->bss->data, 0, s->bss->data_len);
	memset(&attr, 0, sizeof(attr));
	attr.test.ctx_in = u64_of(ctx);
	attr.test.ctx_size_in = ctx_len;
	attr.test.data_in = ctx ? 0 : u64_of(packet);
	attr.test.data_size_in = ctx ? 0 : sizeof(packet);
	return side_run(s, name, &attr, out);
}

static void both(const char *test, const char *name, u32 want_ret, const s64 *want, u32 n)
{
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(test, HELPERS); i < end; i++) {
		open_side(&s, i);
		assert_int_equal(run(&s, name, NULL, 0, out), want_ret);
		skep_object_close(s.obj);
		same(&s, name, out, want, n);
	}
}

#define BOTH(name, ret, ...) \
	both(__func__, name, ret, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

static void maps_answer_programs(void **state)
{
	BOTH("maps", 7, 0, -E2BIG, -EEXIST, 0, -EINVAL, -EINVAL, 42, 0, -ENOENT, -ENOENT,
	     0, -EEXIST, 0, 0, 0, 0, 0, 0, 0, -E2BIG, -E2BIG, -E2BIG, 0, 0, 0, 42, 0, 42,
	     42, 0, 0, 42, 0);
}

static void callbacks_are_called(void **state)
{
	BOTH("callbacks", 0, 4, 4, 6, 20, 2, 210, -EINVAL, 4, 40, 4, 4, 0, 2, 5, 10, 0,
	     -EINVAL, (u32)-E2BIG, 55);
}

static void ring_buffers_take_records(void **state)
{
	BOTH("records", 0, 0, 4096, 0, 0, -EINVAL, 112, 0, 112, 0, 0, 0);
}

static void values_are_pushed_and_popped(void **state)
{
	BOTH("queues", 0, -ENOENT, 0, 0, 0, -E2BIG, -EINVAL, 0, 0, 2, 0, 2, 0, 3, -ENOENT,
	     0, 0, 0, 0, 3, 0, 2, -ENOENT, 0, -ENOENT, 0, 0, -ENOENT, -EINVAL);
}

static void the_longest_prefix_matches(void **state)
{
	BOTH("longest", 0, 0, -ENOENT, 0, -EEXIST, 0, 0, -EINVAL, -EINVAL, 0, -ENOSPC, 20,
	     21, 10, 30, 40, 0, 0, 0, -ENOENT, 11, 0, 50, -EINVAL);
}

static void tail_calls_end(void **state)
{
	BOTH("tails", 5, 33, 77, 1, 1, 0);
}

static void texts_are_printed(void **state)
{
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(__func__, HELPERS); i < end; i++) {
		open_side(&s, i);
		assert_int_equal(run(&s, "texts", NULL, 0, out), 0);
		skep_object_close(s.obj);
		assert_string_equal((char *)out, "-5 word ff");
		assert_int_equal(out[20], 11);
		assert_int_equal(out[21], 11);
		assert_int_equal(out[22], 0);
		assert_int_equal(out[23], 1);
		assert_int_equal(out[24], 11);
		assert_int_equal(out[25], -EINVAL);
		assert_int_equal(out[26], 11);
		assert_int_equal(out[27], -EINVAL);
	}
}

/* Clocks are read one after the other: they differ by what passed between. */
static void clocks_run_together(void **state)
{
	u64 out[2][OUT], second = 1000000000;
	struct side s;
	u32 n = sides(__func__, HELPERS);

	for (u32 i = 0; i < n; i++) {
		open_side(&s, i);
		assert_int_equal(run(&s, "times", NULL, 0, out[i]), 0);
		skep_object_close(s.obj);
		for (u32 k = 0; k < 6; k++)
			assert_int_equal(out[i][k], 1);
	}
	if (n == 1)
		return;
	assert_in_range(out[1][60] - out[0][60] + 250, 0, 6 * 250);
	for (u32 k = 61; k < 64; k++)
		assert_in_range(out[1][k] - out[0][k], 0, 5 * second);
}

static void syscall_programs_copy_from_the_caller(void **state)
{
	static const char memory[] = "what the caller has";
	struct {
		u64 address;
		u32 len;
	} ctx;
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(__func__, HELPERS); i < end; i++) {
		memset(&ctx, 0, sizeof(ctx));
		ctx.address = u64_of(memory);
		ctx.len = sizeof(memory);
		open_side(&s, i);
		assert_int_equal(run(&s, "user", &ctx, sizeof(ctx), out), 3);
		skep_object_close(s.obj);
		assert_string_equal((char *)out, memory);
		assert_int_equal(out[40], 0);
		assert_int_equal(out[41], -EFAULT);
		assert_int_equal(ctx.len, 1000);
	}
}

static void syscall_programs_call_bpf(void **state)
{
	static const s64 want[] = {1,	   0,	   -E2BIG,  -EINVAL, 0,
				   -EBADF, -EBADF, -EINVAL, -EINVAL, -EINVAL};
	u64 out[OUT], ctx[2] = {0};
	struct side s;

	for (u32 i = 0, end = sides(__func__, HELPERS); i < end; i++) {
		open_side(&s, i);
		assert_int_equal(run(&s, "loader", ctx, sizeof(ctx), out), 0);
		skep_object_close(s.obj);
		for (u32 k = 0; k < ARRAY_SIZE(want); k++)
			if ((s64)out[k] != want[k])
				fail_msg("out[%u] is %lld, not %lld", k,
					 (long long)out[k], (long long)want[k]);
	}
}

static void refused(u32 type, u32 id, const char *license, const char *want)
{
	const struct skep_insn insns[] = {{0xb7, 1, 0, 0, 0},
					  {0xb7, 2, 0, 0, 0},
					  {0x85, 0, 0, 0, (s32)id},
					  {0x95, 0, 0, 0, 0}};
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = u64_of(insns);
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = u64_of(license);
	attr.log_level = 1;
	attr.log_buf = u64_of(text);
	attr.log_size = sizeof(text);
	assert_int_equal(sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr)), -EINVAL);
	if (!strstr(text, want))
		fail_msg("%s: %s", want, text);
}

static void refusals_say_why(void **state)
{
	const u32 xdp = SKEP_PROG_TYPE_XDP;

	refused(SKEP_PROG_TYPE_SCHED_CLS, SKEP_FUNC_redirect_peer, "GPL",
		"instruction 2: bpf_redirect_peer needs network devices");
	refused(xdp, SKEP_FUNC_skb_store_bytes, "GPL",
		"program of this type cannot use helper bpf_skb_store_bytes#9");
	refused(xdp, SKEP_FUNC_trace_printk, "BSD",
		"cannot call GPL-restricted function");
	refused(xdp, SKEP_FUNC_copy_from_user, "GPL",
		"helper call might sleep in a non-sleepable prog");
	refused(xdp, 9999, "GPL", "invalid func unknown#9999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(maps_answer_programs),
		cmocka_unit_test(callbacks_are_called),
		cmocka_unit_test(ring_buffers_take_records),
		cmocka_unit_test(values_are_pushed_and_popped),
		cmocka_unit_test(the_longest_prefix_matches),
		cmocka_unit_test(tail_calls_end),
		cmocka_unit_test(texts_are_printed),
		cmocka_unit_test(clocks_run_together),
		cmocka_unit_test(syscall_programs_copy_from_the_caller),
		cmocka_unit_test(syscall_programs_call_bpf),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
