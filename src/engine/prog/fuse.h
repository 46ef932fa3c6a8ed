/* fuse.h - ops for pairs of instructions, numbered behind those of the instruction set */
#ifndef FUSE_H
#define FUSE_H

#include "insn.h"

enum fused {
	fused_first = op_count - 1,
#define PAIR(a, b) fused_##a##_##b,
#define TEST(a, b) PAIR(a, b)
#define LAST(a)	   PAIR(a, exit)
#include "fuse.def"
	fused_end,
};

/* The op that does both at once, or `first` where there is none. */
u16 fuse(u16 first, u16 second);

#endif
