/* Whether every instruction can be reached, and the points that the walk has to mind. */
#include "flow.h"

enum visit { unseen, on_path, finished };

/* Depth first, in the kernel's order: it decides which back edge is named, and what
 * functions that call each other in a circle know of each other. */
struct search {
	struct flow *f;
	const struct flow_env *env;
	u8 *visit; /* enum visit, of each instruction */
	u8 *taken; /* edges that were followed */
	u32 *stack;
	u32 depth;
};

static void enter(struct search *s, u32 insn)
{
	s->visit[insn] = on_path;
	s->stack[s->depth++] = insn;
}

/* Edges of an instruction: the one below it, then where it jumps or what it calls. */
static u32 edges(const struct flow *f, u32 insn, u32 to[2])
{
	u32 n = flow_successors(f, insn, to);
	s64 callee;

	if (flow_callee(f, insn, &callee))
		to[n++] = (u32)callee;
	return n;
}

static void mark(struct flow *f, u32 insn, u8 flags)
{
	f->insns[insn].flags |= flags;
}

static void mark_call(struct search *s, u32 insn)
{
	struct flow *f = s->f;
	struct flow_func *func = &f->funcs[f->insns[insn].func];
	struct flow_call call = {0};

	if (f->code[insn].op != op_call_local)
		call = s->env->call(s->env->ctx, &f->code[insn]);
	if (call.calls_later)
		mark(f, insn, flow_prune);
	if (call.calls_back)
		mark(f, insn, flow_callback | flow_force | flow_prune | flow_jump);
	if (call.iter_next)
		mark(f, insn, flow_prune | flow_force);
	func->may_sleep |= call.may_sleep;
	func->changes_packet |= call.changes_packet;
}

static bool is_call(enum op op)
{
	return op == op_call_helper || op == op_call_kfunc || op == op_call_local;
}

static void mark_insn(struct search *s, u32 insn)
{
	struct flow *f = s->f;
	const struct insn *in = &f->code[insn];
	s64 callee;

	if (is_call(in->op)) {
		mark_call(s, insn);
		mark(f, insn + 1, flow_prune | flow_jump);
	}
	if (flow_callee(f, insn, &callee)) {
		mark(f, insn, flow_prune);
		mark(f, (u32)callee, flow_prune | flow_jump);
		if (in->op == op_lddw)
			mark(f, insn + 2, flow_prune | flow_jump);
	}
	if (flow_is_jump(in))
		mark(f, insn + 1 + (u32)in->off, flow_prune | flow_jump);
	if (op_info[in->op].class == class_jmp || in->op == op_may_goto)
		mark(f, insn, flow_prune);
	if (in->op == op_may_goto)
		mark(f, insn, flow_force);
}

/* The callee was walked, unless it is the caller's own caller. */
static void finish(struct search *s, u32 insn)
{
	struct flow *f = s->f;
	struct flow_func *func = &f->funcs[f->insns[insn].func];
	s64 callee;

	if (flow_callee(f, insn, &callee)) {
		const struct flow_func *to = &f->funcs[f->insns[callee].func];

		func->may_sleep |= to->may_sleep;
		func->changes_packet |= to->changes_packet;
	}
	s->visit[insn] = finished;
	s->depth--;
}

static void step(struct search *s)
{
	u32 insn = s->stack[s->depth - 1], to[2], n = edges(s->f, insn, to);

	if (!s->taken[insn])
		mark_insn(s, insn);
	while (s->taken[insn] < n) {
		u32 next = to[s->taken[insn]++];

		if (s->visit[next] == unseen) {
			enter(s, next);
			return;
		}
		if (s->visit[next] == on_path && !s->env->bpf)
			flow_refuse(s->env, back_edge, insn, next);
	}
	finish(s, insn);
}

static void search_from(struct search *s, u32 insn)
{
	if (s->visit[insn] != unseen)
		return;
	enter(s, insn);
	while (s->depth)
		step(s);
}

static void check_reached(const struct search *s)
{
	const struct flow *f = s->f;

	for (u32 i = 0; i < f->n; i++) {
		if (s->visit[i] == unseen)
			flow_refuse(s->env, insn_unreachable, i);
		if (f->code[i].op == op_lddw && s->visit[++i] != unseen)
			flow_refuse(s->env, jump_into_lddw, i - 1);
	}
}

void flow_check_graph(struct flow *f, const struct flow_env *env)
{
	struct search s = {.f = f, .env = env};

	s.visit = pass_alloc(env->pass, f->n, 1);
	s.taken = pass_alloc(env->pass, f->n, 1);
	s.stack = pass_alloc(env->pass, f->n, sizeof(*s.stack));
	search_from(&s, 0);
	search_from(&s, f->funcs[f->exception_callback].start);
	check_reached(&s);
}
