/* Calls of kernel functions: may this program call it, do the arguments fit, what does it
 * return. */
#include "kfunc.h"
#include "access.h"
#include "call.h"
#include "object_fields.h"
#include "typed.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum short_flag {
	NEW = kfunc_new,
	NEXT = kfunc_next,
	DESTROY = kfunc_destroy,
	LOCKED = kfunc_locked,
	ACQUIRE = kfunc_acquire,
	RELEASE = kfunc_release,
	OR_NULL = kfunc_or_null,
	TRUSTED = kfunc_trusted,
	RCU = kfunc_rcu,
	RCU_PROTECTED = kfunc_rcu_protected,
	SLEEPS = kfunc_sleeps,
	MOVES = kfunc_moves,
};

/* Ordered by name, for kfunc_find(). */
static const struct kfunc kfuncs[] = {
#define KFUNC(name, flags, does, types) {#name, flags, kfunc_##does, types},
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

static int compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct kfunc *)row)->name);
}

const struct kfunc *kfunc_find(const struct verifier *v, s64 btf_id, u32 *proto)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	u32 id = proto_of(btf, btf_id);

	if (proto)
		*proto = id;
	return id ? bsearch(btf_name(btf, (u32)btf_id), kfuncs, ARRAY_SIZE(kfuncs),
			    sizeof(kfuncs[0]), compare)
		  : NULL;
}

/* What a network device's driver gives, to programs that were loaded for that device. */
static bool is_for_devices(const struct skep_btf *btf, const struct insn *in)
{
	static const char prefix[] = "bpf_xdp_metadata_rx_";

	return !in->off && proto_of(btf, in->imm) &&
	       !strncmp(btf_name(btf, (u32)in->imm), prefix, sizeof(prefix) - 1);
}

void kfunc_check_named(void *ctx, u32 insn)
{
	struct verifier *v = ctx;
	const struct skep_btf *btf = v->profile->vmlinux;
	const struct insn *in = &v->insns[insn];

	if (!v->prog->gpl)
		refuse(v, kfunc_gpl);
	if (!in->imm || in->off || !btf)
		return;
	if (!proto_of(btf, in->imm))
		refuse(v, kfunc_no_func, (u32)in->imm);
	if (is_for_devices(btf, in))
		refuse(v, kfunc_device);
	typed_check_function(v, btf, (u32)in->imm);
}

static void check_allowed(struct verifier *v, const struct kfunc_call *call)
{
	if (v->cur->locks && !(call->kfunc->flags & kfunc_locked))
		refuse(v, call_in_lock);
	if (!kfunc_allowed(v, call->kfunc))
		refuse(v, kfunc_forbidden, call->kfunc->name);
	if (call->kfunc->does == kfunc_trap)
		refuse(v, kfunc_trap);
	if (call->kfunc->flags & kfunc_sleeps && !v->cur->sleepable)
		refuse(v, kfunc_sleeps, call->kfunc->name);
}

/* ---- sections ---- */

static void forget_rcu(struct reg *r)
{
	if (!(r->flags & flag_rcu))
		return;
	r->flags &= ~(u32)(flag_rcu | flag_null);
	r->flags |= flag_untrusted;
}

/* Iterators too, which state_each_reg() passes by. */
static void leave_rcu(struct verifier *v)
{
	struct state *s = v->cur;
	struct reg *r;

	state_each_reg(s, walk, r) forget_rcu(r);
	for (u32 d = 0; d <= s->depth; d++)
		for (u32 i = 0; i < s->frame[d]->nslots; i++)
			if (s->frame[d]->slot[i].kind[0] == slot_iter)
				forget_rcu(&s->frame[d]->slot[i].reg);
}

static void check_section(struct verifier *v, const struct kfunc_call *call)
{
	const char *name = call->kfunc->name;
	struct state *s = v->cur;
	const bool rcu = call->kfunc->does == kfunc_rcu_lock ||
			 call->kfunc->does == kfunc_rcu_unlock;

	if (rcu && s->rcu_locks && object_in_less(v))
		refuse(v, rcu_in_less);
	switch (call->kfunc->does) {
	case kfunc_rcu_lock:
		if (s->rcu_locks)
			refuse(v, rcu_nested, name);
		s->rcu_locks++;
		break;
	case kfunc_rcu_unlock:
		if (!s->rcu_locks)
			refuse(v, rcu_unmatched, name);
		s->rcu_locks--;
		leave_rcu(v);
		break;
	case kfunc_preempt_disable: s->preempt_locks++; break;
	case kfunc_preempt_enable:
		if (!s->preempt_locks)
			refuse(v, preempt_unmatched, name);
		s->preempt_locks--;
		break;
	default: break;
	}
}

static void check_sections(struct verifier *v, const struct kfunc_call *call)
{
	const struct kfunc *k = call->kfunc;
	const struct state *s = v->cur;

	check_section(v, call);
	if (k->flags & kfunc_sleeps) {
		if (s->rcu_locks)
			refuse(v, kfunc_in_rcu, k->name);
		if (s->preempt_locks)
			refuse(v, kfunc_in_preempt, k->name);
		if (s->irq_id)
			refuse(v, kfunc_in_irq, k->name);
	}
	if (k->flags & kfunc_rcu_protected && !access_in_rcu(v))
		refuse(v, kfunc_rcu_needed, k->name);
}

/* ---- what it gives ---- */

static void give_object(struct reg *r, const struct skep_btf *btf, u32 id, u32 flags)
{
	reg_set_pointer(r, reg_btf, flags);
	r->btf = btf;
	r->btf_id = id;
}

static void give_slice(struct verifier *v, const struct kfunc_call *call, struct reg *r)
{
	const struct rule_prog *prog = rules_prog(v->prog->type);
	const bool writes = call->kfunc->does == kfunc_slice_rdwr;

	if (writes && !(prog && prog->packet_write) &&
	    v->prog->type != SKEP_PROG_TYPE_CGROUP_SOCKOPT)
		refuse(v, kfunc_slice_write);
	reg_set_pointer(r, reg_mem, writes ? 0u : (u32)flag_rdonly);
	r->size = (u32)call->constant;
	r->dynptr = call->dynptr.dynptr;
	r->dynptr_id = call->dynptr.id;
	/* Linux 6.18 lets a slice of a record outlive it. */
	r->ref = call->dynptr.ref;
}

/* What the kernel has instead of the program's context: bpf_ctx_convert says. */
static void give_context(struct verifier *v, const struct kfunc_call *call, struct reg *r)
{
	const struct skep_btf *btf = call->btf;
	u32 id = skep_btf_find(btf, "bpf_ctx_convert", SKEP_BTF_KIND_STRUCT);
	const struct skep_btf_type *t = id ? btf_type(btf, id) : NULL;
	const struct skep_btf_member *m = t ? btf_tail(t) : NULL;
	char name[64];

	snprintf(name, sizeof(name), "bpf_prog_type_%s_kern",
		 rules_prog(v->prog->type)->name);
	for (u32 i = 0; t && i < btf_vlen(t); i++, m++) {
		if (strcasecmp(btf_str(btf, m->name_off), name))
			continue;
		if (!access_btf_is_struct(btf, m->type))
			refuse(v, kfunc_no_context, m->type);
		give_object(r, btf, m->type, flag_trusted);
		return;
	}
	refuse(v, later_kfunc);
}

static void give_cast(struct verifier *v, const struct kfunc_call *call, struct reg *r)
{
	const struct skep_btf *btf = call->btf;
	const u32 id = (u32)call->constant;

	if (id >= btf->end_id)
		refuse(v, kfunc_cast_id, (long long)call->constant);
	if (access_btf_is_struct(btf, id))
		give_object(r, btf, id, flag_untrusted);
	else if (!id)
		reg_set_pointer(r, reg_mem, flag_rdonly | flag_untrusted);
	else
		refuse(v, kfunc_cast_type);
}

static void give_plain(struct verifier *v, const struct kfunc_call *call, u32 to,
		       struct reg *r)
{
	const struct kfunc *k = call->kfunc;
	u32 flags = 0;

	if (!access_btf_is_struct(call->btf, to)) {
		if (to && btf_size(call->btf, to) == BTF_NO_SIZE)
			refuse(v, later_kfunc);
		if (!to) {
			reg_set_unknown(r);
			return;
		}
		reg_set_pointer(r, reg_mem, flag_rdonly);
		r->size = btf_size(call->btf, to);
		r->ref = call->ref;
		return;
	}
	if (k->does == kfunc_kmem_cache)
		flags = flag_untrusted;
	else if (k->flags & kfunc_next)
		flags = iter_element_flags(v, call);
	give_object(r, call->btf, to, flags);
}

static void give_pointer(struct verifier *v, const struct kfunc_call *call, u32 to,
			 struct reg *r)
{
	u32 flags = call->kfunc->flags;

	if (call->kfunc->does == kfunc_refcount_acquire && call->owning)
		flags &= ~(u32)kfunc_or_null;
	switch (call->kfunc->does) {
	case kfunc_slice:
	case kfunc_slice_rdwr: give_slice(v, call, r); break;
	case kfunc_cast_ctx: give_context(v, call, r); break;
	case kfunc_rdonly_cast: give_cast(v, call, r); break;
	default:
		if (!object_give(v, call, r))
			give_plain(v, call, to, r);
	}
	if (flags & kfunc_or_null) {
		r->flags |= flag_null;
		r->id = new_id(v);
	}
	if (flags & kfunc_acquire) {
		r->ref = ref_acquire(v, ref_pointer);
		if (flags & kfunc_or_null)
			r->id = r->ref;
	} else if (call->root) {
		object_set_non_owning(v, r);
	}
	if (object_may_lock(object_fields_of(v, r)) && !r->id)
		r->id = new_id(v);
}

static void give(struct verifier *v, const struct kfunc_call *call)
{
	u32 type = btf_skip(call->btf, btf_type(call->btf, call->proto)->type);
	struct reg *r = &regs_of(v)[0];

	if (!type)
		return;
	if (kfunc_is_number(call->btf, type))
		reg_set_unknown(r);
	else if (btf_kind_of(call->btf, type) == SKEP_BTF_KIND_PTR)
		give_pointer(v, call, kfunc_pointee(call->btf, type), r);
	else
		refuse(v, later_kfunc);
}

static void release(struct verifier *v, const struct kfunc_call *call)
{
	if (call->release && !ref_release(v, regs_of(v)[call->release].ref))
		refuse(v, kfunc_unacquired, call->kfunc->name,
		       (int)v->insns[v->insn].imm);
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
	kfunc_check_args(v, &call);
	if (call.kfunc->does == kfunc_rbtree_add)
		callback_push_less(v, call.callback);
	if (call.kfunc->does == kfunc_wq_callback)
		callback_push_work(v, call.callback);
	check_sections(v, &call);
	release(v, &call);
	if (call.kfunc->does == kfunc_list_push || call.kfunc->does == kfunc_rbtree_add)
		object_insert(v, &call);
	call_clobber(v);
	give(v, &call);
	if (call.kfunc->flags & kfunc_moves)
		packet_forget(v);
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
