/* verify_fuzz_object.c - the generator's statements: what begins and has to end
 *
 * Locks and timers in map values, dynptrs, iterators, sections.
 */
#include "btf.h"
#include "verify_fuzz_gen.h"

enum { TIMER_SLOT = -208 };

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
		gen_call_kernel_id(g, g->refs[ref].kfunc);
		return;
	case end_object:
		fill(g, 1, slot);
		gen_call_kernel_id(g, g->refs[ref].kfunc);
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

bool gen_can_enter(const struct gen *g)
{
	return gen_can_call(g) && g->nrefs < REFS && g->depth < 3;
}

s32 gen_next_slot(const struct gen *g)
{
	return REF_SLOT - 8 * (s32)g->nrefs;
}

/* ---- locks and timers ---- */

void gen_look_up(struct gen *g, u32 map)
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
	s32 slot = gen_next_slot(g);
	u8 keep;

	if (!gen_can_enter(g) || !g->type->has_locks)
		return;
	gen_look_up(g, fuzz_map_lock);
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
	gen_look_up(g, fuzz_map_timer);
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

void gen_local_dynptr(struct gen *g)
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
	if (!gen_can_enter(g))
		return;
	if (g->has_dynptr && gen_pick(g, 4))
		use_dynptr(g, CTX_SLOT);
	else if (gen_pick(g, 2))
		gen_local_dynptr(g);
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

/* Over what was made in the slot; r0 is what a round gets, if it knows how. */
void gen_walk_iterator(struct gen *g, s32 slot, u32 next, u32 destroy)
{
	const struct skep_btf_type *proto =
		btf_type(case_vmlinux(), btf_type(case_vmlinux(), next)->type);
	u32 locked = g->locked, of = gen_struct_behind(proto->type), top, out;
	struct state head;

	gen_enter(g, end_iterator, slot);
	g->refs[g->nrefs - 1].kfunc = destroy;
	gen_enter_loop(g);
	head = g->s;
	top = g->p->n;
	point(g, 1, slot);
	gen_call_kernel_id(g, next);
	EMIT(g, jeq64k, .dst = 0, .imm = 0);
	out = g->p->n - 1;
	gen_holds(
		g, 0,
		(struct value){.kind = h_memory, .map = NONE, .fixed = true, .room = 4});
	if (of)
		gen_holds(g, 0, (struct value){.kind = h_typed, .map = NONE, .btf = of});
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

void stmt_iterator(struct gen *g)
{
	const u32 *kfunc = g->base->kernel.kfunc;
	u32 locked = g->locked;
	s32 slot = gen_next_slot(g);

	if (!gen_can_enter(g) || g->in_loop || g->depth >= 2)
		return;
	arg_stack(g, 1, slot);
	arg_size(g, 2, 0, 10);
	arg_size(g, 3, 0, 1000);
	g->locked = locked;
	gen_call_kernel(g, fuzz_bpf_iter_num_new);
	gen_walk_iterator(g, slot, kfunc[fuzz_bpf_iter_num_next],
			  kfunc[fuzz_bpf_iter_num_destroy]);
}

void stmt_section(struct gen *g)
{
	bool rcu = gen_pick(g, 2);

	if (!gen_can_enter(g))
		return;
	gen_call_kernel(g, rcu ? fuzz_bpf_rcu_read_lock : fuzz_bpf_preempt_disable);
	gen_enter(g, rcu ? end_rcu : end_preempt, 0);
	gen_statements(g, 1 + gen_pick(g, 3));
	gen_leave(g);
	gen_feature(g, fuzz_section);
}
