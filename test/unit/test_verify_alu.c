/* What the verifier says of arithmetic and branches: verdict, message and count of each
 * program are the kernel's; and the whole log of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/isa.h>
#include <stdio.h>
#include "last_words.h"
#include "verify.h"

enum { ROOM = 64, LOG = 1 << 16 };
enum { SOCKET = SKEP_PROG_TYPE_SOCKET_FILTER, CLS = SKEP_PROG_TYPE_SCHED_CLS };

static const struct {
	u32 type;
	int err;
	u32 processed;
	const char *message, *text;
} cases[] = {
#define CASE(...) {__VA_ARGS__},
#include "verify_alu.def"
};

static const struct verify_map maps[] = {
	{.type = SKEP_MAP_TYPE_HASH,
	 .key_size = 4,
	 .value_size = 8,
	 .max_entries = 16,
	 .name = "hm"},
	{.type = SKEP_MAP_TYPE_ARRAY,
	 .key_size = 4,
	 .value_size = 48,
	 .max_entries = 1,
	 .name = "arr"},
};

static char text[LOG];

static int ask(const char *program, u32 type, u32 level, struct verify_result *result)
{
	static struct skep_insn code[ROOM];
	struct profile profile = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};
	struct skep_log log = {.buf = text, .size = LOG};
	int n = skep_asm(program, strlen(program), NULL, code, ROOM, NULL);
	struct verify_prog prog = {.type = type,
				   .gpl = true,
				   .code = code,
				   .n = (u32)n,
				   .maps = maps,
				   .nmaps = ARRAY_SIZE(maps)};

	assert_in_range(n, 1, ROOM);
	memset(result, 0, sizeof(*result));
	text[0] = '\0';
	return verify(&prog, &profile, level, &log, result);
}

static void test_cases(void **state)
{
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct verify_result result;
		int err = ask(cases[i].text, cases[i].type, 1, &result);
		const char *message = last_words(text);

		if (err == -cases[i].err && result.processed == cases[i].processed &&
		    (!cases[i].message || !strcmp(message, cases[i].message)))
			continue;
		wrong++;
		print_error("%s\t%d, %u processed: %s\n", cases[i].text, err,
			    result.processed, message);
	}
	assert_int_equal(wrong, 0);
}

/* As the kernel writes it, but for the address of the map. */
static void test_log(void **state)
{
	static const char program[] = "*(u32 *)(r10 -4) = 7\n"
				      "r2 = r10\n"
				      "r2 += -4\n"
				      "r1 = map[idx:0]\n"
				      "call bpf_map_lookup_elem\n"
				      "if r0 == 0 goto +4\n"
				      "r1 = *(u32 *)(r0 +4)\n"
				      "if r1 > 100 goto +2\n"
				      "w1 = -w1\n"
				      "*(u32 *)(r0 +0) = r1\n"
				      "r0 = 0\n"
				      "exit\n";
	static const char *const expected =
#include "verify_alu_log.inc"
		;
	struct verify_result result;

	assert_int_equal(ask(program, SOCKET, 2, &result), 0);
	assert_string_equal(text, expected);
}

/* Of accepted paths level 1 says nothing. */
static void test_log_level_1(void **state)
{
	struct verify_result result;

	assert_int_equal(
		ask("call bpf_get_prandom_u32\nif r0 > 5 goto +1\nr0 = 1\nexit\n", SOCKET,
		    1, &result),
		0);
	assert_string_equal(text,
			    "processed 5 insns (limit 1000000) max_states_per_insn 0 "
			    "total_states 0 peak_states 0 mark_read 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_level_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
