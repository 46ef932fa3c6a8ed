/* Checkpoints: whether a path has been here before with as much, whether it is worth
 * remembering. The order of the lists, what is counted and when one is thrown out are
 * those of Linux 6.18, since the number of instructions that are walked follows from it.
 */
#include "path.h"

enum {
	HISTORY_LONG = 40, /* of a path; longer than that it gets a checkpoint */
	LISTED_MAX = 64,   /* at one place, without CAP_BPF */
};

struct checkpoint **path_list(struct verifier *v, u32 insn)
{
	return &v->paths->lists[(insn ^ frame_of(v->cur)->callsite) % v->n];
}

static u32 *list_length(struct verifier *v)
{
	return &v->paths->nlist[(v->insn ^ frame_of(v->cur)->callsite) % v->n];
}

/* ---- what is dead is forgotten ---- */

static void clean_frame(struct verifier *v, struct packed *s, u32 frame, u64 live_slots)
{
	struct packed_frame *f = &s->frame[frame];
	struct packed_slot *slot = packed_slots(s, frame);
	u32 live = v->flow.insns[packed_insn(s, frame)].live;

	for (u32 i = 0; i < FP; i++)
		if (!(live >> i & 1))
			f->r[i] = (struct packed_reg){FORM_NONE, 0};
	for (u32 i = 0; i < f->nslots; i++)
		if (!(live_slots >> i & 1))
			slot[i] = (struct packed_slot){0};
	f->precise_regs &= live;
	f->precise &= live_slots;
}

static void clean(struct verifier *v, struct checkpoint *c)
{
	u64 live[SKEP_MAX_FRAMES];

	c->cleaned = true;
	stack_live_slots(v, &c->s, live);
	for (u32 i = 0; i <= c->s.depth; i++)
		clean_frame(v, &c->s, i, live[i]);
}

static void clean_list(struct verifier *v)
{
	for (struct checkpoint *c = *path_list(v, v->insn); c; c = c->next)
		if (!c->branches && !c->cleaned && c->s.insn == v->insn &&
		    state_same_calls(v->cur, &c->s) && !loop_is_open(c))
			clean(v, c);
}

/* ---- a path that came back to a checkpoint of its own ---- */

static bool iterators_differ(struct verifier *v, const struct packed *old,
			     const struct packed *cur)
{
	struct forms *forms = &v->paths->forms;

	for (u32 d = 0; d <= old->depth; d++) {
		const struct packed_slot *o = packed_slots(old, d);
		const struct packed_slot *c = packed_slots(cur, d);

		for (u32 i = 0; i < old->frame[d].nslots; i++) {
			const struct reg *was = form_reg(forms, o[i].reg.form);

			if ((o[i].kinds & 15) != slot_iter || was->iter != iter_active)
				continue;
			if (i >= cur->frame[d].nslots ||
			    form_reg(forms, c[i].reg.form)->depth != was->depth)
				return true;
		}
	}
	return false;
}

static bool is_endless(struct verifier *v, const struct packed *old,
		       const struct packed *cur)
{
	return old->depth == cur->depth &&
	       !memcmp(old->frame[old->depth].r, cur->frame[cur->depth].r,
		       sizeof(old->frame[0].r)) &&
	       packed_equal(v, old, cur, exact) && !iterators_differ(v, old, cur) &&
	       old->may_goto_depth == cur->may_goto_depth &&
	       old->callback_unroll == cur->callback_unroll;
}

/* r1 of a call that takes an iterator's next element points to it. */
static bool iterator_is_active(struct verifier *v)
{
	const struct reg *r = &regs_of(v)[1];
	s64 off = r->off + (s64)r->n.bits.value;
	u32 slot = (u32)(-off - 1) / 8;

	return r->type == reg_stack && r->frame <= v->cur->depth && slot < SLOTS &&
	       v->cur->frame[r->frame]->slot[slot].reg.iter == iter_active;
}

static bool is_iter_next(const struct verifier *v)
{
	u8 flags = v->flow.insns[v->insn].flags;

	return v->insns[v->insn].op == op_call_kfunc && (flags & flow_force) &&
	       !(flags & flow_callback);
}

static bool other_entry(struct verifier *v, const struct packed *old)
{
	const struct packed_frame *f = &old->frame[old->depth];

	return f->async_callback && f->async_entries != frame_of(v->cur)->async_entries;
}

/* Loops that end by themselves: their rounds converge. Whether they did; `looks`: an
 * endless loop may look alike. Of callbacks 6.18 does not say that `loop` is open: it has
 * the value that an earlier checkpoint of the list left. */
static bool converged(struct verifier *v, const struct packed *old,
		      const struct packed *cur, bool *looks, bool *loop)
{
	*looks = false;
	if (other_entry(v, old))
		return false;
	if (is_iter_next(v))
		return iterator_is_active(v) && packed_equal(v, old, cur, range_within) &&
		       (*loop = true);
	if (v->insns[v->insn].op == op_may_goto &&
	    old->may_goto_depth != cur->may_goto_depth &&
	    packed_equal(v, old, cur, range_within))
		return *loop = true;
	if (v->flow.insns[v->insn].flags & flow_callback)
		return packed_equal(v, old, cur, range_within);
	*looks = true;
	return false;
}

/* ---- the list of an instruction ---- */

struct search {
	const struct packed *cur;
	bool force, add; /* a checkpoint is made whatever was found; if nothing was */
	u32 jumps, processed; /* since the last one */
};

/* The kernel shows both states behind the reason. */
static _Noreturn void refuse_endless(struct verifier *v, const struct packed *old)
{
	const struct reject *why = &reject_loop_endless;

	log_line(v, v->insn);
	verify_print(v, why->text, (int)v->insn);
	verify_print(v, "\ncur state:");
	log_state(v, v->cur, v->cur->depth, true);
	verify_print(v, "old state:");
	log_state(v, path_show(v, old), v->cur->depth, true);
	v->refusal.why = why;
	pass_throw(&v->pass, why->err, "%s", "");
}

/* Whether the path ends at `c`. `loop`: c's own paths have not all ended. */
static bool is_hit(struct verifier *v, struct search *s, struct checkpoint *c, bool *loop)
{
	bool looks;

	if (!c->branches) {
		*loop = loop_is_open(c);
		return packed_equal(v, &c->s, s->cur, *loop ? range_within : not_exact);
	}
	if (converged(v, &c->s, s->cur, &looks, loop))
		return true;
	if (looks && is_endless(v, &c->s, s->cur))
		refuse_endless(v, &c->s);
	if (!s->force && s->jumps < 20 && s->processed < 100)
		s->add = false;
	return false;
}

static void hit(struct verifier *v, struct checkpoint *c, bool loop)
{
	struct state *s = v->cur;
	struct trail t;

	c->hits++;
	if (v->flow.insns[v->insn].flags & flow_jump)
		history_add(v, 0, 0, 0, 0);
	t = (struct trail){s->parent,	  s->history, s->insn,
			   s->first_insn, s->depth,   false};
	precise_copy(v, &c->s, &t, NULL);
	if (loop)
		loop_add_backedge(v, c);
}

/* True: `c` has missed too often and left the list. */
static bool miss(struct verifier *v, struct search *s, struct checkpoint *c)
{
	bool forced = v->flow.insns[v->insn].flags & flow_force;
	u32 n = forced && c->branches ? 64 : 3;

	c->misses += s->add;
	if (v->prog->watch) /* which wants to see all of them */
		return false;
	if (c->misses <= c->hits * n + n)
		return false;
	c->evicted = true;
	v->paths->nevicted++;
	v->paths->nexplored--;
	return true;
}

static bool search(struct verifier *v, struct search *s)
{
	struct checkpoint **at = path_list(v, v->insn), *c;
	u32 *length = list_length(v), n = *length;
	bool loop = false;

	while ((c = *at)) {
		if (c->s.insn != v->insn) {
			at = &c->next;
			continue;
		}
		if (is_hit(v, s, c, &loop)) {
			hit(v, c, loop);
			return true;
		}
		if (miss(v, s, c)) {
			*at = c->next;
			--*length;
			checkpoint_drop(v, c);
		} else {
			at = &c->next;
		}
	}
	v->result->max_states_per_insn = MAX(v->result->max_states_per_insn, n);
	if (!v->profile->bpf && n > LISTED_MAX)
		s->add = false;
	return false;
}

static void leave(struct verifier *v, const struct packed *cur)
{
	struct paths *p = v->paths;
	struct checkpoint **list = path_list(v, v->insn), *c;

	v->result->states++;
	if (unlikely(v->prog->costs))
		v->prog->costs[v->insn].states++;
	p->nexplored++;
	path_count_peak(v);
	p->jumps_before = p->jumps;
	p->processed_before = v->result->processed;
	c = checkpoint_new(v, cur);
	c->visit = loop_enter(v, c);
	v->cur->parent = c;
	v->cur->first_insn = v->insn;
	v->cur->dfs_depth++;
	history_clear(v, v->cur);
	p->open = NULL;
	c->next = *list;
	*list = c;
	++*list_length(v);
}

bool path_prune(struct verifier *v)
{
	struct paths *p = v->paths;
	struct search s = {
		.force = (v->flow.insns[v->insn].flags & flow_force) ||
			 verifier_tests(v, SKEP_F_TEST_STATE_FREQ) ||
			 v->cur->nhistory > HISTORY_LONG,
		.jumps = p->jumps - p->jumps_before,
		.processed = v->result->processed - p->processed_before,
	};

	s.add = s.force || (s.jumps >= 2 && s.processed >= 8);
	if (!s.add && !*path_list(v, v->insn))
		return false;
	clean_list(v);
	s.cur = path_pack_cur(v);
	if (search(v, &s))
		return true;
	if (s.add)
		leave(v, s.cur);
	return false;
}
