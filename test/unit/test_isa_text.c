#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include <errno.h>
#include <skep/isa.h>
#include <stdio.h>
#include <stdlib.h>
#include "isa_random.h"

/* Assembles one instruction; fails the test with the log if it does not. */
static u32 assemble(const char *text, struct skep_insn out[2])
{
	char buf[600] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	int n = skep_asm(text, strlen(text), NULL, out, 2, &log);

	if (n < 1 || n > 2)
		fail_msg("%s: %d %s", text, n, buf);
	return (u32)n;
}

static void what_is_written_assembles(void **state)
{
	for (u32 op = 1; op < op_count; op++)
		for (int i = 0; op_info[op].legal && i < 100; i++) {
			struct insn in = random_insn(op);
			struct skep_disasm_opts opts = {.size = sizeof(opts),
							.syntax = i & 1,
							.flags = i >> 1 & 1};
			struct skep_insn code[2], again[2];
			u32 n = insn_encode(&in, code);
			char text[200];
			int len = skep_disasm(code, n, &opts, text, sizeof(text), NULL);

			assert_in_range(len, 4, sizeof(text) - 1);
			assert_int_equal(assemble(text, again), n);
			if (memcmp(code, again, n * 8))
				fail_msg("%s: %s", op_info[op].name, text);
		}
}

/* input, and what the disassembler makes of it in either syntax */
static const struct {
	const char *in, *kernel, *mnemonic;
} spellings[] = {
#define SAME(kernel, mnemonic) \
	{kernel, kernel, mnemonic}, \
	{ \
		mnemonic, kernel, mnemonic \
	}
	SAME("r1 += r2", "add %r1, %r2"),
	SAME("w1 = 5", "mov32 %r1, 5"),
	SAME("r1 = -5", "mov %r1, -5"),
	SAME("r1 = -r1", "neg %r1"),
	SAME("w9 = -w9", "neg32 %r9"),
	SAME("r1 s%= r2", "smod %r1, %r2"),
	SAME("r1 s>>= 63", "arsh %r1, 63"),
	SAME("r1 = (s8)r2", "movsx864 %r1, %r2"),
	SAME("w1 = (s16)w2", "movsx1632 %r1, %r2"),
	SAME("r1 = be16 r1", "be16 %r1"),
	SAME("r1 = bswap64 r1", "bswap64 %r1"),
	SAME("*(u32 *)(r1 +4) = r2", "stxw [%r1+4], %r2"),
	SAME("*(u8 *)(r10 -1) = -2", "stb [%r10-1], -2"),
	SAME("r0 = *(s8 *)(r1 -3)", "ldxsb %r0, [%r1-3]"),
	SAME("r0 = *(u64 *)(r1 +0)", "ldxdw %r0, [%r1]"),
	SAME("r0 = load_acquire((u16 *)(r1 +4))", "ldacqh %r0, [%r1+4]"),
	SAME("store_release((u64 *)(r1 +4), r2)", "streldw [%r1+4], %r2"),
	SAME("lock *(u64 *)(r1 +0) += r2", "lock add [%r1], %r2"),
	SAME("lock *(u32 *)(r1 +8) ^= r2", "lock xor32 [%r1+8], %r2"),
	SAME("r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "lock fetch add [%r1], %r2"),
	SAME("r2 = atomic_fetch_or((u32 *)(r1 +0), r2)", "lock fetch or32 [%r1], %r2"),
	SAME("r2 = atomic_xchg((u32 *)(r1 +0), r2)", "lock xchg32 [%r1], %r2"),
	SAME("r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "lock cmpxchg [%r1], %r2"),
	SAME("if w1 s> 0x5 goto pc+3", "jsgt32 %r1, 5, +3"),
	SAME("if r1 & r2 goto pc-3", "jset %r1, %r2, -3"),
	SAME("if r1 == 0xffffffff goto pc+0", "jeq %r1, -1, +0"),
	SAME("goto pc+3", "ja +3"),
	SAME("gotol pc-70000", "ja32 -70000"),
	SAME("may_goto pc+3", "may_goto +3"),
	SAME("call bpf_ktime_get_ns#5", "call 5"),
	SAME("call unknown#9999", "call 9999"),
	SAME("call pc+3", "call local +3"),
	SAME("call kfunc#77", "call runtime 77"),
	SAME("call kfunc#77 off 2", "call runtime 77 off 2"),
	SAME("exit", "exit"),
	SAME("r2 = 0x1122334455667788 ll", "lddw %r2, 0x1122334455667788"),
	SAME("r1 = map[fd:5]", "lddw %r1, map_by_fd(5)"),
	SAME("r1 = map[fd:5][0]+8", "lddw %r1, map_val(map_by_fd(5))+8"),
	SAME("r1 = map[idx:0][0]+4294967295",
	     "lddw %r1, map_val(map_by_idx(0))+4294967295"),
	SAME("r1 = subprog[pc-7]", "lddw %r1, code_addr(-7)"),
	SAME("r0 = *(u8 *)skb[14]", "ldabsb 14"),
	SAME("r0 = *(u16 *)skb[r1 + 4]", "ldindh %r1, 4"),
	SAME("r1 = addr_space_cast(r2, 0, 1)", "addr_space_cast %r1, %r2, 0, 1"),

	/* what llvm-objdump, ubpf and people write */
	{"*(u32 *)(r1 + 4) = w2", "*(u32 *)(r1 +4) = r2", "stxw [%r1+4], %r2"},
	{"w0 = *(u16 *)(r1 - 0x3)", "r0 = *(u16 *)(r1 -3)", "ldxh %r0, [%r1-3]"},
	{"*(u8*)(r1)=w2 // c", "*(u8 *)(r1 +0) = r2", "stxb [%r1], %r2"},
	{"r0 = cmpxchg_64(r1 + 0x0, r0, r2)",
	 "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "lock cmpxchg [%r1], %r2"},
	{"w2 = xchg32_32(r1 - 4, w2)", "r2 = atomic_xchg((u32 *)(r1 -4), r2)",
	 "lock xchg32 [%r1-4], %r2"},
	{"w2 = atomic_fetch_and((u32 *)(r1 + 0), w2)",
	 "r2 = atomic_fetch_and((u32 *)(r1 +0), r2)", "lock fetch and32 [%r1], %r2"},
	{"goto +0x3 <.text+0x58>", "goto pc+3", "ja +3"},
	{"  12: (bf) r1 = r2 ; R1=ctx()", "r1 = r2", "mov %r1, %r2"},
	{"out: x.y: exit", NULL, NULL}, /* one label a line */
	{"out: exit", "exit", "exit"},
	{"add64 r1, 0xffffffff", "r1 += -1", "add %r1, -1"},
	{"swap32 r1", "r1 = bswap32 r1", "bswap32 %r1"},
	{"call bpf_map_lookup_elem", "call bpf_map_lookup_elem#1", "call 1"},
	{"call map_lookup_elem # c", "call bpf_map_lookup_elem#1", "call 1"},
	{"call helper 0x5", "call bpf_ktime_get_ns#5", "call 5"},
	{"r1 = 5 ll", "r1 = 0x5 ll", "lddw %r1, 0x5"},
	{"r1 = -1 ll", "r1 = 0xffffffffffffffff ll", "lddw %r1, 0xffffffffffffffff"},
	{"r0 = *(u16 *)skb[r1]", "r0 = *(u16 *)skb[r1 + 0]", "ldindh %r1, 0"},
	{"x: goto x", "goto pc-1", "ja -1"},
	{"jeq r1, 0, exit\nexit", NULL, NULL},
};

static void written_as(const char *in, const char *want, u32 syntax)
{
	struct skep_disasm_opts opts = {.size = sizeof(opts), .syntax = syntax};
	struct skep_insn code[2];
	char text[200] = "";
	u32 n = assemble(in, code);

	assert_true(skep_disasm(code, n, &opts, text, sizeof(text), NULL) > 0);
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, want))
		fail_msg("%s: written as %s, not %s", in, text, want);
}

static void spellings_are_the_kernels_and_the_suites(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		if (!spellings[i].kernel)
			continue;
		written_as(spellings[i].in, spellings[i].kernel, SKEP_SYNTAX_KERNEL);
		written_as(spellings[i].in, spellings[i].mnemonic, SKEP_SYNTAX_MNEMONIC);
	}
}

static void fault_is(const char *text, int err, const char *want)
{
	char buf[600] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_insn out[2];
	int got = skep_asm(text, strlen(text), NULL, out, 2, &log);

	if (got != err || strcmp(buf, want))
		fail_msg("%s: %d\n%s wanted %d\n%s", text, got, buf, err, want);
}

static void faults_name_line_column_and_a_way_out(void **state)
{
	fault_is(
		"exit\n  ad r1, r2", -EINVAL,
		"line 2, column 3: unknown instruction 'ad'; did you mean 'add'? [I020]\n");
	fault_is("xyzzy", -EINVAL,
		 "line 1, column 1: unknown instruction 'xyzzy'; docs/isa.md lists all "
		 "[I021]\n");
	fault_is("add r1 5", -EINVAL,
		 "line 1, column 8: found '5'; expected ',' [I022]\n");
	fault_is("add r1", -EINVAL,
		 "line 1, column 7: found the end of the line; expected ',' [I022]\n");
	fault_is("add r1, ;", -EINVAL,
		 "line 1, column 9: found the end of the line; expected a number or a "
		 "register, r0 to r10 [I022]\n");
	fault_is(
		"add r11, 5", -EINVAL,
		"line 1, column 5: found 'r11'; expected a register, r0 to r10 [I022]\n");
	fault_is("mov r1, 99999999999", -EINVAL,
		 "line 1, column 9: found '99999999999'; expected a number of 32 bits, "
		 "-2147483648 to 4294967295 [I022]\n");
	fault_is("r1 = 99999999999", -EINVAL,
		 "line 1, column 17: found the end of the line; expected 'll' [I022]\n");
	fault_is("ldxw r1, [r2+40000]", -EINVAL,
		 "line 1, column 13: found '+'; expected an offset from -32768 to 32767 "
		 "[I022]\n");
	fault_is(
		"r1 = 99999999999999999999 ll", -EINVAL,
		"line 1, column 6: found '99999999999999999999'; expected a number of at "
		"most 64 bits [I022]\n");
	fault_is(
		"if r1 == w2 goto +1", -EINVAL,
		"line 1, column 10: found 'w2'; expected a number or a register, r0 to r10 "
		"[I022]\n");
	fault_is(
		"goto \033", -EINVAL,
		"line 1, column 6: found byte 0x1b; expected a label or a distance such as "
		"'+3' [I022]\n");
	fault_is(
		"r1 ? r2", -EINVAL,
		"line 1, column 4: found '?'; expected '+=', '-=', '*=', '/=', 's', '|=', "
		"'&=', '<<=' or others (docs/isa.md) [I022]\n");
	fault_is("exit exit", -EINVAL,
		 "line 1, column 6: found 'exit'; expected the end of the line [I022]\n");
	fault_is(
		"a:\nexit\na:", -EINVAL,
		"line 3: label 'a' already stands in line 1; choose another name [I023]\n");
	fault_is("goto out", -EINVAL,
		 "line 1, column 6: label 'out' is defined nowhere; write it and a colon "
		 "before an instruction [I024]\n");
	fault_is(
		"goto exit", -EINVAL,
		"line 1, column 6: label 'exit' is defined nowhere; write it and a colon "
		"before an instruction [I024]\n");
	fault_is(
		"goto +40000", -EINVAL,
		"line 1, column 6: found '+'; expected a distance from -32768 to 32767; gotol "
		"reaches further [I022]\n");
	fault_is(
		"call bpf_no_such_helper", -EINVAL,
		"line 1, column 6: found 'bpf_no_such_helper'; expected the number or name of "
		"a helper, 'helper', a distance such as '+3', 'local', 'kfunc' or 'runtime' "
		"[I022]\n");
}

static void labels_become_distances(void **state)
{
	const char *text = "start: r0 = 0\n"
			   "r2 = subprog[f]\n"
			   "if r0 == 0 goto out\n"
			   "jne %r0, 7, exit\n"
			   "call local f\n"
			   "gotol start\n"
			   "out:\n"
			   "exit\n"
			   "f:\n"
			   "exit\n";
	struct skep_insn c[9];

	assert_int_equal(skep_asm(text, strlen(text), NULL, c, 9, NULL), 9);
	assert_int_equal(c[1].imm, 6);
	assert_int_equal(c[3].off, 3);
	assert_int_equal(c[4].off, 2);
	assert_int_equal(c[5].imm, 2);
	assert_int_equal(c[6].imm, -7);
}

static void room_bounds_what_is_written(void **state)
{
	struct skep_insn c[3] = {[2] = {.imm = 77}};
	char buf[8];

	assert_int_equal(skep_asm("exit\nlddw r1, 5\nexit", 20, NULL, c, 2, NULL), 4);
	assert_int_equal(c[1].code, 0x18);
	assert_int_equal(c[2].imm, 77);
	c[0].code = 0x95;
	assert_int_equal(skep_disasm(c, 1, NULL, NULL, 0, NULL), 5);
	assert_int_equal(skep_disasm(c, 1, NULL, buf, 3, NULL), 5);
	assert_string_equal(buf, "ex");
}

static void jumps_too_far_are_refused(void **state)
{
	const u32 n = 33000;
	char *text = malloc(n * 6 + 100), *at = text;
	char buf[300] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	at += sprintf(at, "x: exit\n");
	for (u32 i = 0; i < n; i++)
		at += sprintf(at, "exit\n");
	at += sprintf(at, "goto x");
	assert_int_equal(skep_asm(text, (size_t)(at - text), NULL, NULL, 0, &log),
			 -EINVAL);
	assert_string_equal(
		buf, "line 33002, column 6: label 'x' is -33002 instructions away; "
		     "this jump reaches -32768 to 32767, gotol reaches further "
		     "[I025]\n");
	at -= 6;
	at += sprintf(at, "gotol x");
	assert_int_equal(skep_asm(text, (size_t)(at - text), NULL, NULL, 0, NULL), n + 2);
	free(text);
}

static int own_id(void *ctx, const char *name)
{
	return !strcmp(name, "own") ? *(int *)ctx : -1;
}

static const char *own_name(void *ctx, int32_t id)
{
	return id == 5000 ? "own" : NULL;
}

static void own_helpers_have_names(void **state)
{
	int id = 5000;
	struct skep_asm_opts opts = {sizeof(opts), own_id, &id};
	struct skep_disasm_opts dis = {.size = sizeof(dis), .helper_name = own_name};
	struct skep_insn c[1];
	char text[40];

	assert_int_equal(skep_asm("call own", 8, &opts, c, 1, NULL), 1);
	assert_int_equal(c->imm, 5000);
	skep_disasm(c, 1, &dis, text, sizeof(text), NULL);
	assert_string_equal(text, "call bpf_own#5000\n");
}

/* What llvm-objdump writes of every op assembles to the bytes that it read. Of what LLVM
 * 19 does not know it says <unknown>, or takes it for an addition (load-acquire and
 * store-release); and it writes all calls alike. */
static void llvm_is_read(void **state)
{
	char dir[] = "/tmp/skep-isa-XXXXXX", path[64], cmd[300], text[300];
	static struct skep_insn all[op_count * 2], got[2];
	u32 n = 0, n_read = 0, at;
	FILE *f;

	if (system("command -v llvm-mc-19 llvm-objdump-19 >/dev/null"))
		test_skip(__func__, "llvm-mc-19 and llvm-objdump-19 are not installed "
				    "(Debian: llvm-19)");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.s", dir);
	f = fopen(path, "w");
	for (u32 op = 1; op < op_count; op++) {
		struct insn in = random_insn(op);

		if (!op_info[op].legal || op == op_call_local || op == op_call_kfunc ||
		    op_info[op].imm == 0x100 || op_info[op].imm == 0x110)
			continue;
		if (op == op_lddw)
			in.src = 0;
		if (op_info[op].class == class_packet)
			in.imm = op_info[op].fields & field_src ? 0 : in.imm & 0xffff;
		n += insn_encode(&in, &all[n]);
	}
	for (u32 i = 0; i < n; i++)
		fprintf(f, ".quad 0x%llx\n", (unsigned long long)load64(&all[i]));
	fclose(f);
	snprintf(cmd, sizeof(cmd),
		 "cd %s && llvm-mc-19 -triple bpfel -mcpu=v4 -filetype=obj a.s -o a.o && "
		 "llvm-objdump-19 -d --no-show-raw-insn --mcpu=v4 a.o; rm -r %s",
		 dir, dir);
	f = popen(cmd, "r");
	while (fgets(text, sizeof(text), f)) {
		int len = 0;

		sscanf(text, " %u:%n", &at, &len);
		if (!len || strstr(text, "<unknown>"))
			continue;
		assert_in_range(at, 0, n - 1);
		if (memcmp(got, &all[at], assemble(text, got) * 8))
			fail_msg("%s is %016llx, read as %016llx", text,
				 (unsigned long long)load64(&all[at]),
				 (unsigned long long)load64(got));
		n_read++;
	}
	pclose(f);
	print_message("%u instructions of %u\n", n_read, n);
	assert_in_range(n_read, 130, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_assembles),
		cmocka_unit_test(spellings_are_the_kernels_and_the_suites),
		cmocka_unit_test(faults_name_line_column_and_a_way_out),
		cmocka_unit_test(labels_become_distances),
		cmocka_unit_test(room_bounds_what_is_written),
		cmocka_unit_test(jumps_too_far_are_refused),
		cmocka_unit_test(own_helpers_have_names),
		cmocka_unit_test(llvm_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
