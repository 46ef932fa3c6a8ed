/* verify_fuzz_edit.c - changing programs: splice, shorten, mutate */
#include "bits.h"
#include "verify_fuzz.h"

enum { LDDW = 0x18, CLASS = 7, OP = 0xf0, OP_JA = 0, OP_CALL = 0x80, OP_EXIT = 0x90 };

u32 fuzz_pick(u64 *seed, u32 n)
{
	/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators)
	 */
	u64 z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return n ? (u32)((z ^ z >> 31) >> 32) % n : 0;
}

static u8 class_of(const struct skep_insn *in)
{
	return in->code & CLASS;
}

static bool is_jump(const struct skep_insn *in)
{
	return class_of(in) == SKEP_JMP || class_of(in) == SKEP_JMP32;
}

/* Whether it names an instruction by its distance, and whether in imm. */
static bool is_relative(const struct skep_insn *in, bool *in_imm)
{
	u8 op = in->code & OP;

	if (in->code == LDDW) {
		*in_imm = true;
		return in->src_reg == SKEP_PSEUDO_FUNC;
	}
	if (!is_jump(in) || op == OP_EXIT)
		return false;
	*in_imm = op == OP_CALL || (op == OP_JA && class_of(in) == SKEP_JMP32);
	return op != OP_CALL || in->src_reg == SKEP_PSEUDO_CALL;
}

static s64 moved(s64 i, u32 at, u32 drop, u32 add)
{
	if (i <= at)
		return i;
	return i >= (s64)at + drop ? i - drop + add : at;
}

static void aim_again(struct fuzz_prog *p, u32 at, u32 drop, u32 add)
{
	u32 i;

	for (i = 0; i < p->n; i += p->code[i].code == LDDW ? 2 : 1) {
		struct skep_insn *in = &p->code[i];
		bool in_imm;
		s64 target, from;

		if ((i >= at && i < at + drop) || !is_relative(in, &in_imm))
			continue;
		target = (s64)i + 1 + (in_imm ? in->imm : in->off);
		from = i >= at ? (s64)i - drop + add : i; /* what opens is before it */
		target = moved(target, at, drop, add) - from - 1;
		if (in_imm)
			in->imm = (s32)target;
		else
			in->off = (s16)target;
	}
}

void fuzz_splice(struct fuzz_prog *p, u32 record, u32 at, u32 drop, u32 add)
{
	u32 i, to;

	aim_again(p, at, drop, add);
	memmove(&p->code[at + add], &p->code[at + drop],
		(p->n - at - drop) * sizeof(*p->code));
	memset(&p->code[at], 0, add * sizeof(*p->code));
	p->n = p->n - drop + add;
	for (i = 0; i + record <= p->info_len && record; i += record) {
		to = (u32)moved(load32(&p->info[i]), at, drop, add);
		memcpy(&p->info[i], &to, sizeof(to));
	}
	for (i = 0; i < FUZZ_KSYMS; i++) {
		u32 *k = &p->ksym_at[i];

		if (*k >= at && *k < at + drop)
			*k = UINT32_MAX;
		else if (*k != UINT32_MAX && *k >= at)
			*k = *k - drop + add;
	}
}

/* ---- shorten ---- */

static u32 length_at(const struct fuzz_prog *p, u32 i)
{
	return p->code[i].code == LDDW && i + 1 < p->n ? 2 : 1;
}

/* Runs of `len` instructions, from the end: true if any could go. */
static bool drop_runs(struct fuzz_prog *p, u32 record, u32 len, fuzz_same *same,
		      void *ctx)
{
	static struct fuzz_prog shorter;
	bool any = false;
	u32 starts[FUZZ_ROOM], n = 0, i;

	for (i = 0; i < p->n; i += length_at(p, i))
		starts[n++] = i;
	for (i = n; i-- > 0;) {
		u32 last = MIN(i + len, n) - 1, drop;

		if (i % len || starts[i] >= p->n)
			continue;
		drop = starts[last] + length_at(p, starts[last]) - starts[i];
		if (drop >= p->n || starts[last] >= p->n)
			continue;
		shorter = *p;
		fuzz_splice(&shorter, record, starts[i], drop, 0);
		if (!same(ctx, &shorter))
			continue;
		*p = shorter;
		any = true;
	}
	return any;
}

/* Smaller numbers, where they serve as well. */
static void shrink_numbers(struct fuzz_prog *p, fuzz_same *same, void *ctx)
{
	u32 i;

	for (i = 0; i < p->n; i += length_at(p, i)) {
		struct skep_insn *in = &p->code[i], was = *in;

		if (is_jump(in) || in->code == LDDW || !in->imm)
			continue;
		in->imm = 0;
		if (!same(ctx, p))
			*in = was;
	}
}

void fuzz_minimise(struct fuzz_prog *p, u32 record, fuzz_same *same, void *ctx)
{
	u32 len;

	for (len = MAX(p->n / 2, 1); len; len /= 2)
		while (drop_runs(p, record, len, same, ctx) && len == 1)
			;
	shrink_numbers(p, same, ctx);
}

/* ---- mutate ---- */

static s32 edge(u64 *seed, s32 now)
{
	static const s32 edges[] = {0,	 1,   2,     4,	    8,	   16,	      31,
				    32,	 63,  64,    255,   256,   512,	      -512,
				    -1,	 -8,  32767, 65535, 65536, INT32_MAX, INT32_MIN,
				    127, 128, -128,  0xfff, 40,	   48,	      4096};

	switch (fuzz_pick(seed, 4)) {
	case 0: return (s32)((u32)now + 1);
	case 1: return (s32)((u32)now - 1);
	case 2:
		return (s32)((u32)edges[fuzz_pick(seed, ARRAY_SIZE(edges))] +
			     fuzz_pick(seed, 3) - 1);
	default: return edges[fuzz_pick(seed, ARRAY_SIZE(edges))];
	}
}

static bool is_memory(const struct skep_insn *in)
{
	u8 class = class_of(in);

	return class == SKEP_LDX || class == SKEP_ST || class == SKEP_STX;
}

static bool is_alu(const struct skep_insn *in)
{
	return class_of(in) == SKEP_ALU || class_of(in) == SKEP_ALU64;
}

static bool is_condition(const struct skep_insn *in)
{
	u8 op = in->code & OP;

	return is_jump(in) && op != OP_JA && op != OP_CALL && op != OP_EXIT;
}

static bool is_imm(const struct skep_insn *in)
{
	return (is_alu(in) || is_condition(in)) && !(in->code & SKEP_X);
}

static bool change_number(u64 *seed, struct skep_insn *in)
{
	if (is_memory(in) && (class_of(in) != SKEP_ST || fuzz_pick(seed, 2))) {
		static const s16 steps[] = {1, -1, 2, 4, -4, 8, -8, 16};

		in->off = (s16)(in->off + steps[fuzz_pick(seed, ARRAY_SIZE(steps))]);
		return true;
	}
	if (in->code == LDDW ? in->src_reg : !is_imm(in) && class_of(in) != SKEP_ST)
		return false;
	in->imm = edge(seed, in->imm);
	return true;
}

/* > and <=, < and >=, == and != are inverse; > and <, >= and <= are swapped. */
static bool change_condition(u64 *seed, struct skep_insn *in)
{
	static const u8 others[] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60,
				    0x70, 0xa0, 0xb0, 0xc0, 0xd0};

	if (!is_condition(in))
		return false;
	in->code = (u8)((in->code & ~OP) | others[fuzz_pick(seed, ARRAY_SIZE(others))]);
	return true;
}

static bool change_width(u64 *seed, struct skep_insn *in)
{
	if (is_condition(in))
		in->code ^= SKEP_JMP ^ SKEP_JMP32;
	else if (is_alu(in))
		in->code ^= SKEP_ALU ^ SKEP_ALU64;
	else
		return false;
	(void)seed;
	return true;
}

static bool change_size(u64 *seed, struct skep_insn *in)
{
	if (!is_memory(in))
		return false;
	in->code = (u8)((in->code & ~0x18) | fuzz_pick(seed, 4) << 3);
	return true;
}

static bool change_register(u64 *seed, struct skep_insn *in)
{
	bool has_src = !is_imm(in) && class_of(in) != SKEP_ST && in->code != LDDW;

	if (!is_alu(in) && !is_condition(in) && !is_memory(in) && in->code != LDDW)
		return false;
	if (!has_src || fuzz_pick(seed, 2))
		in->dst_reg = fuzz_pick(seed, 11) & 15;
	else
		in->src_reg = fuzz_pick(seed, 11) & 15;
	return true;
}

static bool change_operation(u64 *seed, struct skep_insn *in)
{
	if (!is_alu(in))
		return false;
	in->code = (u8)((in->code & ~OP) | fuzz_pick(seed, 13) << 4);
	return true;
}

static bool change_order(u64 *seed, struct fuzz_prog *p, u32 record, u32 at)
{
	u32 len = length_at(p, at), to;
	struct skep_insn was[2] = {p->code[at], p->code[at + len - 1]};

	switch (fuzz_pick(seed, 3)) {
	case 0: fuzz_splice(p, record, at, len, 0); return p->n > 0;
	case 1: to = at + len; break;
	default: to = fuzz_pick(seed, p->n); break;
	}
	if (p->n + len > FUZZ_ROOM)
		return false;
	fuzz_splice(p, record, to, 0, len);
	memcpy(&p->code[to], was, len * sizeof(*was));
	return true;
}

bool fuzz_mutate(u64 *seed, struct fuzz_prog *p, u32 record)
{
	static bool (*const changes[])(u64 *, struct skep_insn *) = {
		change_number, change_number,	change_condition, change_width,
		change_size,   change_register, change_operation,
	};
	u32 left = 1 + !fuzz_pick(seed, 4) * fuzz_pick(seed, 3), tries = 0, i, at;

	while (left && tries++ < 100 && p->n) {
		i = fuzz_pick(seed, ARRAY_SIZE(changes) + 2);
		at = fuzz_pick(seed, p->n);
		if (at && p->code[at - 1].code == LDDW)
			continue;
		if (i < ARRAY_SIZE(changes) ? changes[i](seed, &p->code[at])
					    : change_order(seed, p, record, at))
			left--;
	}
	return !left;
}
