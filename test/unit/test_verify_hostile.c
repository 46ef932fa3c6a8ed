/* Programs made to cost the verifier time or memory: they end soon, within its bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "verify.h"

enum { MOST = 200000, GIB = 1 << 30, SECONDS = 20 };

static struct program {
	struct skep_insn at[MOST];
	u32 n;
} p;

static void add(u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	p.at[p.n++] = (struct skep_insn){.code = code,
					 .dst_reg = dst & 15,
					 .src_reg = src & 15,
					 .off = off,
					 .imm = imm};
}

enum {
	MOV = 0xb7,
	MOVX = 0xbf,
	ADD = 0x07,
	ST = 0x7a,
	STX = 0x7b,
	JEQ = 0x15,
	JLT = 0xa5,
	CALL = 0x85,
	EXIT = 0x95,
};

static int ask(void)
{
	const struct profile profile = {.bpf = true, .perfmon = true, .admin = true};
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_SOCKET_FILTER,
					 .gpl = true,
					 .code = p.at,
					 .n = p.n};
	char text[512] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct verify_result r;
	int err = verify(&prog, &profile, 1, &log, &r);

	printf("%d, %u processed, %u states, %.2f s, %.1f MiB: %s\n", err, r.processed,
	       r.peak_states, (double)r.ns / 1e9, (double)r.bytes / (1 << 20), text);
	assert_true(r.bytes <= GIB);
	assert_true(r.ns < SECONDS * 1000000000ull);
	return err;
}

/* Functions, each of which calls the next one `calls` times and has `more` instructions
 * that no path comes to. All write to the main function's stack; the last one has a loop,
 * unless `rounds` is 0. */
static void chain(u32 calls, u32 more, s32 rounds)
{
	enum { LAST = SKEP_MAX_FRAMES - 1 };
	u32 call[64];

	p.n = 0;
	for (u32 f = 0; f <= LAST; f++) {
		for (u32 i = 0; f && i < calls; i++)
			p.at[call[i]].imm = (s32)(p.n - call[i] - 1);
		add(f ? ST : MOVX, 1, f ? 0 : 10, f ? -8 : 0, 0);
		add(MOVX, 6, 1, 0, 0);
		add(STX, 10, 10, -16, 0);
		for (u32 i = 0; f < LAST && i < calls; i++) {
			add(MOVX, 1, 6, 0, 0);
			call[i] = p.n;
			add(CALL, 0, 1, 0, 0);
		}
		if (f == LAST && rounds) {
			add(MOV, 7, 0, 0, 0);
			add(ADD, 7, 0, 0, 1);
			add(JLT, 7, 0, -2, rounds);
		}
		add(MOV, 0, 0, 0, 0);
		add(JEQ, 0, 0, (s16)more, 0);
		for (u32 i = 0; i < more; i++)
			add(MOV, 0, 0, 0, 1);
		add(EXIT, 0, 0, 0, 0);
	}
}

static void many_chains(void **state)
{
	chain(4, 0, 0);
	assert_int_equal(ask(), 0);
}

/* What each chain of calls does to the stack is remembered by instruction. */
static void chains_of_long_functions(void **state)
{
	chain(4, 20000, 0);
	assert_int_equal(ask(), -ENOMEM);
}

static void chains_to_a_loop(void **state)
{
	chain(4, 0, 4);
	assert_int_equal(ask(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_chains),
		cmocka_unit_test(chains_of_long_functions),
		cmocka_unit_test(chains_to_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
