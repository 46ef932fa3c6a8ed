/* Pointers plus and minus numbers. The fixed part of an offset is reg.off, all that is
 * not known the number reg.n; packet pointers whose n is the same number have one id. */
#include "speculation.h"

enum { MAX_OFFSET = 1 << 29 };

static bool is_far(s64 value)
{
	return value >= MAX_OFFSET || value <= -MAX_OFFSET;
}

/* `r` is a pointer, or the number that is added to one of the type of `p`. */
static void check_offset(struct verifier *v, const struct reg *r, const struct reg *p)
{
	const struct scalar *n = &r->n;
	char name[64];

	if (scalar_is_const(n) && is_far((s64)n->bits.value))
		refuse(v, offset_known_far, reg_type_name(v, p, name),
		       (long long)n->bits.value);
	if (is_far(r->off))
		refuse(v, offset_fixed_far, reg_type_name(v, p, name), r->off);
	if (n->smin == INT64_MIN)
		refuse(v, offset_unbounded, reg_type_name(v, p, name));
	if (is_far(n->smin))
		refuse(v, offset_far, (long long)n->smin, reg_type_name(v, p, name));
}

/* Whether this type of pointer may be moved, by a known number at least. */
static bool is_movable(const struct reg *p, const struct reg *number, enum alu_row row)
{
	switch (p->type) {
	case reg_ctx:
	case reg_value:
	case reg_key:
	case reg_stack:
	case reg_packet_meta:
	case reg_packet:
	case reg_tp_buffer:
	case reg_btf:
	case reg_mem:
	case reg_buf:
	case reg_func:
	case reg_dynptr: return true;
	case reg_flow_keys:
		if (scalar_is_const(&number->n))
			return true;
		break;
	case reg_map: break;
	default: return false;
	}
	return scalar_is_const(&number->n) && !number->n.smin && row == alu_add;
}

static void check_pointer(struct verifier *v, const struct insn *in, enum alu_row row,
			  const struct reg *p, const struct reg *number)
{
	char name[64];

	if (p->flags & flag_null)
		refuse(v, pointer_maybe_null, in->dst, reg_type_name(v, p, name));
	if (!is_movable(p, number, row))
		refuse(v, pointer_fixed, in->dst, reg_type_name(v, p, name));
	check_offset(v, number, p);
	check_offset(v, p, p);
}

static void check_operator(struct verifier *v, const struct insn *in, enum alu_row row,
			   const struct reg *p, bool reversed)
{
	switch (row) {
	case alu_add: return;
	case alu_sub:
		if (reversed)
			refuse(v, scalar_minus_pointer, in->dst);
		if (p->type == reg_stack)
			refuse(v, stack_minus, in->dst);
		return;
	case alu_and:
	case alu_or:
	case alu_xor: refuse(v, pointer_bitwise, in->dst, alu_operator(in, row));
	default: refuse(v, pointer_operator, in->dst, alu_operator(in, row));
	}
}

static void add_ranges(struct scalar *d, const struct scalar *a, const struct scalar *b)
{
	if (__builtin_add_overflow(a->smin, b->smin, &d->smin) ||
	    __builtin_add_overflow(a->smax, b->smax, &d->smax)) {
		d->smin = INT64_MIN;
		d->smax = INT64_MAX;
	}
	if (__builtin_add_overflow(a->umin, b->umin, &d->umin) ||
	    __builtin_add_overflow(a->umax, b->umax, &d->umax)) {
		d->umin = 0;
		d->umax = UINT64_MAX;
	}
	d->bits = tnum_add(a->bits, b->bits);
}

static void sub_ranges(struct scalar *d, const struct scalar *a, const struct scalar *b)
{
	if (__builtin_sub_overflow(a->smin, b->smax, &d->smin) ||
	    __builtin_sub_overflow(a->smax, b->smin, &d->smax)) {
		d->smin = INT64_MIN;
		d->smax = INT64_MAX;
	}
	if (a->umin < b->umax) {
		d->umin = 0;
		d->umax = UINT64_MAX;
	} else {
		d->umin = a->umin - b->umax;
		d->umax = a->umax - b->umin;
	}
	d->bits = tnum_sub(a->bits, b->bits);
}

/* The variable part becomes another number. */
static void move_by_unknown(struct verifier *v, struct reg *r, enum alu_row row,
			    const struct scalar *number)
{
	struct scalar n = scalar_unknown;

	if (row == alu_add)
		add_ranges(&n, &r->n, number);
	else
		sub_ranges(&n, &r->n, number);
	r->n = n;
	if (r->type != reg_packet && r->type != reg_packet_meta)
		return;
	r->id = new_id(v);
	/* backwards, what was there before still is */
	if (row == alu_add || number->smin < 0)
		memset(r->raw, 0, sizeof(r->raw));
}

/* True when the fixed part can take it. */
static bool move_by_known(struct reg *r, enum alu_row row, const struct scalar *number)
{
	s64 by = row == alu_add ? number->smin : -number->smin;

	if (!scalar_is_const(number) || r->off + by != (s32)(r->off + by))
		return false;
	r->off += (s32)by;
	return true;
}

void pointer_alu(struct verifier *v, const struct insn *in, enum alu_row row,
		 const struct reg *pointer, const struct reg *number)
{
	struct reg *d = &regs_of(v)[in->dst], r = *pointer;
	const struct scalar *n = &number->n;
	struct mask mask = {0};

	/* on a path that cannot be taken */
	if (n->smin > n->smax || n->umin > n->umax ||
	    (scalar_is_const(n) && (n->smin != n->smax || n->umin != n->umax))) {
		reg_set_unknown(d);
		return;
	}
	if (op_info[in->op].size == 4) {
		if (row != alu_sub || !v->profile->perfmon)
			refuse(v, pointer_alu32, in->dst);
		reg_set_unknown(d);
		return;
	}
	if (r.type == reg_mem &&
	    (r.flags & (flag_untrusted | flag_null)) == flag_untrusted) {
		/* read by probing, wherever it points; a number in front stays what Linux
		 * 6.18.44 knew of it, though it becomes another */
		if (number == d)
			reg_set_unknown(d);
		return;
	}
	/* where a number stands in front, Linux 6.18.44 forgets whose stack it is */
	check_pointer(v, in, row, pointer, number);
	speculation_before(v, in, row, pointer, number, &mask);
	check_operator(v, in, row, pointer, number == d);
	if (!move_by_known(&r, row, n))
		move_by_unknown(v, &r, row, n);
	check_offset(v, &r, &r);
	scalar_sync(&r.n);
	scalar_settle(&r.n);
	speculation_bounds(v, in, &r);
	speculation_after(v, in, row, &r, number == d, &mask);
	*d = r;
}
