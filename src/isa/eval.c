#include "insn.h"

/* The types of a row's width, for the expressions of insn.def. */
#define WIDTH(utype, stype) \
	typedef utype UW __attribute__((unused)); \
	typedef stype SW __attribute__((unused)); \
	enum { M = sizeof(UW) * 8 - 1 }; \
	UW D __attribute__((unused)) = (UW)d, S __attribute__((unused)) = (UW)s

u64 insn_eval(enum op op, u64 d, u64 s)
{
	switch (op) {
#define ROW(name, expr) \
	case op_##name##64k: \
	case op_##name##64x: { \
		WIDTH(u64, s64); \
		return expr; \
	} \
	case op_##name##32k: \
	case op_##name##32x: { \
		WIDTH(u32, s32); \
		return expr; \
	}
#define ALU(name, code, off, forms, text, expr) ROW(name, (UW)(expr))
#define JMP(name, code, text, expr)		ROW(name, (expr) ? 1 : 0)
#define SWAP(name, opcode, bits, text, expr) \
	case op_##name: { \
		WIDTH(u64, s64); \
		return expr; \
	}
#include "insn.def"
	default: return 0;
	}
}
