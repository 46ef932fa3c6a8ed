/* access_ctx.c - contexts, and what is reached from them: packets, sockets, flow keys */
#include <skep/abi_ctx.h>
#include "access.h"

static const struct rule_field *
find_field(struct verifier *v, const struct rule_ctx *rule, const struct access *a)
{
	const struct rule_field *f =
		rules_ctx_field(rule, a->off, a->size, a->how == mem_write, v->profile);

	/* half of a pointer is no number that could have a sign */
	return f && a->sign && f->type != reg_scalar ? NULL : f;
}

static void load_field(struct verifier *v, const struct rule_field *f, struct reg *to)
{
	if (f->type == reg_scalar) {
		reg_set_unknown(to);
		return;
	}
	reg_set_pointer(to, f->type, f->flags);
	if (f->type == reg_btf) {
		to->btf = v->profile->vmlinux;
		to->btf_id =
			to->btf ? skep_btf_find(to->btf, f->btf, SKEP_BTF_KIND_STRUCT)
				: 0;
		if (!to->btf_id)
			refuse(v, typed_access_later);
	}
	if (f->flags & flag_null)
		to->id = new_id(v);
}

static void note_end(struct verifier *v, const struct access *a)
{
	u32 end = (u32)a->off + a->size;

	v->result->ctx_end = MAX(v->result->ctx_end, end);
}

void access_ctx(struct verifier *v, const struct access *a)
{
	const struct rule_ctx *rule = rules_ctx(v->prog->type, v->prog->attach_type);
	const struct rule_field *f;

	access_leak(v, a, "ctx");
	mem_check_plain(v, a->regno, a->r, false);
	if (!rule || rule->btf) {
		access_typed_ctx(v, a);
		note_end(v, a);
		return;
	}
	f = find_field(v, rule, a);
	if (!f)
		refuse(v, bad_ctx_access, a->off, a->size);
	note_end(v, a);
	if (a->how == mem_read && a->value >= 0)
		load_field(v, f, &regs_of(v)[a->value]);
}

void access_object(struct verifier *v, const struct access *a)
{
	const struct rule_ctx *rule = rules_object(a->r->type);
	char buf[64];

	if (a->how == mem_write)
		refuse(v, cannot_write, a->regno, reg_type_name(v, a->r, buf));
	if (a->r->n.smin < 0)
		refuse(v, min_negative, a->regno);
	if (!rule || !find_field(v, rule, a))
		refuse(v, bad_object_access, a->regno, reg_type_name(v, a->r, buf),
		       a->off, a->size);
	access_unknown(v, a);
}

void access_flow_keys(struct verifier *v, const struct access *a)
{
	access_leak(v, a, "flow keys");
	if (a->off < 0 || (u64)a->off + a->size > sizeof(struct skep_flow_keys))
		refuse(v, bad_flow_keys_access, a->off, a->size);
	access_unknown(v, a);
}

/* The range counts from the register's variable part, which was compared with it. */
void access_packet_range(struct verifier *v, const struct access *a, bool zero)
{
	if (a->r->n.smin < 0)
		refuse(v, min_negative, a->regno);
	if (a->r->range < 0)
		refuse(v, packet_end, a->regno);
	if (!access_in(v, a, a->off, (u64)a->r->range, zero))
		refuse(v, packet_outside, a->regno);
}

void access_packet(struct verifier *v, const struct access *a)
{
	const struct rule_prog *rule = rules_prog(v->prog->type);

	if (a->how == mem_write && (!rule || !rule->packet_write))
		refuse(v, packet_write);
	access_leak(v, a, "packet");
	access_packet_range(v, a, false);
	access_unknown(v, a);
}

/* Where the packet is shorter, the running function returns 0. */
static void packet_load_exit(struct verifier *v, const struct insn *in)
{
	path_fork(v, v->insn + 1, v->insn);
	reg_set_const(&regs_of(v)[0], 0);
	do_exit(v, in);
}

void do_packet_load(struct verifier *v, const struct insn *in)
{
	const struct rule_prog *rule = rules_prog(v->prog->type);
	struct reg *r = regs_of(v);

	if (!rule || !rule->ld_abs)
		refuse(v, packet_load_type);
	reg_read(v, 6);
	ref_check_none(v, false, "BPF_LD_[ABS|IND]");
	if (r[6].type != reg_ctx)
		refuse(v, packet_load_ctx);
	if (!op_info[in->op].is_imm)
		reg_read(v, in->src);
	mem_check_plain(v, 6, &r[6], false);
	for (u32 i = 0; i <= 5; i++)
		reg_set_none(&r[i]);
	reg_set_unknown(&r[0]);
	if (v->cur->depth)
		packet_load_exit(v, in);
}
