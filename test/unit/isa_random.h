/* isa_random.h - a legal instruction of any op, for the tests of src/isa */
#ifndef ISA_RANDOM_H
#define ISA_RANDOM_H

#include "insn.h"

static u64 seed = 88172645463325252ull;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A legal instruction of this op with random operands. */
__attribute__((unused)) static struct insn random_insn(u32 op)
{
	const struct op_info *i = &op_info[op];
	struct insn in = {.op = (u16)op};

	if (i->fields & field_dst)
		in.dst = rnd() % 10;
	if (i->fields & field_src)
		in.src = rnd() % (op == op_lddw ? 7 : 10);
	if (i->fields & field_off)
		in.off = i->fields & field_far ? (s32)rnd() : (s16)rnd();
	if (i->fields & field_imm)
		in.imm = (s32)rnd();
	if (op == op_lddw)
		in.imm = in.src == SKEP_PSEUDO_MAP_FD || in.src == SKEP_PSEUDO_MAP_IDX ||
					 in.src == SKEP_PSEUDO_FUNC
				 ? (u32)rnd()
				 : (s64)rnd();
	else if (op == op_addr_space_cast)
		in.imm = rnd() & 1 ? 1 : 1 << 16;
	return in;
}

#endif
