/* typed_ksym.c - symbols of the kernel: lddw of their addresses, and the CPU's own of
 * those that each has */
#include "typed.h"
#include "access.h"
#include <errno.h>

void typed_check_symbol(struct verifier *v, const struct insn *in)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = (u32)in->imm;
	u32 kind, type;

	if ((u64)in->imm >> 32)
		refuse(v, symbol_module);
	if (!btf)
		refuse(v, symbol_no_btf);
	if (id >= btf->end_id)
		refuse(v, symbol_none, (int)id);
	kind = btf_kind_of(btf, id);
	if (kind != SKEP_BTF_KIND_VAR && kind != SKEP_BTF_KIND_FUNC)
		refuse(v, symbol_kind, (int)id);
	if (kind == SKEP_BTF_KIND_FUNC)
		return;
	if (!v->profile->variables)
		refuse(v, symbol_unknown, btf_name(btf, id));
	type = btf_skip(btf, btf_type(btf, id)->type);
	if (!access_btf_is_struct(btf, type) && btf_size(btf, type) == BTF_NO_SIZE)
		refuse(v, symbol_size, btf_name(btf, type), -EINVAL);
}

/* Each CPU has its own. */
static bool is_percpu(struct verifier *v, u32 var)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = access_typed_find(v, ".data..percpu", SKEP_BTF_KIND_DATASEC);
	const struct skep_btf_var_secinfo *at = id ? btf_tail(btf_type(btf, id)) : NULL;

	for (u32 i = 0; id && i < btf_vlen(btf_type(btf, id)); i++)
		if (at[i].type == var)
			return true;
	return false;
}

static void set_typed(struct reg *r, const struct skep_btf *btf, u32 id, u32 flags)
{
	reg_set_pointer(r, reg_btf, flags);
	r->btf = btf;
	r->btf_id = id;
}

void typed_load_symbol(struct verifier *v, const struct insn *in, struct reg *d)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = (u32)in->imm, type = btf_type(btf, id)->type;

	if (btf_kind_of(btf, id) == SKEP_BTF_KIND_FUNC) {
		reg_set_pointer(d, reg_mem, flag_rdonly);
		d->size = 0;
	} else if (is_percpu(v, id)) {
		set_typed(d, btf, type, flag_percpu);
	} else if (access_btf_is_struct(btf, btf_skip(btf, type))) {
		set_typed(d, btf, type, 0);
	} else {
		reg_set_pointer(d, reg_mem, flag_rdonly);
		d->size = btf_size(btf, type);
	}
}

void typed_give_percpu(struct verifier *v, const struct call *call, struct reg *r,
		       u32 flags)
{
	const struct skep_btf *btf = call->percpu_btf;
	const u32 id = btf_skip(btf, call->percpu_id), size = btf_size(btf, id);

	if (call->percpu_made) {
		set_typed(r, btf, call->percpu_id, flag_alloc | flag_rcu);
		return;
	}
	if (access_btf_is_struct(btf, id)) {
		set_typed(r, btf, call->percpu_id, flags);
		return;
	}
	if (size == BTF_NO_SIZE)
		refuse(v, percpu_size, btf_name(btf, id), -EINVAL);
	reg_set_pointer(r, reg_mem, flags | flag_rdonly);
	r->size = size;
}
