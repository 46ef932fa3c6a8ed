/* Whether a state of the verifier holds what a run had. */
#include "concrete.h"
#include "path.h"
#include <stdio.h>
#include <string.h>

/* What the numbers of one state say of each other: those of one id differ by what was
 * added to each. */
struct links {
	u32 n;
	struct {
		u32 id;
		u64 base;
	} seen[REGS + SLOTS * SKEP_MAX_FRAMES];
};

struct look {
	const struct concrete *at;
	const struct scope *scope;
	struct links links;
	u32 frame, slot, reg; /* where it looks; slot: 0, at reg; else at fp - 8 * slot */
	char *why;
};

static bool no(struct look *l, u64 x, const char *what)
{
	char where[40];

	if (l->slot)
		snprintf(where, sizeof(where), "fp-%u of frame %u", 8 * l->slot,
			 l->frame);
	else
		snprintf(where, sizeof(where), "r%u", l->reg);
	snprintf(l->why, 512, "%s = 0x%llx %s", where, (unsigned long long)x, what);
	return false;
}

/* The view that does not hold x; NULL: all do. */
static const char *outside(const struct scalar *n, u64 x)
{
	if ((x ^ n->bits.value) & ~n->bits.mask)
		return "bits";
	if (x < n->umin || x > n->umax)
		return "unsigned range";
	if ((s64)x < n->smin || (s64)x > n->smax)
		return "signed range";
	if ((u32)x < n->umin32 || (u32)x > n->umax32)
		return "unsigned range of 32 bits";
	if ((s32)x < n->smin32 || (s32)x > n->smax32)
		return "signed range of 32 bits";
	return NULL;
}

static bool in_scalar(struct look *l, const struct scalar *n, u64 x)
{
	const char *view = outside(n, x);
	char text[400];

	if (!view)
		return true;
	snprintf(text, sizeof(text),
		 "is not in the %s: bits 0x%llx/0x%llx, %llu to %llu, %lld to %lld, "
		 "32 bits: %u to %u, %d to %d",
		 view, (unsigned long long)n->bits.value,
		 (unsigned long long)n->bits.mask, (unsigned long long)n->umin,
		 (unsigned long long)n->umax, (long long)n->smin, (long long)n->smax,
		 n->umin32, n->umax32, n->smin32, n->smax32);
	return no(l, x, text);
}

/* Additions of 32 bits tell of the lower half only. */
static bool linked(struct look *l, const struct reg *r, u64 x)
{
	u32 id = r->id & ~ID_ADD_CONST, i = 0;
	u64 base = x - (r->id & ID_ADD_CONST ? (u64)(s64)r->off : 0), other;

	if (!id)
		return true;
	while (i < l->links.n && l->links.seen[i].id != id)
		i++;
	if (i == l->links.n) {
		l->links.seen[l->links.n].id = id;
		l->links.seen[l->links.n++].base = base;
		return true;
	}
	other = l->links.seen[i].base;
	return (u32)base == (u32)other || no(l, x, "is not what its id says");
}

static bool number(struct look *l, const struct reg *r, u64 x, u32 bytes)
{
	struct scalar n = r->n;

	if (l->scope->precise && !r->precise)
		return true;
	if (bytes < 8)
		scalar_zero_extend(&n, bytes);
	return in_scalar(l, &n, x) && (bytes < 8 || linked(l, r, x));
}

static bool in_value(struct look *l, const struct reg *r, u64 x)
{
	for (u32 i = 0; i < trace.nvalues; i++)
		if (!outside(&r->n, x - (u64)(s64)r->off - trace.value[i].lo))
			return true;
	return trace.nvalues == VALUES ||
	       no(l, x, "does not point into a value as it should");
}

static bool in_packet(struct look *l, const struct reg *r, u64 x)
{
	u64 from = x - (u64)(s64)r->off, base = l->at->data;

	if (r->type == reg_packet_meta)
		base = l->at->meta;
	if (r->range > 0 && from + (u32)r->range > l->at->tail)
		return no(l, x, "has less of the packet behind it than its range");
	return in_scalar(l, &r->n, from - base);
}

static bool pointer(struct look *l, const struct reg *r, u64 x)
{
	u64 off = (u64)(s64)r->off;

	if (!x && (r->flags & flag_null))
		return true;
	if (!x)
		return no(l, x, "is a pointer that is never NULL");
	switch (r->type) {
	case reg_stack:
		return in_scalar(l, &r->n,
				 x - off - (trace.top - r->frame * SKEP_MAX_STACK));
	case reg_packet:
	case reg_packet_meta: return in_packet(l, r, x);
	case reg_packet_end:
		return x == l->at->tail || no(l, x, "is not the packet's end");
	case reg_ctx: return x - off == trace.ctx || no(l, x, "is not the context");
	case reg_value: return in_value(l, r, x);
	}
	return true;
}

static bool reg_holds(struct look *l, const struct reg *r, u64 x, u32 bytes)
{
	if (r->type == reg_none)
		return true;
	if (r->type == reg_scalar)
		return number(l, r, x, bytes);
	return pointer(l, r, x);
}

/* Eight bytes of the stack; low: the lowest of them. */
static bool slot_holds(struct look *l, const struct slot *s, const u8 *low)
{
	u32 spilled = 0;
	u64 x = 0;

	for (u32 k = 0; k < 8; k++) {
		if (s->kind[k] == slot_zero && low[7 - k])
			return no(l, low[7 - k], "is a byte that is zero");
		spilled += s->kind[k] == slot_spill;
	}
	if (!spilled)
		return true;
	memcpy(&x, low, spilled);
	return reg_holds(l, &s->reg, x, spilled);
}

static bool frame_holds(struct look *l, const struct frame *f, u32 number)
{
	u32 kept = MIN(f->nslots, trace.frame / 8);

	l->frame = number;
	for (l->slot = 1; l->slot <= kept; l->slot++)
		if ((l->scope->slots[number] >> (l->slot - 1) & 1) &&
		    !slot_holds(l, &f->slot[l->slot - 1],
				trace_stack(l->at, number) - 8 * l->slot))
			return false;
	return true;
}

bool concrete_in(const struct state *s, const struct concrete *at,
		 const struct scope *scope, char why[512])
{
	const struct frame *f = s->frame[s->depth];
	struct look l; /* large, and most of it needs no value */

	l.at = at;
	l.scope = scope;
	l.why = why;
	l.slot = l.links.n = 0;
	for (l.reg = 0; l.reg < FP; l.reg++)
		if ((scope->regs >> l.reg & 1) &&
		    !reg_holds(&l, &f->r[l.reg], at->r[l.reg], 8))
			return false;
	for (u32 d = 0; d <= s->depth; d++)
		if (!frame_holds(&l, s->frame[d], d))
			return false;
	return true;
}

bool concrete_is_at(const struct state *s, const struct concrete *at)
{
	if (s->insn != at->insn || s->depth != at->depth)
		return false;
	for (u32 d = 1; d <= s->depth; d++)
		if (s->frame[d]->callsite != at->callsite[d])
			return false;
	return true;
}
