/* The rule tables in themselves, and against what the engine says of its own helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "helper.h"
#include "rules.h"

#define LAST_HELPER SKEP_FUNC_cgrp_storage_delete

static bool is_mem(u32 arg)
{
	return (arg & take_kind) == take_mem && !(arg & take_fixed);
}

static bool is_size(u32 arg)
{
	return (arg & take_kind) == take_size || (arg & take_kind) == take_size0;
}

static void check_args(const struct helper_proto *p)
{
	for (u32 i = 0; i < 5; i++) {
		u32 arg = p->arg[i], next = i < 4 ? p->arg[i + 1] : take_none;

		if (is_mem(arg) != is_size(next) ||
		    !(arg & take_fixed) != !p->fixed_size[i])
			fail_msg("%s: argument %u", p->name, i + 1);
		if (arg == take_none && next != take_none)
			fail_msg("%s: a hole at argument %u", p->name, i + 1);
	}
}

static void test_rows_are_whole(void **state)
{
	assert_null(rules_helper(0));
	assert_null(rules_helper(LAST_HELPER + 1));
	assert_null(rules_helper(~0u));
	for (u32 id = 1; id <= LAST_HELPER; id++) {
		const struct helper_proto *p = rules_helper(id);

		assert_int_equal(p->id, id);
		check_args(p);
		for (u32 type = 0; type < 64; type++)
			check_args(rules_helper_for(type, 0, id));
	}
}

/* The two tables have different readers, and one fact twice: no difference. */
static void test_engine_agrees(void **state)
{
	for (u32 id = 1; id <= LAST_HELPER; id++) {
		const struct helper_proto *p = rules_helper(id);
		const struct helper *h = helper_of(id);
		char since[16];

		if (!h)
			continue;
		assert_string_equal(p->name, h->name);
		snprintf(since, sizeof(since), "%u.%u", p->since >> 8, p->since & 0xff);
		assert_string_equal(since, h->since);
		if (h->gpl_only != !!(p->flags & helper_gpl))
			fail_msg("%s: gpl", p->name);
		if (h->may_sleep != !!(p->flags & helper_sleeps))
			fail_msg("%s: may sleep", p->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_engine_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
