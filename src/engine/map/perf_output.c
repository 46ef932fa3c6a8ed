#include "perf_output.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>
#include "map.h"
#include "os.h"

struct perf_ring_state {
	u32 lock;      /* of writers */
	u32 wakes;     /* POLLIN, once, when there is something to read */
	u32 overwrite; /* mapped by who cannot say what was read: the oldest goes */
	u32 records;   /* since the last wake-up */
	u64 head;      /* data_head, which users could change */
	u64 woken;     /* where the last wake-up was */
	u64 lost;      /* samples that found no room and were not told yet */
};

/* ---- the pages ---- */

static u64 page_size(void)
{
	return (u64)sysconf(_SC_PAGESIZE);
}

/* Where in the file the part that users map begins. */
static u64 shown_at(void)
{
	return round_up(OBJECT_HEAD_SIZE, page_size());
}

static int ring_view(struct object *obj)
{
	struct perf_ring *ring = container_of(obj, struct perf_ring, obj);
	u64 before = shown_at() + page_size();

	if (obj->size < before)
		return -EINVAL;
	ring->size = obj->size - before;
	if (ring->size && !is_pow2(ring->size))
		return -EINVAL;
	ring->state = (struct perf_ring_state *)obj->head->data;
	ring->page = (struct perf_event_mmap_page *)((u8 *)obj->head + shown_at());
	ring->data = (u8 *)ring->page + page_size();
	return 0;
}

const struct object_ops perf_ring_object_ops = {
	.view_size = sizeof(struct perf_ring),
	.open = ring_view,
};

static void init_page(struct perf_event_mmap_page *page, u64 size,
		      const struct perf_info *info)
{
	page->cap_bit0_is_deprecated = 1;
	page->size = offsetof(struct perf_event_mmap_page, __reserved);
	page->data_offset = page_size();
	page->data_size = size;
	page->lock = 2; /* changed once */
	page->time_enabled = info->enabled ? os_clock_ns() - info->since_ns : 0;
	page->time_running = page->time_enabled;
}

/* An fd of new pages. */
static int ring_make(struct perf *perf, u64 size, int prot, u32 *id)
{
	u64 shown = shown_at();
	struct object *obj;
	int err = object_create(perf->obj.store, OBJECT_PERF_RING,
				shown + page_size() + size, &obj);

	if (err)
		return err;
	*id = obj->id;
	init_page((struct perf_event_mmap_page *)((u8 *)obj->head + shown), size,
		  perf->info);
	((struct perf_ring_state *)obj->head->data)->overwrite = !(prot & PROT_WRITE);
	return object_ready(obj, prot & PROT_WRITE ? O_RDWR : O_RDONLY);
}

static bool has_size(struct store *store, int fd, u64 size)
{
	struct object *obj;
	bool has;

	if (object_get(store, fd, OBJECT_PERF_RING, &obj, NULL))
		return false;
	has = container_of(obj, struct perf_ring, obj)->size == size;
	object_put(obj);
	return has;
}

/* An fd of the pages that are mapped already, or of new ones. */
static int ring_get(struct perf *perf, u64 size, int prot)
{
	struct store *store = perf->obj.store;
	u32 *at = &perf->info->ring_id, old = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	u32 id = 0;
	int fd;

	for (;;) {
		fd = object_open_id(store, OBJECT_PERF_RING, old,
				    prot & PROT_WRITE ? O_RDWR : O_RDONLY);
		if (fd >= 0 && !has_size(store, fd, size)) {
			close(fd);
			return -EINVAL;
		}
		if (fd != -ENOENT)
			return fd;
		fd = ring_make(perf, size, prot, &id);
		if (fd < 0 ||
		    __atomic_compare_exchange_n(at, &old, id, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return fd;
		close(fd);
	}
}

int perf_mmap(struct perf *perf, void **out, size_t len, int prot, int flags, off_t off)
{
	const struct perf_info *info = perf->info;
	u64 page = page_size(), size = round_up(len, page) - page;
	void *at;
	int fd;

	if (info->event) /* nobody writes records of tracepoints */
		return -ENODEV;
	if (!len || off % (off_t)page)
		return -EINVAL;
	if (prot & PROT_EXEC)
		return -EPERM;
	if ((flags & MAP_TYPE) == MAP_PRIVATE || off ||
	    (info->inherit && info->cpu == -1) || (size && !is_pow2(size)))
		return -EINVAL;
	fd = ring_get(perf, size, prot);
	if (fd < 0)
		return fd;
	at = mmap(*out, len, prot, flags, fd, (off_t)shown_at());
	if (at == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	close(fd);
	*out = at;
	return 0;
}

short perf_poll(struct perf *perf)
{
	struct object *obj;
	short events = POLLHUP;

	if (object_get_id(perf->obj.store, OBJECT_PERF_RING,
			  __atomic_load_n(&perf->info->ring_id, __ATOMIC_ACQUIRE), &obj))
		return events;
	if (object_held(obj))
		events = (short)__atomic_exchange_n(
			&container_of(obj, struct perf_ring, obj)->state->wakes, 0,
			__ATOMIC_ACQ_REL);
	object_put(obj);
	return events & (POLLIN | POLLHUP);
}

/* ---- records ---- */

/* What stands before the raw data of a sample, and behind other records with id_all. */
static const u32 sample_fields[] = {PERF_SAMPLE_IDENTIFIER, PERF_SAMPLE_TID,
				    PERF_SAMPLE_TIME,	    PERF_SAMPLE_ADDR,
				    PERF_SAMPLE_ID,	    PERF_SAMPLE_STREAM_ID,
				    PERF_SAMPLE_CPU,	    PERF_SAMPLE_PERIOD};
static const u32 id_fields[] = {PERF_SAMPLE_TID, PERF_SAMPLE_TIME,
				PERF_SAMPLE_ID,	 PERF_SAMPLE_STREAM_ID,
				PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER};

bool perf_output_knows(u64 sample_type)
{
	u64 known = PERF_SAMPLE_RAW;

	for (u32 i = 0; i < ARRAY_SIZE(sample_fields); i++)
		known |= sample_fields[i];
	return !(sample_type & ~known);
}

static u64 field(u32 bit, const struct perf_sample *s)
{
	switch (bit) {
	case PERF_SAMPLE_TID: return s->tgid | (u64)s->tid << 32;
	case PERF_SAMPLE_TIME: return s->time;
	case PERF_SAMPLE_CPU: return s->cpu;
	case PERF_SAMPLE_ADDR:
	case PERF_SAMPLE_PERIOD: return 0; /* what a program writes has none */
	default: return s->id;
	}
}

/* The parts of a record, in one piece each. */
struct record {
	u64 words[1 + ARRAY_SIZE(sample_fields)];
	u32 n;
};

static void begin(struct record *r, u32 type, u32 misc)
{
	r->words[0] = type | (u64)misc << 32;
	r->n = 1;
}

static void add_fields(struct record *r, const u32 *fields, u32 n, u64 type,
		       const struct perf_sample *s)
{
	for (u32 i = 0; i < n; i++)
		if (type & fields[i])
			r->words[r->n++] = field(fields[i], s);
}

static u64 copy(struct perf_ring *ring, u64 pos, const void *src, u64 len)
{
	const u8 *from = src;

	while (len) {
		u64 at = pos & (ring->size - 1), n = MIN(len, ring->size - at);

		memcpy(ring->data + at, from, n);
		pos += n;
		from += n;
		len -= n;
	}
	return pos;
}

static u32 raw_len(const struct perf_sample *s)
{
	u64 len = 0;

	for (u32 i = 0; i < PERF_PARTS; i++)
		len += s->part[i].len;
	return (u32)MIN(round_up(len + 4, 8), (u64)UINT32_MAX / 2);
}

static u64 put_raw(struct perf_ring *ring, u64 pos, const struct perf_sample *s)
{
	u32 len = raw_len(s) - 4;
	u64 end = pos + len + 4;

	pos = copy(ring, pos, &len, sizeof(len));
	for (u32 i = 0; i < PERF_PARTS; i++)
		pos = copy(ring, pos, s->part[i].at, s->part[i].len);
	return copy(ring, pos, &(u64){0}, end - pos);
}

static bool has_room(const struct perf_ring *ring, u64 len)
{
	u64 tail = __atomic_load_n(&ring->page->data_tail, __ATOMIC_ACQUIRE);

	return ring->state->overwrite ||
	       ((tail - ring->state->head - 1) & (ring->size - 1)) >= len;
}

/* Whether users that wait are to be woken, now that the data ends at head. */
static bool is_due(struct perf_ring *ring, const struct perf_info *info, u64 head)
{
	struct perf_ring_state *state = ring->state;
	u64 mark = MIN((u64)info->watermark, ring->size), woken = state->woken;
	u32 wakeup = info->wakeup;

	if (!mark)
		mark = ring->size / 2;
	if (head - state->woken > mark)
		state->woken += mark;
	if (wakeup && ++state->records >= wakeup) {
		state->records -= wakeup;
		state->woken++;
	}
	return state->woken != woken;
}

static int output_locked(struct perf_ring *ring, const struct perf_info *info,
			 const struct perf_sample *s)
{
	u64 type = info->sample_type, lost = ring->state->lost, pos = ring->state->head,
	    len;
	struct record sample, loss;
	u32 raw = type & PERF_SAMPLE_RAW ? raw_len(s) : 0;

	begin(&sample, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
	add_fields(&sample, sample_fields, ARRAY_SIZE(sample_fields), type, s);
	begin(&loss, PERF_RECORD_LOST, 0);
	loss.words[loss.n++] = s->id;
	loss.words[loss.n++] = lost;
	if (info->id_all)
		add_fields(&loss, id_fields, ARRAY_SIZE(id_fields), type, s);
	if (8 * sample.n + raw > UINT16_MAX)
		return -E2BIG;
	if (!ring->size)
		return -ENOSPC;
	sample.words[0] |= (u64)(8 * sample.n + raw) << 48;
	loss.words[0] |= (u64)(8 * loss.n) << 48;
	len = 8 * sample.n + raw + (lost ? 8 * loss.n : 0);
	if (!has_room(ring, len)) {
		ring->state->lost = lost + 1;
		return -ENOSPC;
	}
	if (lost)
		pos = copy(ring, pos, loss.words, 8 * loss.n);
	pos = copy(ring, pos, sample.words, 8 * sample.n);
	if (raw)
		pos = put_raw(ring, pos, s);
	ring->state->lost = 0;
	ring->state->head = pos;
	__atomic_store_n(&ring->page->data_head, pos, __ATOMIC_RELEASE);
	return is_due(ring, info, pos);
}

int perf_output(struct perf_ring *ring, const struct perf_info *info,
		const struct perf_sample *sample)
{
	int ret;

	if (!map_enter())
		return -EBUSY;
	lock_take(ring->obj.store, &ring->state->lock);
	ret = output_locked(ring, info, sample);
	lock_give(&ring->state->lock);
	map_leave();
	if (ret <= 0)
		return ret;
	__atomic_store_n(&ring->state->wakes, POLLIN, __ATOMIC_RELEASE);
	store_notify(ring->obj.store);
	return 0;
}
