/* Which registers may be read before they are written, as Linux 6.18 sees it: it takes
 * the widest view where a call's arguments are not known. */
#include "flow.h"

enum {
	R0 = 1 << 0,
	ARGS = 0x3e, /* r1 to r5 */
	EVERY = 0xffff,
};

struct access {
	u16 use, def;
};

static bool is_move(enum op op)
{
	switch (op) {
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

static struct access special(const struct insn *in, const struct flow_env *env)
{
	u16 dst = (u16)(1 << in->dst), src = (u16)(1 << in->src), use;
	struct flow_call call;

	switch ((enum op)in->op) {
	case op_lddw: return (struct access){0, dst};
	case op_addr_space_cast: return (struct access){src, dst};
	case op_exit: return (struct access){R0, 0};
	case op_call_local: return (struct access){ARGS, R0 | ARGS};
	case op_call_helper:
	case op_call_kfunc:
		call = env->call(env->ctx, in);
		use = ARGS & ((2u << call.nargs) - 1);
		return (struct access){call.known ? use : ARGS, R0 | ARGS};
	default: return (struct access){0, 0};
	}
}

static struct access access_of(const struct insn *in, const struct flow_env *env)
{
	const struct op_info *info = &op_info[in->op];
	u16 dst = (u16)(1 << in->dst), src = info->is_imm ? 0 : (u16)(1 << in->src);

	switch ((enum op_class)info->class) {
	case class_alu: return (struct access){is_move(in->op) ? src : src | dst, dst};
	case class_swap: return (struct access){dst, dst};
	case class_jmp:
	case class_store: return (struct access){src | dst, 0};
	case class_load: return (struct access){src, dst};
	case class_atomic:
		if (info->fetch == 2)
			return (struct access){R0 | src | dst, R0};
		return (struct access){src | dst, info->fetch ? src : 0};
	case class_packet: return (struct access){EVERY, 0};
	default: return special(in, env);
	}
}

static bool update(struct flow *f, const struct access *access, u32 insn)
{
	u32 succ[2], n = flow_successors(f, insn, succ);
	u16 live = 0;

	for (u32 i = 0; i < n; i++)
		live |= f->insns[succ[i]].live;
	live = (live & ~access[insn].def) | access[insn].use;
	if (live == f->insns[insn].live)
		return false;
	f->insns[insn].live = live;
	return true;
}

static void find_in_func(struct flow *f, const struct access *access,
			 const struct flow_func *func)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (u32 i = 0; i < func->norder; i++)
			changed |= update(f, access, f->postorder[func->order + i]);
	}
}

void flow_find_live(struct flow *f, const struct flow_env *env)
{
	struct access *access = pass_alloc(env->pass, f->n, sizeof(*access));

	for (u32 i = 0; i < f->n; i++)
		access[i] = access_of(&f->code[i], env);
	for (u32 i = 0; i < f->nfuncs; i++)
		find_in_func(f, access, &f->funcs[i]);
}

void flow_log_live(const struct flow *f, struct skep_log *log,
		   void (*print)(void *ctx, u32 insn), void *ctx)
{
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
		print(ctx, i);
	}
}
