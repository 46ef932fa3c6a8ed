/* Calls of helpers: may this program call it here, do the arguments fit, what does it
 * return, and what is no longer known afterwards. */
#include "stack_object.h"
#include "access.h"
#include "object_fields.h"
#include "typed.h"

static void check_sleep(struct verifier *v, const struct helper_proto *p)
{
	const struct state *s = v->cur;

	if (!(p->flags & helper_sleeps))
		return;
	if (!v->cur->sleepable)
		refuse(v, helper_sleeps);
	if (s->rcu_locks)
		refuse(v, helper_in_rcu, p->name, p->id);
	if (s->preempt_locks)
		refuse(v, helper_in_preempt, p->name, p->id);
	if (s->irq_id)
		refuse(v, helper_in_irq, p->name, p->id);
}

static const struct helper_proto *find_helper(struct verifier *v, s64 id)
{
	const struct verify_prog *prog = v->prog;
	const struct helper_proto *p;
	struct rule_hook hook;

	if (v->cur->locks && id != SKEP_FUNC_spin_unlock)
		refuse(v, call_in_lock);
	p = id >= 0 ? rules_helper((u32)id) : NULL;
	if (!p && id)
		refuse(v, helper_none, (int)id);
	if (!p)
		refuse(v, helper_unspec);
	hook = typed_hook(v);
	if (!rules_helper_allowed(prog->type, prog->attach_type, &hook, p->id,
				  v->profile))
		refuse(v, helper_forbidden, p->name, p->id);
	p = rules_helper_for(prog->type, prog->attach_type, p->id);
	if (p->flags & helper_gpl && !prog->gpl)
		refuse(v, helper_gpl);
	if (p->flags & helper_guarded)
		refuse(v, helper_guarded);
	check_sleep(v, p);
	return p;
}

/* ---- maps ---- */

/* Helpers that need to know which map they work on: their rows in helper_proto.def take
 * one. */
static void check_read_only(struct verifier *v, const struct call *call)
{
	if (!call->map || !(call->map->flags & SKEP_F_RDONLY_PROG))
		return;
	switch (call->proto->id) {
	case SKEP_FUNC_map_delete_elem:
	case SKEP_FUNC_map_update_elem:
	case SKEP_FUNC_map_push_elem:
	case SKEP_FUNC_map_pop_elem: refuse(v, map_read_only);
	}
}

/* An index that is guarded against speculation has one map that bounds it. */
static void note_tail_map(struct insn_aux *aux, const struct verify_map *map)
{
	aux->tail_maps |= aux->tail_map && aux->tail_map != map;
	aux->tail_map = map;
}

/* A tail call to a known program can be made a jump. */
static void check_tail_call(struct verifier *v, const struct call *call)
{
	const struct reg *index = &regs_of(v)[3];

	if (call->proto->id != SKEP_FUNC_tail_call)
		return;
	if (!call->map || call->map->type != SKEP_MAP_TYPE_PROG_ARRAY)
		refuse(v, tail_call_map);
	note_tail_map(&v->aux[v->insn], call->map);
	if (reg_is_const(index) && index->n.bits.value < call->map->max_entries)
		precise_reg(v, 3);
}

static bool is_socket_map(const struct call *call)
{
	return call->map && (call->map->type == SKEP_MAP_TYPE_SOCKMAP ||
			     call->map->type == SKEP_MAP_TYPE_SOCKHASH);
}

static bool changes_socket_map(const struct call *call)
{
	u32 id = call->proto->id;

	return is_socket_map(call) && id != SKEP_FUNC_map_lookup_elem &&
	       (id == SKEP_FUNC_map_update_elem || id == SKEP_FUNC_map_delete_elem);
}

static void check_map(struct verifier *v, const struct call *call)
{
	const struct verify_prog *prog = v->prog;
	const struct helper_proto *p = call->proto;

	if (!call->map ||
	    rules_map_helper(call->map->type, p->id, prog->type, prog->attach_type))
		return;
	if (changes_socket_map(call))
		verify_print(v, "cannot update sockmap in this context\n");
	refuse(v, helper_map_type, call->map->type, p->name, p->id);
}

/* ---- what it returns ---- */

static void give_map_value(struct verifier *v, const struct call *call, struct reg *r)
{
	u32 flags = call->proto->ret & give_or_null ? flag_null : 0;

	if (call->proto->id == SKEP_FUNC_map_lookup_elem && call->key >= 0 &&
	    call->key < call->map->max_entries)
		flags = 0;
	reg_set_pointer(r, reg_value, flags);
	r->map = call->map_reg.map;
	r->inner = call->map_reg.inner;
	r->map_uid = call->map_reg.map_uid;
	if (!flags && object_may_lock(object_fields_of(v, r)))
		r->id = new_id(v);
}

static void give_typed(struct verifier *v, const struct call *call, struct reg *r,
		       u32 flags)
{
	u32 id;

	if (call->kptr) {
		kptr_give(v, call, r);
		return;
	}
	id = call_type(v, call->proto->ret_btf, &calls_of(v)->ret_type[call->proto->id]);
	if (!id)
		refuse(v, later_btf_ret, call->proto->name);
	reg_set_pointer(r, reg_btf, flags);
	r->btf = v->profile->vmlinux;
	r->btf_id = id;
}

static void give(struct verifier *v, const struct call *call, struct reg *r)
{
	u32 ret = call->proto->ret;
	u32 flags = (ret & give_or_null ? flag_null : 0u) |
		    (ret & give_ringbuf ? flag_ringbuf : 0u) |
		    (ret & give_trusted ? flag_trusted : 0u);

	switch ((enum give)(ret & give_kind)) {
	case give_void: break;
	case give_int: reg_set_unknown(r); break;
	case give_value: give_map_value(v, call, r); break;
	case give_socket: reg_set_pointer(r, reg_socket, flags); break;
	case give_tcp_sock: reg_set_pointer(r, reg_tcp_sock, flags); break;
	case give_sock_common: reg_set_pointer(r, reg_sock_common, flags); break;
	case give_mem:
	case give_dynptr_mem:
		reg_set_pointer(r, reg_mem, flags);
		r->size = call->mem_size;
		break;
	case give_btf_id: give_typed(v, call, r, flags); break;
	case give_mem_or_btf_id: typed_give_percpu(v, call, r, flags); break;
	default: refuse(v, later_btf_ret, call->proto->name);
	}
	if (r->flags & flag_null)
		r->id = new_id(v);
}

static void give_reference(struct verifier *v, const struct call *call, struct reg *r)
{
	const struct helper_proto *p = call->proto;

	if (p->flags & helper_dynptr_slice) {
		r->dynptr_id = call->dynptr.id;
		r->ref = call->dynptr.ref;
	} else if (p->flags & helper_cast) {
		r->ref = call->ref;
	} else if (p->flags & helper_acquires ||
		   (p->id == SKEP_FUNC_map_lookup_elem && is_socket_map(call))) {
		r->ref = ref_acquire(v, ref_pointer);
		r->id = r->ref;
	}
}

static void give_range(struct reg *r, s32 min, s64 max)
{
	r->n.smin = min;
	r->n.smin32 = min;
	r->n.smax = max;
	r->n.smax32 = (s32)max;
	scalar_sync(&r->n);
}

/* Numbers that the kernel knows more of. */
static void refine(const struct verifier *v, const struct call *call, struct reg *r)
{
	switch (call->proto->id) {
	case SKEP_FUNC_get_stack:
	case SKEP_FUNC_get_task_stack:
	case SKEP_FUNC_probe_read_str:
	case SKEP_FUNC_probe_read_kernel_str:
	case SKEP_FUNC_probe_read_user_str:
		give_range(r, -4095, (s64)call->size_max); /* -MAX_ERRNO */
		break;
	case SKEP_FUNC_get_smp_processor_id:
		if (!v->profile->cpus)
			break;
		r->n.umin = r->n.umin32 = 0;
		r->n.umax = r->n.umax32 = v->profile->cpus - 1;
		give_range(r, 0, v->profile->cpus - 1);
		break;
	}
}

/* ---- in the kernel's order ---- */

/* What each CPU has its own of may be used in an RCU section after it was given away. */
static void keep_percpu(struct verifier *v, u32 ref)
{
	struct reg *r;

	state_each_reg(v->cur, walk, r)
	{
		if (r->ref != ref || !access_in_rcu(v) ||
		    !(r->flags & flag_alloc && r->flags & flag_percpu))
			continue;
		r->ref = 0;
		r->flags = (r->flags & ~(u32)flag_alloc) | flag_rcu;
	}
}

static void release(struct verifier *v, const struct call *call)
{
	if (call->release && call->dynptr.type == reg_dynptr) {
		dynptr_release(v, call->release);
		return;
	}
	if (!call->release || (!call->ref && reg_is_zero(&regs_of(v)[call->release])))
		return;
	if (call->kptr && call->ref)
		keep_percpu(v, call->ref);
	if (!call->ref || !ref_release(v, call->ref))
		refuse(v, release_unknown, call->proto->name, call->proto->id);
}

/* It fails and the path goes on, or the other program runs to its end, which in a
 * function (not the main one) is the return to the caller. */
static void tail_call(struct verifier *v)
{
	if (!v->cur->depth)
		return;
	path_fork(v, v->insn + 1, v->insn);
	packet_forget(v);
	reg_set_unknown(&regs_of(v)[0]);
	func_return(v);
}

/* A write through a dynptr may move a packet as well. */
static bool moves_packet(const struct call *call)
{
	const u32 kind = call->dynptr.dynptr;

	if (call->proto->id == SKEP_FUNC_dynptr_write &&
	    (kind == dynptr_skb || kind == dynptr_skb_meta))
		return true;
	return call->proto->flags & helper_moves;
}

void do_call_helper(struct verifier *v, const struct insn *in)
{
	struct call call = {.proto = find_helper(v, in->imm), .key = -1};
	struct reg *r0 = &regs_of(v)[0];

	for (u32 i = 0; i < ARRAY_SIZE(call.proto->arg); i++)
		arg_check(v, &call, i);
	check_read_only(v, &call);
	check_tail_call(v, &call);
	for (u32 i = 0; i < call.uninit_size; i++)
		mem_access(v, call.uninit_reg, (s32)i, 1, mem_write, -1, false);
	release(v, &call);
	call_special(v, &call);
	call_clobber(v);
	give(v, &call, r0);
	give_reference(v, &call, r0);
	refine(v, &call, r0);
	check_map(v, &call);
	if (call.proto->id == SKEP_FUNC_tail_call)
		tail_call(v);
	else if (moves_packet(&call))
		packet_forget(v);
}
