/* scalar_branch.c - conditional jumps: whether they are taken, and what follows */
#include "scalar_views.h"

/* A relation between two numbers, in both widths: whether it holds (1 always, 0 never, -1
 * it depends), and what both are if it does. */
struct relation {
	int (*decide[2])(const struct scalar *a, const struct scalar *b);
	void (*assume[2])(struct scalar *a, struct scalar *b);
};

static struct tnum low(const struct scalar *s)
{
	return tnum_cast(s->bits, 4);
}

static void set_low(struct scalar *s, struct tnum bits)
{
	const u64 upper = ~(u64)UINT32_MAX;

	s->bits.value = (s->bits.value & upper) | (u32)bits.value;
	s->bits.mask = (s->bits.mask & upper) | (u32)bits.mask;
}

static int is_equal64(const struct scalar *a, const struct scalar *b)
{
	if (scalar_is_const(a) && scalar_is_const(b))
		return a->bits.value == b->bits.value;
	if (!tnum_overlaps(a->bits, b->bits) || !ranges_meet64(a, b) ||
	    !ranges_meet32(a, b))
		return 0;
	return -1;
}

static int is_equal32(const struct scalar *a, const struct scalar *b)
{
	if (scalar_is_const32(a) && scalar_is_const32(b))
		return (u32)a->bits.value == (u32)b->bits.value;
	return tnum_overlaps(low(a), low(b)) && ranges_meet32(a, b) ? -1 : 0;
}

static int not(int decided)
{
	return decided < 0 ? decided : !decided;
}

static int is_unequal64(const struct scalar *a, const struct scalar *b)
{
	return not(is_equal64(a, b));
}

static int is_unequal32(const struct scalar *a, const struct scalar *b)
{
	return not(is_equal32(a, b));
}

/* Whether a has a bit of the number `mask`. */
static int has_bits(struct tnum a, u64 mask)
{
	return a.value & mask ? 1 : (a.value | a.mask) & mask ? -1 : 0;
}

static int share64(const struct scalar *a, const struct scalar *b)
{
	if (scalar_is_const(b))
		return has_bits(a->bits, b->bits.value);
	return scalar_is_const(a) ? has_bits(b->bits, a->bits.value) : -1;
}

static int share32(const struct scalar *a, const struct scalar *b)
{
	if (scalar_is_const32(b))
		return has_bits(low(a), (u32)b->bits.value);
	return scalar_is_const32(a) ? has_bits(low(b), (u32)a->bits.value) : -1;
}

static void equal64(struct scalar *a, struct scalar *b)
{
	share_range64(a, b);
	a->bits = b->bits = tnum_intersect(a->bits, b->bits);
}

static void equal32(struct scalar *a, struct scalar *b)
{
	struct tnum both = tnum_intersect(low(a), low(b));

	share_range32(a, b);
	set_low(a, both);
	set_low(b, both);
}

static void unequal64(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const(b))
		exclude64(a, b->bits.value);
	else if (scalar_is_const(a))
		exclude64(b, a->bits.value);
}

static void unequal32(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const32(b))
		exclude32(a, (u32)b->bits.value);
	else if (scalar_is_const32(a))
		exclude32(b, (u32)a->bits.value);
}

/* One bit of a number is set: which one is known if the other number has but one. */
static void set_bit64(struct scalar *s, u64 mask)
{
	if (is_pow2(mask))
		s->bits = tnum_or(s->bits, tnum_const(mask));
}

static void set_bit32(struct scalar *s, u32 mask)
{
	if (is_pow2(mask))
		set_low(s, tnum_or(low(s), tnum_const(mask)));
}

static void sharing64(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const(b))
		set_bit64(a, b->bits.value);
	else if (scalar_is_const(a))
		set_bit64(b, a->bits.value);
}

static void sharing32(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const32(b))
		set_bit32(a, (u32)b->bits.value);
	else if (scalar_is_const32(a))
		set_bit32(b, (u32)a->bits.value);
}

/* The kernel forgets the ranges, which might contradict the bits on a dead branch. */
static void clear_bits(struct scalar *s, u64 mask)
{
	forget64(s);
	forget32(s);
	s->bits = tnum_and(s->bits, tnum_const(~mask));
}

static void disjoint64(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const(b))
		clear_bits(a, b->bits.value);
	else if (scalar_is_const(a))
		clear_bits(b, a->bits.value);
}

static void disjoint32(struct scalar *a, struct scalar *b)
{
	if (scalar_is_const32(b))
		clear_bits(a, (u32)b->bits.value);
	else if (scalar_is_const32(a))
		clear_bits(b, (u32)a->bits.value);
}

/* clang-format off */

enum relation_name { EQ, NE, SET, CLEAR, LT, LE, SLT, SLE };

#define BOTH(name) {name##32, name##64}
static const struct relation relations[] = {
	[EQ]    = {BOTH(is_equal),       BOTH(equal)},
	[NE]    = {BOTH(is_unequal),     BOTH(unequal)},
	[SET]   = {BOTH(share),          BOTH(sharing)},
	[CLEAR] = {{NULL},               BOTH(disjoint)},
	[LT]    = {BOTH(is_below),       BOTH(below)},
	[LE]    = {BOTH(is_not_above),   BOTH(not_above)},
	[SLT]   = {BOTH(is_less),        BOTH(less)},
	[SLE]   = {BOTH(is_not_greater), BOTH(not_greater)},
};

/* What holds where the jump is taken and where it is not; `swap`: between s and d. */
struct condition {
	struct {
		u8 relation;
		bool swap;
	} side[2];
};

enum row {
#define JMP(name, ...) row_##name,
#include "insn.def"
};

static const u8 row_of[op_count] = {
#define JMP(name, ...) \
	[op_##name##64k] = row_##name, [op_##name##64x] = row_##name, \
	[op_##name##32k] = row_##name, [op_##name##32x] = row_##name,
#include "insn.def"
};

static const struct condition conditions[] = {
	/*               not taken      taken */
	[row_jeq]  = {{{NE,    false}, {EQ,  false}}},
	[row_jne]  = {{{EQ,    false}, {NE,  false}}},
	[row_jset] = {{{CLEAR, false}, {SET, false}}},
	[row_jgt]  = {{{LE,    false}, {LT,  true}}},
	[row_jge]  = {{{LT,    false}, {LE,  true}}},
	[row_jlt]  = {{{LE,    true},  {LT,  false}}},
	[row_jle]  = {{{LT,    true},  {LE,  false}}},
	[row_jsgt] = {{{SLE,   false}, {SLT, true}}},
	[row_jsge] = {{{SLT,   false}, {SLE, true}}},
	[row_jslt] = {{{SLE,   true},  {SLT, false}}},
	[row_jsle] = {{{SLT,   true},  {SLE, false}}},
};

/* clang-format on */

int scalar_branch(enum op op, const struct scalar *d, const struct scalar *s)
{
	const struct condition *cond = &conditions[row_of[op]];
	const struct relation *rel = &relations[cond->side[1].relation];
	bool wide = op_info[op].size == 8;

	return cond->side[1].swap ? rel->decide[wide](s, d) : rel->decide[wide](d, s);
}

bool scalar_refine(enum op op, bool taken, struct scalar *d, struct scalar *s)
{
	const struct condition *cond = &conditions[row_of[op]];
	const struct relation *rel = &relations[cond->side[taken].relation];
	bool wide = op_info[op].size == 8, possible;

	if (cond->side[taken].swap)
		rel->assume[wide](s, d);
	else
		rel->assume[wide](d, s);
	scalar_sync(d);
	if (op_info[op].is_imm)
		return scalar_settle(d);
	scalar_sync(s); /* of the same register too, as the kernel does it */
	possible = scalar_settle(d);
	return scalar_settle(s) && possible;
}
