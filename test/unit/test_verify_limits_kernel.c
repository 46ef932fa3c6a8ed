/* The table of verify_limits.h is what the running kernel says. The rows without
 * capabilities are not asked of it: it may refuse all bpf(2) to such users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include "verify_limits.h"

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

static int ask(void *ctx, const struct limit *l, const struct limit_prog *p, char *log,
	       u32 *processed)
{
	union skep_attr attr = {0};
	const char *stats;
	int fd;

	if (l->unprivileged)
		return -1;
	attr.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER;
	attr.insns = u64_of(p->code);
	attr.insn_cnt = p->n;
	attr.license = u64_of("GPL");
	attr.log_level = 4;
	attr.log_buf = u64_of(log);
	attr.log_size = LIMIT_LOG;
	attr.fd_array = u64_of(ctx);
	fd = bpf(SKEP_PROG_LOAD, &attr);
	if (fd >= 0)
		close(fd);
	stats = strstr(log, "processed ");
	*processed = stats ? (u32)strtoul(stats + 10, NULL, 10) : 0;
	return fd < 0 ? -fd : 0;
}

static int make_map(void)
{
	union skep_attr attr = {
		.map_type = SKEP_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return bpf(SKEP_MAP_CREATE, &attr);
}

static void test_the_table_is_the_kernels(void **state)
{
	int maps[LIMIT_MAPS];
	u32 wrong;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (u32 i = 0; i < LIMIT_MAPS; i++) {
		maps[i] = make_map();
		assert_true(maps[i] >= 0);
	}
	wrong = limits_check(ask, maps);
	for (u32 i = 0; i < LIMIT_MAPS; i++)
		close(maps[i]);
	assert_int_equal(wrong, 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
