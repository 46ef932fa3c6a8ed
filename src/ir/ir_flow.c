/* The order of blocks, who dominates whom, and loops. */
#include "ir.h"

/* Depth first, without recursion: a block is numbered when all that it leads to is. */
static void number_blocks(struct ir *ir, u32 *stack, u8 *state)
{
	u32 top = 0, n = 0;

	stack[top++] = 1;
	state[1] = 1;
	while (top) {
		u32 at = stack[top - 1];
		struct ir_block *b = &ir->blocks[at];
		/* The second successor is walked first, so that the first stands behind
		 * the block: loops stay together. */
		u32 k = b->nsuccs - (state[at] - 1u);

		if (state[at] > b->nsuccs) {
			ir->order[n++] = at;
			top--;
			continue;
		}
		state[at]++;
		if (!state[b->succ[k - 1]]) {
			state[b->succ[k - 1]] = 1;
			stack[top++] = b->succ[k - 1];
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

		b->npreds = b->idom = b->depth = b->number = 0;
	}
	number_blocks(ir, stack, state);
	find_preds(ir);
	if (ir->failed)
		return;
	find_dominators(ir);
	for (u32 i = 0; i < ir->norder && left > 0; i++)
		mark_loop(ir, ir->order[i], stack, mark, &left);
}
