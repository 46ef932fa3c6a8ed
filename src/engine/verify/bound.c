/* Comparisons of packet pointers with the packet's end, and of metadata with its start:
 * how many bytes are there. */
#include "alu.h"
#include "branch.h"

enum { MAX_PACKET_OFFSET = 0xffff };

static bool is_packet_start(const struct reg *r)
{
	return r->type == reg_packet && !r->flags && !r->id && !r->off &&
	       reg_offset_is_zero(r);
}

/* a is compared with the end of what it points into. */
static bool is_bounded(const struct reg *a, const struct reg *end)
{
	if (a->flags || end->flags)
		return false;
	return (a->type == reg_packet && end->type == reg_packet_end) ||
	       (a->type == reg_packet_meta && is_packet_start(end));
}

/* On the path of `s`, all below `p` is there, and its own byte if `own`. */
static void find_range(struct state *s, const struct reg *p, bool own)
{
	struct reg at = *p, *r;
	s32 range = at.off + own;

	if (at.off < 0 || (!at.off && own))
		return;
	if (at.n.umax > MAX_PACKET_OFFSET || at.n.umax + (u64)at.off > MAX_PACKET_OFFSET)
		return;
	state_each_reg(s, walk, r) if (r->type == at.type && !r->flags && r->id == at.id)
		r->range = MAX(r->range, range);
}

/* On the path of `s` nothing is at the pointer, or before it, either. */
static void mark_end(struct state *s, u32 regno, s32 range)
{
	struct reg *r = &frame_of(s)->r[regno];

	if (r->type == reg_packet && !r->flags)
		r->range = range;
}

bool bound_refine(const struct branch *b, struct state *here, struct state *there)
{
	enum jmp_row row = b->row;
	const struct reg *p = b->d;
	u32 regno = b->in->dst;
	bool less;

	if (!b->s_is_reg || b->is32)
		return false;
	if (!is_bounded(b->d, b->s)) {
		if (!is_bounded(b->s, b->d))
			return false;
		row = branch_flip(row);
		p = b->s;
		regno = b->in->src;
	}
	less = row == jmp_jlt || row == jmp_jle;
	if (!less && row != jmp_jgt && row != jmp_jge)
		return false;
	/* p < end and !(p >= end) tell of one byte more than <= and > */
	find_range(less ? there : here, p, row == jmp_jlt || row == jmp_jge);
	mark_end(less ? here : there, regno,
		 row == jmp_jgt || row == jmp_jle ? RANGE_BEYOND_END : RANGE_AT_END);
	return true;
}

int bound_branch(const struct branch *b)
{
	enum jmp_row row = b->row;
	const struct reg *p = b->d;

	if (b->s->type != reg_packet_end) {
		if (b->d->type != reg_packet_end)
			return -1;
		row = branch_flip(row);
		p = b->s;
	}
	if (p->type == reg_packet_end || p->range >= 0)
		return -1;
	switch (row) {
	case jmp_jle:
	case jmp_jgt: return p->range == RANGE_BEYOND_END ? row == jmp_jgt : -1;
	case jmp_jlt:
	case jmp_jge: return row == jmp_jge;
	default: return -1;
	}
}
