/* diff_gen.h - random programs that call helpers and use maps and packets
 *
 * For differential runs beside random_prog.h, whose programs touch only registers and
 * their stack. These call helpers whose results do not depend on time, chance or
 * machine, on the maps of diff_maps.def, and load from and store into packets; all that
 * they see goes into a hash that they return. The kernel's verifier accepts nearly all.
 */
#ifndef DIFF_GEN_H
#define DIFF_GEN_H

#include "insn.h"

enum kind { kind_pure, kind_filter, kind_xdp, kind_tc, KINDS };

enum { DIFF_ROOM = 4096, DIFF_FUNC = 3 };

/* One of each row of diff_maps.def, in its order: what a program's map[idx:N] means. */
enum diff_map {
#define MAP(name, ...) map_##name,
#include "diff_maps.def"
	DIFF_MAPS
};

/* Where functions begin, as BPF_PROG_LOAD wants to know of those that are called back;
 * the type is DIFF_FUNC. */
struct diff_funcs {
	struct skep_func_info at[3];
	u32 n;
};

/* Writes a program of at most DIFF_ROOM slots for kind_xdp or kind_tc; its length. */
u32 diff_gen(u64 *seed, enum kind kind, struct skep_insn *out, struct diff_funcs *funcs);

u32 diff_pick(u64 *seed, u32 n);

#endif
