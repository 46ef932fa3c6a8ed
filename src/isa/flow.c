#include "insn.h"
#include <errno.h>
#include "msg.h"
#include "pass.h"

struct flow {
	struct pass pass;
	const struct insn *insns;
	u32 n;
	bool *is_function; /* does one begin at this slot? */
};

/* The first instruction of the function that `in` names; false: it names none. */
static bool callee(const struct insn *in, u32 at, s64 *to)
{
	if (in->op == op_call_local)
		*to = (s64)at + 1 + in->off;
	else if (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC)
		*to = (s64)at + 1 + (s32)in->imm;
	else
		return false;
	return true;
}

static bool is_insn(const struct flow *f, s64 at)
{
	return at >= 0 && at < f->n && f->insns[at].op != op_none;
}

static void find_functions(struct flow *f)
{
	s64 to;

	f->is_function[0] = true;
	for (u32 at = 0; at < f->n; at++) {
		if (!callee(&f->insns[at], at, &to))
			continue;
		if (!is_insn(f, to))
			pass_throw(&f->pass, EINVAL, msg_isa_call, at, (long long)to,
				   f->n - 1);
		f->is_function[to] = true;
	}
}

static u32 function_end(const struct flow *f, u32 start)
{
	u32 end = start + 1;

	while (end < f->n && !f->is_function[end])
		end++;
	return end;
}

/* Only these leave nothing to run behind them (the kernel's check_subprogs()). */
static bool ends_function(u16 op)
{
	return op == op_exit || op == op_ja || op == op_gotol;
}

static bool is_jump(u16 op)
{
	return op_info[op].class == class_jmp || op == op_ja || op == op_gotol ||
	       op == op_may_goto;
}

static void check_function(struct flow *f, u32 start, u32 end)
{
	u32 last = f->insns[end - 1].op == op_none ? end - 2 : end - 1;

	for (u32 at = start; at < end; at++) {
		s64 to = (s64)at + 1 + f->insns[at].off;

		if (!is_jump(f->insns[at].op))
			continue;
		if (to < start || to >= end)
			pass_throw(&f->pass, EINVAL, msg_isa_jump_out, at, (long long)to,
				   start, end - 1);
		if (f->insns[to].op == op_none)
			pass_throw(&f->pass, EINVAL, msg_isa_jump_middle, at,
				   (long long)to);
	}
	if (!ends_function(f->insns[last].op))
		pass_throw(&f->pass, EINVAL, msg_isa_falls_off, start, last,
			   op_info[f->insns[last].op].mnemonic);
}

int insn_check_flow(const struct insn *insns, u32 n, struct skep_log *log)
{
	struct flow f = {.pass.log = log, .insns = insns, .n = n};

	if (!pass_try(&f.pass))
		return pass_end(&f.pass);
	if (!n)
		pass_throw(&f.pass, EINVAL, msg_isa_empty);
	f.is_function = pass_alloc(&f.pass, n, sizeof(bool));
	find_functions(&f);
	for (u32 start = 0, end; start < n; start = end) {
		end = function_end(&f, start);
		check_function(&f, start, end);
	}
	return pass_end(&f.pass);
}
