#include "object_fields.h"
#include "access.h"
#include "kfunc.h"

/* A type that was asked about. */
struct object_type {
	struct object_type *next;
	const struct skep_btf *btf;
	u32 id;
	struct object_fields fields;
	struct btf_field room[BTF_FIELDS];
};

static u32 kinds_of(const struct btf_field *at, u32 n)
{
	u32 kinds = 0;

	for (u32 i = 0; i < n; i++)
		kinds |= 1u << at[i].kind;
	return kinds;
}

struct object_fields object_fields_of_type(struct verifier *v, const struct skep_btf *btf,
					   u32 id)
{
	struct typed *typed = access_typed(v);
	struct object_type *t = typed->objects;
	int n;

	while (t && (t->btf != btf || t->id != id))
		t = t->next;
	if (t)
		return t->fields;
	t = pass_alloc(&v->pass, 1, sizeof(*t));
	t->next = typed->objects;
	typed->objects = t;
	t->btf = btf;
	t->id = id;
	n = btf_object_fields(btf, id, t->room);
	t->fields.at = t->room;
	t->fields.n = n > 0 ? (u32)n : 0;
	t->fields.kinds = kinds_of(t->room, t->fields.n);
	return t->fields;
}

struct object_fields object_fields_of(struct verifier *v, const struct reg *r)
{
	const struct verify_map *map;

	if (reg_is_object(r))
		return object_fields_of_type(v, r->btf, r->btf_id);
	if (r->type != reg_value)
		return (struct object_fields){0};
	map = reg_map_of(v, r);
	return (struct object_fields){map->fields, map->nfields,
				      kinds_of(map->fields, map->nfields)};
}

const struct btf_field *object_field_at(struct object_fields f, s64 off, u32 kinds)
{
	for (u32 i = 0; i < f.n; i++)
		if (f.at[i].off == off && kinds >> f.at[i].kind & 1)
			return &f.at[i];
	return NULL;
}

void object_set_non_owning(struct verifier *v, struct reg *r)
{
	if (!v->cur->locks)
		refuse(v, path_bug, "ref_set_non_owning w/o active lock");
	if (r->flags & flag_non_own)
		refuse(v, path_bug, "NON_OWN_REF already set");
	r->flags |= flag_non_own;
	if (object_fields_of(v, r).kinds >> field_refcount & 1)
		r->flags |= flag_rcu;
}

void object_set_node(struct reg *r, const struct btf_field *root)
{
	reg_set_pointer(r, reg_btf, flag_alloc);
	r->btf = root->btf;
	r->btf_id = root->btf_id;
	r->off = (s32)root->node_off;
}

bool object_in_less(const struct verifier *v)
{
	const struct frame *f = frame_of(v->cur);
	const struct insn *in;
	const struct kfunc *k;

	if (!v->cur->depth || !f->callback)
		return false;
	in = &v->insns[f->callsite];
	k = in->op == op_call_kfunc ? kfunc_find(v, in->imm, NULL) : NULL;
	return k && k->does == kfunc_rbtree_add;
}
