#include "random_prog.h"

enum {
	STACK_WORDS = 8, /* of 8 bytes, in each frame */
	FUNCTIONS = 3,	 /* besides the main program; each calls later ones only */
	CALLS = 8,
	DEPTH = 3,	/* of blocks in blocks */
	EPILOGUE = 64,	/* slots: hash() and exit */
	STATEMENT = 16, /* slots of the longest that is no block */
};

struct gen {
	u64 *seed;
	struct skep_insn *out;
	u32 n;
	u32 end;    /* of the room for this function's body */
	u16 locked; /* registers that count loops: not to be written */
	u32 function;
	u32 n_calls;
	struct {
		u32 at, function;
	} calls[CALLS];
};

static u32 pick(struct gen *g, u32 n)
{
	/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators)
	 */
	u64 z = *g->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (u32)((z ^ z >> 31) >> 32) % n;
}

static u64 wide(struct gen *g)
{
	return (u64)pick(g, UINT32_MAX) << 32 | pick(g, UINT32_MAX);
}

static s32 number(struct gen *g)
{
	static const s32 edges[] = {
		0,	   1,	      -1,	    2,	   3,	  7,	 8,	15,
		31,	   32,	      33,	    63,	   64,	  127,	 128,	255,
		256,	   -128,      -129,	    32767, 32768, 65535, 65536, -32768,
		INT32_MAX, INT32_MIN, INT32_MIN + 1};

	return pick(g, 3) ? edges[pick(g, ARRAY_SIZE(edges))] : (s32)wide(g);
}

static u64 wide_number(struct gen *g)
{
	switch (pick(g, 4)) {
	case 0: return wide(g);
	case 1: return 1ull << pick(g, 64);
	case 2: return (1ull << pick(g, 64)) - 1;
	default: return (u64)(s64)number(g);
	}
}

static void emit(struct gen *g, struct insn in)
{
	g->n += insn_encode(&in, &g->out[g->n]);
}

#define EMIT(g, name, ...) emit(g, (struct insn){.op = op_##name, __VA_ARGS__})

static u8 readable(struct gen *g)
{
	return (u8)pick(g, 10);
}

static u8 writable(struct gen *g)
{
	u8 reg;

	do
		reg = (u8)pick(g, 10);
	while (g->locked >> reg & 1);
	return reg;
}

/* A legal op of one class. */
static u16 any_op(struct gen *g, u8 class)
{
	u16 op;

	do
		op = (u16)(1 + pick(g, op_count - 1));
	while (!op_info[op].legal || op_info[op].class != class);
	return op;
}

/* The verifier refuses shifts by the width and more, and divisions by 0. */
static s32 legal_imm(struct gen *g, const struct op_info *i)
{
	s32 imm = number(g);
	u8 code = i->code & 0xf0;

	if (i->class != class_alu)
		return imm;
	if (code == 0x60 || code == 0x70 || code == 0xc0)
		return imm & (i->size * 8 - 1);
	return !imm && (code == 0x30 || code == 0x90) ? 1 : imm;
}

static void operation(struct gen *g, u8 class)
{
	u16 op = any_op(g, class);
	struct insn in = {.op = op, .dst = writable(g)};

	if (op_info[op].fields & field_src)
		in.src = readable(g);
	if (op_info[op].fields & field_imm)
		in.imm = legal_imm(g, &op_info[op]);
	emit(g, in);
}

/* An aligned place on the stack, from r10 on. */
static s32 place(struct gen *g, u8 size)
{
	return -(s32)(1 + pick(g, STACK_WORDS * 8 / size)) * size;
}

/* Two faults of the verifier of Linux 6.18 make correct programs differ, so the programs
 * avoid them:
 *
 * - Where the verifier knows the number in a stack slot, it knows what an atomic fetches
 *   from there, but when a branch depends on that, it does not mark the slot as one that
 *   must be known (backtrack_insn() takes the instruction for a store). It then prunes
 *   paths on which the slot has another number and removes the branch. Hence a plain
 *   atomic before each that fetches, which makes the slot unknown.
 * - r0 is zero-extended by a 32-bit cmpxchg (RFC 9669 section 5.3). On x86 Linux adds an
 *   instruction for that, but not if only a path that it prunes reads the upper half.
 *   Hence a move of 32 bits behind it. */
static void forget(struct gen *g, const struct insn *fetching)
{
	struct insn in = *fetching;

	in.op = op_info[in.op].size == 8 ? op_lock_or_dw : op_lock_or_w;
	in.src = in.dst == 0 ? 1 : 0;
	emit(g, in);
}

/* Through r10, or through a register that points somewhere into the frame. */
static void memory(struct gen *g, u8 class)
{
	u16 op = any_op(g, class);
	const struct op_info *i = &op_info[op];
	struct insn in = {.op = op, .off = place(g, i->size)};
	u8 base = 10, *address = class == class_load ? &in.src : &in.dst;
	u8 *data = class == class_load ? &in.dst : &in.src;

	if (i->is_imm)
		in.imm = number(g);
	else
		*data = class == class_load || i->fetch == 1 ? writable(g) : readable(g);
	if (i->fetch == 2 && g->locked & 1)
		return;
	if (!pick(g, 3)) {
		s32 off = (s32)pick(g, 128) - 64;

		base = writable(g);
		if (base == *data || (base == 0 && i->fetch == 2))
			return;
		EMIT(g, mov64x, .dst = base, .src = 10);
		EMIT(g, add64k, .dst = base, .imm = off);
		in.off -= off;
	}
	*address = base;
	if (i->fetch)
		forget(g, &in);
	emit(g, in);
	if (i->fetch == 2 && i->size == 4)
		EMIT(g, mov32x);
	if (base != 10)
		EMIT(g, mov64k, .dst = base, .imm = number(g));
}

static void statement(struct gen *g, u32 depth);

static void block(struct gen *g, u32 depth)
{
	for (u32 i = 1 + pick(g, 4); i; i--)
		statement(g, depth);
}

static void jump_over(struct gen *g, u32 at)
{
	g->out[at].off = (s16)(g->n - at - 1);
}

static u32 branch(struct gen *g)
{
	u16 op = any_op(g, class_jmp);
	struct insn in = {.op = op, .dst = readable(g)};

	if (op_info[op].is_imm)
		in.imm = number(g);
	else
		in.src = readable(g);
	emit(g, in);
	return g->n - 1;
}

static void if_else(struct gen *g, u32 depth)
{
	u32 at = branch(g), end = 0;

	block(g, depth);
	if (pick(g, 2)) {
		end = g->n;
		if (pick(g, 2))
			EMIT(g, ja);
		else
			EMIT(g, gotol);
	}
	jump_over(g, at);
	if (!end)
		return;
	block(g, depth);
	if (g->out[end].code == op_info[op_gotol].code)
		g->out[end].imm = (s32)(g->n - end - 1);
	else
		jump_over(g, end);
}

/* The counter is a register that calls preserve. */
static void loop(struct gen *g, u32 depth)
{
	u8 reg = (u8)(6 + pick(g, 4));
	u32 start;

	if (g->locked >> reg & 1)
		return;
	EMIT(g, mov64k, .dst = reg, .imm = 1 + (s32)pick(g, 3));
	g->locked |= (u16)(1 << reg);
	start = g->n;
	block(g, depth);
	EMIT(g, add64k, .dst = reg, .imm = -1);
	EMIT(g, jne64k, .dst = reg, .off = (s32)(start - g->n - 1));
	g->locked &= (u16) ~(1 << reg);
}

/* r1 to r5 are not readable behind a call. */
static void call(struct gen *g)
{
	u32 left = FUNCTIONS - g->function;

	if (!left || g->n_calls == CALLS)
		return;
	g->calls[g->n_calls].at = g->n;
	g->calls[g->n_calls++].function = g->function + 1 + pick(g, left);
	EMIT(g, call_local);
	for (u8 reg = 1; reg <= 5; reg++) {
		if (pick(g, 2))
			EMIT(g, mov64x, .dst = reg,
			     .src = (u8)(pick(g, 2) ? 0 : 6 + pick(g, 4)));
		else
			EMIT(g, mov64k, .dst = reg, .imm = number(g));
	}
}

static void statement(struct gen *g, u32 depth)
{
	u32 kind = pick(g, 32);

	if (g->n + STATEMENT > g->end)
		return;
	if (kind < 13)
		operation(g, class_alu);
	else if (kind < 15)
		operation(g, class_swap);
	else if (kind < 18)
		memory(g, class_load);
	else if (kind < 21)
		memory(g, class_store);
	else if (kind < 24)
		memory(g, class_atomic);
	else if (kind == 24)
		EMIT(g, lddw, .dst = writable(g), .imm = (s64)wide_number(g));
	else if (kind < 29 && depth < DEPTH)
		if_else(g, depth + 1);
	else if (kind < 31 && depth < DEPTH)
		loop(g, depth + 1);
	else if (kind == 31)
		call(g);
}

/* What an atomic fetches is an unknown number to the verifier, if the slot is. */
static void main_prologue(struct gen *g)
{
	for (u8 i = 0; i < STACK_WORDS; i++) {
		EMIT(g, lddw, .dst = 1, .imm = (s64)wide_number(g));
		EMIT(g, stx_dw, .dst = 10, .src = 1, .off = -8 * (i + 1));
		EMIT(g, lock_or_dw, .dst = 10, .src = 1, .off = -8 * (i + 1));
	}
	for (u8 reg = 0; reg < 10; reg++) {
		EMIT(g, mov64k, .dst = reg);
		EMIT(g, lock_fetch_add_dw, .dst = 10, .src = reg,
		     .off = -8 * (reg % STACK_WORDS + 1));
	}
}

static void function_prologue(struct gen *g)
{
	for (u8 i = 0; i < STACK_WORDS; i++)
		EMIT(g, stx_dw, .dst = 10, .src = (u8)(1 + i % 5), .off = -8 * (i + 1));
	EMIT(g, mov64x, .dst = 0, .src = 5);
	for (u8 reg = 6; reg < 10; reg++)
		EMIT(g, mov64x, .dst = reg, .src = (u8)(reg - 5));
}

/* r0 becomes a hash of everything, its upper half folded into the lower. */
static void epilogue(struct gen *g)
{
	const s32 prime = 0x01000193;

	for (u8 reg = 1; reg < 10; reg++) {
		EMIT(g, mul64k, .dst = 0, .imm = prime);
		EMIT(g, xor64x, .dst = 0, .src = reg);
	}
	for (s32 i = 1; i <= STACK_WORDS; i++) {
		EMIT(g, ldx_dw, .dst = 1, .src = 10, .off = -8 * i);
		EMIT(g, mul64k, .dst = 0, .imm = prime);
		EMIT(g, xor64x, .dst = 0, .src = 1);
	}
	EMIT(g, mov64x, .dst = 1, .src = 0);
	EMIT(g, rsh64k, .dst = 1, .imm = 32);
	EMIT(g, xor64x, .dst = 0, .src = 1);
	EMIT(g, exit);
}

static bool is_called(const struct gen *g, u32 function)
{
	for (u32 i = 0; i < g->n_calls; i++)
		if (g->calls[i].function == function)
			return true;
	return false;
}

static void resolve(struct gen *g, u32 function)
{
	for (u32 i = 0; i < g->n_calls; i++)
		if (g->calls[i].function == function)
			g->out[g->calls[i].at].imm = (s32)(g->n - g->calls[i].at - 1);
}

u32 insn_random(u64 *seed, struct skep_insn *out, u32 room)
{
	struct gen g = {.seed = seed, .out = out};
	u32 n_functions = room >= RANDOM_PROG_CALLS_ROOM ? FUNCTIONS : 0;
	u32 share = room / (n_functions + 1);

	g.function = FUNCTIONS - n_functions;
	for (u32 i = 0; i <= n_functions; i++, g.function++) {
		if (i && !is_called(&g, g.function))
			continue;
		g.end = g.n + share - EPILOGUE;
		if (i) {
			resolve(&g, g.function);
			function_prologue(&g);
		} else {
			main_prologue(&g);
		}
		for (u32 n = 5 + pick(&g, share / 8); n && g.n + STATEMENT <= g.end; n--)
			statement(&g, 0);
		epilogue(&g);
	}
	return g.n;
}
