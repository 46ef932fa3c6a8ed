/* verify_fuzz_kfunc.c - the generator's statements: any function of the kernel
 *
 * Arguments are made from what BTF says of the function: types, and the endings of names
 * that the kernel's Documentation/bpf/kfuncs.rst describes.
 */
#include <stdio.h>
#include "btf.h"
#include "verify_fuzz_gen.h"

static bool ends(const char *name, const char *with)
{
	size_t len = strlen(name), n = strlen(with);

	return len >= n && !strcmp(name + len - n, with);
}

static bool has_part(const char *name, const char *const *parts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* ---- arguments ---- */

static void arg_typed(struct gen *g, u8 reg, u32 id)
{
	u32 i, from = gen_pick(g, FP);
	u8 has = NONE;

	for (i = 0; i < FP && has == NONE; i++)
		if (g->s.reg[(from + i) % FP].kind == h_typed &&
		    g->s.reg[(from + i) % FP].btf == id)
			has = (u8)((from + i) % FP);
	if (has != NONE && has != reg)
		EMIT(g, mov64x, .dst = reg, .src = has);
	else if (has == NONE) /* it may be allowed to be null */
		EMIT(g, mov64k, .dst = reg, .imm = 0);
	gen_holds(g, reg, (struct value){0});
	g->locked |= 1u << reg;
}

static bool is_context(const char *name)
{
	static const char *const names[] = {
		"__sk_buff",	      "sk_buff",	  "xdp_md", "xdp_buff",
		"bpf_sock_addr_kern", "bpf_sock_ops_kern"};

	return has_part(name, names, ARRAY_SIZE(names));
}

static void arg_pointer(struct gen *g, u8 reg, u32 to, const char *name)
{
	const char *of = btf_name(case_vmlinux(), to);

	if (!strcmp(of, "bpf_dynptr"))
		arg_stack(g, reg, LOCAL_DYNPTR);
	else if ((is_context(of) || ends(name, "ctx")) && g->has_ctx)
		arg_ctx(g, reg);
	else if (ends(name, "__str") ||
		 (btf_kind_of(case_vmlinux(), to) == SKEP_BTF_KIND_INT &&
		  btf_size(case_vmlinux(), to) == 1))
		arg_constant(g, reg, 9);
	else if (ends(name, "__ign") || ends(name, "__map"))
		gen_pick(g, 2) ? arg_map(g, reg, fuzz_map_array) : arg_number(g, reg, 0);
	else if (btf_kind_of(case_vmlinux(), to) == SKEP_BTF_KIND_STRUCT &&
		 (!btf_name(case_vmlinux(), to)[0] || gen_pick(g, 8)))
		arg_typed(g, reg, to);
	else
		arg_memory(g, reg, 32, true);
}

static void arg_of_type(struct gen *g, u8 reg, const struct skep_btf_param *p)
{
	const struct skep_btf *btf = case_vmlinux();
	const char *name = btf_str(btf, p->name_off);
	u32 id = btf_skip(btf, p->type);

	if (btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR)
		arg_pointer(g, reg, btf_skip(btf, btf_type(btf, id)->type), name);
	else if (ends(name, "__sz") || ends(name, "size") || ends(name, "len"))
		arg_size(g, reg, 0, 32);
	else if (ends(name, "__k") || ends(name, "__szk") || !gen_pick(g, 2))
		arg_number(g, reg, gen_pick(g, 33));
	else
		arg_size(g, reg, 0, 100);
}

static const struct skep_btf_type *proto_of(u32 func)
{
	return btf_type(case_vmlinux(), btf_type(case_vmlinux(), func)->type);
}

/* From the argument `from` on. */
static void all_arguments(struct gen *g, u32 func, u32 from)
{
	const struct skep_btf_type *proto = proto_of(func);
	const struct skep_btf_param *params = btf_tail(proto);
	u32 i;

	for (i = from; i < MIN(btf_vlen(proto), 5u); i++)
		arg_of_type(g, (u8)(i + 1), &params[i]);
}

static bool takes(u32 func, const char *of)
{
	const struct skep_btf_type *proto = proto_of(func);
	const struct skep_btf_param *params = btf_tail(proto);
	u32 i;

	for (i = 0; i < btf_vlen(proto); i++)
		if (!strcmp(btf_name(case_vmlinux(), gen_struct_behind(params[i].type)),
			    of))
			return true;
	return false;
}

/* ---- what it gives ---- */

static u32 release_of(u32 id)
{
	static const struct {
		const char *of, *release;
	} rows[] = {
		{"task_struct", "bpf_task_release"},
		{"cgroup", "bpf_cgroup_release"},
		{"bpf_cpumask", "bpf_cpumask_release"},
		{"bpf_key", "bpf_key_put"},
		{"nf_conn", "bpf_ct_release"},
		{"nf_conn___init", "bpf_ct_release"},
		{"bpf_crypto_ctx", "bpf_crypto_ctx_release"},
		{"xfrm_state", "bpf_xdp_xfrm_state_release"},
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(btf_name(case_vmlinux(), id), rows[i].of))
			return skep_btf_find(case_vmlinux(), rows[i].release,
					     SKEP_BTF_KIND_FUNC);
	return 0;
}

static bool acquires(u32 func)
{
	static const char *const parts[] = {"_acquire",	 "_from_",    "_create",
					    "_lookup",	 "_ct_alloc", "_get_cgroup1",
					    "_ancestor", "_insert",   "_xfrm_state"};

	return has_part(btf_name(case_vmlinux(), func), parts, ARRAY_SIZE(parts));
}

/* r0 is an object of that type, or null. */
static void with_object(struct gen *g, u32 of)
{
	gen_with_reference(g, end_object, release_of(of),
			   (struct value){.kind = h_typed, .map = NONE, .btf = of});
}

static void take_result(struct gen *g, u32 func)
{
	u32 to = gen_struct_behind(proto_of(func)->type);
	u32 id = btf_skip(case_vmlinux(), proto_of(func)->type);

	if (to && acquires(func) && release_of(to))
		with_object(g, to);
	else if (to)
		gen_hold_typed(g, 0, to);
	else if (btf_kind_of(case_vmlinux(), id) != SKEP_BTF_KIND_INT)
		gen_holds(g, 0, (struct value){0});
}

/* ---- statements ---- */

/* Half of the time one whose argument is at hand. */
static u32 any_kfunc(struct gen *g)
{
	static const char *const likely[] = {
		"bpf_dynptr",  "bpf_task_",	  "bpf_cpumask_", "bpf_str",
		"bpf_cgroup_", "bpf_rdonly_cast", "bpf_cast_to"};
	const struct fuzz_kernel *k = &g->base->kernel;
	u32 id = 0, tries;

	if (!k->kfuncs.n)
		return 0;
	for (tries = 0; tries < 12; tries++) {
		id = k->kfuncs.at[gen_pick(g, (u32)k->kfuncs.n)];
		if (has_part(btf_name(case_vmlinux(), id), likely, ARRAY_SIZE(likely)))
			return id;
		if (!gen_pick(g, 12))
			return id;
	}
	return id;
}

/* What ends or begins what another one does is called where that is. */
static bool is_of_pair(const char *name)
{
	static const char *const parts[] = {
		"_release", "_put", "lock", "bpf_iter_", "_irq", "preempt", "bpf_throw"};

	return has_part(name, parts, ARRAY_SIZE(parts));
}

void stmt_kfunc(struct gen *g)
{
	u32 locked, func = any_kfunc(g);

	if (!func || !gen_can_enter(g) || is_of_pair(btf_name(case_vmlinux(), func)))
		return;
	if (takes(func, "task_struct")) {
		gen_call(g, SKEP_FUNC_get_current_task_btf);
		gen_holds(g, 0,
			  (struct value){.kind = h_typed,
					 .map = NONE,
					 .btf = g->base->kernel.task});
	}
	if (takes(func, "bpf_dynptr"))
		gen_local_dynptr(g);
	locked = g->locked;
	all_arguments(g, func, 0);
	g->locked = locked;
	gen_call_kernel_id(g, func);
	take_result(g, func);
	gen_feature(g, fuzz_kfunc);
}

static u32 part_of(const char *kind, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "bpf_iter_%s_%s", kind, what);
	return skep_btf_find(case_vmlinux(), name, SKEP_BTF_KIND_FUNC);
}

void stmt_any_iterator(struct gen *g)
{
	static const char *const kinds[] = {"bits", "task", "css",	  "task_vma",
					    "bits", "task", "kmem_cache", "dmabuf"};
	const char *kind = kinds[gen_pick(g, ARRAY_SIZE(kinds))];
	u32 create = part_of(kind, "new"), locked, i;

	if (!create || !gen_can_enter(g) || g->in_loop || g->depth >= 2)
		return;
	for (i = 0; i < g->nrefs; i++)
		if (g->refs[i].slot == ITERATOR_SLOT)
			return;
	gen_call(g, SKEP_FUNC_get_current_task_btf);
	gen_holds(g, 0,
		  (struct value){
			  .kind = h_typed, .map = NONE, .btf = g->base->kernel.task});
	locked = g->locked;
	arg_stack(g, 1, ITERATOR_SLOT);
	all_arguments(g, create, 1);
	g->locked = locked;
	gen_call_kernel_id(g, create);
	gen_walk_iterator(g, ITERATOR_SLOT, part_of(kind, "next"),
			  part_of(kind, "destroy"));
	gen_feature(g, fuzz_kfunc);
}

/* ---- pointers kept in maps ---- */

static void load_kept(struct gen *g, s32 off)
{
	u8 to = gen_dest(g);

	EMIT(g, ldx_dw, .dst = to, .src = 0, .off = off);
	gen_hold_typed(g, to, g->base->kernel.task);
}

static void call_exchange(struct gen *g)
{
	EMIT(g, ldx_dw, .dst = 1, .src = FP, .off = KEPT_SLOT);
	EMIT(g, add64k, .dst = 1, .imm = FUZZ_KPTR_OFF);
	gen_call(g, SKEP_FUNC_kptr_xchg);
}

static void leave_if_none(struct gen *g)
{
	u32 jump;

	EMIT(g, jne64k, .dst = 0, .imm = 0);
	jump = g->p->n - 1;
	gen_bail(g);
	gen_aim(g, jump);
}

/* r0 holds the value: what it kept is ended; what it keeps is nothing, or was acquired,
 * or kept before. */
static void exchange(struct gen *g)
{
	u32 how = gen_pick(g, 4);

	EMIT(g, stx_dw, .dst = FP, .src = 0, .off = KEPT_SLOT);
	EMIT(g, mov64k, .dst = 2, .imm = 0);
	if (how == 0) {
		call_exchange(g);
		leave_if_none(g);
	} else if (how == 1) {
		gen_call(g, SKEP_FUNC_get_current_task_btf);
		EMIT(g, mov64x, .dst = 1, .src = 0);
		gen_call_kernel_id(g, skep_btf_find(case_vmlinux(), "bpf_task_acquire",
						    SKEP_BTF_KIND_FUNC));
		leave_if_none(g);
	}
	if (how < 2)
		EMIT(g, mov64x, .dst = 2, .src = 0);
	call_exchange(g);
	with_object(g, g->base->kernel.task);
}

void stmt_kptr(struct gen *g)
{
	if (!gen_can_enter(g))
		return;
	gen_look_up(g, fuzz_map_kptr);
	gen_holds(g, 0, (struct value){0});
	gen_feature(g, fuzz_kptr);
	switch (gen_pick(g, 4)) {
	case 0: load_kept(g, FUZZ_KPTR_OFF - 8); break;
	case 1: load_kept(g, FUZZ_KPTR_OFF); break;
	case 2: EMIT(g, st_dw, .dst = 0, .off = FUZZ_KPTR_OFF - 8, .imm = 0); break;
	default: exchange(g);
	}
}
