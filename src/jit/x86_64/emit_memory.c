/* Loads, stores and atomic operations. */
#include "emit.h"

static struct x86_rm memory(struct emit *e, const struct ir_node *x)
{
	struct x86_rm rm = x86_at(emit_reg(e, x->a, r11), (s32)x->imm);

	if (x->c && x->op != ir_atomic) {
		u8 index = emit_reg(e, x->c, r10);

		if (index == r10 || rm.reg == r11) { /* the other scratch is free again */
			struct x86_rm sum = rm;

			sum.index = index;
			sum.scale = x->scale;
			x86_rm(e->b, x86_lea, true, r11, sum);
			return x86_at(r11, 0);
		}
		rm.index = index;
		rm.scale = x->scale;
	}
	return rm;
}

void emit_load(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	struct x86_rm rm = memory(e, x);
	u8 d = emit_def(e, n);

	switch (x->size) {
	case 1: x86_rm(e->b, x->kind ? x86_movsx8 : x86_movzx8, x->kind, d, rm); break;
	case 2: x86_rm(e->b, x->kind ? x86_movsx16 : x86_movzx16, x->kind, d, rm); break;
	case 4: x86_rm(e->b, x->kind ? x86_movsxd : x86_load, x->kind, d, rm); break;
	default: x86_rm(e->b, x86_load, true, d, rm);
	}
	emit_done(e, n, d);
}

void emit_store(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n), *value = node(e, x->b);
	struct x86_rm rm = memory(e, x);
	bool w = x->size == 8;

	if (value->op == ir_konst && (x->size < 8 || ir_is_small(value->imm))) {
		s32 imm = (s32)value->imm;

		if (x->size == 2) {
			x86_byte(e->b, 0x66);
			x86_rm(e->b, x86_movk, false, 0, rm);
			x86_byte(e->b, (u8)imm);
			x86_byte(e->b, (u8)((u32)imm >> 8));
		} else {
			x86_rm_imm(e->b, x->size == 1 ? x86_movk8 : x86_movk, w, rm, imm);
		}
		return;
	}
	x86_rm(e->b,
	       x->size == 1   ? x86_store8
	       : x->size == 2 ? x86_store16
			      : x86_store,
	       w, emit_reg(e, x->b, r10), rm);
}

enum {
#define ATOM(name, ...) atom_##name##_w, atom_##name##_dw,
#include "insn.def"
};

/* lock OP [memory], register. */
static void locked(struct emit *e, enum x86_row row, bool w, u8 reg, struct x86_rm rm)
{
	x86_byte(e->b, 0xf0);
	x86_rm(e->b, row, w, reg, rm);
}

/* By kind / 2: the operation on memory; on a register, and with a constant. */
static const u8 lock_rows[] = {
	[atom_add_w >> 1] = x86_addm,
	[atom_or_w >> 1] = x86_orm,
	[atom_and_w >> 1] = x86_andm,
	[atom_xor_w >> 1] = x86_xorm,
};
static const u8 fetch_rows[][2] = {
	[atom_fetch_or_w >> 1] = {x86_or, x86_ork},
	[atom_fetch_and_w >> 1] = {x86_and, x86_andk},
	[atom_fetch_xor_w >> 1] = {x86_xor, x86_xork},
};

void emit_atomic(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	bool w = x->size == 8;
	struct x86_rm rm;
	u32 again;

	switch (x->kind & ~1) {
	case atom_add_w:
	case atom_or_w:
	case atom_and_w:
	case atom_xor_w:
		rm = memory(e, x);
		locked(e, lock_rows[x->kind >> 1], w, emit_reg(e, x->b, r10), rm);
		return;
	case atom_fetch_add_w:
	case atom_xchg_w:
		emit_move(e, r10, x->b);
		rm = memory(e, x);
		locked(e, (x->kind & ~1) == atom_xchg_w ? x86_xchg : x86_xadd, w, r10,
		       rm);
		if (where(e, n) < JIT_REGS)
			x86_rm(e->b, x86_load, w, (u8)where(e, n), x86_of(r10));
		else if (where(e, n) >= JIT_SLOT) {
			x86_rm(e->b, x86_load, w, r10, x86_of(r10));
			emit_done(e, n, r10);
		}
		return;
	case atom_cmpxchg_w:
		rm = memory(e, x);
		emit_move(e, rax, x->c);
		locked(e, x86_cmpxchg, w, emit_reg(e, x->b, r10), rm);
		break;
	default: /* fetch_or, fetch_and, fetch_xor */
		rm = memory(e, x);
		x86_rm(e->b, x86_load, w, rax, rm);
		again = e->b->n;
		/* rm may use r11; the new word is made in r10. */
		x86_rm(e->b, x86_load, w, r10, x86_of(rax));
		if (is_imm(e, x->b))
			x86_rm_imm(e->b, fetch_rows[x->kind >> 1][1], w, x86_of(r10),
				   (s32)node(e, x->b)->imm);
		else
			x86_rm(e->b, fetch_rows[x->kind >> 1][0], w, r10, rm_of(e, x->b));
		locked(e, x86_cmpxchg, w, r10, rm);
		x86_byte(e->b, 0x70 | cc_ne);
		x86_byte(e->b, (u8)(again - e->b->n - 1));
	}
	/* rax is whole: cmpxchg of 32 bits may have left its upper half. */
	if (where(e, n) < JIT_REGS && (where(e, n) != rax || !w))
		x86_rm(e->b, x86_load, w, (u8)where(e, n), x86_of(rax));
	else if (where(e, n) >= JIT_SLOT) {
		x86_rm(e->b, x86_load, w, rax, x86_of(rax));
		emit_done(e, n, rax);
	}
}
