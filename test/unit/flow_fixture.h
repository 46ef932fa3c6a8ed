/* flow_fixture.h - the passes of flow.h over a program of struct insn, for their tests */
#ifndef FLOW_FIXTURE_H
#define FLOW_FIXTURE_H

#include <stdio.h>
#include <skep/isa.h>
#include "flow.h"
#include "rules.h"

/* of the program */
static u32 fixture_type = SKEP_PROG_TYPE_SCHED_CLS, fixture_attach;

static s64 fixture_iter_next = 7; /* the kfunc that is an open-coded iterator's next */

/* As the verifier asks it, but that kfuncs have one argument. */
static struct flow_call fixture_call(void *ctx, const struct insn *in)
{
	const struct helper_proto *proto =
		rules_helper_for(fixture_type, fixture_attach, (u32)in->imm);
	const struct profile root = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};
	struct flow_call call = {0};

	if (in->op == op_call_kfunc)
		return (struct flow_call){.known = true,
					  .nargs = 1,
					  .iter_next = in->imm == fixture_iter_next};
	if (!proto)
		return call;
	call.calls_back = proto->flags & helper_calls;
	call.calls_later = proto->flags & helper_calls_later;
	call.changes_packet = proto->flags & helper_moves;
	call.may_sleep = proto->flags & helper_sleeps;
	call.known = rules_helper_allowed(fixture_type, fixture_attach, NULL, proto->id,
					  &root);
	while (call.nargs < 5 && proto->arg[call.nargs] != take_none)
		call.nargs++;
	return call;
}

struct fixture {
	struct pass pass;
	struct refusal refusal;
	struct flow flow;
	struct flow_env env;
	struct skep_log log;
	char text[1 << 16];
};

static void no_text(void *ctx, u32 insn)
{
	log_printf(((struct pass *)ctx)->log, "\n");
}

static void fixture_begin(struct fixture *x, const struct insn *code, u32 n, bool bpf)
{
	memset(x, 0, sizeof(*x));
	x->log = (struct skep_log){.buf = x->text, .size = sizeof(x->text)};
	x->pass.log = &x->log;
	x->flow.code = code;
	x->flow.n = n;
	x->env = (struct flow_env){.pass = &x->pass,
				   .refusal = &x->refusal,
				   .bpf = bpf,
				   .untyped = true,
				   .ctx = &x->pass,
				   .call = fixture_call,
				   .print = no_text};
}

/* 0 or -errno; x->text is the kernel's log of level 2, without instructions. */
static int fixture_passes(struct fixture *x)
{
	if (!pass_try(&x->pass))
		return x->pass.err;
	flow_find_funcs(&x->flow, &x->env);
	flow_check_graph(&x->flow, &x->env);
	flow_find_loops(&x->flow, &x->env);
	return 0;
}

__attribute__((unused)) static int fixture_run(struct fixture *x, const struct insn *code,
					       u32 n, bool bpf)
{
	fixture_begin(x, code, n, bpf);
	return fixture_passes(x);
}

__attribute__((unused)) static void fixture_end(struct fixture *x)
{
	pass_end(&x->pass);
}

/* Instructions with ';' between them. `func ll` is the address of what stands behind the
 * first exit. Returns the slots, 64 at most. */
__attribute__((unused)) static u32 fixture_assemble(const char *text, struct insn *code)
{
	char lines[1024];
	struct skep_insn raw[64];
	int n, end = 0;

	snprintf(lines, sizeof(lines), "%s", text);
	for (char *at; (at = strchr(lines, ';'));)
		*at = '\n';
	for (char *at; (at = strstr(lines, "func ll"));)
		memcpy(at, "1234 ll", 7);
	n = skep_asm(lines, strlen(lines), NULL, raw, 64, NULL);
	assert_in_range(n, 1, 64);
	assert_int_equal(insn_decode(raw, (u32)n, code, NULL), 0);
	while (end < n && code[end].op != op_exit)
		end++;
	for (int i = 0; i < n; i++)
		if (code[i].op == op_lddw) {
			code[i].src = SKEP_PSEUDO_FUNC;
			code[i].imm = (u32)(end - i);
		}
	return (u32)n;
}

#endif
