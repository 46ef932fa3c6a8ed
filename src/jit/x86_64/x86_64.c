/* x86_64: its registers, and from a function's nodes to its code. */
#include <errno.h>
#include "emit.h"
#include "x86_64.h"
#include "mem.h"

enum { COPY = 8 }; /* nodes of a block that stands twice */

#define SET(r) (1u << (r))
#define SAVED  (SET(rbx) | SET(rbp) | SET(r12) | SET(r13) | SET(r14) | SET(r15))
#define FREE   (0xffffu & ~(SET(rsp) | SET(r10) | SET(r11)))

/* ---- what the allocator asks ---- */

static bool is_division(u8 op)
{
	return op == ir_udiv || op == ir_umod || op == ir_sdiv || op == ir_smod;
}

static jit_set destroys(const struct ir *ir, const struct ir_node *x, jit_set *early)
{
	(void)ir;
	if (x->op == ir_call || x->op == ir_local)
		return FREE & ~SAVED;
	if (is_division(x->op))
		return SET(rax) | SET(rdx);
	if (x->op == ir_atomic) {
		*early = SET(rax);
		return SET(rax);
	}
	return 0;
}

static bool is_late(const struct ir *ir, const struct ir_node *x)
{
	(void)ir;
	return is_division(x->op) || x->op == ir_atomic ||
	       (x->op >= ir_sub && x->op <= ir_rotl && x->op != ir_mul &&
		!(ir_info[x->op].flags & IR_COMMUTES));
}

static const struct jit_target x86_64 = {
	.free = FREE,
	.params = {rdi, rsi, rdx, rcx, r8, r9},
	.result = rax,
	.order = {rax, rcx, rdx, rsi, rdi, r8, r9, rbx, rbp, r12, r13, r14, r15,
		  JIT_NONE},
	.lower = x86_64_lower,
	.destroys = destroys,
	.late = is_late,
	.immediate = is_immediate,
};

static struct jit_move move_from(const struct emit *e, u16 to, u32 n)
{
	if (is_immediate(e->ir, n))
		return (struct jit_move){to, JIT_NONE, node(e, n)->imm};
	return (struct jit_move){to, where(e, n), 0};
}

/* ---- calls ---- */

static void emit_call(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);
	struct jit_move moves[JIT_PARAMS];
	u32 count = MIN(x->nlist, (u32)JIT_PARAMS);

	for (u32 i = 0; i < count; i++)
		moves[i] = move_from(e, x86_64.params[i], e->ir->lists[x->list + i]);
	emit_moves(e, moves, count);
	if (x->op == ir_local) {
		x86_byte(e->b, 0xe8);
		if (e->out->npatches == e->out->patches_room) {
			u32 room = MAX(2 * e->out->patches_room, 16u);
			void *more = mem_resize(e->out->patches, room,
						sizeof(*e->out->patches));

			if (!more) {
				e->b->failed = true;
				return;
			}
			e->out->patches = more;
			e->out->patches_room = room;
		}
		e->out->patches[e->out->npatches++] =
			(struct jit_patch){e->b->n, (u32)x->imm};
		x86_imm32(e->b, 0);
	} else {
		x86_movi(e->b, rax, x->imm);
		x86_rm(e->b, x86_callr, false, 0, x86_of(rax));
	}
	if (where(e, n) < JIT_REGS && where(e, n) != rax)
		x86_rm(e->b, x86_load, true, (u8)where(e, n), x86_of(rax));
	emit_done(e, n, rax);
}

/* rax is what the call before it gave. */
static void emit_check(struct emit *e, u32 n)
{
	u8 run = emit_reg(e, node(e, n)->a, r11);

	x86_rm_imm(e->b, x86_cmpk, false, x86_at(run, (s32)e->leave_off), 0);
	e->run = node(e, n)->a;
	e->leaves = true;
	emit_jump(e, cc_ne, 0);
}

static void emit_node(struct emit *e, u32 n)
{
	const struct ir_node *x = node(e, n);

	switch ((enum ir_op)x->op) {
	case ir_none:
	case ir_param:
	case ir_phi:
	case ir_frame: return;
	case ir_konst:
		if (where(e, n) != JIT_NONE)
			emit_konst(e, where(e, n), x->imm);
		return;
	case ir_add:
	case ir_sub:
	case ir_mul:
	case ir_or:
	case ir_and:
	case ir_xor:
	case ir_shl:
	case ir_shr:
	case ir_sar: emit_binary(e, n); return;
	case ir_udiv:
	case ir_sdiv:
	case ir_umod:
	case ir_smod: emit_division(e, n); return;
	case ir_rotl: emit_rotl(e, n); return;
	case ir_neg: emit_neg(e, n); return;
	case ir_zext:
	case ir_sext: emit_extend(e, n); return;
	case ir_bswap: emit_bswap(e, n); return;
	case ir_addr: emit_addr(e, n); return;
	case ir_load: emit_load(e, n); return;
	case ir_store: emit_store(e, n); return;
	case ir_atomic: emit_atomic(e, n); return;
	case ir_call:
	case ir_local: emit_call(e, n); return;
	case ir_check: emit_check(e, n); return;
	}
}

/* ---- the ends of functions ---- */

static const u8 saved[] = {rbx, rbp, r12, r13, r14, r15};

static void push_pop(struct emit *e, u8 opcode, u8 reg)
{
	if (reg >= 8)
		x86_byte(e->b, 0x41);
	x86_byte(e->b, opcode | (reg & 7));
}

static void emit_prologue(struct emit *e, bool calls)
{
	struct jit_move moves[JIT_PARAMS];
	u32 pushed = 0, n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(saved); i++)
		if (e->alloc->used & SET(saved[i])) {
			push_pop(e, 0x50, saved[i]);
			pushed++;
		}
	e->frame = e->alloc->slots * 8;
	/* The stack is aligned to 16 where a call finds its return address on it. */
	if (calls && (e->frame / 8 + pushed) % 2 == 0)
		e->frame += 8;
	if (e->frame)
		x86_rm_imm(e->b, x86_subk, true, x86_of(rsp), (s32)e->frame);
	for (u32 at = e->ir->blocks[1].first; at; at = node(e, at)->next)
		if (node(e, at)->op == ir_param && where(e, at) != JIT_NONE)
			moves[n++] = (struct jit_move){
				where(e, at), x86_64.params[node(e, at)->imm], 0};
	emit_moves(e, moves, n);
}

static void emit_epilogue(struct emit *e)
{
	if (e->frame)
		x86_rm_imm(e->b, x86_addk, true, x86_of(rsp), (s32)e->frame);
	for (u32 i = ARRAY_SIZE(saved); i--;)
		if (e->alloc->used & SET(saved[i]))
			push_pop(e, 0x58, saved[i]);
	x86_byte(e->b, 0xc3);
}

/* Whoever asked to leave this function alone (1) is obeyed; a fault (2) goes on. */
static void emit_leave(struct emit *e)
{
	u8 run = emit_reg(e, e->run, r11);
	u32 over;

	x86_rm_imm(e->b, x86_cmpk, false, x86_at(run, (s32)e->leave_off), 1);
	over = emit_skip(e, cc_ne);
	x86_rm_imm(e->b, x86_movk, false, x86_at(run, (s32)e->leave_off), 0);
	emit_skip_end(e, over);
	emit_epilogue(e);
}

/* Which of the next block's predecessors this one is. */
static u32 edge_of(const struct emit *e, u32 at)
{
	const struct ir_block *to = &e->ir->blocks[e->ir->blocks[at].succ[0]];
	u32 edge = 0;

	while (e->ir->lists[to->preds + edge] != at)
		edge++;
	return edge;
}

static bool emits(const struct emit *e, u32 n)
{
	switch (node(e, n)->op) {
	case ir_konst: return where(e, n) != JIT_NONE;
	case ir_phi:
	case ir_param: return false;
	default: return true;
	}
}

/* A block that is nothing but a jump: values lie already where the next wants them. */
static bool is_empty(const struct emit *e, u32 at)
{
	const struct ir_block *b = &e->ir->blocks[at];
	u32 edge;

	if (b->end != ir_jump || at == 1)
		return false;
	for (u32 n = b->first; n; n = node(e, n)->next)
		if (emits(e, n))
			return false;
	edge = edge_of(e, at);
	for (u32 x = e->ir->blocks[b->succ[0]].first; x && node(e, x)->op == ir_phi;
	     x = node(e, x)->next) {
		u32 v = e->ir->lists[node(e, x)->list + edge];

		if (where(e, x) != JIT_NONE &&
		    (is_imm(e, v) || where(e, v) != where(e, x)))
			return false;
	}
	return true;
}

/* Where a jump to a block ends. */
static u32 resolve(const struct emit *e, u32 at)
{
	for (u32 i = 0; i < 16 && e->empty[at]; i++)
		at = e->ir->blocks[at].succ[0];
	return at;
}

/* What comes into the phis of the next block. */
static void emit_edge(struct emit *e, u32 at)
{
	const struct ir_block *b = &e->ir->blocks[at], *to;
	struct jit_move few[16], *moves = few;
	u32 edge = edge_of(e, at), n = 0, room = 0;

	to = &e->ir->blocks[b->succ[0]];
	for (u32 x = to->first; x && node(e, x)->op == ir_phi; x = node(e, x)->next)
		room++;
	if (room > ARRAY_SIZE(few))
		moves = mem_alloc(room, sizeof(*moves));
	if (!moves) {
		e->b->failed = true;
		return;
	}
	for (u32 x = to->first; x && node(e, x)->op == ir_phi; x = node(e, x)->next)
		if (where(e, x) != JIT_NONE)
			moves[n++] = move_from(e, where(e, x),
					       e->ir->lists[node(e, x)->list + edge]);
	emit_moves(e, moves, n);
	if (moves != few)
		mem_free(moves);
}

/* The block behind number i that has code. */
static u32 next_of(const struct emit *e, u32 i)
{
	while (++i < e->ir->norder && e->empty[e->ir->layout[i]])
		;
	return i < e->ir->norder ? e->ir->layout[i] : 0;
}

/* Its head, or what stands before it to go round again. */
static bool begins_loop(const struct emit *e, u32 i)
{
	const struct ir *ir = e->ir;
	u32 at = ir->layout[i], before = i ? ir->layout[i - 1] : 0;

	if (ir_is_loop(ir, at))
		return ir->blocks[before].number < ir->blocks[at].number;
	return i + 1 < ir->norder && ir->blocks[at].end == ir_jump &&
	       ir->blocks[at].succ[0] == ir->layout[i + 1] &&
	       ir->blocks[at].number > ir->blocks[ir->layout[i + 1]].number;
}

static void emit_nodes(struct emit *e, u32 at)
{
	for (u32 n = e->ir->blocks[at].first; n; n = node(e, n)->next)
		emit_node(e, n);
}

static void emit_end(struct emit *e, u32 at, u32 next);

/* Few instructions, which end in a branch, in a loop: worth their bytes a second time
 * where a jump to them would stand. Of a loop that is one block it is a second round. */
static bool is_worth_a_copy(const struct emit *e, u32 at)
{
	const struct ir_block *b = &e->ir->blocks[at];
	u32 n = 0;

	if (b->end != ir_branch || !b->depth)
		return false;
	for (u32 x = b->first; x; x = node(e, x)->next) {
		if (node(e, x)->op == ir_call || node(e, x)->op == ir_local)
			return false;
		n += emits(e, x);
	}
	return n <= COPY;
}

static void emit_to(struct emit *e, u32 at, u32 next)
{
	if (at == next)
		return;
	if (e->copies || !is_worth_a_copy(e, at)) {
		emit_jump(e, ALWAYS, at);
		return;
	}
	e->copies = true;
	emit_nodes(e, at);
	emit_end(e, at, next);
	e->copies = false;
}

static void emit_branch(struct emit *e, u32 at, u32 next)
{
	const struct ir_block *b = &e->ir->blocks[at];
	u32 yes = resolve(e, b->succ[0]), no = resolve(e, b->succ[1]);
	u8 cc = emit_compare(e, b->cc, b->bits, b->a, b->b);

	if (yes == next || (no == at && !e->copies && is_worth_a_copy(e, at))) {
		u32 swap = yes;

		yes = no;
		no = swap;
		cc ^= 1;
	}
	if (yes == at && !e->copies && is_worth_a_copy(e, at)) {
		emit_jump(e, cc ^ 1, no);
		emit_to(e, at, next);
		return;
	}
	emit_jump(e, cc, yes);
	if (no != next)
		emit_jump(e, ALWAYS, no);
}

/* What a block ends with, `next` being the block that follows in memory. */
static void emit_end(struct emit *e, u32 at, u32 next)
{
	const struct ir_block *b = &e->ir->blocks[at];

	switch ((enum ir_end)b->end) {
	case ir_jump:
		emit_edge(e, at);
		emit_to(e, resolve(e, b->succ[0]), next);
		return;
	case ir_branch: emit_branch(e, at, next); return;
	case ir_return:
		emit_move(e, rax, b->a);
		emit_epilogue(e);
		return;
	}
}

/* ---- a function ---- */

static bool has_calls(const struct ir *ir)
{
	for (u32 i = 0; i < ir->norder; i++)
		for (u32 n = ir->blocks[ir->order[i]].first; n; n = ir_at(ir, n)->next)
			if (ir_at(ir, n)->op == ir_call || ir_at(ir, n)->op == ir_local)
				return true;
	return false;
}

int jit_x86_64(struct ir *ir, u32 leave_off, struct jit_func *out)
{
	struct jit_alloc alloc;
	struct emit e = {.ir = ir,
			 .alloc = &alloc,
			 .b = &out->buf,
			 .out = out,
			 .leave_off = leave_off};
	u32 begin;

	x86_64.lower(ir);
	if (ir->failed || !jit_allocate(ir, &x86_64, &alloc))
		return -ENOMEM;
	ir_layout(ir);
	e.starts = arena_alloc(&ir->arena, ir->nblocks, sizeof(u32));
	e.empty = arena_alloc(&ir->arena, ir->nblocks, 1);
	if (ir->failed || !e.starts || !e.empty)
		return -ENOMEM;
	for (u32 i = 0; i < ir->norder; i++)
		e.empty[ir->order[i]] = is_empty(&e, ir->order[i]);
	while (out->buf.n % JIT_ALIGN)
		x86_byte(&out->buf, 0xcc);
	begin = out->entry = out->buf.n;
	emit_prologue(&e, has_calls(ir));
	for (u32 i = 0; i < ir->norder; i++) {
		u32 at = ir->layout[i];

		if (begins_loop(&e, i))
			emit_align(&e);
		e.starts[at] = out->buf.n;
		emit_nodes(&e, at);
		if (!e.empty[at])
			emit_end(&e, at, next_of(&e, i));
	}
	e.starts[0] = out->buf.n;
	if (e.leaves)
		emit_leave(&e);
	emit_finish_jumps(&e, begin);
	mem_free(e.jumps);
	return out->buf.failed ? -ENOMEM : 0;
}

bool jit_serves(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}
