/* object_fields.h - the fields of what a register points to: of a map's value, or of an
 * object that the program has made, which its BTF describes
 */
#ifndef OBJECT_FIELDS_H
#define OBJECT_FIELDS_H

#include "verifier.h"

struct object_fields {
	const struct btf_field *at;
	u32 n, kinds; /* kinds: a bit for each that there is */
};

/* Of what is neither: none. */
struct object_fields object_fields_of(struct verifier *v, const struct reg *r);
struct object_fields object_fields_of_type(struct verifier *v, const struct skep_btf *btf,
					   u32 id);
/* The one of `kinds` that begins at that offset; NULL: none. */
const struct btf_field *object_field_at(struct object_fields f, s64 off, u32 kinds);

/* A lock may lie in it, which is known by the pointer's id. */
static inline bool object_may_lock(struct object_fields f)
{
	return f.kinds & (1 << field_spin_lock | 1 << field_res_spin_lock);
}

/* Pointers to what the program has made, its own or not. */
static inline bool reg_is_object(const struct reg *r)
{
	return r->type == reg_btf && r->flags & flag_alloc;
}

/* A lock or a lookup in a list or tree made it somebody else's. */
void object_set_non_owning(struct verifier *v, struct reg *r);
/* Where `root`'s list or tree has its nodes in what it holds. */
void object_set_node(struct reg *r, const struct btf_field *root);

/* Whether the running function is the callback of a tree's insertion. */
bool object_in_less(const struct verifier *v);

#endif
