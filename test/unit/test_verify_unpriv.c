/* What the verifier says of programs whose owners lack capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "last_words.h"
#include "verify.h"
#include "verify_unpriv.h"

enum { ROOM = 128, LOG = 1 << 16 };

static char text[LOG];

static int ask(const struct unpriv_case *c, u32 level, struct verify_result *result)
{
	static struct verify_map maps[ARRAY_SIZE(unpriv_maps)];
	static struct skep_insn code[ROOM];
	const bool bpf = c->who == WITH_BPF;
	struct profile profile = {.bpf = bpf, .net_admin = bpf};
	struct skep_log log = {.buf = text, .size = LOG};
	int n = skep_asm(c->text, strlen(c->text), NULL, code, ROOM, NULL);
	struct verify_prog prog = {.type = c->type,
				   .flags = c->flags,
				   .gpl = true,
				   .code = code,
				   .n = (u32)n,
				   .maps = maps,
				   .nmaps = ARRAY_SIZE(maps)};

	assert_in_range(n, 1, ROOM);
	for (u32 i = 0; i < ARRAY_SIZE(maps); i++)
		maps[i] = (struct verify_map){.type = unpriv_maps[i].type,
					      .key_size = unpriv_maps[i].key_size,
					      .value_size = unpriv_maps[i].value_size,
					      .max_entries = unpriv_maps[i].max_entries};
	memset(result, 0, sizeof(*result));
	text[0] = '\0';
	return verify(&prog, &profile, level, &log, result);
}

static void test_cases(void **state)
{
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(unpriv_cases); i++) {
		const struct unpriv_case *c = &unpriv_cases[i];
		struct verify_result result;
		int err = -ask(c, 1, &result);
		const char *message = err ? last_words(text) : "";

		if (err == c->err && result.processed == c->processed &&
		    !strcmp(message, c->message ? c->message : ""))
			continue;
		wrong++;
		print_message("CASE %u %d %u %s\n", i, err, result.processed, message);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
