/* Open-coded iterators: their state, which the kernel keeps in the program's stack, and
 * how a loop over one comes to an end for the verifier. */
#include "access.h"
#include "alu.h"
#include "kfunc.h"
#include "path.h"

static const char *name_of(const struct kfunc_call *call, u32 type)
{
	const char *name = btf_name(call->btf, type);

	return strncmp(name, "bpf_iter_", 9) ? name : name + 9;
}

static bool has_kind(const struct slot *s, enum slot_kind kind, bool all)
{
	u32 n = 0;

	for (u32 i = 0; i < 8; i++)
		n += s->kind[i] == kind;
	return all ? n == 8 : n != 0;
}

static bool may_begin(struct verifier *v, const struct reg *r, u32 n)
{
	int at = object_slot(v, r, "iter", n);

	if (at < 0)
		return at == OBJECT_OUTSIDE; /* the stack grows by the access */
	for (u32 i = 0; i < n; i++)
		if (has_kind(&stack_of(v, r)->slot[(u32)at - i], slot_iter, false))
			return false;
	return true;
}

static void begin(struct verifier *v, const struct kfunc_call *call, u32 regno, u32 type,
		  u32 n)
{
	const struct reg *r = &regs_of(v)[regno];
	struct frame *f;
	int at;

	if (!may_begin(v, r, n))
		refuse(v, iter_not_new, name_of(call, type), regno - 1);
	for (u32 i = 0; i < n; i++)
		mem_access(v, regno, (s32)i * 8, 8, mem_write, -1, false);
	at = object_slot(v, r, "iter", n);
	if (at < 0)
		refuse(v, iter_not_new, name_of(call, type), regno - 1);
	f = stack_of(v, r);
	for (u32 i = 0; i < n; i++) {
		struct slot *s = &f->slot[(u32)at - i];

		reg_set_pointer(&s->reg, reg_stack, 0);
		if (call->kfunc->flags & kfunc_rcu_protected)
			s->reg.flags = access_in_rcu(v) ? flag_rcu : flag_untrusted;
		s->reg.ref = i ? 0 : ref_acquire(v, ref_pointer);
		s->reg.iter_btf = call->btf;
		s->reg.iter_btf_id = type;
		s->reg.iter = iter_active;
		memset(s->kind, slot_iter, sizeof(s->kind));
		log_touch(v, 0, 1ull << ((u32)at - i));
		stack_live_write(v, f->number, 1ull << ((u32)at - i));
	}
}

static bool is_begun(struct verifier *v, const struct kfunc_call *call,
		     const struct reg *r, int at, u32 type, u32 n)
{
	if (at < 0)
		return false;
	for (u32 i = 0; i < n; i++) {
		const struct slot *s = &stack_of(v, r)->slot[(u32)at - i];

		if (s->reg.flags & flag_untrusted)
			refuse(v, iter_rcu, call->kfunc->name);
		if (!has_kind(s, slot_iter, true) || !s->reg.ref != (i != 0) ||
		    s->reg.iter_btf != call->btf || s->reg.iter_btf_id != type)
			return false;
	}
	return true;
}

static void end(struct verifier *v, struct frame *f, u32 at, u32 n)
{
	ref_release(v, f->slot[at].reg.ref);
	for (u32 i = 0; i < n; i++) {
		reg_set_none(&f->slot[at - i].reg);
		memset(f->slot[at - i].kind, slot_invalid, 8);
		stack_live_write(v, f->number, 1ull << (at - i));
	}
}

void iter_check(struct verifier *v, struct kfunc_call *call, u32 regno, u32 type)
{
	const struct reg *r = &regs_of(v)[regno];
	u32 n = btf_size(call->btf, type) / 8;
	int at;

	if (r->type != reg_stack)
		refuse(v, iter_pointer, regno - 1);
	if (call->kfunc->flags & kfunc_new) {
		begin(v, call, regno, type, n);
		return;
	}
	at = object_slot(v, r, "iter", n);
	if (!is_begun(v, call, r, at, type, n))
		refuse(v, iter_not_begun, name_of(call, type), regno - 1);
	for (u32 i = 0; i < n; i++) {
		stack_live_read(v, r->frame, 1ull << ((u32)at - i));
		log_touch(v, 0, 1ull << ((u32)at - i));
	}
	call->frame = r->frame;
	call->slot = (u32)at;
	call->ref = stack_of(v, r)->slot[at].reg.ref;
	if (call->kfunc->flags & kfunc_destroy)
		end(v, stack_of(v, r), (u32)at, n);
}

void iter_next(struct verifier *v, const struct kfunc_call *call)
{
	struct reg *iter = &v->cur->frame[call->frame]->slot[call->slot].reg;

	if (iter->iter == iter_active) {
		const struct checkpoint *before = path_previous(v, v->insn, false);
		struct state *more = path_fork(v, v->insn + 1, v->insn);

		more->frame[call->frame]->slot[call->slot].reg.depth++;
		path_widen(v, before, more);
		null_lift(v, &frame_of(more)->r[0]);
	}
	iter->iter = iter_drained;
	reg_set_const(&regs_of(v)[0], 0);
}

u32 iter_element_flags(const struct verifier *v, const struct kfunc_call *call)
{
	const struct reg *iter = &v->cur->frame[call->frame]->slot[call->slot].reg;

	return iter->flags & flag_rcu ? flag_rcu : flag_trusted;
}
