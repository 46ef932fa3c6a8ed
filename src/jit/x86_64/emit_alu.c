/* Arithmetic, comparisons, addresses as values. */
#include "emit.h"

static const u8 cc_of[ir_cc_count] = {
	[ir_jeq] = cc_e,   [ir_jne] = cc_ne, [ir_jset] = cc_ne, [ir_jgt] = cc_a,
	[ir_jge] = cc_ae,  [ir_jlt] = cc_b,  [ir_jle] = cc_be,	[ir_jsgt] = cc_g,
	[ir_jsge] = cc_ge, [ir_jslt] = cc_l, [ir_jsle] = cc_le,
};

u8 emit_compare(struct emit *e, u8 cc, u8 bits, u32 a, u32 b)
{
	bool w = bits == 64;

	if (cc == ir_jset && fits(e, b, bits)) {
		s64 imm = node(e, b)->imm;

		x86_rm_imm(e->b, x86_testk, w && imm < 0, emit_rm(e, a, r11), (s32)imm);
	} else if (cc == ir_jset) {
		x86_rm(e->b, x86_test, w, emit_reg(e, b, r10), emit_rm(e, a, r11));
	} else if (fits(e, b, bits)) {
		s32 imm = (s32)node(e, b)->imm;
		struct x86_rm rm = emit_rm(e, a, r11);

		if (!imm && !rm.memory)
			x86_rm(e->b, x86_test, w, rm.reg, rm);
		else
			x86_rm_imm(e->b, x86_cmpk, w, rm, imm);
	} else {
		x86_rm(e->b, x86_cmp, w, emit_reg(e, a, r11), rm_of(e, b));
	}
	return cc_of[cc];
}

static const u8 rows[][2] = {
	[ir_add] = {x86_add, x86_addk},	 [ir_sub] = {x86_sub, x86_subk},
	[ir_or] = {x86_or, x86_ork},	 [ir_and] = {x86_and, x86_andk},
	[ir_xor] = {x86_xor, x86_xork},	 [ir_shl] = {x86_shlx, x86_shlk},
	[ir_shr] = {x86_shrx, x86_shrk}, [ir_sar] = {x86_sarx, x86_sark},
};

static void lea(struct emit *e, bool w, u8 d, u8 base, u8 index, u8 scale, s32 disp)
{
	struct x86_rm rm = x86_at(base, disp);

	rm.index = index;
	rm.scale = scale;
	x86_rm(e->b, x86_lea, w, d, rm);
}

static void emit_with_imm(struct emit *e, const struct ir_node *x, u8 d)
{
	bool w = x->bits == 64;
	s32 imm = (s32)node(e, x->b)->imm;

	if (x->op == ir_mul) {
		struct x86_rm rm = emit_rm(e, x->a, r11);

		x86_rm(e->b, imm == (s8)imm ? x86_imulk8 : x86_imulk, w, d, rm);
		if (imm == (s8)imm)
			x86_byte(e->b, (u8)imm);
		else
			x86_imm32(e->b, imm);
		return;
	}
	if (x->op == ir_add && where(e, x->a) < JIT_REGS && where(e, x->a) != d) {
		lea(e, w, d, (u8)where(e, x->a), JIT_NONE, 0, imm);
		return;
	}
	emit_move(e, d, x->a);
	if (x->op == ir_shl && (imm & (x->bits - 1)) == 1)
		x86_rm(e->b, x86_add, w, d, x86_of(d));
	else
		x86_rm_imm(e->b, rows[x->op][1], w && !(x->op == ir_and && imm >= 0),
			   x86_of(d), imm);
}

void emit_binary(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	bool w = x->bits == 64, shifts = x->op >= ir_shl && x->op <= ir_sar;
	u8 d = emit_def(e, n);
	u32 a = x->a, b = x->b;

	if (fits(e, b, x->bits) || (shifts && node(e, b)->op == ir_konst)) {
		emit_with_imm(e, x, d);
	} else if (shifts) {
		u8 by = emit_reg(e, b, r10);

		x86_vex(e->b, rows[x->op][0], w, d, emit_rm(e, a, r11), by);
	} else if (x->op == ir_add && where(e, a) < JIT_REGS && where(e, b) < JIT_REGS &&
		   where(e, a) != d && where(e, b) != d) {
		lea(e, w, d, (u8)where(e, a), (u8)where(e, b), 0, 0);
	} else {
		if (ir_info[x->op].flags & IR_COMMUTES && where(e, b) == d) {
			a = x->b;
			b = x->a;
		}
		emit_move(e, d, a);
		x86_rm(e->b, x->op == ir_mul ? x86_imul : rows[x->op][0], w, d,
		       emit_rm(e, b, r10));
	}
	emit_done(e, n, d);
}

void emit_rotl(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	u8 d = emit_def(e, n), by = (u8)node(e, x->b)->imm;

	if (where(e, x->a) == d)
		x86_rm_imm(e->b, x86_rolk, x->bits == 64, x86_of(d), by);
	else
		x86_vex(e->b, x86_rorx, x->bits == 64, d, emit_rm(e, x->a, r11),
			(u8)(x->bits - by));
	emit_done(e, n, d);
}

void emit_extend(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	struct x86_rm a = emit_rm(e, x->a, r11);
	bool sign = x->op == ir_sext, w = sign && x->bits == 64;
	u8 d = emit_def(e, n);

	switch (x->size) {
	case 1: x86_rm(e->b, sign ? x86_movsx8 : x86_movzx8, w, d, a); break;
	case 2: x86_rm(e->b, sign ? x86_movsx16 : x86_movzx16, w, d, a); break;
	default: x86_rm(e->b, w ? x86_movsxd : x86_load, w, d, a);
	}
	emit_done(e, n, d);
}

void emit_neg(struct emit *e, u32 n)
{
	u8 d = emit_def(e, n);

	emit_move(e, d, node(e, n)->a);
	x86_rm(e->b, x86_neg, node(e, n)->bits == 64, 0, x86_of(d));
	emit_done(e, n, d);
}

/* rol of 16 bits leaves the rest as it is. */
void emit_bswap(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n), *a = node(e, x->a);
	u8 d = emit_def(e, n);

	if (x->size == 2) {
		if (where(e, x->a) != d || a->op != ir_load || a->size > 2 || a->kind)
			x86_rm(e->b, x86_movzx16, false, d, emit_rm(e, x->a, r11));
		x86_byte(e->b, 0x66);
		x86_rm_imm(e->b, x86_rolk, false, x86_of(d), 8);
	} else {
		emit_move(e, d, x->a);
		if (x->size == 8 || d >= 8)
			x86_byte(e->b, (u8)(0x40 | (x->size == 8 ? 8 : 0) | (d >= 8)));
		x86_byte(e->b, 0x0f);
		x86_byte(e->b, 0xc8 | (d & 7));
	}
	emit_done(e, n, d);
}

/* By 0 the quotient is 0 and the rest is what was to be divided; by -1, with a sign, it
 * is the number's opposite and 0: idiv would trap where there is none. */
void emit_division(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	bool w = x->bits == 64, mod = x->op == ir_umod || x->op == ir_smod;
	bool sign = x->op == ir_sdiv || x->op == ir_smod;
	u32 zero = 0, minus = 0, done = 0, done2 = 0;
	u8 d = emit_def(e, n), by;
	s64 k = node(e, x->b)->op != ir_konst ? 0
		: w			      ? node(e, x->b)->imm
					      : (s32)node(e, x->b)->imm;

	by = emit_reg(e, x->b, r11);
	if (by == rax || by == rdx) {
		x86_rm(e->b, x86_load, true, r11, x86_of(by));
		by = r11;
	}
	if (!k && !x->kind) {
		x86_rm(e->b, x86_test, w, by, x86_of(by));
		zero = emit_skip(e, cc_e);
	}
	if (sign) {
		x86_rm_imm(e->b, x86_cmpk, w, x86_of(by), -1);
		minus = emit_skip(e, cc_e);
	}
	emit_move(e, rax, x->a);
	if (sign) {
		if (w)
			x86_byte(e->b, 0x48);
		x86_byte(e->b, 0x99); /* cdq, cqo */
	} else {
		x86_rm(e->b, x86_xor, false, rdx, x86_of(rdx));
	}
	x86_rm(e->b, sign ? x86_idiv : x86_div, w, 0, x86_of(by));
	if (d != (mod ? rdx : rax))
		x86_rm(e->b, x86_load, w, d, x86_of(mod ? rdx : rax));
	if (zero || minus)
		done = emit_skip(e, ALWAYS);
	if (minus) {
		emit_skip_end(e, minus);
		if (mod) {
			x86_movi(e->b, d, 0);
		} else {
			emit_move(e, d, x->a);
			x86_rm(e->b, x86_neg, w, 0, x86_of(d));
		}
		if (zero)
			done2 = emit_skip(e, ALWAYS);
	}
	if (zero) {
		emit_skip_end(e, zero);
		if (!mod)
			x86_movi(e->b, d, 0);
		else if (w)
			emit_move(e, d, x->a);
		else
			x86_rm(e->b, x86_load, false, d, emit_rm(e, x->a, r11));
	}
	if (done)
		emit_skip_end(e, done);
	if (done2)
		emit_skip_end(e, done2);
	emit_done(e, n, d);
}

void emit_addr(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	u8 d = emit_def(e, n), base = emit_reg(e, x->a, r11);

	if (!x->b && base == d)
		x86_rm_imm(e->b, x86_addk, true, x86_of(d), (s32)x->imm);
	else
		lea(e, true, d, base, x->b ? emit_reg(e, x->b, r10) : (u8)JIT_NONE,
		    x->scale, (s32)x->imm);
	emit_done(e, n, d);
}
