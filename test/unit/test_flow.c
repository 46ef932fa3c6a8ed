/* What the verifier checks and marks before it walks paths, and how it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "reject.h"

static int refuse(struct pass *p, const struct reject *why, u32 n)
{
	struct refusal r = {0};

	if (pass_try(p))
		verify_refuse(p, &r, why, n, n);
	assert_ptr_equal(r.why, why);
	return pass_end(p);
}

static void a_row_is_said_and_remembered(void **state)
{
	static const struct reject loud = {"loud", "V000", EACCES, "insn %d of %u"};
	static const struct reject silent = {"silent", "V000", E2BIG, ""};
	char buf[64] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct pass p = {.log = &log}, quiet = {0};

	assert_int_equal(refuse(&p, &loud, 7), -EACCES);
	assert_string_equal(buf, "insn 7 of 7\n");
	assert_int_equal(refuse(&p, &silent, 7), -E2BIG);
	assert_string_equal(buf, "insn 7 of 7\n");
	assert_int_equal(refuse(&quiet, &loud, 7), -EACCES);
}

/* Codes are unique and stand in the range of their file. */
static void codes_are_unique(void **state)
{
	const char *names[500] = {0};

	for (const struct reject *const *at = reject_rows; *at; at++) {
		const struct reject *r = *at;
		char *end;
		unsigned long code = strtoul(r->code + 1, &end, 10);

		if (strlen(r->code) != 4 || r->code[0] != 'V' || *end || !code ||
		    code >= 500)
			fail_msg("%s: %s is no code", r->name, r->code);
		if (names[code])
			fail_msg("%s: %s is the code of %s", r->name, r->code,
				 names[code]);
		names[code] = r->name;
		assert_true(r->err > 0);
		assert_null(strchr(r->text, '\n') && !strchr(r->text, '\n')[1] ? r->text
									       : NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_said_and_remembered),
		cmocka_unit_test(codes_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
