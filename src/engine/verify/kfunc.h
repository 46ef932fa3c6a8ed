/* kfunc.h - calls of kernel functions: which there are, what their arguments are
 *
 * Prototypes come from the profile's BTF, the rest from kfunc.def. What is not modelled
 * is refused as such.
 */
#ifndef KFUNC_H
#define KFUNC_H

#include "stack_object.h"

enum kfunc_flag {
	kfunc_new = 1 << 0, /* of an iterator, its first argument */
	kfunc_next = 1 << 1,
	kfunc_destroy = 1 << 2,
	kfunc_iter = kfunc_new | kfunc_next | kfunc_destroy,
	kfunc_locked = 1 << 3, /* may be called while a lock is held */
};

struct kfunc {
	const char *name;
	u32 flags;
	u64 types; /* programs that may call it: 1 << type */
};

struct kfunc_call {
	const struct kfunc *kfunc;
	const struct skep_btf *btf;
	u32 proto;	 /* in btf */
	u32 ref;	 /* of the iterator that was passed */
	u32 frame, slot; /* where it is */
};

/* The row of a function of the kernel's BTF; NULL: it has none. proto: may be NULL. */
const struct kfunc *kfunc_find(const struct verifier *v, s64 btf_id, u32 *proto);
/* Before any path is walked: the call names a function. */
void kfunc_check_named(void *v, u32 insn);

/* ---- iter.c ---- */

/* r[regno] points to the iterator, struct `type`, that the call makes, uses or ends. */
void iter_check(struct verifier *v, struct kfunc_call *call, u32 regno, u32 type);
/* The call gave an element, in another path that is walked later, or none. */
void iter_next(struct verifier *v, const struct kfunc_call *call);

#endif
