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

/* ---- typed_target.c ---- */

/* What the program is attached to is of the kind that its type takes, and it may sleep
 * there. */
void typed_check_target(struct verifier *v);

/* Type `id` is a function, and its arguments are such as programs can be given, or give.
 */
void typed_check_function(struct verifier *v, const struct skep_btf *btf, u32 id);

/* ---- typed_ctx.c ---- */

/* For rules_helper_allowed(). */
struct rule_hook typed_hook(struct verifier *v);
/* "bpf_iter_task": programs may be attached to the iterator. */
bool typed_is_iter(const char *name);
/* As the log has a type's kind: "FUNC_PROTO". */
const char *typed_kind_name(const struct skep_btf *btf, u32 id);

#endif
