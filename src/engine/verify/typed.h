/* typed.h - what a program has to do with the kernel's BTF beside pointers: the function
 * that it is attached to, symbols that it names
 *
 * All ids are those of the profile's BTF.
 */
#ifndef TYPED_H
#define TYPED_H

#include "call.h"

/* ---- typed_ksym.c ---- */

/* lddw of a symbol: refuses what is none, whether a path comes there or not. */
void typed_check_symbol(struct verifier *v, const struct insn *in);
void typed_load_symbol(struct verifier *v, const struct insn *in, struct reg *d);
/* What give_mem_or_btf_id means for this call; flags may be NULL's. */
void typed_give_percpu(struct verifier *v, const struct call *call, struct reg *r,
		       u32 flags);

#endif
