/* The running kernel judges what the verifier says of encodings that are wrong, or that
 * write to the frame pointer: the same errno and words where a path comes to them, and
 * where none does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "skip.h"
#include "verify.h"

enum { LOG = 4096, STATS = 4, CODE = 128 };

/* What the registers below r6 hold where the instruction stands. */
enum place { numbers, pointers, unwritten, no_path, places };

struct answer {
	int err;
	char log[LOG], *last; /* its last line but for the statistics */
};

struct program {
	struct skep_insn code[CODE];
	u32 n;
};

static void add(struct program *p, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	p->code[p->n++] = (struct skep_insn){code, dst, src, off, imm};
}

static void find_last(struct answer *a)
{
	char *stats = strstr(a->log, "verification time "), *end;

	if (stats)
		*stats = 0;
	end = a->log + strlen(a->log);
	while (end > a->log && end[-1] == '\n')
		*--end = 0;
	a->last = strrchr(a->log, '\n');
	a->last = a->last ? a->last + 1 : a->log;
}

static void ask_kernel(const struct program *p, struct answer *a)
{
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER,
				.insns = u64_of(p->code),
				.insn_cnt = p->n,
				.license = u64_of("GPL"),
				.log_level = STATS,
				.log_buf = u64_of(a->log),
				.log_size = LOG};
	long fd;

	a->log[0] = 0;
	fd = syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	a->err = fd < 0 ? errno : 0;
	if (fd >= 0)
		close((int)fd);
	find_last(a);
}

static void ask_ours(const struct program *p, struct answer *a)
{
	static const struct profile root = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};
	struct skep_log log = {.buf = a->log, .size = LOG};
	struct verify_prog prog = {.type = SKEP_PROG_TYPE_SOCKET_FILTER,
				   .gpl = true,
				   .code = p->code,
				   .n = p->n};
	struct verify_result result;

	a->log[0] = 0;
	a->err = -verify(&prog, &root, STATS, &log, &result);
	find_last(a);
}

/* r6 is the context, as packet loads want it. What follows takes any jump. */
static void put(struct program *p, enum place place, const struct skep_insn *in, u32 n)
{
	p->n = 0;
	add(p, 0xbf, 6, 1, 0, 0);
	for (s16 off = -64; off < 0; off += 8)
		add(p, 0x7a, 10, 0, off, 0);
	for (u8 reg = 0; reg < 6 && place != unwritten; reg++) {
		add(p, place == numbers ? 0xb7 : 0xbf, reg, place == numbers ? 0 : 10, 0,
		    place == numbers);
		if (place != numbers)
			add(p, 0x07, reg, 0, 0, -64);
	}
	add(p, 0xb7, 7, 0, 0, 0);
	if (place == no_path)
		add(p, 0x15, 7, 0, (s16)n, 0);
	memcpy(p->code + p->n, in, n * sizeof(*in));
	p->n += n;
	for (int i = 0; i < 20; i++)
		add(p, 0xb7, 0, 0, 0, 0);
	add(p, 0x95, 0, 0, 0, 0);
}

static struct counts {
	u32 asked, loads, wrong, of_code[256];
} counts;

static void compare(enum place place, const struct skep_insn *in, u32 n)
{
	static struct answer ours, theirs;
	static struct program p;

	put(&p, place, in, n);
	ask_kernel(&p, &theirs);
	ask_ours(&p, &ours);
	counts.asked++;
	counts.loads += !theirs.err;
	if (ours.err == theirs.err && !strcmp(ours.last, theirs.last))
		return;
	if (counts.of_code[in->code]++ < 3 && ++counts.wrong)
		print_error("%02x dst %u src %u off %d imm 0x%x, place %d:\n\tkernel "
			    "%d %s\n\tours   %d %s\n",
			    in->code, in->dst_reg, in->src_reg, in->off, (u32)in->imm,
			    place, theirs.err, theirs.last, ours.err, ours.last);
}

static void everywhere(struct skep_insn in)
{
	static const struct skep_insn seconds[] = {
		{0}, {.imm = 1}, {.off = 1}, {.dst_reg = 1}, {.code = 0xb7}};

	for (u32 place = 0; place < places; place++) {
		if (in.code != 0x18) {
			compare(place, &in, 1);
			continue;
		}
		for (u32 i = 0; i < ARRAY_SIZE(seconds); i++)
			compare(place, (struct skep_insn[]){in, seconds[i]}, 2);
	}
}

/* lddw of a map, function or symbol needs one. */
static bool is_fit(u8 code, u8 src)
{
	return code != 0x18 || !src || src > SKEP_PSEUDO_MAP_IDX_VALUE;
}

static void each_form(u8 code)
{
	static const s32 imms[] = {0, 1, 16, 0x100};
	static const s16 offs[] = {0, 1, 8, -1};
	static const u8 regs[] = {0, 8, 10, 11};

	for (u32 o = 0; o < ARRAY_SIZE(offs); o++)
		for (u32 i = 0; i < ARRAY_SIZE(imms); i++)
			for (u8 reg = 0; reg < 2; reg++)
				if (is_fit(code, reg))
					everywhere((struct skep_insn){code, reg * 2, reg,
								      offs[o], imms[i]});
	for (u32 dst = 0; dst < ARRAY_SIZE(regs); dst++)
		for (u32 src = 0; src < ARRAY_SIZE(regs); src++)
			if (is_fit(code, regs[src]))
				everywhere((struct skep_insn){code, regs[dst], regs[src],
							      0, 1});
}

static void test_forms(void **state)
{
	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (u32 code = 0; code < 256; code++) {
		static struct program p;
		static struct answer a;

		put(&p, no_path, &(struct skep_insn){.code = (u8)code}, 1);
		ask_kernel(&p, &a);
		if (strstr(a.last, "unknown opcode"))
			everywhere((struct skep_insn){(u8)code, 1, 1, 1, 1});
		else
			each_form((u8)code);
	}
	print_message("%u programs, %u load, %u differ\n", counts.asked, counts.loads,
		      counts.wrong);
	assert_true(counts.loads > 5000);
	assert_int_equal(counts.wrong, 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
