/* verify_fuzz_stmt.c - the generator's statements: numbers, memory, stack, packets, loops
 */
#include "verify_fuzz_gen.h"

/* ---- numbers ---- */

static const u16 alu_ops[][4] = {
#define ALU_ROW(name) \
	{ \
		op_##name##64k, op_##name##64x, op_##name##32k, op_##name##32x \
	}
	ALU_ROW(add),  ALU_ROW(sub), ALU_ROW(mul),  ALU_ROW(and),
	ALU_ROW(or),   ALU_ROW(xor), ALU_ROW(lsh),  ALU_ROW(rsh),
	ALU_ROW(arsh), ALU_ROW(div), ALU_ROW(mod),  ALU_ROW(mov),
	ALU_ROW(add),  ALU_ROW(and), ALU_ROW(sdiv), ALU_ROW(smod),
#undef ALU_ROW
};

static const u16 unary_ops[] = {op_neg64k,     op_neg32k,    op_movsx864x,  op_movsx1664x,
				op_movsx3264x, op_movsx832x, op_movsx1632x, op_be16,
				op_be32,       op_be64,	     op_le16,	    op_le32,
				op_bswap16,    op_bswap32,   op_bswap64,    op_mov32x};

static s32 legal_number(struct gen *g, u32 row, bool narrow)
{
	s64 n = gen_number(g);

	if (row >= 6 && row <= 8)
		return (s32)(n & (narrow ? 31 : 63));
	if ((row == 9 || row == 10 || row >= 14) && !(s32)n)
		return 3;
	return (s32)n;
}

static void stmt_number(struct gen *g)
{
	u8 dst = gen_need_scalar(g), src;
	u32 row = gen_pick(g, ARRAY_SIZE(alu_ops)), form = gen_pick(g, 4);
	struct insn in = {.op = alu_ops[row][form]};

	if (g->locked >> dst & 1) {
		src = dst;
		dst = gen_dest(g);
		gen_copy(g, dst, src);
	}
	in.dst = dst;
	if (!gen_pick(g, 5)) {
		in.op = unary_ops[gen_pick(g, ARRAY_SIZE(unary_ops))];
		in.src = op_info[in.op].fields & field_src ? dst : 0;
	} else if (form & 1) {
		in.src = gen_find(g, h_scalar);
	} else {
		in.imm = legal_number(g, row, form >= 2);
	}
	gen_emit(g, in);
	gen_scalar(g, dst, UINT64_MAX);
	if (form >= 2)
		gen_feature(g, fuzz_narrow);
	if (in.op != alu_ops[row][form] || row >= 14)
		gen_feature(g, fuzz_sign);
}

static void stmt_unknown(struct gen *g)
{
	static const u16 sources[] = {SKEP_FUNC_get_prandom_u32, SKEP_FUNC_ktime_get_ns,
				      SKEP_FUNC_get_smp_processor_id};

	if (!gen_can_call(g))
		return;
	gen_call(g, sources[gen_pick(g, ARRAY_SIZE(sources))]);
	if (gen_pick(g, 2)) {
		u8 to = gen_saved(g);

		if (to != NONE)
			gen_copy(g, to, 0);
	}
}

/* ---- memory ---- */

static u32 any_size(struct gen *g, u32 most)
{
	u32 size = 1u << gen_pick(g, 4);

	while (size > most)
		size /= 2;
	return size;
}

/* At a fixed offset, often the last that is allowed. */
static void stmt_access(struct gen *g)
{
	u8 reg = gen_need_memory(g);
	struct value v = g->s.reg[reg];
	s32 left = (s32)v.room - v.off;
	u32 size;

	if (left <= 0 || !v.fixed)
		return;
	size = any_size(g, (u32)left);
	left -= (s32)size;
	gen_access(g, reg,
		   (gen_pick(g, 2) ? left : (s32)gen_pick(g, (u32)left + 1)) & -(s32)size,
		   size, gen_pick(g, 2) && !v.read_only);
}

static void stmt_atomic_stack(struct gen *g, u32 size)
{
	u32 tries;

	for (tries = 0; tries < 4; tries++)
		if (gen_atomic(g, FP, BUFFER + 8, size))
			return;
}

/* With a number that is made for it. */
static void stmt_atomic(struct gen *g)
{
	u32 locked = g->locked, size = gen_pick(g, 2) ? 8 : 4;
	u8 reg = gen_pick(g, 4) ? gen_need_memory(g) : FP, from;
	struct value v = g->s.reg[reg];
	u32 tries;

	if (reg == FP) {
		stmt_atomic_stack(g, size);
		return;
	}
	if (!v.fixed || v.read_only || (u32)v.off % 8 || (s32)v.room - v.off < 8)
		return;
	g->locked |= 1u << reg;
	from = gen_dest(g);
	gen_set(g, from, gen_number(g));
	for (tries = 0; tries < 4; tries++)
		if (gen_atomic(g, reg,
			       8 * (s32)gen_pick(g, (u32)((s32)v.room - v.off) / 8),
			       size))
			break;
	g->locked = locked;
}

/* reg: an unlocked scalar that is at most `most` */
static u8 bounded(struct gen *g, u32 most, u32 apart)
{
	u8 from = gen_need_scalar(g), reg;

	g->locked |= apart;
	reg = gen_dest(g);
	g->locked |= 1u << reg;
	if (reg != from)
		gen_copy(g, reg, from);
	if (g->s.reg[reg].most > most)
		gen_bound(g, reg, most);
	return reg;
}

/* ptr + scalar, either way round, or less a scalar. */
static void stmt_variable(struct gen *g)
{
	u32 locked = g->locked, size, most, scale = gen_pick(g, 3) ? 0 : gen_pick(g, 4);
	u8 base = gen_need_memory(g), index, ptr;
	struct value v = g->s.reg[base];
	s32 left = (s32)v.room - v.off;
	u64 reach;

	if (left < 16 || !v.fixed)
		return;
	size = any_size(g, 8);
	most = ((u32)left - size) >> scale;
	most = gen_pick(g, 2) ? most : 1 + gen_pick(g, most);
	index = bounded(g, most, 1u << base);
	reach = MIN(g->s.reg[index].most, most);
	if (scale)
		EMIT(g, lsh64k, .dst = index, .imm = scale);
	reach <<= scale;
	ptr = gen_dest(g);
	if (gen_pick(g, 4)) {
		gen_copy(g, ptr, base);
		EMIT(g, add64x, .dst = ptr, .src = index);
	} else {
		gen_copy(g, ptr, index);
		EMIT(g, add64x, .dst = ptr, .src = base);
	}
	g->s.reg[ptr] = v;
	g->s.reg[ptr].fixed = false;
	gen_scalar(g, index, reach);
	gen_access(g, ptr, left - (s32)size - (s32)reach, size,
		   gen_pick(g, 2) && !v.read_only);
	g->locked = locked;
}

/* The same on this frame's buffer, or over all of its words. */
static void stmt_variable_stack(struct gen *g)
{
	u32 locked = g->locked, size = any_size(g, 8), i;
	bool over_words = !gen_pick(g, 4) && !g->locked_words, write = gen_pick(g, 2);
	s32 low = over_words ? -8 * WORDS : BUFFER;
	u32 most = 64 - size;
	u8 index = bounded(g, gen_pick(g, 2) ? most : 1 + gen_pick(g, most), 0);
	u8 ptr = gen_dest(g);

	gen_copy(g, ptr, FP);
	EMIT(g, add64k, .dst = ptr, .imm = low);
	EMIT(g, add64x, .dst = ptr, .src = index);
	g->s.reg[ptr] = (struct value){.kind = h_memory, .map = NONE};
	if (over_words && write)
		for (i = 0; i < WORDS; i++)
			g->s.word[i].kind = h_none;
	gen_access(g, ptr, 0, size, write);
	g->s.reg[ptr].kind = h_none;
	g->locked = locked;
}

/* ---- the frame ---- */

static void stmt_spill(struct gen *g)
{
	static const u16 stores[] = {op_stx_dw, op_stx_w, op_stx_h, op_stx_b};
	u32 word = gen_pick(g, WORDS), how = 0;
	u8 reg = (u8)gen_pick(g, FP);
	struct value v = g->s.reg[reg];
	s32 off = -8 * (s32)(word + 1);

	if (v.kind == h_none || g->locked_words)
		return;
	if (v.kind == h_scalar && !gen_pick(g, 3)) {
		how = gen_pick(g, 4);
		off += (s32)gen_pick(g, 8) & -(8 >> how);
	}
	gen_emit(g, (struct insn){.op = stores[how], .dst = FP, .src = reg, .off = off});
	if (how)
		v = (struct value){.kind = h_scalar, .most = UINT64_MAX};
	g->s.word[word] = v;
	gen_feature(g, fuzz_spill);
}

static void stmt_fill(struct gen *g)
{
	static const u16 loads[] = {op_ldx_dw, op_ldx_w, op_ldx_h, op_ldx_b};
	u32 word = gen_pick(g, WORDS), how = 0;
	struct value v = g->s.word[word];
	s32 off = -8 * (s32)(word + 1);
	u8 to = gen_dest(g);

	if (v.kind == h_none)
		return;
	if (v.kind == h_scalar && !gen_pick(g, 3)) {
		how = gen_pick(g, 4);
		off += (s32)gen_pick(g, 8) & -(8 >> how);
		v.most = UINT64_MAX;
	}
	gen_emit(g, (struct insn){.op = loads[how], .dst = to, .src = FP, .off = off});
	g->s.reg[to] = v;
	gen_feature(g, fuzz_spill);
}

static void stmt_store_word(struct gen *g)
{
	u32 word = gen_pick(g, WORDS);

	if (g->locked_words)
		return;
	EMIT(g, st_dw, .dst = FP, .off = -8 * (s32)(word + 1), .imm = (s32)gen_number(g));
	g->s.word[word] = (struct value){.kind = h_scalar, .most = UINT64_MAX};
	if (gen_pick(g, 2)) {
		EMIT(g, ldx_dw, .dst = FP == 10 ? gen_dest(g) : 0, .src = FP,
		     .off = -8 * (s32)(word + 1));
		gen_scalar(g, g->p->code[g->p->n - 1].dst_reg, UINT64_MAX);
		gen_feature(g, fuzz_spill);
	}
}

static void stmt_context(struct gen *g)
{
	u8 reg;

	if (!g->has_ctx)
		return;
	reg = gen_dest(g);
	gen_ctx(g, reg);
	gen_feature(g, fuzz_context);
	if (g->type->write >= 0 && gen_pick(g, 2)) {
		EMIT(g, st_w, .dst = reg, .off = g->type->write,
		     .imm = (s32)gen_number(g));
		if (g->type->size == 8)
			g->p->code[g->p->n - 1].code = 0x7a;
	}
}

/* ---- packets ---- */

static void load_field(struct gen *g, u8 to, u8 ctx, s16 off)
{
	EMIT(g, ldx_w, .dst = to, .src = ctx, .off = off);
	if (g->type->data_size == 8)
		g->p->code[g->p->n - 1].code = 0x79;
}

/* if data + room > data_end leave, in four spellings. */
static void check_room(struct gen *g, u8 ptr, u8 end)
{
	u32 jump;

	switch (gen_pick(g, 4)) {
	case 0: EMIT(g, jle64x, .dst = ptr, .src = end); break;
	case 1: EMIT(g, jge64x, .dst = end, .src = ptr); break;
	case 2: EMIT(g, jlt64x, .dst = ptr, .src = end); break;
	default: EMIT(g, jgt64x, .dst = end, .src = ptr); break;
	}
	jump = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, jump);
}

static void access_packet(struct gen *g, u8 reg)
{
	struct value v = g->s.reg[reg];
	u32 n = 1 + gen_pick(g, 3), size;
	s32 at;

	for (; n; n--) {
		size = any_size(g, v.room);
		at = (s32)(v.room - size);
		if (gen_pick(g, 2))
			at = (s32)gen_pick(g, (u32)at + 1);
		g->locked |= 1u << reg;
		gen_access(g, reg, at, size, g->type->can_write && gen_pick(g, 2));
	}
	gen_feature(g, fuzz_packet);
}

static void stmt_packet(struct gen *g)
{
	u32 locked = g->locked, room = 1 + gen_pick(g, gen_pick(g, 2) ? 64 : 14);
	u8 ptr, end, probe, index;

	if (g->type->data < 0 || !g->has_ctx)
		return;
	ptr = gen_dest(g);
	g->locked |= 1u << ptr;
	end = gen_dest(g);
	g->locked |= 1u << end;
	gen_ctx(g, end);
	load_field(g, ptr, end, g->type->data);
	load_field(g, end, end, g->type->end);
	g->s.reg[ptr].kind = g->s.reg[end].kind = h_none;
	if (gen_pick(g, 2)) { /* behind a part whose length is not known */
		index = bounded(g, gen_pick(g, 2) ? 60 : 0xffff, 0);
		EMIT(g, add64x, .dst = ptr, .src = index);
	}
	probe = gen_dest(g);
	gen_copy(g, probe, ptr);
	EMIT(g, add64k, .dst = probe, .imm = room);
	check_room(g, probe, end);
	g->s.reg[ptr] = (struct value){.kind = h_packet, .map = NONE, .room = room};
	g->s.reg[probe].kind = h_none;
	access_packet(g, ptr);
	g->locked = locked;
}

static void stmt_packet_again(struct gen *g)
{
	u32 locked = g->locked;
	u8 reg = gen_find(g, h_packet);

	if (reg != NONE)
		access_packet(g, reg);
	g->locked = locked;
}

/* ---- branches and loops ---- */

static struct value meet_value(struct value a, struct value b)
{
	if (a.kind == h_scalar && b.kind == h_scalar) {
		a.most = MAX(a.most, b.most);
		return a;
	}
	if (a.kind != b.kind || a.map != b.map || a.fixed != b.fixed || a.off != b.off ||
	    a.read_only != b.read_only)
		return (struct value){0};
	a.room = MIN(a.room, b.room);
	return a;
}

void gen_meet(struct state *s, const struct state *other)
{
	u32 i;

	for (i = 0; i <= FP; i++)
		s->reg[i] = meet_value(s->reg[i], other->reg[i]);
	for (i = 0; i < WORDS; i++)
		s->word[i] = meet_value(s->word[i], other->word[i]);
}

static u16 any_condition(struct gen *g, bool *is_imm)
{
	static const u16 ops[][4] = {
#define JMP_ROW(name) {op_##name##64k, op_##name##64x, op_##name##32k, op_##name##32x}
		JMP_ROW(jeq),  JMP_ROW(jne),  JMP_ROW(jgt),  JMP_ROW(jge),
		JMP_ROW(jlt),  JMP_ROW(jle),  JMP_ROW(jsgt), JMP_ROW(jsge),
		JMP_ROW(jslt), JMP_ROW(jsle), JMP_ROW(jset),
#undef JMP_ROW
	};
	u32 form = gen_pick(g, 4);

	*is_imm = !(form & 1);
	if (form >= 2)
		gen_feature(g, fuzz_narrow);
	return ops[gen_pick(g, ARRAY_SIZE(ops))][form];
}

static u32 condition(struct gen *g)
{
	bool is_imm;
	struct insn in = {.op = any_condition(g, &is_imm), .dst = gen_need_scalar(g)};

	if (is_imm)
		in.imm = (s32)gen_number(g);
	else
		in.src = gen_find(g, h_scalar);
	gen_emit(g, in);
	return g->p->n - 1;
}

static void stmt_if(struct gen *g)
{
	u32 jump, end;
	struct state before, then;
	bool is_far;

	if (g->depth >= 3 || g->nifs++ == 8)
		return;
	g->depth++;
	jump = condition(g);
	before = g->s;
	gen_statements(g, 1 + gen_pick(g, 3));
	if (gen_pick(g, 2)) {
		is_far = !gen_pick(g, 3);
		if (is_far)
			EMIT(g, gotol, .off = 0);
		else
			EMIT(g, ja, .off = 0);
		if (is_far)
			gen_feature(g, fuzz_order);
		end = g->p->n - 1;
		gen_aim(g, jump);
		then = g->s;
		g->s = before;
		gen_statements(g, 1 + gen_pick(g, 2));
		gen_aim(g, end);
		gen_meet(&g->s, &then);
	} else {
		gen_aim(g, jump);
		gen_meet(&g->s, &before);
	}
	g->depth--;
}

/* What the body may write is unknown at its head, and the rest is locked; r6 and r7 stay
 * for counter and limit. */
void gen_enter_loop(struct gen *g)
{
	u32 i;

	for (i = 0; i <= 5; i++)
		g->s.reg[i].kind = h_none;
	for (i = 0; i < WORDS; i++)
		g->s.word[i].kind = h_none;
	g->locked |= 0x3c0;
	g->in_loop = true;
	g->depth++;
}

static void stmt_loop(struct gen *g)
{
	u32 locked = g->locked,
	    times = 1 + gen_pick(g, g->nloops	     ? 3
				    : gen_pick(g, 4) ? 5
						     : 30),
	    top;
	bool was = g->in_loop;
	struct state head;
	u8 count = gen_saved(g);

	if (g->in_loop || g->depth >= 3 || count == NONE || g->locked & 0x3f ||
	    g->nloops++ == 2)
		return;
	gen_set(g, count, 0);
	gen_scalar(g, count, times);
	gen_enter_loop(g);
	top = g->p->n;
	head = g->s;
	gen_statements(g, 1 + gen_pick(g, 2));
	EMIT(g, add64k, .dst = count, .imm = 1);
	switch (gen_pick(g, 3)) {
	case 0: EMIT(g, jlt64k, .dst = count, .imm = times); break;
	case 1: EMIT(g, jne64k, .dst = count, .imm = times); break;
	default: EMIT(g, jslt32k, .dst = count, .imm = times); break;
	}
	g->p->code[g->p->n - 1].off = (s16)(top - g->p->n);
	gen_meet(&g->s, &head);
	g->in_loop = was;
	g->locked = locked;
	g->depth--;
	gen_feature(g, fuzz_loop);
}

/* By a limit that is not known when it is verified, or by may_goto alone. */
static void stmt_may_goto(struct gen *g)
{
	u32 locked = g->locked, top, out, limit_out = 0;
	bool was = g->in_loop;
	struct state head;
	u8 count = gen_saved(g);

	if (g->in_loop || g->depth >= 3 || count == NONE || g->locked & 0x3f)
		return;
	gen_set(g, count, 0);
	gen_scalar(g, count, UINT64_MAX);
	gen_enter_loop(g);
	top = g->p->n;
	head = g->s;
	EMIT(g, may_goto, .off = 0);
	out = g->p->n - 1;
	if (gen_pick(g, 2)) {
		EMIT(g, jge64k, .dst = count, .imm = 1 + gen_pick(g, 30));
		limit_out = g->p->n - 1;
	}
	gen_statements(g, 1 + gen_pick(g, 2));
	if (limit_out) /* else it would go on for a million instructions */
		EMIT(g, add64k, .dst = count, .imm = 1);
	EMIT(g, ja, .off = 0);
	g->p->code[g->p->n - 1].off = (s16)(top - g->p->n);
	gen_aim(g, out);
	if (limit_out)
		gen_aim(g, limit_out);
	g->s = head;
	g->in_loop = was;
	g->locked = locked;
	g->depth--;
	gen_feature(g, fuzz_may_goto);
}

/* ---- all ---- */

static const struct {
	void (*write)(struct gen *g);
	u32 weight;
} all[] = {
	{stmt_number, 10},    {stmt_unknown, 4},	{stmt_access, 5},
	{stmt_variable, 9},   {stmt_variable_stack, 4}, {stmt_spill, 9},
	{stmt_fill, 8},	      {stmt_atomic, 4},		{stmt_store_word, 3},
	{stmt_context, 3},    {stmt_packet, 9},		{stmt_packet_again, 4},
	{stmt_if, 6},	      {stmt_loop, 3},		{stmt_may_goto, 2},
	{stmt_lookup, 6},     {stmt_map_in_map, 3},	{stmt_memory_helper, 8},
	{stmt_any_helper, 3}, {stmt_ringbuf, 3},	{stmt_socket, 6},
	{stmt_tail_call, 4},  {stmt_function, 4},	{stmt_callback, 3},
	{stmt_lock, 6},	      {stmt_timer, 4},		{stmt_dynptr, 5},
	{stmt_iterator, 4},   {stmt_section, 3},	{stmt_walk, 6},
	{stmt_global, 3},     {stmt_user_ring, 3},	{stmt_sock_fields, 8},
	{stmt_constant, 3},   {stmt_kfunc, 5},		{stmt_any_iterator, 3},
	{stmt_kptr, 4},
};

static u32 weighted(struct gen *g)
{
	u32 total = 0, at, i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		total += all[i].weight;
	at = gen_pick(g, total);
	for (i = 0; at >= all[i].weight; i++)
		at -= all[i].weight;
	return i;
}

void gen_focus(struct gen *g)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(g->focus); i++)
		g->focus[i] = gen_pick(g, ARRAY_SIZE(all));
}

void gen_statement(struct gen *g)
{
	u32 i = gen_pick(g, 3) ? weighted(g) : g->focus[gen_pick(g, 2)];

	all[i].write(g);
}

void gen_statements(struct gen *g, u32 n)
{
	for (; n && gen_room(g); n--)
		gen_statement(g);
}
