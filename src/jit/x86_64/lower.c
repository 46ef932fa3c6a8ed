/* What x86_64 does in an address. */
#include "x86.h"
#include "x86_64.h"

static bool adds(s64 a, s64 b, s64 *sum)
{
	*sum = a + b;
	return *sum == (s32)*sum;
}

/* x = a + k in memory's displacement. */
static void fold_disp(struct ir *ir, struct ir_node *x)
{
	for (;;) {
		const struct ir_node *a = ir_at(ir, x->a);
		s64 sum;

		if (a->bits != 64)
			return;
		if (a->op == ir_addr && !a->b && adds(x->imm, a->imm, &sum)) {
			x->imm = sum;
			x->a = a->a;
		} else if (a->op == ir_add && ir_is_konst(ir, a->b) &&
			   adds(x->imm, ir_at(ir, a->b)->imm, &sum)) {
			x->imm = sum;
			x->a = a->a;
		} else {
			return;
		}
	}
}

static bool is_scaled(const struct ir *ir, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);

	return x->op == ir_shl && x->bits == 64 && ir_is_konst(ir, x->b) &&
	       (u64)ir_at(ir, x->b)->imm <= 3;
}

/* x = a + (b << 0 to 3): an index. */
static void fold_index(struct ir *ir, struct ir_node *x, u32 *index)
{
	const struct ir_node *a = ir_at(ir, x->a);
	u32 base = a->a, by = a->b;

	if (a->op != ir_add || a->bits != 64 || ir_is_konst(ir, a->b) || a->uses > 2)
		return;
	if (is_scaled(ir, base)) {
		base = a->b;
		by = a->a;
	}
	if (is_scaled(ir, by)) {
		x->scale = (u8)ir_at(ir, ir_at(ir, by)->b)->imm;
		by = ir_at(ir, by)->a;
	}
	x->a = base;
	*index = by;
}

static void lower_memory(struct ir *ir, struct ir_node *x)
{
	fold_disp(ir, x);
	if (x->op == ir_load || x->op == ir_store) {
		fold_index(ir, x, &x->c);
		if (x->c)
			fold_disp(ir, x);
	}
}

/* a + (b << 1 to 3) + k, where the parts are for this alone. */
static void lower_add(struct ir *ir, struct ir_node *x)
{
	u32 a = x->a, b = x->b;

	if (x->bits != 64 || ir_is_konst(ir, b))
		return;
	if (is_scaled(ir, a)) {
		a = x->b;
		b = x->a;
	}
	if (!is_scaled(ir, b) || ir_at(ir, b)->uses > 1)
		return;
	x->op = ir_addr;
	x->a = a;
	x->b = ir_at(ir, b)->a;
	x->scale = (u8)ir_at(ir, ir_at(ir, b)->b)->imm;
	fold_disp(ir, x);
}

/* A constant of more than 32 bits is made once, before all loops. */
static void hoist_konst(struct ir *ir, u32 n)
{
	u32 entry = ir->blocks[1].last;

	if (ir_is_small(ir_at(ir, n)->imm) || ir_at(ir, n)->block == 1 ||
	    !ir->blocks[ir_at(ir, n)->block].depth || !entry)
		return;
	ir_remove(ir, n);
	ir_append(ir, 1, n);
}

void x86_64_lower(struct ir *ir)
{
	for (u32 i = 0; i < ir->norder; i++) {
		u32 next;

		for (u32 n = ir->blocks[ir->order[i]].first; n; n = next) {
			struct ir_node *x = ir_at(ir, n);

			next = x->next;
			switch (x->op) {
			case ir_load:
			case ir_store:
			case ir_atomic: lower_memory(ir, x); break;
			case ir_add: lower_add(ir, x); break;
			case ir_konst: hoist_konst(ir, n); break;
			}
		}
	}
	ir_sweep(ir);
}
