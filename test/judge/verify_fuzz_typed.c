/* verify_fuzz_typed.c - the generator's statements: what BTF describes
 *
 * Pointers to the kernel's structs, sockets, constants, global functions.
 */
#include "btf.h"
#include "verify_fuzz_gen.h"

enum { NESTED = 4 };

/* ---- the kernel's structs ---- */

/* The struct that a pointer type points to, else 0. */
u32 gen_struct_behind(u32 id)
{
	id = btf_skip(case_vmlinux(), id);
	if (btf_kind_of(case_vmlinux(), id) != SKEP_BTF_KIND_PTR)
		return 0;
	id = btf_skip(case_vmlinux(), btf_type(case_vmlinux(), id)->type);
	return btf_kind_of(case_vmlinux(), id) == SKEP_BTF_KIND_STRUCT ? id : 0;
}

static u32 any_of(struct gen *g, const u32 *list, size_t n)
{
	return n ? list[gen_pick(g, (u32)n)] : 0;
}

void gen_target(struct gen *g)
{
	const struct fuzz_kernel *k = &g->base->kernel;
	u32 id;

	switch (g->type->target) {
	case target_tracepoint:
		g->p->target = any_of(g, k->tracepoints.at, k->tracepoints.n);
		if (!g->p->target)
			return;
		id = btf_type(case_vmlinux(), g->p->target)->type;
		g->proto = btf_type(case_vmlinux(), id)->type;
		g->skip = 1;
		return;
	case target_iterator:
		g->p->target = any_of(g, k->iterators.at, k->iterators.n);
		if (g->p->target)
			g->proto = btf_type(case_vmlinux(), g->p->target)->type;
		return;
	default: return;
	}
}

static void check_not_null(struct gen *g, u8 reg)
{
	u32 jump;

	EMIT(g, jne64k, .dst = reg, .imm = 0);
	jump = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, jump);
}

void gen_hold_typed(struct gen *g, u8 reg, u32 id)
{
	gen_holds(g, reg, (struct value){.kind = h_typed, .map = NONE, .btf = id});
	if (gen_pick(g, 8))
		check_not_null(g, reg);
}

/* NONE: the program has no argument that points to a struct. */
static u8 typed_argument(struct gen *g)
{
	const struct skep_btf_type *t;
	const struct skep_btf_param *params;
	u32 n, i;
	u8 reg;

	if (!g->proto || !g->has_ctx)
		return NONE;
	t = btf_type(case_vmlinux(), g->proto);
	params = btf_tail(t);
	n = btf_vlen(t);
	if (n <= g->skip)
		return NONE;
	i = g->skip + gen_pick(g, n - g->skip);
	reg = gen_dest(g);
	gen_ctx(g, reg);
	EMIT(g, ldx_dw, .dst = reg, .src = reg, .off = 8 * (s32)(i - g->skip));
	gen_feature(g, fuzz_context);
	if (gen_struct_behind(params[i].type)) {
		gen_hold_typed(g, reg, gen_struct_behind(params[i].type));
		return reg;
	}
	gen_holds(g, reg, (struct value){0});
	if (btf_kind_of(case_vmlinux(), btf_skip(case_vmlinux(), params[i].type)) ==
	    SKEP_BTF_KIND_INT)
		gen_scalar(g, reg, UINT64_MAX);
	return NONE;
}

u8 gen_need_typed(struct gen *g)
{
	u8 reg = gen_find(g, h_typed);

	if (reg != NONE && gen_pick(g, 4))
		return reg;
	if (g->proto && g->has_ctx && gen_pick(g, 4))
		return typed_argument(g);
	if (!gen_can_call(g) || !g->base->kernel.task)
		return reg;
	gen_call(g, SKEP_FUNC_get_current_task_btf);
	gen_holds(g, 0,
		  (struct value){
			  .kind = h_typed, .map = NONE, .btf = g->base->kernel.task});
	return 0;
}

struct part {
	u32 off, size, to; /* to: the struct that it points to */
};

/* Some scalar or pointer in a struct, through nested structs and arrays; false: this
 * time it found none. */
static bool any_part(struct gen *g, u32 id, struct part *part)
{
	const struct skep_btf *btf = case_vmlinux();
	u32 depth;

	*part = (struct part){0};
	for (depth = 0; depth < NESTED; depth++) {
		const struct skep_btf_type *t = btf_type(btf, id);
		u32 kind = btf_kind(t);

		if (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION) {
			const struct skep_btf_member *m = btf_tail(t);
			u32 i = btf_vlen(t) ? gen_pick(g, btf_vlen(t)) : 0;

			if (!btf_vlen(t) || btf_member_bits(t, &m[i]))
				return false;
			part->off += btf_member_bit(t, &m[i]) / 8;
			id = btf_skip(btf, m[i].type);
		} else if (kind == SKEP_BTF_KIND_ARRAY) {
			const struct skep_btf_array *a = btf_tail(t);

			id = btf_skip(btf, a->type);
			if (!a->nelems || btf_size(btf, id) == BTF_NO_SIZE)
				return false;
			part->off += gen_pick(g, a->nelems) * btf_size(btf, id);
		} else {
			break;
		}
	}
	part->to = gen_struct_behind(id);
	part->size = btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR ? 8 : btf_size(btf, id);
	return part->size <= 8 && part->size && !(part->size & (part->size - 1)) &&
	       part->off < INT16_MAX;
}

static void load_part(struct gen *g, u8 from, const struct part *part)
{
	static const u16 loads[] = {op_ldx_b, op_ldx_h, op_ldx_w, op_ldx_dw};
	u8 to = gen_dest(g);
	u32 size = part->size;

	if (!part->to && size > 1 && !gen_pick(g, 8))
		size /= 2;
	gen_emit(g, (struct insn){.op = loads[__builtin_ctz(size)],
				  .dst = to,
				  .src = from,
				  .off = (s32)part->off});
	if (part->to)
		gen_hold_typed(g, to, part->to);
	else
		gen_holds(g, to, (struct value){.kind = h_scalar, .most = UINT64_MAX});
}

void stmt_walk(struct gen *g)
{
	u32 steps = 1 + gen_pick(g, 4), tries;
	struct part part;
	u8 reg;

	for (; steps; steps--) {
		reg = gen_need_typed(g);
		if (reg == NONE)
			return;
		for (tries = 0; tries < 8; tries++)
			if (any_part(g, g->s.reg[reg].btf, &part))
				break;
		if (tries == 8)
			return;
		load_part(g, reg, &part);
		gen_feature(g, fuzz_typed);
	}
}

/* ---- sockets ---- */

static void read_socket(struct gen *g, u8 reg)
{
	static const u8 fields[] = {4, 24, 44, 52, 72, 4, 24, 76, 28, 0, 8, 16};
	u32 n;

	for (n = 1 + gen_pick(g, 3); n; n--) {
		u32 off = fields[gen_pick(g, gen_pick(g, 6) ? 6 : ARRAY_SIZE(fields))];
		u8 to = gen_dest(g);

		EMIT(g, ldx_w, .dst = to, .src = reg, .off = (s32)off);
		gen_scalar(g, to, UINT32_MAX);
		gen_feature(g, fuzz_socket);
		if (to == reg)
			return;
	}
}

static u8 need_socket(struct gen *g)
{
	u8 reg = gen_find(g, h_sock);

	if (reg != NONE && gen_pick(g, 4))
		return reg;
	if (!g->type->sock || !g->has_ctx)
		return reg;
	reg = gen_dest(g);
	gen_ctx(g, reg);
	EMIT(g, ldx_dw, .dst = reg, .src = reg, .off = g->type->sock);
	gen_holds(g, reg, (struct value){0});
	check_not_null(g, reg);
	gen_holds(g, reg, (struct value){.kind = h_sock, .map = NONE, .room = 80});
	return reg;
}

void stmt_sock_fields(struct gen *g)
{
	u8 reg = need_socket(g);

	if (reg == NONE)
		return;
	if (gen_pick(g, 2) || !gen_can_call(g)) {
		read_socket(g, reg);
		return;
	}
	if (reg != 1)
		EMIT(g, mov64x, .dst = 1, .src = reg);
	gen_call(g, gen_pick(g, 3) ? SKEP_FUNC_sk_fullsock : SKEP_FUNC_tcp_sock);
	check_not_null(g, 0);
	gen_holds(g, 0, (struct value){.kind = h_sock, .map = NONE, .room = 80});
	read_socket(g, 0);
}

/* ---- constants ---- */

void arg_constant(struct gen *g, u8 reg, u32 off)
{
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX_VALUE,
	     .imm = (s64)off << 32 | fuzz_map_constant);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

void stmt_constant(struct gen *g)
{
	u32 locked = g->locked;
	u8 reg;

	gen_feature(g, fuzz_constant);
	if (gen_pick(g, 2) || !gen_can_call(g)) {
		reg = gen_dest(g);
		arg_constant(g, reg, 0);
		g->locked = locked;
		gen_holds(g, reg,
			  (struct value){.kind = h_memory,
					 .map = fuzz_map_constant,
					 .fixed = true,
					 .read_only = true,
					 .room = 32});
		gen_access(g, reg, 16 + 8 * (s32)gen_pick(g, 2), 1u << gen_pick(g, 4),
			   false);
		return;
	}
	if (gen_pick(g, 2)) {
		arg_memory(g, 1, 16, false);
		arg_size(g, 2, 1, 16);
		arg_constant(g, 3, 9);
		gen_do_call(g, SKEP_FUNC_strncmp, locked);
		return;
	}
	arg_stack(g, 1, BUFFER);
	arg_size(g, 2, 0, 32);
	arg_constant(g, 3, 0);
	arg_stack(g, 4, BUFFER + 32);
	arg_number(g, 5, 16);
	gen_do_call(g, SKEP_FUNC_snprintf, locked);
}

/* ---- global functions ---- */

void stmt_global(struct gen *g)
{
	bool memory = gen_pick(g, 2);
	u32 locked = g->locked;
	struct func *f;

	if (!gen_can_call(g) || g->ncalls >= 30)
		return;
	f = gen_new_func(g);
	if (!f)
		return;
	f->global = memory ? fuzz_type_memory : fuzz_type_numbers;
	f->nargs = 2;
	f->arg[0] = (struct value){.kind = h_scalar, .most = UINT64_MAX};
	f->arg[1] = f->arg[0];
	if (memory)
		f->arg[0] = (struct value){.kind = h_memory,
					   .map = NONE,
					   .fixed = true,
					   .room = FUZZ_PAIR_SIZE};
	if (memory && gen_pick(g, 8))
		arg_memory(g, 1, FUZZ_PAIR_SIZE, true);
	else
		arg_number(g, 1, memory ? 0 : gen_number(g));
	gen_copy(g, 2, gen_need_scalar(g));
	g->calls[g->ncalls].at = g->p->n;
	g->calls[g->ncalls++].func = g->nfuncs - 1;
	EMIT(g, call_local, .off = 0);
	g->locked = locked;
	for (u8 reg = 1; reg <= 5; reg++)
		gen_holds(g, reg, (struct value){0});
	gen_scalar(g, 0, UINT64_MAX);
	gen_feature(g, fuzz_global);
}
