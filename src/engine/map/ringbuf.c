#include "ringbuf.h"
#include "mem.h"
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

/* Storage: the engine's head; then from a page on what users map: the consumer's
 * position, the producer's position, each alone in its page, and the data. */

struct record {
	u32 len; /* of the sample, and SKEP_RINGBUF_*_BIT */
	u32 owner;
};

static u64 page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Where in the file the part that users map begins. */
static u64 shown_at(void)
{
	return round_up(OBJECT_HEAD_SIZE + sizeof(struct ring_head), page_size());
}

int ring_check(const union skep_attr *attr)
{
	if (attr->map_flags & ~(u32)SKEP_F_NUMA_NODE || attr->key_size ||
	    attr->value_size || !is_pow2(attr->max_entries) ||
	    attr->max_entries % page_size())
		return -EINVAL;
	return 0;
}

u64 ring_size(const struct map_info *info)
{
	return shown_at() - OBJECT_HEAD_SIZE + 2 * page_size() + info->max_entries;
}

/* ---- mapping ---- */

/* One piece of what users map, which begins at byte `off` of it. */
static int map_piece(int fd, u8 *at, u64 len, int prot, u64 off)
{
	return mmap(at, len, prot, MAP_SHARED | MAP_FIXED, fd, shown_at() + off) ==
			       MAP_FAILED
		       ? -errno
		       : 0;
}

/* Maps [off, off + len) of: positions, data, data again. */
static int map_shown(const struct map *map, int fd, void **out, u64 len, int prot,
		     int flags, u64 off)
{
	u64 once = 2 * page_size() + map->info.max_entries;
	u64 first = off < once ? MIN(len, once - off) : 0;
	u8 *at = mmap(*out, len, PROT_NONE,
		      MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE |
			      (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)),
		      -1, 0);
	int err = at == MAP_FAILED ? -errno : 0;

	if (err)
		return err;
	if (first)
		err = map_piece(fd, at, first, prot, off);
	if (!err && first < len)
		err = map_piece(fd, at + first, len - first, prot,
				off + first - map->info.max_entries);
	if (err)
		munmap(at, len);
	else
		*out = at;
	return err;
}

int ring_map(struct map *map, int fd, void **out, size_t len, int prot, int flags,
	     off_t off)
{
	u64 page = page_size(), all = 2 * (page + map->info.max_entries);

	if (!len || off % page || (u64)off > all || round_up(len, page) > all - off)
		return -EINVAL;
	return map_shown(map, fd, out, round_up(len, page), prot, flags, off);
}

int ring_open(struct map *map)
{
	u8 *shown = (u8 *)map->obj.head + shown_at();
	struct ring *ring = mem_alloc(1, sizeof(*ring));
	void *data = NULL;
	int err;

	if (!ring)
		return -ENOMEM;
	ring->head = (struct ring_head *)map->storage;
	ring->consumer = (u64 *)shown;
	ring->producer = (u64 *)(shown + page_size());
	ring->size = map->info.max_entries;
	err = map_shown(map, map->obj.fd, &data, 2 * ring->size, PROT_READ | PROT_WRITE,
			0, 2 * page_size());
	if (err) {
		mem_free(ring);
		return err;
	}
	ring->data = data;
	map->priv = ring;
	return 0;
}

void ring_close(struct map *map)
{
	struct ring *ring = map->priv;

	munmap(ring->data, 2 * ring->size);
	mem_free(ring);
}

/* ---- producers ---- */

u8 *ring_at(const struct ring *ring, u64 pos)
{
	return ring->data + (pos & (ring->size - 1) & ~7ull);
}

static struct record *record_at(const struct ring *ring, u64 pos)
{
	return (struct record *)ring_at(ring, pos);
}

u64 ring_record_len(u32 len)
{
	u32 bits = SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT;

	return round_up((len & ~bits) + (u64)SKEP_RINGBUF_HDR_SZ, 8);
}

/* Under the lock: steps over records that are committed and, with `dead`, discards those
 * whose owner is gone. Returns the position of the first that is busy. */
static u64 step_pending(struct map *map, bool dead)
{
	struct ring *ring = map->priv;
	u64 end = *ring->producer, pos = ring->head->pending;

	/* Positions that are not an honest process's work may wrap: only what lies
	 * between the two is looked at. */
	while (end - pos - 1 < ring->size) {
		struct record *rec = record_at(ring, pos);
		u32 len = __atomic_load_n(&rec->len, __ATOMIC_ACQUIRE);

		if (len & SKEP_RINGBUF_BUSY_BIT) {
			if (!dead || store_alive(map->obj.store, rec->owner))
				break;
			len = (len & ~SKEP_RINGBUF_BUSY_BIT) | SKEP_RINGBUF_DISCARD_BIT;
			__atomic_store_n(&rec->len, len, __ATOMIC_RELEASE);
		}
		pos += ring_record_len(len);
	}
	ring->head->pending = end - pos > ring->size ? end : pos;
	return ring->head->pending;
}

/* Whether a record that ends at `end` writes over nothing that is still wanted. */
static bool has_room(struct map *map, u64 end, bool dead)
{
	struct ring *ring = map->priv;
	u64 consumed = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);

	return end - step_pending(map, dead) < ring->size && end - consumed < ring->size;
}

static void *reserve_locked(struct map *map, u32 size)
{
	struct ring *ring = map->priv;
	u64 pos = *ring->producer & ~7ull, end = pos + ring_record_len(size);
	struct record *rec = record_at(ring, pos);

	if (!has_room(map, end, false) && !has_room(map, end, true))
		return NULL;
	/* A process that dies here has reserved nothing; one that dies later owns it. */
	rec->owner = store_self(map->obj.store);
	rec->len = size | SKEP_RINGBUF_BUSY_BIT;
	__atomic_store_n(ring->producer, end, __ATOMIC_RELEASE);
	return rec + 1;
}

void *ringbuf_reserve(struct map *map, u64 size)
{
	struct ring *ring = map->priv;
	void *sample;

	if (size > UINT32_MAX / 4 || ring_record_len(size) > ring->size || !map_enter())
		return NULL;
	lock_take(map->obj.store,
		  &ring->head->lock); /* a dead one left nothing to mend */
	sample = reserve_locked(map, size);
	lock_give(&ring->head->lock);
	map_leave();
	return sample;
}

void ringbuf_commit(struct map *map, void *sample, u64 flags, bool discard)
{
	struct ring *ring = map->priv;
	struct record *rec = (struct record *)sample - 1;
	u32 len = rec->len & ~SKEP_RINGBUF_BUSY_BIT;
	u64 consumed;

	__atomic_exchange_n(&rec->len, discard ? len | SKEP_RINGBUF_DISCARD_BIT : len,
			    __ATOMIC_SEQ_CST);
	/* A consumer that still reads older records will find this one by itself. */
	consumed = __atomic_load_n(ring->consumer, __ATOMIC_SEQ_CST);
	if (flags & SKEP_RB_FORCE_WAKEUP ||
	    (record_at(ring, consumed) == rec && !(flags & SKEP_RB_NO_WAKEUP)))
		store_notify(map->obj.store);
}

int ringbuf_output(struct map *map, const void *data, u64 size, u64 flags)
{
	void *sample;

	if (flags & ~(u64)(SKEP_RB_NO_WAKEUP | SKEP_RB_FORCE_WAKEUP))
		return -EINVAL;
	sample = ringbuf_reserve(map, size);
	if (!sample)
		return -EAGAIN;
	memcpy(sample, data, size);
	ringbuf_commit(map, sample, flags, false);
	return 0;
}

u64 ringbuf_query(struct map *map, u64 what)
{
	struct ring *ring = map->priv;
	u64 consumed = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	u64 produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	switch (what) {
	case SKEP_RB_AVAIL_DATA: return produced - consumed;
	case SKEP_RB_RING_SIZE: return ring->size;
	case SKEP_RB_CONS_POS: return consumed;
	case SKEP_RB_PROD_POS: return produced;
	default: return 0;
	}
}

/* ---- the consumer ---- */

/* It writes its position, and nothing else. */
static int map_for_consumer(struct map *map, int fd, void **out, size_t len, int prot,
			    int flags, off_t off)
{
	if (prot & PROT_WRITE && (off || round_up(len, page_size()) != page_size()))
		return -EPERM;
	return ring_map(map, fd, out, len, prot, flags, off);
}

/* The consumer stops at a busy record, so one that nobody will commit is freed here. */
static short poll_events(struct map *map)
{
	struct ring *ring = map->priv;

	if (!ringbuf_query(map, SKEP_RB_AVAIL_DATA))
		return 0;
	if (map_enter()) {
		lock_take(map->obj.store, &ring->head->lock);
		step_pending(map, true);
		lock_give(&ring->head->lock);
		map_leave();
	}
	return POLLIN | POLLRDNORM;
}

const struct map_ops map_ringbuf = {
	.name = "ringbuf",
	.late_check = true,
	.no_value_ptr = true,
	.check = ring_check,
	.size = ring_size,
	.open = ring_open,
	.close = ring_close,
	.mmap = map_for_consumer,
	.poll = poll_events,
};
