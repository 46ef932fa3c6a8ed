/* facts.h - what the verifier proved of a program, for those who compile it
 *
 * verify_facts() (engine/verify/verify.h) fills a struct facts, which is its caller's
 * until facts_free(), needs nothing of the verifier or the program any more, and is never
 * changed: threads may share it. Instructions and maps have the numbers that they had in
 * the struct verify_prog.
 *
 * A fact holds for every run: whenever the instruction is reached, whatever the input,
 * the maps' contents and the path. So it is the union of what is known on all paths. That
 * is not what a verification like the kernel's has in its states: a path ends where an
 * earlier one was alike, and numbers that decided nothing (not "precise") may differ from
 * the earlier path's, there and in all that is computed from them. The rule is:
 *
 * - Facts come from a walk of their own, in which all numbers count as precise: a path
 *   ends only where each register and slot that may still be read is contained in the
 *   earlier path's. Then by induction over its steps each run stays inside of states that
 *   were walked, and the union over these is sound. (Registers that are not read any more
 *   are not compared. So nothing is said of registers that the instruction does not
 *   read, by the static liveness that the comparison uses.)
 * - Such a walk may take longer than the verdict's. If it takes too long, the union is
 *   made over a walk like the verdict's, and `numbers` is false: nothing is said of
 *   numbers and offsets. Kinds of pointers, their maps, whether they may be NULL, and
 *   which way branches go are compared exactly, or decided by numbers that are precise.
 *
 * States of speculative execution do not take part.
 */
#ifndef FACTS_H
#define FACTS_H

#include "arena.h"

enum fact_kind {
	fact_never, /* no run has the register here */
	fact_any,   /* a number, or pointers of several kinds */
	fact_number,
	fact_ctx,
	fact_map,	/* the map itself */
	fact_map_value, /* into a value of it */
	fact_map_key,
	fact_stack,
	fact_packet, /* from the packet's first byte */
	fact_packet_meta,
	fact_packet_end,
	fact_func, /* a function of the program */
	fact_btf,  /* an object of the kernel */
	fact_arena,
	fact_other, /* a pointer of one kind that stands for nothing else here */
};

#define FACT_NO_MAP (~0u)

/* Of one register. */
struct fact {
	u8 kind;	 /* enum fact_kind */
	bool maybe_null; /* a pointer that is NULL in some run: not compared with it yet
			  */
	bool untrusted;	 /* what it points to may be gone: loads must not fault */
	u8 up;		 /* fact_stack: of the running function (0), its caller... */
	u32 map;	 /* fact_map, _value, _key: index, if it is always the same one */
	/* The number; of ctx, map value, stack and packet the offset from its beginning
	 * (of the stack: from r10). Each view holds alone. A bit is 1 that is set in
	 * `ones`, unknown if it is set in `unknown`, else 0. */
	s64 smin, smax;
	u64 umin, umax;
	u64 ones, unknown;
};

enum fact_flag {
	FACT_WALKED = 1 << 0,
	FACT_TAKEN = 1 << 1, /* of a conditional jump: some run may jump */
	FACT_FELL = 1 << 2,  /* some run may go on below */
	FACT_AFTER = 1 << 3, /* there is a fact of the register that it writes */
};

struct fact_insn {
	u32 first;  /* in all[]: those of `before`, by number; then the one behind it */
	u16 before; /* registers (1 << r) that it reads and of which there are facts */
	u8 flags;
};

struct facts {
	u32 n; /* instructions */
	bool numbers;
	struct fact_insn *insns;
	struct fact *all;
	struct arena arena;
};

/* Of a register that the instruction reads, before it; NULL: nothing is known. r10 is
 * known to everybody. */
const struct fact *facts_before(const struct facts *f, u32 insn, u32 reg);
/* Of the register that the instruction (arithmetic, load, lddw) wrote. NULL: as above. */
const struct fact *facts_after(const struct facts *f, u32 insn);
/* No run comes here: also the second slot of an lddw. */
static inline bool facts_is_dead(const struct facts *f, u32 insn)
{
	return !(f->insns[insn].flags & FACT_WALKED);
}
/* A conditional jump: 1 always jumps, 0 never does, -1 neither is known. */
int facts_branch(const struct facts *f, u32 insn);

static inline bool fact_is_const(const struct fact *x)
{
	return x->kind == fact_number && !x->unknown;
}

/* `x` becomes what holds for both. */
void fact_join(struct fact *x, const struct fact *with);

void facts_free(struct facts *f);

#endif
