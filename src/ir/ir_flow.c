/* The order of blocks, who dominates whom, and loops. */
#include "ir.h"

/* Of two successors the one that stands behind the block is walked last: that of the
 * deeper loop, so that loops stay together, else the one that follows in the program. */
static u32 nth_succ(const struct ir *ir, const struct ir_block *b, u32 k)
{
	bool deeper = b->nsuccs == 2 &&
		      ir->blocks[b->succ[0]].depth > ir->blocks[b->succ[1]].depth;

	return b->succ[k ^ deeper];
}

/* Depth first, without recursion: a block is numbered when all that it leads to is. */
static void number_blocks(struct ir *ir, u32 *stack, u8 *state)
{
	u32 top = 0, n = 0;

	stack[top++] = 1;
	state[1] = 1;
	while (top) {
		u32 at = stack[top - 1];
		const struct ir_block *b = &ir->blocks[at];
		u32 to;

		if (state[at] > b->nsuccs) {
			ir->order[n++] = at;
			top--;
			continue;
		}
		to = nth_succ(ir, b, state[at]++ - 1u);
		if (!state[to]) {
			state[to] = 1;
			stack[top++] = to;
		}
	}
	ir->norder = n;
	for (u32 i = 0; i < n / 2; i++) {
		u32 x = ir->order[i];

		ir->order[i] = ir->order[n - 1 - i];
		ir->order[n - 1 - i] = x;
	}
	for (u32 i = 0; i < n; i++)
		ir->blocks[ir->order[i]].number = i + 1;
}

static void find_preds(struct ir *ir)
{
	for (u32 i = 0; i < ir->norder; i++)
		for (u32 k = 0; k < ir->blocks[ir->order[i]].nsuccs; k++)
			ir->blocks[ir->blocks[ir->order[i]].succ[k]].npreds++;
	for (u32 i = 0; i < ir->norder; i++) {
		struct ir_block *b = &ir->blocks[ir->order[i]];

		b->preds = ir_list(ir, b->npreds);
		b->npreds = 0;
	}
	for (u32 i = 0; i < ir->norder && !ir->failed; i++) {
		const struct ir_block *b = &ir->blocks[ir->order[i]];

		for (u32 k = 0; k < b->nsuccs; k++) {
			struct ir_block *to = &ir->blocks[b->succ[k]];

			ir->lists[to->preds + to->npreds++] = ir->order[i];
		}
	}
}

/* Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001). */
static u32 meet(const struct ir *ir, u32 x, u32 y)
{
	while (x != y) {
		while (ir->blocks[x].number > ir->blocks[y].number)
			x = ir->blocks[x].idom;
		while (ir->blocks[y].number > ir->blocks[x].number)
			y = ir->blocks[y].idom;
	}
	return x;
}

static bool find_idom(struct ir *ir, u32 at)
{
	struct ir_block *b = &ir->blocks[at];
	u32 idom = 0;

	for (u32 k = 0; k < b->npreds; k++) {
		u32 pred = ir->lists[b->preds + k];

		if (ir->blocks[pred].idom)
			idom = idom ? meet(ir, idom, pred) : pred;
	}
	if (b->idom == idom)
		return false;
	b->idom = idom;
	return true;
}

static void find_dominators(struct ir *ir)
{
	bool changed = true;

	ir->blocks[1].idom = 1;
	while (changed) {
		changed = false;
		for (u32 i = 1; i < ir->norder; i++)
			changed |= find_idom(ir, ir->order[i]);
	}
}

/* The blocks from which `tail` is reached without passing `head` are in its loop. What
 * is deep is a matter of speed alone: there is a limit to the work. */
static void mark_loop(struct ir *ir, u32 head, u32 *stack, u32 *mark, s64 *left)
{
	u32 top = 0;

	for (u32 k = 0; k < ir->blocks[head].npreds; k++) {
		u32 pred = ir->lists[ir->blocks[head].preds + k];

		if (ir->blocks[pred].number >= ir->blocks[head].number &&
		    mark[pred] != head) {
			mark[pred] = head;
			stack[top++] = pred;
		}
	}
	if (top && mark[head] != head) {
		mark[head] = head;
		ir->blocks[head].depth++;
	}
	while (top) {
		u32 at = stack[--top];

		if (at == head)
			continue;
		ir->blocks[at].depth++;
		for (u32 k = 0; k < ir->blocks[at].npreds; k++) {
			u32 pred = ir->lists[ir->blocks[at].preds + k];

			if (--*left < 0)
				return;
			if (mark[pred] != head &&
			    ir->blocks[pred].number >= ir->blocks[head].number) {
				mark[pred] = head;
				stack[top++] = pred;
			}
		}
	}
}

void ir_flow(struct ir *ir)
{
	u32 n = ir->nblocks;
	u32 *stack = arena_alloc(&ir->arena, n, 2 * sizeof(u32));
	u32 *mark = arena_alloc(&ir->arena, n, sizeof(u32));
	u8 *state = arena_alloc(&ir->arena, n, 1);
	s64 left = 32 * (s64)n;

	ir->order = arena_alloc(&ir->arena, n, sizeof(u32));
	if (!stack || !mark || !state || !ir->order) {
		ir->failed = true;
		return;
	}
	for (u32 i = 1; i < n; i++) {
		struct ir_block *b = &ir->blocks[i];

		b->npreds = b->idom = b->number = 0;
	}
	number_blocks(ir, stack, state);
	for (u32 i = 1; i < n; i++)
		ir->blocks[i].depth = 0;
	find_preds(ir);
	if (ir->failed)
		return;
	find_dominators(ir);
	for (u32 i = 0; i < ir->norder && left > 0; i++)
		mark_loop(ir, ir->order[i], stack, mark, &left);
}

bool ir_is_loop(const struct ir *ir, u32 at)
{
	const struct ir_block *b = &ir->blocks[at];

	for (u32 k = 0; k < b->npreds; k++)
		if (ir->blocks[ir->lists[b->preds + k]].number >= b->number)
			return true;
	return false;
}

/* The block through which a loop begins again, if it is reached by a branch alone: before
 * the loop's head it needs no jump. */
static u32 tail_of(const struct ir *ir, u32 head)
{
	const struct ir_block *b = &ir->blocks[head];

	for (u32 k = 0; k < b->npreds; k++) {
		u32 at = ir->lists[b->preds + k];
		const struct ir_block *tail = &ir->blocks[at];

		if (at != head && tail->number > b->number && tail->nsuccs == 1 &&
		    tail->npreds == 1 && ir->blocks[ir->lists[tail->preds]].nsuccs == 2)
			return at;
	}
	return 0;
}

void ir_layout(struct ir *ir)
{
	u8 *placed = arena_alloc(&ir->arena, ir->nblocks, 1);
	u32 n = 0;

	ir->layout = arena_alloc(&ir->arena, ir->norder, sizeof(u32));
	if (!placed || !ir->layout) {
		ir->failed = true;
		return;
	}
	for (u32 i = 0; i < ir->norder; i++) {
		u32 at = ir->order[i], tail = placed[at] ? 0 : tail_of(ir, at);

		if (tail && !placed[tail])
			ir->layout[n++] = tail;
		placed[tail] = 1;
		if (!placed[at])
			ir->layout[n++] = at;
		placed[at] = 1;
	}
}
