/* The walk over paths: its counts are Linux 6.18's, program by program, and its limits
 * stand where the kernel's do. The figures are what the running kernel (6.18.44) said of
 * the same text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <skep/isa.h>
#include "verify.h"

#define PRANDOM "call get_prandom_u32\n"
#define END	"r0 = 0\nexit\n"

struct walk {
	const char *name, *text;
	u32 flags;
	int err;
	u32 processed, states, peak, max;
};

static const struct walk walks[] = {
	{"a round that comes to the same state",
	 PRANDOM "r6 = r0\nr6 &= 7\nl:\nmay_goto e\nr7 = r6\nr8 = r7\ngoto l\ne:\n" END,
	 0, 0, 10, 1, 2, 0},
	{"precision comes back over the edge of a loop",
	 PRANDOM
	 "r6 = r0\nr7 = 0\nl:\nmay_goto e\nr6 &= 7\nr1 = r10\nr1 += -16\nr1 += r6\n"
	 "*(u8*)(r1 + 0) = 0\ngoto l\ne:\n" END,
	 0, 0, 13, 1, 2, 0},
	{"a slot that changes from round to round is widened",
	 PRANDOM "r0 &= 7\n*(u64*)(r10-8) = r0\nr6 = r0\nl:\nmay_goto e\n"
		 "r1 = *(u64*)(r10-8)\nr1 += 1\n*(u64*)(r10-8) = r1\nr6 += 1\nr7 = r6\n"
		 "r7 = *(u64*)(r10-8)\ngoto l\ne:\n" END,
	 0, 0, 35, 3, 4, 2},
	{"a loop's slots have to be of the same kinds",
	 PRANDOM "*(u64*)(r10-8) = r0\n*(u64*)(r10-264) = r0\n" PRANDOM
		 "r6 = r0\nw6 = w6\nr6 += -3\n*(u32*)(r10-24) = r6\nr1 = 0\n"
		 "*(u64*)(r10-40) = r1\nr1 = r6\nr1 &= 1\nr2 = r10\nr2 += -40\nr2 += r1\n"
		 "*(u8*)(r2+0) = r1\nr0 = 7\nr7 = 0\nl:\nmay_goto e\nr6 &= 7\nr1 = r10\n"
		 "r1 += -40\nr1 += r6\n*(u8*)(r1 + 0) = 0\nr0 |= 7\ngoto l\ne:\n"
		 "if r0 & 3 goto x\nr0 = 1\nx:\n" END,
	 0, 0, 30, 1, 2, 0},
	{"an old number without an id is linked with none",
	 PRANDOM "r8 = r0\n" PRANDOM
		 "r6 = r0\nr6 &= 7\nr7 = r0\nr7 &= 7\nif r8 > 5 goto b\nr6 &= 7\ngoto j\n"
		 "b:\nr7 = r6\nr9 = r6\nj:\nr1 = r10\nr1 += -32\nr1 += r6\nr1 += r7\n"
		 "*(u8*)(r1 + 0) = 0\n" END,
	 SKEP_F_TEST_STATE_FREQ, 0, 20, 5, 5, 0},
	{"an atomic operation does not lead precision to its slot",
	 "r6 = 8\n*(u64*)(r10-8) = r6\nr7 = 0\n" PRANDOM
	 "if r0 > 4 goto a\nr7 = 1\na:\nr1 = 0\nmay_goto z\nr1 = 1\nz:\n"
	 "r1 = atomic_fetch_add((u64 *)(r10 -8), r1)\nr2 = r10\nr2 += -32\nr1 &= 8\n"
	 "r2 += r1\n*(u64*)(r2 + 0) = 0\n" END,
	 0, 0, 27, 2, 2, 0},
	{"two functions and their caller's registers",
	 PRANDOM "r8 = 0\nif r0 != 0 goto j\nr8 = 1\nj:\nr1 = r8\ncall local f\n"
		 "if r8 == 1 goto x\nr9 = *(u8*)(r1 + 0)\nx:\n" END
		 "f:\nif r1 == 0 goto +0\nexit\n",
	 0, EACCES, 17, 2, 2, 1},
	{"an endless loop", "r0 = 0\nl:\nr1 = 1\ngoto l\n", 0, EINVAL, 10, 1, 1, 0},
};

static int ask(const char *text, u32 flags, char *log, size_t size,
	       struct verify_result *r)
{
	const struct profile profile = {.bpf = true, .perfmon = true, .admin = true};
	struct skep_insn *code = calloc(100000, sizeof(*code));
	char fault[512] = "";
	struct skep_log l = {.buf = fault, .size = sizeof(fault)};
	int n = skep_asm(text, strlen(text), NULL, code, 100000, &l), err;
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_SOCKET_FILTER,
					 .flags = flags,
					 .gpl = true,
					 .code = code,
					 .n = (u32)n};

	if (n < 0)
		fail_msg("%s", fault);
	l = (struct skep_log){.buf = log, .size = size};
	memset(r, 0, sizeof(*r));
	err = verify(&prog, &profile, 4, &l, r);
	free(code);
	return -err;
}

static void counts(void **state)
{
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		const struct walk *w = &walks[i];
		struct verify_result r;
		char log[2048];
		int err = ask(w->text, w->flags, log, sizeof(log), &r);

		if (err != w->err || r.processed != w->processed ||
		    r.states != w->states || r.peak_states != w->peak ||
		    r.max_states_per_insn != w->max)
			fail_msg(
				"%s: errno %d, processed %u, states %u, peak %u, max %u\n%s",
				w->name, err, r.processed, r.states, r.peak_states,
				r.max_states_per_insn, log);
	}
	(void)state;
}

static void million(void **state)
{
	static const char text[] = "r1 = 0\nl:\nr1 += 1\nr2 = 0\nif r1 < %d goto l\n" END;
	struct verify_result r;
	char buf[128], log[4096];

	snprintf(buf, sizeof(buf), text, 333332);
	assert_int_equal(ask(buf, 0, log, sizeof(log), &r), 0);
	assert_int_equal(r.processed, 999999);
	assert_int_equal(r.states, 16668);
	snprintf(buf, sizeof(buf), text, 333333);
	assert_int_equal(ask(buf, 0, log, sizeof(log), &r), E2BIG);
	assert_non_null(
		strstr(log, "BPF program is too large. Processed 1000001 insn\n"));
	(void)state;
}

static int branches(u32 n, char *log, size_t size, struct verify_result *r)
{
	size_t room = 64 + (size_t)n * 32, at = 0;
	char *text = malloc(room);
	int err;

	at += (size_t)snprintf(text, room, PRANDOM "r6 = r0\n");
	for (u32 i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "if r6 == %u goto e\n", i);
	snprintf(text + at, room - at, "e:\n" END);
	err = ask(text, 0, log, size, r);
	free(text);
	return err;
}

static void many_branches(void **state)
{
	struct verify_result r;
	char log[4096];

	assert_int_equal(branches(8192, log, sizeof(log), &r), 0);
	assert_int_equal(r.processed, 16391);
	assert_int_equal(r.states, 1025);
	assert_int_equal(branches(8193, log, sizeof(log), &r), EFAULT);
	assert_int_equal(r.processed, 8195);
	assert_non_null(strstr(log, "The sequence of 8193 jumps is too complex.\n"));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(million),
		cmocka_unit_test(many_branches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
