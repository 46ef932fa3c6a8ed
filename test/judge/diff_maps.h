/* diff_maps.h - the maps that programs of diff_gen.h use, on one side of the seam
 *
 * They begin every program with the same contents; what a program left in them is read
 * as text, which must be equal on both sides.
 */
#ifndef DIFF_MAPS_H
#define DIFF_MAPS_H

#include <skep/sys.h>
#include "diff_gen.h"

struct maps {
	struct skep_sys *sys;
	u32 cpus; /* copies in a per-CPU map */
	int32_t fd[DIFF_MAPS];
	int btf;       /* has DIFF_FUNC */
	int callee[2]; /* programs in map_progs: for kind_xdp, for kind_tc */
	uint64_t *consumer;
	const uint8_t *producer; /* its position, then a page on the data, twice */
};

/* 0 or -errno. */
int maps_open(struct maps *maps, struct skep_sys *sys);
void maps_close(struct maps *maps);

/* Back to the first contents; programs of `kind` find one of their own in map_progs. */
int maps_reset(struct maps *maps, enum kind kind);

/* What is in them, as text; takes the ring's records. */
void maps_print(struct maps *maps, char *buf, size_t size);

#endif
