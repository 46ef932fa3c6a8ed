/* kernel_types.h - names of an object in the kernel's own BTF
 *
 * What a program attaches to by its section's name, and what its extern functions and
 * variables are. Modules have BTF of their own, which is not looked at.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <skep/btf.h>
#include "section.h"

/* The type that a program attaches to whose section is that of the row (NEEDS_BTF) with
 * "/target" behind it. 0: there is none of that name. */
u32 kernel_target(const struct skep_btf *vmlinux, const struct section_row *row,
		  const char *target);

/* The member that a name is in a struct or union: its index; -1: there is none. */
int kernel_member(const struct skep_btf *btf, u32 type, const char *name);

/* The function or variable (or type, SKEP_BTF_KIND_*) of that name, from which what
 * follows
 * "___" is taken away as libbpf does. 0: there is none. */
u32 kernel_symbol(const struct skep_btf *vmlinux, const char *name, u32 kind);

#endif
