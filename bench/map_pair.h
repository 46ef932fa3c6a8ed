/* map_pair.h - two threads at once: on one map, or as writer and reader of a ring
 *
 * Both begin together; a measurement is from the first's start to the last's end. A
 * round in which others had one of the processors does not count.
 */
#ifndef MAP_PAIR_H
#define MAP_PAIR_H

#include "map_bench.h"

struct map_pair {
	double one, two;   /* ns an operation: one thread alone, each of two; medians */
	double gain, best; /* two threads' work in a time, beside one's: the medians', and
			      that of the quickest rounds */
};

void map_pair_run(const struct bench_way *way, u32 rounds, u32 *seed,
		  struct map_pair *out);

/* A ring buffer as its reader sees it. */
struct map_ring {
	u64 *consumer;
	const u64 *producer;
	const u8 *data; /* `size` bytes, twice */
	u32 size;
};

void map_ring_open(struct skep_sys *sys, int fd, u32 size, struct map_ring *out);
void map_ring_close(struct skep_sys *sys, struct map_ring *ring);

/* Millions of records a second that a reader got, which checks each: the median, and the
 * best. */
double map_ring_run(const struct bench_way *way, const struct map_ring *ring, u32 rounds,
		    u32 *seed, double *best);

#endif
