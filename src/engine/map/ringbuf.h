/* ringbuf.h - ring buffers, as helpers use them
 *
 * The consumer page, the producer page and the data, mapped twice in a row, are the
 * kernel's byte for byte, so libbpf's consumer reads them unchanged. In a record's header
 * the second word, which the kernel uses to find the ring, names the process that
 * reserved it: a record that a dead process never committed is discarded by the next who
 * finds the ring full or polls it.
 */
#ifndef RINGBUF_H
#define RINGBUF_H

#include "map.h"

/* `size` bytes to be written and then committed, or NULL: no room. */
void *ringbuf_reserve(struct map *map, u64 size);

/* Gives a reserved sample to the consumer, or, with discard, lets it skip the sample.
 * flags: SKEP_RB_NO_WAKEUP, SKEP_RB_FORCE_WAKEUP. */
void ringbuf_commit(struct map *map, void *sample, u64 flags, bool discard);

/* Both at once, with a copy of data: 0, -EINVAL (flags), -EAGAIN (no room). */
int ringbuf_output(struct map *map, const void *data, u64 size, u64 flags);

/* what: SKEP_RB_AVAIL_DATA, ...; 0 for what it does not know. */
u64 ringbuf_query(struct map *map, u64 what);

#endif
