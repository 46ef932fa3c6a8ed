/* verify_fuzz_typed.c - the generator's statements: what BTF describes
 *
 * Locks and timers in map values, dynptrs, iterators, sections, pointers to the kernel's
 * structs, global functions.
 */
#include "btf.h"
#include "verify_fuzz_gen.h"

enum { TIMER_SLOT = -208, NESTED = 4 };

/* ---- what has to be ended ---- */

static void fill(struct gen *g, u8 reg, s32 slot)
{
	EMIT(g, ldx_dw, .dst = reg, .src = FP, .off = slot);
}

static void point(struct gen *g, u8 reg, s32 slot)
{
	EMIT(g, mov64x, .dst = reg, .src = FP);
	EMIT(g, add64k, .dst = reg, .imm = slot);
}

void gen_end(struct gen *g, u32 ref)
{
	static const u32 helpers[] = {
		[end_sock] = SKEP_FUNC_sk_release,
		[end_submit] = SKEP_FUNC_ringbuf_submit,
		[end_discard] = SKEP_FUNC_ringbuf_discard,
		[end_submit_dynptr] = SKEP_FUNC_ringbuf_submit_dynptr,
		[end_discard_dynptr] = SKEP_FUNC_ringbuf_discard_dynptr,
		[end_lock] = SKEP_FUNC_spin_unlock};
	s32 slot = g->refs[ref].slot;
	enum end end = g->refs[ref].end;

	switch (end) {
	case end_rcu: gen_call_kernel(g, fuzz_bpf_rcu_read_unlock); return;
	case end_preempt: gen_call_kernel(g, fuzz_bpf_preempt_enable); return;
	case end_iterator:
		point(g, 1, slot);
		gen_call_kernel(g, fuzz_bpf_iter_num_destroy);
		return;
	case end_submit_dynptr:
	case end_discard_dynptr: point(g, 1, slot); break;
	default: fill(g, 1, slot);
	}
	if (end == end_lock)
		EMIT(g, add64k, .dst = 1, .imm = FUZZ_LOCK_OFF);
	else if (end != end_sock)
		EMIT(g, mov64k, .dst = 2, .imm = 0);
	gen_call(g, helpers[end]);
}

static bool can_enter(const struct gen *g)
{
	return gen_can_call(g) && g->nrefs < REFS && g->depth < 3;
}

static s32 next_slot(const struct gen *g)
{
	return REF_SLOT - 8 * (s32)g->nrefs;
}

/* ---- locks and timers ---- */

static void look_up(struct gen *g, u32 map)
{
	u32 locked = g->locked;

	arg_map(g, 1, map);
	arg_key(g, 2, 4);
	gen_do_call(g, SKEP_FUNC_map_lookup_elem, locked);
	EMIT(g, jne64k, .dst = 0, .imm = 0);
	locked = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, locked);
}

void stmt_lock(struct gen *g)
{
	struct value v = {.kind = h_memory,
			  .map = fuzz_map_lock,
			  .fixed = true,
			  .room = FUZZ_LOCK_OFF};
	s32 slot = next_slot(g);
	u8 keep;

	if (!can_enter(g) || !g->type->has_locks)
		return;
	look_up(g, fuzz_map_lock);
	EMIT(g, stx_dw, .dst = FP, .src = 0, .off = slot);
	keep = gen_saved(g);
	gen_holds(g, 0, v);
	if (keep != NONE)
		gen_copy(g, keep, 0);
	EMIT(g, mov64x, .dst = 1, .src = 0);
	EMIT(g, add64k, .dst = 1, .imm = FUZZ_LOCK_OFF);
	gen_call(g, SKEP_FUNC_spin_lock);
	gen_enter(g, end_lock, slot);
	g->in_lock = true;
	gen_statements(g, 1 + gen_pick(g, 3));
	if (keep != NONE && g->s.reg[keep].kind == h_memory && g->s.reg[keep].fixed &&
	    g->s.reg[keep].map == fuzz_map_lock)
		gen_access(g, keep, 8 * (s32)gen_pick(g, 4) - g->s.reg[keep].off, 8,
			   true);
	g->in_lock = false;
	gen_leave(g);
	gen_feature(g, fuzz_lock);
}

static void timer_call(struct gen *g, u32 helper, u32 locked)
{
	gen_do_call(g, helper, locked);
}

static void arg_timer(struct gen *g)
{
	fill(g, 1, TIMER_SLOT);
	EMIT(g, add64k, .dst = 1, .imm = FUZZ_TIMER_OFF);
	gen_holds(g, 1, (struct value){0});
	g->locked |= 2;
}

static struct func *timer_function(struct gen *g)
{
	struct func *f = gen_new_func(g);

	if (!f)
		return NULL;
	f->is_callback = f->is_zero = true;
	f->nargs = 3;
	f->arg[0] = (struct value){.kind = h_map};
	f->arg[1] = (struct value){.kind = h_memory,
				   .map = NONE,
				   .fixed = true,
				   .read_only = true,
				   .room = 4};
	f->arg[2] = (struct value){.kind = h_memory,
				   .map = fuzz_map_timer,
				   .fixed = true,
				   .room = FUZZ_TIMER_OFF};
	return f;
}

void stmt_timer(struct gen *g)
{
	u32 locked = g->locked;

	if (!gen_can_call(g) || !g->type->has_locks || g->ncalls >= 30)
		return;
	look_up(g, fuzz_map_timer);
	EMIT(g, stx_dw, .dst = FP, .src = 0, .off = TIMER_SLOT);
	gen_scalar(g, 0, 0);
	gen_holds(g, 0, (struct value){0});
	if (gen_pick(g, 4)) {
		arg_timer(g);
		arg_map(g, 2, fuzz_map_timer);
		arg_number(g, 3, gen_pick(g, 2));
		timer_call(g, SKEP_FUNC_timer_init, locked);
	}
	if (gen_pick(g, 4) && timer_function(g)) {
		arg_timer(g);
		arg_function(g, 2, g->nfuncs - 1);
		timer_call(g, SKEP_FUNC_timer_set_callback, locked);
	}
	if (gen_pick(g, 2)) {
		arg_timer(g);
		arg_size(g, 2, 0, 1000);
		arg_number(g, 3, 0);
		timer_call(g, SKEP_FUNC_timer_start, locked);
	}
	if (!gen_pick(g, 4)) {
		arg_timer(g);
		timer_call(g, SKEP_FUNC_timer_cancel, locked);
	}
	gen_feature(g, fuzz_timer);
}

/* ---- dynptrs ---- */

static void arg_dynptr(struct gen *g, u8 reg, s32 slot)
{
	if (slot != CTX_SLOT) {
		arg_stack(g, reg, slot);
		return;
	}
	fill(g, reg, slot);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

static void dynptr_kfunc(struct gen *g, s32 slot)
{
	static const enum fuzz_kfunc asked[] = {
		fuzz_bpf_dynptr_is_null, fuzz_bpf_dynptr_is_rdonly, fuzz_bpf_dynptr_size};
	u32 locked = g->locked;

	arg_dynptr(g, 1, slot);
	if (gen_pick(g, 2)) {
		g->locked = locked;
		gen_call_kernel(g, asked[gen_pick(g, ARRAY_SIZE(asked))]);
		return;
	}
	arg_size(g, 2, 0, 8);
	arg_size(g, 3, 8, 16);
	g->locked = locked;
	gen_call_kernel(g, fuzz_bpf_dynptr_adjust);
}

static void dynptr_slice(struct gen *g, s32 slot)
{
	u32 locked = g->locked, size = 1 + gen_pick(g, 16);

	arg_dynptr(g, 1, slot);
	arg_size(g, 2, 0, 8);
	arg_number(g, 3, size);
	gen_do_call(g, SKEP_FUNC_dynptr_data, locked);
	gen_leave_if_null(g);
	for (u8 reg = 6; reg < FP; reg++)
		if (g->s.reg[reg].kind == h_memory && !g->s.reg[reg].room)
			g->s.reg[reg].kind = h_none;
	gen_holds(g, 0,
		  (struct value){
			  .kind = h_memory, .map = NONE, .fixed = true, .room = size});
	gen_access(g, 0, (s32)gen_pick(g, size), 1, gen_pick(g, 2));
	if (g->s.reg[0].kind == h_memory)
		g->s.reg[0].kind = h_none;
}

static void use_dynptr(struct gen *g, s32 slot)
{
	u32 locked = g->locked;

	switch (gen_pick(g, 4)) {
	case 0:
		arg_memory(g, 1, 32, true);
		arg_size(g, 2, 0, 32);
		arg_dynptr(g, 3, slot);
		arg_size(g, 4, 0, 16);
		arg_number(g, 5, 0);
		gen_do_call(g, SKEP_FUNC_dynptr_read, locked);
		break;
	case 1:
		arg_dynptr(g, 1, slot);
		arg_size(g, 2, 0, 16);
		arg_memory(g, 3, 32, false);
		arg_size(g, 4, 0, 32);
		arg_number(g, 5, 0);
		gen_do_call(g, SKEP_FUNC_dynptr_write, locked);
		break;
	case 2: dynptr_slice(g, slot); break;
	default: dynptr_kfunc(g, slot);
	}
}

static void local_dynptr(struct gen *g)
{
	u32 locked = g->locked, n;
	u8 from = gen_need_memory(g);
	struct value v = g->s.reg[from];

	if (v.map == NONE || !v.fixed || v.read_only || v.off >= (s32)v.room)
		return;
	if (from != 1)
		gen_copy(g, 1, from);
	gen_holds(g, 1, (struct value){0});
	g->locked |= 2;
	arg_size(g, 2, 0, v.room - (u32)v.off);
	arg_number(g, 3, 0);
	arg_stack(g, 4, LOCAL_DYNPTR);
	gen_do_call(g, SKEP_FUNC_dynptr_from_mem, locked);
	for (n = 1 + gen_pick(g, 3); n; n--)
		use_dynptr(g, LOCAL_DYNPTR);
	gen_feature(g, fuzz_dynptr);
}

static void ring_dynptr(struct gen *g)
{
	u32 locked = g->locked, i;

	for (i = 0; i < g->nrefs; i++)
		if (g->refs[i].slot == DYNPTR_SLOT)
			return;
	arg_map(g, 1, fuzz_map_ring);
	arg_size(g, 2, 0, 64);
	arg_number(g, 3, 0);
	arg_stack(g, 4, DYNPTR_SLOT);
	gen_do_call(g, SKEP_FUNC_ringbuf_reserve_dynptr, locked);
	gen_enter(g, gen_pick(g, 2) ? end_submit_dynptr : end_discard_dynptr,
		  DYNPTR_SLOT);
	use_dynptr(g, DYNPTR_SLOT);
	gen_statements(g, gen_pick(g, 3));
	if (gen_pick(g, 2))
		use_dynptr(g, DYNPTR_SLOT);
	gen_leave(g);
	gen_feature(g, fuzz_dynptr);
}

void stmt_dynptr(struct gen *g)
{
	if (!can_enter(g))
		return;
	if (g->has_dynptr && gen_pick(g, 4))
		use_dynptr(g, CTX_SLOT);
	else if (gen_pick(g, 2))
		local_dynptr(g);
	else
		ring_dynptr(g);
}

void stmt_user_ring(struct gen *g)
{
	u32 locked = g->locked;
	struct func *f;

	if (!gen_can_call(g) || g->ncalls >= 30)
		return;
	f = gen_new_func(g);
	if (!f)
		return;
	f->is_callback = true;
	f->nargs = 2;
	f->arg[0] = (struct value){.kind = h_dynptr};
	f->arg[1] =
		(struct value){.kind = h_memory, .map = NONE, .fixed = true, .room = 48};
	arg_map(g, 1, fuzz_map_user_ring);
	arg_function(g, 2, g->nfuncs - 1);
	arg_stack(g, 3, BUFFER);
	arg_number(g, 4, 0);
	gen_do_call(g, SKEP_FUNC_user_ringbuf_drain, locked);
	gen_feature(g, fuzz_user_ring);
}

/* ---- iterators and sections ---- */

void stmt_iterator(struct gen *g)
{
	u32 locked = g->locked, top, out;
	s32 slot = next_slot(g);
	struct state head;

	if (!can_enter(g) || g->in_loop || g->depth >= 2)
		return;
	arg_stack(g, 1, slot);
	arg_size(g, 2, 0, 10);
	arg_size(g, 3, 0, 1000);
	g->locked = locked;
	gen_call_kernel(g, fuzz_bpf_iter_num_new);
	gen_enter(g, end_iterator, slot);
	gen_enter_loop(g);
	head = g->s;
	top = g->p->n;
	point(g, 1, slot);
	gen_call_kernel(g, fuzz_bpf_iter_num_next);
	EMIT(g, jeq64k, .dst = 0, .imm = 0);
	out = g->p->n - 1;
	gen_holds(
		g, 0,
		(struct value){.kind = h_memory, .map = NONE, .fixed = true, .room = 4});
	gen_statements(g, 1 + gen_pick(g, 3));
	EMIT(g, ja, .off = (s16)(top - g->p->n - 1));
	gen_aim(g, out);
	g->s = head;
	g->in_loop = false;
	g->locked = locked;
	g->depth--;
	gen_leave(g);
	gen_feature(g, fuzz_iterator);
}

void stmt_section(struct gen *g)
{
	bool rcu = gen_pick(g, 2);

	if (!can_enter(g))
		return;
	gen_call_kernel(g, rcu ? fuzz_bpf_rcu_read_lock : fuzz_bpf_preempt_disable);
	gen_enter(g, rcu ? end_rcu : end_preempt, 0);
	gen_statements(g, 1 + gen_pick(g, 3));
	gen_leave(g);
	gen_feature(g, fuzz_section);
}

/* ---- the kernel's structs ---- */

static const struct skep_btf *vmlinux(void)
{
	return case_vmlinux();
}

/* The struct that a pointer type points to, else 0. */
static u32 struct_behind(u32 id)
{
	id = btf_skip(vmlinux(), id);
	if (btf_kind_of(vmlinux(), id) != SKEP_BTF_KIND_PTR)
		return 0;
	id = btf_skip(vmlinux(), btf_type(vmlinux(), id)->type);
	return btf_kind_of(vmlinux(), id) == SKEP_BTF_KIND_STRUCT ? id : 0;
}

static u32 any_of(struct gen *g, const u32 *list, size_t n)
{
	return n ? list[gen_pick(g, (u32)n)] : 0;
}

static void target_member(struct gen *g)
{
	const struct skep_btf_type *t = btf_type(vmlinux(), g->base->kernel.tcp_ops);
	const struct skep_btf_member *m = btf_tail(t);
	u32 i, to, tries = 0;

	g->p->target = g->base->kernel.tcp_ops;
	do {
		i = gen_pick(g, btf_vlen(t));
		g->p->attach_type = i;
		to = btf_skip(vmlinux(), m[i].type);
		if (btf_kind_of(vmlinux(), to) != SKEP_BTF_KIND_PTR)
			continue;
		to = btf_type(vmlinux(), to)->type;
		if (btf_kind_of(vmlinux(), to) == SKEP_BTF_KIND_FUNC_PROTO)
			g->proto = to;
	} while (!g->proto && tries++ < 8);
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
		id = btf_type(vmlinux(), g->p->target)->type;
		g->proto = btf_type(vmlinux(), id)->type;
		g->skip = 1;
		return;
	case target_iterator:
		g->p->target = any_of(g, k->iterators.at, k->iterators.n);
		if (g->p->target)
			g->proto = btf_type(vmlinux(), g->p->target)->type;
		return;
	case target_ops:
		if (k->tcp_ops)
			target_member(g);
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

static void hold_typed(struct gen *g, u8 reg, u32 id)
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
	t = btf_type(vmlinux(), g->proto);
	params = btf_tail(t);
	n = btf_vlen(t);
	if (n <= g->skip)
		return NONE;
	i = g->skip + gen_pick(g, n - g->skip);
	reg = gen_dest(g);
	gen_ctx(g, reg);
	EMIT(g, ldx_dw, .dst = reg, .src = reg, .off = 8 * (s32)(i - g->skip));
	gen_feature(g, fuzz_context);
	if (struct_behind(params[i].type)) {
		hold_typed(g, reg, struct_behind(params[i].type));
		return reg;
	}
	gen_holds(g, reg, (struct value){0});
	if (btf_kind_of(vmlinux(), btf_skip(vmlinux(), params[i].type)) ==
	    SKEP_BTF_KIND_INT)
		gen_scalar(g, reg, UINT64_MAX);
	return NONE;
}

static u8 need_typed(struct gen *g)
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
	const struct skep_btf *btf = vmlinux();
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
	part->to = struct_behind(id);
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
		hold_typed(g, to, part->to);
	else
		gen_holds(g, to, (struct value){.kind = h_scalar, .most = UINT64_MAX});
}

void stmt_walk(struct gen *g)
{
	u32 steps = 1 + gen_pick(g, 4), tries;
	struct part part;
	u8 reg;

	for (; steps; steps--) {
		reg = need_typed(g);
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

static void arg_constant(struct gen *g, u8 reg, u32 off)
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
