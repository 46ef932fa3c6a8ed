/* The pages of perf events: writers that are killed, and pages that others write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include "killed.h"
#include "os.h"
#include "perf_output.h"

enum { RING = 4096, KILLS = 200, WORDS = 20 };

static int open_perf(struct object *obj)
{
	container_of(obj, struct perf, obj)->info = (struct perf_info *)obj->head->data;
	return 0;
}

struct setup {
	struct store *store;
	struct perf *perf;
	struct perf_ring *ring;
	struct perf_event_mmap_page *page;
	int fd;
};

static void setup_open(struct setup *s)
{
	static const struct object_ops perf_ops = {.view_size = sizeof(struct perf),
						   .open = open_perf};
	static const struct object_ops *const kinds[OBJECT_KINDS] = {
		[OBJECT_PERF] = &perf_ops,
		[OBJECT_PERF_RING] = &perf_ring_object_ops,
	};
	struct object *obj;
	void *at = NULL;

	assert_int_equal(store_open(NULL, kinds, NULL, &s->store), 0);
	assert_int_equal(object_create(s->store, OBJECT_PERF, OBJECT_HEAD_SIZE, &obj), 0);
	s->fd = object_ready(obj, O_RDWR);
	assert_int_equal(object_get(s->store, s->fd, OBJECT_PERF, &obj, NULL), 0);
	s->perf = container_of(obj, struct perf, obj);
	s->perf->info->sample_type = PERF_SAMPLE_RAW;
	s->perf->info->wakeup = 1;
	assert_int_equal(
		perf_mmap(s->perf, &at, 2 * RING, PROT_READ | PROT_WRITE, MAP_SHARED, 0),
		0);
	s->page = at;
	assert_int_equal(
		object_get_id(s->store, OBJECT_PERF_RING, s->perf->info->ring_id, &obj),
		0);
	s->ring = container_of(obj, struct perf_ring, obj);
}

static void setup_close(struct setup *s)
{
	object_put(&s->ring->obj);
	object_put(&s->perf->obj);
	munmap(s->page, 2 * RING);
	close(s->fd);
	store_close(s->store);
}

/* A sample tells how long it is in each of its words. */
static int write_one(struct setup *s, u32 words)
{
	u64 data[WORDS];
	struct perf_sample sample = {.part[0] = {data, 8 * words - 4}};

	for (u32 i = 0; i < words; i++)
		data[i] = 0x0101010101010101 * words;
	return perf_output(s->ring, s->perf->info, &sample);
}

/* ---- killed writers ---- */

static void byte_at(const struct setup *s, u64 pos, void *to, u32 len)
{
	for (u32 i = 0; i < len; i++)
		((u8 *)to)[i] = ((u8 *)s->page)[RING + (pos + i) % RING];
}

/* Reads as libbpf does. How many samples there were, all of them whole. */
static u32 read_all(struct setup *s)
{
	u64 pos = s->page->data_tail,
	    head = __atomic_load_n(&s->page->data_head, __ATOMIC_ACQUIRE);
	u32 n = 0, size;

	while (pos < head) {
		struct perf_event_header h;
		u8 data[8 * WORDS];

		byte_at(s, pos, &h, sizeof(h));
		assert_true(h.type == PERF_RECORD_SAMPLE || h.type == PERF_RECORD_LOST);
		if (h.type == PERF_RECORD_SAMPLE) {
			byte_at(s, pos + 8, &size, sizeof(size));
			assert_int_equal(size, h.size - 12);
			byte_at(s, pos + 12, data, size);
			for (u32 i = 0; i < size; i++)
				assert_int_equal(data[i], (size + 4) / 8);
			n++;
		}
		pos += h.size;
	}
	assert_int_equal(pos, head);
	__atomic_store_n(&s->page->data_tail, pos, __ATOMIC_RELEASE);
	return n;
}

static bool write_some(void *thing, u64 *rng)
{
	write_one(thing, 1 + rnd(rng) % WORDS);
	return true;
}

static void read_some(void *thing)
{
	read_all(thing);
}

static void write_and_read(void *thing)
{
	read_all(thing);
	assert_int_equal(write_one(thing, 3), 0);
	assert_int_equal(read_all(thing), 1);
}

static void killed_writers_leave_nothing(void **state)
{
	static const struct killed writers = {
		.work = write_some, .check = read_some, .complete = write_and_read};
	struct setup s;

	setup_open(&s);
	killed_beside_others(&writers, &s, killed_times(KILLS), 7);
	setup_close(&s);
}

/* ---- hostile pages ---- */

struct scribbler {
	struct setup *s;
	bool stop;
};

/* What another process may do to all but lock words, which a living owner may hold. No
 * honest one does, so that there is nothing here for ThreadSanitizer. */
static reads_racing void *scribble(void *arg)
{
	struct scribbler *c = arg;
	u64 rng = 5;

	while (!__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		u32 *head = (u32 *)c->s->ring->state, word = rnd(&rng);
		u32 at = 1 + rnd(&rng) % 13;

		__atomic_store_n(&head[at], word % 3 ? word : -(word % 5),
				 __ATOMIC_RELAXED);
		at = rnd(&rng) % 400;
		__atomic_store_n((u32 *)c->s->page + at, word, __ATOMIC_RELAXED);
		__atomic_store_n(&c->s->perf->info->watermark, word, __ATOMIC_RELAXED);
		__atomic_store_n(&c->s->perf->info->sample_type,
				 (u64)word << 32 | rnd(&rng), __ATOMIC_RELAXED);
	}
	return NULL;
}

static void pages_change_meanwhile(void **state)
{
	struct scribbler c = {0};
	pthread_t thread;
	struct setup s;
	u64 rng = 3;

	setup_open(&s);
	c.s = &s;
	pthread_create(&thread, NULL, scribble, &c);
	for (u64 end = os_clock_ns() + 300000000; os_clock_ns() < end;) {
		int err = write_one(&s, 1 + rnd(&rng) % WORDS);

		assert_true(!err || err == -ENOSPC);
		perf_poll(s.perf);
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	setup_close(&s);
}

/* A record has a length of 16 bits. The kernel writes what is longer with a length that
 * is wrong. */
static void records_have_limits(void **state)
{
	static u8 data[1 << 17];
	struct perf_sample sample = {.part[0] = {data, 65535 - 8 - 4 - 7}};
	struct setup s;

	setup_open(&s);
	assert_int_equal(perf_output(s.ring, s.perf->info, &sample), -ENOSPC);
	sample.part[0].len = 65535 - 8 - 4 + 1;
	assert_int_equal(perf_output(s.ring, s.perf->info, &sample), -E2BIG);
	sample.part[1].at = data;
	sample.part[1].len = UINT32_MAX;
	assert_int_equal(perf_output(s.ring, s.perf->info, &sample), -E2BIG);
	assert_int_equal(write_one(&s, 1), 0);
	setup_close(&s);
}

/* ---- who maps them ---- */

static void pages_end_with_their_mapping(void **state)
{
	struct setup s;
	void *at = NULL;
	u32 id;

	setup_open(&s);
	id = s.perf->info->ring_id;
	assert_int_equal(perf_poll(s.perf), 0);
	assert_int_equal(write_one(&s, 1), 0);
	assert_int_equal(perf_poll(s.perf), POLLIN);
	assert_int_equal(perf_poll(s.perf), 0);
	munmap(s.page, 2 * RING);
	assert_int_equal(perf_poll(s.perf), POLLHUP);
	assert_int_equal(perf_mmap(s.perf, &at, 3 * RING, PROT_READ, MAP_SHARED, 0), 0);
	assert_int_not_equal(s.perf->info->ring_id, id);
	assert_true(object_gone(&s.ring->obj));
	munmap(at, 3 * RING);
	s.page = NULL;
	at = NULL;
	assert_int_equal(
		perf_mmap(s.perf, &at, 2 * RING, PROT_READ | PROT_WRITE, MAP_SHARED, 0),
		0);
	s.page = at;
	setup_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_writers_leave_nothing),
		cmocka_unit_test(pages_change_meanwhile),
		cmocka_unit_test(records_have_limits),
		cmocka_unit_test(pages_end_with_their_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
