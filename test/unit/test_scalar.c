/* The scalar domain is sound: no number that can occur is outside of what is known.
 *
 * Small sets of numbers, 5 bits wide, are laid at several places of the 64-bit line
 * (across 0, across the signs and the word boundary): every range and every tristate
 * number of that width is an operand. Whether all results of a pair of ranges are in the
 * abstract result is asked of their hull, view by view, and hulls of rectangles grow from
 * those of smaller ones, so that exhaustive stays cheap. Chains of random operations on
 * random 64-bit numbers follow. `test_scalar long` does more of both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "random_number.h"
#include "scalar.h"

static bool at_length;

/* The least scalar that holds some numbers, no view sharpened by another. */
struct hull {
	struct scalar s;
	u64 ones, zeros; /* bits that all numbers have set, clear */
	bool any;
};

static struct scalar hull_scalar(const struct hull *h)
{
	struct scalar s = h->s;

	s.bits = (struct tnum){h->ones, ~(h->ones | h->zeros)};
	return s;
}

static void hull_join(struct hull *h, const struct hull *other)
{
	const struct scalar *o = &other->s;

	if (!other->any)
		return;
	if (!h->any) {
		*h = *other;
		return;
	}
	h->s.umin = MIN(h->s.umin, o->umin);
	h->s.umax = MAX(h->s.umax, o->umax);
	h->s.smin = MIN(h->s.smin, o->smin);
	h->s.smax = MAX(h->s.smax, o->smax);
	h->s.umin32 = MIN(h->s.umin32, o->umin32);
	h->s.umax32 = MAX(h->s.umax32, o->umax32);
	h->s.smin32 = MIN(h->s.smin32, o->smin32);
	h->s.smax32 = MAX(h->s.smax32, o->smax32);
	h->ones &= other->ones;
	h->zeros &= other->zeros;
}

static struct hull hull_of(u64 v)
{
	return (struct hull){.s = scalar_const(v), .ones = v, .zeros = ~v, .any = true};
}

static bool holds(const struct scalar *s, u64 v)
{
	struct scalar k = scalar_const(v);

	return scalar_within(s, &k);
}

static bool is_alu(u32 op)
{
	u8 class = op_info[op].class;

	return op_info[op].legal && (class == class_alu || class == class_swap);
}

static bool is_unary(u32 op)
{
	return !(op_info[op].fields & (field_src | field_imm));
}

static bool is_jmp(u32 op)
{
	return op_info[op].legal && op_info[op].class == class_jmp;
}

/* ---- tristate numbers ---- */

enum { BITS = 5, SIZE = 1 << BITS };

struct tnum_row {
	enum op op;
	struct tnum (*fn)(struct tnum a, struct tnum b);
	bool exact; /* the result holds no more bits than it must */
};

static const struct tnum_row tnum_rows[] = {
	{op_add64x, tnum_add, true}, {op_sub64x, tnum_sub, true},
	{op_and64x, tnum_and, true}, {op_or64x, tnum_or, true},
	{op_xor64x, tnum_xor, true}, {op_mul64x, tnum_mul, false},
};

static void check_tnum(const struct tnum_row *row, struct tnum a, struct tnum b)
{
	struct tnum got = row->fn(a, b), least;
	struct hull all = {0};

	for (u64 i = a.mask;; i = (i - 1) & a.mask) {
		for (u64 j = b.mask;; j = (j - 1) & b.mask) {
			u64 v = insn_eval(row->op, a.value | i, b.value | j);
			struct hull one = hull_of(v);

			if (!tnum_in(got, tnum_const(v)))
				fail_msg("%s: %#lx is not in it", op_info[row->op].name,
					 (long)v);
			hull_join(&all, &one);
			if (!j)
				break;
		}
		if (!i)
			break;
	}
	least = hull_scalar(&all).bits;
	if (row->exact && memcmp(&least, &got, sizeof(got)))
		fail_msg("%s is not exact", op_info[row->op].name);
}

/* The next pair of a value and a mask that do not overlap. */
static bool next_tnum(struct tnum *t)
{
	do {
		if (++t->value == SIZE) {
			t->value = 0;
			t->mask++;
		}
	} while (t->value & t->mask);
	return t->mask < SIZE;
}

static void tnums_hold_all_results(void **state)
{
	for (u32 row = 0; row < ARRAY_SIZE(tnum_rows); row++)
		for (struct tnum a = {0, 0}; a.mask < SIZE; next_tnum(&a))
			for (struct tnum b = {0, 0}; b.mask < SIZE; next_tnum(&b))
				check_tnum(&tnum_rows[row], a, b);
}

static void tnums_compare(void **state)
{
	for (struct tnum a = {0, 0}; a.mask < SIZE; next_tnum(&a)) {
		for (struct tnum b = {0, 0}; b.mask < SIZE; next_tnum(&b)) {
			bool in = true, meet = false;

			for (u64 v = 0; v < SIZE; v++) {
				bool in_a = (v & ~a.mask) == a.value;
				bool in_b = (v & ~b.mask) == b.value;

				in &= in_a || !in_b;
				meet |= in_a && in_b;
			}
			assert_int_equal(tnum_in(a, b), in);
			assert_int_equal(tnum_overlaps(a, b), meet);
		}
	}
}

static void tnums_have_a_next(void **state)
{
	for (struct tnum a = {0, 0}; a.mask < SIZE; next_tnum(&a)) {
		for (u64 n = 0; n < SIZE; n++) {
			u64 next = n + 1, most = a.value | a.mask;

			while (next < most && (next & ~a.mask) != a.value)
				next++;
			assert_int_equal(tnum_next(a, n), n < most ? next : most);
		}
	}
}

/* ---- every pair of ranges ---- */

/* Ranges of the `na` numbers from `a` on and of the `nb` from `b` on. */
struct square {
	u64 a, b;
	u32 na, nb;
};

/* Where on the line: across 0, across both signs, across the end of a word. */
static const u64 places[] = {
	0,
	0 - (u64)SIZE / 2,
	((u64)1 << 31) - SIZE / 2,
	((u64)1 << 32) - SIZE / 2,
	((u64)1 << 63) - SIZE / 2,
};

/* hulls[hi]: of numbers lo to hi; what is known of such a range. */
static void range_scalars(u64 base, u32 lo, u32 size, struct scalar *out)
{
	struct hull h = {0};

	for (u32 hi = lo; hi < size; hi++) {
		struct hull one = hull_of(base + hi);

		hull_join(&h, &one);
		out[hi] = hull_scalar(&h);
		scalar_sync(&out[hi]);
	}
}

static void check_result(enum op op, const struct scalar *a, const struct scalar *b,
			 const struct hull *results)
{
	struct scalar got = *a, want = hull_scalar(results);

	scalar_alu(op, &got, b);
	if (!scalar_within(&got, &want))
		fail_msg("%s: %#lx..%#lx by %#lx..%#lx: not %#lx..%#lx", op_info[op].name,
			 (long)a->umin, (long)a->umax, (long)b->umin, (long)b->umax,
			 (long)want.umin, (long)want.umax);
}

/* For all ranges of the second operand that begin at lo_b: rows[hi_b] is the hull of the
 * results so far, and grows by one number of the first operand. */
static void check_alu(enum op op, const struct square *q, u32 lo_a, u32 lo_b)
{
	struct scalar as[SIZE], bs[SIZE];
	struct hull rows[SIZE] = {0};

	range_scalars(q->a, lo_a, q->na, as);
	range_scalars(q->b, lo_b, q->nb, bs);
	for (u32 hi_a = lo_a; hi_a < q->na; hi_a++) {
		struct hull row = {0};

		for (u32 hi_b = lo_b; hi_b < q->nb; hi_b++) {
			struct hull one =
				hull_of(insn_eval(op, q->a + hi_a, q->b + hi_b));

			hull_join(&row, &one);
			hull_join(&rows[hi_b], &row);
			check_result(op, &as[hi_a], &bs[hi_b], &rows[hi_b]);
		}
	}
}

static void each_square(void (*check)(enum op, const struct square *, u32, u32),
			enum op op)
{
	for (u32 i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(places); i++) {
		u32 a = i % ARRAY_SIZE(places), b = i / ARRAY_SIZE(places);
		bool whole = at_length || (a == b && a < 2);
		u32 cut = whole ? 0 : SIZE * 3 / 8;
		u32 n = SIZE - 2 * cut;
		struct square q = {places[a] + cut, places[b] + cut, n,
				   is_unary(op) ? 1 : n};

		for (u32 lo_a = 0; lo_a < q.na; lo_a++)
			for (u32 lo_b = 0; lo_b < q.nb; lo_b++)
				check(op, &q, lo_a, lo_b);
	}
}

static void ranges_hold_all_results(void **state)
{
	for (u32 op = 1; op < op_count; op++)
		if (is_alu(op) && (is_unary(op) || !op_info[op].is_imm))
			each_square(check_alu, (enum op)op);
}

/* What the numbers of both operands are where the condition has one outcome. */
struct sides {
	struct hull a, b;
};

static void sides_join(struct sides *s, const struct sides *other)
{
	hull_join(&s->a, &other->a);
	hull_join(&s->b, &other->b);
}

static void check_side(enum op op, bool taken, const struct scalar *a,
		       const struct scalar *b, const struct sides *are)
{
	int decided = scalar_branch(op, a, b);
	struct scalar x = *a, y = *b, want_x, want_y;

	if (!are->a.any)
		return;
	want_x = hull_scalar(&are->a);
	want_y = hull_scalar(&are->b);
	scalar_refine(op, taken, &x, &y);
	if (decided == !taken || !scalar_within(&x, &want_x) ||
	    !scalar_within(&y, &want_y))
		fail_msg("%s: %#lx..%#lx by %#lx..%#lx, taken %d, decided %d",
			 op_info[op].name, (long)a->umin, (long)a->umax, (long)b->umin,
			 (long)b->umax, taken, decided);
}

static void check_jmp(enum op op, const struct square *q, u32 lo_a, u32 lo_b)
{
	struct scalar as[SIZE], bs[SIZE];
	struct sides rows[SIZE][2] = {0};

	range_scalars(q->a, lo_a, q->na, as);
	range_scalars(q->b, lo_b, q->nb, bs);
	for (u32 hi_a = lo_a; hi_a < q->na; hi_a++) {
		struct sides row[2] = {0};

		for (u32 hi_b = lo_b; hi_b < q->nb; hi_b++) {
			u64 x = q->a + hi_a, y = q->b + hi_b;
			struct sides one = {hull_of(x), hull_of(y)};

			sides_join(&row[insn_eval(op, x, y)], &one);
			for (int taken = 0; taken < 2; taken++) {
				sides_join(&rows[hi_b][taken], &row[taken]);
				check_side(op, taken, &as[hi_a], &bs[hi_b],
					   &rows[hi_b][taken]);
			}
		}
	}
}

static void conditions_keep_what_meets_them(void **state)
{
	for (u32 op = 1; op < op_count; op++)
		if (is_jmp(op) && !op_info[op].is_imm)
			each_square(check_jmp, (enum op)op);
}

/* ---- no sharper and no blunter than the kernel ---- */

struct step {
	enum op op;
	s64 imm;
	bool taken;
};

/* What happens to an unknown number, and what Linux 6.18.44 then prints. The judge
 * diff_scalar asks for thousands of times more, where there is a kernel to ask. */
struct printed {
	struct step steps[4];
	struct scalar is;
};

/* clang-format off */
static const struct printed printed[] = {
	{{{op_and64k, 255, false}, {op_neg64k, 0, false}},
	 {{0, UINT64_MAX}, 0, UINT64_MAX, -255, 0, 0, UINT32_MAX, -255, 0}},
	{{{op_jgt64k, 100, false}, {op_mul64k, 7, false}, {op_add64k, -50, false}},
	 {{0, UINT64_MAX}, 0, UINT64_MAX, -50, 650, 0, UINT32_MAX, -50, 650}},
	{{{op_jslt64k, -5, false}, {op_jsgt64k, 10, false}, {op_lsh64k, 32, false}, {op_arsh64k, 32, false}},
	 {{0, UINT64_MAX}, 0, UINT64_MAX, -5, 10, 0, UINT32_MAX, -5, 10}},
	{{{op_jslt64k, -5, false}, {op_jsgt64k, 10, false}, {op_add32k, 3, false}},
	 {{0, UINT32_MAX}, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, -2, 13}},
	{{{op_jlt32k, 5, true}, {op_sub32k, 2, false}},
	 {{0, UINT32_MAX}, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, -2, 2}},
	{{{op_and64k, 255, false}, {op_or64k, 272, false}, {op_xor32k, 3, false}},
	 {{272, 239}, 272, 511, 272, 511, 272, 511, 272, 511}},
	{{{op_and64k, 1023, false}, {op_bswap16, 0, false}, {op_jset64k, 512, true}},
	 {{512, 0xfd03}, 512, 0xff03, 512, 0xff03, 512, 0xff03, 512, 0xff03}},
	{{{op_jset32k, 0xff00, false}, {op_rsh64k, 4, false}},
	 {{0, 0xffffffffffff00f}, 0, 0xffffffffffff00f, 0, 0xffffffffffff00f, 0, 0xfffff00f, INT32_MIN, 0x7ffff00f}},
	{{{op_rsh64k, 31, false}, {op_jge32k, -1, true}, {op_jeq64k, 0, false}},
	 {{UINT32_MAX, 0x100000000}, UINT32_MAX, 0x1ffffffff, UINT32_MAX, 0x1ffffffff, UINT32_MAX, UINT32_MAX, -1, -1}},
	{{{op_jsgt32k, -129, true}, {op_jslt32k, -7, true}, {op_movsx864x, 0, false}},
	 {{0, UINT64_MAX}, 0, UINT64_MAX, -128, 127, 0, UINT32_MAX, -128, 127}},
	{{{op_and64k, 4095, false}, {op_sub64k, 5, false}, {op_jne64k, -5, true}, {op_arsh32k, 3, false}},
	 {{0, UINT32_MAX}, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, -1, 511}},
	{{{op_rsh32k, 20, false}, {op_mul32k, -3, false}},
	 {{0, UINT32_MAX}, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, -0x2ffd, 0}},
	{{{op_jgt64k, -100, true}, {op_jne64k, -1, true}, {op_le32, 0, false}},
	 {{0xffffff80, 127}, 0xffffff9d, 0xfffffffe, 0xffffff9d, 0xfffffffe, 0xffffff9d, 0xfffffffe, -99, -2}},
	{{{op_jlt64k, 0x1e6e2ea, false}, {op_jlt32k, 100, true}, {op_lsh32k, 3, false}},
	 {{0, 1016}, 0, 792, 0, 792, 0, 792, 0, 792}},
};
/* clang-format on */

static struct scalar follow(const struct printed *row)
{
	struct scalar s = scalar_unknown;

	for (const struct step *step = row->steps; step->op; step++) {
		struct scalar k = scalar_const((u64)step->imm);

		if (is_alu(step->op))
			scalar_alu(step->op, &s, op_info[step->op].is_imm ? &k : &s);
		else
			scalar_refine(step->op, step->taken, &s, &k);
		if (step == &row->steps[3])
			break;
	}
	return s;
}

static void as_the_kernel_prints_it(void **state)
{
	for (u32 row = 0; row < ARRAY_SIZE(printed); row++) {
		struct scalar got = follow(&printed[row]);

		if (!scalar_equal(&got, &printed[row].is))
			fail_msg("row %u: u %#lx..%#lx, bits %#lx; %#lx", row,
				 (long)got.umin, (long)got.umax, (long)got.bits.value,
				 (long)got.bits.mask);
	}
}

/* ---- random chains ---- */

enum { REGS = 3, WORLDS = 12, CHAIN = 24 };

/* What is known of registers, and numbers that they may hold: in world w, r[i][w]. */
struct run {
	struct scalar regs[REGS];
	u64 r[REGS][WORLDS], seed;
	u32 worlds;
};

static void check_run(const struct run *run, const char *what, u64 seed)
{
	for (u32 i = 0; i < REGS; i++)
		for (u32 w = 0; w < run->worlds; w++)
			if (!holds(&run->regs[i], run->r[i][w]))
				fail_msg("seed %#lx: %s: %#lx is not in r%u", (long)seed,
					 what, (long)run->r[i][w], i);
}

static void start(struct run *run)
{
	run->worlds = WORLDS;
	for (u32 i = 0; i < REGS; i++) {
		run->regs[i] = scalar_unknown;
		for (u32 w = 0; w < WORLDS; w++)
			run->r[i][w] = rnd_number(&run->seed);
	}
}

static void step_alu(struct run *run, enum op op)
{
	u32 d = rnd(&run->seed) % REGS, s = rnd(&run->seed) % REGS;
	bool is_imm = op_info[op].is_imm;
	s64 imm = (s32)rnd_number(&run->seed);
	struct scalar k = scalar_const((u64)imm), zero;
	const struct scalar *second = is_imm ? &k : &run->regs[s];

	if (scalar_fork(op, &run->regs[d], second, &zero)) {
		/* goes on with one of both, like a jump */
		u32 n = 0, low = (u32)run->r[d][0];

		if (!low)
			run->regs[d] = zero;
		for (u32 w = 0; w < run->worlds; w++) {
			if ((u32)run->r[d][w] != low)
				continue;
			for (u32 i = 0; i < REGS; i++)
				run->r[i][n] = run->r[i][w];
			n++;
		}
		run->worlds = n;
	}
	for (u32 w = 0; w < run->worlds; w++)
		run->r[d][w] =
			insn_eval(op, run->r[d][w], is_imm ? (u64)imm : run->r[s][w]);
	scalar_alu(op, &run->regs[d], second);
}

/* Goes where world 0 goes; the worlds that go elsewhere end. */
static void step_jmp(struct run *run, enum op op)
{
	u32 d = rnd(&run->seed) % REGS, s = rnd(&run->seed) % REGS, n = 0;
	bool is_imm = op_info[op].is_imm, taken;
	s64 imm = (s32)rnd_number(&run->seed);
	struct scalar k = scalar_const((u64)imm);
	struct scalar *second = is_imm ? &k : &run->regs[s];
	int decided = scalar_branch(op, &run->regs[d], second);

	taken = insn_eval(op, run->r[d][0], is_imm ? (u64)imm : run->r[s][0]);
	assert_int_not_equal(decided, !taken);
	for (u32 w = 0; w < run->worlds; w++) {
		if (insn_eval(op, run->r[d][w], is_imm ? (u64)imm : run->r[s][w]) !=
		    taken) {
			assert_int_equal(decided, -1);
			continue;
		}
		for (u32 i = 0; i < REGS; i++)
			run->r[i][n] = run->r[i][w];
		n++;
	}
	run->worlds = n;
	assert_true(scalar_refine(op, taken, &run->regs[d], second));
}

static void step_extend(struct run *run)
{
	u32 d = rnd(&run->seed) % REGS, size = 1u << rnd(&run->seed) % 4,
	    up = 64 - 8 * size;
	bool is_signed = rnd(&run->seed) & 1;

	for (u32 w = 0; w < run->worlds; w++) {
		u64 v = run->r[d][w] << up;

		run->r[d][w] = is_signed ? (u64)((s64)v >> up) : v >> up;
	}
	if (is_signed)
		scalar_sign_extend(&run->regs[d], size);
	else
		scalar_zero_extend(&run->regs[d], size);
}

static void chain(struct run *run)
{
	u64 seed = run->seed;

	start(run);
	for (int i = 0; i < CHAIN; i++) {
		u32 op = rnd(&run->seed) % op_count;

		if (is_alu(op))
			step_alu(run, (enum op)op);
		else if (is_jmp(op))
			step_jmp(run, (enum op)op);
		else if (op % 16 == 0)
			step_extend(run);
		else
			continue;
		check_run(run, op_info[op].name, seed);
	}
}

static void random_numbers_stay_inside(void **state)
{
	struct run run = {.seed = 1};

	for (u32 i = 0; i < (at_length ? 3000000 : 30000); i++)
		chain(&run);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tnums_hold_all_results),
		cmocka_unit_test(tnums_compare),
		cmocka_unit_test(tnums_have_a_next),
		cmocka_unit_test(ranges_hold_all_results),
		cmocka_unit_test(conditions_keep_what_meets_them),
		cmocka_unit_test(as_the_kernel_prints_it),
		cmocka_unit_test(random_numbers_stay_inside),
	};

	at_length = argc > 1 && !strcmp(argv[1], "long");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
