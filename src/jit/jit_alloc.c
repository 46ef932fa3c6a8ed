/* Which value lies in which register.
 *
 * In static single assignment form two values that are live at the same place meet where
 * the later one is made. So one walk down the tree of dominators, here the blocks in
 * reverse postorder, gives each value a register that no value live there has, and no
 * instruction destroys that the value lives across. Where there is none, the cheapest of
 * those at hand lies on the stack for all of its life. (Hack, Grund, Goos, "Register
 * allocation for programs in SSA form", 2006.) */
#include "jit.h"
#include "mem.h"

struct alloc {
	struct ir *ir;
	const struct jit_target *t;
	struct jit_alloc *out;
	u32 **live_in; /* by block: values, live_n */
	u32 *live_n, *live_room;
	u32 *cost;     /* of a value on the stack */
	jit_set *away; /* registers that a value may not have */
	u8 *hint;      /* a register that would save a move; JIT_NONE */
	u32 *phi;      /* a phi that the value comes into, of the innermost loop */
	u8 *dies; /* by node: operand a, b or c (bits 0 to 2) is read for the last time */
	u8 *list_dies; /* by place in ir->lists */
	u32 *place;    /* by value: where in live[] it stands */
	u32 *live, nlive;
	u32 holds[JIT_REGS];
	jit_set busy;
};

static bool needs_place(const struct alloc *l, u32 n)
{
	const struct ir_node *x = ir_at(l->ir, n);

	return n && !(ir_info[x->op].flags & IR_NO_VALUE) && !l->t->immediate(l->ir, n);
}

static void *take(struct alloc *l, u32 n, size_t size)
{
	void *at = arena_alloc(&l->ir->arena, MAX(n, 1u), size);

	l->ir->failed |= !at;
	return at;
}

/* ---- where values are live ---- */

struct use {
	u32 value, block;
};

struct uses {
	struct alloc *l;
	struct use *at;
	u32 n;
	u32 *first; /* while counting: how many; by value */
};

/* Calls fn for each use of a value that needs a place, and the block at whose end or
 * inside of which it is; not where it is made. */
static void each_use(struct uses *u, void (*fn)(struct uses *u, u32 value, u32 block))
{
	const struct ir *ir = u->l->ir;

	for (u32 i = 0; i < ir->norder; i++) {
		u32 at = ir->order[i];
		const struct ir_block *b = &ir->blocks[at];

		for (u32 n = b->first; n; n = ir_at(ir, n)->next) {
			const struct ir_node *x = ir_at(ir, n);

			for (u32 k = 0; k < x->nlist; k++)
				fn(u, ir->lists[x->list + k],
				   x->op == ir_phi ? ir->lists[b->preds + k] : at);
			fn(u, x->a, at);
			fn(u, x->b, at);
			fn(u, x->c, at);
		}
		fn(u, b->end == ir_jump ? 0 : b->a, at);
		fn(u, b->end == ir_branch ? b->b : 0, at);
	}
}

static bool counts(const struct uses *u, u32 value, u32 block)
{
	return needs_place(u->l, value) && ir_at(u->l->ir, value)->block != block;
}

/* What one use costs from memory, by the depth of loops. */
static u32 weight(const struct alloc *l, u32 block)
{
	return 1u << 3 * MIN(l->ir->blocks[block].depth, 7u);
}

static void count_use(struct uses *u, u32 value, u32 block)
{
	if (!needs_place(u->l, value))
		return;
	u->l->cost[value] += weight(u->l, block);
	if (counts(u, value, block))
		u->first[value]++;
}

static void note_use(struct uses *u, u32 value, u32 block)
{
	if (counts(u, value, block))
		u->at[u->first[value]++] = (struct use){value, block};
}

static void add_live_in(struct alloc *l, u32 block, u32 v)
{
	if (l->live_n[block] == l->live_room[block]) {
		u32 room = l->live_room[block] ? 2 * l->live_room[block] : 8;
		u32 *more = take(l, room, sizeof(u32));

		if (!more)
			return;
		if (l->live_n[block])
			memcpy(more, l->live_in[block], l->live_n[block] * sizeof(u32));
		l->live_in[block] = more;
		l->live_room[block] = room;
	}
	l->live_in[block][l->live_n[block]++] = v;
}

/* The value is live into each block between its home and the use. Uses come value by
 * value, so that the last one that a block got tells whether it has this one. */
static void spread(struct alloc *l, struct use use, u32 *stack)
{
	const struct ir *ir = l->ir;
	u32 home = ir_at(ir, use.value)->block, top = 0;

	stack[top++] = use.block;
	while (top && !ir->failed) {
		u32 at = stack[--top];
		const struct ir_block *b = &ir->blocks[at];

		if (at == home ||
		    (l->live_n[at] && l->live_in[at][l->live_n[at] - 1] == use.value))
			continue;
		add_live_in(l, at, use.value);
		for (u32 k = 0; k < b->npreds; k++)
			stack[top++] = ir->lists[b->preds + k];
	}
}

static void find_live(struct alloc *l)
{
	struct uses u = {.l = l};
	u32 *stack = take(l, 2 * l->ir->nblocks + 2, sizeof(u32)), n = 0;

	u.first = take(l, l->ir->n + 1, sizeof(u32));
	if (l->ir->failed)
		return;
	each_use(&u, count_use);
	for (u32 v = 0; v < l->ir->n; v++) {
		u32 count = u.first[v];

		u.first[v] = n;
		n += count;
	}
	u.at = take(l, n, sizeof(*u.at));
	if (l->ir->failed)
		return;
	each_use(&u, note_use);
	for (u32 i = 0; i < n && !l->ir->failed; i++)
		spread(l, u.at[i], stack);
}

/* ---- from the end of a block to its begin ---- */

static bool is_live(const struct alloc *l, u32 v)
{
	return l->place[v] < l->nlive && l->live[l->place[v]] == v;
}

/* True: it was not live behind this place. */
static bool make_live(struct alloc *l, u32 v)
{
	if (!needs_place(l, v) || is_live(l, v))
		return false;
	l->place[v] = l->nlive;
	l->live[l->nlive++] = v;
	return true;
}

static void end_live(struct alloc *l, u32 v)
{
	u32 last;

	if (!is_live(l, v))
		return;
	last = l->live[--l->nlive];
	l->live[l->place[v]] = last;
	l->place[last] = l->place[v];
}

static u32 phi_depth(const struct ir *ir, u32 phi)
{
	return ir->blocks[ir_at(ir, phi)->block].depth;
}

static void begin_at_end(struct alloc *l, u32 at)
{
	const struct ir *ir = l->ir;
	const struct ir_block *b = &ir->blocks[at];

	l->nlive = 0;
	for (u32 s = 0; s < b->nsuccs; s++) {
		const struct ir_block *to = &ir->blocks[b->succ[s]];
		u32 edge = 0;

		for (u32 i = 0; i < l->live_n[b->succ[s]]; i++)
			make_live(l, l->live_in[b->succ[s]][i]);
		while (ir->lists[to->preds + edge] != at)
			edge++;
		for (u32 n = to->first; n && ir_at(ir, n)->op == ir_phi;
		     n = ir_at(ir, n)->next) {
			u32 v = ir->lists[ir_at(ir, n)->list + edge];

			make_live(l, v);
			if (!l->phi[v] || phi_depth(ir, l->phi[v]) <= to->depth)
				l->phi[v] = n;
		}
	}
	if (b->end != ir_jump)
		make_live(l, b->a);
	if (b->end == ir_branch)
		make_live(l, b->b);
	if (b->end == ir_return && b->a)
		l->hint[b->a] = l->t->result;
}

static void scan_node(struct alloc *l, u32 n)
{
	const struct ir_node *x = ir_at(l->ir, n);
	jit_set early = 0, gone;

	end_live(l, n);
	if (x->op == ir_phi)
		return;
	gone = l->t->destroys(l->ir, x, &early);
	if (gone)
		for (u32 i = 0; i < l->nlive; i++)
			l->away[l->live[i]] |= gone;
	l->dies[n] = (u8)(make_live(l, x->a) | make_live(l, x->b) << 1 |
			  make_live(l, x->c) << 2);
	l->away[x->a] |= early;
	l->away[x->b] |= early;
	l->away[x->c] |= early;
	for (u32 k = 0; k < x->nlist; k++) {
		u32 v = l->ir->lists[x->list + k];

		l->list_dies[x->list + k] = make_live(l, v);
		if ((x->op == ir_call || x->op == ir_local) && k < JIT_PARAMS)
			l->hint[v] = l->t->params[k];
	}
}

static void scan(struct alloc *l)
{
	for (u32 i = l->ir->norder; i--;) {
		const struct ir_block *b = &l->ir->blocks[l->ir->order[i]];

		begin_at_end(l, l->ir->order[i]);
		for (u32 n = b->last; n; n = ir_at(l->ir, n)->prev)
			scan_node(l, n);
	}
}

/* ---- giving out ---- */

static void put(struct alloc *l, u32 v, u8 reg)
{
	l->out->where[v] = reg;
	l->out->used |= 1u << reg;
	l->busy |= 1u << reg;
	l->holds[reg] = v;
}

static void put_on_stack(struct alloc *l, u32 v)
{
	l->out->where[v] = (u16)(JIT_SLOT + l->out->slots++);
	l->ir->failed |= l->out->slots > UINT16_MAX - JIT_SLOT;
}

static void release(struct alloc *l, u32 v)
{
	u16 where = l->out->where[v];

	if (where < JIT_REGS && l->holds[where] == v)
		l->busy &= ~(1u << where);
}

static bool may_have(jit_set set, u16 reg)
{
	return reg < JIT_REGS && set >> reg & 1;
}

/* A register of `good` that saves a move. */
static u16 wanted(const struct alloc *l, u32 n, jit_set good)
{
	const struct ir_node *x = ir_at(l->ir, n);
	const u16 *where = l->out->where;

	if (l->phi[n] && may_have(good, where[l->phi[n]]))
		return where[l->phi[n]];
	if (may_have(good, l->hint[n]))
		return l->hint[n];
	if (x->op == ir_phi) {
		for (u32 k = 0; k < x->nlist; k++)
			if (may_have(good, where[l->ir->lists[x->list + k]]))
				return where[l->ir->lists[x->list + k]];
	} else if (may_have(good, where[x->a])) {
		return where[x->a];
	}
	for (const u8 *r = l->t->order; *r != JIT_NONE; r++)
		if (good >> *r & 1)
			return *r;
	return JIT_NONE;
}

static void assign(struct alloc *l, u32 n)
{
	jit_set may = l->t->free & ~l->away[n];
	u32 cheapest = n;

	if (may & ~l->busy) {
		put(l, n, (u8)wanted(l, n, may & ~l->busy));
		return;
	}
	for (u32 r = 0; r < JIT_REGS; r++)
		if (may >> r & 1 && l->cost[l->holds[r]] < l->cost[cheapest])
			cheapest = l->holds[r];
	if (cheapest == n) {
		put_on_stack(l, n);
		return;
	}
	put(l, n, (u8)l->out->where[cheapest]);
	put_on_stack(l, cheapest);
}

static void release_operands(struct alloc *l, u32 n, bool late)
{
	const struct ir_node *x = ir_at(l->ir, n);

	if (l->dies[n] & 1 && !late)
		release(l, x->a);
	if (l->dies[n] & 2)
		release(l, x->b);
	if (l->dies[n] & 4)
		release(l, x->c);
}

static void assign_node(struct alloc *l, u32 n)
{
	const struct ir_node *x = ir_at(l->ir, n);
	bool late = x->op != ir_phi && l->t->late(l->ir, x);

	if (x->op != ir_phi) {
		if (!late)
			release_operands(l, n, false);
		else if (l->dies[n] & 1 && x->a != x->b && x->a != x->c)
			release(l, x->a);
		for (u32 k = 0; k < x->nlist && !late; k++)
			if (l->list_dies[x->list + k])
				release(l, l->ir->lists[x->list + k]);
	}
	if (needs_place(l, n) && x->uses)
		assign(l, n);
	if (late) {
		release_operands(l, n, x->a != x->b && x->a != x->c);
		for (u32 k = 0; k < x->nlist; k++)
			if (l->list_dies[x->list + k])
				release(l, l->ir->lists[x->list + k]);
	}
}

static void give_out(struct alloc *l)
{
	struct ir *ir = l->ir;

	for (u32 i = 0; i < ir->norder && !ir->failed; i++) {
		u32 at = ir->order[i];

		l->busy = 0;
		for (u32 k = 0; k < l->live_n[at]; k++) {
			u32 v = l->live_in[at][k];

			if (l->out->where[v] < JIT_REGS)
				put(l, v, (u8)l->out->where[v]);
		}
		for (u32 n = ir->blocks[at].first; n; n = ir_at(ir, n)->next)
			assign_node(l, n);
	}
}

bool jit_allocate(struct ir *ir, const struct jit_target *target, struct jit_alloc *out)
{
	struct alloc l = {.ir = ir, .t = target, .out = out};

	*out = (struct jit_alloc){.where = take(&l, ir->n, sizeof(u16))};
	l.live_in = take(&l, ir->nblocks, sizeof(*l.live_in));
	l.live_n = take(&l, ir->nblocks, sizeof(u32));
	l.live_room = take(&l, ir->nblocks, sizeof(u32));
	l.cost = take(&l, ir->n, sizeof(u32));
	l.away = take(&l, ir->n, sizeof(jit_set));
	l.hint = take(&l, ir->n, 1);
	l.phi = take(&l, ir->n, sizeof(u32));
	l.dies = take(&l, ir->n, 1);
	l.list_dies = take(&l, ir->nlists, 1);
	l.place = take(&l, ir->n, sizeof(u32));
	l.live = take(&l, ir->n, sizeof(u32));
	if (ir->failed)
		return false;
	memset(l.hint, JIT_NONE, ir->n);
	for (u32 i = 0; i < ir->n; i++)
		out->where[i] = JIT_NONE;
	find_live(&l);
	if (!ir->failed)
		scan(&l);
	if (!ir->failed)
		give_out(&l);
	return !ir->failed;
}
