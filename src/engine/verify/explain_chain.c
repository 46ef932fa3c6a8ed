/* The lines that made a value what it was: from the refused instruction back to where the
 * value came from, over copies, spills and calls of functions, with the conditions that
 * narrowed it. */
#include "call.h"
#include "explain_chain.h"

/* What the value is before a step; NULL: not known, it lies on the stack. */
static const struct reg *value_at(const struct walk *w, const struct place *p, u32 step)
{
	const struct snap *s = chain_snap(w->t, step);

	return p->slot || s->depth != p->frame ? NULL : &s->r[p->n];
}

/* ---- events, newest first ---- */

static u32 line_of(const struct tale *t, u32 insn)
{
	const struct skep_line_info *line = tale_line(t, insn);

	return line ? line->line_col >> 10 : ~insn;
}

bool chain_is_told(const struct tale *t, u32 insn)
{
	for (u32 i = 0; i < t->nevents; i++)
		if (t->events[i].insn == insn)
			return true;
	return false;
}

static void tell(struct tale *t, u32 step, bool origin, const char *note)
{
	u32 insn = chain_snap(t, step)->insn;
	struct chain_event *last = t->nevents ? &t->events[t->nevents - 1] : NULL;

	const struct skep_line_info *line = tale_line(t, insn);

	if (chain_is_told(t, insn))
		return;
	if (line && tale_is_nowhere(t, insn) && !origin) {
		t->held = t->held ? t->held : note;
		return;
	}
	if (t->held)
		note = tale_text(t, "%s; %s", note, t->held);
	t->held = NULL;
	if (last && line_of(t, last->insn) == line_of(t, insn)) {
		if (origin && strcmp(last->note, note))
			last->note = tale_text(t, "%s; %s", note, last->note);
		last->origin |= origin;
		last->step = step;
		return;
	}
	if (t->nevents == CHAIN_MOST && !origin)
		return;
	if (t->nevents == CHAIN_MOST)
		t->nevents--;
	t->events[t->nevents++] = (struct chain_event){step, insn, note, origin};
}

void chain_tell_between(struct tale *t, u32 step, const char *note)
{
	u32 insn = chain_snap(t, step)->insn, i = 0;

	for (u32 k = 0; k < t->nevents; k++)
		if (line_of(t, t->events[k].insn) == line_of(t, insn)) {
			t->events[k].note =
				t->events[k].origin && step != t->origin
					? tale_text(t, "%s; %s", t->events[k].note, note)
					: note;
			return;
		}
	if (t->nevents == CHAIN_MOST) {
		memmove(&t->events[CHAIN_MOST - 2], &t->events[CHAIN_MOST - 1],
			sizeof(t->events[0]));
		t->nevents--;
	}
	while (i < t->nevents && t->events[i].step > step)
		i++;
	memmove(&t->events[i + 1], &t->events[i],
		(t->nevents - i) * sizeof(t->events[0]));
	t->events[i] = (struct chain_event){step, insn, note, false};
	t->nevents++;
}

static void found(struct walk *w, u32 step, const char *text)
{
	w->t->origin = step;
	w->t->origin_text = text;
	tell(w->t, step, true, text);
}

/* ---- where it came from ---- */

/* "now 0 to 255", of a number; "" of what says nothing. */
static const char *now(struct walk *w, const struct place *p, u32 step)
{
	const struct reg *r = value_at(w, p, step + 1);

	if (!r || r->type == reg_none)
		return "";
	if (r->type == reg_scalar)
		return tale_range(w->t, &r->n);
	return tale_type(w->t, r);
}

static const char *source_of(struct tale *t, const struct reg *base, s32 off)
{
	switch (base->type) {
	case reg_ctx: return tale_text(t, "read from the context");
	case reg_value:
		return tale_text(t, "read from a value of map '%s'",
				 reg_map_of(t->v, base)->name);
	case reg_packet:
	case reg_packet_meta: return tale_text(t, "read from the packet");
	case reg_stack: return tale_text(t, "read from the stack, at fp%+d", off);
	default: return tale_text(t, "read from memory");
	}
}

bool chain_slot(const struct snap *s, u32 regno, s32 off, struct place *p)
{
	const struct reg *base = &s->r[regno];
	s64 at = (s64)base->n.bits.value + base->off + off;

	if (base->type != reg_stack || base->n.bits.mask || at >= 0 ||
	    at < -SKEP_MAX_STACK)
		return false;
	*p = (struct place){base->frame, (u32)(-at - 1) / 8, true};
	return true;
}

/* True: the value comes from elsewhere, w->at is there. */
static bool through_load(struct walk *w, u32 step, const struct insn *in)
{
	const struct snap *s = chain_snap(w->t, step);
	const struct reg *base = &s->r[in->src];
	struct place slot, before = w->at;
	const char *is;

	if (chain_slot(s, in->src, in->off, &slot)) {
		w->at = slot;
		return true;
	}
	is = now(w, &before, step);
	found(w, step,
	      tale_text(w->t, "%s: %s", source_of(w->t, base, base->off + in->off), is));
	return false;
}

static bool through_mov(struct walk *w, u32 step, const struct insn *in)
{
	const struct op_info *info = &op_info[in->op];

	if (info->is_imm) {
		found(w, step, tale_text(w->t, "set to %lld", (long long)in->imm));
		return false;
	}
	if (info->size == 4 && w->number)
		tell(w->t, step, false,
		     tale_text(w->t, "only the low 32 bits are kept: %s",
			       now(w, &w->at, step)));
	w->at.n = in->src;
	return true;
}

/* In the refused line: what is done to the index there, which elsewhere made it. */
static void scale(struct tale *t, const struct insn *in)
{
	if (in->op == op_lsh64k && in->imm < 16)
		t->scale = MIN(t->scale << in->imm, 1ull << 32);
	else if (in->op == op_mul64k && in->imm > 0 && in->imm < 1 << 16)
		t->scale = MIN(t->scale * (u64)in->imm, 1ull << 32);
	else if ((in->op == op_rsh64k || in->op == op_arsh64k) && in->imm > 16 &&
		 in->imm <= 32) /* << 32 is before it: a cast to 32 bits */
		t->scale = MIN(t->scale << (32 - in->imm), 1ull << 32);
	else if (in->op != op_lsh64k || in->imm != 32)
		t->derived = true;
}

static bool through_alu(struct walk *w, u32 step, const struct insn *in)
{
	const struct snap *s = chain_snap(w->t, step);
	const struct reg *d = &s->r[in->dst], *o = &s->r[in->src];
	bool has_src = op_info[in->op].fields & field_src;

	if (flow_is_move(in))
		return through_mov(w, step, in);
	if (has_src && reg_is_pointer(d) && w->number && !reg_is_const(o)) {
		w->at.n = in->src;
		return true;
	}
	if (has_src && reg_is_pointer(o) && (!w->number || reg_is_const(d))) {
		w->at.n = in->src;
		return true;
	}
	if (!reg_is_pointer(d) && !(has_src && reg_is_pointer(o)))
		tell(w->t, step, false, tale_text(w->t, "now %s", now(w, &w->at, step)));
	if (w->number && line_of(w->t, s->insn) == line_of(w->t, w->t->insn))
		scale(w->t, in);
	if (has_src && reg_is_const(d) && !reg_is_pointer(o))
		w->at.n = in->src;
	return true;
}

static bool through_call(struct walk *w, u32 step, const struct insn *in)
{
	const char *call = tale_call(w->t, chain_snap(w->t, step)->insn);

	if (w->at.n)
		found(w, step,
		      tale_text(w->t, "the call of %s leaves nothing in r1 to r5", call));
	else
		found(w, step,
		      tale_text(w->t, "%s gives %s", call, now(w, &w->at, step)));
	return false;
}

static bool through_lddw(struct walk *w, u32 step)
{
	found(w, step, tale_text(w->t, "%s", now(w, &w->at, step)));
	return false;
}

/* Whether the instruction writes a register that is followed. */
static bool writes(const struct insn *in, u32 n)
{
	const struct op_info *info = &op_info[in->op];

	switch (in->op) {
	case op_call_helper:
	case op_call_kfunc: return n <= 5;
	case op_lddw:
	case op_addr_space_cast: return n == in->dst;
	}
	switch (info->class) {
	case class_alu:
	case class_swap:
	case class_load: return n == in->dst;
	case class_atomic: return info->fetch && n == (info->fetch == 2 ? 0 : in->src);
	case class_packet: return n <= 5;
	default: return false;
	}
}

static bool through(struct walk *w, u32 step, const struct insn *in)
{
	switch (in->op) {
	case op_call_helper:
	case op_call_kfunc: return through_call(w, step, in);
	case op_lddw: return through_lddw(w, step);
	}
	switch (op_info[in->op].class) {
	case class_alu: return through_alu(w, step, in);
	case class_load: return through_load(w, step, in);
	case class_swap: return true;
	default:
		found(w, step,
		      tale_text(w->t, "read from memory: %s", now(w, &w->at, step)));
		return false;
	}
}

/* A store into the slot that is followed. */
static bool through_store(struct walk *w, u32 step, const struct insn *in)
{
	struct place slot;

	if (!chain_slot(chain_snap(w->t, step), in->dst, in->off, &slot) ||
	    slot.frame != w->at.frame || slot.n != w->at.n)
		return true;
	if (op_info[in->op].is_imm) {
		found(w, step, tale_text(w->t, "set to %lld", (long long)in->imm));
		return false;
	}
	w->at = (struct place){chain_snap(w->t, step)->depth, in->src, false};
	return true;
}

/* ---- between functions ---- */

/* True: the step led from one frame to another, and w->at went with it. */
static bool between_frames(struct walk *w, u32 step, const struct insn *in, bool *ended)
{
	const struct snap *s = chain_snap(w->t, step);
	u32 next = chain_snap(w->t, step + 1)->depth;

	*ended = false;
	if (s->depth == next || w->at.slot || w->at.frame != next)
		return s->depth != next;
	if (next > s->depth && in->op == op_call_local && w->at.n >= 1 && w->at.n <= 5) {
		w->at.frame = s->depth;
	} else if (next < s->depth && w->at.n == 0) {
		w->at.frame = s->depth;
	} else if (next > s->depth || w->at.n <= 5) {
		found(w, step,
		      next > s->depth
			      ? tale_text(w->t, "an argument that %s passes",
					  tale_call(w->t, s->insn))
			      : tale_text(w->t, "the call leaves nothing in r1 to r5"));
		*ended = true;
	}
	return true;
}

/* ---- conditions ---- */

static bool is_of(const struct snap *s, const struct insn *in, u32 n)
{
	return in->dst == n || ((op_info[in->op].fields & field_src) && in->src == n) ||
	       (s->r[n].id && s->r[n].id == s->r[in->dst].id);
}

static const char *condition(struct walk *w, u32 step, const struct insn *in,
			     const struct reg *before, const struct reg *after)
{
	const char *text = op_info[in->op].text;

	if (before->flags & flag_null && !(after->flags & flag_null))
		return after->type == reg_scalar ? "here it is NULL"
						 : "from here on it is not NULL";
	if (before->type == reg_packet && after->range > before->range)
		w->t->check = w->t->check == ~0u ? step : w->t->check;
	if (before->type == reg_packet && after->range > before->range)
		return tale_text(w->t,
				 "checks that the packet has %d bytes from there on",
				 after->range);
	if (before->type != reg_scalar)
		return NULL;
	if (op_info[in->op].size == 4 && after->n.umax > UINT32_MAX) {
		w->t->wide = true;
		w->t->advice = "check all 64 bits, or declare the variable with 32";
		return "lost here: the comparison looks at the low 32 bits only, and the "
		       "upper 32 stay unknown";
	}
	if (text[0] == 's' && after->n.smin < 0 && after->n.smax >= 0 &&
	    in->dst == w->at.n && before->n.smax != after->n.smax) {
		w->t->own = after->n.smax;
		w->t->advice =
			"declare the variable unsigned, which makes the check count";
		return tale_text(w->t,
				 "lost here: the comparison is signed, so negative "
				 "values pass: %s",
				 tale_range(w->t, &after->n));
	}
	if (scalar_equal(&before->n, &after->n))
		return NULL;
	return tale_text(w->t, "from here on %s", tale_range(w->t, &after->n));
}

static void at_branch(struct walk *w, u32 step, const struct insn *in)
{
	const struct snap *s = chain_snap(w->t, step);
	const struct reg *before = value_at(w, &w->at, step);
	const struct reg *after = value_at(w, &w->at, step + 1);
	const char *note;

	if (!before || !after || (before->type != reg_packet && !is_of(s, in, w->at.n)))
		return;
	note = condition(w, step, in, before, after);
	if (note)
		tell(w->t, step, false, note);
}

/* ---- back to the origin ---- */

static bool back(struct walk *w, u32 step)
{
	const struct insn *in = chain_insn(w->t, step);
	bool ended;

	if (between_frames(w, step, in, &ended))
		return !ended;
	if (op_info[in->op].class == class_jmp)
		at_branch(w, step, in);
	if (w->at.slot)
		return op_info[in->op].class != class_store || through_store(w, step, in);
	if (w->at.frame != chain_snap(w->t, step)->depth || !writes(in, w->at.n))
		return true;
	return through(w, step, in);
}

static void walk_back(struct walk *w)
{
	u32 step = w->t->rec->nsnaps - 1;

	w->where[step] = w->at;
	while (step--) {
		bool more = back(w, step);

		w->where[step] = w->at;
		if (!more)
			return;
	}
}

/* ---- branches, for what is about the path and not about a value ---- */

static void tell_branches(struct tale *t, u32 from, u32 most)
{
	for (u32 step = t->rec->nsnaps - 1; step-- > from && t->nevents < most;) {
		const struct snap *s = chain_snap(t, step),
				  *next = chain_snap(t, step + 1);

		if (op_info[t->v->insns[s->insn].op].class != class_jmp ||
		    line_of(t, s->insn) == line_of(t, next->insn))
			continue;
		tell(t, step, false,
		     tale_text(t, "goes on at %s", tale_at(t, next->insn)));
	}
}

static u32 last_step_at(const struct tale *t, u32 insn)
{
	for (u32 step = t->rec->nsnaps; step--;)
		if (chain_snap(t, step)->insn == insn)
			return step;
	return ~0u;
}

static void chain_ref(struct tale *t, u32 kinds)
{
	const struct state *s = t->v->cur;
	u32 step = ~0u;

	for (u32 i = s->nrefs; i-- && step == ~0u;)
		if (s->refs[i].id && s->refs[i].kind & kinds)
			step = last_step_at(t, s->refs[i].insn);
	tell_branches(t, step == ~0u ? 0 : step + 1, CHAIN_MOST - 1);
	if (step == ~0u)
		return;
	t->origin = step;
	t->origin_text = tale_call(t, chain_snap(t, step)->insn);
	tell(t, step, true,
	     tale_text(t, kinds == ref_pointer ? "%s acquires it" : "%s takes the lock",
		       t->origin_text));
}

/* ---- which value ---- */

static int followed(const struct tale *t)
{
	switch (t->class->follow) {
	case follow_pointer:
	case follow_number: return t->regno;
	case follow_size: return t->regno;
	case follow_other: return op_info[t->in->op].fields & field_src ? t->in->src : -1;
	default: return -1;
	}
}

void chain_build(struct tale *t)
{
	const struct record *rec = t->rec;
	struct walk w = {.t = t};
	int reg;

	t->origin = ~0u;
	if (!rec->nsnaps)
		return;
	if (t->class->follow == follow_ref || t->class->follow == follow_lock)
		chain_ref(t, t->class->follow == follow_ref ? ref_pointer : ~ref_pointer);
	else if (t->class->follow == follow_path)
		tell_branches(t, 0, 3);
	reg = followed(t);
	w.where = reg < 0 ? NULL : arena_alloc(t->arena, rec->nsnaps, sizeof(w.where[0]));
	if (!w.where)
		return;
	w.at = (struct place){chain_snap(t, rec->nsnaps - 1)->depth, (u32)reg, false};
	w.number = t->class->follow != follow_pointer;
	walk_back(&w);
	chain_find_lost(&w);
	tale_find_name(t);
}
