/* The verifier accepts nearly all random programs, and they do what they are for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "random_prog.h"
#include "skip.h"

enum { ROOM = RANDOM_PROG_CALLS_ROOM, PROGRAMS = 400 };

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct skep_insn *code, u32 n, char *log, u32 size)
{
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SYSCALL,
		.insns = u64_of(code),
		.insn_cnt = n,
		.license = u64_of("GPL"),
		.prog_flags = SKEP_F_SLEEPABLE,
		.log_level = size ? 1 : 0,
		.log_buf = u64_of(log),
		.log_size = size,
	};

	return bpf(SKEP_PROG_LOAD, &attr);
}

static void programs_are_legal_and_use_every_op(void **state)
{
	static struct skep_insn code[ROOM], again[ROOM];
	static struct insn insns[ROOM];
	u32 seen[op_count] = {0}, n;
	u64 seed = 1, same;

	for (int i = 0; i < 3000; i++) {
		u32 room = i & 1 ? ROOM : RANDOM_PROG_ROOM;

		same = seed;
		n = insn_random(&seed, code, room);
		assert_in_range(n, 50, room);
		assert_int_equal(insn_random(&same, again, room), n);
		assert_memory_equal(code, again, n * sizeof(*code));
		assert_int_equal(insn_decode(code, n, insns, NULL), 0);
		assert_int_equal(insn_check_flow(insns, n, NULL), 0);
		for (u32 at = 0; at < n; at++)
			seen[insns[at].op]++;
	}
	for (u32 op = 1; op < op_count; op++)
		if (op_info[op].legal && op_info[op].class != class_packet &&
		    op_info[op].class != class_special && !seen[op])
			fail_msg("no program uses %s", op_info[op].name);
}

static void the_verifier_accepts_them(void **state)
{
	static struct skep_insn code[ROOM];
	static char log[1 << 16];
	u32 accepted = 0, slots = 0, results[PROGRAMS], same = 0;
	u64 seed = 42;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (int i = 0; i < PROGRAMS; i++) {
		union skep_attr run = {0};
		u32 n = insn_random(&seed, code, i % 2 ? ROOM : RANDOM_PROG_ROOM);
		int fd = load(code, n, NULL, 0);

		if (fd < 0) {
			load(code, n, log, sizeof(log));
			print_message("program %d, %u slots: %.200s\n", i, n, log);
			continue;
		}
		run.test.prog_fd = (u32)fd;
		assert_int_equal(bpf(SKEP_PROG_TEST_RUN, &run), 0);
		close(fd);
		for (u32 j = 0; j < accepted; j++)
			same += results[j] == run.test.retval;
		results[accepted++] = run.test.retval;
		slots += n;
	}
	print_message("%u of %u programs accepted, %u slots on average\n", accepted,
		      PROGRAMS, accepted ? slots / accepted : 0);
	assert_true(accepted >= PROGRAMS * 95 / 100);
	assert_true(same <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_legal_and_use_every_op),
		cmocka_unit_test(the_verifier_accepts_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
