/* Instructions to static single assignment form.
 *
 * The registers of the program are few, so that their liveness is a mask a block: each
 * block where paths meet gets a phi for each live register that they do not agree on (one
 * of a loop for each live register at all), and those that turn out to choose between a
 * value and themselves are taken away at the end. */
#include "ir.h"
#include <errno.h>

enum { VARS = 11, COUNTER = 10 /* of may_goto */ };

struct build {
	struct ir *ir;
	const struct insn *insns;
	const struct ir_func *func;
	const struct ir_world *world;
	u32 *at; /* by slot - start: the block that begins there; 0: none does */
	u16 *in; /* by block: live registers */
	u32 (*out)[VARS];
	u32 now[VARS], block;
	u32 frame, zero;
	int err;
};

static u32 target(const struct build *b, u32 i)
{
	return i + 1 + (u32)b->insns[i].off;
}

static u32 block_at(const struct build *b, u32 slot)
{
	return b->at[slot - b->func->start];
}

/* ---- blocks ---- */

static bool ends_block(u16 op)
{
	return op_info[op].class == class_jmp || op == op_ja || op == op_gotol ||
	       op == op_may_goto || op == op_exit;
}

static u32 slots_of(u16 op)
{
	return op == op_lddw ? 2 : 1;
}

static bool find_leaders(struct build *b)
{
	u32 n = b->func->end - b->func->start, blocks = 2;

	b->at = arena_alloc(&b->ir->arena, n + 1, sizeof(u32));
	if (!b->at)
		return false;
	b->at[0] = 1;
	for (u32 i = b->func->start; i < b->func->end; i += slots_of(b->insns[i].op)) {
		u16 op = b->insns[i].op;

		if (!ends_block(op))
			continue;
		b->at[i + 1 - b->func->start] = 1;
		if (op != op_exit)
			b->at[target(b, i) - b->func->start] = 1;
	}
	for (u32 i = 0; i < n; i++)
		blocks += b->at[i];
	/* Each conditional jump may need a block on each of its two edges. */
	b->ir->blocks = arena_alloc(&b->ir->arena, 3 * blocks, sizeof(struct ir_block));
	if (!b->ir->blocks)
		return false;
	b->ir->nblocks = 2; /* 1: the entry, which nobody jumps to */
	for (u32 i = 0; i < n; i++) {
		if (!b->at[i])
			continue;
		b->at[i] = b->ir->nblocks++;
		b->ir->blocks[b->at[i]].insn = b->func->start + i;
	}
	return true;
}

static void end_block(struct build *b, struct ir_block *block, u32 i)
{
	const struct insn *in = &b->insns[i];
	int way = -1;

	block->end = ir_jump;
	block->nsuccs = 1;
	if (in->op == op_exit) {
		block->end = ir_return;
		block->nsuccs = 0;
		return;
	}
	if (in->op == op_ja || in->op == op_gotol) {
		block->succ[0] = block_at(b, target(b, i));
		return;
	}
	if (!ends_block(in->op)) {
		block->succ[0] = block_at(b, i + slots_of(in->op));
		return;
	}
	if (in->op != op_may_goto && b->world->branch)
		way = b->world->branch(b->world->arg, i);
	if (way >= 0 || target(b, i) == i + 1) {
		block->succ[0] = block_at(b, way == 1 ? target(b, i) : i + 1);
		return;
	}
	block->end = ir_branch;
	block->nsuccs = 2;
	block->succ[0] = block_at(b, target(b, i));
	block->succ[1] = block_at(b, i + 1);
}

static void find_ends(struct build *b)
{
	u32 block = 0;

	b->ir->blocks[1].end = ir_jump;
	b->ir->blocks[1].nsuccs = 1;
	b->ir->blocks[1].succ[0] = 2;
	for (u32 i = b->func->start; i < b->func->end;) {
		u32 next = i + slots_of(b->insns[i].op);

		if (block_at(b, i))
			block = block_at(b, i);
		if (ends_block(b->insns[i].op) || next == b->func->end ||
		    block_at(b, next))
			end_block(b, &b->ir->blocks[block], i);
		i = next;
	}
}

/* An edge from a block with two ways to a block with two gets a block of its own, where
 * moves can stand. */
static void split_edges(struct build *b)
{
	struct ir *ir = b->ir;

	for (u32 i = 0; i < ir->norder; i++) {
		u32 at = ir->order[i];

		for (u32 k = 0; k < 2 && ir->blocks[at].nsuccs == 2; k++) {
			u32 to = ir->blocks[at].succ[k], mid = ir->nblocks;

			if (ir->blocks[to].npreds < 2)
				continue;
			ir->blocks[mid] = (struct ir_block){
				.end = ir_jump,
				.nsuccs = 1,
				.succ = {to},
				.depth = MIN(ir->blocks[at].depth, ir->blocks[to].depth),
				.insn = ir->blocks[to].insn};
			ir->blocks[at].succ[k] = mid;
			ir->nblocks++;
		}
	}
}

/* ---- liveness ---- */

static u16 regs(u32 from, u32 n)
{
	return (u16)(((1u << n) - 1) << from);
}

/* r10 is no variable. */
static u16 reg(u32 r)
{
	return r < 10 ? (u16)(1u << r) : 0;
}

static void effect(const struct build *b, const struct insn *in, u16 *reads, u16 *writes)
{
	const struct op_info *op = &op_info[in->op];
	u16 src = op->fields & field_src ? reg(in->src) : 0;

	*reads = *writes = 0;
	switch ((enum op_class)op->class) {
	case class_alu:
		*writes = reg(in->dst);
		*reads = src;
		if (in->op != op_mov64k && in->op != op_mov64x && in->op != op_mov32k &&
		    in->op != op_mov32x &&
		    !(in->op >= op_movsx864k && in->op <= op_movsx3232x))
			*reads |= reg(in->dst);
		return;
	case class_swap: *reads = *writes = reg(in->dst); return;
	case class_jmp:
	case class_store: *reads = reg(in->dst) | src; return;
	case class_load:
		*reads = src;
		*writes = reg(in->dst);
		return;
	case class_atomic:
		*reads = reg(in->dst) | reg(in->src) | (op->fetch == 2 ? reg(0) : 0);
		*writes = op->fetch == 1 ? reg(in->src) : op->fetch == 2 ? reg(0) : 0;
		return;
	case class_packet:
		*reads = reg(6) | src;
		*writes = regs(0, 6);
		return;
	case class_none:
	case class_special: break;
	}
	switch (in->op) {
	case op_lddw: *writes = reg(in->dst); break;
	case op_may_goto: *reads = *writes = 1 << COUNTER; break;
	case op_call_helper:
	case op_call_kfunc:
	case op_call_local:
		*reads = regs(1, b->world->nargs(b->world->arg, in));
		*writes = regs(0, 6);
		break;
	case op_exit: *reads = reg(0); break;
	case op_addr_space_cast:
		*reads = reg(in->src);
		*writes = reg(in->dst);
		break;
	}
}

/* What a block reads before it writes, and what it writes. */
static void effects(const struct build *b, const struct ir_block *block, u16 *reads,
		    u16 *writes)
{
	*reads = *writes = 0;
	for (u32 i = block->insn; i < b->func->end;) {
		const struct insn *in = &b->insns[i];
		u16 r, w;

		if (in->op != op_none) {
			effect(b, in, &r, &w);
			*reads |= r & (u16) ~*writes;
			*writes |= w;
		}
		i += slots_of(in->op);
		if (ends_block(in->op) || (i < b->func->end && block_at(b, i)))
			break;
	}
}

/* The blocks that split_edges() made have no instructions. */
static bool is_edge(const struct build *b, u32 block)
{
	return block == 1 || block_at(b, b->ir->blocks[block].insn) != block;
}

static bool find_live(struct build *b)
{
	struct ir *ir = b->ir;
	u16 *reads = arena_alloc(&ir->arena, ir->nblocks, 2 * sizeof(u16));
	u16 *writes = reads + ir->nblocks;
	bool changed = true;

	b->in = arena_alloc(&ir->arena, ir->nblocks, sizeof(u16));
	if (!reads || !b->in)
		return false;
	for (u32 i = 0; i < ir->norder; i++)
		if (!is_edge(b, ir->order[i]))
			effects(b, &ir->blocks[ir->order[i]], &reads[ir->order[i]],
				&writes[ir->order[i]]);
	while (changed) {
		changed = false;
		for (u32 i = ir->norder; i--;) {
			u32 at = ir->order[i];
			u16 live = 0;

			for (u32 k = 0; k < ir->blocks[at].nsuccs; k++)
				live |= b->in[ir->blocks[at].succ[k]];
			live = (u16)(reads[at] | (live & ~writes[at]));
			changed |= live != b->in[at];
			b->in[at] = live;
		}
	}
	return true;
}

/* ---- instructions ---- */

static u32 konst(struct build *b, s64 imm)
{
	return ir_konst_of(b->ir, b->block, imm);
}

static u32 read(struct build *b, u32 r)
{
	return r == 10 ? b->frame : b->now[r] ? b->now[r] : b->zero;
}

static void write(struct build *b, u32 r, u32 value)
{
	b->now[r] = value;
}

/* The greatest value of a register before an instruction, or of its result. */
static u64 umax(const struct build *b, u32 i, u32 reg)
{
	u64 min, max;

	return b->world->range && b->world->range(b->world->arg, i, reg, &min, &max)
		       ? max
		       : UINT64_MAX;
}

/* The divisor, of so many bits, is not 0. */
static bool divides(const struct build *b, u32 i, u8 bits)
{
	u64 min, max;

	return b->world->range &&
	       b->world->range(b->world->arg, i, b->insns[i].src, &min, &max) && min &&
	       (bits == 64 || max >> 32 == 0);
}

static u32 unary(struct build *b, enum ir_op op, u8 bits, u8 size, u32 a)
{
	u32 n = ir_new(b->ir, op, bits);

	ir_at(b->ir, n)->a = a;
	ir_at(b->ir, n)->size = size;
	ir_append(b->ir, b->block, n);
	return n;
}

static enum ir_op alu_op(u16 op)
{
	/* by the row's first form */
	switch (op) {
#define ROW(name, ir) \
	case op_##name##64k: \
	case op_##name##64x: \
	case op_##name##32k: \
	case op_##name##32x: return ir_##ir;
		ROW(add, add)
		ROW(sub, sub)
		ROW(mul, mul)
		ROW(div, udiv)
		ROW(sdiv, sdiv)
		ROW(or, or)
		ROW(and, and)
		ROW(lsh, shl)
		ROW(rsh, shr)
		ROW(neg, neg)
		ROW(mod, umod)
		ROW(smod, smod)
		ROW(xor, xor)
		ROW(arsh, sar)
#undef ROW
	default: return ir_none;
	}
}

static void build_alu(struct build *b, u32 i)
{
	const struct insn *in = &b->insns[i];
	const struct op_info *op = &op_info[in->op];
	u8 bits = op->size * 8;
	u32 s = op->is_imm ? 0 : read(b, in->src), n;
	enum ir_op alu;

	switch (in->op) {
	case op_mov64k: write(b, in->dst, konst(b, in->imm)); return;
	case op_mov32k: write(b, in->dst, konst(b, (u32)in->imm)); return;
	case op_mov64x: write(b, in->dst, s); return;
	case op_mov32x: write(b, in->dst, unary(b, ir_zext, 32, 4, s)); return;
	case op_movsx864x:
	case op_movsx832x: write(b, in->dst, unary(b, ir_sext, bits, 1, s)); return;
	case op_movsx1664x:
	case op_movsx1632x: write(b, in->dst, unary(b, ir_sext, bits, 2, s)); return;
	case op_movsx3264x: write(b, in->dst, unary(b, ir_sext, bits, 4, s)); return;
	}
	alu = alu_op(in->op);
	if (alu == ir_neg) {
		write(b, in->dst, unary(b, ir_neg, bits, 0, read(b, in->dst)));
		return;
	}
	if (op->is_imm)
		s = konst(b, bits == 32 ? (s64)(u32)in->imm : in->imm);
	n = ir_binary(b->ir, b->block, alu, bits, read(b, in->dst), s);
	if ((alu == ir_udiv || alu == ir_umod) && !op->is_imm)
		ir_at(b->ir, n)->kind = divides(b, i, bits);
	write(b, in->dst, n);
}

static void build_swap(struct build *b, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	bool keeps = in->op == op_le16 || in->op == op_le32 || in->op == op_le64;

	if (keeps && op->size == 8)
		return;
	write(b, in->dst,
	      unary(b, keeps ? ir_zext : ir_bswap, op->size == 8 ? 64 : 32, op->size,
		    read(b, in->dst)));
}

static void build_load(struct build *b, u32 i)
{
	const struct insn *in = &b->insns[i];
	const struct op_info *op = &op_info[in->op];
	struct ir_node *x;
	u32 n;

	if (b->world->access && b->world->access(b->ir, b->block, b->world->arg, i, in,
						 read(b, in->src), 0, &n)) {
		write(b, in->dst, n);
		return;
	}
	n = unary(b, ir_load, 64, op->size, read(b, in->src));
	x = ir_at(b->ir, n);
	x->imm = in->off;
	x->kind = op->is_signed;
	x->shared =
		!b->world->is_private || !b->world->is_private(b->world->arg, i, in->src);
	write(b, in->dst, n);
}

static void build_store(struct build *b, u32 i)
{
	const struct insn *in = &b->insns[i];
	const struct op_info *op = &op_info[in->op];
	u32 value = op->is_imm ? konst(b, in->imm) : read(b, in->src), n;

	if (b->world->access && b->world->access(b->ir, b->block, b->world->arg, i, in,
						 read(b, in->dst), value, &n))
		return;
	n = ir_binary(b->ir, b->block, ir_store, 64, read(b, in->dst), value);
	ir_at(b->ir, n)->imm = in->off;
	ir_at(b->ir, n)->size = op->size;
}

static void build_atomic(struct build *b, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	u32 n = ir_binary(b->ir, b->block, ir_atomic, op->size * 8, read(b, in->dst),
			  read(b, in->src));
	struct ir_node *x = ir_at(b->ir, n);

	x->imm = in->off;
	x->size = op->size;
	x->kind = (u8)(in->op - op_lock_add_w);
	if (op->fetch == 2)
		x->c = read(b, 0);
	if (op->fetch)
		write(b, op->fetch == 2 ? 0 : in->src, n);
}

static void build_call(struct build *b, u32 i)
{
	u32 r[6] = {0};

	for (u32 k = 1; k < 6; k++)
		r[k] = read(b, k);
	write(b, 0, b->world->call(b->ir, b->block, b->world->arg, i, &b->insns[i], r));
	if (!b->now[0])
		b->err = b->err ? b->err : -ENOTSUP;
	for (u32 k = 1; k < 6; k++)
		write(b, k, 0);
}

/* A legacy packet load: r1 and r2 of the call are where to load from. */
static void build_packet(struct build *b, u32 i)
{
	const struct insn *in = &b->insns[i];
	u32 r[6] = {0, read(b, 6), konst(b, in->imm)};

	if (!op_info[in->op].is_imm)
		r[2] = ir_binary(b->ir, b->block, ir_add, 32, r[2], read(b, in->src));
	write(b, 0, b->world->call(b->ir, b->block, b->world->arg, i, in, r));
	if (!b->now[0])
		b->err = b->err ? b->err : -ENOTSUP;
	for (u32 k = 1; k < 6; k++)
		write(b, k, 0);
}

static enum ir_cc cc_of(u16 op)
{
	return (enum ir_cc)((op - op_jeq64k) / 4);
}

static void build_jump(struct build *b, struct ir_block *block, u32 i)
{
	const struct insn *in = &b->insns[i];
	const struct op_info *op = &op_info[in->op];

	if (block->end != ir_branch)
		return;
	if (in->op == op_may_goto) {
		u32 n = read(b, COUNTER);

		block->a = n;
		block->b = konst(b, SKEP_MAX_LOOPS);
		block->cc = ir_jge;
		block->bits = 64;
		block->amax = UINT64_MAX;
		write(b, COUNTER, ir_binary(b->ir, b->block, ir_add, 64, n, konst(b, 1)));
		return;
	}
	block->cc = (u8)cc_of(in->op);
	block->bits = op->size * 8;
	block->a = read(b, in->dst);
	block->amax = umax(b, i, in->dst);
	block->b = !op->is_imm	   ? read(b, in->src)
		   : op->size == 4 ? konst(b, (s64)(u32)in->imm)
				   : konst(b, in->imm);
}

/* Of a value that the instruction made; an older one was elsewhere, too. */
static void note_range(struct build *b, u32 i, u32 before)
{
	u32 n = b->now[b->insns[i].dst];

	if (n >= before)
		ir_at(b->ir, n)->umax = umax(b, i, IR_RESULT);
}

static void build_insn(struct build *b, u32 i)
{
	const struct insn *in = &b->insns[i];
	u32 before = b->ir->n;

	switch ((enum op_class)op_info[in->op].class) {
	case class_alu:
		build_alu(b, i);
		note_range(b, i, before);
		return;
	case class_swap:
		build_swap(b, in);
		note_range(b, i, before);
		return;
	case class_load:
		build_load(b, i);
		note_range(b, i, before);
		return;
	case class_store: build_store(b, i); return;
	case class_atomic: build_atomic(b, in); return;
	case class_packet: build_packet(b, i); return;
	case class_jmp: return;
	case class_none:
	case class_special: break;
	}
	switch (in->op) {
	case op_lddw:
		write(b, in->dst, konst(b, (s64)b->world->address(b->world->arg, in)));
		break;
	case op_call_helper:
	case op_call_kfunc:
	case op_call_local: build_call(b, i); break;
	case op_addr_space_cast: b->err = -ENOTSUP; break;
	}
}

static void build_block(struct build *b, u32 at)
{
	struct ir_block *block = &b->ir->blocks[at];
	u32 i = block->insn;

	while (!b->ir->failed) {
		const struct insn *in = &b->insns[i];
		u32 next = i + slots_of(in->op);

		build_insn(b, i);
		if (ends_block(in->op)) {
			if (in->op == op_exit)
				block->a = read(b, 0);
			else
				build_jump(b, block, i);
			return;
		}
		if (next >= b->func->end || block_at(b, next))
			return;
		i = next;
	}
}

/* ---- phis ---- */

static u32 new_phi(struct build *b, u32 block)
{
	u32 n = ir_new(b->ir, ir_phi, 64);
	u32 npreds = b->ir->blocks[block].npreds, list = ir_list(b->ir, npreds);

	ir_at(b->ir, n)->list = list;
	ir_at(b->ir, n)->nlist = npreds;
	ir_append(b->ir, block, n);
	return n;
}

/* The registers at the begin of a block. */
static void begin_block(struct build *b, u32 at)
{
	const struct ir_block *block = &b->ir->blocks[at];
	bool loop = ir_is_loop(b->ir, at);

	b->block = at;
	for (u32 r = 0; r < VARS; r++) {
		u32 first = b->out[b->ir->lists[block->preds]][r];
		bool same = !loop;

		b->now[r] = 0;
		if (!(b->in[at] >> r & 1))
			continue;
		for (u32 k = 1; k < block->npreds && same; k++)
			same = b->out[b->ir->lists[block->preds + k]][r] == first;
		b->now[r] = same ? first : new_phi(b, at);
	}
}

/* When all blocks are there: what comes into each phi. They stand first in the block, in
 * the order of the registers. */
static void fill_phis(struct build *b, u32 at, const u32 *phis)
{
	const struct ir_block *block = &b->ir->blocks[at];

	for (u32 r = 0; r < VARS; r++) {
		u32 n = phis[r];

		if (!n || ir_at(b->ir, n)->op != ir_phi || ir_at(b->ir, n)->block != at)
			continue;
		for (u32 k = 0; k < block->npreds; k++) {
			u32 v = b->out[b->ir->lists[block->preds + k]][r];

			b->ir->lists[ir_at(b->ir, n)->list + k] = v ? v : b->zero;
		}
	}
}

/* The one value that a phi can have, or 0. */
static u32 only_value(struct ir *ir, u32 phi)
{
	const struct ir_node *x = ir_at(ir, phi);
	u32 one = 0;

	for (u32 k = 0; k < x->nlist; k++) {
		u32 v = ir_find(ir, ir->lists[x->list + k]);

		if (v == phi || v == one)
			continue;
		if (one)
			return 0;
		one = v;
	}
	return one;
}

static void drop_phis(struct ir *ir)
{
	bool changed = true;

	for (int rounds = 0; changed && rounds < 8; rounds++) {
		changed = false;
		for (u32 i = 0; i < ir->norder; i++) {
			u32 next, n = ir->blocks[ir->order[i]].first;

			for (; n && ir_at(ir, n)->op == ir_phi; n = next) {
				u32 one = only_value(ir, n);

				next = ir_at(ir, n)->next;
				if (!one)
					continue;
				ir->forward[n] = one;
				ir_remove(ir, n);
				changed = true;
			}
		}
	}
}

/* ---- all of it ---- */

static u32 param(struct build *b, s64 number)
{
	u32 n = ir_new(b->ir, ir_param, 64);

	ir_at(b->ir, n)->imm = number;
	ir_append(b->ir, 1, n);
	return n;
}

static void build_entry(struct build *b)
{
	b->block = 1;
	param(b, 0);
	memset(b->now, 0, sizeof(b->now));
	for (u32 r = 1; r <= (b->func->main ? 1 : 5); r++)
		b->now[r] = param(b, r);
	b->zero = konst(b, 0);
	b->frame = ir_new(b->ir, ir_frame, 64);
	ir_append(b->ir, 1, b->frame);
	b->now[COUNTER] = b->zero;
	memcpy(b->out[1], b->now, sizeof(b->now));
}

static void build_all(struct build *b)
{
	struct ir *ir = b->ir;
	u32(*in)[VARS] = arena_alloc(&ir->arena, ir->nblocks, sizeof(*in));

	b->out = arena_alloc(&ir->arena, ir->nblocks, sizeof(*b->out));
	if (!in || !b->out) {
		ir->failed = true;
		return;
	}
	build_entry(b);
	for (u32 i = 1; i < ir->norder && !ir->failed; i++) {
		u32 at = ir->order[i];

		begin_block(b, at);
		memcpy(in[at], b->now, sizeof(b->now));
		if (!is_edge(b, at))
			build_block(b, at);
		memcpy(b->out[at], b->now, sizeof(b->now));
	}
	for (u32 i = 1; i < ir->norder && !ir->failed; i++)
		fill_phis(b, ir->order[i], in[ir->order[i]]);
	if (!ir->failed)
		drop_phis(ir);
}

int ir_build(struct ir *ir, const struct insn *insns, const struct ir_func *func,
	     const struct ir_world *world)
{
	struct build b = {.ir = ir, .insns = insns, .func = func, .world = world};

	*ir = (struct ir){0};
	if (ir_new(ir, ir_none, 0) || !find_leaders(&b)) /* node 0 is none */
		return -ENOMEM;
	ir->nlists = 1;
	find_ends(&b);
	ir_flow(ir);
	if (!ir->failed) {
		split_edges(&b);
		ir_flow(ir);
	}
	if (ir->failed || !find_live(&b))
		return -ENOMEM;
	build_all(&b);
	return ir->failed ? -ENOMEM : b.err;
}
