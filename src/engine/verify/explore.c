/* The walk over all paths of a function, step by step */
#include "explain_record.h"
#include "gather.h"
#include "path.h"
#include "speculation.h"

enum { PROCESSED_MAX = 1000000 };

static void do_goto(struct verifier *v, const struct insn *in)
{
	v->cur->insn = v->insn + 1 + (u32)in->off;
	v->jumped = true;
}

/* The branch that stays goes on later and is one round deeper. */
void do_may_goto(struct verifier *v, const struct insn *in)
{
	const struct checkpoint *before = path_previous(v, v->insn, false);
	struct state *stay = path_fork(v, v->insn + 1, v->insn);

	stay->may_goto_depth++;
	path_widen(v, before, stay);
	do_goto(v, in);
}

static void do_special(struct verifier *v, const struct insn *in)
{
	switch (in->op) {
	case op_lddw: do_lddw(v, in); break;
	case op_ja:
	case op_gotol: do_goto(v, in); break;
	case op_may_goto: do_may_goto(v, in); break;
	case op_call_helper: do_call_helper(v, in); break;
	case op_call_local: do_call_local(v, in); break;
	case op_call_kfunc: do_call_kfunc(v, in); break;
	case op_addr_space_cast: do_addr_space_cast(v, in); break;
	case op_exit: do_exit(v, in); break;
	}
}

static bool is_jump(const struct insn *in)
{
	u8 class = op_info[in->op].class;

	return class == class_jmp || (class == class_special && in->op != op_lddw &&
				      in->op != op_addr_space_cast);
}

static void take(struct verifier *v)
{
	const struct insn *in = &v->insns[v->insn];
	static void (*const by_class[])(struct verifier *, const struct insn *) = {
		[class_alu] = do_alu,
		[class_swap] = do_alu,
		[class_jmp] = do_jump,
		[class_load] = do_load,
		[class_store] = do_store,
		[class_atomic] = do_atomic,
		[class_packet] = do_packet_load,
		[class_special] = do_special,
	};
	u32 depth = v->cur->depth;

	v->paths->jumps += is_jump(in);
	stack_live_begin(v);
	if (unlikely(v->aux[v->insn].fault))
		malformed_step(v, in);
	by_class[op_info[in->op].class](v, in);
	if (v->cur->depth > depth)
		stack_live_enter(v);
	stack_live_end(v);
	if (!v->jumped)
		v->cur->insn = v->insn + (in->op == op_lddw ? 2 : 1);
}

static void count(struct verifier *v)
{
	u32 max = v->profile->max_insns ? v->profile->max_insns : PROCESSED_MAX;

	if (unlikely(v->prog->costs))
		v->prog->costs[v->insn].processed++;
	if (++v->result->processed > max)
		refuse(v, insns_many, v->result->processed);
}

static void mark_seen(struct verifier *v, const struct insn *in)
{
	if (v->cur->speculative)
		return;
	v->aux[v->insn].seen = true;
	if (in->op == op_lddw)
		v->aux[v->insn + 1].seen = true;
}

static void log_safe(struct verifier *v)
{
	if (!(v->log_level & 3))
		return;
	if (v->paths->print_state)
		verify_print(v, "\nfrom %d to %d%s: safe\n", (int)v->prev_insn,
			     (int)v->insn,
			     v->cur->speculative ? " (speculative execution)" : "");
	else
		verify_print(v, "%d: safe\n", (int)v->insn);
}

static void log_step(struct verifier *v)
{
	struct paths *p = v->paths;

	if (!(v->log_level & 3))
		return;
	if ((v->log_level & 2) && p->print_state) {
		verify_print(v, "\nfrom %d to %d%s:", (int)v->prev_insn, (int)v->insn,
			     v->cur->speculative ? " (speculative execution)" : "");
		log_state(v, v->cur, v->cur->depth, true);
		p->print_state = false;
	}
	log_insn(v, v->insn);
}

static bool ends_here(struct verifier *v, u8 flags)
{
	const struct verify_watch *w = v->prog->watch;

	if (unlikely(w && w->step))
		return !w->step(w->arg, v);
	return (flags & flow_prune) && path_prune(v);
}

/* One instruction. False: the path is at its end. */
static bool step(struct verifier *v)
{
	const struct flow_insn *at;
	const struct insn *in;
	u32 depth = v->cur->depth;

	v->insn = v->cur->insn;
	if (v->insn >= v->n)
		refuse(v, path_bug, "a step that leads out of the program");
	at = &v->flow.insns[v->insn];
	in = &v->insns[v->insn];
	v->paths->open = NULL;
	count(v);
	v->cur->last_insn = v->prev_insn;
	if (unlikely(v->gather))
		gather_edge(v);
	if (ends_here(v, at->flags)) {
		log_safe(v);
		return false;
	}
	if (at->flags & flow_jump)
		history_add(v, 0, 0, 0, 0);
	log_step(v);
	if (v->record)
		record_step(v);
	mark_seen(v, in);
	if (unlikely(v->gather))
		gather_before(v);
	v->jumped = v->ended = false;
	if (!v->cur->speculative)
		take(v);
	else if (!speculation_step(v, take))
		v->ended = true;
	if (unlikely(v->gather))
		gather_after(v, in);
	v->prev_insn = v->insn;
	path_close_fork(v);
	if (v->record)
		record_forks(v);
	if (!v->ended)
		log_changes(v);
	if (in->op == op_exit && v->cur->depth < depth)
		v->paths->print_state = true;
	return !v->ended;
}

static bool next_path(struct verifier *v)
{
	bool more = path_pop(v);

	if (v->record)
		(more ? record_pop : record_end)(v);
	return more;
}

void explore(struct verifier *v)
{
	if (!v->paths)
		path_new(v);
	path_begin(v);
	func_enter(v, v->func);
	v->paths->print_state = false;
	if (v->record)
		record_begin(v);
	do {
		while (step(v))
			;
		path_end(v);
		log_touch(v, ~0u, ~0ull);
		stack_live_update(v);
		v->paths->print_state = true;
	} while (next_path(v));
	path_forget(v);
	log_back(v, 0);
}
