/* cost.h - where the verifier's work went, by line of the source */
#ifndef COST_H
#define COST_H

#include <skep/verify.h>
#include "arena.h"
#include "verify.h"

/* What prog->costs says, summed up by line, or by instruction if there are no lines: in
 * the order of files and lines. How many, in the arena; 0: nothing was counted, or no
 * memory. Names live as long as the program's BTF. */
u32 cost_by_line(const struct verify_prog *prog, struct arena *arena,
		 struct skep_verifier_cost **out);

#endif
