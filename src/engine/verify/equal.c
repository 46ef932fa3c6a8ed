/* Whether what was safe for one state is safe for another, as Linux 6.18 decides it
 *
 * Forms are compared first: most registers that are alike have the same one. What follows
 * are the rules for registers of different forms.
 */
#include "path.h"

void idmap_begin(struct verifier *v, struct idmap *ids)
{
	ids->n = 0;
	ids->next = v->next_id;
}

static bool check_ids(u32 old, u32 cur, struct idmap *ids)
{
	if (!old || !cur)
		return old == cur;
	for (u32 i = 0; i < ids->n; i++) {
		if (ids->pair[i].old == old)
			return ids->pair[i].cur == cur;
		if (ids->pair[i].cur == cur)
			return false;
	}
	if (ids->n == ARRAY_SIZE(ids->pair))
		return false;
	ids->pair[ids->n].old = old;
	ids->pair[ids->n++].cur = cur;
	return true;
}

/* An old number without an id is linked with none, whatever is known of the other.
 * Without one the other is a number of its own. */
static bool check_scalar_ids(u32 old, u32 cur, struct idmap *ids)
{
	if (!old)
		return true;
	cur = cur ? cur : ++ids->next;
	if (!check_ids(old, cur, ids))
		return false;
	return !(old & ID_ADD_CONST) ||
	       check_ids(old & ~ID_ADD_CONST, cur & ~ID_ADD_CONST, ids);
}

/* But for id and ref, and what the number is. */
static bool same_kind(const struct reg *a, const struct reg *b)
{
	return a->type == b->type && a->flags == b->flags && a->off == b->off &&
	       a->dynptr == b->dynptr && !memcmp(a->raw, b->raw, sizeof(a->raw));
}

/* The kernel's comparison leaves out whose frame a pointer points into, which it looks at
 * for pointers to the stack alone. */
bool regs_exact(struct verifier *v, struct packed_reg old, struct packed_reg cur,
		struct idmap *ids)
{
	const struct reg *a = form_reg(&v->paths->forms, old.form);
	const struct reg *b = form_reg(&v->paths->forms, cur.form);

	if (old.form != cur.form && !(same_kind(a, b) && scalar_equal(&a->n, &b->n)))
		return false;
	return check_ids(old.id, cur.id, ids) && check_ids(a->ref, b->ref, ids);
}

static bool within(const struct reg *old, const struct reg *cur)
{
	return old == cur ||
	       (scalar_within(&old->n, &cur->n) && tnum_in(old->n.bits, cur->n.bits));
}

static bool scalar_safe(const struct reg *old, u32 old_id, const struct reg *cur,
			u32 cur_id, struct idmap *ids)
{
	if (old_id && (old_id & ID_ADD_CONST) != (cur_id & ID_ADD_CONST))
		return false;
	if ((old_id & ID_ADD_CONST) && old->off != cur->off)
		return false;
	return check_scalar_ids(old_id, cur_id, ids) && within(old, cur);
}

static bool packet_safe(const struct reg *old, const struct reg *cur)
{
	if (old->off != cur->off)
		return false;
	if (old->range < 0 || cur->range < 0)
		return old->range == cur->range;
	return old->range <= cur->range;
}

/* Since masks differ with it: speculation.h. */
static bool same_number(struct verifier *v, struct packed_reg o, struct packed_reg c,
			struct idmap *ids)
{
	const struct reg *old = form_reg(&v->paths->forms, o.form);
	const struct reg *cur = form_reg(&v->paths->forms, c.form);

	return (o.form == c.form ||
		(same_kind(old, cur) && scalar_equal(&old->n, &cur->n))) &&
	       check_scalar_ids(o.id, c.id, ids);
}

static bool reg_safe(struct verifier *v, struct packed_reg o, bool precise,
		     struct packed_reg c, struct idmap *ids, enum exactness how)
{
	const struct reg *old = form_reg(&v->paths->forms, o.form);
	const struct reg *cur = form_reg(&v->paths->forms, c.form);

	if (how == exact)
		return regs_exact(v, o, c, ids) &&
		       (old->type != reg_stack || old->frame == cur->frame);
	if (o.form == FORM_NONE && (how == not_exact || c.form == FORM_NONE))
		return true;
	if (old->type != cur->type || old->flags != cur->flags)
		return false;
	switch (old->type) {
	case reg_scalar:
		if (v->paths->all_numbers)
			return same_number(v, o, c, ids);
		return (!precise && how == not_exact) ||
		       scalar_safe(old, o.id, cur, c.id, ids);
	case reg_key:
	case reg_value:
	case reg_mem:
	case reg_buf:
	case reg_tp_buffer:
		return same_kind(old, cur) && within(old, cur) &&
		       check_ids(o.id, c.id, ids) && check_ids(old->ref, cur->ref, ids);
	case reg_packet:
	case reg_packet_meta:
		return packet_safe(old, cur) && check_ids(o.id, c.id, ids) &&
		       within(old, cur);
	case reg_stack: return regs_exact(v, o, c, ids) && old->frame == cur->frame;
	case reg_arena: return true;
	default: return regs_exact(v, o, c, ids);
	}
}

/* ---- the stack ---- */

static u32 kind_at(u32 kinds, u32 byte)
{
	return kinds >> byte * 4 & 15;
}

static bool uninit_is_read(const struct verifier *v)
{
	return v->profile->perfmon;
}

enum { ALL_MISC = slot_misc * 0x11111111u };

/* A load of all eight bytes gives some number. */
static bool is_misc(struct verifier *v, u32 kinds)
{
	u32 not_misc = kinds ^ ALL_MISC;

	if (!not_misc)
		return true;
	return uninit_is_read(v) && !(not_misc & ~ALL_MISC);
}

/* The number that a load of the whole slot gives; false: it is none. */
static bool slot_number(struct verifier *v, const struct packed_slot *s,
			struct packed_reg *out)
{
	static const struct reg unknown = {.type = reg_scalar};
	struct paths *p = v->paths;

	if ((s->kinds & 15) == slot_spill &&
	    form_reg(&p->forms, s->reg.form)->type == reg_scalar) {
		*out = s->reg;
		return true;
	}
	if (!is_misc(v, s->kinds))
		return false;
	if (!p->unknown) {
		struct reg r = unknown;

		r.n = scalar_unknown;
		p->unknown = form_of(&p->forms, &v->pass, &r);
	}
	*out = (struct packed_reg){p->unknown, 0};
	return true;
}

static bool object_safe(struct verifier *v, u32 kind, struct packed_reg o,
			struct packed_reg c, struct idmap *ids)
{
	const struct reg *old = form_reg(&v->paths->forms, o.form);
	const struct reg *cur = form_reg(&v->paths->forms, c.form);

	switch (kind) {
	case slot_dynptr:
		return old->dynptr == cur->dynptr && old->first_slot == cur->first_slot &&
		       check_ids(old->ref, cur->ref, ids);
	case slot_iter:
		return old->iter_btf == cur->iter_btf &&
		       old->iter_btf_id == cur->iter_btf_id && old->iter == cur->iter &&
		       check_ids(old->ref, cur->ref, ids);
	default: return old->raw[0] == cur->raw[0] && check_ids(old->ref, cur->ref, ids);
	}
}

/* Byte by byte, of slots that are not both a whole number. */
static bool bytes_safe(struct verifier *v, u32 old, u32 cur, bool cur_there)
{
	for (u32 i = 0; i < 8; i++) {
		u32 o = kind_at(old, i), c = kind_at(cur, i);

		if (o == slot_invalid || (o == slot_misc && uninit_is_read(v)))
			continue;
		if (!cur_there || (o != c && !(o == slot_misc && c == slot_zero)))
			return false;
	}
	return true;
}

static bool slot_safe(struct verifier *v, const struct packed_slot *old, bool precise,
		      const struct packed_slot *cur, struct idmap *ids,
		      enum exactness how)
{
	static const struct packed_slot none;
	struct packed_reg o, c;
	u32 kind = old->kinds >> 28;
	bool wanted = false;

	if (how != not_exact && (!cur || old->kinds != cur->kinds))
		return false;
	for (u32 i = 0; i < 8; i++) {
		u32 k = kind_at(old->kinds, i);

		wanted |= k != slot_invalid && !(k == slot_misc && uninit_is_read(v));
	}
	if (!wanted)
		return true;
	if (cur && slot_number(v, old, &o) && slot_number(v, cur, &c))
		return reg_safe(v, o, precise, c, ids, how);
	if (!bytes_safe(v, old->kinds, cur ? cur->kinds : none.kinds, cur != NULL))
		return false;
	if (kind == slot_spill)
		return reg_safe(v, old->reg, precise, cur->reg, ids, how);
	if (kind >= slot_dynptr)
		return object_safe(v, kind, old->reg, cur->reg, ids);
	return true;
}

/* ---- states ---- */

static bool refs_safe(const struct packed *old, const struct packed *cur,
		      struct idmap *ids)
{
	const struct ref *o = packed_refs(old), *c = packed_refs(cur);

	if (old->nrefs != cur->nrefs || old->locks != cur->locks ||
	    old->preempt_locks != cur->preempt_locks ||
	    old->rcu_locks != cur->rcu_locks || old->lock_ptr != cur->lock_ptr ||
	    !check_ids(old->irq_id, cur->irq_id, ids) ||
	    !check_ids(old->lock_id, cur->lock_id, ids))
		return false;
	for (u32 i = 0; i < old->nrefs; i++) {
		if (!check_ids(o[i].id, c[i].id, ids) || o[i].kind != c[i].kind)
			return false;
		if (o[i].kind >= ref_lock && o[i].lock != c[i].lock)
			return false;
	}
	return true;
}

static bool frame_safe(struct verifier *v, const struct packed *old,
		       const struct packed *cur, u32 frame, struct idmap *ids,
		       enum exactness how)
{
	const struct packed_frame *o = &old->frame[frame], *c = &cur->frame[frame];
	const struct packed_slot *oslot = packed_slots(old, frame);
	const struct packed_slot *cslot = packed_slots(cur, frame);
	u32 live = v->flow.insns[packed_insn(old, frame)].live;
	bool all = v->all_precise || !v->profile->bpf;
	u64 precise = all ? ~(u64)0 : o->precise;
	u32 precise_regs = all ? ~0u : o->precise_regs;

	if (o->callback_depth > c->callback_depth)
		return false;
	for (u32 i = 0; i < FP; i++)
		if ((live >> i & 1) &&
		    !reg_safe(v, o->r[i], precise_regs >> i & 1, c->r[i], ids, how))
			return false;
	for (u32 i = 0; i < o->nslots; i++)
		if (!slot_safe(v, &oslot[i], precise >> i & 1,
			       i < c->nslots ? &cslot[i] : NULL, ids, how))
			return false;
	return true;
}

bool packed_equal(struct verifier *v, const struct packed *old, const struct packed *cur,
		  enum exactness how)
{
	struct idmap *ids = &v->paths->ids;

	if (old->depth != cur->depth || (old->speculative && !cur->speculative) ||
	    old->sleepable != cur->sleepable)
		return false;
	idmap_begin(v, ids);
	if (!refs_safe(old, cur, ids))
		return false;
	for (u32 i = 0; i <= old->depth; i++)
		if (old->frame[i].callsite != cur->frame[i].callsite ||
		    !frame_safe(v, old, cur, i, ids, how))
			return false;
	return true;
}

bool state_same_calls(const struct state *s, const struct packed *with)
{
	if (s->depth != with->depth)
		return false;
	for (u32 i = 0; i <= s->depth; i++)
		if (s->frame[i]->callsite != with->frame[i].callsite)
			return false;
	return true;
}
