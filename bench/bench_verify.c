/* bench_verify.c - programs made to cost a verifier time
 *
 * Each row is a kind of program in three sizes, asked of skep's verifier and of the
 * running kernel in turn. Both say themselves how long they took; of two times the
 * lesser counts. "growth" is the exponent by which our time grows with the instructions:
 * 1 is linear. Verdict and processed instructions must be the same on both sides: a fast
 * wrong answer does not count.
 *
 * usage: bench_verify [NAME]
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/abi.h>
#include <skep/verify.h>

enum { MOST = 1000000, SIZES = 3, REPEATS = 1, LOG = 1 << 16 };

static struct program {
	struct skep_insn at[MOST + 4096];
	uint32_t n;
} p;

enum op {
	MOV = 0xb7,
	MOVX = 0xbf,
	ADD = 0x07,
	ADDX = 0x0f,
	AND = 0x57,
	ST = 0x7a,
	STX = 0x7b,
	LDW = 0x61,
	LDX = 0x79,
	JA = 0x05,
	JEQ = 0x15,
	JLT = 0xa5,
	JGTX = 0x2d,
	CALL = 0x85,
	EXIT = 0x95,
};

static void add(enum op code, int dst, int src, int off, int imm)
{
	p.at[p.n++] = (struct skep_insn){.code = (uint8_t)code,
					 .dst_reg = dst & 15,
					 .src_reg = src & 15,
					 .off = (int16_t)off,
					 .imm = imm};
}

static void end(void)
{
	add(MOV, 0, 0, 0, 0);
	add(EXIT, 0, 0, 0, 0);
}

/* r is a number of which nothing is known. */
static void unknown(int r)
{
	add(LDW, r, 1, 0, 0);
}

/* ---- the programs, of about n instructions ---- */

static void straight(uint32_t n)
{
	add(MOV, 1, 0, 0, 0);
	while (p.n < n)
		add(ADD, 1, 0, 0, 1);
	end();
}

/* A number is used as an offset again and again: where it comes from is looked for. */
static void offsets(uint32_t n, bool jumps)
{
	add(MOV, 1, 0, 0, -8);
	while (p.n < n) {
		add(MOVX, 2, 10, 0, 0);
		add(ADDX, 2, 1, 0, 0);
		add(ST, 2, 0, 0, 0);
		if (jumps)
			add(JA, 0, 0, 0, 0);
	}
	end();
}

static void precise(uint32_t n)
{
	offsets(n, false);
}

static void precise_jumps(uint32_t n)
{
	offsets(n, true);
}

/* Conditions that are known: nothing forks, each is a place to compare states. */
static void known_jumps(uint32_t n)
{
	add(MOV, 1, 0, 0, 0);
	while (p.n < n)
		add(JEQ, 1, 0, 0, 1);
	end();
}

/* Many jumps to one place: 2,000 lead to each end. */
static void one_target(uint32_t n)
{
	unknown(6);
	while (p.n < n) {
		for (int i = 0; i < 2000; i++)
			add(JEQ, 6, 0, 2000 - i - 1, (int)p.n);
		add(MOV, 0, 0, 0, 0);
	}
	end();
}

/* One place with states that differ in one number. */
static void states(uint32_t n)
{
	unknown(6);
	add(MOV, 7, 0, 0, 0);
	for (uint32_t i = 0; i < n / 4; i++) {
		add(JEQ, 6, 0, 1, (int)i);
		add(ADD, 7, 0, 0, 1);
	}
	for (uint32_t i = 0; i < n / 2; i++)
		add(ADDX, 7, 6, 0, 0);
	end();
}

static void loop(uint32_t n)
{
	add(MOV, 6, 0, 0, 0);
	add(ADD, 6, 0, 0, 1);
	add(JLT, 6, 0, -2, (int)(n / 2));
	end();
}

/* What is in the stack grows by a number in each round. */
static void loop_stack(uint32_t n)
{
	add(MOV, 6, 0, 0, 0);
	for (int i = 1; i <= 60; i++)
		add(STX, 10, 6, -8 * i, 0);
	add(ADD, 6, 0, 0, 1);
	add(LDX, 7, 10, -8, 0);
	add(ADD, 7, 0, 0, 1);
	add(STX, 10, 7, -8, 0);
	add(JLT, 6, 0, -5, (int)(n / 5));
	end();
}

/* A loop with a branch that nothing is known of: as many states as rounds. */
static void loop_branch(uint32_t n)
{
	unknown(8);
	add(MOV, 6, 0, 0, 0);
	add(MOV, 7, 0, 0, 0);
	add(ADD, 6, 0, 0, 1);
	add(JEQ, 8, 0, 1, 5);
	add(ADD, 7, 0, 0, 1);
	add(JLT, 6, 0, -4, (int)(n / 8));
	add(MOVX, 1, 10, 0, 0);
	end();
}

/* Frames deep, each with a full stack; the last has a loop. */
static void frames(uint32_t n)
{
	enum { FRAMES = 8, SLOTS = 8 };

	for (int f = 0; f < FRAMES; f++) {
		for (int i = 1; i <= SLOTS; i++)
			add(STX, 10, 10, -8 * i, 0);
		if (f + 1 < FRAMES) {
			add(CALL, 0, 1, 0, 2);
			end();
		}
	}
	add(MOV, 6, 0, 0, 0);
	add(ADD, 6, 0, 0, 1);
	add(JLT, 6, 0, -2, (int)(n / 2));
	end();
}

/* Each function calls the next one, 3 to the 6th and k times in all, to a loop if
 * `rounds`. */
static void chains(uint32_t n, int rounds)
{
	for (int f = 0; f < 8; f++) {
		int calls = f < 6 ? 3 : f == 6 ? (int)(n / 729) : 0;

		for (int i = 0; i < calls; i++)
			add(CALL, 0, 1, 0, calls - i - 1 + 2);
		if (f == 7 && rounds) {
			add(MOV, 6, 0, 0, 0);
			add(ADD, 6, 0, 0, 1);
			add(JLT, 6, 0, -2, rounds);
		}
		end();
	}
}

static void call_chains(uint32_t n)
{
	chains(n / 3, 0);
}

static void chains_to_loop(uint32_t n)
{
	chains(n / 12, 4);
}

/* Equal numbers: what a branch says of one it says of all. */
static void linked(uint32_t n)
{
	unknown(6);
	for (int i = 1; i <= 6; i++)
		add(STX, 10, 6, -8 * i, 0);
	while (p.n < n) {
		for (int i = 0; i < 1000; i++)
			add(JEQ, 6, 0, 1000 - i - 1, (int)p.n);
		add(LDX, 7, 10, -8, 0);
	}
	end();
}

/* The outer loop's rounds are compared with all rounds of the inner one. */
static void loop_in_loop(uint32_t n)
{
	int rounds = (int)sqrt(n / 2.0);

	add(MOV, 6, 0, 0, 0);
	add(MOV, 7, 0, 0, 0);
	add(ADD, 7, 0, 0, 1);
	add(JLT, 7, 0, -2, rounds);
	add(ADD, 6, 0, 0, 1);
	add(JLT, 6, 0, -5, rounds);
	end();
}

/* An unknown number in each round is bounded, and used as an offset. */
static void loop_offsets(uint32_t n)
{
	unknown(8);
	add(MOV, 6, 0, 0, 0);
	add(ST, 10, 0, -8, 0);
	add(ST, 10, 0, -16, 0);
	add(MOVX, 7, 8, 0, 0);
	add(AND, 7, 0, 0, 7);
	add(MOVX, 9, 10, 0, 0);
	add(ADDX, 9, 7, 0, 0);
	add(0x71, 3, 9, -16, 0);
	add(ADDX, 8, 3, 0, 0);
	add(ADD, 6, 0, 0, 1);
	add(JLT, 6, 0, -8, (int)(n / 8));
	end();
}

static const struct {
	const char *name;
	void (*make)(uint32_t n);
	uint32_t n; /* the greatest size; the others are a half of the next */
} rows[] = {
	{"straight", straight, 500000},
	{"precise", precise, 30000},
	{"precise-jumps", precise_jumps, 30000},
	{"known-jumps", known_jumps, 500000},
	{"one-target", one_target, 400000},
	{"states", states, 3000},
	{"loop", loop, 300000},
	{"loop-stack", loop_stack, 300000},
	{"loop-branch", loop_branch, 300000},
	{"frames", frames, 300000},
	{"call-chains", call_chains, 300000},
	{"chains-to-loop", chains_to_loop, 900000},
	{"linked", linked, 200000},
	{"loop-in-loop", loop_in_loop, 200000},
	{"loop-offsets", loop_offsets, 200000},
};

/* ---- asking ---- */

struct answer {
	int err;
	uint32_t processed;
	double ms;
};

static uint64_t number(const char *log, const char *before)
{
	const char *at = strstr(log, before);

	return at ? strtoull(at + strlen(before), NULL, 10) : 0;
}

static void ask(struct skep_sys *sys, struct answer *a)
{
	static char log[LOG];
	union skep_attr attr = {0};
	double ms;

	log[0] = 0;
	attr.prog_type = SKEP_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)p.at;
	attr.insn_cnt = p.n;
	attr.license = (uintptr_t) "GPL";
	attr.log_level = 4;
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	a->err = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (a->err >= 0)
		sys->close(sys, a->err);
	a->err = a->err < 0 ? a->err : 0;
	a->processed = (uint32_t)number(log, "processed ");
	ms = (double)number(log, "verification time ") / 1e3;
	a->ms = a->ms == 0 || ms < a->ms ? ms : a->ms;
}

static int same(const struct answer *kernel, const struct answer *skep)
{
	return kernel->err == -EPERM ||
	       (kernel->err == skep->err && kernel->processed == skep->processed);
}

static int row(struct skep_sys *sys, size_t i)
{
	struct answer kernel, skep;
	double first = 0, growth;
	int good = 1;

	for (uint32_t size = SIZES; size--;) {
		kernel = skep = (struct answer){0};
		p.n = 0;
		rows[i].make(rows[i].n >> size);
		for (int r = 0; r < REPEATS; r++) {
			ask(skep_sys_kernel(), &kernel);
			ask(sys, &skep);
		}
		good &= same(&kernel, &skep);
		growth = first > 0 ? log(skep.ms / first) / log(2) : 0;
		first = skep.ms;
		printf("%-15s %7u %8u %7s %9.2f %9.2f %7.2f", rows[i].name, p.n,
		       skep.processed, skep.err ? strerror(-skep.err) + 0 : "ok",
		       kernel.ms, skep.ms, kernel.ms > 0 ? skep.ms / kernel.ms : 0);
		if (size < SIZES - 1)
			printf(" %6.2f", growth);
		printf("%s\n", good ? "" : "  NOT THE KERNEL'S ANSWER");
		fflush(stdout);
	}
	return good;
}

int main(int argc, char **argv)
{
	struct skep_verifier *v;
	int good = 1;

	if (skep_verifier_open(NULL, &v)) {
		fprintf(stderr, "no verifier\n");
		return 1;
	}
	printf("%-15s %7s %8s %7s %9s %9s %7s %6s\n", "", "insns", "processed", "verdict",
	       "kernel ms", "skep ms", "ratio", "growth");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (argc < 2 || !strcmp(argv[1], rows[i].name))
			good &= row(skep_verifier_sys(v), i);
	skep_verifier_close(v);
	return !good;
}
