/* explain_record.h - by which instructions a path came to where it was refused
 *
 * The walk is the same each time, so a step's number in the order of the walk names it.
 * The first recording keeps, for each step, the one before it on its path: eight bytes.
 * The second one keeps the registers before each step of the refused path, at most
 * RECORD_MOST of them, the last ones.
 */
#ifndef EXPLAIN_RECORD_H
#define EXPLAIN_RECORD_H

#include "vec.h"
#include "verifier.h"

enum { RECORD_MOST = 4096 };

struct snap {
	u32 insn, depth;
	struct reg r[REGS]; /* of the running frame, before the instruction */
};

struct record {
	struct {
		u32 prev, insn;
	} * steps; /* by number; 0: none */
	size_t steps_room;
	u32 nsteps, last;
	vec(u32) forks; /* the step after which each pending path goes on */
	u32 *path;	/* numbers of the steps to keep, ascending */
	u32 npath;
	struct snap *snaps; /* the second time: npath; the last is the refused one */
	u32 nsnaps;
};

/* Called by explore() when v->record is set. */
void record_begin(struct verifier *v);
void record_step(struct verifier *v);
void record_forks(struct verifier *v); /* after a step: paths that it left for later */
void record_pop(struct verifier *v);   /* after path_pop() */
void record_end(struct verifier *v);   /* no path is walked any more */

/* Between the two recordings: false: no memory. */
bool record_choose(struct record *rec);
void record_free(struct record *rec);

#endif
