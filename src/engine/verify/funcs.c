/* Functions: where they begin, that they end, that jumps stay inside. */
#include "flow.h"

u32 flow_successors(const struct flow *f, u32 insn, u32 succ[2])
{
	const struct insn *in = &f->code[insn];
	u32 n = 0;

	if (in->op == op_exit)
		return 0;
	if (in->op != op_ja && in->op != op_gotol)
		succ[n++] = insn + (in->op == op_lddw ? 2 : 1);
	if (flow_is_jump(in))
		succ[n++] = insn + 1 + (u32)in->off;
	return n;
}

static void add_func(struct flow *f, const struct flow_env *env, s64 at)
{
	if (at < 0 || at >= f->n)
		flow_refuse(env, call_nowhere);
	if (f->insns[at].flags & flow_start)
		return;
	if (f->nfuncs == SKEP_MAX_SUBPROGS)
		flow_refuse(env, funcs_many);
	f->insns[at].flags |= flow_start;
	f->nfuncs++;
}

static void add_callees(struct flow *f, const struct flow_env *env)
{
	s64 callee;

	for (u32 i = 0; i < f->n; i++) {
		bool is_ref = flow_callee(f, i, &callee);

		if (!is_ref && f->code[i].op != op_call_kfunc)
			continue;
		if (!env->bpf)
			flow_refuse(env, call_unprivileged);
		if (is_ref)
			add_func(f, env, callee);
		else if (env->kfunc)
			env->kfunc(env->ctx, i);
	}
}

/* From the flags: the functions in their order, and whose each instruction is. */
static void list_funcs(struct flow *f, const struct flow_env *env)
{
	u32 n = 0;

	f->funcs = pass_alloc(env->pass, f->nfuncs, sizeof(*f->funcs));
	for (u32 i = 0; i < f->n; i++) {
		if (f->insns[i].flags & flow_start)
			f->funcs[n++].start = i;
		f->funcs[n - 1].end = i + 1;
		f->insns[i].func = (u8)(n - 1);
	}
}

static void note_op(struct flow_func *func, const struct insn *in)
{
	if (in->op == op_call_helper && in->imm == SKEP_FUNC_tail_call)
		func->has_tail_call = true;
	if (op_info[in->op].class == class_packet)
		func->has_packet_load = true;
}

static bool may_end_func(enum op op)
{
	return op == op_exit || op == op_ja || op == op_gotol;
}

static void check_borders(struct flow *f, const struct flow_env *env)
{
	for (u32 i = 0; i < f->n; i++) {
		const struct insn *in = &f->code[i];
		struct flow_func *func = &f->funcs[f->insns[i].func];
		s64 to = (s64)i + 1 + in->off;

		note_op(func, in);
		if (flow_is_jump(in) && (to < func->start || to >= func->end))
			flow_refuse(env, jump_leaves, i, (int)to);
		if (i == func->end - 1 && !may_end_func(in->op))
			flow_refuse(env, func_no_end);
	}
}

/* What the BTF of a function that returns int allows. */
static void check_untyped(const struct flow *f, const struct flow_env *env)
{
	for (u32 i = 1; i < f->nfuncs; i++) {
		if (f->funcs[i].has_packet_load)
			flow_refuse(env, ld_abs_no_btf);
		if (f->funcs[i].has_tail_call)
			flow_refuse(env, tail_call_no_btf);
	}
}

void flow_find_funcs(struct flow *f, const struct flow_env *env)
{
	u32 catcher;

	f->insns = pass_alloc(env->pass, f->n, sizeof(*f->insns));
	add_func(f, env, 0);
	add_callees(f, env);
	catcher = env->exception_callback ? env->exception_callback(env->ctx) : 0;
	if (catcher)
		add_func(f, env, catcher);
	list_funcs(f, env);
	f->exception_callback = catcher ? f->insns[catcher].func : 0;
	for (u32 i = 0; env->print && i < f->nfuncs; i++)
		log_printf(env->pass->log, "func#%u @%u\n", i, f->funcs[i].start);
	check_borders(f, env);
	if (env->untyped)
		check_untyped(f, env);
}
