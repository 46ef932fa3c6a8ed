#include "scalar_views.h"

const struct scalar scalar_unknown = {
	.bits = {0, UINT64_MAX},
	.umax = UINT64_MAX,
	.smin = INT64_MIN,
	.smax = INT64_MAX,
	.umax32 = UINT32_MAX,
	.smin32 = INT32_MIN,
	.smax32 = INT32_MAX,
};

/* What the range lo to hi says of the low half. If the upper half is the same at both
 * ends the low half lies between theirs; if it changes once on the way, the low half
 * starts below 0, as a signed number, and ends above. */
static void narrow_low(struct scalar *s, u64 lo, u64 hi, bool is_unsigned)
{
	u32 steps = (u32)(hi >> 32) - (u32)(lo >> 32);

	if (!steps) {
		if (is_unsigned || (u32)lo <= (u32)hi)
			narrow_unsigned32(s, (u32)lo, (u32)hi);
		if ((s32)lo <= (s32)hi)
			narrow_signed32(s, (s32)lo, (s32)hi);
	} else if (steps == 1 && (s32)lo < 0 && (s32)hi >= 0) {
		narrow_signed32(s, (s32)lo, (s32)hi);
	}
}

/* The low halves of the ends are in the range of the low half. */
static void narrow_by_low(struct scalar *s)
{
	const u64 upper = ~(u64)UINT32_MAX;

	narrow_unsigned64(s, (s->umin & upper) | s->umin32,
			  (s->umax & upper) | s->umax32);
	narrow_signed64(s, (s64)(((u64)s->smin & upper) | s->umin32),
			(s64)(((u64)s->smax & upper) | s->umax32));
	/* a sign-extended 32-bit number that is not negative in its low half */
	if (s->smin32 >= 0 && s->smin >= INT32_MIN && s->smax <= INT32_MAX) {
		set_signed64(s, s->smin32, s->smax32);
		set_unsigned64(s, (u64)s->smin32, (u64)s->smax32);
		s->bits = tnum_intersect(s->bits, tnum_range(s->umin, s->umax));
	}
}

static void narrow_ranges(struct scalar *s)
{
	narrow_low(s, s->umin, s->umax, true);
	narrow_low(s, (u64)s->smin, (u64)s->smax, false);
	narrow_by_sign32(s);
	narrow_by_sign64(s);
	narrow_by_low(s);
}

static void narrow_bits(struct scalar *s)
{
	struct tnum all = tnum_intersect(s->bits, tnum_range(s->umin, s->umax));
	struct tnum low =
		tnum_intersect(tnum_cast(all, 4), tnum_range(s->umin32, s->umax32));
	const u64 upper = ~(u64)UINT32_MAX;

	s->bits.value = (all.value & upper) | low.value;
	s->bits.mask = (all.mask & upper) | low.mask;
}

/* If the unsigned range and the bits have but one number in common, it is that. */
static void narrow_to_common(struct scalar *s)
{
	u64 next = tnum_next(s->bits, s->umin);

	if ((s->umin & ~s->bits.mask) == s->bits.value) {
		if (next > s->umax)
			*s = scalar_const(s->umin);
	} else if (next == (s->bits.value | s->bits.mask)) {
		*s = scalar_const(next);
	} else if (next <= s->umax && tnum_next(s->bits, next) > s->umax) {
		*s = scalar_const(next);
	}
}

void scalar_narrow_by_bits(struct scalar *s)
{
	narrow_by_bits32(s);
	narrow_by_bits64(s);
	narrow_to_common(s);
}

/* Whether the bits know the value and no range contradicts. */
static bool is_known(const struct scalar *s)
{
	u64 value = s->bits.value;

	return !s->bits.mask && s->umin <= value && value <= s->umax &&
	       s->smin <= (s64)value && (s64)value <= s->smax &&
	       s->umin32 <= (u32)value && (u32)value <= s->umax32 &&
	       s->smin32 <= (s32)value && (s32)value <= s->smax32;
}

/* Three rounds are what the kernel gives the ranges, whether they still move or not. */
void scalar_sync(struct scalar *s)
{
	struct scalar before;
	int round;

	if (is_known(s)) {
		*s = scalar_const(s->bits.value);
		return;
	}
	scalar_narrow_by_bits(s);
	for (round = 0; round < 3; round++) {
		before = *s;
		narrow_ranges(s);
		if (same_range64(s, &before) && same_range32(s, &before))
			break;
	}
	narrow_bits(s);
	if (round || !tnum_equal(s->bits, before.bits))
		scalar_narrow_by_bits(s);
}

bool scalar_is_broken(const struct scalar *s)
{
	return range_broken64(s) || range_broken32(s);
}

bool scalar_settle(struct scalar *s)
{
	if (likely(!scalar_is_broken(s)))
		return true;
	forget64(s);
	forget32(s);
	return false;
}

void scalar_zero_extend(struct scalar *s, u32 size)
{
	u64 kept;

	if (size >= 8)
		return;
	kept = ~(u64)0 >> (64 - 8 * size);
	s->bits = tnum_cast(s->bits, (u8)size);
	if ((s->umin & ~kept) == (s->umax & ~kept))
		set_unsigned64(s, s->umin & kept, s->umax & kept);
	else
		set_unsigned64(s, 0, kept);
	set_signed64(s, (s64)s->umin, (s64)s->umax);
	if (size < 4)
		forget32(s);
	scalar_sync(s);
}

/* The ends of a range whose values differ in their low `bits` bits alone, after these
 * were sign-extended: false if some become negative and some do not. */
static bool extend_ends(s64 *min, s64 *max, u32 bits)
{
	s64 a = (s64)((u64)*min << (64 - bits)) >> (64 - bits);
	s64 b = (s64)((u64)*max << (64 - bits)) >> (64 - bits);

	if ((u64)*min >> bits != (u64)*max >> bits || (a < 0) != (b < 0))
		return false;
	*min = MIN(a, b);
	*max = MAX(a, b);
	return true;
}

void scalar_sign_extend(struct scalar *s, u32 size)
{
	s64 min = s->smin, max = s->smax;

	if (size >= 8)
		return;
	if (scalar_is_const(s)) {
		min = max = (s64)s->bits.value;
		extend_ends(&min, &max, 8 * size);
		*s = scalar_const((u64)min);
	} else if (extend_ends(&min, &max, 8 * size)) {
		set_signed64(s, min, max);
		set_unsigned64(s, (u64)min, (u64)max);
		set_signed32(s, (s32)min, (s32)max);
		set_unsigned32(s, (u32)min, (u32)max);
		s->bits = tnum_range((u64)min, (u64)max);
	} else {
		*s = scalar_unknown;
		s->smin = s->smin32 = -(1LL << (8 * size - 1));
		s->smax = s->smax32 = (s32)~s->smin32;
	}
}

/* Of the low half, which scalar_alu() then zero-extends. */
void scalar_sign_extend32(struct scalar *s, u32 size)
{
	s64 min = s->smin32, max = s->smax32;

	if (scalar_is_const(s))
		min = max = (s32)s->bits.value;
	if (extend_ends(&min, &max, 8 * size)) {
		set_signed32(s, (s32)min, (s32)max);
		set_unsigned32(s, (u32)min, (u32)max);
		s->bits = tnum_range((u64)min, (u64)max);
	} else {
		set_signed32(s, -(1 << (8 * size - 1)), (1 << (8 * size - 1)) - 1);
		set_unsigned32(s, 0, UINT32_MAX);
		s->bits = scalar_unknown.bits;
	}
}

bool scalar_within(const struct scalar *of, const struct scalar *in)
{
	return range_within64(of, in) && range_within32(of, in) &&
	       tnum_in(of->bits, in->bits);
}

bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
	return !memcmp(a, b, sizeof(*a));
}
