/* Calls of kernel functions: may this program call it, do the arguments fit, what does it
 * return. */
#include "kfunc.h"
#include "access.h"
#include "call.h"

enum short_flag {
	NEW = kfunc_new,
	NEXT = kfunc_next,
	DESTROY = kfunc_destroy,
	LOCKED = kfunc_locked,
};

#define EVERY	(~0ull)
#define T(type) (1ull << SKEP_PROG_TYPE_##type)

static const struct kfunc kfuncs[] = {
#define KFUNC(name, flags, types) {#name, flags, types},
#include "kfunc.def"
};

/* ---- which ---- */

static u32 proto_of(const struct skep_btf *btf, s64 id)
{
	if (!btf || id <= 0 || id >= btf->end_id ||
	    btf_kind_of(btf, (u32)id) != SKEP_BTF_KIND_FUNC)
		return 0;
	return btf_type(btf, (u32)id)->type;
}

const struct kfunc *kfunc_find(const struct verifier *v, s64 btf_id, u32 *proto)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	u32 id = proto_of(btf, btf_id);

	if (proto)
		*proto = id;
	for (u32 i = 0; id && i < ARRAY_SIZE(kfuncs); i++)
		if (!strcmp(btf_name(btf, (u32)btf_id), kfuncs[i].name))
			return &kfuncs[i];
	return NULL;
}

void kfunc_check_named(void *ctx, u32 insn)
{
	struct verifier *v = ctx;
	const struct insn *in = &v->insns[insn];

	if (!v->prog->gpl)
		refuse(v, kfunc_gpl);
	if (in->imm && !in->off && v->profile->vmlinux &&
	    !proto_of(v->profile->vmlinux, in->imm))
		refuse(v, kfunc_no_func, (u32)in->imm);
}

static bool is(const struct kfunc_call *call, const char *name)
{
	return !strcmp(call->kfunc->name, name);
}

static void check_allowed(struct verifier *v, const struct kfunc_call *call)
{
	if (v->cur->locks && !(call->kfunc->flags & kfunc_locked))
		refuse(v, call_in_lock);
	if (v->prog->type >= 64 || !(call->kfunc->types >> v->prog->type & 1))
		refuse(v, kfunc_forbidden, call->kfunc->name);
}

/* ---- arguments ---- */

static bool is_number(const struct skep_btf *btf, u32 id)
{
	u32 kind = btf_kind_of(btf, btf_skip(btf, id));

	return kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_ENUM ||
	       kind == SKEP_BTF_KIND_ENUM64;
}

/* What a pointer points to; 0: it is none, or to void. */
static u32 pointee(const struct skep_btf *btf, u32 id)
{
	id = btf_skip(btf, id);
	return btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR
		       ? btf_skip(btf, btf_type(btf, id)->type)
		       : 0;
}

static void check_object(struct verifier *v, u32 regno, u32 type)
{
	const struct reg *r = &regs_of(v)[regno];

	if (r->type != reg_btf || r->flags != flag_trusted ||
	    r->btf != v->profile->vmlinux || !scalar_is_const(&r->n) || r->n.bits.value ||
	    !arg_is_typed(r, type))
		refuse(v, later_kfunc);
}

static void check_arg(struct verifier *v, struct kfunc_call *call, u32 i, u32 type)
{
	u32 regno = i + 1, to = pointee(call->btf, type);
	const struct reg *r = &regs_of(v)[regno];

	if (is_number(call->btf, type)) {
		if (r->type != reg_scalar)
			refuse(v, kfunc_not_number, regno);
	} else if (!to || !access_btf_is_struct(call->btf, to)) {
		refuse(v, later_kfunc);
	} else if (!i && call->kfunc->flags & kfunc_iter) {
		iter_check(v, call, regno, to);
	} else if (!strcmp(btf_name(call->btf, to), "bpf_dynptr")) {
		arg_check_offset(v, regno, false);
		dynptr_check(v, regno, dynptr_read, dynptr_none);
	} else {
		check_object(v, regno, to);
	}
}

static void check_args(struct verifier *v, struct kfunc_call *call)
{
	const struct skep_btf_type *t = btf_type(call->btf, call->proto);
	const struct skep_btf_param *p = btf_tail(t);

	if (btf_vlen(t) > 5)
		refuse(v, later_kfunc);
	for (u32 i = 0; i < btf_vlen(t); i++)
		check_arg(v, call, i, p[i].type);
}

/* ---- sections ---- */

static void leave_rcu(struct verifier *v)
{
	struct reg *r;

	state_each_reg(v->cur, walk, r)
	{
		if (!(r->flags & flag_rcu))
			continue;
		r->flags &= ~(u32)(flag_rcu | flag_null);
		r->flags |= flag_untrusted;
	}
}

static void check_sections(struct verifier *v, const struct kfunc_call *call)
{
	struct state *s = v->cur;

	if (is(call, "bpf_rcu_read_lock")) {
		if (s->rcu_locks)
			refuse(v, rcu_nested, call->kfunc->name);
		s->rcu_locks++;
	} else if (is(call, "bpf_rcu_read_unlock")) {
		if (!s->rcu_locks)
			refuse(v, rcu_unmatched, call->kfunc->name);
		s->rcu_locks--;
		leave_rcu(v);
	} else if (is(call, "bpf_preempt_disable")) {
		s->preempt_locks++;
	} else if (is(call, "bpf_preempt_enable")) {
		if (!s->preempt_locks)
			refuse(v, preempt_unmatched, call->kfunc->name);
		s->preempt_locks--;
	}
}

/* ---- what it gives ---- */

static void give(struct verifier *v, const struct kfunc_call *call)
{
	u32 type = btf_type(call->btf, call->proto)->type, to = pointee(call->btf, type);
	struct reg *r = &regs_of(v)[0];

	if (!btf_skip(call->btf, type))
		return;
	if (is_number(call->btf, type)) {
		reg_set_unknown(r);
		return;
	}
	if (!(call->kfunc->flags & kfunc_next) || !to || !is_number(call->btf, to))
		refuse(v, later_kfunc);
	reg_set_pointer(r, reg_mem, flag_null | flag_rdonly);
	r->size = btf_size(call->btf, to);
	r->ref = call->ref;
	r->id = new_id(v);
}

/* Of a function that this kernel has not (id 0): legal where no path comes, or where what
 * it gives is not looked at until kfunc_check_left(). */
void do_call_kfunc(struct verifier *v, const struct insn *in)
{
	struct kfunc_call call = {.btf = v->profile->vmlinux};

	if (!in->imm)
		return;
	call.kfunc = in->off ? NULL : kfunc_find(v, in->imm, &call.proto);
	if (!call.kfunc)
		refuse(v, later_kfunc);
	check_allowed(v, &call);
	check_args(v, &call);
	check_sections(v, &call);
	call_clobber(v);
	give(v, &call);
	if (call.kfunc->flags & kfunc_next)
		iter_next(v, &call);
}

void kfunc_check_left(struct verifier *v)
{
	for (u32 i = 0; i < v->n; i++) {
		v->insn = i;
		if (v->aux[i].tail_maps && !v->profile->perfmon)
			refuse(v, tail_call_maps);
		if (v->insns[i].op == op_call_kfunc && !v->insns[i].imm && v->aux[i].seen)
			refuse(v, kfunc_left);
	}
}
