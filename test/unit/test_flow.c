/* What the verifier checks and marks before it walks paths, and how it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "flow_fixture.h"

static int refuse(struct pass *p, const struct reject *why, u32 n)
{
	struct refusal r = {0};

	if (pass_try(p))
		verify_refuse(p, &r, why, n, n);
	assert_ptr_equal(r.why, why);
	return pass_end(p);
}

static void a_row_is_said_and_remembered(void **state)
{
	static const struct reject loud = {"loud", "V000", EACCES, "insn %d of %u"};
	static const struct reject silent = {"silent", "V000", E2BIG, ""};
	char buf[64] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct pass p = {.log = &log}, quiet = {0};

	assert_int_equal(refuse(&p, &loud, 7), -EACCES);
	assert_string_equal(buf, "insn 7 of 7\n");
	assert_int_equal(refuse(&p, &silent, 7), -E2BIG);
	assert_string_equal(buf, "insn 7 of 7\n");
	assert_int_equal(refuse(&quiet, &loud, 7), -EACCES);
}

/* Codes are unique and stand in the range of their file. */
static void codes_are_unique(void **state)
{
	const char *names[1000] = {0};

	for (const struct reject *const *at = reject_rows; *at; at++) {
		const struct reject *r = *at;
		char *end;
		unsigned long code = strtoul(r->code + 1, &end, 10);

		if (strlen(r->code) != 4 || r->code[0] != 'V' || *end || !code ||
		    code >= 1000)
			fail_msg("%s: %s is no code", r->name, r->code);
		if (names[code])
			fail_msg("%s: %s is the code of %s", r->name, r->code,
				 names[code]);
		names[code] = r->name;
		assert_true(r->err > 0);
		assert_null(strchr(r->text, '\n') && !strchr(r->text, '\n')[1] ? r->text
									       : NULL);
	}
}

/* ---- passes; test_flow_kernel.c asks the kernel what the others say ---- */

static int run(struct fixture *x, const char *text, bool bpf)
{
	static struct insn code[64];
	u32 n = fixture_assemble(text, code);

	return fixture_run(x, code, n, bpf);
}

static void refused(const char *text, bool bpf, const struct reject *why,
		    const char *said)
{
	static struct fixture x;
	int err = run(&x, text, bpf);

	assert_ptr_equal(x.refusal.why, why);
	assert_int_equal(err, -why->err);
	assert_non_null(strstr(x.text, said));
	fixture_end(&x);
}

/* What the kernel grants to nobody here, so that it is no judge. */
static void without_cap_bpf_no_loop_and_no_call(void **state)
{
	refused("r0 = 0; r0 += 1; if r0 < 9 goto pc-2; exit", false, &reject_back_edge,
		"back-edge from insn 2 to 1\n");
	refused("r0 = 0; goto pc-1; exit", false, &reject_back_edge,
		"back-edge from insn 1 to 1\n");
	refused("call pc+1; exit; r0 = 0; exit", false, &reject_call_unprivileged,
		"loading/calling other bpf or kernel functions are allowed for CAP_BPF and "
		"CAP_SYS_ADMIN\n");
	refused("call kfunc#7; exit", false, &reject_call_unprivileged,
		"loading/calling");
}

/* Main calls `n` functions; each is one exit. */
static int run_funcs(struct fixture *x, u32 n)
{
	static struct insn code[2 * SKEP_MAX_SUBPROGS + 2];
	u32 main = n + 1;

	for (u32 i = 0; i < n; i++) {
		code[i] = (struct insn){.op = op_call_local, .off = (s32)(main - 1)};
		code[main + i] = (struct insn){.op = op_exit};
	}
	code[n] = (struct insn){.op = op_exit};
	return fixture_run(x, code, main + n, true);
}

static void there_are_256_functions_at_most(void **state)
{
	static struct fixture x;

	assert_int_equal(run_funcs(&x, SKEP_MAX_SUBPROGS - 1), 0);
	assert_int_equal(x.flow.nfuncs, SKEP_MAX_SUBPROGS);
	assert_int_equal(x.flow.insns[x.flow.n - 1].func, 255);
	assert_int_equal(x.flow.funcs[255].end, x.flow.n);
	fixture_end(&x);
	assert_int_equal(run_funcs(&x, SKEP_MAX_SUBPROGS), -E2BIG);
	assert_ptr_equal(x.refusal.why, &reject_funcs_many);
	assert_string_equal(x.text, "too many subprograms\n");
	fixture_end(&x);
}

static void a_function_has_what_its_callees_have(void **state)
{
	static struct fixture x;
	const struct flow_func *f;

	assert_int_equal(run(&x,
			     "call pc+1; exit;"		       /* 0 */
			     "call pc+3; r0 = 0; exit;"	       /* 2 */
			     "exit;"			       /* 5: nobody's */
			     "call bpf_skb_change_tail; exit", /* 6 */
			     true),
			 -EINVAL);
	fixture_end(&x);
	assert_int_equal(run(&x,
			     "call pc+1; exit;"
			     "call pc+3; call pc+4; exit; exit;"
			     "call bpf_skb_change_tail; exit;"
			     "call bpf_ktime_get_ns; exit",
			     true),
			 -EINVAL);
	fixture_end(&x);
	assert_int_equal(run(&x,
			     "call pc+1; exit;"
			     "call pc+2; call pc+3; exit;"
			     "call bpf_skb_change_tail; exit;"
			     "call bpf_ktime_get_ns; exit",
			     true),
			 0);
	f = x.flow.funcs;
	assert_int_equal(x.flow.nfuncs, 4);
	assert_true(f[0].changes_packet && f[1].changes_packet && f[2].changes_packet);
	assert_false(f[3].changes_packet);
	assert_int_equal(flow_func_at(&x.flow, 5), 2);
	assert_int_equal(flow_func_at(&x.flow, 6), -1);
	assert_int_equal(flow_func_at(&x.flow, 9), -1);
	fixture_end(&x);
}

static void flags_are(const char *text, u32 insn, u8 flags)
{
	static struct fixture x;

	assert_int_equal(run(&x, text, true), 0);
	assert_int_equal(x.flow.insns[insn].flags, flags);
	fixture_end(&x);
}

static void points_are_marked(void **state)
{
	enum { target = flow_prune | flow_jump };
	static const char timer[] =
		"r2 = func ll; call bpf_timer_set_callback; exit; exit";
	static const char loop[] = "r2 = func ll; call bpf_loop; exit; exit";

	flags_are(timer, 0, flow_start | flow_prune);
	flags_are(timer, 1, 0);
	flags_are(timer, 2,
		  target); /* behind func ll; and a call of a timer's callback */
	flags_are(timer, 3, target);
	flags_are(timer, 4, target | flow_start);
	flags_are("r6 = 0; call bpf_timer_set_callback; exit", 1, flow_prune);
	flags_are(loop, 2, target | flow_force | flow_callback);
	flags_are("r6 = 0; call kfunc#7; exit", 1, flow_prune | flow_force);
	flags_are("r6 = 0; call kfunc#8; exit", 1, 0);
	flags_are("r6 = 0; may_goto pc+0; exit", 1, flow_prune | flow_force);
	flags_are("r6 = 0; if r6 == 1 goto pc+0; exit", 1, flow_prune);
	flags_are("r6 = 0; goto pc+0; exit", 1, 0);
	flags_are("r6 = 0; goto pc+0; exit", 2, target);
}

static u32 catcher_at_2(void *ctx)
{
	return 2;
}

static u32 catcher_at_9(void *ctx)
{
	return 9;
}

static int run_with_catcher(struct fixture *x, u32 (*catcher)(void *ctx))
{
	static struct insn code[64];
	u32 n = fixture_assemble("r0 = 0; exit; r0 = 0; exit", code);

	fixture_begin(x, code, n, true);
	x->env.exception_callback = catcher;
	return fixture_passes(x);
}

/* Nobody calls it, and still it is reached. */
static void an_exception_callback_is_a_function(void **state)
{
	static struct fixture x;

	assert_int_equal(run_with_catcher(&x, NULL), -EINVAL);
	assert_string_equal(x.text, "func#0 @0\nunreachable insn 2\n");
	fixture_end(&x);
	assert_int_equal(run_with_catcher(&x, catcher_at_2), 0);
	assert_int_equal(x.flow.exception_callback, 1);
	assert_int_equal(x.flow.funcs[1].start, 2);
	assert_int_equal(x.flow.insns[2].flags, flow_start);
	fixture_end(&x);
	assert_int_equal(run_with_catcher(&x, catcher_at_9), -EINVAL);
	assert_string_equal(x.text, "call to invalid destination\n");
	fixture_end(&x);
}

static void each_function_has_its_order(void **state)
{
	static const u32 order[] = {3, 4, 2, 1, 0, 6, 5};
	static struct fixture x;

	assert_int_equal(run(&x,
			     "call pc+4; if r0 == 1 goto pc+2; r0 = 0; exit; goto pc-2;"
			     "r0 = 0; exit",
			     true),
			 0);
	assert_memory_equal(x.flow.postorder, order, sizeof(order));
	assert_int_equal(x.flow.funcs[0].norder, 5);
	assert_int_equal(x.flow.funcs[1].order, 5);
	assert_int_equal(x.flow.funcs[1].norder, 2);
	fixture_end(&x);
}

/* A chain of loops, each entered from the middle of the next: sweeps in the order of
 * flow.postorder, as the kernel has them, would learn one loop a sweep. */
static void hostile_loops_take_linear_time(void **state)
{
	enum { LOOPS = 250000, N = 4 * LOOPS - 2 };
	static struct insn code[N];
	static struct fixture x;

	code[0] = (struct insn){.op = op_mov64x, .dst = 3, .src = 9};
	for (u32 i = 0; i < LOOPS - 1; i++) {
		struct insn *at = code + 2 * i, *back = code + 2 * (LOOPS + i);

		if (i)
			at[0] = (struct insn){.op = op_mov64k};
		at[1] = (struct insn){.op = op_jeq64k, .off = (s32)(back - at - 2)};
		back[0] = (struct insn){.op = op_mov64k};
		back[1] = (struct insn){.op = op_gotol,
					.off = (s32)(at - (i ? 2 : 0) - back - 2)};
	}
	code[2 * LOOPS - 2] = (struct insn){.op = op_mov64k};
	code[2 * LOOPS - 1] = (struct insn){.op = op_exit};
	fixture_begin(&x, code, N, true);
	x.pass.log = NULL;
	assert_int_equal(fixture_passes(&x), 0);
	assert_int_equal(x.flow.nloops, 1);
	assert_int_equal(x.flow.insns[N - 1].live, 1 << 9);
	fixture_end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_said_and_remembered),
		cmocka_unit_test(codes_are_unique),
		cmocka_unit_test(without_cap_bpf_no_loop_and_no_call),
		cmocka_unit_test(there_are_256_functions_at_most),
		cmocka_unit_test(a_function_has_what_its_callees_have),
		cmocka_unit_test(points_are_marked),
		cmocka_unit_test(an_exception_callback_is_a_function),
		cmocka_unit_test(each_function_has_its_order),
		cmocka_unit_test(hostile_loops_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
