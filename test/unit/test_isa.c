#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include "isa_random.h"

static void every_legal_op_round_trips(void **state)
{
	u32 legal = 0;

	for (u32 op = 1; op < op_count; op++) {
		legal += op_info[op].legal;
		for (int i = 0; op_info[op].legal && i < 200; i++) {
			struct insn in = random_insn(op), out[2];
			struct skep_insn code[2];
			u32 n = insn_encode(&in, code);

			assert_int_equal(n, op == op_lddw ? 2 : 1);
			assert_int_equal(insn_decode(code, n, out, NULL), 0);
			assert_int_equal(out->op, in.op);
			assert_int_equal(out->dst, in.dst);
			assert_int_equal(out->src, in.src);
			assert_int_equal(out->off, in.off);
			assert_int_equal(out->imm, in.imm);
		}
	}
	/* 18 ALU rows less the forms that neg and movsx lack, and so on */
	assert_int_equal(legal, 14 * 4 + 2 + 4 + 1 + 9 + 11 * 4 + 3 * 8 + 5 + 10 * 2 + 9);
}

static const s32 imms[] = {0,	  1,	 2,	  5,	   16,	 17,	    32,
			   64,	  0x40,	 0x41,	  0xa1,	   0xe0, 0xe1,	    0xf1,
			   0x100, 0x110, 0x10000, 0x10001, -1,	 INT32_MAX, INT32_MIN};
static const s16 offs[] = {0, 1, 2, 5, 8, 16, 32, 64, -1, -8, INT16_MAX, INT16_MIN};

/* An encoding that is accepted comes back byte for byte: no bit of it was ignored. */
static void accepted_bits_all_count(void **state)
{
	static const u8 regs[] = {0, 1, 2, 9, 10, 11};
	const u32 n_regs = ARRAY_SIZE(regs), n_offs = ARRAY_SIZE(offs);
	u32 accepted = 0;

	for (u32 i = 0; i < 256 * n_regs * n_regs * n_offs * ARRAY_SIZE(imms); i++) {
		u32 rest = i >> 8;
		struct skep_insn in[2] = {{
			.code = i & 255,
			.dst_reg = regs[rest % n_regs],
			.src_reg = regs[rest / n_regs % n_regs],
			.off = offs[rest / n_regs / n_regs % n_offs],
			.imm = imms[rest / n_regs / n_regs / n_offs],
		}},
				 again[2];
		struct insn out[2];

		if (insn_decode(in, in->code == 0x18 ? 2 : 1, out, NULL))
			continue;
		accepted++;
		assert_true(op_info[out->op].legal);
		insn_encode(out, again);
		assert_memory_equal(in, again, in->code == 0x18 ? 16 : 8);
	}
	assert_in_range(accepted, 50000, 500000);
}

static void refused(struct skep_insn a, struct skep_insn b, u32 n, const char *why)
{
	char buf[300] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_insn code[] = {a, b};
	struct insn out[2];

	assert_int_equal(insn_decode(code, n, out, &log), -EINVAL);
	assert_string_equal(buf, why);
}

#define INSN(...) ((struct skep_insn){__VA_ARGS__})

static void refusals_name_field_and_value(void **state)
{
	const struct skep_insn none = {0}, mov = {.code = 0xb7};

	refused(none, none, 1, "instruction 0: there is no opcode 0x00 [I001]\n");
	refused(INSN(.code = 0x8d), none, 1,
		"instruction 0: there is no opcode 0x8d [I001]\n");
	refused(mov, INSN(.code = 0x0f, .off = 3), 2,
		"instruction 1 (add): off is 3; it must be 0 [I002]\n");
	refused(INSN(.code = 0x3f, .off = 2), none, 1,
		"instruction 0 (div): off is 2; it must be 0 or 1 [I002]\n");
	refused(INSN(.code = 0x0f, .imm = 300), none, 1,
		"instruction 0 (add): imm is 0x12c; it must be 0 [I002]\n");
	refused(INSN(.code = 0xbf, .off = 8, .imm = 1), none, 1,
		"instruction 0 (movsx864): imm is 1; it must be 0 [I002]\n");
	refused(INSN(.code = 0xbf, .off = 1, .imm = 2), none, 1,
		"instruction 0 (addr_space_cast): imm is 2; it must be 0x1 (from address "
		"space 1 to 0) or 0x10000 (from 0 to 1) [I002]\n");
	refused(INSN(.code = 0xdc, .imm = 8), none, 1,
		"instruction 0 (be16): imm is 8; it must be 0x10 or 0x20 or 0x40 [I002]\n");
	refused(INSN(.code = 0x85, .src_reg = 3), none, 1,
		"instruction 0 (call): src is 3; it must be 0 or 1 or 2 [I002]\n");
	refused(INSN(.code = 0x07, .dst_reg = 11), none, 1,
		"instruction 0 (add): dst is r11; the registers are r0 to r10 [I003]\n");
	refused(INSN(.code = 0x07, .dst_reg = 10), none, 1,
		"instruction 0 (add): dst is r10, the frame pointer, which is read-only; "
		"use r0 to r9 [I004]\n");
	refused(INSN(.code = 0xdb, .src_reg = 10, .imm = 1), none, 1,
		"instruction 0 (lock_fetch_add): src is r10, the frame pointer, which is "
		"read-only; use r0 to r9 [I004]\n");
	refused(mov, INSN(.code = 0x18), 2,
		"instruction 1 (lddw): it takes two slots, but the program ends after 2 "
		"[I005]\n");
	refused(INSN(.code = 0x18), mov, 2,
		"instruction 0 (lddw): the second slot has opcode 0xb7, dst 0, src 0, off 0; "
		"all must be 0 [I006]\n");
	refused(INSN(.code = 0x18, .src_reg = 1), INSN(.imm = 7), 2,
		"instruction 0 (lddw): with src 1 it takes 32 bits; the second slot's imm is "
		"0x7 and must be 0 [I007]\n");
	refused(INSN(.code = 0x18, .src_reg = 7), none, 2,
		"instruction 0 (lddw): src is 7; it must be 0 to 6 (enum skep_pseudo_ld) "
		"[I002]\n");
}

static void flow_is(const struct insn *insns, u32 n, int err, const char *why)
{
	char buf[300] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	assert_int_equal(insn_check_flow(insns, n, &log), err);
	assert_string_equal(buf, why);
}

#define FLOW(err, why, ...) \
	flow_is((struct insn[]){__VA_ARGS__}, \
		sizeof((struct insn[]){__VA_ARGS__}) / sizeof(struct insn), err, why)

static void jumps_stay_in_their_function(void **state)
{
#define OP(name, ...) {.op = op_##name, __VA_ARGS__}
	flow_is(NULL, 0, -EINVAL,
		"the program has no instructions; it needs at least exit "
		"[I009]\n");
	FLOW(0, "", OP(exit));
	FLOW(0, "", OP(ja, .off = -1));
	FLOW(0, "", OP(call_local, .off = 1), OP(exit), OP(ja, .off = 0), OP(exit));
	FLOW(0, "", OP(lddw, .src = SKEP_PSEUDO_FUNC, .imm = 2), OP(none), OP(exit),
	     OP(exit));
	FLOW(-EINVAL,
	     "instruction 0 jumps to 2, out of its function, which is instructions 0 to 1 "
	     "[I011]\n",
	     OP(jeq64k, .off = 1), OP(exit));
	FLOW(-EINVAL, "instruction 0 jumps to 1, the middle of an lddw [I012]\n",
	     OP(jeq64k, .off = 0), OP(none), OP(exit));
	FLOW(-EINVAL,
	     "instruction 0 jumps to 3, out of its function, which is instructions 0 to 2 "
	     "[I011]\n",
	     OP(may_goto, .off = 2), OP(call_local, .off = 1), OP(exit), OP(exit));
	FLOW(-EINVAL,
	     "instruction 0 calls instruction 2; a function begins at an instruction, 0 to "
	     "1, and not in the middle of an lddw [I010]\n",
	     OP(call_local, .off = 1), OP(exit));
	FLOW(-EINVAL,
	     "instruction 0 calls instruction -2147483647; a function begins at an "
	     "instruction, 0 to 1, and not in the middle of an lddw [I010]\n",
	     OP(call_local, .off = INT32_MIN), OP(exit));
	FLOW(-EINVAL,
	     "the function at instruction 0 runs off its end: its last instruction, 0, is "
	     "lddw; it must be exit or an unconditional jump [I013]\n",
	     OP(lddw), OP(none));
}

static void eval_knows_the_edges(void **state)
{
	const u64 min64 = 1ull << 63, min32 = 0x80000000;

	assert_int_equal(insn_eval(op_add64k, UINT64_MAX, 2), 1);
	assert_int_equal(insn_eval(op_add32x, UINT64_MAX, 2), 1);
	assert_int_equal(insn_eval(op_div64x, 7, 0), 0);
	assert_int_equal(insn_eval(op_mod64x, 7, 0), 7);
	assert_int_equal(insn_eval(op_mod32x, 7ull << 32 | 9, 0), 9);
	assert_int_equal(insn_eval(op_sdiv64x, min64, (u64)-1), min64);
	assert_int_equal(insn_eval(op_sdiv32x, min32, (u64)-1), min32);
	assert_int_equal(insn_eval(op_smod64x, min64, (u64)-1), 0);
	assert_int_equal(insn_eval(op_smod64x, (u64)-7, 3), (u64)-1);
	assert_int_equal(insn_eval(op_lsh32x, 1, 33), 2);
	assert_int_equal(insn_eval(op_arsh32x, min32, 31), 0xffffffff);
	assert_int_equal(insn_eval(op_arsh64x, min64, 63), UINT64_MAX);
	assert_int_equal(insn_eval(op_movsx832x, 0, 0x80), 0xffffff80);
	assert_int_equal(insn_eval(op_movsx3264x, 0, min32), 0xffffffff80000000);
	assert_int_equal(insn_eval(op_neg32k, 1, 0), 0xffffffff);
	assert_int_equal(insn_eval(op_be16, 0xffff1234, 0), 0x3412);
	assert_int_equal(insn_eval(op_le32, 0x1234567890, 0), 0x34567890);
	assert_int_equal(insn_eval(op_jsgt32x, 0xffffffff, 0), 0);
	assert_int_equal(insn_eval(op_jgt32k, 0xffffffff, 0), 1);
	assert_int_equal(insn_eval(op_jset64k, 1ull << 40, 1ull << 40), 1);
	assert_int_equal(insn_eval(op_exit, 1, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_legal_op_round_trips),
		cmocka_unit_test(accepted_bits_all_count),
		cmocka_unit_test(refusals_name_field_and_value),
		cmocka_unit_test(jumps_stay_in_their_function),
		cmocka_unit_test(eval_knows_the_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
