/* info.h - func_info and line_info: what a program says of its functions and lines
 *
 * Checked as BPF_PROG_LOAD does; afterwards readers need no checks of their own: every
 * function has its record, if there is one at all, and every type and name is in range.
 * Two halves, since the kernel looks for functions in between:
 *
 *     info_check_records(v);           // their form, of func_info
 *     flow_find_funcs(...);            // .exception_callback = info_exception_callback
 *     info_check_funcs(v);             // against the functions; line_info
 */
#ifndef INFO_H
#define INFO_H

#include "verifier.h"

void info_check_records(struct verifier *v);
void info_check_funcs(struct verifier *v);

/* Where the function begins that the BTF's tag "exception_callback:NAME" of the main
 * function names; 0: there is no such tag. `v` is a struct verifier. */
u32 info_exception_callback(void *v);

#endif
