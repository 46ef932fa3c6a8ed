/* The running kernel judges insn_decode(): what it refuses for its form we refuse, what
 * it loads we accept. Each encoding is the middle of two programs, one whose registers
 * are numbers and one whose registers point to the stack, so that one of them loads if
 * the form is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <skep/isa.h>
#include "isa_random.h"

enum verdict { LOADS, BAD_FORM, OTHER };

static enum verdict load(const struct skep_insn *code, u32 n, u32 log_level, char *buf,
			 u32 size)
{
	static const char *const form[] = {
		"reserved field",
		"unknown opcode",
		"invalid BPF_",
		"bpf_ld_imm64",
		"invalid atomic",
		"is invalid\n",
		"frame pointer is read only",
		"invalid may_goto",
		"address space 1 and 0",
	};
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER,
		.insns = u64_of(code),
		.insn_cnt = n,
		.license = u64_of("GPL"),
		.log_level = log_level,
		.log_buf = u64_of(buf),
		.log_size = size,
	};
	long fd = syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));

	if (fd >= 0) {
		close((int)fd);
		return LOADS;
	}
	for (size_t i = 0; i < ARRAY_SIZE(form); i++)
		if (strstr(buf, form[i]))
			return BAD_FORM;
	return OTHER;
}

static u32 add(struct skep_insn *code, u32 n, u8 op, u8 dst, u8 src, s16 off, s32 imm)
{
	code[n] = (struct skep_insn){op, dst, src, off, imm};
	return n + 1;
}

/* r6 is the context, as packet loads want it; the branch keeps what a jump skips alive.
 */
static enum verdict judge(const struct skep_insn *in, bool is_pointer, u32 log_level,
			  char *buf, u32 size)
{
	struct skep_insn code[128];
	u32 n = 0;

	n = add(code, n, 0xbf, 6, 1, 0, 0);
	n = add(code, n, 0x61, 7, 1, 0, 0);
	for (s16 off = -64; off < 64; off += 8)
		n = add(code, n, 0x7a, 10, 0, (s16)(off - 64), 0);
	for (u8 reg = 0; reg < 10; reg++) {
		if (reg == 6 || reg == 7)
			continue;
		n = add(code, n, is_pointer ? 0xbf : 0xb7, reg, is_pointer ? 10 : 0, 0,
			is_pointer ? 0 : 1);
		if (is_pointer)
			n = add(code, n, 0x07, reg, 0, 0, -64);
	}
	n = add(code, n, 0x15, 7, 0, in->code == 0x18 ? 2 : 1, 7);
	code[n++] = in[0];
	if (in->code == 0x18)
		code[n++] = in[1];
	for (int i = 0; i < 40; i++)
		n = add(code, n, 0xb7, 0, 0, 0, 0);
	n = add(code, n, 0x95, 0, 0, 0, 0);
	return load(code, n, log_level, buf, size);
}

static struct counts {
	u32 loads, bad, other, wrong;
} counts;

/* Linux never looks at the off of exit, which is reserved (RFC 9669 section 3). */
static bool is_known_difference(struct skep_insn in)
{
	return in.code == 0x95 && in.off && !in.dst_reg && !in.src_reg && !in.imm;
}

static void compare(struct skep_insn in)
{
	struct skep_insn code[2] = {in};
	struct insn out[2];
	char buf[4096] = "", buf2[4096] = "";
	bool ours = !insn_decode(code, in.code == 0x18 ? 2 : 1, out, NULL);
	enum verdict a = judge(code, false, 1, buf, sizeof(buf)), b = OTHER;

	if (a != BAD_FORM)
		b = judge(code, true, 1, buf2, sizeof(buf2));
	if (a == LOADS || b == LOADS)
		counts.loads++;
	else if (a == BAD_FORM || b == BAD_FORM)
		counts.bad++;
	else
		counts.other++;
	if (is_known_difference(in))
		assert_true(!ours && a == LOADS);
	else if (ours ? a == BAD_FORM || b == BAD_FORM : a == LOADS || b == LOADS) {
		if (counts.wrong++ < 40)
			print_error(
				"%02x dst %u src %u off %d imm 0x%x: we %s, kernel: %s%s",
				in.code, in.dst_reg, in.src_reg, in.off, in.imm,
				ours ? "accept" : "refuse", buf, buf2);
	}
}

static void forms_are_the_kernels(void **state)
{
	static const s32 imms[] = {0,	  1,	   2,  16,   32,   64,	0x100,
				   0x110, 0x10000, -1, 0x41, 0xe1, 0xe0};
	static const s16 offs[] = {0, 1, 2, 8, 16, 32, -1};
	static const u8 regs[] = {0, 1, 2, 3, 10, 11};

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (u32 op = 0; op < 256; op++) {
		for (u32 o = 0; o < ARRAY_SIZE(offs); o++)
			for (u32 i = 0; i < ARRAY_SIZE(imms); i++)
				for (u8 reg = 0; reg < 2; reg++)
					compare((struct skep_insn){(u8)op, reg * 2, reg,
								   offs[o], imms[i]});
		for (u32 r = 0; r < ARRAY_SIZE(regs); r++) {
			compare((struct skep_insn){(u8)op, regs[r], 0, 0, 0});
			compare((struct skep_insn){(u8)op, regs[r], 0, 0, 1});
			compare((struct skep_insn){(u8)op, 0, regs[r], 0, 0});
			compare((struct skep_insn){(u8)op, 0, regs[r], 0, 1});
		}
	}
	print_message("%u load, %u bad, %u undecided\n", counts.loads, counts.bad,
		      counts.other);
	assert_int_equal(counts.wrong, 0);
	assert_true(counts.loads > 500);
}

/* The line that the verifier writes for the instruction under test, which is the first
 * behind the branch on r7; NULL if it gave up before. */
static char *logged(char *buf)
{
	char *line = strstr(buf, "if r7 == 0x7 "), *end;

	line = line ? strchr(line, '\n') : NULL;
	line = line ? strstr(line + 1, ") ") : NULL;
	if (!line)
		return NULL;
	line += 2;
	end = line + strcspn(line, ";\n");
	while (end > line && end[-1] == ' ')
		end--;
	*end = '\0';
	return line;
}

static bool compare_text(const struct insn *in)
{
	static char buf[65536];
	struct skep_insn code[2];
	char ours[200] = "", *kernels, *ll;
	u32 n = insn_encode(in, code);

	buf[0] = '\0';
	judge(code, true, 2, buf, sizeof(buf));
	kernels = logged(buf);
	if (!kernels)
		return false;
	skep_disasm(code, n, NULL, ours, sizeof(ours), NULL);
	ours[strcspn(ours, "\n")] = '\0';
	ll = strstr(ours, " ll"); /* ours, so that it is no mov */
	if (ll)
		*ll = '\0';
	assert_string_equal(ours, kernels);
	return true;
}

static void spelling_is_the_verifiers(void **state)
{
	u32 n_ops = 0, n_legal = 0;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (u32 op = 1; op < op_count; op++) {
		bool is_seen = false;

		for (int i = 0; op_info[op].legal && i < 10; i++) {
			struct insn in = random_insn(op);

			if (op_info[op].class == class_jmp || in.op == op_ja ||
			    in.op == op_gotol || in.op == op_may_goto)
				in.off &= 7;
			if (in.op == op_call_helper)
				in.imm = in.imm % 220 + 1;
			if (in.op == op_lddw)
				in.src = 0;
			is_seen |= compare_text(&in);
		}
		n_ops += is_seen;
		n_legal += op_info[op].legal;
	}
	print_message("%u of %u ops are seen in the verifier's log\n", n_ops, n_legal);
	assert_true(n_ops + 4 >= n_legal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_the_kernels),
		cmocka_unit_test(spelling_is_the_verifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
