/* gather.h - facts.h's facts, taken from the states of a walk
 *
 * explore() calls these for each step of a walk that has v->gather; what is collected
 * when it is over is what verify_facts() hands out.
 */
#ifndef GATHER_H
#define GATHER_H

#include "verifier.h"

struct facts;

/* Before a step: from where the path comes. */
void gather_edge(struct verifier *v);
/* The step's instruction, which will be taken; which was taken. */
void gather_before(struct verifier *v);
void gather_after(struct verifier *v, const struct insn *in);

#endif
