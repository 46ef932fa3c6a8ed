/* print.h - the formats that bpf_trace_printk, bpf_trace_vprintk and bpf_snprintf share
 *
 * The kernel's own kind of printf: d i u x X with l and ll, c, s, p and its extensions
 * (pK px ps pS pB pi4 pI4 pi6 pI6 pks pus), flags and a width, no precision. Addresses
 * print as they are: the engine hides no kernel's. Nothing is allocated.
 */
#ifndef PRINT_H
#define PRINT_H

#include "run.h"

enum { PRINT_ARGS = 12 };

/* Formats into out, cut to `size` with its 0; size 0: out may be NULL. Returns the length
 * that all of it has, without the 0, or, with out unchanged, -EINVAL for a bad format or
 * too few arguments, -ENOSPC when the arguments are too large together. fmt ends with a 0
 * or after fmt_size bytes. */
int print_format(struct run *run, char *out, u32 size, const char *fmt, u64 fmt_size,
		 const u64 *args, u32 nargs);

#endif
