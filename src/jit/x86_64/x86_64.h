/* x86_64.h - what the files of this target share */
#ifndef X86_64_H
#define X86_64_H

#include "jit.h"

/* Puts sums into addresses, constants before loops; sweeps. */
void x86_64_lower(struct ir *ir);

#endif
