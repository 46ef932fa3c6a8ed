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
	kfunc_locked = 1 << 3,	/* may be called while a lock is held */
	kfunc_acquire = 1 << 4, /* what it returns has to be given back */
	kfunc_release = 1 << 5,
	kfunc_or_null = 1 << 6, /* it may return NULL */
	kfunc_trusted = 1 << 7, /* takes objects that are sure to be there */
	kfunc_rcu = 1 << 8,	/* or will be until the end of an RCU section */
	kfunc_rcu_protected = 1 << 9,
	kfunc_sleeps = 1 << 10,
	kfunc_moves = 1 << 11, /* packet pointers are gone */
};

/* What no flag says. */
enum kfunc_does {
	kfunc_plain,
	kfunc_rcu_lock,
	kfunc_rcu_unlock,
	kfunc_preempt_disable,
	kfunc_preempt_enable,
	kfunc_irq_save,
	kfunc_irq_restore,
	kfunc_dynptr_skb, /* makes one */
	kfunc_dynptr_skb_meta,
	kfunc_dynptr_xdp,
	kfunc_dynptr_clone,
	kfunc_slice,
	kfunc_slice_rdwr,
	kfunc_cast_ctx,
	kfunc_rdonly_cast,
	kfunc_css_task,	  /* not for all programs */
	kfunc_kmem_cache, /* returns what may be gone */
	kfunc_trap,
	kfunc_obj_new, /* kfunc_object.c: what programs make */
	kfunc_percpu_obj_new,
	kfunc_obj_drop,
	kfunc_refcount_acquire,
	kfunc_list_push,
	kfunc_list_get, /* pops, or looks at */
	kfunc_rbtree_add,
	kfunc_rbtree_get,
	kfunc_rbtree_node, /* removes the node, or gives its neighbour */
	kfunc_wq_callback,
};

struct kfunc {
	const char *name;
	u32 flags;
	enum kfunc_does does;
	u64 types; /* programs that may call it: 1 << type */
};

struct kfunc_call {
	const struct kfunc *kfunc;
	const struct skep_btf *btf;
	u32 proto;	   /* in btf */
	u32 ref;	   /* that an argument, or the iterator, stands for; 0: none */
	u32 release;	   /* the register whose reference ends; 0: none */
	u64 constant;	   /* of the argument that has to be one */
	struct reg dynptr; /* as its slot has the one that was passed */
	u32 frame, slot;   /* where the iterator is */
	const struct skep_btf *object_btf; /* of the object that was passed; NULL: none */
	u32 object_type;
	bool owning;		      /* what was passed is its owner's reference */
	const struct btf_field *root; /* the list's or tree's field that was passed */
	u32 callback;		      /* index of the function */
	struct reg wq; /* the value whose work queue was passed; reg_none: none was */
};

/* The row of a function of the kernel's BTF; NULL: it has none. proto: may be NULL. */
const struct kfunc *kfunc_find(const struct verifier *v, s64 btf_id, u32 *proto);

/* Whether programs of this type may call it. */
static inline bool kfunc_allowed(const struct verifier *v, const struct kfunc *k)
{
	return v->prog->type < 64 && k->types >> v->prog->type & 1;
}
/* Before any path is walked: the call names a function. */
void kfunc_check_named(void *v, u32 insn);

/* ---- kfunc_arg.c ---- */

/* Every argument; what they mean is in `call` then. */
void kfunc_check_args(struct verifier *v, struct kfunc_call *call);
bool kfunc_is_number(const struct skep_btf *btf, u32 id);
/* A struct of numbers only, up to four structs deep. */
bool kfunc_is_plain(const struct skep_btf *btf, u32 id);
/* What a pointer points to; 0: it is none, or to void. */
u32 kfunc_pointee(const struct skep_btf *btf, u32 id);

/* ---- irq_flag.c ---- */

/* r[regno] points to where the state of interrupts is kept, or was. */
void irq_check(struct verifier *v, const struct kfunc_call *call, u32 regno);

/* ---- iter.c ---- */

/* r[regno] points to the iterator, struct `type`, that the call makes, uses or ends. */
void iter_check(struct verifier *v, struct kfunc_call *call, u32 regno, u32 type);
/* The call gave an element, in another path that is walked later, or none. */
void iter_next(struct verifier *v, const struct kfunc_call *call);
/* What a pointer is that an iterator gives: its elements are there as long as it is, or
 * as long as the RCU section. */
u32 iter_element_flags(const struct verifier *v, const struct kfunc_call *call);

/* ---- kfunc_object.c: objects that programs make, lists and trees of them ---- */

/* r[regno] fits such a parameter. */
void object_check_dropped(struct verifier *v, struct kfunc_call *call, u32 regno);
void object_check_refcounted(struct verifier *v, struct kfunc_call *call, u32 regno);
void object_check_root(struct verifier *v, struct kfunc_call *call, u32 regno,
		       enum field_kind kind);
void object_check_node(struct verifier *v, struct kfunc_call *call, u32 regno,
		       enum field_kind kind);
void object_check_callback(struct verifier *v, struct kfunc_call *call, u32 regno);
/* The node has become the list's or tree's, whose lock is held. */
void object_insert(struct verifier *v, const struct kfunc_call *call);
/* What the call returns; false: nothing of the kind. */
bool object_give(struct verifier *v, const struct kfunc_call *call, struct reg *r);

#endif
