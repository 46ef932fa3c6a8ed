/* user_ringbuf.h - ring buffers that user space fills and programs drain
 *
 * The layout is a ringbuf's, with the sides exchanged: users write the producer's
 * position and the data, so every length is bounded here, as the kernel does. One run
 * drains a ring at a time; a dead one's turn ends with its process, and its sample is
 * given again.
 */
#ifndef USER_RINGBUF_H
#define USER_RINGBUF_H

#include "ringbuf.h"

enum {
	USER_RINGBUF_SAMPLES = 128 * 1024, /* of one drain */
	USER_RINGBUF_MOST = (1 << 24) - 1, /* bytes of a sample: a dynptr's */
};

/* Begins a drain. False: somebody is at it, or this run is. */
bool user_ringbuf_begin(struct map *map);

/* The next sample, of *size bytes that others may change. -ENODATA: there is none, or its
 * writer is not done; -EAGAIN: there was one to be skipped; -EINVAL: the positions or the
 * length make no sense; -E2BIG: a length that no sample has. */
int user_ringbuf_peek(struct map *map, u8 **sample, u32 *size);

/* Gives the place of that sample back. */
void user_ringbuf_release(struct map *map, u32 size);

/* Ends the drain; with wake, producers that wait for room look again. */
void user_ringbuf_end(struct map *map, bool wake);

#endif
