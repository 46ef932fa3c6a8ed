/* Values as operands, and moves. */
#include "emit.h"

u8 emit_reg(struct emit *e, u32 n, u8 scratch)
{
	u16 at = where(e, n);

	if (at < JIT_REGS)
		return (u8)at;
	if (node(e, n)->op == ir_konst)
		x86_movi(e->b, scratch, node(e, n)->imm);
	else
		x86_rm(e->b, x86_load, true, scratch, slot(at));
	return scratch;
}

struct x86_rm emit_rm(struct emit *e, u32 n, u8 scratch)
{
	return is_immediate(e->ir, n) ? x86_of(emit_reg(e, n, scratch)) : rm_of(e, n);
}

u8 emit_def(const struct emit *e, u32 n)
{
	return where(e, n) < JIT_REGS ? (u8)where(e, n) : (u8)r11;
}

void emit_done(struct emit *e, u32 n, u8 reg)
{
	if (where(e, n) >= JIT_SLOT)
		x86_rm(e->b, x86_store, true, reg, slot(where(e, n)));
}

void emit_move(struct emit *e, u8 reg, u32 n)
{
	if (is_immediate(e->ir, n))
		x86_movi(e->b, reg, node(e, n)->imm);
	else if (where(e, n) != reg)
		x86_rm(e->b, x86_load, true, reg, rm_of(e, n));
}

/* ---- moves ---- */

static void do_move(void *arg, u16 to, u16 from)
{
	struct emit *e = arg;
	u8 reg = to < JIT_REGS ? (u8)to : from < JIT_REGS ? (u8)from : (u8)r11;

	if (from >= JIT_SLOT)
		x86_rm(e->b, x86_load, true, reg, slot(from));
	else if (to < JIT_REGS)
		x86_rm(e->b, x86_load, true, reg, x86_of((u8)from));
	if (to >= JIT_SLOT)
		x86_rm(e->b, x86_store, true, reg, slot(to));
}

void emit_konst(struct emit *e, u16 to, s64 imm)
{
	if (to < JIT_REGS) {
		x86_movi(e->b, (u8)to, imm);
	} else if (ir_is_small(imm)) {
		x86_rm_imm(e->b, x86_movk, true, slot(to), (s32)imm);
	} else {
		x86_movi(e->b, r11, imm);
		x86_rm(e->b, x86_store, true, r11, slot(to));
	}
}

static void do_swap(void *arg, u16 a, u16 b)
{
	struct emit *e = arg;

	if (a >= JIT_SLOT && b >= JIT_SLOT) {
		x86_rm(e->b, x86_load, true, r11, slot(a));
		x86_rm(e->b, x86_xchg, true, r11, slot(b));
		x86_rm(e->b, x86_store, true, r11, slot(a));
	} else if (a < JIT_REGS) {
		x86_rm(e->b, x86_xchg, true, (u8)a,
		       b < JIT_REGS ? x86_of((u8)b) : slot(b));
	} else {
		x86_rm(e->b, x86_xchg, true, (u8)b, slot(a));
	}
}

static void do_konst(void *arg, u16 to, s64 imm)
{
	emit_konst(arg, to, imm);
}

void emit_moves(struct emit *e, struct jit_move *moves, u32 n)
{
	const struct jit_mover mover = {do_move, do_konst, do_swap, e};

	jit_move_all(moves, n, &mover);
}
