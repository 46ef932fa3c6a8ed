/* Nodes, blocks and lists. */
#include "ir.h"
#include "mem.h"

#define PURE	 IR_PURE
#define COMMUTES IR_COMMUTES
#define NO_VALUE IR_NO_VALUE
/* insn.def's rows that have no register forms of this name */
enum { op_none64x = op_none, op_none32x = op_none };
#define op_neg64x op_neg64k
#define op_neg32x op_neg32k
const struct ir_info ir_info[] = {
#define IR(text, n, bits, row) \
	[ir_##text] = {#text, n, bits, op_##row##64x, op_##row##32x},
#include "ir.def"
};
#undef op_neg64x
#undef op_neg32x

u32 ir_new(struct ir *ir, enum ir_op op, u8 bits)
{
	struct ir_node *node;

	if (ir->n == ir->room) {
		u32 room = ir->room ? ir->room * 2 : 256;
		void *more = mem_resize(ir->nodes, room, sizeof(*ir->nodes));
		void *forward = more ? mem_resize(ir->forward, room, sizeof(u32)) : NULL;

		if (more)
			ir->nodes = more;
		if (forward)
			ir->forward = forward;
		if (!forward) {
			ir->failed = true;
			return 0; /* node 0 is there to be written to */
		}
		ir->room = room;
	}
	node = &ir->nodes[ir->n];
	*node = (struct ir_node){.op = op, .bits = bits, .umax = UINT64_MAX};
	ir->forward[ir->n] = ir->n;
	return ir->n++;
}

u32 ir_find(struct ir *ir, u32 n)
{
	u32 root = n;

	while (ir->forward[root] != root)
		root = ir->forward[root];
	while (ir->forward[n] != root) {
		u32 next = ir->forward[n];

		ir->forward[n] = root;
		n = next;
	}
	return root;
}

u32 ir_list(struct ir *ir, u32 n)
{
	u32 at = ir->nlists;

	if (at + n > ir->lists_room) {
		u32 room = MAX(ir->lists_room * 2, at + n + 64);
		void *more = mem_resize(ir->lists, room, sizeof(u32));

		if (!more) {
			ir->failed = true;
			return 0;
		}
		ir->lists = more;
		ir->lists_room = room;
	}
	memset(&ir->lists[at], 0, n * sizeof(u32));
	ir->nlists += n;
	return at;
}

void ir_append(struct ir *ir, u32 block, u32 node)
{
	struct ir_block *b = &ir->blocks[block];
	struct ir_node *x = ir_at(ir, node);

	x->block = block;
	x->prev = b->last;
	x->next = 0;
	if (b->last)
		ir_at(ir, b->last)->next = node;
	else
		b->first = node;
	b->last = node;
}

void ir_insert_before(struct ir *ir, u32 node, u32 before)
{
	struct ir_node *x = ir_at(ir, node), *y = ir_at(ir, before);
	struct ir_block *b = &ir->blocks[y->block];

	x->block = y->block;
	x->prev = y->prev;
	x->next = before;
	if (y->prev)
		ir_at(ir, y->prev)->next = node;
	else
		b->first = node;
	y->prev = node;
}

void ir_remove(struct ir *ir, u32 node)
{
	struct ir_node *x = ir_at(ir, node);
	struct ir_block *b = &ir->blocks[x->block];

	if (x->prev)
		ir_at(ir, x->prev)->next = x->next;
	else
		b->first = x->next;
	if (x->next)
		ir_at(ir, x->next)->prev = x->prev;
	else
		b->last = x->prev;
	x->prev = x->next = x->block = 0;
}

u32 ir_konst_of(struct ir *ir, u32 block, s64 imm)
{
	u32 n = ir_new(ir, ir_konst, 64);

	ir_at(ir, n)->imm = imm;
	ir_append(ir, block, n);
	return n;
}

u32 ir_binary(struct ir *ir, u32 block, enum ir_op op, u8 bits, u32 a, u32 b)
{
	u32 n = ir_new(ir, op, bits);

	ir_at(ir, n)->a = a;
	ir_at(ir, n)->b = b;
	ir_append(ir, block, n);
	return n;
}

void ir_free(struct ir *ir)
{
	mem_free(ir->nodes);
	mem_free(ir->forward);
	mem_free(ir->lists);
	arena_free(&ir->arena);
	*ir = (struct ir){0};
}
