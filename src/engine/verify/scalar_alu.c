/* scalar_alu.c - what is known of a result, from what is known of the operands */
#include "scalar_views.h"

struct rule {
	bool (*apply)(const struct rule *rule, enum op op, struct scalar *d,
		      const struct scalar *s);

	/* of an operation that each view computes for itself */
	struct tnum (*bits)(struct tnum a, struct tnum b);
	void (*full)(struct scalar *d, const struct scalar *s);
	void (*low)(struct scalar *d, const struct scalar *s);

	/* of a shift by a known count below the width */
	void (*shift)(struct scalar *d, u8 by, bool wide);

	u8 size;    /* of a sign-extending move or a byte swap */
	bool swaps; /* a byte swap that does not leave the order as it is */
};

static bool is_wide(enum op op)
{
	return op_info[op].size == 8;
}

/* The upper half is 0. */
static void clear_upper(struct scalar *d)
{
	d->bits = tnum_cast(d->bits, 4);
	set_unsigned64(d, d->umin32, d->umax32);
	if (d->smin32 >= 0 && d->smax32 >= 0)
		set_signed64(d, d->smin32, d->smax32);
	else
		set_signed64(d, 0, UINT32_MAX);
}

static bool finish(enum op op, struct scalar *d)
{
	if (!is_wide(op))
		clear_upper(d);
	scalar_sync(d);
	scalar_settle(d);
	return true;
}

static bool give_up(const struct rule *rule, enum op op, struct scalar *d,
		    const struct scalar *s)
{
	*d = scalar_unknown;
	return false;
}

static bool fold(enum op op, struct scalar *d, u64 s)
{
	*d = scalar_const(insn_eval(op, d->bits.value, s));
	return true;
}

static bool compute(const struct rule *rule, enum op op, struct scalar *d,
		    const struct scalar *s)
{
	if (scalar_is_const(d) && scalar_is_const(s))
		return fold(op, d, s->bits.value);
	if (is_wide(op)) {
		d->bits = rule->bits(d->bits, s->bits);
		rule->full(d, s);
	} else {
		d->bits = rule->bits(tnum_cast(d->bits, 4), tnum_cast(s->bits, 4));
	}
	rule->low(d, s);
	return finish(op, d);
}

/* The whole value counts for the low half, too: range and bits may leave but one. */
static bool compute_bitwise(const struct rule *rule, enum op op, struct scalar *d,
			    const struct scalar *s)
{
	if (scalar_is_const(d) && scalar_is_const(s))
		return fold(op, d, s->bits.value);
	d->bits = rule->bits(d->bits, s->bits);
	rule->full(d, s);
	rule->low(d, s);
	if (!is_wide(op))
		scalar_narrow_by_bits(d);
	return finish(op, d);
}

static bool negate(const struct rule *rule, enum op op, struct scalar *d,
		   const struct scalar *s)
{
	struct scalar from = *d;

	*d = scalar_const(0);
	d->bits = tnum_sub(d->bits, from.bits);
	sub64(d, &from);
	sub32(d, &from);
	return finish(op, d);
}

static void shift_left(struct scalar *d, u8 by, bool wide)
{
	s32 min = d->smin32, max = d->smax32;

	lsh32(d, by);
	d->bits = tnum_lshift(d->bits, by);
	if (!wide)
		return;
	lsh64(d, by);
	/* compilers extend the sign by shifting to the left and back */
	if (by == 32)
		set_signed64(d, min * (1LL << 32), max * (1LL << 32));
}

static void shift_right(struct scalar *d, u8 by, bool wide)
{
	if (wide) {
		rsh64(d, by);
		forget32(d);
	} else {
		rsh32(d, by);
		d->bits = tnum_cast(d->bits, 4);
	}
	d->bits = tnum_rshift(d->bits, by);
}

static void shift_signed(struct scalar *d, u8 by, bool wide)
{
	if (wide) {
		arsh64(d, by);
		forget32(d);
	} else {
		arsh32(d, by);
	}
	d->bits = tnum_arshift(d->bits, by, wide ? 64 : 32);
}

/* Nothing is known for a count that is not, or that is masked at run time. */
static bool shift(const struct rule *rule, enum op op, struct scalar *d,
		  const struct scalar *s)
{
	bool wide = is_wide(op), known;

	if (wide)
		known = scalar_is_const(s) && s->umin == s->umax && s->umax < 64;
	else
		known = scalar_is_const32(s) && s->umin32 == s->umax32 && s->umax < 32;
	if (!known)
		return give_up(rule, op, d, s);
	if (scalar_is_const(d))
		return fold(op, d, s->umin32);
	rule->shift(d, (u8)s->umin32, wide);
	if (!wide) {
		d->bits = tnum_cast(d->bits, 4);
		narrow_by_bits32(d);
	}
	return finish(op, d);
}

static bool move(const struct rule *rule, enum op op, struct scalar *d,
		 const struct scalar *s)
{
	*d = *s;
	return is_wide(op) || finish(op, d);
}

static bool move_signed(const struct rule *rule, enum op op, struct scalar *d,
			const struct scalar *s)
{
	*d = *s;
	if (is_wide(op)) {
		scalar_sign_extend(d, rule->size);
		return true;
	}
	scalar_sign_extend32(d, rule->size);
	return finish(op, d);
}

static bool swap(const struct rule *rule, enum op op, struct scalar *d,
		 const struct scalar *s)
{
	if (rule->swaps) {
		d->bits = tnum_bswap(d->bits, rule->size);
		forget64(d);
		forget32(d);
	}
	if (rule->size < 8)
		scalar_zero_extend(d, rule->size);
	scalar_sync(d);
	scalar_settle(d);
	return true;
}

/* ---- the table ---- */

/* clang-format off */

enum row {
#define ALU(name, ...) row_##name,
#define SWAP(name, ...) row_##name,
#include "insn.def"
};

static const u8 row_of[op_count] = {
#define ALU(name, ...) \
	[op_##name##64k] = row_##name, [op_##name##64x] = row_##name, \
	[op_##name##32k] = row_##name, [op_##name##32x] = row_##name,
#define SWAP(name, ...) [op_##name] = row_##name,
#include "insn.def"
};

#define VIEWS(name) .bits = tnum_##name, .full = name##64, .low = name##32

/* A row for each ALU row of insn.def; byte swaps follow from theirs. */
static const struct rule rules[] = {
	[row_add]     = {.apply = compute, VIEWS(add)},
	[row_sub]     = {.apply = compute, VIEWS(sub)},
	[row_mul]     = {.apply = compute, VIEWS(mul)},
	[row_or]      = {.apply = compute_bitwise, VIEWS(or)},
	[row_and]     = {.apply = compute_bitwise, VIEWS(and)},
	[row_xor]     = {.apply = compute_bitwise, VIEWS(xor)},
	[row_neg]     = {.apply = negate},
	[row_lsh]     = {.apply = shift, .shift = shift_left},
	[row_rsh]     = {.apply = shift, .shift = shift_right},
	[row_arsh]    = {.apply = shift, .shift = shift_signed},
	[row_mov]     = {.apply = move},
	[row_movsx8]  = {.apply = move_signed, .size = 1},
	[row_movsx16] = {.apply = move_signed, .size = 2},
	[row_movsx32] = {.apply = move_signed, .size = 4},
	[row_div]     = {.apply = give_up},
	[row_sdiv]    = {.apply = give_up},
	[row_mod]     = {.apply = give_up},
	[row_smod]    = {.apply = give_up},
#define SWAP(name, opcode, bits, ...) \
	[row_##name] = {.apply = swap, .size = bits / 8, .swaps = opcode != 0xd4},
#include "insn.def"
};

/* clang-format on */

bool scalar_alu(enum op op, struct scalar *d, const struct scalar *s)
{
	const struct rule *rule = &rules[row_of[op]];
	struct scalar copy;

	if (d == s) { /* rules read s while they write d */
		copy = *s;
		s = &copy;
	}
	return rule->apply(rule, op, d, s);
}

/* The low half becomes `value`; the rest is left as it is. */
static void set_low(struct scalar *d, u32 value)
{
	const u64 upper = ~(u64)UINT32_MAX;

	d->bits.value = (d->bits.value & upper) | value;
	d->bits.mask &= upper;
	set_signed32(d, (s32)value, (s32)value);
	set_unsigned32(d, value, value);
}

bool scalar_fork(enum op op, struct scalar *d, const struct scalar *s,
		 struct scalar *zero)
{
	if (rules[row_of[op]].apply != compute_bitwise || row_of[op] == row_xor ||
	    !scalar_is_const(s))
		return false;
	if (d->smin == -1 && d->smax == 0) {
		*zero = scalar_const(0);
		*d = scalar_const(UINT64_MAX);
		return true;
	}
	if (d->smin32 != -1 || d->smax32 != 0)
		return false;
	*zero = *d;
	set_low(zero, 0);
	set_low(d, UINT32_MAX);
	return true;
}
