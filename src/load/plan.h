/* plan.h - programs put together, before anything is created
 *
 * plan_object() needs a parsed object. For each program that is not skipped it appends
 * the subprograms that it reaches, resolves calls and references, and makes the function
 * and line records that go with them; and it makes o->fixed, the BTF that a kernel takes.
 * What can only be known when it is loaded, descriptors of maps and the kernel's types,
 * stays in `refs` and `ksyms`.
 *
 * Throws to o->p; all memory but that of o->fixed is its arena.
 */
#ifndef PLAN_H
#define PLAN_H

#include "parse.h"

/* An lddw that names a map, or a place in one. */
struct plan_ref {
	struct plan_ref *next;
	u32 insn;
	struct obj_map *map;
};

/* A call of a function of the kernel, or an lddw of its variable or function. */
struct plan_ksym {
	struct plan_ksym *next;
	u32 insn;
	const char *name;
	bool weak;
	u32 sec; /* where it stands in the file */
	u64 off;
};

struct plan_prog {
	struct obj_func *func;
	struct skep_insn *insns;
	u32 n;
	struct plan_ref *refs;
	struct plan_ksym *ksyms;
	u32 ops; /* of struct_ops: the struct, in the object's BTF, and the member */
	const char *member;	      /* NULL: it is none's */
	struct skep_func_info *funcs; /* NULL: none, or not for every subprogram */
	u32 n_funcs;
	struct skep_line_info *lines;
	u32 n_lines;
};

struct load_plan {
	struct plan_prog *progs; /* those not skipped, in the order of o->progs */
	u32 n_progs;
};

void plan_object(struct obj *o, struct load_plan *plan);

/* The passes of plan_object() that have files of their own. */
void plan_prog(struct obj *o, struct plan_prog *pp);
void plan_btf(struct obj *o);
void plan_ops(struct obj *o, struct plan_prog *pp);

#endif
