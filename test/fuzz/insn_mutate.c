#include "insn_mutate.h"

/* An instruction, and the index of the one that it jumps to or calls. */
struct item {
	struct insn in;
	u32 to;
};

struct program {
	struct item at[MUTATE_MOST + 64];
	u32 n;
	u64 *seed;
};

static u32 pick(struct program *p, u32 n)
{
	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
	 * generators" */
	*p->seed ^= *p->seed >> 12;
	*p->seed ^= *p->seed << 25;
	*p->seed ^= *p->seed >> 27;
	return (u32)((*p->seed * 0x2545f4914f6cdd1d) >> 32) % n;
}

static bool is_call(const struct insn *in)
{
	return in->op == op_call_local ||
	       (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC);
}

static bool is_jump(const struct insn *in)
{
	return op_info[in->op].class == class_jmp || in->op == op_ja ||
	       in->op == op_gotol || in->op == op_may_goto;
}

/* ---- slots to instructions and back ---- */

static s64 target(const struct insn *in, u32 slot)
{
	return (s64)slot + 1 + (in->op == op_lddw ? in->imm : in->off);
}

static void take(struct program *p, const struct insn *insns, u32 n)
{
	static u32 index[2 * MUTATE_MOST];

	p->n = 0;
	for (u32 slot = 0; slot < n && p->n < MUTATE_MOST; slot++) {
		index[slot] = p->n;
		if (insns[slot].op != op_none)
			p->at[p->n++].in = insns[slot];
	}
	for (u32 slot = 0, i = 0; slot < n && i < p->n; slot++) {
		const struct insn *in = &insns[slot];
		s64 to = target(in, slot);

		if (in->op == op_none)
			continue;
		p->at[i++].to =
			(is_jump(in) || is_call(in)) && to >= 0 && to < n ? index[to] : 0;
	}
}

static u32 give(const struct program *p, struct skep_insn *code)
{
	static u32 slots[MUTATE_MOST + 64];
	u32 n = 0;

	for (u32 i = 0; i < p->n; i++) {
		slots[i] = n;
		n += p->at[i].in.op == op_lddw ? 2 : 1;
	}
	for (u32 i = 0; i < p->n; i++) {
		struct insn in = p->at[i].in;
		s32 off = (s32)(slots[p->at[i].to] - slots[i] - 1);

		if (in.op == op_lddw && in.src == SKEP_PSEUDO_FUNC)
			in.imm = off;
		else if (is_jump(&in) || is_call(&in))
			in.off = off;
		insn_encode(&in, &code[slots[i]]);
	}
	return n;
}

/* ---- one change ---- */

static s32 number(struct program *p)
{
	static const s32 edges[] = {
		0,	1,	   2,	      3,       4,      7,     8,     12,    14,
		15,	16,	   17,	      31,      32,     63,    64,    255,   256,
		511,	512,	   513,	      4095,    4096,   32767, 65535, 65536, -1,
		-2,	-4,	   -8,	      -16,     -64,    -256,  -512,  -513,  -4096,
		-32768, INT32_MAX, INT32_MIN, 1 << 29, 1 << 23};

	return pick(p, 4) ? edges[pick(p, ARRAY_SIZE(edges))]
			  : (s32)(pick(p, UINT32_MAX) >> pick(p, 32));
}

static u16 any_op(struct program *p)
{
	u16 op;

	do
		op = (u16)(1 + pick(p, op_count - 1));
	while (!op_info[op].legal || op == op_call_kfunc);
	return op;
}

static u8 any_register(struct program *p, bool frame)
{
	return (u8)pick(p, frame ? 11 : 10);
}

/* Fields that the operation does not have are not encoded; the rest is made legal. */
static void make_legal(struct program *p, struct item *item)
{
	struct insn *in = &item->in;
	const struct op_info *op = &op_info[in->op];
	bool memory = op->class == class_store || op->class == class_atomic;

	if (in->op == op_lddw) {
		in->src = in->src > SKEP_PSEUDO_MAP_IDX_VALUE ? 0 : in->src;
		if (in->src == SKEP_PSEUDO_MAP_FD || in->src == SKEP_PSEUDO_MAP_VALUE)
			in->src = (u8)(in->src + 4); /* their fds are of no use here */
		if (in->src == SKEP_PSEUDO_MAP_IDX)
			in->imm = (u8)in->imm % 8;
		if (in->src == SKEP_PSEUDO_MAP_IDX_VALUE)
			in->imm = (s64)pick(p, 64) << 32 | (u8)in->imm % 8;
		in->dst %= 10;
		return;
	}
	if (in->op == op_addr_space_cast)
		in->imm = 1;
	if (in->dst == 10 && !memory && op->class != class_jmp)
		in->dst = any_register(p, false);
	if (in->src == 10 && op->fetch == 1)
		in->src = any_register(p, false);
}

static void change_op(struct program *p, struct item *item)
{
	u16 op = any_op(p);

	/* half of the time an operation that takes the same operands */
	while (pick(p, 2) && op_info[op].class != op_info[item->in.op].class)
		op = any_op(p);
	item->in.op = op;
}

static void change_field(struct program *p, struct item *item)
{
	switch (pick(p, 6)) {
	case 0: item->in.dst = any_register(p, true); break;
	case 1: item->in.src = any_register(p, true); break;
	case 2: item->in.off = (s16)number(p); break;
	case 3: item->in.off = (s16)((u32)item->in.off + pick(p, 17) - 8); break;
	case 4:
		item->in.imm = number(p);
		if (item->in.op == op_call_helper)
			item->in.imm = pick(p, 220);
		break;
	case 5: item->to = pick(p, p->n);
	}
	item->in.off = (s16)item->in.off;
}

static void follow(struct program *p, u32 from, s32 by)
{
	for (u32 i = 0; i < p->n; i++)
		if (p->at[i].to >= from)
			p->at[i].to = (u32)((s32)p->at[i].to + by);
}

/* A copy of `len` instructions at `from` goes in before `to`. */
static void copy(struct program *p, u32 from, u32 len, u32 to)
{
	struct item piece[8];

	if (p->n + len > MUTATE_MOST)
		return;
	memcpy(piece, &p->at[from], len * sizeof(piece[0]));
	follow(p, to, (s32)len);
	memmove(&p->at[to + len], &p->at[to], (p->n - to) * sizeof(p->at[0]));
	memcpy(&p->at[to], piece, len * sizeof(piece[0]));
	p->n += len;
}

static void drop(struct program *p, u32 at)
{
	if (p->n < 2)
		return;
	memmove(&p->at[at], &p->at[at + 1], (--p->n - at) * sizeof(p->at[0]));
	follow(p, at + 1, -1);
}

static void change(struct program *p)
{
	u32 at = pick(p, p->n), other = pick(p, p->n);
	struct item was = p->at[at];

	switch (pick(p, 10)) {
	case 0: drop(p, at); break;
	case 1:
		p->at[at] = p->at[other];
		p->at[other] = was;
		break;
	case 2: copy(p, at, 1 + pick(p, MIN(p->n - at, 8u)), other); break;
	case 3:
		copy(p, at, 1, at);
		change_op(p, &p->at[at]);
		break;
	case 4:
	case 5: change_op(p, &p->at[at]); break;
	default: change_field(p, &p->at[at]);
	}
}

/* ---- what the flow check wants ---- */

/* The last instruction of each function ends it; no jump leaves its function. */
static void make_functions(struct program *p)
{
	static bool starts[MUTATE_MOST + 65];

	memset(starts, 0, sizeof(starts));
	for (u32 i = 0; i < p->n; i++) {
		p->at[i].to = MIN(p->at[i].to, p->n - 1);
		if (is_call(&p->at[i].in))
			starts[p->at[i].to] = true;
	}
	starts[p->n] = true;
	for (u32 start = 0, end; start < p->n; start = end) {
		for (end = start + 1; !starts[end]; end++)
			;
		p->at[end - 1].in = (struct insn){.op = op_exit};
		for (u32 i = start; i < end; i++)
			if (is_jump(&p->at[i].in) &&
			    (p->at[i].to < start || p->at[i].to >= end))
				p->at[i].to = i + 1;
	}
}

u32 insn_mutate(struct skep_insn *code, u32 n, u64 *seed)
{
	static struct insn insns[2 * MUTATE_MOST];
	static struct program p;

	n = MIN(n, (u32)MUTATE_MOST);
	if (!n || insn_decode(code, n, insns, NULL))
		return 0;
	p.seed = seed;
	take(&p, insns, n);
	for (u32 i = 1 + pick(&p, 6); i; i--)
		change(&p);
	for (u32 i = 0; i < p.n; i++)
		make_legal(&p, &p.at[i]);
	make_functions(&p);
	return give(&p, code);
}
