/* The verifier's limits stand where verify_limits.h has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "verify_limits.h"
#include "verify.h"

static int ask(void *ctx, const struct limit *l, const struct limit_prog *p, char *log,
	       u32 *processed)
{
	const bool may = !l->unprivileged;
	const struct profile profile = {.bpf = may, .perfmon = may};
	struct skep_log text = {.buf = log, .size = LIMIT_LOG};
	struct verify_map maps[LIMIT_MAPS];
	struct verify_result r;
	const struct verify_prog prog = {
		.type = SKEP_PROG_TYPE_SOCKET_FILTER,
		.gpl = true,
		.code = p->code,
		.n = p->n,
		.maps = maps,
		.nmaps = LIMIT_MAPS,
	};
	int err;

	memset(maps, 0, sizeof(maps));
	for (u32 i = 0; i < LIMIT_MAPS; i++) {
		maps[i].type = SKEP_MAP_TYPE_ARRAY;
		maps[i].key_size = maps[i].value_size = 4;
		maps[i].max_entries = 1;
	}
	err = verify(&prog, &profile, 4, &text, &r);
	*processed = r.processed;
	(void)ctx;
	return -err;
}

static void test_limits_are_the_kernels(void **state)
{
	assert_int_equal(limits_check(ask, NULL), 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
