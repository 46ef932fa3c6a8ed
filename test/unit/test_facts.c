/* What compilers are told of programs, and what they must not be told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <skep/isa.h>
#include "facts.h"
#include "verify.h"

#define PRANDOM "call get_prandom_u32\n"
#define END	"r0 = 0\nexit\n"
#define LOOKUP \
	"r1 = map[idx:1]\nr2 = r10\nr2 += -4\n*(u32 *)(r2 +0) = 0\n" \
	"call map_lookup_elem\n"

static int ask(const char *text, u32 type, struct facts *f)
{
	static const struct verify_map maps[] = {
		{.type = SKEP_MAP_TYPE_HASH,
		 .key_size = 4,
		 .value_size = 8,
		 .max_entries = 4},
		{.type = SKEP_MAP_TYPE_HASH,
		 .key_size = 4,
		 .value_size = 16,
		 .max_entries = 4},
	};
	const struct profile profile = {.bpf = true, .perfmon = true, .admin = true};
	struct skep_insn code[256];
	char fault[512] = "";
	struct skep_log log = {.buf = fault, .size = sizeof(fault)};
	int n = skep_asm(text, strlen(text), NULL, code, 256, &log);
	const struct verify_prog prog = {.type = type,
					 .gpl = true,
					 .code = code,
					 .n = (u32)n,
					 .maps = maps,
					 .nmaps = ARRAY_SIZE(maps)};

	if (n < 0)
		fail_msg("%s", fault);
	return verify_facts(&prog, &profile, f);
}

static struct facts facts_of(const char *text)
{
	struct facts f;

	assert_int_equal(ask(text, SKEP_PROG_TYPE_SOCKET_FILTER, &f), 0);
	return f;
}

static void constants_are_known_before_and_after(void **state)
{
	struct facts f = facts_of("r6 = 5\nr7 = r6\nr7 += 2\nr0 = r7\nexit\n");

	assert_true(f.numbers);
	assert_true(fact_is_const(facts_after(&f, 0)));
	assert_int_equal(facts_after(&f, 0)->ones, 5);
	assert_int_equal(facts_before(&f, 1, 6)->ones, 5);
	assert_int_equal(facts_before(&f, 2, 7)->ones, 5);
	assert_int_equal(facts_after(&f, 2)->ones, 7);
	assert_int_equal(facts_before(&f, 4, 0)->ones, 7);
	/* it is not read there */
	assert_null(facts_before(&f, 2, 6));
	facts_free(&f);
}

/* The kernel's verification, and ours, ends the second path at the store: r6 decided
 * nothing, so that its 7 is never seen there. */
static void a_number_of_a_path_that_was_given_up_counts(void **state)
{
	struct facts f = facts_of(PRANDOM "r6 = 5\nif r0 == 0 goto l\nr6 = 7\n"
					  "r1 = 0\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\nl:\n"
					  "*(u64 *)(r10 -8) = r6\n" END);
	const struct fact *x = facts_before(&f, 9, 6);

	assert_int_equal(x->kind, fact_number);
	assert_int_equal(x->umin, 5);
	assert_int_equal(x->umax, 7);
	assert_int_equal(x->smin, 5);
	assert_int_equal(x->unknown, 2);
	assert_int_equal(facts_branch(&f, 2), -1);
	facts_free(&f);
}

static void ranges_follow_the_checks(void **state)
{
	struct facts f =
		facts_of(PRANDOM "if r0 > 63 goto l\nr1 = r0\nr1 <<= 3\nl:\n" END);

	assert_true(facts_before(&f, 1, 0)->umax == UINT64_MAX);
	assert_int_equal(facts_before(&f, 2, 0)->umax, 63);
	assert_int_equal(facts_after(&f, 3)->umax, 63 * 8);
	assert_int_equal(facts_after(&f, 3)->unknown, 63 * 8);
	facts_free(&f);
}

static void dead_code_and_branches(void **state)
{
	struct facts f = facts_of("r6 = 5\nif r6 > 7 goto l\nif r6 > 3 goto m\nr7 = 1\n"
				  "m:\n" END "l:\nr0 = 1\nexit\n");

	assert_int_equal(facts_branch(&f, 1), 0);
	assert_int_equal(facts_branch(&f, 2), 1);
	assert_true(facts_is_dead(&f, 3));
	assert_false(facts_is_dead(&f, 4));
	assert_true(facts_is_dead(&f, 6));
	assert_null(facts_after(&f, 3));
	facts_free(&f);
}

static void pointers_have_kind_map_and_offset(void **state)
{
	struct facts f =
		facts_of(LOOKUP "if r0 == 0 goto l\nr6 = *(u64 *)(r0 +8)\nl:\n" END);
	const struct fact *x;

	x = facts_before(&f, 5, 1); /* of the call */
	assert_int_equal(x->kind, fact_map);
	assert_int_equal(x->map, 1);
	x = facts_before(&f, 5, 2);
	assert_int_equal(x->kind, fact_stack);
	assert_int_equal(x->up, 0);
	assert_int_equal(x->smin, -4);
	assert_int_equal(x->smax, -4);
	x = facts_before(&f, 6, 0);
	assert_int_equal(x->kind, fact_map_value);
	assert_true(x->maybe_null);
	x = facts_before(&f, 7, 0);
	assert_int_equal(x->map, 1);
	assert_false(x->maybe_null);
	assert_false(x->unknown);
	assert_int_equal(facts_before(&f, 7, 0)->ones, 0);
	facts_free(&f);
}

static void what_differs_by_path_is_not_said(void **state)
{
	struct facts f =
		facts_of("r6 = r1\n" PRANDOM
			 "r7 = map[idx:0]\nif r0 == 0 goto l\nr7 = map[idx:1]\n"
			 "l:\nr1 = r7\nif r0 == 1 goto m\nr6 = 1\nm:\nr2 = r6\n" END);
	const struct fact *x = facts_before(&f, 7, 7);

	assert_int_equal(x->kind, fact_map);
	assert_int_equal(x->map, FACT_NO_MAP);
	assert_int_equal(facts_before(&f, 0, 1)->kind, fact_ctx);
	assert_null(facts_before(&f, 10, 6)); /* the context, or 1 */
	facts_free(&f);
}

/* A function's facts are those of all of its calls. */
static void functions_join_their_calls(void **state)
{
	struct facts f = facts_of("r1 = 3\ncall local f\nr1 = 9\ncall local f\n" END
				  "f:\nr0 = r1\nr2 = r10\n*(u64 *)(r2 -8) = r0\nexit\n");

	assert_int_equal(facts_before(&f, 6, 1)->umin, 3);
	assert_int_equal(facts_before(&f, 6, 1)->umax, 9);
	assert_int_equal(facts_before(&f, 8, 2)->kind, fact_stack);
	assert_int_equal(facts_before(&f, 8, 2)->up, 0);
	facts_free(&f);
}

/* With all numbers precise each of the 2^20 sums is a state of its own: too many. The
 * kinds of pointers stay, and no number is claimed. */
static void without_numbers_there_are_kinds(void **state)
{
	char text[4096] = "r7 = r1\nr6 = 0\n";
	struct facts f;
	u32 load;

	for (u32 i = 0; i < 20; i++)
		sprintf(text + strlen(text),
			PRANDOM "if r0 == 0 goto l%u\nr6 += %u\nl%u:\n", i, 1u << i, i);
	strcat(text, "r2 = r6\nr2 = *(u32 *)(r7 +0)\n" END);
	f = facts_of(text);
	load = f.n - 3;
	assert_false(f.numbers);
	assert_int_equal(facts_before(&f, load, 7)->kind, fact_ctx);
	assert_true(facts_before(&f, load, 7)->unknown == UINT64_MAX);
	assert_int_equal(facts_before(&f, load - 1, 6)->kind, fact_number);
	assert_true(facts_before(&f, load - 1, 6)->unknown == UINT64_MAX);
	assert_true(facts_after(&f, 1)->unknown == UINT64_MAX);
	facts_free(&f);
}

static void a_refused_program_has_none(void **state)
{
	struct facts f;

	assert_int_equal(ask("r0 = r9\nexit\n", SKEP_PROG_TYPE_XDP, &f), -EACCES);
	assert_null(f.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_are_known_before_and_after),
		cmocka_unit_test(a_number_of_a_path_that_was_given_up_counts),
		cmocka_unit_test(ranges_follow_the_checks),
		cmocka_unit_test(dead_code_and_branches),
		cmocka_unit_test(pointers_have_kind_map_and_offset),
		cmocka_unit_test(what_differs_by_path_is_not_said),
		cmocka_unit_test(functions_join_their_calls),
		cmocka_unit_test(without_numbers_there_are_kinds),
		cmocka_unit_test(a_refused_program_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
