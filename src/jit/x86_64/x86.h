/* x86.h - encoding instructions of x86_64: x86.def as functions */
#ifndef X86_H
#define X86_H

#include "jit.h"

enum x86_reg {
	rax,
	rcx,
	rdx,
	rbx,
	rsp,
	rbp,
	rsi,
	rdi,
	r8,
	r9,
	r10,
	r11,
	r12,
	r13,
	r14,
	r15,
};

/* Conditions as jcc numbers them. */
enum x86_cc {
	cc_b = 2,
	cc_ae,
	cc_e,
	cc_ne,
	cc_be,
	cc_a,
	cc_l = 12,
	cc_ge,
	cc_le,
	cc_g,
};

/* A register, or memory at base + index << scale + disp; index JIT_NONE: none. */
struct x86_rm {
	bool memory;
	u8 reg; /* or base */
	u8 index, scale;
	s32 disp;
};

enum x86_row {
#define RM(name, ...)  x86_##name,
#define ONE(name, ...) x86_##name,
#define VEX(name, ...) x86_##name,
#include "x86.def"
};

static inline struct x86_rm x86_of(u8 reg)
{
	return (struct x86_rm){.reg = reg};
}

static inline struct x86_rm x86_at(u8 base, s32 disp)
{
	return (struct x86_rm){
		.memory = true, .reg = base, .index = JIT_NONE, .disp = disp};
}

void x86_byte(struct jit_buf *b, u8 byte);
void x86_imm32(struct jit_buf *b, s32 imm);
/* Rows RM and ONE (reg: ignored); w: 64 bits. */
void x86_rm(struct jit_buf *b, enum x86_row row, bool w, u8 reg, struct x86_rm rm);
/* A row ONE with a constant, short where it can be. */
void x86_rm_imm(struct jit_buf *b, enum x86_row row, bool w, struct x86_rm rm, s32 imm);
/* reg = rm op count; rorx: reg = rm rotated by imm. */
void x86_vex(struct jit_buf *b, enum x86_row row, bool w, u8 reg, struct x86_rm rm,
	     u8 count);
void x86_movi(struct jit_buf *b, u8 reg, s64 imm);

#endif
