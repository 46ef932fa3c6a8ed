/* ringbuf.h - ring buffers, as helpers use them, and what both kinds of ring share
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

/* ---- both kinds of ring: the storage, and this process's view of it ---- */

struct ring_head {
	u32 lock; /* of producers; in a user_ringbuf of the one who drains it */
	u32 pad;
	u64 pending; /* position of the oldest record that may still be busy */
};

struct ring { /* map->priv */
	struct ring_head *head;
	u64 *consumer, *producer;
	u8 *data; /* twice in a row, so that a record that wraps is in one piece */
	u64 size;
};

int ring_check(const union skep_attr *attr);
u64 ring_size(const struct map_info *info);
int ring_open(struct map *map);
void ring_close(struct map *map);

/* mmap(2) of both; who may write what has been checked. */
int ring_map(struct map *map, int fd, void **out, size_t len, int prot, int flags,
	     off_t off);

/* The header of the record at a position, whatever that position is; the bytes of a
 * record whose header has this first word. */
u8 *ring_at(const struct ring *ring, u64 pos);
u64 ring_record_len(u32 len);

/* ---- ringbuf ---- */

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
