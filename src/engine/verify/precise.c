/* Precision: which registers' exact values decided something
 *
 * Checkpoints compare numbers loosely, but for those that are marked precise. When a
 * value decides, the path is walked back, instruction by instruction, to what the value
 * was made of; the checkpoints on the way get the marks.
 */
#include "linked.h"
#include "path.h"

struct back {
	u32 frame;
	u16 regs[SKEP_MAX_FRAMES];
	u64 slots[SKEP_MAX_FRAMES];
};

/* The way back from a place was walked for these: to walk it again marks nothing new,
 * but would take hostile programs a time that is quadratic in their length. */
struct trodden {
	const struct history *before; /* the last one of an earlier step */
	u32 insn;
	struct back done;
};

enum { TRODDEN_LEAST = 64 }; /* a shorter way is not worth a note */

static bool is_empty(const struct back *b)
{
	u64 all = 0;

	for (u32 i = 0; i <= b->frame; i++)
		all |= b->regs[i] | b->slots[i];
	return !all;
}

static bool has(const struct back *b, u32 r)
{
	return b->regs[b->frame] >> r & 1;
}

static void set(struct back *b, u32 r)
{
	b->regs[b->frame] = (u16)(b->regs[b->frame] | 1 << r);
}

static void clear(struct back *b, u32 r)
{
	b->regs[b->frame] = (u16)(b->regs[b->frame] & ~(1 << r));
}

enum { ARGS = 0x3e /* r1 to r5 */ };

static bool has_link(const struct back *b, const struct link *l)
{
	return l->is_slot ? b->slots[l->frame] >> l->at & 1
			  : b->regs[l->frame] >> l->at & 1;
}

/* Registers and slots that share an id: what is precise of one is so of all. */
static void follow_links(struct back *b, const struct history *h)
{
	struct links links;
	bool some = false;

	if (!h || !h->linked)
		return;
	link_unpack(h->linked, &links);
	for (u32 i = 0; i < links.n; i++)
		some |= has_link(b, &links.link[i]);
	for (u32 i = 0; i < links.n && some; i++) {
		const struct link *l = &links.link[i];

		if (l->is_slot)
			b->slots[l->frame] |= (u64)1 << l->at;
		else
			b->regs[l->frame] = (u16)(b->regs[l->frame] | 1 << l->at);
	}
}

/* ---- one instruction back; false: it cannot be followed ---- */

static void bug(struct verifier *v, const char *what)
{
	refuse(v, path_bug, what);
}

static void back_alu(const struct insn *in, struct back *b)
{
	const struct op_info *info = &op_info[in->op];

	if (!has(b, in->dst) || info->class == class_swap || in->op == op_neg64k ||
	    in->op == op_neg32k)
		return;
	if (flow_is_move(in))
		clear(b, in->dst);
	if (!info->is_imm && in->src != FP)
		set(b, in->src);
}

static void back_load(const struct history *h, u32 dst, struct back *b)
{
	if (!has(b, dst))
		return;
	clear(b, dst);
	if (h && (h->flags & HISTORY_STACK))
		b->slots[h->frame] |= (u64)1 << h->slot;
}

static bool back_store(const struct insn *in, const struct history *h, struct back *b)
{
	u64 slot;

	if (has(b, in->dst))
		return false;
	if (!h || !(h->flags & HISTORY_STACK))
		return true;
	slot = (u64)1 << h->slot;
	if (!(b->slots[h->frame] & slot))
		return true;
	b->slots[h->frame] &= ~slot;
	if (!op_info[in->op].is_imm)
		set(b, in->src);
	return true;
}

static bool back_atomic(const struct insn *in, const struct history *h, struct back *b)
{
	return back_store(in, h, b);
}

static void leave_function(struct verifier *v, struct back *b, bool arguments)
{
	u16 *regs = &b->regs[b->frame];

	if (*regs & ~ARGS)
		bug(v, "static subprog unexpected regs");
	if (b->slots[b->frame])
		bug(v, "static subprog leftover stack slots");
	if (!b->frame)
		bug(v, "subprog exit from frame 0");
	if (arguments)
		b->regs[b->frame - 1] |= *regs;
	*regs = 0;
	b->frame--;
}

static void enter_function(struct verifier *v, struct back *b)
{
	if (b->frame == SKEP_MAX_FRAMES - 1)
		bug(v, "subprog enter from frame 7");
	b->frame++;
}

static bool is_local_call(const struct verifier *v, u32 insn)
{
	return insn < v->n && v->insns[insn].op == op_call_local;
}

static void back_call(struct verifier *v, u32 insn, u32 next, struct back *b)
{
	const struct insn *in = &v->insns[insn];

	if (in->op == op_call_local && next != insn + 1) {
		leave_function(v, b, true);
		return;
	}
	if ((v->flow.insns[insn].flags & flow_callback) && next != insn + 1) {
		leave_function(v, b, false);
		return;
	}
	clear(b, 0);
	if (b->regs[b->frame] & ARGS)
		bug(v, "backtracking call unexpected regs");
	if (in->op == op_call_helper && in->imm == SKEP_FUNC_tail_call &&
	    next != insn + 1)
		enter_function(v, b);
}

/* The end of a function, or of a callback, whose call comes again. */
static void back_exit(struct verifier *v, u32 next, struct back *b)
{
	bool r0;

	if (next < v->n && (v->flow.insns[next].flags & flow_callback))
		b->regs[b->frame] = (u16)(b->regs[b->frame] & ~ARGS);
	if (b->regs[b->frame] & ARGS)
		bug(v, "backtracking exit unexpected regs");
	r0 = next && is_local_call(v, next - 1) && has(b, 0);
	clear(b, 0);
	enter_function(v, b);
	if (r0)
		set(b, 0);
}

static void back_jump(const struct insn *in, const struct history *h, struct back *b)
{
	if (op_info[in->op].is_imm || (!has(b, in->dst) && !has(b, in->src)))
		return;
	if (!h || !(h->flags & HISTORY_SRC_STACK))
		set(b, in->src);
	if (!h || !(h->flags & HISTORY_DST_STACK))
		set(b, in->dst);
}

static bool back_special(struct verifier *v, u32 insn, u32 next, struct back *b)
{
	const struct insn *in = &v->insns[insn];

	switch (in->op) {
	case op_lddw: clear(b, in->dst); break;
	case op_addr_space_cast:
		if (has(b, in->dst)) {
			clear(b, in->dst);
			set(b, in->src);
		}
		break;
	case op_call_helper:
	case op_call_kfunc:
	case op_call_local: back_call(v, insn, next, b); break;
	case op_exit: back_exit(v, next, b); break;
	}
	return true;
}

static bool back_insn(struct verifier *v, u32 insn, u32 next, const struct history *h,
		      struct back *b)
{
	const struct insn *in = &v->insns[insn];
	bool ok = true;

	if (h && h->insn != insn)
		h = NULL;
	precise_log_insn(v, b->frame, b->regs[b->frame], b->slots[b->frame], insn);
	follow_links(b, h);
	switch (op_info[in->op].class) {
	case class_alu:
	case class_swap: back_alu(in, b); break;
	case class_load: back_load(h, in->dst, b); break;
	case class_store: ok = back_store(in, h, b); break;
	case class_atomic: ok = back_atomic(in, h, b); break;
	case class_packet: ok = !has(b, 0); break;
	case class_jmp: back_jump(in, h, b); break;
	case class_special: ok = back_special(v, insn, next, b); break;
	}
	follow_links(b, h);
	return ok;
}

/* ---- the way back ---- */

/* Where a path was before; false: at its beginning, a checkpoint. */
static bool step_back(const struct history **h, u32 *insn, u32 first)
{
	if (*insn == first && (!*h || (!(*h)->prev && (*h)->insn == *insn)))
		return false;
	if (*h && (*h)->insn == *insn) {
		*insn = (*h)->from;
		*h = (*h)->prev;
	} else {
		--*insn;
	}
	return true;
}

static bool is_scalar(struct verifier *v, struct packed_reg r)
{
	return form_reg(&v->paths->forms, r.form)->type == reg_scalar;
}

/* What is not precise yet becomes so, and only that is followed further. */
static bool mark_frame(struct verifier *v, struct packed *s, u32 frame, struct back *b)
{
	struct packed_frame *f = &s->frame[frame];
	struct packed_slot *slots = packed_slots(s, frame);
	u32 regs = b->regs[frame] & ~f->precise_regs;
	u64 stack = b->slots[frame] & ~f->precise;

	for (u32 m = regs; m; m &= m - 1)
		if (m & 1u << FP || !is_scalar(v, f->r[__builtin_ctz(m)]))
			regs &= ~(m & -m);
	for (u64 m = stack; m; m &= m - 1) {
		u32 i = (u32)__builtin_ctzll(m);

		if (i >= f->nslots || slots[i].kinds >> 28 != slot_spill ||
		    !is_scalar(v, slots[i].reg))
			stack &= ~(m & -m);
	}
	f->precise_regs |= regs;
	f->precise |= stack;
	b->regs[frame] = (u16)regs;
	b->slots[frame] = stack;
	return regs || stack;
}

/* Of all frames of a function that begins here only arguments are left. */
static bool at_entry(struct verifier *v, struct packed *s, struct back *b)
{
	if (s->depth || !v->func || b->slots[0] || (b->regs[0] & ~ARGS))
		bug(v, "backtracking func entry");
	return mark_frame(v, s, 0, b);
}

static const struct history *before(const struct history *h, u32 insn)
{
	return h && h->insn == insn ? h->prev : h;
}

/* Takes from `b` what the way from here was walked for, up to *n of those noted. */
static void leave_trodden(struct verifier *v, const struct history *h, u32 insn, u32 *n,
			  struct back *b)
{
	struct trodden *t = *n ? &v->paths->trodden[*n - 1] : NULL;

	if (!t || t->insn != insn || t->before != before(h, insn) ||
	    t->done.frame != b->frame)
		return;
	--*n;
	for (u32 f = 0; f <= b->frame; f++) {
		u16 regs = b->regs[f];
		u64 slots = b->slots[f];

		b->regs[f] = (u16)(regs & ~t->done.regs[f]);
		b->slots[f] = slots & ~t->done.slots[f];
		t->done.regs[f] |= regs;
		t->done.slots[f] |= slots;
	}
}

static void note_trodden(struct verifier *v, const struct trail *t,
			 const struct back *begun)
{
	struct paths *p = v->paths;

	if (p->ntrodden == p->trodden_room) {
		u32 room = p->trodden_room * 2 + 16;
		struct trodden *more = pass_alloc(&v->pass, room, sizeof(*more));

		if (p->ntrodden)
			memcpy(more, p->trodden, p->ntrodden * sizeof(*more));
		p->trodden = more;
		p->trodden_room = room;
	}
	p->trodden[p->ntrodden++] =
		(struct trodden){before(t->history, t->insn), t->insn, *begun};
}

/* Back along the path until all marks are explained; false: they cannot be. */
static bool walk_back(struct verifier *v, const struct trail *t, struct back *b,
		      bool *changed)
{
	const struct history *h = t->history;
	struct checkpoint *c = t->parent;
	u32 insn = t->insn, next = ~0u, first = t->first_insn;
	/* the log tells every step, each time */
	bool note = t->now && !(v->log_level & 2);
	u32 ntrodden = note ? v->paths->ntrodden : 0, steps = 0;
	const struct back begun = *b;
	struct packed *at = NULL;
	bool skip = true;

	while (!is_empty(b)) {
		precise_log_span(v, b->frame, insn, first, next);
		if (insn == ~0u) {
			*changed |= at_entry(v, at, b);
			return true;
		}
		for (;;) {
			if (!skip && !back_insn(v, insn, next, h, b))
				return false;
			skip = false;
			leave_trodden(v, h, insn, &ntrodden, b);
			if (note && ++steps == TRODDEN_LEAST)
				note_trodden(v, t, &begun);
			if (is_empty(b))
				return true;
			next = insn;
			if (!step_back(&h, &insn, first))
				break;
			if (insn >= v->n)
				bug(v, "backtracking idx");
		}
		if (!c)
			return false;
		ntrodden = 0;
		note = false;
		at = &c->s;
		for (u32 f = b->frame + 1; f--;) {
			*changed |= mark_frame(v, at, f, b);
			precise_log_parent(v, at, f, b->regs[f], b->slots[f]);
		}
		next = first;
		h = at->history;
		insn = at->last_insn;
		first = at->first_insn;
		c = at->parent;
	}
	return true;
}

void precise_all(struct verifier *v, const struct trail *t)
{
	precise_log_all(v, t->depth);
	for (struct checkpoint *c = t->parent; c; c = c->s.parent)
		for (u32 d = 0; d <= c->s.depth; d++) {
			struct back b = {.frame = d};

			b.regs[d] = 0x3ff;
			b.slots[d] = ~(u64)0;
			mark_frame(v, &c->s, d, &b);
			precise_log_forced(v, d, b.regs[d], b.slots[d]);
		}
}

static void follow(struct verifier *v, const struct trail *t, struct back *b,
		   bool *changed)
{
	bool ignored = false;

	b->frame = t->depth;
	if (v->profile->bpf && !walk_back(v, t, b, changed ? changed : &ignored))
		precise_all(v, t);
}

/* Without CAP_BPF all numbers are precise, and none is spilled. */
static u32 precise_regs(const struct verifier *v, const struct packed_frame *f)
{
	u32 regs = 0;

	if (v->profile->bpf)
		return f->precise_regs;
	for (u32 i = 0; i < FP; i++)
		if (form_reg(&v->paths->forms, f->r[i].form)->type == reg_scalar)
			regs |= 1u << i;
	return regs;
}

void precise_copy(struct verifier *v, const struct packed *old, const struct trail *cur,
		  bool *changed)
{
	struct back b = {0};

	for (u32 i = old->depth + 1; i--;) {
		b.regs[i] = (u16)precise_regs(v, &old->frame[i]);
		b.slots[i] = old->frame[i].precise;
		precise_log_copy(v, i, b.regs[i], b.slots[i]);
	}
	follow(v, cur, &b, changed);
}

static struct trail trail_of(const struct verifier *v)
{
	const struct state *s = v->cur;

	return (struct trail){s->parent,     s->history, v->insn,
			      s->first_insn, s->depth,	 true};
}

void precise_reg(struct verifier *v, u32 regno)
{
	struct trail t = trail_of(v);
	struct back b = {0};

	/* where any argument will do, a pointer may be asked for its value */
	if (v->profile->bpf && regs_of(v)[regno].type != reg_scalar)
		bug(v, "backtracking misuse");
	b.regs[t.depth] = (u16)(1 << regno);
	follow(v, &t, &b, NULL);
}

void precise_slot(struct verifier *v, u32 frame, u32 slot)
{
	struct trail t = trail_of(v);
	struct back b = {0};

	b.slots[frame] = (u64)1 << slot;
	follow(v, &t, &b, NULL);
}
