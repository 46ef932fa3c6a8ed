/* Constants and identities; what was computed before; what nobody uses. */
#include "ir.h"

static s64 imm_of(const struct ir *ir, u32 n)
{
	return ir_at(ir, n)->imm;
}

static s64 cut(u8 bits, u64 v)
{
	return bits == 32 ? (s64)(u32)v : (s64)v;
}

/* The upper half of the value is 0. */
static bool is_narrow(const struct ir *ir, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);

	if (x->umax >> 32 == 0)
		return true;
	switch (x->op) {
	case ir_konst: return (u64)x->imm >> 32 == 0;
	case ir_load: return x->size < 8 && !x->kind;
	case ir_bswap: return x->size < 8;
	case ir_zext: return true;
	case ir_phi:
	case ir_param:
	case ir_call:
	case ir_local:
	case ir_frame:
	case ir_addr: return false;
	case ir_and:
		return x->bits == 32 ||
		       (ir_is_konst(ir, x->b) && (u64)imm_of(ir, x->b) >> 32 == 0);
	case ir_shr:
		return x->bits == 32 ||
		       (ir_is_konst(ir, x->b) && (imm_of(ir, x->b) & 63) >= 32);
	default: return x->bits == 32;
	}
}

static u64 mask_of(u64 umax)
{
	return umax ? ~0ull >> __builtin_clzll(umax) : 0;
}

/* The bits that may be set, of what is simple to say. */
static u64 may_be(const struct ir *ir, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);
	u64 all = mask_of(x->umax) & (is_narrow(ir, n) ? ~0u : ~0ull);

	switch (x->op) {
	case ir_konst: return (u64)x->imm;
	case ir_load:
		return x->kind || x->size == 8 ? all : all & ((1ull << 8 * x->size) - 1);
	case ir_bswap:
	case ir_zext: return x->size == 8 ? all : all & ((1ull << 8 * x->size) - 1);
	case ir_and:
		if (ir_is_konst(ir, x->b))
			return all & (u64)imm_of(ir, x->b);
		break;
	case ir_shr:
		if (ir_is_konst(ir, x->b))
			return all & (x->bits == 32 ? ~0u : ~0ull) >>
					     (imm_of(ir, x->b) & (x->bits - 1));
		break;
	}
	return all;
}

static u32 become(struct ir *ir, u32 n, u32 value)
{
	ir->forward[n] = value;
	return value;
}

static u32 become_konst(struct ir *ir, u32 n, s64 imm)
{
	struct ir_node *x = ir_at(ir, n);

	x->op = ir_konst;
	x->bits = 64;
	x->a = x->b = x->c = 0;
	x->size = x->kind = 0;
	x->imm = imm;
	return n;
}

/* It is a copy of its first operand's low bits as the node has them. */
static u32 become_first(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);

	if (x->bits == 64 || is_narrow(ir, x->a))
		return become(ir, n, x->a);
	x->op = ir_zext;
	x->size = 4;
	x->b = 0;
	return n;
}

/* A 32-bit operation does not see the upper halves. */
static u32 low_half(const struct ir *ir, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);

	while ((x->op == ir_zext || x->op == ir_sext) && x->size == 4) {
		n = x->a;
		x = ir_at(ir, n);
	}
	return n;
}

static bool reads_low_halves(const struct ir_node *x)
{
	return x->bits == 32 && x->op >= ir_add && x->op <= ir_neg;
}

/* A number, before node n. Pointers to nodes are good no more: they may have moved. */
static u32 konst_before(struct ir *ir, u32 n, s64 imm)
{
	u32 k = ir_new(ir, ir_konst, 64);

	ir_at(ir, k)->imm = imm;
	ir_insert_before(ir, k, n);
	return k;
}

static u32 fold_frame(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);
	s64 off = imm_of(ir, x->a) + imm_of(ir, x->b);

	x->op = ir_frame;
	x->a = x->b = 0;
	x->imm = off;
	return n;
}

/* (a op k1) op k2, of operations that associate. */
static u32 join_konsts(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n), *a = ir_at(ir, x->a);
	u16 alu = x->bits == 64 ? ir_info[x->op].alu64 : ir_info[x->op].alu32;
	s64 imm;
	u32 k;

	if (a->op != x->op || a->bits != x->bits || !ir_is_konst(ir, a->b))
		return n;
	imm = cut(x->bits,
		  insn_eval((enum op)alu, (u64)imm_of(ir, a->b), (u64)imm_of(ir, x->b)));
	k = konst_before(ir, n, imm);
	x = ir_at(ir, n);
	x->a = ir_at(ir, x->a)->a;
	x->b = k;
	return n;
}

static u32 fold_shifts(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n), *a = ir_at(ir, x->a);
	u32 by = (u32)imm_of(ir, x->b) & (x->bits - 1u);

	/* x << 32 >> 32 and its kin for bytes and half words */
	if ((x->op == ir_shr || x->op == ir_sar) && a->op == ir_shl &&
	    a->bits == x->bits && ir_is_konst(ir, a->b) &&
	    (imm_of(ir, a->b) & (x->bits - 1)) == by &&
	    (x->bits - by == 8 || x->bits - by == 16 || x->bits - by == 32)) {
		x->size = (u8)((x->bits - by) / 8);
		x->op = x->op == ir_shr ? ir_zext : ir_sext;
		if (x->op == ir_zext)
			x->bits = 32;
		x->a = a->a;
		x->b = 0;
	}
	return n;
}

static u32 fold_or(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);
	const struct ir_node *a = ir_at(ir, x->a), *b = ir_at(ir, x->b);

	if (a->op == ir_shr) {
		const struct ir_node *swap = a;

		a = b;
		b = swap;
	}
	if (a->op != ir_shl || b->op != ir_shr || a->bits != x->bits ||
	    b->bits != x->bits || !ir_is_konst(ir, a->b) || !ir_is_konst(ir, b->b) ||
	    (x->bits == 32 ? low_half(ir, a->a) != low_half(ir, b->a) : a->a != b->a) ||
	    imm_of(ir, a->b) + imm_of(ir, b->b) != x->bits)
		return n;
	x->op = ir_rotl;
	x->b = a->b;
	x->a = a->a;
	return n;
}

static u32 fold_with_konst(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);
	s64 k = cut(x->bits, (u64)imm_of(ir, x->b));

	switch (x->op) {
	case ir_add:
	case ir_or:
	case ir_xor:
	case ir_sub:
		if (!k)
			return become_first(ir, n);
		break;
	case ir_shl:
	case ir_shr:
	case ir_sar:
		if (!(k & (x->bits - 1)))
			return become_first(ir, n);
		return fold_shifts(ir, n);
	case ir_mul:
		if (!k)
			return become_konst(ir, n, 0);
		if (k == 1)
			return become_first(ir, n);
		if (is_pow2((u64)k)) {
			u32 by = konst_before(ir, n, __builtin_ctzll((u64)k));

			x = ir_at(ir, n);
			x->op = ir_shl;
			x->b = by;
		}
		return n;
	case ir_udiv:
	case ir_umod:
		if (!k)
			return x->op == ir_udiv ? become_konst(ir, n, 0)
						: become_first(ir, n);
		if (is_pow2((u64)k)) {
			u32 by = konst_before(ir, n,
					      x->op == ir_umod ? k - 1
							       : __builtin_ctzll((u64)k));

			x = ir_at(ir, n);
			x->op = x->op == ir_umod ? ir_and : ir_shr;
			x->b = by;
		}
		return n;
	case ir_and:
		if (!k)
			return become_konst(ir, n, 0);
		if (!(may_be(ir, x->a) & ~(u64)k))
			return become_first(ir, n);
		if (k == 0xff || k == 0xffff || k == 0xffffffff) {
			x->op = ir_zext;
			x->size = k == 0xff ? 1 : k == 0xffff ? 2 : 4;
			x->bits = 32;
			x->b = 0;
			return n;
		}
		break;
	}
	if (x->op == ir_add && x->bits == 64 && ir_at(ir, x->a)->op == ir_frame)
		return fold_frame(ir, n);
	if (ir_info[x->op].flags & IR_COMMUTES)
		return join_konsts(ir, n);
	return n;
}

static u32 fold_binary(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);
	u16 alu = x->bits == 64 ? ir_info[x->op].alu64 : ir_info[x->op].alu32;

	if (ir_is_konst(ir, x->a) && ir_is_konst(ir, x->b) && alu)
		return become_konst(ir, n,
				    (s64)insn_eval((enum op)alu, (u64)imm_of(ir, x->a),
						   (u64)imm_of(ir, x->b)));
	if (ir_info[x->op].flags & IR_COMMUTES && ir_is_konst(ir, x->a)) {
		u32 a = x->a;

		x->a = x->b;
		x->b = a;
	}
	/* a - k is a + -k */
	if (x->op == ir_sub && ir_is_konst(ir, x->b)) {
		u32 k = konst_before(ir, n, cut(x->bits, -(u64)imm_of(ir, x->b)));

		x = ir_at(ir, n);
		x->op = ir_add;
		x->b = k;
	}
	if ((x->op == ir_sub || x->op == ir_xor) && x->a == x->b)
		return become_konst(ir, n, 0);
	if ((x->op == ir_and || x->op == ir_or) && x->a == x->b)
		return become_first(ir, n);
	if (x->op == ir_or && !ir_is_konst(ir, x->b))
		return fold_or(ir, n);
	return ir_is_konst(ir, x->b) ? fold_with_konst(ir, n) : n;
}

static u32 fold_unary(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);
	u64 mask = x->size < 8 ? (1ull << 8 * x->size) - 1 : ~0ull;

	if (ir_is_konst(ir, x->a)) {
		u64 v = (u64)imm_of(ir, x->a);

		switch (x->op) {
		case ir_zext: return become_konst(ir, n, (s64)(v & mask));
		case ir_sext:
			v = (u64)((s64)(v << (64 - 8 * x->size)) >> (64 - 8 * x->size));
			return become_konst(ir, n, cut(x->bits, v));
		case ir_neg: return become_konst(ir, n, cut(x->bits, -v));
		case ir_bswap:
			return become_konst(
				ir, n, (s64)(__builtin_bswap64(v) >> (64 - 8 * x->size)));
		}
	}
	if (x->op == ir_zext) {
		const struct ir_node *a = ir_at(ir, x->a);

		if (!(may_be(ir, x->a) & ~mask))
			return become(ir, n, x->a);
		/* of an extension of more or as many bytes: of what that extends */
		if ((a->op == ir_zext || a->op == ir_sext) && a->size >= x->size)
			x->a = a->a;
	}
	return n;
}

static u32 fold_node(struct ir *ir, u32 n)
{
	struct ir_node *x = ir_at(ir, n);

	if (reads_low_halves(x)) {
		x->a = low_half(ir, x->a);
		x->b = low_half(ir, x->b);
	}
	switch (x->op) {
	case ir_add:
	case ir_sub:
	case ir_mul:
	case ir_udiv:
	case ir_sdiv:
	case ir_umod:
	case ir_smod:
	case ir_or:
	case ir_and:
	case ir_xor:
	case ir_shl:
	case ir_shr:
	case ir_sar: return fold_binary(ir, n);
	case ir_zext:
	case ir_sext:
	case ir_neg:
	case ir_bswap: return fold_unary(ir, n);
	default: return n;
	}
}

/* ---- what was computed before ---- */

struct known {
	u32 *buckets, mask;
	u32 *next; /* by node */
};

static u32 hash_of(const struct ir_node *x)
{
	u64 h = x->op | x->bits << 8 | x->size << 16 | (u32)x->kind << 24;

	h = (h ^ (u64)x->imm) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 29) ^ x->a) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 29) ^ x->b) * 0x9e3779b97f4a7c15ull;
	return (u32)(h >> 32);
}

static bool is_same(const struct ir_node *x, const struct ir_node *y)
{
	return x->op == y->op && x->bits == y->bits && x->size == y->size &&
	       x->kind == y->kind && x->a == y->a && x->b == y->b && x->imm == y->imm;
}

static bool dominates(const struct ir *ir, u32 up, u32 at)
{
	u32 number = ir->blocks[up].number;

	while (ir->blocks[at].number > number)
		at = ir->blocks[at].idom;
	return at == up;
}

enum { TRIES = 8 }; /* candidates that are looked at */

static u32 find_known(struct ir *ir, struct known *k, u32 n)
{
	const struct ir_node *x = ir_at(ir, n);
	u32 *bucket = &k->buckets[hash_of(x) & k->mask], tries = 0;

	for (u32 at = *bucket; at && tries < TRIES; at = k->next[at], tries++)
		if (is_same(x, ir_at(ir, at)) &&
		    dominates(ir, ir_at(ir, at)->block, x->block))
			return at;
	k->next[n] = *bucket;
	*bucket = n;
	return n;
}

static void find_operands(struct ir *ir, struct ir_node *x)
{
	x->a = ir_find(ir, x->a);
	x->b = ir_find(ir, x->b);
	x->c = ir_find(ir, x->c);
	for (u32 i = 0; i < x->nlist; i++)
		ir->lists[x->list + i] = ir_find(ir, ir->lists[x->list + i]);
}

/* A loop that compares its counter with a constant behind the counter's next value
 * compares that one: the old value needs no register then. */
static void compare_next(struct ir *ir, u32 at)
{
	struct ir_block *b = &ir->blocks[at];
	const struct ir_node *phi = ir_at(ir, b->a);
	u64 most = b->bits == 32 ? INT32_MAX : INT64_MAX;
	s64 k, limit = ir_at(ir, b->b)->imm;

	if (phi->op != ir_phi || !ir_is_konst(ir, b->b) || b->cc == ir_jset ||
	    limit < 0 || b->amax > most)
		return;
	for (u32 i = 0; i < phi->nlist; i++) {
		u32 n = ir_find(ir, ir->lists[phi->list + i]);
		const struct ir_node *next = ir_at(ir, n);

		if (next->op != ir_add || next->bits != b->bits || next->block != at ||
		    ir_find(ir, next->a) != b->a || !ir_is_konst(ir, next->b))
			continue;
		k = ir_at(ir, next->b)->imm;
		if (k < 0 || b->amax > most - (u64)k || limit > (s64)most - k)
			continue;
		b->a = n;
		b->amax += (u64)k;
		b->b = ir_konst_of(ir, at, limit + k);
		return;
	}
}

static void fold_block(struct ir *ir, u32 at, struct known *k)
{
	struct ir_block *b = &ir->blocks[at];
	u32 next;

	for (u32 n = b->first; n && !ir->failed; n = next) {
		u32 now;

		next = ir_at(ir, n)->next;
		find_operands(ir, ir_at(ir, n));
		now = fold_node(ir, n);
		if (now == n && ir_info[ir_at(ir, n)->op].flags & IR_PURE && n < k->mask)
			now = find_known(ir, k, n);
		if (now == n)
			continue;
		ir->forward[n] = now;
		ir_remove(ir, n);
	}
	b->a = ir_find(ir, b->a);
	b->b = ir_find(ir, b->b);
	if (b->end == ir_branch)
		compare_next(ir, at);
	if (b->end == ir_branch && b->bits == 32) {
		b->a = low_half(ir, b->a);
		b->b = low_half(ir, b->b);
	}
}

/* A phi is not above all that comes into it. */
static void find_ranges(struct ir *ir)
{
	for (u32 i = 0; i < ir->norder; i++)
		for (u32 n = ir->blocks[ir->order[i]].first;
		     n && ir_at(ir, n)->op == ir_phi; n = ir_at(ir, n)->next) {
			struct ir_node *x = ir_at(ir, n);
			u64 max = 0;

			for (u32 k = 0; k < x->nlist; k++)
				max = MAX(
					max,
					may_be(ir, ir_find(ir, ir->lists[x->list + k])));
			x->umax = max;
		}
}

void ir_fold(struct ir *ir)
{
	u32 size = (u32)pow2_ceil(2 * ir->n + 16);
	struct known k = {.mask = size - 1};

	/* Folding makes at most one node of each. */
	k.buckets = arena_alloc(&ir->arena, size, sizeof(u32));
	k.next = arena_alloc(&ir->arena, size, sizeof(u32));
	if (!k.buckets || !k.next) {
		ir->failed = true;
		return;
	}
	find_ranges(ir);
	for (u32 i = 0; i < ir->norder; i++)
		fold_block(ir, ir->order[i], &k);
	/* Phis of loops were before what comes into them. */
	for (u32 i = 0; i < ir->norder; i++)
		for (u32 n = ir->blocks[ir->order[i]].first;
		     n && ir_at(ir, n)->op == ir_phi; n = ir_at(ir, n)->next)
			find_operands(ir, ir_at(ir, n));
}

/* ---- what nobody uses ---- */

struct marks {
	struct ir *ir;
	u32 *stack, top;
	u8 *seen;
};

static void use(struct marks *m, u32 n)
{
	struct ir_node *x = ir_at(m->ir, n);

	if (!n)
		return;
	x->uses += x->uses < UINT16_MAX;
	if (!m->seen[n]) {
		m->seen[n] = 1;
		m->stack[m->top++] = n;
	}
}

static void use_operands(struct marks *m)
{
	while (m->top) {
		const struct ir_node *x = ir_at(m->ir, m->stack[--m->top]);

		use(m, x->a);
		use(m, x->b);
		use(m, x->c);
		for (u32 i = 0; i < x->nlist; i++)
			use(m, m->ir->lists[x->list + i]);
	}
}

static bool has_effect(const struct ir_node *x)
{
	return (x->op == ir_load && x->shared) || x->op == ir_store ||
	       x->op == ir_atomic || x->op == ir_call || x->op == ir_local ||
	       x->op == ir_check;
}

void ir_sweep(struct ir *ir)
{
	struct marks m = {.ir = ir,
			  .stack = arena_alloc(&ir->arena, ir->n, sizeof(u32)),
			  .seen = arena_alloc(&ir->arena, ir->n, 1)};

	if (!m.stack || !m.seen) {
		ir->failed = true;
		return;
	}
	for (u32 i = 0; i < ir->n; i++)
		ir->nodes[i].uses = 0;
	for (u32 i = 0; i < ir->norder; i++) {
		const struct ir_block *b = &ir->blocks[ir->order[i]];

		for (u32 n = b->first; n; n = ir_at(ir, n)->next)
			if (has_effect(ir_at(ir, n)) && !m.seen[n]) {
				m.seen[n] = 1;
				m.stack[m.top++] = n;
			}
		use(&m, b->end == ir_jump ? 0 : b->a);
		use(&m, b->end == ir_branch ? b->b : 0);
		use_operands(&m);
	}
	for (u32 i = 0; i < ir->norder; i++) {
		u32 next;

		for (u32 n = ir->blocks[ir->order[i]].first; n; n = next) {
			next = ir_at(ir, n)->next;
			if (!m.seen[n])
				ir_remove(ir, n);
		}
	}
}
