/* verify_fuzz_gen.c - programs that the kernel's verifier likes: what all statements use
 */
#include "verify_fuzz_gen.h"

#define SKB_READ .size = 4, .nread = 8, .read = {0, 4, 8, 16, 32, 40, 48, 68}, .write = 8

/* clang-format off */
static const struct type_row types[] = {
	{SKEP_PROG_TYPE_SCHED_CLS, 0, 76, 80, 4, .can_write = true, .has_skb = true,
	 .has_sockets = true, .has_redirect = true, .has_locks = true, .sock = 168,
	 SKB_READ},
	{SKEP_PROG_TYPE_XDP, 0, 0, 4, 4, .can_write = true, .has_sockets = true,
	 .has_redirect = true, .has_locks = true, .size = 4, .nread = 2, .read = {12, 16}, .write = -1},
	{SKEP_PROG_TYPE_SCHED_CLS, 0, 76, 80, 4, .can_write = true, .has_skb = true,
	 .has_sockets = true, .has_redirect = true, .has_locks = true, .sock = 168,
	 SKB_READ},
	{SKEP_PROG_TYPE_XDP, 0, 0, 4, 4, .can_write = true, .has_sockets = true,
	 .has_redirect = true, .has_locks = true, .size = 4, .nread = 2, .read = {12, 16}, .write = -1},
	{SKEP_PROG_TYPE_SOCKET_FILTER, 0, -1, -1, 4, .has_skb = true, .size = 4,
	 .nread = 5, .read = {0, 4, 8, 16, 48}, .write = 48},
	{SKEP_PROG_TYPE_CGROUP_SKB, 0, 76, 80, 4, .has_skb = true, .has_sockets = true,
	 .has_locks = true, .sock = 168, .most_return = 1, .size = 4, .nread = 5, .read = {0, 4, 8, 16, 48}, .write = 8},
	{SKEP_PROG_TYPE_LWT_XMIT, 0, 76, 80, 4, .can_write = true, .has_skb = true,
	 .has_locks = true, .size = 4, .nread = 5, .read = {0, 4, 8, 16, 48}, .write = 8},
	{SKEP_PROG_TYPE_SK_SKB, 0, 76, 80, 4, .can_write = true, .has_sockets = true,
	 .has_locks = true, .sock = 168, .size = 4, .nread = 4, .read = {0, 4, 16, 32}, .write = 32},
	{SKEP_PROG_TYPE_SK_MSG, 0, 0, 8, 8, .can_write = true, .size = 4, .nread = 3,
	 .read = {16, 20, 68}, .write = -1},
	{SKEP_PROG_TYPE_TRACEPOINT, 0, -1, -1, 4, .has_probe = true, .size = 8,
	 .nread = 4, .read = {8, 16, 24, 64}, .write = -1},
	{SKEP_PROG_TYPE_KPROBE, 0, -1, -1, 4, .has_probe = true, .size = 8, .nread = 4,
	 .read = {0, 8, 104, 112}, .write = -1},
	{SKEP_PROG_TYPE_PERF_EVENT, 0, -1, -1, 4, .has_probe = true, .size = 8,
	 .nread = 4, .read = {0, 8, 168, 176}, .write = -1},
	{SKEP_PROG_TYPE_RAW_TRACEPOINT, 0, -1, -1, 4, .has_probe = true, .size = 8,
	 .nread = 3, .read = {0, 8, 16}, .write = -1},
	{SKEP_PROG_TYPE_CGROUP_SOCK_ADDR, SKEP_CGROUP_INET4_CONNECT, -1, -1, 4,
	 .has_sockets = true, .has_locks = true, .most_return = 1, .size = 4,
	 .nread = 5, .read = {0, 4, 24, 32, 36}, .write = 4},
	{SKEP_PROG_TYPE_TRACING, SKEP_TRACE_RAW_TP, -1, -1, 4, .has_probe = true,
	 .target = target_tracepoint, .write = -1},
	{SKEP_PROG_TYPE_TRACING, SKEP_TRACE_ITER, -1, -1, 4, .has_probe = true,
	 .most_return = 1, .target = target_iterator, .write = -1},
	{SKEP_PROG_TYPE_SOCK_OPS, 0, -1, -1, 4, .has_locks = true, .most_return = 1,
	 .size = 4, .nread = 6, .read = {0, 4, 20, 24, 64, 84}, .write = 4, .sock = 184},
	{SKEP_PROG_TYPE_CGROUP_SOCK, SKEP_CGROUP_INET_SOCK_CREATE, -1, -1, 4,
	 .has_locks = true, .most_return = 1, .size = 4, .nread = 5,
	 .read = {0, 4, 8, 12, 16}, .write = 16},
	{SKEP_PROG_TYPE_CGROUP_SOCKOPT, SKEP_CGROUP_SETSOCKOPT, 8, 16, 8,
	 .has_locks = true, .can_write = true, .most_return = 1, .size = 4, .nread = 3,
	 .read = {24, 28, 32}, .write = 32},
	{SKEP_PROG_TYPE_SK_LOOKUP, SKEP_SK_LOOKUP, -1, -1, 4, .has_locks = true,
	 .has_sockets = true, .most_return = 1, .size = 4, .nread = 5,
	 .read = {8, 12, 16, 40, 60}, .write = -1},
	{SKEP_PROG_TYPE_SK_REUSEPORT, 0, 0, 8, 8, .has_locks = true, .size = 4,
	 .nread = 4, .read = {16, 20, 24, 32}, .write = -1},
	{SKEP_PROG_TYPE_FLOW_DISSECTOR, 0, 76, 80, 4, .has_locks = true, .size = 4,
	 .nread = 1, .read = {76}, .write = -1},
	{SKEP_PROG_TYPE_NETFILTER, SKEP_NETFILTER, -1, -1, 4, .has_locks = true,
	 .most_return = 1, .write = -1},
	{SKEP_PROG_TYPE_SYSCALL, 0, -1, -1, 4, .has_probe = true, .size = 8, .nread = 3,
	 .read = {0, 8, 64}, .write = 16, .flags = SKEP_F_SLEEPABLE, .has_locks = true},
};
/* clang-format on */

u32 gen_pick(struct gen *g, u32 n)
{
	return fuzz_pick(g->seed, n);
}

bool gen_room(const struct gen *g)
{
	return g->p->n < FUZZ_ROOM / 2;
}

void gen_emit(struct gen *g, struct insn in)
{
	if (g->p->n + 2 < FUZZ_ROOM)
		g->p->n += insn_encode(&in, &g->p->code[g->p->n]);
}

void gen_feature(struct gen *g, enum fuzz_feature f)
{
	g->p->features |= 1u << f;
}

void gen_aim(struct gen *g, u32 jump)
{
	if (g->p->code[jump].code == op_info[op_gotol].code)
		g->p->code[jump].imm = (s32)(g->p->n - jump - 1);
	else
		g->p->code[jump].off = (s16)(g->p->n - jump - 1);
}

void gen_holds(struct gen *g, u8 reg, struct value v)
{
	g->s.reg[reg] = v;
}

void gen_scalar(struct gen *g, u8 reg, u64 most)
{
	gen_holds(g, reg, (struct value){.kind = h_scalar, .most = most});
}

void gen_set(struct gen *g, u8 reg, s64 value)
{
	if (value == (s32)value)
		EMIT(g, mov64k, .dst = reg, .imm = value);
	else
		EMIT(g, lddw, .dst = reg, .imm = value);
	gen_scalar(g, reg, (u64)value);
}

void gen_copy(struct gen *g, u8 to, u8 from)
{
	EMIT(g, mov64x, .dst = to, .src = from);
	g->s.reg[to] = g->s.reg[from];
}

u8 gen_dest(struct gen *g)
{
	u32 tries = 0;
	u8 reg;

	do
		reg = (u8)gen_pick(g, FP);
	while (g->locked >> reg & 1 && tries++ < 100);
	return reg;
}

u8 gen_saved(struct gen *g)
{
	u32 i, from = gen_pick(g, 4);

	for (i = 0; i < 4; i++)
		if (!(g->locked >> (6 + (from + i) % 4) & 1))
			return (u8)(6 + (from + i) % 4);
	return NONE;
}

u8 gen_find(struct gen *g, enum held kind)
{
	u32 i, from = gen_pick(g, FP);

	for (i = 0; i < FP; i++)
		if (g->s.reg[(from + i) % FP].kind == kind)
			return (u8)((from + i) % FP);
	return NONE;
}

s64 gen_number(struct gen *g)
{
	static const s32 edges[] = {
		0,     1,     2,     3,	    4,	    8,	16,	   31,	     32,   63,
		64,    127,   128,   255,   256,    -1, -2,	   -8,	     -128, 32767,
		65535, 65536, 0xfff, -4096, 0x7ffe, 40, INT32_MAX, INT32_MIN};

	switch (gen_pick(g, 8)) {
	case 0: return (s32)gen_pick(g, UINT32_MAX);
	case 1: return 1ll << gen_pick(g, 63);
	case 2:
		return (s64)((u64)gen_pick(g, UINT32_MAX) << 32 |
			     gen_pick(g, UINT32_MAX));
	default: return (s32)(edges[gen_pick(g, ARRAY_SIZE(edges))] + gen_pick(g, 3) - 1);
	}
}

void gen_ctx(struct gen *g, u8 reg)
{
	u8 from = gen_find(g, h_ctx);

	if (from != NONE && gen_pick(g, 2)) {
		gen_copy(g, reg, from);
		return;
	}
	EMIT(g, ldx_dw, .dst = reg, .src = FP, .off = CTX_SLOT);
	gen_holds(g, reg, (struct value){.kind = h_ctx});
}

/* Without a call: from the context, memory or a constant. */
static void new_scalar(struct gen *g, u8 reg)
{
	const struct type_row *t = g->type;
	u8 from = gen_find(g, h_memory);

	switch (gen_pick(g, 5)) {
	case 0: gen_set(g, reg, gen_number(g)); return;
	case 1:
		if (from != NONE && g->s.reg[from].fixed &&
		    (u32)g->s.reg[from].off + 8 <= g->s.reg[from].room) {
			EMIT(g, ldx_b, .dst = reg, .src = from);
			gen_scalar(g, reg, 0xff);
			return;
		} /* fall through */
	case 2:
		EMIT(g, ldxs_h, .dst = reg, .src = FP, .off = BUFFER + 8);
		gen_scalar(g, reg, UINT64_MAX);
		return;
	}
	if (!g->has_ctx || !t->nread) {
		EMIT(g, ldx_w, .dst = reg, .src = FP, .off = BUFFER + 8);
		gen_scalar(g, reg, UINT32_MAX);
		return;
	}
	gen_ctx(g, reg);
	EMIT(g, ldx_w, .dst = reg, .src = reg, .off = t->read[gen_pick(g, t->nread)]);
	if (t->size == 8)
		g->p->code[g->p->n - 1].code = 0x79;
	gen_feature(g, fuzz_context);
	gen_scalar(g, reg, t->size == 8 ? UINT64_MAX : UINT32_MAX);
}

u8 gen_need_scalar(struct gen *g)
{
	u8 reg = gen_find(g, h_scalar);

	if (reg != NONE && gen_pick(g, 4))
		return reg;
	reg = gen_dest(g);
	new_scalar(g, reg);
	return reg;
}

u8 gen_need_memory(struct gen *g)
{
	u8 reg = gen_find(g, h_memory);
	u32 off;

	if (reg != NONE && gen_pick(g, 8))
		return reg;
	reg = gen_dest(g);
	off = gen_pick(g, 3) ? 0 : gen_pick(g, 32);
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX_VALUE,
	     .imm = (s64)off << 32 | fuzz_map_global);
	gen_holds(g, reg,
		  (struct value){.kind = h_memory,
				 .map = fuzz_map_global,
				 .fixed = true,
				 .off = (s32)off,
				 .room = 40});
	return reg;
}

void gen_call(struct gen *g, u32 helper)
{
	u8 reg;

	EMIT(g, call_helper, .imm = helper);
	for (reg = 1; reg <= 5; reg++)
		gen_holds(g, reg, (struct value){0});
	gen_scalar(g, 0, UINT64_MAX);
}

void gen_call_kernel_id(struct gen *g, u32 id)
{
	u8 reg;

	EMIT(g, call_kfunc, .imm = id);
	for (reg = 1; reg <= 5; reg++)
		gen_holds(g, reg, (struct value){0});
	gen_scalar(g, 0, UINT64_MAX);
}

void gen_call_kernel(struct gen *g, enum fuzz_kfunc kfunc)
{
	gen_call_kernel_id(g, g->base->kernel.kfunc[kfunc]);
}

bool gen_can_call(const struct gen *g)
{
	return !(g->locked & 0x3f) && !g->in_lock;
}

/* Ended from the last to the first; r0 is then free. */
static void end_all(struct gen *g)
{
	struct state s = g->s;
	u32 i;

	for (i = g->nrefs; i--;)
		gen_end(g, i);
	g->s = s;
}

/* The state afterwards is as before: whoever jumps over it has that. */
void gen_bail(struct gen *g)
{
	if (!g->nrefs && g->nbails < BAILS && gen_pick(g, 2)) {
		g->bails[g->nbails++] = g->p->n;
		EMIT(g, ja, .off = 0);
		return;
	}
	end_all(g);
	EMIT(g, mov64k, .dst = 0, .imm = gen_pick(g, g->most_return + 1));
	EMIT(g, exit);
}

/* ---- bounds ---- */

/* if reg > most leave, in one of the many ways to say so */
static void bound_by_jump(struct gen *g, u8 reg, u32 most)
{
	u32 jump;

	switch (gen_pick(g, 6)) {
	case 0: EMIT(g, jle64k, .dst = reg, .imm = most); break;
	case 1: EMIT(g, jlt64k, .dst = reg, .imm = (s64)most + 1); break;
	case 2: /* with signs: from below first */
		EMIT(g, jsge64k, .dst = reg, .imm = 0);
		jump = g->p->n - 1;
		gen_bail(g);
		gen_aim(g, jump);
		EMIT(g, jsle64k, .dst = reg, .imm = most);
		break;
	case 3: /* the low half alone */
		EMIT(g, mov32x, .dst = reg, .src = reg);
		EMIT(g, jle32k, .dst = reg, .imm = most);
		gen_feature(g, fuzz_narrow);
		break;
	case 4:
		EMIT(g, mov32x, .dst = reg, .src = reg);
		EMIT(g, jsge32k, .dst = reg, .imm = 0);
		jump = g->p->n - 1;
		gen_bail(g);
		gen_aim(g, jump);
		EMIT(g, jslt32k, .dst = reg, .imm = (s64)most + 1);
		gen_feature(g, fuzz_narrow);
		break;
	default: /* > first, as clang writes it */
		EMIT(g, jgt64k, .dst = reg, .imm = most);
		jump = g->p->n - 1;
		EMIT(g, ja, .off = 0);
		gen_aim(g, jump);
		jump = g->p->n - 1;
		gen_bail(g);
		gen_aim(g, jump);
		return;
	}
	jump = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, jump);
}

/* The check is of a copy, or of what is spilled. */
static void bound_elsewhere(struct gen *g, u8 reg, u32 most)
{
	u8 copy = gen_dest(g);
	s32 at = -8 * (s32)(1 + gen_pick(g, 4));
	s32 ahead = (s32)gen_pick(g, 2) * 3;

	if (copy == reg) {
		bound_by_jump(g, reg, most);
		return;
	}
	if (gen_pick(g, 2)) {
		gen_copy(g, copy, reg);
		if (ahead)
			EMIT(g, add64k, .dst = copy, .imm = ahead);
		EMIT(g, jle64k, .dst = copy, .imm = most);
		ahead = 0;
	} else {
		EMIT(g, stx_dw, .dst = FP, .src = reg, .off = at);
		g->s.word[-at / 8 - 1] = (struct value){0};
		EMIT(g, jle64k, .dst = reg, .imm = most);
		gen_feature(g, fuzz_spill);
	}
	u32 jump = g->p->n - 1;

	gen_bail(g);
	gen_aim(g, jump);
	if (g->p->code[jump].dst_reg == reg) {
		EMIT(g, ldx_dw, .dst = copy, .src = FP, .off = at);
		gen_scalar(g, copy, most);
	} else {
		gen_scalar(g, copy, UINT64_MAX);
		EMIT(g, and64k, .dst = reg, .imm = most); /* the copy may be ahead */
	}
}

void gen_bound(struct gen *g, u8 reg, u32 most)
{
	u32 jump;

	gen_feature(g, fuzz_bounds);
	switch (gen_pick(g, 10)) {
	case 0:
		EMIT(g, and64k, .dst = reg, .imm = (s64)pow2_ceil(most + 1) / 2 - 1);
		break;
	case 1:
		EMIT(g, and32k, .dst = reg, .imm = most);
		gen_feature(g, fuzz_narrow);
		break;
	case 2:
		EMIT(g, mod64k, .dst = reg, .imm = (s64)most + 1);
		EMIT(g, jle64k, .dst = reg, .imm = most);
		jump = g->p->n - 1;
		gen_bail(g);
		gen_aim(g, jump);
		break;
	case 3:
		EMIT(g, rsh64k, .dst = reg,
		     .imm = 64 - __builtin_ctzll(pow2_ceil((u64)most + 1)));
		EMIT(g, and64k, .dst = reg, .imm = most);
		break;
	case 4: /* the least of both */
		EMIT(g, jle64k, .dst = reg, .imm = most);
		jump = g->p->n - 1;
		gen_set(g, reg, most);
		gen_aim(g, jump);
		break;
	case 5: bound_elsewhere(g, reg, most); break;
	default: bound_by_jump(g, reg, most);
	}
	gen_scalar(g, reg, most);
}

/* ---- memory ---- */

/* Packets, the context and what the kernel's types describe take no atomics. */
static bool can_be_atomic(const struct gen *g, u8 reg, s32 off, u32 size)
{
	const struct value *v = &g->s.reg[reg];

	return (v->kind == h_memory || v->kind == h_stack) && !((u32)off % size) &&
	       (!((u32)v->off % size) || v->map != NONE);
}

static void load_of(struct gen *g, u8 to, u8 from, s32 off, u32 size)
{
	static const u16 zero[] = {op_ldx_b, op_ldx_h, op_ldx_w, op_ldx_dw};
	static const u16 sign[] = {op_ldxs_b, op_ldxs_h, op_ldxs_w};
	static const u16 acquire[] = {op_ldacq_b, op_ldacq_h, op_ldacq_w, op_ldacq_dw};
	u32 i = (u32)__builtin_ctz(size);
	bool is_plain = can_be_atomic(g, from, off, size);

	if (is_plain && !gen_pick(g, 5)) {
		gen_emit(g,
			 (struct insn){
				 .op = acquire[i], .dst = to, .src = from, .off = off});
		gen_feature(g, fuzz_order);
		gen_scalar(g, to, size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1);
		return;
	}
	if (size < 8 && !gen_pick(g, 5)) {
		gen_feature(g, fuzz_sign);
		gen_emit(g, (struct insn){
				    .op = sign[i], .dst = to, .src = from, .off = off});
		gen_scalar(g, to, UINT64_MAX);
		return;
	}
	gen_emit(g, (struct insn){.op = zero[i], .dst = to, .src = from, .off = off});
	gen_scalar(g, to, size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1);
}

static void store_to(struct gen *g, u8 to, s32 off, u32 size)
{
	static const u16 number[] = {op_st_b, op_st_h, op_st_w, op_st_dw};
	static const u16 from_reg[] = {op_stx_b, op_stx_h, op_stx_w, op_stx_dw};
	static const u16 release[] = {op_strel_b, op_strel_h, op_strel_w, op_strel_dw};
	u32 i = (u32)__builtin_ctz(size);
	u8 from = gen_find(g, h_scalar);

	if (from != NONE && can_be_atomic(g, to, off, size) && !gen_pick(g, 4)) {
		gen_emit(g,
			 (struct insn){
				 .op = release[i], .dst = to, .src = from, .off = off});
		gen_feature(g, fuzz_order);
		return;
	}
	if (from == NONE || gen_pick(g, 2))
		gen_emit(g, (struct insn){.op = number[i],
					  .dst = to,
					  .off = off,
					  .imm = (s32)gen_number(g)});
	else
		gen_emit(g,
			 (struct insn){
				 .op = from_reg[i], .dst = to, .src = from, .off = off});
}

bool gen_atomic(struct gen *g, u8 to, s32 off, u32 size)
{
	static const u16 words[] = {op_lock_add_w,	 op_lock_or_w,
				    op_lock_fetch_add_w, op_lock_fetch_and_w,
				    op_lock_xchg_w,	 op_lock_cmpxchg_w};
	static const u16 doubles[] = {op_lock_add_dw,	    op_lock_xor_dw,
				      op_lock_fetch_add_dw, op_lock_fetch_xor_dw,
				      op_lock_xchg_dw,	    op_lock_cmpxchg_dw};
	u8 from = gen_dest(g);
	u32 i = gen_pick(g, ARRAY_SIZE(words));

	if (g->s.reg[from].kind != h_scalar || from == to || (i == 5 && from == 0) ||
	    (i == 5 && (g->s.reg[0].kind != h_scalar || g->locked & 1)))
		return false;
	gen_emit(g, (struct insn){.op = size == 4 ? words[i] : doubles[i],
				  .dst = to,
				  .src = from,
				  .off = off});
	if (i == 5)
		gen_scalar(g, 0, UINT64_MAX);
	else if (i > 1)
		gen_scalar(g, from, UINT64_MAX);
	gen_feature(g, fuzz_atomic);
	return true;
}

void gen_access(struct gen *g, u8 reg, s32 off, u32 size, bool write)
{
	struct value v = g->s.reg[reg];

	if (g->is_sloppy && !gen_pick(g, 10))
		off += (s32)gen_pick(g, 3) - 1;
	if (write && size >= 4 && v.kind != h_packet && v.kind != h_ctx &&
	    !((u32)off % size) && !gen_pick(g, 3) && gen_atomic(g, reg, off, size))
		return;
	if (write)
		store_to(g, reg, off, size);
	else
		load_of(g, gen_dest(g), reg, off, size);
}

/* ---- a program ---- */

/* What every function begins with; r1 holds the context or not. */
static void prologue(struct gen *g, const struct func *f)
{
	s32 at;
	u8 i;

	memset(&g->s, 0, sizeof(g->s));
	g->locked = g->locked_words = 0;
	g->nrefs = g->nbails = g->depth = 0;
	g->in_loop = g->in_lock = false;
	g->has_ctx = !f || (!f->is_callback && !f->global);
	g->has_dynptr = f && f->arg[0].kind == h_dynptr;
	g->most_return = f && f->is_zero ? 0 : 1;
	g->s.reg[FP] = (struct value){.kind = h_stack, .map = NONE};
	if (!f) {
		EMIT(g, stx_dw, .dst = FP, .src = 1, .off = CTX_SLOT);
		g->s.reg[1] = (struct value){.kind = h_ctx};
	}
	for (i = 0; f && i < f->nargs; i++)
		g->s.reg[i + 1] = f->arg[i];
	for (at = BUFFER; at < BUFFER + BUFFER_SIZE; at += 8)
		if (!f || at == BUFFER + 8)
			EMIT(g, st_dw, .dst = FP, .off = at, .imm = 0);
}

static void epilogue(struct gen *g, bool is_free)
{
	u8 reg = gen_find(g, h_scalar);
	u32 i;

	if (reg == NONE || !is_free) {
		EMIT(g, mov64k, .dst = 0, .imm = gen_pick(g, g->most_return + 1));
	} else if (reg) {
		EMIT(g, mov64x, .dst = 0, .src = reg);
	}
	EMIT(g, exit);
	if (!g->nbails)
		return;
	for (i = 0; i < g->nbails; i++)
		gen_aim(g, g->bails[i]);
	EMIT(g, mov64k, .dst = 0, .imm = gen_pick(g, g->most_return + 1));
	EMIT(g, exit);
}

/* Functions use the context's slot only if their first argument is the context. */
static void write_function(struct gen *g, struct func *f)
{
	f->start = g->p->n;
	prologue(g, f);
	if (f->global == fuzz_type_memory) { /* which may be NULL */
		EMIT(g, jne64k, .dst = 1, .imm = 0, .off = 2);
		EMIT(g, mov64k, .dst = 0, .imm = 0);
		EMIT(g, exit);
	}
	EMIT(g, stx_dw, .dst = FP, .src = 1, .off = CTX_SLOT);
	gen_statements(g, 1 + gen_pick(g, 4));
	epilogue(g, !f->is_callback);
}

static void add_info(struct gen *g, u32 at, u32 type)
{
	struct skep_func_info info = {at, type};

	memcpy(&g->p->info[g->p->info_len], &info, sizeof(info));
	g->p->info_len += sizeof(info);
}

static void aim_calls(struct gen *g)
{
	u32 i;

	for (i = 0; i < g->ncalls; i++)
		g->p->code[g->calls[i].at].imm =
			(s32)(g->funcs[g->calls[i].func].start - g->calls[i].at - 1);
}

void fuzz_generate(u64 *seed, const struct fuzz_base *b, struct fuzz_prog *p)
{
	struct gen g = {.seed = seed, .p = p, .base = b};
	u32 i;

	p->n = p->info_len = p->features = p->target = 0;
	memset(p->ksym_at, 0xff, sizeof(p->ksym_at));
	g.type_row = gen_pick(&g, ARRAY_SIZE(types));
	g.type = &types[g.type_row];
	p->type = g.type->type;
	p->attach_type = g.type->attach_type;
	p->flags = g.type->flags;
	gen_target(&g);
	gen_focus(&g);
	g.is_sloppy = !gen_pick(&g, 5);
	prologue(&g, NULL);
	gen_statements(&g, 3 + gen_pick(&g, 8));
	epilogue(&g, !g.type->most_return);
	for (i = 0; i < g.nfuncs; i++) {
		g.writing = i + 1;
		write_function(&g, &g.funcs[i]);
	}
	aim_calls(&g);
	if (!g.nfuncs)
		return;
	add_info(&g, 0, fuzz_type_func);
	for (i = 0; i < g.nfuncs; i++)
		add_info(&g, g.funcs[i].start,
			 g.funcs[i].global ? g.funcs[i].global : fuzz_type_func);
}
