/* What registers, calls and maps are called. */
#include "call.h"
#include "explain_tale.h"

static const char *const type_words[reg_types] = {
	[reg_none] = "nothing that was written",
	[reg_scalar] = "a number",
	[reg_ctx] = "the context",
	[reg_map] = "a map",
	[reg_value] = "a pointer to a value",
	[reg_key] = "a pointer to a key",
	[reg_stack] = "a pointer to the stack",
	[reg_packet_meta] = "a pointer to the packet's metadata",
	[reg_packet] = "a pointer into the packet",
	[reg_packet_end] = "the end of the packet",
	[reg_flow_keys] = "a pointer to flow keys",
	[reg_socket] = "a socket",
	[reg_sock_common] = "a socket (common part)",
	[reg_tcp_sock] = "a TCP socket",
	[reg_tp_buffer] = "a pointer to a tracepoint's buffer",
	[reg_xdp_sock] = "an XDP socket",
	[reg_btf] = "a pointer to a struct of the kernel",
	[reg_mem] = "a pointer to memory",
	[reg_arena] = "a pointer into an arena",
	[reg_buf] = "a pointer to a buffer",
	[reg_func] = "the address of a function",
	[reg_dynptr] = "a dynptr",
};

const char *tale_type(struct tale *t, const struct reg *r)
{
	const char *null = r->flags & flag_null ? ", or NULL" : "";

	if (r->type == reg_scalar)
		return tale_text(t, scalar_is_const(&r->n) ? "the number %s" : "%s",
				 tale_range(t, &r->n));
	if (r->type == reg_value || r->type == reg_map || r->type == reg_key)
		return tale_text(t, "%s%s '%s'%s", type_words[r->type],
				 r->type == reg_map ? "" : " of map",
				 reg_map_of(t->v, r)->name, null);
	if (r->type == reg_mem && r->flags & flag_ringbuf)
		return tale_text(t, "a pointer to a record of a ring buffer%s", null);
	if (r->type == reg_mem)
		return tale_text(t, "a pointer to %u bytes of memory%s%s", r->size,
				 r->flags & flag_rdonly ? " that is read-only" : "",
				 null);
	return tale_text(t, "%s%s", type_words[r->type], null);
}

const char *tale_call(struct tale *t, u32 insn)
{
	const struct insn *in = &t->v->insns[insn];
	const struct helper_proto *h;
	int func;

	if (in->op == op_call_helper) {
		h = rules_helper((u32)in->imm);
		if (h)
			return tale_text(t, "bpf_%s()", h->name);
		return tale_text(t, "helper %d", (int)in->imm);
	}
	if (in->op == op_call_local) {
		func = flow_func_at(&t->v->flow, insn + 1 + (u32)in->off);
		if (func >= 0 && *func_name(t->v, (u32)func))
			return tale_text(t, "%s()", func_name(t->v, (u32)func));
		return "a function of the program";
	}
	return "a function of the kernel";
}

/* The map of an instruction that names one. */
static const struct verify_map *named_map(const struct tale *t, const struct insn *in)
{
	bool names = in->op == op_lddw && (in->src == SKEP_PSEUDO_MAP_IDX ||
					   in->src == SKEP_PSEUDO_MAP_IDX_VALUE);

	return names && (u32)in->imm < t->v->prog->nmaps ? &t->v->prog->maps[(u32)in->imm]
							 : NULL;
}

const struct verify_map *tale_map(const struct tale *t)
{
	if (t->reg.type == reg_value || t->reg.type == reg_key || t->reg.type == reg_map)
		return reg_map_of(t->v, &t->reg);
	for (int i = 1; t->regs && i <= 5; i++)
		if (t->regs[i].type == reg_map || t->regs[i].type == reg_value)
			return reg_map_of(t->v, &t->regs[i]);
	return t->insn < t->v->n ? named_map(t, &t->v->insns[t->insn]) : NULL;
}

const struct skep_btf_var_secinfo *tale_variable(const struct verify_map *map, s64 off)
{
	const struct skep_btf_var_secinfo *var;
	const struct skep_btf_type *ty;

	if (!map->btf || btf_kind_of(map->btf, map->value_type) != SKEP_BTF_KIND_DATASEC)
		return NULL;
	ty = btf_type(map->btf, map->value_type);
	var = btf_tail(ty);
	for (u32 i = 0; i < btf_vlen(ty); i++)
		if (off >= var[i].offset && off - var[i].offset < var[i].size)
			return &var[i];
	return NULL;
}
