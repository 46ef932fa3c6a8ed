/* Which registers may be read before they are written, as Linux 6.18 sees it: it takes
 * the widest view where a call's arguments are not known. */
#include "flow.h"

enum {
	R0 = 1 << 0,
	ARGS = 0x3e, /* r1 to r5 */
	EVERY = 0xffff,
};

struct use_def {
	u16 use, def;
};

static struct use_def special(const struct insn *in, const struct flow_env *env)
{
	u16 dst = (u16)(1 << in->dst), src = (u16)(1 << in->src), use;
	struct flow_call call;

	switch ((enum op)in->op) {
	case op_lddw: return (struct use_def){0, dst};
	case op_addr_space_cast: return (struct use_def){src, dst};
	case op_exit: return (struct use_def){R0, 0};
	case op_call_local: return (struct use_def){ARGS, R0 | ARGS};
	case op_call_helper:
	case op_call_kfunc:
		call = env->call(env->ctx, in);
		use = ARGS & ((2u << call.nargs) - 1);
		return (struct use_def){call.known ? use : ARGS, R0 | ARGS};
	default: return (struct use_def){0, 0};
	}
}

bool flow_is_move(const struct insn *in)
{
	switch (in->op) {
	case op_mov64k:
	case op_mov64x:
	case op_mov32k:
	case op_mov32x:
	case op_movsx864x:
	case op_movsx832x:
	case op_movsx1664x:
	case op_movsx1632x:
	case op_movsx3264x: return true;
	default: return false;
	}
}

static struct use_def registers_of(const struct insn *in, const struct flow_env *env)
{
	const struct op_info *info = &op_info[in->op];
	u16 dst = (u16)(1 << in->dst), src = info->is_imm ? 0 : (u16)(1 << in->src);

	switch ((enum op_class)info->class) {
	case class_alu: return (struct use_def){flow_is_move(in) ? src : src | dst, dst};
	case class_swap: return (struct use_def){dst, dst};
	case class_jmp:
	case class_store: return (struct use_def){src | dst, 0};
	case class_load: return (struct use_def){src, dst};
	case class_atomic:
		if (info->fetch == 2)
			return (struct use_def){R0 | src | dst, R0};
		return (struct use_def){src | dst, info->fetch ? src : 0};
	case class_packet: return (struct use_def){EVERY, 0};
	default: return special(in, env);
	}
}

/* Instructions whose successors changed. Each changes at most once for a register, so the
 * work is linear; sweeps over a hostile program's loops would not be. */
struct work {
	struct flow *f;
	struct use_def *regs; /* of each instruction */
	u32 *before, *first; /* those before insn: before[first[insn]..first[insn + 1]) */
	u32 *todo, ntodo;
	bool *queued;
};

static void count_before(struct work *w)
{
	u32 succ[2];

	for (u32 i = 0; i < w->f->n; i++)
		for (u32 k = flow_successors(w->f, i, succ); k--;)
			w->first[succ[k]]++;
	for (u32 i = 0; i < w->f->n; i++)
		w->first[i + 1] += w->first[i];
}

static void list_before(struct work *w)
{
	u32 succ[2];

	count_before(w);
	for (u32 i = 0; i < w->f->n; i++)
		for (u32 k = flow_successors(w->f, i, succ); k--;)
			w->before[--w->first[succ[k]]] = i;
}

static void enqueue(struct work *w, u32 insn)
{
	if (w->queued[insn] || w->f->code[insn].op == op_none)
		return;
	w->queued[insn] = true;
	w->todo[w->ntodo++] = insn;
}

static void update(struct work *w, u32 insn)
{
	struct flow *f = w->f;
	u32 succ[2], n = flow_successors(f, insn, succ);
	u16 live = 0;

	w->queued[insn] = false;
	for (u32 i = 0; i < n; i++)
		live |= f->insns[succ[i]].live;
	live = (live & ~w->regs[insn].def) | w->regs[insn].use;
	if (live == f->insns[insn].live)
		return;
	f->insns[insn].live = live;
	for (u32 i = w->first[insn]; i < w->first[insn + 1]; i++)
		enqueue(w, w->before[i]);
}

static void log_live(const struct flow *f, const struct flow_env *env)
{
	struct skep_log *log = env->pass->log;

	log_printf(log, "Live regs before insn:\n");
	for (u32 i = 0; i < f->n; i++) {
		char live[] = "..........";

		if (f->code[i].op == op_none)
			continue;
		for (u32 r = 0; r < 10; r++)
			if (f->insns[i].live & 1 << r)
				live[r] = (char)('0' + r);
		if (f->insns[i].loop)
			log_printf(log, "%3u ", f->insns[i].loop);
		else
			log_printf(log, "    ");
		log_printf(log, "%3u: %s ", i, live);
		env->print(env->ctx, i);
	}
}

void flow_find_live(struct flow *f, const struct flow_env *env)
{
	struct work w = {.f = f};

	w.regs = pass_alloc(env->pass, f->n, sizeof(*w.regs));
	w.first = pass_alloc(env->pass, f->n + 1, sizeof(*w.first));
	w.before = pass_alloc(env->pass, (size_t)f->n * 2, sizeof(*w.before));
	w.todo = pass_alloc(env->pass, f->n, sizeof(*w.todo));
	w.queued = pass_alloc(env->pass, f->n, sizeof(*w.queued));
	for (u32 i = 0; i < f->n; i++)
		w.regs[i] = registers_of(&f->code[i], env);
	list_before(&w);
	for (u32 i = 0; i < f->n; i++)
		enqueue(&w, i);
	while (w.ntodo)
		update(&w, w.todo[--w.ntodo]);
	if (env->print)
		log_live(f, env);
}
