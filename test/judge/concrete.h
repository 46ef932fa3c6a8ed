/* concrete.h - what a program's run and its verification say of the same instruction
 *
 * The parts of verify_concrete.c: a trace of what a run of the checked interpreter had
 * in its registers and stack before each instruction, and the question whether a state
 * of the verifier holds that.
 */
#ifndef CONCRETE_H
#define CONCRETE_H

#include "run.h"

struct state; /* of the verifier */

enum { STEPS = 1 << 14, STACK_BYTES = 8 << 20, VALUES = 1024 };

/* Before an instruction. */
struct concrete {
	u32 insn, depth;
	u32 callsite[SKEP_MAX_FRAMES]; /* of frames from 1 to depth */
	u64 r[11];
	u64 data, meta, tail; /* the packet's */
	u32 stack;	      /* in the trace's bytes: trace.frame bytes a frame */
};

/* Of one run. */
struct trace {
	struct concrete step[STEPS];
	u32 n;
	bool full; /* the run had more */
	u32 frame; /* bytes of each frame that are kept, from its top down */
	u8 stack[STACK_BYTES];
	u32 nstack;
	u64 top, ctx; /* of the main function's frame; the context */
	const struct prog *prog;
	struct {
		u64 lo;
	} value[VALUES]; /* of maps, that the program may know */
	u32 nvalues;
};

/* Of the run that is going on; a judge runs one program at a time. */
extern struct trace trace;

/* Between two runs. frame: bytes of the deepest stack frame. */
void trace_begin(u32 frame);

static inline const u8 *trace_stack(const struct concrete *at, u32 frame)
{
	return trace.stack + at->stack + (frame + 1) * trace.frame;
}

/* Whether `s`, of which `at` is a step of the same instruction, holds it. `precise`: of
 * numbers only those that are precise, and only slots of live[]; `live`: registers. If
 * not, `why` says so. */
struct scope {
	bool precise;
	u32 regs;
	u64 slots[SKEP_MAX_FRAMES];
};
bool concrete_in(const struct state *s, const struct concrete *at,
		 const struct scope *scope, char why[512]);

/* Whether all that compilers are told of the program is so in the run; if not, at which
 * step and why. checked: grows by the facts that were looked at. */
struct facts;
struct insn;
bool concrete_facts(const struct facts *f, const struct insn *code, u32 *step,
		    u64 *checked, char why[512]);

/* The same instruction, called by the same instructions. */
bool concrete_is_at(const struct state *s, const struct concrete *at);

#endif
