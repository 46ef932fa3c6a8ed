/* How deep the stack of the whole program gets: along every chain of calls, as the kernel
 * walks them, from the main function and from each callback that runs another time. */
#include "call.h"

enum {
	TAIL_CALL_MOST = 256, /* bytes below a function that makes a tail call */
	PRIVATE_LEAST = 64,   /* a smaller stack is not worth a place of its own */
};

/* A function is entered with so many frames and bytes below it. */
struct level {
	u32 func, bytes;
	u32 next; /* of its calls */
};

/* The functions that one calls, each once. */
struct calls_of_func {
	u32 begin, n; /* in struct walk's callee */
};

struct walk {
	struct verifier *v;
	struct level level[SKEP_MAX_FRAMES];
	u32 depth;
	bool private; /* the stack is not the kernel's: functions of this chain have
			 their own */
	struct calls_of_func *calls; /* per function */
	u8 *callee;		     /* all lists, one behind the other */
	/* Per function and depth: the most bytes + 1 with which it was walked. What comes
	 * with no more finds nothing new, wherever the chain began: there are at most 33
	 * sums of bytes, so the time does not grow with the number of chains. */
	u16 (*seen)[SKEP_MAX_FRAMES];
	u8 *own; /* per function: enum own */
};

enum own { own_unknown, own_no, own_yes };

static u32 rounded(const struct walk *w, u32 func)
{
	return (u32)round_up(w->v->result->stack[func], 16);
}

/* Programs that may interrupt themselves have their big frames elsewhere, from 6.13 on.
 */
static bool may_have_own(const struct verifier *v)
{
	for (u32 i = 0; i < v->flow.nfuncs; i++) {
		if (v->flow.funcs[i].has_tail_call)
			return false;
	}
	switch (v->prog->type) {
	case SKEP_PROG_TYPE_KPROBE:
	case SKEP_PROG_TYPE_TRACEPOINT:
	case SKEP_PROG_TYPE_PERF_EVENT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT: return true;
	case SKEP_PROG_TYPE_TRACING: return v->prog->attach_type != SKEP_TRACE_ITER;
	default: return false;
	}
}

static void enter(struct walk *w, u32 func, u32 bytes)
{
	u32 size = rounded(w, func);
	struct verifier *v = w->v;

	if (!w->private)
		w->own[func] = own_no;
	if (func && v->flow.funcs[func].has_tail_call && bytes >= TAIL_CALL_MOST)
		refuse(v, depth_tail_call, bytes);
	if (w->private && w->own[func] == own_unknown && size >= PRIVATE_LEAST)
		w->own[func] = own_yes;
	if (w->own[func] == own_yes) {
		if (size > SKEP_MAX_STACK)
			refuse(v, depth_own, func, size);
	} else {
		bytes += size;
		if (bytes > SKEP_MAX_STACK)
			refuse(v, depth_stack, w->depth + 1, bytes);
	}
	w->level[w->depth] = (struct level){func, bytes, 0};
}

/* What an instruction calls, or passes on as a callback; -1: nothing that counts. */
static int callee(const struct verifier *v, u32 insn)
{
	const struct insn *in = &v->insns[insn];
	bool call = in->op == op_call_local;
	int func;

	if (call)
		func = flow_func_at(&v->flow, insn + 1 + (u32)in->off);
	else if (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC)
		func = flow_func_at(&v->flow, insn + 1 + (u32)in->imm);
	else
		return -1;
	if (func >= 0 && !call && v->calls->func[func].async_callback)
		return -1;
	return func;
}

static bool is_new(struct walk *w, u32 func, u32 depth, u32 bytes)
{
	u16 *seen = &w->seen[func][depth];

	if (bytes < *seen)
		return false;
	*seen = (u16)(bytes + 1);
	return true;
}

static void list_calls(struct walk *w)
{
	const struct verifier *v = w->v;
	u32 n = 0, *last = pass_alloc(&w->v->pass, v->flow.nfuncs, sizeof(*last));

	for (u32 i = 0; i < v->flow.nfuncs; i++) {
		w->calls[i].begin = n;
		for (u32 at = v->flow.funcs[i].start; at < v->flow.funcs[i].end; at++) {
			int func = callee(v, at);

			if (func < 0 || last[func] == i + 1)
				continue;
			last[func] = i + 1;
			w->callee[n++] = (u8)func;
		}
		w->calls[i].n = n - w->calls[i].begin;
	}
}

static void walk_chains(struct walk *w, u32 func)
{
	w->depth = 0;
	enter(w, func, 0);
	for (;;) {
		struct level *at = &w->level[w->depth];

		while (at->next < w->calls[at->func].n) {
			u32 next = w->callee[w->calls[at->func].begin + at->next++];

			if (w->depth + 1 >= SKEP_MAX_FRAMES)
				refuse(w->v, depth_frames, w->depth + 1);
			if (!is_new(w, next, w->depth + 1, at->bytes))
				continue;
			w->depth++;
			enter(w, next, at->bytes);
			at = &w->level[w->depth];
		}
		if (!w->depth--)
			return;
	}
}

/* Where the kernel writes out a loop, the counters of it need stack, too: of bpf_loop()
 * three saved registers, of may_goto a count and a time. It does not count them when it
 * looks at how deep the stack gets. */
static void add_inlined(struct verifier *v, u32 func)
{
	bool loop = false, may_goto = false;

	for (u32 i = v->flow.funcs[func].start; i < v->flow.funcs[func].end; i++) {
		loop |= v->calls->loop[i].fit == loop_fits;
		may_goto |= v->aux[i].seen && v->insns[i].op == op_may_goto;
	}
	v->result->stack[func] += (loop ? 24 : 0) + (may_goto ? 16 : 0);
}

void depth_check(struct verifier *v)
{
	u32 n = v->flow.nfuncs;
	bool own = may_have_own(v);
	struct walk w = {
		.v = v,
		.seen = pass_alloc(&v->pass, n, sizeof(*w.seen)),
		.own = pass_alloc(&v->pass, n, sizeof(*w.own)),
		.calls = pass_alloc(&v->pass, n, sizeof(*w.calls)),
		.callee = pass_alloc(&v->pass, MIN(v->n, n * n), 1),
	};

	calls_of(v);
	list_calls(&w);
	if (!own)
		memset(w.own, own_no, n);
	/* The kernel goes from the last to the first: what runs another time has no stack
	 * of its own, wherever else it is called from. */
	for (u32 i = n; i--;) {
		if (i && !v->calls->func[i].async_callback)
			continue;
		w.private = !i && own;
		if (w.private)
			memset(w.seen, 0, n * sizeof(*w.seen));
		walk_chains(&w, i);
	}
	for (u32 i = 0; i < n; i++)
		add_inlined(v, i);
}
