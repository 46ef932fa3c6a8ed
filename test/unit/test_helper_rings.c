/* test/bpf/rings.bpf.c on the engine and on the kernel: both give the same answers, and
 * the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "sides.h"

#define RINGS TEST_BPF "/rings.bpf.c"

enum { RING = 4096 };

/* Begins with `before` in the program's memory; `out` is what it left there. */
static void run(struct side *s, const char *name, const void *before, size_t len,
		u64 out[OUT])
{
	u8 packet[64];
	union skep_attr attr;

	for (u32 i = 0; i < sizeof(packet); i++)
		packet[i] = (u8)(16 * (i + 1));
	memset(s->bss->data, 0, s->bss->data_len);
	if (len)
		memcpy((u8 *)s->bss->data + s->bss->data_len - len, before, len);
	memset(&attr, 0, sizeof(attr));
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	side_run(s, name, &attr, out);
}

static void both(const char *test, const char *name, const s64 *want, u32 n)
{
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(test, RINGS); i < end; i++) {
		side_open(&s, i);
		run(&s, name, NULL, 0, out);
		skep_object_close(s.obj);
		same(&s, name, out, want, n);
	}
}

#define BOTH(name, ...) \
	both(__func__, name, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

static void dynptrs_bound_their_memory(void **state)
{
	BOTH("dynptrs", 0, 0, 0, 0x11223344, -E2BIG, 0, -EINVAL, -E2BIG, -EINVAL, -E2BIG,
	     0x1122334455667788, 0, 5, 0, -E2BIG, 0, 5, 0, 1, 0, 0x511223344, -EINVAL,
	     -EINVAL, -EINVAL, 0);
	BOTH("empty", 0, -E2BIG, 0, 3);
}

static void dynptrs_hold_records(void **state)
{
	BOTH("records", 0, 0, -E2BIG, 7, 24, -EINVAL, -EINVAL, -EINVAL, -E2BIG, 0, 136);
}

/* ---- user ring buffers ---- */

struct ring {
	int fd;
	u64 *consumer, *producer;
	u8 *data;
	u64 end; /* where the next sample is put */
};

static void ring_open(struct side *s, struct ring *r)
{
	void *at = NULL;

	r->fd = skep_object_find_map(s->obj, "user_ring")->fd;
	assert_int_equal(s->sys->mmap(s->sys, &at, RING, PROT_READ, MAP_SHARED, r->fd, 0),
			 0);
	r->consumer = at;
	at = NULL;
	assert_int_equal(s->sys->mmap(s->sys, &at, 3 * RING, PROT_READ | PROT_WRITE,
				      MAP_SHARED, r->fd, RING),
			 0);
	r->producer = at;
	r->data = (u8 *)at + RING;
	r->end = 0;
}

static void ring_close(struct side *s, struct ring *r)
{
	s->sys->munmap(s->sys, r->consumer, RING);
	s->sys->munmap(s->sys, r->producer, 3 * RING);
}

/* A sample of `len` bytes, which begin with `word`, and its header's bits. */
static void put(struct ring *r, u32 len, u64 word)
{
	u32 size = len & ~(SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT);

	memcpy(r->data + r->end % RING, &len, sizeof(len));
	memcpy(r->data + r->end % RING + 8, &word, sizeof(word));
	r->end += round_up(size + 8, 8);
}

/* One drain, with the producer `more` bytes ahead; out[7] is what it consumed. Ends with
 * an empty ring. */
static void drain(struct side *s, struct ring *r, u64 more, u64 flags, u64 stop,
		  u64 out[OUT])
{
	u64 before[2] = {flags, stop}, at = *r->consumer;

	__atomic_store_n(r->producer, at + more, __ATOMIC_RELEASE);
	run(s, "drain", before, sizeof(before), out);
	if (out[1] && !out[2]) { /* the callback's dynptr can be made smaller */
		assert_int_equal(out[8], 0);
		assert_int_equal(out[9], -E2BIG);
	}
	out[7] = *r->consumer - at;
	r->end = *r->consumer;
	*r->producer = r->end;
}

/* drain(more, flags, stop) gives: the answer, samples, the last read's and the nested
 * drain's answer, what the words add up to, ..., bytes consumed. */
#define DRAIN(more, flags, stop, ...) \
	do { \
		drain(s, r, more, flags, stop, out); \
		same(s, #more ", " #flags ", " #stop, out, (const s64[]){__VA_ARGS__}, \
		     8); \
	} while (0)

static void drain_good(struct side *s, struct ring *r)
{
	u64 out[OUT];

	DRAIN(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	for (u64 i = 1; i <= 3; i++)
		put(r, 8 + (u32)i, i);
	DRAIN(72, 0, 0, 3, 3, 0, 6, -EBUSY, 0, 0, 72);
	assert_int_equal(*(u64 *)(r->data + 8), 2); /* it wrote into the sample */
	put(r, 8, 1);
	put(r, 16 | SKEP_RINGBUF_DISCARD_BIT, 5);
	put(r, 8, 2);
	DRAIN(56, 0, 0, 2, 2, 0, 3, -EBUSY, 0, 0, 56);
	put(r, 8, 1);
	put(r, 8 | SKEP_RINGBUF_BUSY_BIT, 5);
	DRAIN(32, 0, 0, 1, 1, 0, 1, -EBUSY, 0, 0, 16);
	put(r, 8 | SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT, 5);
	DRAIN(16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16);
	put(r, 8, 1);
	put(r, 8, 2);
	put(r, 8, 3);
	DRAIN(48, 1, 3, 2, 2, 0, 3, -EBUSY, 0, 0, 32);
	put(r, 7, 9);
	DRAIN(16, 2, 0, 1, 1, -E2BIG, 0, -EBUSY, 0, -E2BIG, 16);
	put(r, 0, 9);
	DRAIN(8, 0, 0, 1, 1, -E2BIG, 0, -EBUSY, 0, -E2BIG, 8);
	put(r, RING - 8, 4); /* all of it, wrapped */
	DRAIN(RING, 0, 0, 1, 1, 0, 4, -EBUSY, 0, 0, RING);
}

static void drain_bad(struct side *s, struct ring *r)
{
	u64 out[OUT];

	put(r, 8, 1);
	DRAIN(16, 4, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0);
	DRAIN(12, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0);
	DRAIN(8, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0);
	put(r, 16, 1);
	put(r, 64, 1); /* one more than there is */
	DRAIN(32, 0, 0, -EINVAL, 1, 0, 1, -EBUSY, 0, 0, 24);
	put(r, RING, 1);
	DRAIN(RING, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0);
	DRAIN(3 * RING, 0, 0, -E2BIG, 0, 0, 0, 0, 0, 0, 0);
	put(r, ~0u >> 2, 1);
	DRAIN(1ull << 32, 0, 0, -E2BIG, 0, 0, 0, 0, 0, 0, 0);
	put(r, ~0u, 1);
	DRAIN(1ull << 32, 0, 0, -E2BIG, 0, 0, 0, 0, 0, 0, 0);
	put(r, ~0u, 1);
	DRAIN(64, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0);
	DRAIN(-8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void user_rings_are_drained(void **state)
{
	struct side s;
	struct ring r;

	for (u32 i = 0, end = sides(__func__, RINGS); i < end; i++) {
		side_open(&s, i);
		ring_open(&s, &r);
		drain_good(&s, &r);
		drain_bad(&s, &r);
		ring_close(&s, &r);
		skep_object_close(s.obj);
	}
}

/* A producer without room waits until a drain has made some. */
static void producers_wake_up(void **state)
{
	struct pollfd p = {.events = POLLOUT};
	u64 out[OUT];
	struct side s;
	struct ring r;

	for (u32 i = 0, end = sides(__func__, RINGS); i < end; i++) {
		side_open(&s, i);
		ring_open(&s, &r);
		put(&r, RING - 8, 4);
		*r.producer = RING;
		p.fd = r.fd;
		assert_int_equal(s.sys->poll(s.sys, &p, 1, 0), 0);
		drain(&s, &r, RING, 0, 0, out);
		assert_int_equal(out[0], 1);
		assert_int_equal(s.sys->poll(s.sys, &p, 1, 0), 1);
		assert_int_equal(p.revents, POLLOUT);
		ring_close(&s, &r);
		skep_object_close(s.obj);
	}
}

/* ---- perf events ---- */

enum { MOST_CPUS = 256, CURRENT = -1 };

/* One event for each CPU, in the map, with a page of data each; `cpu` is where programs
 * run. */
struct events {
	u32 n, cpu;
	int fd[MOST_CPUS];
	struct perf_event_mmap_page *page[MOST_CPUS];
};

static struct perf_event_attr output_attr(void)
{
	return (struct perf_event_attr){.size = sizeof(struct perf_event_attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_BPF_OUTPUT,
					.sample_type = PERF_SAMPLE_RAW,
					.sample_period = 1,
					.wakeup_events = 1};
}

static int set_event(struct side *s, u32 index, int fd)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, "events")->fd;
	attr.key = u64_of(&index);
	attr.value = u64_of(&fd);
	return s->sys->bpf(s->sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

/* What bpf_perf_event_output answers; *cpu is where it was called. */
static s64 output(struct side *s, u64 flags, u64 size, u32 *cpu)
{
	u64 before[2] = {flags, size}, out[OUT];

	run(s, "output", before, sizeof(before), out);
	if (cpu)
		*cpu = (u32)out[1];
	return (s64)out[0];
}

static void *map_event(struct side *s, int fd, int prot)
{
	void *at = NULL;

	assert_int_equal(s->sys->mmap(s->sys, &at, 2 * RING, prot, MAP_SHARED, fd, 0), 0);
	return at;
}

static void events_open(struct side *s, struct events *e, struct perf_event_attr *attr,
			int prot)
{
	output(s, 0, 0, &e->cpu);
	e->n = (u32)MIN(sysconf(_SC_NPROCESSORS_CONF), MOST_CPUS - 1);
	for (u32 i = 0; i < e->n; i++) {
		e->fd[i] = s->sys->perf_event_open(s->sys, attr, -1, (int)i, -1,
						   PERF_FLAG_FD_CLOEXEC);
		assert_true(e->fd[i] >= 0);
		e->page[i] = map_event(s, e->fd[i], prot);
		assert_int_equal(set_event(s, i, e->fd[i]), 0);
	}
}

static void events_close(struct side *s, struct events *e)
{
	for (u32 i = 0; i < e->n; i++) {
		s->sys->munmap(s->sys, e->page[i], 2 * RING);
		s->sys->close(s->sys, e->fd[i]);
	}
}

static u64 word_at(const struct events *e, u64 pos)
{
	u64 word;

	memcpy(&word, (u8 *)e->page[e->cpu] + RING + pos % RING, sizeof(word));
	return word;
}

static u64 head_of(const struct events *e)
{
	return __atomic_load_n(&e->page[e->cpu]->data_head, __ATOMIC_ACQUIRE);
}

static u64 header(u32 type, u32 misc, u32 size)
{
	return type | (u64)misc << 32 | (u64)size << 48;
}

/* On both sides, on one CPU of the kernel: its events take what is written there. */
static void both_events(const char *test, struct perf_event_attr *attr, int prot,
			void (*fn)(struct side *s, struct events *e))
{
	cpu_set_t all, one;
	struct events e;
	struct side s;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_getaffinity(0, sizeof(all), &all);
	for (u32 i = 0, end = sides(test, RINGS); i < end; i++) {
		side_open(&s, i);
		sched_setaffinity(0, sizeof(one), &one);
		events_open(&s, &e, attr, prot);
		fn(&s, &e);
		events_close(&s, &e);
		sched_setaffinity(0, sizeof(all), &all);
		skep_object_close(s.obj);
	}
}

static void take_records(struct side *s, struct events *e)
{
	u64 pos = 0;

	for (u64 size = 0; size < 20; size++) {
		u64 len = 8 + round_up(size + 4, 8);

		assert_int_equal(output(s, (u32)CURRENT, size, NULL), 0);
		assert_int_equal(word_at(e, pos),
				 header(PERF_RECORD_SAMPLE, 1, (u32)len));
		assert_int_equal((u32)word_at(e, pos + 8), len - 12);
		for (u64 i = 0; i < size; i++)
			assert_int_equal((u8)word_at(e, pos + 12 + i), i + 1);
		pos += len;
		assert_int_equal(head_of(e), pos);
	}
	assert_int_equal(output(s, e->cpu, 8, NULL), 0);
	assert_int_equal(output(s, 10ull << 32 | (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(word_at(e, pos + 24), header(PERF_RECORD_SAMPLE, 1, 32));
	assert_int_equal((u32)word_at(e, pos + 32), 20);
	assert_int_equal(word_at(e, pos + 36), 0x0807060504030201);
	assert_int_equal(word_at(e, pos + 44), 0x8070605040302010); /* the packet's */
	assert_int_equal((u16)word_at(e, pos + 52), 0xa090);
	assert_int_equal(output(s, 64ull << 32 | (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(output(s, 65ull << 32 | (u32)CURRENT, 8, NULL), -EFAULT);
	assert_int_equal(output(s, 1ull << 52 | (u32)CURRENT, 8, NULL), -EINVAL);
	assert_int_equal(output(s, MOST_CPUS - 1, 8, NULL), -ENOENT);
	assert_int_equal(output(s, MOST_CPUS, 8, NULL), -E2BIG);
	for (u32 i = 0; i < e->n; i++)
		assert_int_equal(output(s, i, 8, NULL), i == e->cpu ? 0 : -EOPNOTSUPP);
}

static void perf_events_take_records(void **state)
{
	struct perf_event_attr attr = output_attr();

	both_events(__func__, &attr, PROT_READ | PROT_WRITE, take_records);
}

/* Without room a sample is counted, which the next one that finds room tells. */
static void lose_some(struct side *s, struct events *e)
{
	u64 id, pos;
	u32 n = 0;

	assert_int_equal(s->sys->ioctl(s->sys, e->fd[e->cpu], PERF_EVENT_IOC_ID,
				       (unsigned long)u64_of(&id)),
			 0);
	while (!output(s, (u32)CURRENT, 8, NULL))
		n++;
	assert_int_equal(n, RING / 24);
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), -ENOSPC);
	assert_int_equal(output(s, (u32)CURRENT, 20, NULL), -ENOSPC);
	pos = head_of(e);
	assert_int_equal(pos, n * 24);
	__atomic_store_n(&e->page[e->cpu]->data_tail, pos, __ATOMIC_RELEASE);
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(word_at(e, pos), header(PERF_RECORD_LOST, 0, 24));
	assert_int_equal(word_at(e, pos + 8), id);
	assert_int_equal(word_at(e, pos + 16), 3);
	assert_int_equal(word_at(e, pos + 24), header(PERF_RECORD_SAMPLE, 1, 24));
	assert_int_equal(head_of(e), pos + 48);
	/* a reader's position that makes no sense is no more than a full ring */
	for (u64 odd = 1; odd; odd <<= 7) {
		__atomic_store_n(&e->page[e->cpu]->data_tail, odd, __ATOMIC_RELEASE);
		output(s, (u32)CURRENT, 8, NULL);
	}
}

static void perf_events_lose_records(void **state)
{
	struct perf_event_attr attr = output_attr();

	both_events(__func__, &attr, PROT_READ | PROT_WRITE, lose_some);
}

static short events_now(struct side *s, struct events *e)
{
	struct pollfd p = {.fd = e->fd[e->cpu], .events = POLLIN};

	assert_true(s->sys->poll(s->sys, &p, 1, 0) >= 0);
	return p.revents;
}

static void wake_every_third(struct side *s, struct events *e)
{
	for (u32 i = 1; i <= 12; i++) {
		assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
		assert_int_equal(events_now(s, e), i % 3 ? 0 : POLLIN);
		assert_int_equal(events_now(s, e), 0);
	}
}

static void wake_by_bytes(struct side *s, struct events *e)
{
	for (u64 i = 1, woken = 0; i <= 12; i++) {
		bool due = i * 24 - woken > 48;

		woken += due ? 48 : 0;
		assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
		assert_int_equal(events_now(s, e), due ? POLLIN : 0);
	}
}

static void perf_events_wake_up(void **state)
{
	struct perf_event_attr attr = output_attr();

	attr.wakeup_events = 3;
	both_events(__func__, &attr, PROT_READ | PROT_WRITE, wake_every_third);
	attr.watermark = 1;
	attr.wakeup_watermark = 48; /* bytes: the third record is the first beyond it */
	both_events(__func__, &attr, PROT_READ | PROT_WRITE, wake_by_bytes);
}

/* Every field that a sample or a lost record can have, in their order. */
static void tell_all(struct side *s, struct events *e)
{
	u64 task = (u32)getpid() | (u64)(u32)gettid() << 32, id, pos;

	s->sys->ioctl(s->sys, e->fd[e->cpu], PERF_EVENT_IOC_ID,
		      (unsigned long)u64_of(&id));
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(word_at(e, 0), header(PERF_RECORD_SAMPLE, 1, 88));
	assert_int_equal(word_at(e, 8), id);
	assert_int_equal(word_at(e, 16), task);
	assert_int_not_equal(word_at(e, 24), 0); /* the time */
	assert_int_equal(word_at(e, 32), 0);
	assert_int_equal(word_at(e, 40), id);
	assert_int_equal(word_at(e, 48), id);
	assert_int_equal(word_at(e, 56), e->cpu);
	assert_int_equal(word_at(e, 64), 0);
	assert_int_equal(word_at(e, 72), 0x040302010000000c);
	while (!output(s, (u32)CURRENT, 8, NULL))
		;
	pos = head_of(e);
	__atomic_store_n(&e->page[e->cpu]->data_tail, pos, __ATOMIC_RELEASE);
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(word_at(e, pos), header(PERF_RECORD_LOST, 0, 72));
	assert_int_equal(word_at(e, pos + 16), 1);
	assert_int_equal(word_at(e, pos + 24), task);
	assert_int_equal(word_at(e, pos + 40), id);
	assert_int_equal(word_at(e, pos + 48), id);
	assert_int_equal(word_at(e, pos + 56), e->cpu);
	assert_int_equal(word_at(e, pos + 64), id);
	assert_int_equal(head_of(e), pos + 72 + 88);
}

static void perf_events_tell_whose_they_are(void **state)
{
	struct perf_event_attr attr = output_attr();

	attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			   PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
			   PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_RAW;
	attr.sample_id_all = 1;
	both_events(__func__, &attr, PROT_READ | PROT_WRITE, tell_all);
}

/* Who may not say what was read gets the newest records. */
static void overwrite(struct side *s, struct events *e)
{
	for (u32 i = 0; i < 2 * RING / 24; i++)
		assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
	assert_int_equal(head_of(e), 2 * RING / 24 * 24);
	assert_int_equal(word_at(e, head_of(e) - 24), header(PERF_RECORD_SAMPLE, 1, 24));
}

static void perf_events_are_overwritten(void **state)
{
	struct perf_event_attr attr = output_attr();

	both_events(__func__, &attr, PROT_READ, overwrite);
}

static void be_elsewhere(struct side *s, struct events *e)
{
	struct perf_event_attr attr = output_attr();
	int fd = e->fd[e->cpu];

	assert_int_equal(s->sys->ioctl(s->sys, fd, PERF_EVENT_IOC_DISABLE, 0), 0);
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), -EOPNOTSUPP);
	assert_int_equal(s->sys->ioctl(s->sys, fd, PERF_EVENT_IOC_ENABLE, 0), 0);
	assert_int_equal(output(s, (u32)CURRENT, 8, NULL), 0);
	/* this task's, wherever it is */
	fd = s->sys->perf_event_open(s->sys, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	assert_int_equal(set_event(s, 0, fd), 0);
	assert_int_equal(output(s, 0, 8, NULL), -ENOSPC); /* nobody has mapped it */
	s->sys->munmap(s->sys, map_event(s, fd, PROT_READ | PROT_WRITE), 2 * RING);
	assert_int_equal(
		((struct perf_event_mmap_page *)map_event(s, fd, PROT_READ | PROT_WRITE))
			->data_head,
		0);
	assert_int_equal(output(s, 0, 8, NULL), 0);
	s->sys->close(s->sys, fd);
	assert_int_equal(output(s, 0, 8, NULL), 0); /* the map holds it */
	/* another task's */
	fd = s->sys->perf_event_open(s->sys, &attr, getppid(), -1, -1,
				     PERF_FLAG_FD_CLOEXEC);
	assert_int_equal(set_event(s, 0, fd), 0);
	assert_int_equal(output(s, 0, 8, NULL), -EOPNOTSUPP);
	s->sys->close(s->sys, fd);
	attr.disabled = 1;
	fd = s->sys->perf_event_open(s->sys, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	assert_int_equal(set_event(s, 0, fd), 0);
	assert_int_equal(output(s, 0, 8, NULL), -EOPNOTSUPP);
	s->sys->close(s->sys, fd);
}

static void perf_events_are_where_they_are(void **state)
{
	struct perf_event_attr attr = output_attr();

	both_events(__func__, &attr, PROT_READ | PROT_WRITE, be_elsewhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dynptrs_bound_their_memory),
		cmocka_unit_test(dynptrs_hold_records),
		cmocka_unit_test(user_rings_are_drained),
		cmocka_unit_test(producers_wake_up),
		cmocka_unit_test(perf_events_take_records),
		cmocka_unit_test(perf_events_lose_records),
		cmocka_unit_test(perf_events_wake_up),
		cmocka_unit_test(perf_events_tell_whose_they_are),
		cmocka_unit_test(perf_events_are_overwritten),
		cmocka_unit_test(perf_events_are_where_they_are),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
