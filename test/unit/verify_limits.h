/* verify_limits.h - programs that stand at a limit, or one past it
 *
 * Each row makes a program of a size: at `last` it is accepted, at `last` + 1 it is
 * refused with that errno and line of the log. test_verify_limits.c asks the verifier,
 * test_verify_limits_kernel.c the kernel. What the limits of calls are (frames, stacks,
 * tail calls in functions) stands in verify_calls.def, too.
 */
#ifndef VERIFY_LIMITS_H
#define VERIFY_LIMITS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/abi.h>
#include <skep/isa.h>
#include "bits.h"

enum { LIMIT_INSNS = 1000001, LIMIT_MAPS = 65, LIMIT_LOG = 1 << 20 };

struct limit_prog {
	struct skep_insn *code; /* LIMIT_INSNS */
	u32 n;
};

struct limit {
	const char *name;
	void (*make)(struct limit_prog *p, u32 size);
	u32 last;
	int err;	     /* positive */
	const char *message; /* NULL: nothing is said */
	u32 processed;	     /* at `last`; 0: not compared */
	bool unprivileged;   /* the asker has no capability */
};

static void limit_add(struct limit_prog *p, const char *text)
{
	int n = skep_asm(text, strlen(text), NULL, p->code + p->n, LIMIT_INSNS - p->n,
			 NULL);

	if (n < 0)
		fail_msg("no program: %s", text);
	p->n += (u32)n;
}

static void limit_repeat(struct limit_prog *p, const char *text, u32 times)
{
	while (times--)
		limit_add(p, text);
}

#define LIMIT_END "r0 = 0\nexit\n"

static void limit_length(struct limit_prog *p, u32 size)
{
	struct skep_insn nop;

	limit_add(p, "r0 = 0\n");
	nop = p->code[0];
	while (p->n < size - 1)
		p->code[p->n++] = nop;
	limit_add(p, "exit\n");
}

/* Three instructions a round, with five around them. */
static void limit_rounds(struct limit_prog *p, u32 size)
{
	char text[128];

	snprintf(text, sizeof(text), "r1 = 0\nl:\nr1 += 1\nr2 = 0\nif r1 < %u goto l\n",
		 (size - 3) / 3);
	limit_add(p, text);
	limit_repeat(p, "r0 = 0\n", (size - 3) % 3);
	limit_add(p, LIMIT_END);
}

static void limit_branches(struct limit_prog *p, u32 size)
{
	char text[64];

	limit_add(p, "call get_prandom_u32\nr6 = r0\n");
	for (u32 i = 0; i < size; i++) {
		snprintf(text, sizeof(text), "if r6 == %u goto +%u\n", i, size - 1 - i);
		limit_add(p, text);
	}
	limit_add(p, LIMIT_END);
}

static void limit_stack(struct limit_prog *p, u32 size)
{
	char text[64];

	snprintf(text, sizeof(text), "*(u8 *)(r10 -%u) = 0\n", size);
	limit_add(p, text);
	limit_add(p, LIMIT_END);
}

/* Two frames: each is rounded to 16 bytes. */
static void limit_stacks(struct limit_prog *p, u32 size)
{
	char text[96];

	snprintf(text, sizeof(text), "*(u8 *)(r10 -%u) = 0\ncall pc+2\n" LIMIT_END,
		 size - 256);
	limit_add(p, text);
	limit_add(p, "*(u8 *)(r10 -256) = 0\n" LIMIT_END);
}

static void limit_frames(struct limit_prog *p, u32 size)
{
	limit_repeat(p, "call pc+1\nexit\n", size - 1);
	limit_add(p, LIMIT_END);
}

/* The chain is never entered: frames are counted along it all the same. */
static void limit_dead_frames(struct limit_prog *p, u32 size)
{
	limit_add(p, "r0 = 0\nif r0 == 0 goto +1\n");
	limit_frames(p, size);
}

static void limit_funcs(struct limit_prog *p, u32 size)
{
	char text[64];

	for (u32 i = 1; i < size; i++) {
		snprintf(text, sizeof(text), "call pc+%u\n", size + i - 1);
		limit_add(p, text);
	}
	limit_repeat(p, LIMIT_END, size);
}

static void limit_maps(struct limit_prog *p, u32 size)
{
	char text[64];

	for (u32 i = 0; i < size; i++) {
		snprintf(text, sizeof(text), "r1 = map[idx:%u]\n", i);
		limit_add(p, text);
	}
	limit_add(p, LIMIT_END);
}

static void limit_unreachable(struct limit_prog *p, u32 size)
{
	limit_add(p, LIMIT_END);
	limit_repeat(p, "exit\n", size);
}

static void limit_endless(struct limit_prog *p, u32 size)
{
	limit_add(p, size ? "l:\nr0 = 0\nif r0 == 0 goto l\nexit\n" : LIMIT_END);
}

static void limit_may_gotos(struct limit_prog *p, u32 size)
{
	limit_repeat(p, "may_goto +0\n", size);
	limit_add(p, LIMIT_END);
}

/* clang-format off */
static const struct limit limits[] = {
	{"length", limit_length, 1000000, E2BIG, NULL, 1000000, false},
	{"length, unprivileged", limit_length, 4096, E2BIG, NULL, 4096, true},
	{"processed", limit_rounds, 1000000, E2BIG,
	 "BPF program is too large. Processed 1000001 insn", 1000000, false},
	{"pending branches", limit_branches, 8192, EFAULT,
	 "The sequence of 8193 jumps is too complex.", 16391, false},
	{"pending branches of may_goto", limit_may_gotos, 8192, ENOMEM,
	 "The sequence of 8193 jumps is too complex.", 0, false},
	{"stack", limit_stack, 512, EACCES,
	 "invalid write to stack R10 off=-513 size=1", 3, false},
	{"stacks of a chain", limit_stacks, 512, EACCES,
	 "combined stack size of 2 calls is 528. Too large", 7, false},
	{"frames", limit_frames, 8, E2BIG,
	 "the call stack of 9 frames is too deep", 16, false},
	{"frames that are not entered", limit_dead_frames, 8, E2BIG,
	 "the call stack of 8 frames is too deep !", 3, false},
	{"functions", limit_funcs, 256, E2BIG, "too many subprograms", 767, false},
	{"maps", limit_maps, 64, E2BIG,
	 "The total number of maps per program has reached the limit of 64", 66, false},
	{"an unreachable instruction", limit_unreachable, 0, EINVAL,
	 "unreachable insn 2", 2, false},
	{"an endless loop", limit_endless, 0, EINVAL,
	 "infinite loop detected at insn 1", 2, false},
};
/* clang-format on */

/* Whether the log has that line, or nothing at all if there is none. */
static bool limit_has_line(const char *log, const char *line)
{
	const char *at = line ? strstr(log, line) : NULL;

	return line ? at && at[strlen(line)] == '\n' && (at == log || at[-1] == '\n')
		    : !*log;
}

/* Makes each program, at the limit and past it, and compares what `ask` says of it:
 * 0 or a positive errno. Returns how many are wrong. */
static u32 limits_check(int (*ask)(void *ctx, const struct limit *l,
				   const struct limit_prog *p, char *log, u32 *processed),
			void *ctx)
{
	struct limit_prog p = {.code = calloc(LIMIT_INSNS, sizeof(*p.code))};
	char *log = calloc(1, LIMIT_LOG);
	u32 wrong = 0;

	assert_true(p.code && log);
	for (u32 i = 0; i < 2 * ARRAY_SIZE(limits); i++) {
		const struct limit *l = &limits[i / 2];
		bool past = i & 1;
		u32 processed = 0;
		int err;

		p.n = *log = 0;
		l->make(&p, l->last + past);
		err = ask(ctx, l, &p, log, &processed);
		if (err < 0)
			continue;
		if (past ? err == l->err && limit_has_line(log, l->message)
			 : !err && (!l->processed || processed == l->processed))
			continue;
		wrong++;
		print_message("%s%s: errno %d, processed %u\n%s\n", l->name,
			      past ? ", one past" : "", err, processed, log);
	}
	free(p.code);
	free(log);
	return wrong;
}

#endif
