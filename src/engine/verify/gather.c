#include "gather.h"
#include <errno.h>
#include "facts.h"

/* Steps of a walk in which all numbers are precise, and more for long programs. */
enum { STEPS = 1 << 17 };

enum { ARGUMENTS = 0x3e /* r1 to r5 */, NOTHING = -1 };

/* ---- which registers ---- */

static u32 operands(const struct insn *in)
{
	const struct op_info *info = &op_info[in->op];
	u32 dst = 1u << in->dst, src = info->is_imm ? 0 : 1u << in->src;

	switch (info->class) {
	case class_alu:
	case class_swap:
	case class_jmp:
	case class_store:
	case class_atomic: return dst | src;
	case class_load: return src;
	case class_packet: return src | 1u << 6;
	default: break;
	}
	switch (in->op) {
	case op_call_helper:
	case op_call_kfunc:
	case op_call_local: return ARGUMENTS;
	case op_exit: return 1u << 0;
	case op_addr_space_cast: return 1u << in->src;
	default: return 0;
	}
}

/* A call's result is not here: what forks in it (a callback, an iterator's end) comes to
 * the next instruction in another state. */
static int written(const struct insn *in)
{
	switch (op_info[in->op].class) {
	case class_alu:
	case class_swap:
	case class_load: return in->dst;
	case class_packet: return 0;
	default: return in->op == op_lddw ? in->dst : NOTHING;
	}
}

static void layout(struct verifier *v)
{
	struct facts *f = v->gather;
	u32 n = 0;

	f->n = v->n;
	f->insns = arena_alloc(&f->arena, v->n, sizeof(f->insns[0]));
	for (u32 i = 0; f->insns && i < v->n; i++) {
		struct fact_insn *at = &f->insns[i];

		if (v->insns[i].op == op_none)
			continue;
		at->first = n;
		at->before = (u16)(operands(&v->insns[i]) & v->flow.insns[i].live);
		at->flags = written(&v->insns[i]) == NOTHING ? 0 : FACT_AFTER;
		n += (u32)__builtin_popcount(at->before) + !!at->flags;
	}
	f->all = f->insns ? arena_alloc(&f->arena, n + 1, sizeof(f->all[0])) : NULL;
	if (f->all)
		return;
	v->pass.err = -ENOMEM;
	longjmp(v->pass.env, 1);
}

/* ---- what is known of one ---- */

static u8 kind_of(const struct reg *r)
{
	switch (r->type) {
	case reg_none: return fact_any;
	case reg_scalar: return fact_number;
	case reg_ctx: return fact_ctx;
	case reg_map: return fact_map;
	case reg_value: return fact_map_value;
	case reg_key: return fact_map_key;
	case reg_stack: return fact_stack;
	case reg_packet: return fact_packet;
	case reg_packet_meta: return fact_packet_meta;
	case reg_packet_end: return fact_packet_end;
	case reg_func: return fact_func;
	case reg_btf: return fact_btf;
	case reg_arena: return fact_arena;
	default: return fact_other;
	}
}

static bool has_offset(u8 kind)
{
	return kind == fact_ctx || kind == fact_map_value || kind == fact_stack ||
	       kind == fact_packet || kind == fact_packet_meta;
}

static void set_number(struct fact *x, const struct scalar *n)
{
	x->smin = n->smin;
	x->smax = n->smax;
	x->umin = n->umin;
	x->umax = n->umax;
	x->ones = n->bits.value;
	x->unknown = n->bits.mask;
}

/* Of a pointer: the variable part and the fixed one; both are small. */
static void set_offset(struct fact *x, const struct reg *r)
{
	const struct scalar off = scalar_const((u64)(s64)r->off);
	struct scalar n = r->n;

	scalar_alu(op_add64x, &n, &off);
	set_number(x, &n);
}

static struct fact fact_of(const struct verifier *v, const struct reg *r)
{
	const struct facts *f = v->gather;
	struct fact x = {.kind = kind_of(r), .map = FACT_NO_MAP};

	set_number(&x, &scalar_unknown);
	x.maybe_null = r->flags & flag_null;
	x.untrusted = r->flags & flag_untrusted;
	if (r->type == reg_stack)
		x.up = (u8)(v->cur->depth - r->frame);
	if ((r->type == reg_map || r->type == reg_value || r->type == reg_key) &&
	    !r->inner)
		x.map = r->map;
	if (f->numbers && r->type == reg_scalar)
		set_number(&x, &r->n);
	if (f->numbers && has_offset(x.kind))
		set_offset(&x, r);
	return x;
}

static void join(const struct verifier *v, struct fact *x, u32 reg)
{
	const struct fact now = fact_of(v, &frame_of(v->cur)->r[reg]);

	fact_join(x, &now);
}

/* ---- steps ---- */

void gather_edge(struct verifier *v)
{
	struct facts *f = v->gather;
	u32 from = v->prev_insn;
	const struct insn *in;

	if (!f->n)
		layout(v);
	if (v->cur->speculative || from >= v->n)
		return;
	in = &v->insns[from];
	if (op_info[in->op].class != class_jmp)
		return;
	if (v->insn == from + 1)
		f->insns[from].flags |= FACT_FELL;
	if (v->insn == from + 1 + (u32)in->off)
		f->insns[from].flags |= FACT_TAKEN;
}

void gather_before(struct verifier *v)
{
	struct facts *f = v->gather;
	struct fact_insn *at = &f->insns[v->insn];
	u32 k = at->first;

	if (v->cur->speculative)
		return;
	at->flags |= FACT_WALKED;
	for (u32 m = at->before; m; m &= m - 1)
		join(v, &f->all[k++], (u32)__builtin_ctz(m));
}

void gather_after(struct verifier *v, const struct insn *in)
{
	struct facts *f = v->gather;
	struct fact_insn *at = &f->insns[v->insn];

	if (at->flags & FACT_AFTER && !v->cur->speculative)
		join(v, &f->all[at->first + (u32)__builtin_popcount(at->before)],
		     (u32)written(in));
}

/* ---- the walk ---- */

static int walk(const struct verify_prog *prog, const struct profile *profile,
		bool numbers, struct facts *out)
{
	struct verifier v = {.gather = out, .all_precise = numbers};
	struct verify_result result;

	verifier_init(&v, prog, profile, &result);
	*out = (struct facts){.numbers = numbers, .arena.most = v.pass.arena.most};
	if (numbers)
		v.who.max_insns = MAX((u32)STEPS, 2 * prog->n);
	if (pass_try(&v.pass))
		verify_run(&v);
	return pass_end(&v.pass);
}

int verify_facts(const struct verify_prog *prog, const struct profile *profile,
		 struct facts *out)
{
	int err = walk(prog, profile, true, out);

	if (err) {
		facts_free(out);
		err = walk(prog, profile, false, out);
	}
	if (err)
		facts_free(out);
	return err;
}
