/* Calls that change r0 alone, where the compiler could not know it: it saves the other
 * registers before and loads them again behind, in the lowest slots of the frame, which
 * nothing else uses (LLVM's bpf_fastcall). Linux takes saves and loads away after the
 * walk, and counts the stack without these slots; any other access to one of them, of
 * which the walk tells, is the end of it for the function. */
#include "fastcall.h"

enum { ARGS = 5, GONE = INT16_MIN };

struct fastcall {
	s32 end;    /* of the slots, the next one that is the function's own; 0: none */
	bool keeps; /* some call of this form does change registers */
};

static bool is_save(const struct insn *in)
{
	return in->op == op_stx_dw && in->dst == FP;
}

static bool is_load(const struct insn *in)
{
	return in->op == op_ldx_dw && in->src == FP;
}

static s32 lowest_save(const struct verifier *v, const struct flow_func *f)
{
	s32 off = 0;

	for (u32 i = f->start; i < f->end; i++)
		if (is_save(&v->insns[i]))
			off = MIN(off, (s32)v->insns[i].off);
	return off;
}

/* The pairs around a call that save and load, from inside out, one of the registers in
 * `regs` each, from `off` upwards. */
static u32 count_pairs(const struct verifier *v, u32 call, u32 regs, s32 off)
{
	u32 n = 0;

	for (; n <= ARGS; n++, off += 8) {
		const u32 i = n + 1;
		const struct insn *save, *load;

		if (call < i || call + i >= v->n)
			break;
		save = &v->insns[call - i];
		load = &v->insns[call + i];
		if (!is_save(save) || !is_load(load) || save->src != load->dst ||
		    !(regs >> save->src & 1) || save->off != off || load->off != off)
			break;
		regs &= ~(1u << save->src);
	}
	return n;
}

static void find_at(struct verifier *v, struct fastcall *f, u32 call, s32 lowest)
{
	const struct flow_call what = verifier_call(v, &v->insns[call]);
	const u32 changes = (2u << what.nargs) - 1 - what.is_void;
	u32 n;

	/* the kernel may know it, and keep what is saved */
	if (!what.known && v->insns[call].op == op_call_kfunc)
		f->keeps |= count_pairs(v, call, ~0u, lowest) != 0;
	if (!what.known)
		return;
	n = count_pairs(v, call, ((2u << ARGS) - 1) & ~changes, lowest);
	if (!n)
		return;
	for (u32 i = 1; i <= n; i++)
		v->aux[call - i].saves = v->aux[call + i].saves = true;
	v->aux[call].saved = what.is_fast ? (u8)n : 0;
	f->keeps |= !what.is_fast;
	f->end = MIN(f->end, lowest + 8 * (s32)n);
}

void fastcall_find(struct verifier *v)
{
	v->fastcalls = pass_alloc(&v->pass, v->flow.nfuncs, sizeof(*v->fastcalls));
	for (u32 i = 0; i < v->flow.nfuncs; i++) {
		const struct flow_func *f = &v->flow.funcs[i];
		const s32 lowest = lowest_save(v, f);

		for (u32 at = f->start; lowest && at < f->end; at++)
			if (v->insns[at].op == op_call_helper ||
			    v->insns[at].op == op_call_kfunc)
				find_at(v, &v->fastcalls[i], at, lowest);
	}
}

void fastcall_touch(struct verifier *v, const struct frame *frame, s32 off)
{
	struct fastcall *f = &v->fastcalls[frame->func];
	const struct flow_func *func = &v->flow.funcs[frame->func];

	if (f->end <= off || v->aux[v->insn].saves)
		return;
	f->end = GONE;
	for (u32 i = func->start; i < func->end; i++) {
		v->aux[i].saves = false;
		v->aux[i].saved = 0;
	}
}

/* Whether a path comes there or not. */
static bool has_saved(const struct verifier *v, const struct flow_func *f)
{
	for (u32 i = f->start; i < f->end; i++)
		if (v->aux[i].saved)
			return true;
	return false;
}

void fastcall_shrink_stacks(struct verifier *v)
{
	for (u32 i = 0; i < v->flow.nfuncs; i++)
		if (!v->fastcalls[i].keeps && has_saved(v, &v->flow.funcs[i]))
			v->result->stack[i] = (u32)-v->fastcalls[i].end;
}
