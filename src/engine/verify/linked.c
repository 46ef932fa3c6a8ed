#include "linked.h"

static u32 link_id(const struct reg *r)
{
	return r->id & ~ID_ADD_CONST;
}

void link_before_copy(struct verifier *v, struct reg *s)
{
	if (s->type != reg_scalar)
		return;
	if (s->id & ID_ADD_CONST)
		link_forget(s);
	if (!s->id && !scalar_is_const(&s->n))
		s->id = new_id(v);
}

/* The constant that is added; false: it is none, or too large to be remembered. */
static bool added(const struct scalar *number, bool subtract, bool is32, s32 *off)
{
	s64 by = is32 ? (s32)number->bits.value : (s64)number->bits.value;

	if (by != (s32)by || (subtract && by == INT32_MIN))
		return false;
	*off = (s32)(subtract ? -by : by);
	return true;
}

void link_add(struct verifier *v, struct reg *d, const struct scalar *number,
	      bool subtract, bool is32, u64 was_max)
{
	s32 off;

	if (!d->id || !v->profile->bpf ||
	    !(is32 ? scalar_is_const32(number) : scalar_is_const(number)) ||
	    (d->id & ID_ADD_CONST) || (is32 && was_max > UINT32_MAX) ||
	    !added(number, subtract, is32, &off)) {
		link_forget(d);
		return;
	}
	d->id |= is32 ? ID_ADD_CONST32 : ID_ADD_CONST64;
	d->off = off;
}

static void collect(struct links *links, struct reg *r, struct link link, u32 id)
{
	if (r->type != reg_scalar || link_id(r) != id)
		return;
	if (links->n < LINKS)
		links->link[links->n++] = link;
	else
		r->id = 0;
}

static void collect_frame(struct verifier *v, u32 frame, u32 live, u32 id,
			  struct links *links)
{
	struct frame *f = v->cur->frame[frame];

	for (u32 i = 0; i < FP; i++)
		if (live & (1u << i))
			collect(links, &f->r[i], (struct link){(u8)frame, (u8)i, false},
				id);
	for (u32 i = 0; i < f->nslots; i++)
		if (slot_is_spilled(&f->slot[i]))
			collect(links, &f->slot[i].reg,
				(struct link){(u8)frame, (u8)i, true}, id);
}

void link_collect(struct verifier *v, u32 id, struct links *links)
{
	u32 at = v->insn;

	for (u32 i = v->cur->depth + 1; i-- > 0;) {
		collect_frame(v, i, v->flow.insns[at].live, id & ~ID_ADD_CONST, links);
		at = v->cur->frame[i]->callsite;
	}
}

u64 link_pack(const struct links *links)
{
	u64 packed = 0;

	for (u32 i = 0; i < links->n; i++) {
		const struct link *l = &links->link[i];

		packed = packed << 10 | (u64)l->is_slot << 9 | (u64)l->at << 3 | l->frame;
	}
	return packed << 3 | links->n;
}

void link_unpack(u64 packed, struct links *links)
{
	links->n = packed & 7;
	packed >>= 3;
	for (u32 i = links->n; i-- > 0; packed >>= 10)
		links->link[i] =
			(struct link){packed & 7, packed >> 3 & 63, packed >> 9 & 1};
}

/* r = known + (r's constant - known's). */
static void sync(struct reg *r, const struct reg *known)
{
	struct scalar delta = scalar_const((u64)((s64)r->off - known->off));
	bool is32 = (r->id | known->id) & ID_ADD_CONST32;
	u32 id = r->id;
	s32 off = r->off;

	*r = *known;
	r->id = id;
	r->off = off;
	scalar_alu(is32 ? op_add32x : op_add64x, &r->n, &delta);
}

void link_sync(struct state *s, const struct reg *known, const struct links *links)
{
	for (u32 i = 0; i < links->n; i++) {
		const struct link *l = &links->link[i];
		struct frame *f = s->frame[l->frame];
		struct reg *r = l->is_slot ? &f->slot[l->at].reg : &f->r[l->at];

		if (r->type != reg_scalar || r == known || link_id(r) != link_id(known))
			continue;
		/* one wraps at 32 bits, the other does not */
		if (((r->id ^ known->id) & ID_ADD_CONST) == ID_ADD_CONST)
			continue;
		if (!((r->id | known->id) & ID_ADD_CONST) || r->off == known->off)
			*r = *known;
		else
			sync(r, known);
	}
}
