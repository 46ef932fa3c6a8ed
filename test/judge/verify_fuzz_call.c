/* verify_fuzz_call.c - the generator's statements: helpers, maps, references, functions
 */
#include "verify_fuzz_gen.h"

static const struct {
	u8 type, key, value;
	u32 entries;
} maps[] = {
#define MAP(n, t, ks, vs, max, fl, in) {SKEP_MAP_TYPE_##t, ks, vs, MIN(max, 255)},
	FUZZ_MAPS(MAP)
#undef MAP
};

void arg_map(struct gen *g, u8 reg, u32 map)
{
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX, .imm = map);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

void arg_stack(struct gen *g, u8 reg, s32 off)
{
	gen_copy(g, reg, FP);
	EMIT(g, add64k, .dst = reg, .imm = off);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

void arg_number(struct gen *g, u8 reg, s64 value)
{
	gen_set(g, reg, value);
	g->locked |= 1u << reg;
}

void arg_ctx(struct gen *g, u8 reg)
{
	gen_ctx(g, reg);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

/* Memory of `size` bytes: the frame's buffer, a map's value, a packet. */
void arg_memory(struct gen *g, u8 reg, u32 size, bool write)
{
	u8 from = gen_find(g, gen_pick(g, 2) ? h_memory : h_packet);
	const struct value *v = &g->s.reg[from == NONE ? 0 : from];

	if (from == NONE || !v->fixed || v->off + (s32)size > (s32)v->room ||
	    (write && (v->read_only || v->kind == h_packet))) {
		arg_stack(g, reg, BUFFER);
		return;
	}
	gen_copy(g, reg, from);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

/* A number from `least` to `most`, known or not. */
void arg_size(struct gen *g, u8 reg, u32 least, u32 most)
{
	u8 from = gen_find(g, h_scalar);

	if (g->is_sloppy && !gen_pick(g, 10))
		most++;
	if (from == NONE || gen_pick(g, 2)) {
		arg_number(g, reg, least + gen_pick(g, most - least + 1));
		return;
	}
	if (from != reg)
		gen_copy(g, reg, from);
	g->locked |= 1u << reg;
	gen_bound(g, reg, most - least);
	if (least)
		EMIT(g, add64k, .dst = reg, .imm = least);
}

void gen_do_call(struct gen *g, u32 helper, u32 locked)
{
	g->locked = locked;
	gen_call(g, helper);
}

/* ---- maps ---- */

void arg_key(struct gen *g, u8 reg, u32 size)
{
	u8 from = gen_find(g, h_memory);

	if (from != NONE && g->s.reg[from].fixed && !gen_pick(g, 3) &&
	    g->s.reg[from].off + (s32)size <= (s32)g->s.reg[from].room) {
		gen_copy(g, reg, from);
		gen_holds(g, reg, (struct value){0});
		g->locked |= 1u << reg;
		return;
	}
	if (gen_pick(g, 3))
		EMIT(g, st_dw, .dst = FP, .off = BUFFER + 56,
		     .imm = gen_pick(g, 4) ? (s32)gen_pick(g, 6) : (s32)gen_number(g));
	arg_stack(g, reg, BUFFER + 56);
}

/* Leaves if r0 is null; or what follows runs only if it is not. */
void gen_leave_if_null(struct gen *g)
{
	u8 copy = gen_saved(g);
	u32 jump;

	if (g->is_sloppy && !gen_pick(g, 10))
		return;
	if (copy != NONE && gen_pick(g, 2))
		EMIT(g, mov64x, .dst = copy, .src = 0);
	else
		copy = NONE;
	if (copy != NONE && gen_pick(g, 2))
		EMIT(g, jne64k, .dst = copy, .imm = 0);
	else
		EMIT(g, jne64k, .dst = 0, .imm = 0);
	jump = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, jump);
	if (copy != NONE)
		gen_holds(g, copy,
			  (struct value){.kind = h_memory, .map = 0, .fixed = true});
	g->s.reg[0].kind = h_none;
}

static void hold_value(struct gen *g, u32 map)
{
	struct value v = {
		.kind = h_memory, .map = (u8)map, .fixed = true, .room = maps[map].value};
	u8 reg;

	for (reg = 0; reg < FP; reg++)
		if (g->s.reg[reg].kind == h_memory && !g->s.reg[reg].room)
			g->s.reg[reg] = v;
	g->s.reg[0] = v;
}

static void use_value(struct gen *g)
{
	u8 to = gen_saved(g);

	if (to != NONE && gen_pick(g, 2)) {
		gen_copy(g, to, 0);
		if (gen_pick(g, 2)) {
			EMIT(g, add64k, .dst = to, .imm = 4);
			g->s.reg[to].off += 4;
		}
	}
	if (g->s.reg[0].room >= 8)
		gen_access(g, 0, ((s32)g->s.reg[0].room - 4) & -4, 4, gen_pick(g, 2));
}

void stmt_lookup(struct gen *g)
{
	u32 locked = g->locked, map = gen_pick(g, fuzz_map_global + 1);

	if (!gen_can_call(g))
		return;
	arg_map(g, 1, map);
	arg_key(g, 2, maps[map].key);
	gen_do_call(g, SKEP_FUNC_map_lookup_elem, locked);
	gen_leave_if_null(g);
	hold_value(g, map);
	use_value(g);
	gen_feature(g, fuzz_lookup);
}

void stmt_map_in_map(struct gen *g)
{
	u32 locked = g->locked, hash = gen_pick(g, 2);
	u32 map = hash ? fuzz_map_hash : fuzz_map_array;

	if (!gen_can_call(g))
		return;
	arg_map(g, 1, hash ? fuzz_map_outer_hash : fuzz_map_outer_array);
	arg_key(g, 2, 4);
	gen_do_call(g, SKEP_FUNC_map_lookup_elem, locked);
	gen_leave_if_null(g);
	for (u8 reg = 6; reg < FP; reg++) /* a copy is no value */
		if (g->s.reg[reg].kind == h_memory && !g->s.reg[reg].room)
			g->s.reg[reg].kind = h_none;
	EMIT(g, mov64x, .dst = 1, .src = 0);
	g->locked |= 2;
	arg_key(g, 2, maps[map].key);
	gen_do_call(g, SKEP_FUNC_map_lookup_elem, locked);
	gen_leave_if_null(g);
	hold_value(g, map);
	use_value(g);
	gen_feature(g, fuzz_map_in_map);
	gen_feature(g, fuzz_lookup);
}

/* ---- helpers that take memory ---- */

static void help_update(struct gen *g)
{
	u32 map = gen_pick(g, fuzz_map_global + 1);

	arg_map(g, 1, map);
	arg_key(g, 2, maps[map].key);
	arg_memory(g, 3, maps[map].value, false);
	arg_number(g, 4, gen_pick(g, 4));
	gen_do_call(g, SKEP_FUNC_map_update_elem, 0);
}

static void help_queue(struct gen *g)
{
	bool push = gen_pick(g, 2);

	arg_map(g, 1, fuzz_map_queue);
	arg_memory(g, 2, 16, !push);
	if (push)
		arg_number(g, 3, gen_pick(g, 3));
	gen_do_call(g, push ? SKEP_FUNC_map_push_elem : SKEP_FUNC_map_pop_elem, 0);
}

static void help_parse(struct gen *g)
{
	arg_memory(g, 1, 32, false);
	arg_size(g, 2, 1, 32);
	arg_number(g, 3, 0);
	arg_stack(g, 4, -8);
	g->s.word[0] = (struct value){.kind = h_scalar, .most = UINT64_MAX};
	gen_do_call(g, gen_pick(g, 2) ? SKEP_FUNC_strtol : SKEP_FUNC_strtoul, 0);
}

static void help_comm(struct gen *g)
{
	arg_memory(g, 1, 32, true);
	arg_size(g, 2, 1, 32);
	gen_do_call(g, SKEP_FUNC_get_current_comm, 0);
}

static void help_probe(struct gen *g)
{
	arg_memory(g, 1, 32, true);
	arg_size(g, 2, gen_pick(g, 2), 32);
	gen_copy(g, 3, gen_need_scalar(g));
	gen_do_call(g,
		    gen_pick(g, 2) ? SKEP_FUNC_probe_read_kernel
				   : SKEP_FUNC_probe_read_user_str,
		    0);
}

static void help_bytes(struct gen *g)
{
	arg_ctx(g, 1);
	gen_copy(g, 2, gen_need_scalar(g));
	g->locked |= 4;
	arg_memory(g, 3, 32, true);
	arg_size(g, 4, 1, 32);
	gen_do_call(g, SKEP_FUNC_skb_load_bytes, 0);
}

static void help_sum(struct gen *g)
{
	arg_memory(g, 1, 32, false);
	arg_number(g, 2, 4 * (1 + gen_pick(g, 8)));
	arg_number(g, 3, 0);
	arg_number(g, 4, 0);
	arg_number(g, 5, gen_number(g));
	gen_do_call(g, SKEP_FUNC_csum_diff, 0);
}

static void help_output(struct gen *g)
{
	if (gen_pick(g, 2) && g->has_ctx) {
		arg_ctx(g, 1);
		arg_map(g, 2, fuzz_map_events);
		EMIT(g, lddw, .dst = 3, .imm = UINT32_MAX);
		g->locked |= 8;
		arg_memory(g, 4, 48, false);
		arg_size(g, 5, 0, 48);
		gen_do_call(g, SKEP_FUNC_perf_event_output, 0);
		return;
	}
	arg_map(g, 1, fuzz_map_ring);
	arg_memory(g, 2, 48, false);
	arg_size(g, 3, 0, 48);
	arg_number(g, 4, 0);
	gen_do_call(g, SKEP_FUNC_ringbuf_output, 0);
}

void stmt_memory_helper(struct gen *g)
{
	static void (*const all[])(struct gen * g) = {
		help_update, help_update, help_queue, help_parse, help_output};
	u32 i = gen_pick(g, ARRAY_SIZE(all) + 3), locked = g->locked;

	if (!gen_can_call(g))
		return;
	if (i < ARRAY_SIZE(all))
		all[i](g);
	else if (g->type->has_probe)
		gen_pick(g, 2) ? help_comm(g) : help_probe(g);
	else if (g->type->has_skb && g->has_ctx)
		gen_pick(g, 2) ? help_bytes(g) : help_sum(g);
	else
		help_update(g);
	g->locked = locked;
	gen_feature(g, fuzz_helper_mem);
}

/* Helpers that take no memory; some change the packet. */
void stmt_any_helper(struct gen *g)
{
	u32 locked = g->locked, reg;

	if (!gen_can_call(g) || !g->has_ctx)
		return;
	if (g->type->has_redirect && gen_pick(g, 2)) {
		arg_size(g, 1, 0, 5);
		arg_number(g, 2, 0);
		gen_do_call(g, SKEP_FUNC_redirect, locked);
		return;
	}
	if (!g->type->has_skb || !g->type->can_write || g->in_loop)
		return;
	arg_ctx(g, 1);
	arg_size(g, 2, 0, 200);
	gen_do_call(g, SKEP_FUNC_skb_pull_data, locked);
	for (reg = 0; reg < FP; reg++)
		if (g->s.reg[reg].kind == h_packet)
			g->s.reg[reg].kind = h_none;
	for (reg = 0; reg < WORDS; reg++)
		if (g->s.word[reg].kind == h_packet)
			g->s.word[reg].kind = h_none;
}

/* ---- references ---- */

bool gen_enter(struct gen *g, enum end end, s32 slot)
{
	if (g->nrefs == REFS || g->depth >= 3)
		return false;
	g->refs[g->nrefs].end = end;
	g->refs[g->nrefs].kfunc = 0;
	g->refs[g->nrefs++].slot = slot;
	g->depth++;
	return true;
}

static void forget(struct value *v)
{
	if ((v->kind == h_memory && v->map == NONE) || v->kind == h_sock)
		v->kind = h_none;
}

/* What points into it ends with it. */
void gen_leave(struct gen *g)
{
	u32 i;

	g->depth--;
	for (i = 0; i < FP; i++)
		forget(&g->s.reg[i]);
	for (i = 0; i < WORDS; i++)
		forget(&g->s.word[i]);
	if (!g->is_sloppy || gen_pick(g, 10))
		gen_end(g, g->nrefs - 1);
	g->nrefs--;
}

void gen_with_reference(struct gen *g, enum end end, u32 kfunc, struct value v)
{
	s32 slot = gen_next_slot(g);
	struct state before;
	u32 jump;

	EMIT(g, jeq64k, .dst = 0, .imm = 0);
	jump = g->p->n - 1;
	gen_scalar(g, 0, 0);
	before = g->s;
	EMIT(g, stx_dw, .dst = FP, .src = 0, .off = slot);
	gen_enter(g, end, slot);
	g->refs[g->nrefs - 1].kfunc = kfunc;
	gen_holds(g, 0, v);
	if (v.kind == h_memory && gen_pick(g, 2))
		gen_access(g, 0, (s32)v.room - 8, 8, true);
	if (v.kind == h_sock && gen_pick(g, 2))
		stmt_sock_fields(g);
	if (v.kind == h_typed && gen_pick(g, 2) && gen_saved(g) != NONE)
		gen_copy(g, gen_saved(g), 0);
	gen_statements(g, gen_pick(g, 3));
	gen_leave(g);
	gen_aim(g, jump);
	gen_meet(&g->s, &before);
	gen_feature(g, fuzz_reference);
}

void stmt_ringbuf(struct gen *g)
{
	u32 locked = g->locked, size = 8 * (1 + gen_pick(g, 6));

	if (!gen_can_call(g) || g->nrefs == REFS || g->depth >= 3)
		return;
	arg_map(g, 1, fuzz_map_ring);
	arg_number(g, 2, size);
	arg_number(g, 3, 0);
	gen_do_call(g, SKEP_FUNC_ringbuf_reserve, locked);
	gen_with_reference(
		g, gen_pick(g, 2) ? end_submit : end_discard, 0,
		(struct value){
			.kind = h_memory, .map = NONE, .fixed = true, .room = size});
}

void stmt_socket(struct gen *g)
{
	u32 locked = g->locked;

	if (!gen_can_call(g) || g->nrefs == REFS || g->depth >= 3 ||
	    !g->type->has_sockets || !g->has_ctx)
		return;
	arg_ctx(g, 1);
	arg_memory(g, 2, 36, false);
	arg_number(g, 3, gen_pick(g, 2) ? 12 : 36);
	arg_number(g, 4, -1);
	arg_number(g, 5, 0);
	gen_do_call(g, gen_pick(g, 2) ? SKEP_FUNC_sk_lookup_tcp : SKEP_FUNC_sk_lookup_udp,
		    locked);
	gen_with_reference(g, end_sock, 0, (struct value){.kind = h_sock, .room = 80});
}

/* ---- calls of functions ---- */

void stmt_tail_call(struct gen *g)
{
	u32 locked = g->locked;

	/* an array of typed programs is one target's */
	if (!gen_can_call(g) || g->nrefs || !g->has_ctx || g->locked_words ||
	    g->writing || g->type->target)
		return;
	arg_ctx(g, 1);
	arg_map(g, 2, FUZZ_MAPS_N + g->type_row);
	arg_size(g, 3, 0, 5);
	gen_do_call(g, SKEP_FUNC_tail_call, locked);
	g->s.reg[0].kind = h_none;
	gen_feature(g, fuzz_tail_call);
}

struct func *gen_new_func(struct gen *g)
{
	return g->nfuncs < FUNCS ? &g->funcs[g->nfuncs++] : NULL;
}

/* The context, and some of: a number, memory of this frame, a map's value. */
static void signature(struct gen *g, struct func *f)
{
	u32 i, n = gen_pick(g, 3);

	f->arg[f->nargs++] = (struct value){.kind = h_ctx};
	for (i = 0; i < n; i++) {
		struct value *v = &f->arg[f->nargs++];

		switch (gen_pick(g, 3)) {
		case 0: *v = (struct value){.kind = h_scalar, .most = UINT64_MAX}; break;
		case 1:
			*v = (struct value){
				.kind = h_memory, .map = NONE, .fixed = true, .room = 48};
			break;
		default:
			*v = (struct value){.kind = h_memory,
					    .map = fuzz_map_global,
					    .fixed = true,
					    .room = 40};
		}
	}
}

static void argument(struct gen *g, u8 reg, const struct value *v)
{
	if (v->kind == h_ctx) {
		arg_ctx(g, reg);
	} else if (v->kind == h_scalar) {
		gen_copy(g, reg, gen_need_scalar(g));
		g->locked |= 1u << reg;
	} else if (v->map == NONE) {
		arg_stack(g, reg, BUFFER);
	} else {
		EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX_VALUE,
		     .imm = v->map);
		gen_holds(g, reg, (struct value){0});
		g->locked |= 1u << reg;
	}
}

void stmt_function(struct gen *g)
{
	u32 locked = g->locked, which, i;
	struct func *f;

	if (!gen_can_call(g) || !g->has_ctx || g->ncalls == ARRAY_SIZE(g->calls))
		return;
	which = g->nfuncs > g->writing && gen_pick(g, 2)
			? g->writing + gen_pick(g, g->nfuncs - g->writing)
			: g->nfuncs;
	f = which < g->nfuncs ? &g->funcs[which] : gen_new_func(g);
	if (!f || f->is_callback || f->global || f->start)
		return;
	if (!f->nargs)
		signature(g, f);
	for (i = 0; i < f->nargs; i++)
		argument(g, (u8)(i + 1), &f->arg[i]);
	g->calls[g->ncalls].at = g->p->n;
	g->calls[g->ncalls++].func = which;
	EMIT(g, call_local, .off = 0);
	g->locked = locked;
	for (i = 1; i <= 5; i++)
		gen_holds(g, (u8)i, (struct value){0});
	gen_scalar(g, 0, UINT64_MAX);
	gen_feature(g, fuzz_function);
}

void arg_function(struct gen *g, u8 reg, u32 func)
{
	g->calls[g->ncalls].at = g->p->n;
	g->calls[g->ncalls++].func = func;
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_FUNC, .imm = 0);
	g->locked |= 1u << reg;
}

/* (index, frame) for bpf_loop; (map, key, value, frame) for bpf_for_each_map_elem */
static void callback_signature(struct func *f, bool walk, u32 map)
{
	struct value frame = {.kind = h_memory, .map = NONE, .fixed = true, .room = 48};
	struct value value = {
		.kind = h_memory, .map = (u8)map, .fixed = true, .room = maps[map].value};
	struct value key = {.kind = h_memory,
			    .map = NONE,
			    .fixed = true,
			    .read_only = true,
			    .room = maps[map].key};

	f->is_callback = true;
	f->nargs = walk ? 4 : 2;
	f->arg[0] = walk ? (struct value){.kind = h_map}
			 : (struct value){.kind = h_scalar, .most = UINT32_MAX};
	f->arg[1] = walk ? key : frame;
	f->arg[2] = value;
	f->arg[3] = frame;
}

void stmt_callback(struct gen *g)
{
	static const u8 walked[] = {fuzz_map_hash, fuzz_map_array, fuzz_map_percpu,
				    fuzz_map_lru};
	bool walk = gen_pick(g, 2);
	u32 locked = g->locked, map = walked[gen_pick(g, ARRAY_SIZE(walked))];
	struct func *f;

	if (!gen_can_call(g) || g->ncalls == ARRAY_SIZE(g->calls))
		return;
	f = gen_new_func(g);
	if (!f)
		return;
	callback_signature(f, walk, map);
	if (walk)
		arg_map(g, 1, map);
	else
		arg_size(g, 1, 0, 100);
	arg_function(g, 2, g->nfuncs - 1);
	arg_stack(g, 3, BUFFER);
	arg_number(g, 4, 0);
	gen_do_call(g, walk ? SKEP_FUNC_for_each_map_elem : SKEP_FUNC_loop, locked);
	gen_feature(g, fuzz_callback);
}
