/* The end of a function: back to its caller, or of the program, whose return value
 * counts. */
#include "call.h"
#include "path.h"
#include <stdio.h>

/* "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]" */
_Noreturn static void refuse_range(struct verifier *v, const char *where,
				   const struct reg *r, s32 min, s32 max)
{
	char has[80] = " unknown scalar value", *at = has;

	if (r->n.smin > INT64_MIN)
		at += snprintf(at, 40, " smin=%lld", (long long)r->n.smin);
	if (r->n.smax < INT64_MAX)
		snprintf(at, 40, " smax=%lld", (long long)r->n.smax);
	refuse(v, return_range, where, has, min, max);
}

static void check_range(struct verifier *v, const char *where, s32 min, s32 max)
{
	const struct reg *r = &regs_of(v)[0];

	precise_reg(v, 0);
	if (r->n.smin < min || r->n.smax > max)
		refuse_range(v, where, r, min, max);
}

/* ---- to the caller ---- */

static void log_return(struct verifier *v, const struct frame *callee)
{
	if (!(v->log_level & 3))
		return;
	verify_print(v, "returning from callee:\n");
	log_state(v, v->cur, callee->number, true);
	verify_print(v, "to caller at %u:\n", v->cur->insn);
	log_state(v, v->cur, callee->number - 1, true);
}

void func_return(struct verifier *v)
{
	struct frame *callee = frame_of(v->cur);
	struct frame *caller = v->cur->frame[v->cur->depth - 1];
	const struct reg *r0 = &callee->r[0];

	stack_live_update(v);
	if (r0->type == reg_stack)
		refuse(v, return_stack);
	if (!callee->callback) {
		caller->r[0] = *r0;
	} else {
		if (r0->type != reg_scalar)
			refuse(v, callback_returns);
		check_range(v, "At callback return", callee->ret_min, callee->ret_max);
	}
	v->cur->insn = callee->callsite + !callee->callback;
	v->jumped = true;
	log_return(v, callee);
	v->cur->depth--;
	if (callee->callback)
		path_widen(v, path_previous(v, v->cur->insn, true), v->cur);
}

/* ---- of the program ---- */

static void check_program(struct verifier *v)
{
	const struct verify_prog *p = v->prog;
	const struct reg *r = &regs_of(v)[0];
	const char *where = "At program exit";
	char name[64];
	s32 min, max;

	if (frame_of(v->cur)->async_callback) {
		where = "At async callback return";
		min = frame_of(v->cur)->ret_min;
		max = frame_of(v->cur)->ret_max;
	} else if (frame_of(v->cur)->func) {
		if (r->type != reg_scalar)
			refuse(v, subprog_returns, reg_type_name(v, r, name));
		return;
	} else if (!rules_return_range(p->type, p->attach_type, &min, &max)) {
		return;
	}
	if (r->type != reg_scalar)
		refuse(v, program_returns, where, reg_type_name(v, r, name));
	check_range(v, where, min, max);
}

/* The main function of a struct_ops program returns what the kernel's would. */
static bool is_struct_ops(const struct verifier *v)
{
	return v->prog->type == SKEP_PROG_TYPE_STRUCT_OPS && !frame_of(v->cur)->func;
}

static bool returns_pointer(struct verifier *v)
{
	return is_struct_ops(v) && typed_return(v) == reg_btf;
}

static bool returns_nothing(struct verifier *v)
{
	return is_struct_ops(v) && typed_return(v) == reg_none;
}

void do_exit(struct verifier *v, const struct insn *in)
{
	(void)in;
	ref_check_none(v, true, NULL);
	if (v->cur->depth) {
		func_return(v);
		return;
	}
	if (v->prog->type == SKEP_PROG_TYPE_LSM || returns_pointer(v))
		refuse(v, later_btf_prog);
	if (returns_nothing(v)) {
		v->ended = true;
		return;
	}
	if (reg_is_pointer(reg_read(v, 0)) && !v->profile->perfmon)
		refuse(v, return_leaks);
	check_program(v);
	v->ended = true;
}
