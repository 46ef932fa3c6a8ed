/* btf_fields.h - the parts of a struct that BTF gives a meaning
 *
 * A bpf_spin_lock, a bpf_timer, a pointer with the tag `kptr`: what of a map's value, or
 * of an object that a program makes, only some helpers may touch. The names, sizes,
 * limits and errnos are those of Linux 6.18's BPF_MAP_CREATE and BPF_BTF_LOAD. What the
 * kernel has types of its own for, and would look up there, is not known here: a kptr may
 * point to any struct.
 */
#ifndef BTF_FIELDS_H
#define BTF_FIELDS_H

#include "btf.h"

enum field_kind {
	field_spin_lock,
	field_res_spin_lock,
	field_timer,
	field_wq,
	field_task_work,
	field_kptr_unref,
	field_kptr_ref,
	field_kptr_percpu,
	field_uptr,
	field_list_head,
	field_rb_root,
	field_list_node,
	field_rb_node,
	field_refcount,
	FIELD_KINDS
};

struct btf_field {
	enum field_kind kind;
	u32 off, size;
	u32 btf_id;   /* of what a kptr points to, or what a list or tree holds */
	u32 node_off; /* list, tree: where that has its node */
	const struct skep_btf *btf; /* of btf_id */
};

enum {
	BTF_FIELDS = 11, /* at most */
	FIELD_KPTRS =
		1 << field_kptr_unref | 1 << field_kptr_ref | 1 << field_kptr_percpu,
	FIELD_ROOTS = 1 << field_list_head | 1 << field_rb_root,
	FIELD_NODES = 1 << field_list_node | 1 << field_rb_node,
	/* What the value of a map may have, and what an object. */
	FIELD_OF_MAP = (1 << FIELD_KINDS) - 1 - FIELD_NODES,
	FIELD_OF_OBJECT = 1 << field_spin_lock | 1 << field_res_spin_lock | FIELD_ROOTS |
			  FIELD_NODES | 1 << field_refcount | FIELD_KPTRS,
};

/* The fields, of the kinds whose bits `kinds` has, of a type: a struct, a section, or
 * what names one. How many, in the order in which they stand; -errno: they are no good,
 * and the kernel then takes the type for one without. */
int btf_fields(const struct skep_btf *btf, u32 type, u32 kinds,
	       struct btf_field out[BTF_FIELDS]);

/* Bytes of a field of that kind. */
u32 btf_size_of_field(enum field_kind kind);

/* Those of a struct that objects are made of: none but where a member is a field itself,
 * as Linux looks for them. */
int btf_object_fields(const struct skep_btf *btf, u32 type,
		      struct btf_field out[BTF_FIELDS]);

/* Whether the structs that objects may be made of are good: 0, or BPF_BTF_LOAD's errno.
 */
int btf_check_objects(const struct skep_btf *btf);

#endif
