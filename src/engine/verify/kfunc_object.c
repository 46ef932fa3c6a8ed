/* kfunc_object.c - kernel functions about objects that programs make: they are somebody's
 * own until they are dropped, kept in a map, or put into a list or tree, whose lock then
 * decides who may look at them */
#include <errno.h>
#include "access.h"
#include "call.h"
#include "kfunc.h"
#include "object_fields.h"

static const char *const names[] = {
	[field_list_head] = "bpf_list_head",
	[field_list_node] = "bpf_list_node",
	[field_rb_root] = "bpf_rb_root",
	[field_rb_node] = "bpf_rb_node",
};

/* ---- what is passed ---- */

/* An object of the program's own, to be released. */
static void check_owned(struct verifier *v, const struct reg *r)
{
	if (!r->ref)
		refuse(v, object_unowned);
}

static bool is_plain_object(const struct reg *r)
{
	return r->type == reg_btf && r->flags == flag_alloc;
}

void object_check_dropped(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const bool percpu = r->flags & flag_percpu;
	const bool takes_percpu = strstr(call->kfunc->name, "percpu");

	if (r->type != reg_btf || (r->flags & ~(u32)flag_percpu) != flag_alloc)
		refuse(v, object_expected, regno - 1);
	if (percpu != takes_percpu)
		refuse(v, object_other_drop, regno - 1,
		       percpu ? "bpf_percpu_obj_drop_impl" : "bpf_obj_drop_impl");
	check_owned(v, r);
	call->object_btf = r->btf;
	call->object_type = r->btf_id;
}

void object_check_refcounted(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	struct object_fields f;

	if (!reg_is_object(r))
		refuse(v, object_no_reference, regno - 1);
	call->owning = !(r->flags & flag_non_own);
	f = object_fields_of(v, r);
	if (!f.n)
		refuse(v, path_bug, "Couldn't find btf_record");
	if (!(f.kinds >> field_refcount & 1))
		refuse(v, object_not_counted, regno - 1);
	call->object_btf = r->btf;
	call->object_type = r->btf_id;
}

static s64 offset_of(struct verifier *v, u32 regno, enum field_kind kind)
{
	const struct reg *r = &regs_of(v)[regno];

	if (!scalar_is_const(&r->n))
		refuse(v, graph_offset_varies, regno, names[kind]);
	return r->off + (s64)r->n.bits.value;
}

/* The lock beside it is held. */
static void check_locked(struct verifier *v, const struct reg *r, enum field_kind kind)
{
	const struct state *s = v->cur;
	const void *owner = r->type == reg_value ? (const void *)reg_map_of(v, r)
						 : (const void *)r->btf;
	const struct object_fields f = object_fields_of(v, r);
	int off = -EINVAL;
	bool held = false;

	for (u32 i = 0; s->locks && i < s->nrefs; i++)
		held |= s->refs[i].kind >= ref_lock && s->refs[i].id == r->id &&
			s->refs[i].lock == owner;
	if (held)
		return;
	if (s->locks)
		verify_print(v, "held lock and object are not in the same allocation\n");
	for (u32 i = 0; i < f.n; i++)
		if (f.at[i].kind == field_spin_lock)
			off = (int)f.at[i].off;
	refuse(v, graph_unlocked, off, names[kind]);
}

void object_check_root(struct verifier *v, struct kfunc_call *call, u32 regno,
		       enum field_kind kind)
{
	const struct reg *r = &regs_of(v)[regno];
	s64 off;

	if ((r->type != reg_value || r->flags) && !is_plain_object(r))
		refuse(v, graph_root_expected, regno - 1);
	if (is_plain_object(r))
		check_owned(v, r);
	off = offset_of(v, regno, kind);
	call->root = object_field_at(object_fields_of(v, r), off, 1u << kind);
	if (!call->root)
		refuse(v, graph_not_found, names[kind], (u32)off);
	check_locked(v, r, kind);
}

/* Whether the register may stand for a node where the function takes one. */
static void check_node_kind(struct verifier *v, const struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (call->kfunc->does != kfunc_rbtree_node) {
		if (!is_plain_object(r))
			refuse(v, object_expected, regno - 1);
		check_owned(v, r);
		return;
	}
	if (!(r->flags & flag_non_own) && !r->ref)
		refuse(v, graph_node_owned, call->kfunc->name);
	if (object_in_less(v))
		refuse(v, graph_in_less, call->kfunc->name);
}

void object_check_node(struct verifier *v, struct kfunc_call *call, u32 regno,
		       enum field_kind kind)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct btf_field *root = call->root;
	s64 off;

	check_node_kind(v, call, regno);
	off = offset_of(v, regno, kind);
	if (!object_field_at(object_fields_of(v, r), off, 1u << kind))
		refuse(v, graph_not_found, names[kind], (u32)off);
	if (r->btf != root->btf || r->btf_id != root->btf_id)
		refuse(v, graph_other_type, names[root->kind], names[kind],
		       root->node_off, btf_name(root->btf, root->btf_id), (int)off,
		       btf_name(r->btf, r->btf_id));
	call->object_btf = r->btf;
	call->object_type = r->btf_id;
	if (off != root->node_off)
		refuse(v, graph_other_node, (int)off, names[kind], root->node_off,
		       btf_name(root->btf, root->btf_id));
}

void object_check_callback(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	if (regs_of(v)[regno].type != reg_func)
		refuse(v, kfunc_not_func, regno - 1);
	call->callback = regs_of(v)[regno].func;
}

/* ---- what it does ---- */

void object_insert(struct verifier *v, const struct kfunc_call *call)
{
	const u32 ref = regs_of(v)[2].ref;
	struct reg *r;

	state_each_reg(v->cur, walk, r)
	{
		if (r->ref != ref)
			continue;
		r->ref = 0;
		object_set_non_owning(v, r);
	}
	if (!ref_release(v, ref))
		refuse(v, kfunc_unacquired, call->kfunc->name,
		       (int)v->insns[v->insn].imm);
}

/* ---- what it gives ---- */

/* What each CPU has its own of is plain memory, and little of it. */
static void check_percpu(struct verifier *v, const struct skep_btf *btf, u32 id)
{
	enum { MOST = 512 };
	const u32 size = btf_size(btf, id);

	if (size > MOST)
		refuse(v, object_percpu_size, size, MOST);
	if (!kfunc_is_plain(btf, id))
		refuse(v, object_percpu_type);
	if (object_fields_of_type(v, btf, id).n)
		refuse(v, object_percpu_fields);
}

static void give_new(struct verifier *v, const struct kfunc_call *call, struct reg *r)
{
	const struct skep_btf *btf = v->prog->btf;
	const u32 id = (u32)call->constant;
	const bool percpu = call->kfunc->does == kfunc_percpu_obj_new;

	if (call->constant >> 32)
		refuse(v, object_id_range);
	if (!btf)
		refuse(v, object_no_btf);
	if (!id || id >= btf->end_id || btf_kind_of(btf, id) != SKEP_BTF_KIND_STRUCT)
		refuse(v, object_no_struct);
	if (percpu)
		check_percpu(v, btf, id);
	reg_set_pointer(r, reg_btf, flag_alloc | (percpu ? (u32)flag_percpu : 0));
	r->btf = btf;
	r->btf_id = id;
	if (v->prog->made)
		v->prog->made[v->insn] = id | (percpu ? VERIFY_PERCPU : 0);
}

bool object_give(struct verifier *v, const struct kfunc_call *call, struct reg *r)
{
	switch (call->kfunc->does) {
	case kfunc_percpu_obj_new:
	case kfunc_obj_new: give_new(v, call, r); return true;
	case kfunc_refcount_acquire:
		reg_set_pointer(r, reg_btf, flag_alloc);
		r->btf = call->object_btf;
		r->btf_id = call->object_type;
		return true;
	case kfunc_list_get:
	case kfunc_rbtree_get:
	case kfunc_rbtree_node: object_set_node(r, call->root); return true;
	default: return false;
	}
}
