/* op_info.c - insn.def as a table by op; the forms that it has no rows for stand below */
#include "insn.h"

/* clang-format off */

enum { DST_SRC = field_dst | field_src, DST_IMM = field_dst | field_imm };

/* RFC 9669 section 3: the class in the low bits of the opcode, the source above it. */
enum { ALU32_K = 0x04, JMP64_K = 0x05, JMP32_K = 0x06, ALU64_K = 0x07, X = 0x08 };

/* RFC 9669 section 5: class and mode; the width's bits are added. */
enum {
	LD_IMM_DW = 0x18, LD_ABS = 0x20, LD_IND = 0x40, LDX_MEM = 0x61, LDX_MEMSX = 0x81,
	ST_MEM = 0x62, STX_MEM = 0x63, STX_ATOMIC = 0xc3,
};

/* a row of few forms is unary (neg) if it has no X, and extends (movsx) if it has no K */
#define IS_UNARY(forms) (!((forms) & (A64X | A32X)))

#define ALU_FORM(rname, form, suffix, width, source, op, off_, forms, text_) \
	[op_##rname##form] = { .name = #rname #form, .text = text_, .class = class_alu, \
		.mnemonic = width == 4 ? #rname "32" : off_ < 8 ? #rname : #rname "64", \
		.size = width, .legal = ((forms) & suffix) != 0, .is_imm = !(source), \
		.code = op | source | (width == 4 ? ALU32_K : ALU64_K), .off = off_, \
		.fields = IS_UNARY(forms) ? field_dst : source ? DST_SRC : DST_IMM }
#define JMP_FORM(rname, form, width, source, op, text_) \
	[op_##rname##form] = { .name = #rname #form, .text = text_, .class = class_jmp, \
		.mnemonic = width == 4 ? #rname "32" : #rname, .size = width, \
		.legal = true, .is_imm = !(source), \
		.code = op | source | (width == 4 ? JMP32_K : JMP64_K), \
		.fields = field_off | (source ? DST_SRC : DST_IMM) }
#define MEM_FORM(form, rname, class_, bits, fields_, ...) \
	[op_##form##_##rname] = { .name = #form "_" #rname, .mnemonic = #form #rname, \
		.class = class_, .code = bits, .fields = fields_, __VA_ARGS__ }
#define ATOM_FORM(rname, width, wname, suffix, imm_, fetch_, text_) \
	[op_lock_##rname##_##wname] = { .name = "lock_" #rname "_" #wname, .text = text_, \
		.mnemonic = "lock_" #rname suffix, .class = class_atomic, .size = width, \
		.legal = true, .fetch = fetch_, .code = STX_ATOMIC | (width == 8 ? 0x18 : 0), \
		.fields = DST_SRC | field_off, .imm = imm_ }
#define SPECIAL(rname, mnemonic_, opcode, fields_, ...) \
	[op_##rname] = { .name = #rname, .mnemonic = mnemonic_, .class = class_special, \
		.size = 8, .legal = true, .code = opcode, .fields = fields_, __VA_ARGS__ }

const struct op_info op_info[op_count] = {
#define ALU(name, code, off, forms, text, expr) \
	ALU_FORM(name, 64k, A64K, 8, 0, code, off, forms, text), \
	ALU_FORM(name, 64x, A64X, 8, X, code, off, forms, text), \
	ALU_FORM(name, 32k, A32K, 4, 0, code, off, forms, text), \
	ALU_FORM(name, 32x, A32X, 4, X, code, off, forms, text),
#define SWAP(rname, opcode, bits, text_, expr) \
	[op_##rname] = { .name = #rname, .mnemonic = #rname, .text = text_, .size = bits / 8, \
		.class = class_swap, .legal = true, .code = opcode, .fields = field_dst, \
		.imm = bits },
#define JMP(name, code, text, expr) \
	JMP_FORM(name, 64k, 8, 0, code, text), JMP_FORM(name, 64x, 8, X, code, text), \
	JMP_FORM(name, 32k, 4, 0, code, text), JMP_FORM(name, 32x, 4, X, code, text),
#define MEM(n, s, utype, stype) \
	MEM_FORM(ldx, n, class_load, LDX_MEM | s, DST_SRC | field_off, \
		.size = sizeof(utype), .text = #utype, .legal = true), \
	MEM_FORM(ldxs, n, class_load, LDX_MEMSX | s, DST_SRC | field_off, \
		.size = sizeof(utype), .text = #stype, .legal = sizeof(utype) < 8, \
		.is_signed = true), \
	MEM_FORM(st, n, class_store, ST_MEM | s, DST_IMM | field_off, \
		.size = sizeof(utype), .text = #utype, .legal = true, .is_imm = true), \
	MEM_FORM(stx, n, class_store, STX_MEM | s, DST_SRC | field_off, \
		.size = sizeof(utype), .text = #utype, .legal = true), \
	MEM_FORM(ldacq, n, class_load, STX_ATOMIC | s, DST_SRC | field_off, \
		.size = sizeof(utype), .text = #utype, .legal = true, .imm = 0x100), \
	MEM_FORM(strel, n, class_store, STX_ATOMIC | s, DST_SRC | field_off, \
		.size = sizeof(utype), .text = #utype, .legal = true, .imm = 0x110), \
	MEM_FORM(ldabs, n, class_packet, LD_ABS | s, field_imm, \
		.size = sizeof(utype), .text = #utype, .legal = sizeof(utype) < 8, \
		.is_imm = true), \
	MEM_FORM(ldind, n, class_packet, LD_IND | s, field_src | field_imm, \
		.size = sizeof(utype), .text = #utype, .legal = sizeof(utype) < 8),
#define ATOM(name, imm, fetch, text, expr) \
	ATOM_FORM(name, 4, w, "32", imm, fetch, text), \
	ATOM_FORM(name, 8, dw, "", imm, fetch, text),
#include "insn.def"
	SPECIAL(lddw,            "lddw",       LD_IMM_DW, DST_SRC | field_imm),
	SPECIAL(ja,              "ja",         0x05, field_off),
	SPECIAL(gotol,           "ja32",       0x06, field_off | field_far),
	SPECIAL(may_goto,        "may_goto",   0xe5, field_off),
	SPECIAL(call_helper,     "call",       0x85, field_imm, .src = SKEP_PSEUDO_HELPER),
	SPECIAL(call_local,      "call_local", 0x85, field_off | field_far, .src = SKEP_PSEUDO_CALL),
	SPECIAL(call_kfunc,      "call_kfunc", 0x85, field_off | field_imm, .src = SKEP_PSEUDO_KFUNC_CALL),
	SPECIAL(exit,            "exit",       0x95, 0),
	SPECIAL(addr_space_cast, "addr_space_cast", ALU64_K | X | 0xb0, DST_SRC | field_imm, .off = 1),
};
