/* The checked interpreter through bpf(2): what it refuses, and in which words. What
 * instructions mean is judged by test/conformance and test/judge/diff_kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>

enum { BUDGET = 1000 };

static struct skep_engine *engine;
static char text[2048];

static int load(uint32_t type, const char *source)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	struct skep_insn code[128];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	union skep_attr attr = {0};
	int n = skep_asm(source, strlen(source), NULL, code, 128, &log);

	if (n < 0)
		fail_msg("%s", text);
	attr.prog_type = type;
	attr.insn_cnt = (uint32_t)n;
	attr.insns = (uintptr_t)code;
	attr.license = (uintptr_t) "GPL";
	attr.log_level = 1;
	attr.log_buf = (uintptr_t)text;
	attr.log_size = sizeof(text);
	return sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

/* Runs on a 60-byte packet (xdp) or a 16-byte context (tracepoint). */
static int run(uint32_t type, const char *source, uint64_t *ret)
{
	uint8_t data[128] = {0};
	struct skep_packet packet = {
		.head = data, .data = data + 32, .tail = data + 92, .end = data + 128};
	struct skep_event event = {.ctx = data, .ctx_len = 16};
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	int fd = load(type, source), err;
	struct skep_prog *prog;
	struct skep_cpu *cpu;

	assert_true(fd >= 0);
	if (type == SKEP_PROG_TYPE_XDP)
		event = (struct skep_event){.packet = &packet};
	text[0] = '\0';
	assert_int_equal(skep_prog_get(engine, fd, &prog), 0);
	cpu = skep_enter(engine);
	assert_non_null(cpu);
	err = skep_run(cpu, prog, &event, ret, &log);
	skep_leave(cpu);
	skep_prog_put(prog);
	skep_engine_sys(engine)->close(skep_engine_sys(engine), fd);
	return err;
}

static void returns(uint64_t want, const char *source)
{
	uint64_t got = ~want;

	assert_int_equal(run(SKEP_PROG_TYPE_TRACEPOINT, source, &got), 0);
	assert_int_equal(got, want);
}

static void faults(uint32_t type, int err, const char *source, const char *sentence)
{
	uint64_t ret;

	assert_int_equal(run(type, source, &ret), -err);
	if (!strstr(text, sentence))
		fail_msg("expected '%s' in '%s'", sentence, text);
}

static void local_calls_keep_the_callers_registers(void **state)
{
	returns(7 + 1, "r6 = 7\ncall local f\nr0 += r6\nexit\n"
		       "f:\nr6 = 99\nr0 = 1\nexit\n");
	returns(42, "r1 = r10\nr1 += -8\ncall local f\nr0 = *(u64 *)(r10 - 8)\nexit\n"
		    "f:\n*(u64 *)(r1 + 0) = 42\nexit\n");
}

static void a_dead_frame_is_out_of_reach(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT,
	       "call local f\nr0 = *(u64 *)(r0 + 0)\nexit\n"
	       "f:\nr0 = r10\nr0 += -8\nexit\n",
	       "instruction 1: ");
}

static void recursion_ends_at_eight_frames(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT, "f:\ncall local f\nexit\n",
	       "a call deeper than 8 frames");
}

static void endless_loops_run_out_of_budget(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, ELOOP, "r0 = 0\nagain:\nr0 += 1\ngoto again\n",
	       "instruction 2: the program used up its instruction budget");
}

static void a_loop_within_its_budget_ends(void **state)
{
	returns(300, "r0 = 0\nagain:\nr0 += 1\nif r0 < 300 goto again\nexit\n");
}

static void packets_end_where_they_end(void **state)
{
	faults(SKEP_PROG_TYPE_XDP, EFAULT,
	       "r2 = *(u32 *)(r1 + 0)\nr0 = *(u32 *)(r2 + 58)\nexit\n",
	       "instruction 1: reads 4 bytes at r2+58, 2 bytes beyond the end of the packet");
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT, "*(u8 *)(r10 - 513) = 1\nexit\n",
	       "instruction 0: writes 1 bytes at r10-513, ");
	faults(SKEP_PROG_TYPE_XDP, EFAULT, "r0 = *(u32 *)(r1 + 2)\nexit\n",
	       "instruction 0: ");
}

static void contexts_are_read_only_where_the_kernel_says_so(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT, "*(u64 *)(r1 + 8) = 1\nr0 = 0\nexit\n",
	       "instruction 0: ");
}

static void atomics_want_alignment(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT,
	       "r2 = 1\nlock *(u64 *)(r10 - 12) += r2\nr0 = 0\nexit\n",
	       "natural alignment");
}

static void null_is_named(void **state)
{
	faults(SKEP_PROG_TYPE_TRACEPOINT, EFAULT, "r2 = 0\nr0 = *(u8 *)(r2 + 0)\nexit\n",
	       "instruction 1: ");
}

static void a_run_inside_a_run_is_refused(void **state)
{
	struct skep_cpu *cpu = skep_enter(engine);

	assert_non_null(cpu);
	assert_null(skep_enter(engine));
	skep_leave(cpu);
	cpu = skep_enter(engine);
	assert_non_null(cpu);
	skep_leave(cpu);
}

/* What a fresh frame holds is 0, whoever ran before. */
static void stacks_do_not_leak(void **state)
{
	returns(1, "*(u64 *)(r10 - 16) = 77\nr0 = 1\nexit\n");
	returns(0, "r0 = *(u64 *)(r10 - 16)\nexit\n");
}

/* A program that is held, without its descriptor. */
static struct skep_prog *hold(uint32_t type, const char *source)
{
	int fd = load(type, source);
	struct skep_prog *prog;

	assert_true(fd >= 0);
	assert_int_equal(skep_prog_get(engine, fd, &prog), 0);
	skep_engine_sys(engine)->close(skep_engine_sys(engine), fd);
	return prog;
}

enum { EVENTS = 5 };

/* Runs `source` on contexts that hold 0 to 4. */
static int run_batch(const char *source, uint64_t rets[EVENTS])
{
	static uint64_t contexts[EVENTS][2];
	struct skep_event events[EVENTS] = {0};
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_prog *prog = hold(SKEP_PROG_TYPE_TRACEPOINT, source);
	struct skep_cpu *cpu = skep_enter(engine);
	int err;

	text[0] = '\0';
	for (uint64_t i = 0; i < EVENTS; i++) {
		contexts[i][1] = i;
		events[i] = (struct skep_event){.ctx = contexts[i], .ctx_len = 16};
		rets[i] = ~0ull;
	}
	assert_int_equal(skep_run_batch(cpu, prog, events, 0, rets, &log), 0);
	assert_int_equal(rets[0], ~0ull);
	err = skep_run_batch(cpu, prog, events, EVENTS, rets, &log);
	skep_leave(cpu);
	skep_prog_put(prog);
	return err;
}

static void a_batch_runs_each_event(void **state)
{
	/* a budget that is shared would end in the third run */
	const char *loop = "r0 = 0\nagain:\nr0 += 1\nif r0 != 150 goto again\nexit\n";
	uint64_t rets[EVENTS];

	assert_int_equal(run_batch("r0 = 7\nexit\n", rets), 0);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(rets[i], 7);
	assert_int_equal(run_batch("r0 = *(u64 *)(r1 + 8)\nexit\n", rets), 0);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(rets[i], i);
	assert_int_equal(run_batch(loop, rets), 0);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(rets[i], 150);
	/* registers do not go from one run to the next */
	assert_int_equal(run_batch("r0 = r6\nr6 += 1\nexit\n", rets), 0);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(rets[i], 0);
}

static void a_fault_in_a_batch_is_one_events(void **state)
{
	uint64_t rets[EVENTS];

	assert_int_equal(run_batch("r2 = *(u64 *)(r1 + 8)\nr0 = 1\nr2 &= 1\n"
				   "if r2 == 0 goto out\nr0 = *(u64 *)(r2 + 0)\nout:\n"
				   "exit\n",
				   rets),
			 -EFAULT);
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(rets[i], i % 2 ? 0 : 1);
	assert_non_null(strstr(text, "instruction 4: "));
}

static void packets_go_through_a_batch(void **state)
{
	struct skep_prog *prog = hold(SKEP_PROG_TYPE_XDP, "r2 = *(u32 *)(r1 + 0)\n"
							  "r3 = *(u32 *)(r1 + 4)\n"
							  "r0 = r3\nr0 -= r2\nexit\n");
	struct skep_cpu *cpu = skep_enter(engine);
	struct skep_event events[3] = {0};
	struct skep_packet packets[3];
	uint8_t data[64] = {0};
	uint64_t rets[3];

	for (int i = 0; i < 3; i++) {
		packets[i] = (struct skep_packet){.head = data,
						  .data = data,
						  .tail = data + 20 + i,
						  .end = data + sizeof(data)};
		events[i].packet = &packets[i];
	}
	events[1].packet = NULL;
	assert_int_equal(skep_run_batch(cpu, prog, events, 3, rets, NULL), -EINVAL);
	assert_int_equal(rets[0], 20);
	assert_int_equal(rets[1], 0);
	assert_int_equal(rets[2], 22);
	skep_leave(cpu);
	skep_prog_put(prog);
}

/* What a line printed by one program is handed to: it runs another on the same slot. */
struct nested {
	struct skep_cpu *cpu;
	struct skep_prog *prog;
	struct skep_event event;
	int err;
};

static void run_nested(void *arg, const char *line, size_t len)
{
	struct nested *n = arg;
	uint64_t ret;

	n->err = skep_run(n->cpu, n->prog, &n->event, &ret, NULL);
}

static void a_busy_slot_runs_nothing(void **state)
{
	struct nested nested = {0};
	struct skep_world world = {.print = run_nested, .arg = &nested};
	struct skep_event event = {.world = &world};
	struct skep_prog *prints = hold(SKEP_PROG_TYPE_TRACEPOINT,
					"*(u64 *)(r10 - 8) = 33\nr1 = r10\nr1 += -8\n"
					"r2 = 2\ncall bpf_trace_printk\nr0 = 3\nexit\n");
	uint64_t ret;

	nested.prog = hold(SKEP_PROG_TYPE_TRACEPOINT, "r0 = 4\nexit\n");
	nested.cpu = skep_enter(engine);
	assert_int_equal(skep_run(nested.cpu, prints, &event, &ret, NULL), 0);
	assert_int_equal(ret, 3);
	assert_int_equal(nested.err, -EBUSY);
	assert_int_equal(skep_run(nested.cpu, nested.prog, &event, &ret, NULL), 0);
	assert_int_equal(ret, 4);
	skep_leave(nested.cpu);
	skep_prog_put(nested.prog);
	skep_prog_put(prints);
}

/* may_goto counts in each frame, as the kernel does. */
static void may_goto_ends_a_loop_in_each_frame(void **state)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .unverified = true};
	struct skep_engine *small = engine;

	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	returns(2 * SKEP_MAX_LOOPS,
		"r6 = 0\ncall local loop\nr6 += r0\ncall local loop\nr6 += r0\n"
		"r0 = r6\nexit\nloop:\nr0 = 0\nagain:\nmay_goto out\n"
		"r0 += 1\ngoto again\nout:\nexit\n");
	skep_engine_close(engine);
	engine = small;
}

static void fused_pairs_are_still_two_instructions(void **state)
{
	/* a jump to the second of `r2 = r1; r2 += 5`, and one over it */
	returns(5, "r0 = 0\nr2 = 0\ngoto mid\nr2 = r1\nmid:\nr2 += 5\nr0 = r2\nexit\n");
	returns(9, "r1 = 4\nr2 = r1\nr2 += 5\nr0 = r2\nexit\n");
	returns(3, "w0 = 3\nexit\n");
}

/* What the verifier would take in dead code is refused where nobody asks it. */
static void faults_in_dead_code_are_refused_unverified(void **state)
{
	const struct skep_insn code[] = {{0xb7, 0, 0, 0, 0},
					 {0x15, 0, 0, 1, 0},
					 {0xbf, 1, 0, 0, 5},
					 {0x95, 0, 0, 0, 0}};
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr = {0};

	attr.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER;
	attr.insn_cnt = 4;
	attr.insns = (uintptr_t)code;
	attr.license = (uintptr_t) "GPL";
	assert_int_equal(sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr)), -EINVAL);
}

static int start(void **state)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .budget = BUDGET, .unverified = true};

	return skep_engine_open(&opts, &engine);
}

static int stop(void **state)
{
	skep_engine_close(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_calls_keep_the_callers_registers),
		cmocka_unit_test(a_dead_frame_is_out_of_reach),
		cmocka_unit_test(recursion_ends_at_eight_frames),
		cmocka_unit_test(endless_loops_run_out_of_budget),
		cmocka_unit_test(a_loop_within_its_budget_ends),
		cmocka_unit_test(packets_end_where_they_end),
		cmocka_unit_test(contexts_are_read_only_where_the_kernel_says_so),
		cmocka_unit_test(atomics_want_alignment),
		cmocka_unit_test(null_is_named),
		cmocka_unit_test(a_run_inside_a_run_is_refused),
		cmocka_unit_test(stacks_do_not_leak),
		cmocka_unit_test(a_batch_runs_each_event),
		cmocka_unit_test(a_fault_in_a_batch_is_one_events),
		cmocka_unit_test(packets_go_through_a_batch),
		cmocka_unit_test(a_busy_slot_runs_nothing),
		cmocka_unit_test(may_goto_ends_a_loop_in_each_frame),
		cmocka_unit_test(fused_pairs_are_still_two_instructions),
		cmocka_unit_test(faults_in_dead_code_are_refused_unverified),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
