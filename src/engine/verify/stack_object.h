/* stack_object.h - what the kernel keeps in a program's stack: dynptrs, iterators
 *
 * An object takes whole slots, which loads and stores may not touch but to destroy it.
 * The argument of a helper or kfunc is a pointer to it; each function here prints and
 * refuses with the kernel's words.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include "verifier.h"

/* The upper of the slots that an object of n slots would have which r points to; the
 * others stand before it in the frame's. */
enum { OBJECT_MISPLACED = -1, OBJECT_OUTSIDE = -2 };
int object_slot(struct verifier *v, const struct reg *r, const char *what, u32 n);

/* ---- dynptr.c ---- */

enum dynptr_take {
	dynptr_read,  /* it is left as it is */
	dynptr_write, /* may be changed: not one that belongs to the kernel */
	dynptr_new,   /* is made */
};

/* r[regno] points to a dynptr of that kind (dynptr_none: any), or to where one is made.
 * Where it is remembered; NULL of one that is new. */
const struct reg *dynptr_check(struct verifier *v, u32 regno, enum dynptr_take take,
			       enum dynptr_kind kind);
/* r[regno] points to where one is made. cloned: the reference of the one that it is a
 * clone of; 0: it is none, or that one has none. */
void dynptr_make(struct verifier *v, u32 regno, enum dynptr_kind kind, u32 cloned);
/* r[regno] points to one that stands for a reference. */
void dynptr_check_owned(struct verifier *v, u32 regno);
/* It, all of the same reference and their slices end. */
void dynptr_release(struct verifier *v, u32 regno);

#endif
