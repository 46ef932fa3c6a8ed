/* insn_mutate.h - changes programs so that they still decode
 *
 * Almost every change of a random byte makes a program that the decoder refuses; these
 * work on decoded instructions: another operation, register, offset, number or jump
 * target, instructions that come, go and move, with jumps that follow. What comes out
 * decodes and passes the flow check.
 */
#ifndef INSN_MUTATE_H
#define INSN_MUTATE_H

#include "insn.h"

enum { MUTATE_MOST = 512 }; /* instructions; longer programs are cut */

/* Changes the program of `n` slots at `code`, which has room for 2 * MUTATE_MOST slots;
 * returns the slots now, 0: it does not decode. The numbers come from *seed. */
u32 insn_mutate(struct skep_insn *code, u32 n, u64 *seed);

#endif
