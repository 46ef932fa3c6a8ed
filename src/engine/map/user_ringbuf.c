#include "user_ringbuf.h"
#include <poll.h>
#include <sys/mman.h>

bool user_ringbuf_begin(struct map *map)
{
	struct ring *ring = map->priv;
	bool from_dead; /* what it had not released is there still */

	return lock_try(map->obj.store, &ring->head->lock, &from_dead);
}

void user_ringbuf_end(struct map *map, bool wake)
{
	struct ring *ring = map->priv;

	lock_give(&ring->head->lock);
	if (wake)
		store_notify(map->obj.store);
}

int user_ringbuf_peek(struct map *map, u8 **sample, u32 *size)
{
	const u32 bits = SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT;
	struct ring *ring = map->priv;
	u64 produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	u64 consumed = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE), len;
	u8 *record = ring_at(ring, consumed);
	u32 word;

	if (produced % 8)
		return -EINVAL;
	if (consumed >= produced)
		return -ENODATA;
	word = __atomic_load_n((u32 *)record, __ATOMIC_ACQUIRE);
	len = ring_record_len(word);
	if (len > produced - consumed)
		return -EINVAL;
	if (len > ring->size || (word & ~bits) > USER_RINGBUF_MOST)
		return -E2BIG;
	if (word & SKEP_RINGBUF_DISCARD_BIT) {
		__atomic_store_n(ring->consumer, consumed + len, __ATOMIC_RELEASE);
		return -EAGAIN;
	}
	if (word & SKEP_RINGBUF_BUSY_BIT)
		return -ENODATA;
	*sample = record + SKEP_RINGBUF_HDR_SZ;
	*size = word;
	return 0;
}

void user_ringbuf_release(struct map *map, u32 size)
{
	struct ring *ring = map->priv;

	__atomic_store_n(ring->consumer, *ring->consumer + ring_record_len(size),
			 __ATOMIC_RELEASE);
}

/* ---- the producer ---- */

/* The consumer's position is not its to write. */
static int map_for_producer(struct map *map, int fd, void **out, size_t len, int prot,
			    int flags, off_t off)
{
	return prot & PROT_WRITE && !off ? -EPERM
					 : ring_map(map, fd, out, len, prot, flags, off);
}

static short poll_events(struct map *map)
{
	struct ring *ring = map->priv;
	u64 consumed = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	u64 produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	return produced - consumed < ring->size ? POLLOUT | POLLWRNORM : 0;
}

const struct map_ops map_user_ringbuf = {
	.name = "user_ringbuf",
	.late_check = true,
	.no_value_ptr = true,
	.check = ring_check,
	.size = ring_size,
	.open = ring_open,
	.close = ring_close,
	.mmap = map_for_producer,
	.poll = poll_events,
};
