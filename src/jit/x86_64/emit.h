/* emit.h - a function on its way from nodes to bytes: what the files of this target share
 *
 * r10 and r11 hold what lies on the stack while an instruction needs it in a register.
 */
#ifndef EMIT_H
#define EMIT_H

#include "x86.h"

/* A jump at the end of a block, or out of one; or what no instruction needs, before a
 * loop. */
struct jump {
	u32 at, to;	  /* of its opcode; block, 0: leaves the program */
	u8 cc, len, room; /* of them `len` bytes will stay */
};

struct emit {
	struct ir *ir;
	const struct jit_alloc *alloc;
	struct jit_buf *b;
	struct jit_func *out;
	struct jump *jumps;
	u32 njumps, jumps_room;
	u32 *starts; /* of blocks; 0: of what leaves */
	bool *empty; /* by block: it has no code */
	u32 frame;   /* bytes below what is pushed */
	u32 leave_off, run;
	bool leaves;
	bool copies; /* a block stands here a second time */
};

enum { ALWAYS = 0xff, ALIGN = 0xfe }; /* a jump's condition, or none */

static inline bool is_immediate(const struct ir *ir, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);

	return x->op == ir_konst && ir_is_small(x->imm);
}

static inline struct ir_node *node(const struct emit *e, u32 n)
{
	return ir_at(e->ir, n);
}

static inline u16 where(const struct emit *e, u32 n)
{
	return e->alloc->where[n];
}

static inline struct x86_rm slot(u16 where)
{
	return x86_at(rsp, (s32)(where - JIT_SLOT) * 8);
}

/* A value where it lies. */
static inline struct x86_rm rm_of(const struct emit *e, u32 n)
{
	u16 at = where(e, n);

	return at < JIT_REGS ? x86_of((u8)at) : slot(at);
}

static inline bool is_imm(const struct emit *e, u32 n)
{
	return is_immediate(e->ir, n);
}

/* A constant fits as imm32 of an operation of so many bits. */
static inline bool fits(const struct emit *e, u32 n, u8 bits)
{
	const struct ir_node *x = node(e, n);

	return x->op == ir_konst &&
	       (ir_is_small(x->imm) || (bits == 32 && x->imm == (u32)x->imm));
}

/* ---- operands: emit_operand.c ---- */

/* A value in a register: its own, or `scratch`. */
u8 emit_reg(struct emit *e, u32 n, u8 scratch);
/* A value where it lies; a constant in `scratch`. */
struct x86_rm emit_rm(struct emit *e, u32 n, u8 scratch);
/* Where a node's value is made, and what puts it where it lies. */
u8 emit_def(const struct emit *e, u32 n);
void emit_done(struct emit *e, u32 n, u8 reg);
void emit_move(struct emit *e, u8 reg, u32 n);
/* Moves that happen at once. */
void emit_moves(struct emit *e, struct jit_move *moves, u32 n);
void emit_konst(struct emit *e, u16 to, s64 imm);

/* ---- emit_alu.c ---- */

/* Sets the flags; the condition under which a cc b holds. */
u8 emit_compare(struct emit *e, u8 cc, u8 bits, u32 a, u32 b);
void emit_binary(struct emit *e, u32 n);
void emit_rotl(struct emit *e, u32 n);
void emit_extend(struct emit *e, u32 n);
void emit_neg(struct emit *e, u32 n);
void emit_bswap(struct emit *e, u32 n);
void emit_division(struct emit *e, u32 n);
void emit_addr(struct emit *e, u32 n);

/* ---- emit_memory.c ---- */

void emit_load(struct emit *e, u32 n);
void emit_store(struct emit *e, u32 n);
void emit_atomic(struct emit *e, u32 n);

/* ---- emit_jump.c ---- */

/* A jump to a block, or out of the function (0). */
void emit_jump(struct emit *e, u8 cc, u32 to);
/* A jump over a few bytes, inside of a node: what it returns, emit_skip_end() gets. */
u32 emit_skip(struct emit *e, u8 cc);
void emit_skip_end(struct emit *e, u32 from);
/* What follows is a loop, which begins where a block of so many bytes does. */
void emit_align(struct emit *e);
/* When all code is there from `begin` on: makes jumps as short as they can be. */
void emit_finish_jumps(struct emit *e, u32 begin);

#endif
