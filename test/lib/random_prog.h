/* random_prog.h - random programs that the kernel's verifier accepts
 *
 * For differential runs. A program needs no context, map or helper, so that any program
 * type that may return any number runs it; it ends (jumps go forward, loops count down);
 * it reads only registers and stack that it has set. It uses every pure instruction of
 * insn.def: both widths, both sources, all loads, stores and atomics on the stack, local
 * calls. The verifier takes its registers for unknown numbers. (What the programs leave
 * out because the verifier is wrong there: see forget() in random_prog.c.) It returns a
 * hash of all registers and of its stack, so that one wrong bit anywhere shows.
 */
#ifndef RANDOM_PROG_H
#define RANDOM_PROG_H

#include "insn.h"

/* The least room that insn_random() needs, and the least for local calls. Linux 6.18
 * verifies the former in 0.3 ms and the latter in 2.5 ms; of 800 slots it gives up on one
 * in some thousands, after a million visited instructions. */
enum { RANDOM_PROG_ROOM = 400, RANDOM_PROG_CALLS_ROOM = 800 };

/* Writes a program of at most `room` slots, the larger the more room; returns its
 * length. The same seed gives the same program; *seed moves on to the next. */
u32 insn_random(u64 *seed, struct skep_insn *out, u32 room);

#endif
