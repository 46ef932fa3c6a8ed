/* lddw: constants of 64 bits, addresses of maps, values and functions; and casts between
 * the address spaces of an arena. */
#include "alu.h"
#include "typed.h"

static void load_map(struct verifier *v, const struct insn *in, struct reg *d)
{
	u32 map = (u32)in->imm;
	bool value = in->src == SKEP_PSEUDO_MAP_IDX_VALUE;

	if (value && v->prog->maps[map].type == SKEP_MAP_TYPE_ARENA) {
		reg_set_unknown(d);
		return;
	}
	reg_set_pointer(d, value ? reg_value : reg_map, 0);
	d->map = map;
	if (value)
		d->off = (s32)((u64)in->imm >> 32);
}

/* By func_info: whether the function that begins at `insn` is static. */
static bool is_static(const struct verifier *v, u32 insn)
{
	const struct verify_prog *p = v->prog;

	for (u32 i = 0; i < p->nfunc_info; i++) {
		const u8 *info = (const u8 *)p->func_info + (size_t)i * p->func_info_size;

		/* struct bpf_func_info: insn_off, type_id */
		if (load32(info) == insn)
			return btf_vlen(btf_type(p->btf, load32(info + 4))) ==
			       SKEP_BTF_FUNC_STATIC;
	}
	return false;
}

static void load_func(struct verifier *v, const struct insn *in, struct reg *d)
{
	u32 insn = v->insn + 1 + (u32)in->imm;

	if (!v->prog->nfunc_info || !v->prog->btf)
		refuse(v, callback_no_info);
	if (!is_static(v, insn))
		refuse(v, callback_not_static);
	reg_set_pointer(d, reg_func, 0);
	d->func = (u32)flow_func_at(&v->flow, insn);
}

void do_lddw(struct verifier *v, const struct insn *in)
{
	struct reg *d = reg_write(v, in->dst);

	switch (in->src) {
	case SKEP_PSEUDO_CONST: reg_set_const(d, (u64)in->imm); break;
	case SKEP_PSEUDO_MAP_IDX:
	case SKEP_PSEUDO_MAP_IDX_VALUE: load_map(v, in, d); break;
	case SKEP_PSEUDO_FUNC: load_func(v, in, d); break;
	case SKEP_PSEUDO_BTF_ID: typed_load_symbol(v, in, d); break;
	default: refuse(v, ksym_address);
	}
}

void do_addr_space_cast(struct verifier *v, const struct insn *in)
{
	bool to_pointer = (u32)in->imm == 1; /* from space 1, the arena's */
	struct reg *d;

	if (!v->arena)
		refuse(v, cast_without_arena);
	reg_read(v, in->src);
	d = reg_write(v, in->dst);
	reg_set_unknown(d);
	if (to_pointer)
		d->type = reg_arena;
}
