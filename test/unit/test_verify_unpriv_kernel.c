/* The table of verify_unpriv.h is what the running kernel says: the asker of each row
 * gives up the capabilities that it lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "last_words.h"
#include "skip.h"
#include "verify_unpriv.h"

enum { ROOM = 128, LOG = 1 << 16 };

static char text[LOG];

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

/* Bits of CAP_* that this thread has from now on. */
static void become(u64 effective)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = (u32)effective & data[0].permitted;
	data[1].effective = (u32)(effective >> 32) & data[1].permitted;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static int make_map(u32 i)
{
	union skep_attr attr = {
		.map_type = unpriv_maps[i].type,
		.key_size = unpriv_maps[i].key_size,
		.value_size = unpriv_maps[i].value_size,
		.max_entries = unpriv_maps[i].max_entries,
	};

	return bpf(SKEP_MAP_CREATE, &attr);
}

static int ask(const struct unpriv_case *c, const int *maps)
{
	static struct skep_insn code[ROOM];
	int n = skep_asm(c->text, strlen(c->text), NULL, code, ROOM, NULL), fd;
	union skep_attr attr = {0};

	assert_in_range(n, 1, ROOM);
	attr.prog_type = c->type;
	attr.prog_flags = c->flags;
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)n;
	attr.license = u64_of("GPL");
	attr.log_level = 1;
	attr.log_buf = u64_of(text);
	attr.log_size = LOG;
	attr.fd_array = u64_of(maps);
	text[0] = '\0';
	become(c->who == WITH_BPF ? 1ull << CAP_BPF | 1ull << CAP_NET_ADMIN : 0);
	fd = bpf(SKEP_PROG_LOAD, &attr);
	become(~0ull);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

/* Whether users without capabilities may load programs at all. */
static bool is_for_nobody(void)
{
	FILE *f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "r");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	return c == '0';
}

static u32 differs(const struct unpriv_case *c, u32 i, const int *maps)
{
	int err = ask(c, maps);
	u32 processed = processed_of(text);
	const char *message = last_words(text);

	if (err == c->err && processed == c->processed &&
	    (!err || !strcmp(message, c->message ? c->message : "")))
		return 0;
	print_message("CASE %u %d %u %s\n", i, err, processed, err ? message : "");
	return 1;
}

static void check(enum unpriv_who who)
{
	int maps[ARRAY_SIZE(unpriv_maps)];
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(maps); i++) {
		maps[i] = make_map(i);
		assert_true(maps[i] >= 0);
	}
	for (u32 i = 0; i < ARRAY_SIZE(unpriv_cases); i++)
		if (unpriv_cases[i].who == who)
			wrong += differs(&unpriv_cases[i], i, maps);
	for (u32 i = 0; i < ARRAY_SIZE(maps); i++)
		close(maps[i]);
	assert_int_equal(wrong, 0);
}

static void test_without_perfmon(void **state)
{
	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	check(WITH_BPF);
}

static void test_nobody(void **state)
{
	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	if (!is_for_nobody())
		test_skip(__func__, "kernel.unprivileged_bpf_disabled is not 0");
	check(NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_perfmon),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
