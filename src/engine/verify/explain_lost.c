/* A check that did not count: forth from where a value came from, over its copies, to a
 * condition that looked at one of them and not at what was used. */
#include "explain_chain.h"

enum taint { taint_none, taint_same, taint_low, taint_high, taint_derived };

struct taints {
	u8 reg[SKEP_MAX_FRAMES][REGS], slot[SKEP_MAX_FRAMES][SLOTS];
};

static void taint_alu(u8 *reg, const struct insn *in)
{
	const struct op_info *info = &op_info[in->op];
	bool has_src = info->fields & field_src;

	/* << 32 and >> 32 cut as a move of 32 bits does */
	if (in->op == op_lsh64k && in->imm == 32 && reg[in->dst] == taint_same)
		reg[in->dst] = taint_high;
	else if ((in->op == op_rsh64k || in->op == op_arsh64k) && in->imm == 32 &&
		 reg[in->dst] == taint_high)
		reg[in->dst] = taint_low;
	else if (!flow_is_move(in))
		reg[in->dst] = reg[in->dst] || (has_src && reg[in->src]) ? taint_derived
									 : taint_none;
	else if (info->is_imm || !reg[in->src])
		reg[in->dst] = taint_none;
	else
		reg[in->dst] = info->size == 4 && reg[in->src] == taint_same
				       ? taint_low
				       : reg[in->src];
}

static void taint_step(struct taints *m, const struct tale *t, u32 step)
{
	const struct snap *s = chain_snap(t, step);
	const struct insn *in = chain_insn(t, step);
	const struct op_info *info = &op_info[in->op];
	u8 *reg = m->reg[s->depth];
	struct place slot;

	if (info->class == class_alu) {
		taint_alu(reg, in);
	} else if (info->class == class_store) {
		if (chain_slot(s, in->dst, in->off, &slot))
			m->slot[slot.frame][slot.n] = info->is_imm ? 0 : reg[in->src];
	} else if (info->class == class_load) {
		reg[in->dst] = chain_slot(s, in->src, in->off, &slot)
				       ? m->slot[slot.frame][slot.n]
				       : 0;
		if (reg[in->dst] == taint_same && info->size < 8)
			reg[in->dst] = taint_low;
	} else if (in->op == op_call_helper || in->op == op_call_kfunc) {
		memset(reg, 0, 6);
	} else if (in->op == op_call_local) {
		memcpy(m->reg[MIN(s->depth + 1, (u32)SKEP_MAX_FRAMES - 1)], reg, REGS);
	}
}

/* The last condition after `from`, which made what is at `made`, that looked at the value
 * (or a copy of it) without narrowing what is followed; 0: none. The kind is *how. */
static u32 find_check(struct walk *w, u32 from, const struct place *made, bool any,
		      enum taint *how)
{
	const struct tale *t = w->t;
	struct taints m = {0};
	u32 last = 0;

	if (made->slot)
		m.slot[made->frame][made->n] = taint_same;
	else
		m.reg[made->frame][made->n] = taint_same;
	for (u32 step = from + 1; step + 1 < t->rec->nsnaps; step++) {
		const struct snap *s = chain_snap(t, step);
		const struct insn *in = chain_insn(t, step);
		const struct place *p = &w->where[step];
		u8 kind = m.reg[s->depth][in->dst];

		if (op_info[in->op].class == class_jmp && kind &&
		    (any || ((p->slot || p->n != in->dst || p->frame != s->depth) &&
			     !chain_is_told(t, s->insn)))) {
			last = step;
			*how = kind;
		}
		taint_step(&m, t, step);
	}
	return last;
}

static bool same_memory(const struct snap *a, const struct insn *x, const struct snap *b,
			const struct insn *y)
{
	const struct reg *p = &a->r[x->src], *q = &b->r[y->src];

	return p->type == q->type && p->off + x->off == q->off + y->off &&
	       p->id == q->id && scalar_equal(&p->n, &q->n) &&
	       !memcmp(p->raw, q->raw, sizeof(p->raw)) && p->type != reg_stack;
}

/* What a comparison lets pass, of what it looked at. */
static s64 passes(const struct tale *t, u32 check)
{
	const struct insn *in = chain_insn(t, check);
	const struct reg *r = &chain_snap(t, check + 1)->r[in->dst];
	u64 most = op_info[in->op].size == 4 ? r->n.umax32 : r->n.umax;

	return r->type == reg_scalar && most < UINT32_MAX ? (s64)most : -1;
}

/* The value was read before, and that was checked: then it was read once more. */
static void find_second_read(struct walk *w)
{
	struct tale *t = w->t;
	const struct insn *in = chain_insn(t, t->origin);
	enum taint how;

	if (op_info[in->op].class != class_load)
		return;
	for (u32 step = t->origin; step--;) {
		const struct insn *earlier = chain_insn(t, step);
		u32 check;

		if (op_info[earlier->op].class != class_load ||
		    !same_memory(chain_snap(t, step), earlier, chain_snap(t, t->origin),
				 in))
			continue;
		check = find_check(
			w, step,
			&(struct place){chain_snap(t, step)->depth, earlier->dst, false},
			true, &how);
		if (!check)
			continue;
		t->own = passes(t, check);
		t->advice = "read it once into a local variable, and check and use "
			    "that variable";
		chain_tell_between(t, check, "checked here, but of an earlier read");
		chain_tell_between(
			t, t->origin,
			tale_text(t,
				  "lost here: it is read again, so what %s checked "
				  "is not known of it (%s)",
				  tale_at(t, chain_snap(t, check)->insn),
				  t->origin_text));
		return;
	}
}

/* What a comparison compares with data_end; NULL: it is another one. */
static const struct reg *compared_sum(const struct tale *t, u32 check)
{
	const struct insn *in = chain_insn(t, check);
	const struct reg *r = chain_snap(t, check)->r;

	if (!(op_info[in->op].fields & field_src))
		return NULL;
	if (r[in->src].type == reg_packet_end)
		return &r[in->dst];
	return r[in->dst].type == reg_packet_end ? &r[in->src] : NULL;
}

static void say_lost_sum(struct tale *t, u32 check, const struct reg *sum)
{
	u64 most = MIN(sum->n.umax, (u64)INT64_MAX) + (u64)MAX(sum->off, 0);

	chain_tell_between(
		t, check,
		most > PACKET_FAR
			? tale_text(t,
				    "lost here: a comparison with data_end counts "
				    "only where the offset and what is added to it "
				    "are at most %d together",
				    PACKET_FAR)
			: "lost here: this sum is compared with data_end, "
			  "another one is used");
}

static void say_lost(struct tale *t, u32 check, enum taint how)
{
	const struct reg *sum = compared_sum(t, check);
	static const char *const notes[] = {
		[taint_same] = "lost here: the check is of another copy of the value",
		[taint_low] =
			"lost here: the check is of a copy of the low 32 bits; what "
			"is used later has all 64",
		[taint_high] = "lost here: the check is of a copy of the low 32 bits",
		[taint_derived] =
			"lost here: the check is of a number that was made from "
			"the value, not of the value itself",
	};

	if (sum) {
		say_lost_sum(t, check, sum);
		return;
	}
	chain_tell_between(t, check, notes[how]);
	t->own = how == taint_same || how == taint_low ? passes(t, check) : -1;
	t->joined = how == taint_derived;
	t->wide = how == taint_low || how == taint_high;
	if (t->wide)
		t->advice = "check all 64 bits, without a cast, or use the copy of 32 "
			    "bits that was checked";
	else if (how == taint_derived)
		t->advice = "check the value itself, not a sum, part or cast of it";
}

void chain_find_lost(struct walk *w)
{
	struct tale *t = w->t;
	enum taint how = taint_none;
	u32 check;

	if (t->origin == ~0u || !w->number)
		return;
	check = find_check(w, t->origin, &w->where[t->origin + 1], false, &how);
	if (check)
		say_lost(t, check, how);
	else
		find_second_read(w);
}
