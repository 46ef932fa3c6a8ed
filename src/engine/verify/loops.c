/* The order in which what flows backwards is computed, and loops. */
#include "flow.h"

/* The kernel's: nearly a postorder; its log of level 2 counts rounds that depend on it.
 */
static void order_func(struct flow *f, struct flow_func *func, u32 *stack, u8 *seen,
		       u32 *n)
{
	enum { found = 1, open = 2 };
	u32 depth = 0, succ[2];

	func->order = *n;
	stack[depth++] = func->start;
	while (depth) {
		u32 top = stack[depth - 1];

		if (seen[top] & open) {
			f->postorder[(*n)++] = top;
			depth--;
			continue;
		}
		seen[top] = found | open;
		for (u32 i = 0, k = flow_successors(f, top, succ); i < k; i++)
			if (!seen[succ[i]]) {
				seen[succ[i]] = found;
				stack[depth++] = succ[i];
			}
	}
	func->norder = *n - func->order;
}

static void find_order(struct flow *f, const struct flow_env *env)
{
	u32 *stack = pass_alloc(env->pass, f->n, sizeof(*stack));
	u8 *seen = pass_alloc(env->pass, f->n, 1);
	u32 n = 0;

	f->postorder = pass_alloc(env->pass, f->n, sizeof(*f->postorder));
	for (u32 i = 0; i < f->nfuncs; i++)
		order_func(f, &f->funcs[i], stack, seen, &n);
}

/* Strongly connected components: R. Tarjan, Depth-first search and linear graph
 * algorithms, 1972, with low links of low links (D. Pearce, 2016) and without recursion.
 */
struct tarjan {
	struct flow *f;
	u32 *number;  /* of an instruction, by when it was found; 0: not yet */
	u32 *low;     /* least number that it is known to reach, of those on `members` */
	u32 *path;    /* instructions whose successors are being looked at */
	u32 *members; /* whose component is not complete */
	u32 npath, nmembers, last;
};

static void enter(struct tarjan *t, u32 insn)
{
	t->number[insn] = t->low[insn] = ++t->last;
	t->path[t->npath++] = insn;
	t->members[t->nmembers++] = insn;
}

/* A lone instruction is a loop if it jumps to itself. A call that runs a callback again
 * and again is none in 6.18. */
static bool is_loop(const struct tarjan *t, u32 insn, const u32 *succ, u32 n)
{
	if (t->members[t->nmembers - 1] != insn)
		return true;
	for (u32 i = 0; i < n; i++)
		if (succ[i] == insn)
			return true;
	return false;
}

static void complete(struct tarjan *t, u32 root, bool loop)
{
	u32 insn;

	if (loop)
		t->f->nloops++;
	do {
		insn = t->members[--t->nmembers];
		t->low[insn] = UINT32_MAX; /* no member any more */
		t->f->insns[insn].loop = loop ? t->f->nloops : 0;
	} while (insn != root);
}

static void step(struct tarjan *t)
{
	u32 insn = t->path[t->npath - 1], succ[2];
	u32 n = flow_successors(t->f, insn, succ);

	for (u32 i = 0; i < n; i++) {
		if (!t->number[succ[i]]) {
			enter(t, succ[i]);
			return;
		}
		t->low[insn] = MIN(t->low[insn], t->low[succ[i]]);
	}
	t->npath--;
	if (t->low[insn] == t->number[insn])
		complete(t, insn, is_loop(t, insn, succ, n));
}

static void find_sccs(struct flow *f, const struct flow_env *env)
{
	struct tarjan t = {.f = f};

	t.number = pass_alloc(env->pass, f->n, sizeof(u32));
	t.low = pass_alloc(env->pass, f->n, sizeof(u32));
	t.path = pass_alloc(env->pass, f->n, sizeof(u32));
	t.members = pass_alloc(env->pass, f->n, sizeof(u32));
	for (u32 i = 0; i < f->n; i++) {
		if (t.number[i] || f->code[i].op == op_none)
			continue;
		enter(&t, i);
		while (t.npath)
			step(&t);
	}
}

void flow_find_loops(struct flow *f, const struct flow_env *env)
{
	find_order(f, env);
	find_sccs(f, env);
	flow_find_live(f, env);
}
