/* Rings that programs write to, or drain, while they are killed: a reader gets whole
 * records, in order, and nothing of a dead writer is in the way of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/mman.h>
#include "kill_engine.h"
#include "killed.h"
#include "skip.h"
#include "user_ringbuf.h"

enum { RING = 4096, KEYS = 40, KILLS = 60, SHORT = 3 /* words */ };

struct victim {
	const struct kind *kind;
	int map, prog, spare;
	struct map *view;
	u64 seen;
	/* ringbuf, user_ringbuf: what is mapped */
	u64 *consumer, *producer;
	u8 *data;
	/* perf_event_array: an event for each slot */
	int event[SLOTS];
	struct perf_event_mmap_page *page[SLOTS];
};

struct kind {
	const char *name, *text;
	u32 type;
	void (*open)(struct victim *v);
	void (*close)(struct victim *v);
	struct killed worker, stepper;
};

static void *map_fd(int fd, size_t len, int prot, off_t off)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	void *at = NULL;

	assert_int_equal(sys->mmap(sys, &at, len, prot, MAP_SHARED, fd, off), 0);
	return at;
}

static void unmap(void *at, size_t len)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	assert_int_equal(sys->munmap(sys, at, len), 0);
}

static short poll_fd(int fd)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	sys->poll(sys, &p, 1, 0);
	return p.revents;
}

/* A sample is a value or the beginning of one. */
static void see(struct victim *v, const u64 *sample, u32 size)
{
	assert_true(size == WORDS * 8 || size == SHORT * 8);
	for (u32 i = 0; i < size / 8; i++)
		assert_true(value_word(sample[i], i, value_key(sample)));
	v->seen++;
}

/* ---- ringbuf ---- */

enum { do_submit, do_discard, do_output, RING_OPS };

static const char ring_text[] = PACKET "if r8 == 2 goto output\n"
				       "r1 = map[fd:%1$d]\n"
				       "r2 = 64\n"
				       "r3 = 0\n"
				       "call bpf_ringbuf_reserve\n"
				       "if r0 == 0 goto out\n"
				       "r1 = *(u64 *)(r6 +16)\n"
				       "*(u64 *)(r0 +0) = r1\n"
				       "r1 = *(u64 *)(r6 +24)\n"
				       "*(u64 *)(r0 +8) = r1\n"
				       "r1 = *(u64 *)(r6 +32)\n"
				       "*(u64 *)(r0 +16) = r1\n"
				       "r1 = *(u64 *)(r6 +40)\n"
				       "*(u64 *)(r0 +24) = r1\n"
				       "r1 = *(u64 *)(r6 +48)\n"
				       "*(u64 *)(r0 +32) = r1\n"
				       "r1 = *(u64 *)(r6 +56)\n"
				       "*(u64 *)(r0 +40) = r1\n"
				       "r1 = *(u64 *)(r6 +64)\n"
				       "*(u64 *)(r0 +48) = r1\n"
				       "r1 = *(u64 *)(r6 +72)\n"
				       "*(u64 *)(r0 +56) = r1\n"
				       "r1 = r0\n"
				       "r2 = 0\n"
				       "if r8 == 1 goto discard\n"
				       "call bpf_ringbuf_submit\n"
				       "goto done\n"
				       "discard: call bpf_ringbuf_discard\n"
				       "goto done\n"
				       "output: r1 = *(u64 *)(r6 +16)\n"
				       "*(u64 *)(r10 -24) = r1\n"
				       "r1 = *(u64 *)(r6 +24)\n"
				       "*(u64 *)(r10 -16) = r1\n"
				       "r1 = *(u64 *)(r6 +32)\n"
				       "*(u64 *)(r10 -8) = r1\n"
				       "r1 = map[fd:%1$d]\n"
				       "r2 = r10\n"
				       "r2 += -24\n"
				       "r3 = 24\n"
				       "r4 = 0\n"
				       "call bpf_ringbuf_output\n"
				       "done: r0 = 0\n"
				       "out: exit\n";

static struct packet packet_pick(u32 ops, u64 *rng)
{
	struct packet packet = {.what = rnd(rng) % ops};
	u32 key = rnd(rng) % KEYS;

	value_make(packet.value, key, *rng);
	return packet;
}

static bool ring_work(void *thing, u64 *rng)
{
	struct packet packet = packet_pick(RING_OPS, rng);

	return run_prog(((struct victim *)thing)->prog, &packet) == 0;
}

static bool ring_step(void *thing, u64 *rng)
{
	struct map *map = ((struct victim *)thing)->view;
	struct packet packet = packet_pick(RING_OPS, rng);
	u64 *sample;

	if (packet.what == do_output)
		return ringbuf_output(map, packet.value, SHORT * 8, 0) != -EINVAL;
	sample = ringbuf_reserve(map, WORDS * 8);
	if (!sample)
		return true;
	memcpy(sample, packet.value, WORDS * 8);
	ringbuf_commit(map, sample, 0, packet.what == do_discard);
	return true;
}

/* Takes what is there, as libbpf does. */
static void ring_take(void *thing)
{
	struct victim *v = thing;

	poll_fd(v->map);
	for (u64 pos = *v->consumer;
	     pos < __atomic_load_n(v->producer, __ATOMIC_ACQUIRE);) {
		u8 *rec = v->data + (pos & (RING - 1));
		u32 len = __atomic_load_n((u32 *)rec, __ATOMIC_ACQUIRE);

		if (len & SKEP_RINGBUF_BUSY_BIT)
			break;
		if (!(len & SKEP_RINGBUF_DISCARD_BIT))
			see(v, (u64 *)(rec + SKEP_RINGBUF_HDR_SZ), len);
		len &= ~SKEP_RINGBUF_DISCARD_BIT;
		pos += round_up(len + SKEP_RINGBUF_HDR_SZ, 8);
		__atomic_store_n(v->consumer, pos, __ATOMIC_RELEASE);
	}
}

/* Nobody is left to commit: a poll frees all, and the ring takes as much as ever. */
static void ring_complete(void *thing)
{
	struct victim *v = thing;
	u64 before = v->seen, n = RING / (WORDS * 8 + SKEP_RINGBUF_HDR_SZ);
	struct packet packet = {.what = do_submit};

	ring_take(v);
	assert_int_equal(*v->consumer, *v->producer);
	before = v->seen;
	for (u64 i = 0; i <= n; i++) {
		value_make(packet.value, i % KEYS, i);
		run_prog(v->prog, &packet);
	}
	ring_take(v);
	assert_int_equal(v->seen, before + n);
}

static void rings_open(struct victim *v)
{
	bool user = v->kind->type == SKEP_MAP_TYPE_USER_RINGBUF;
	int rw = PROT_READ | PROT_WRITE;

	v->map = make_map(v->kind->type, 0, 0, RING, 0);
	v->consumer = map_fd(v->map, RING, user ? PROT_READ : rw, 0);
	v->producer = map_fd(v->map, 3 * RING, user ? rw : PROT_READ, RING);
	v->data = (u8 *)v->producer + RING;
}

static void rings_close(struct victim *v)
{
	unmap(v->consumer, RING);
	unmap(v->producer, 3 * RING);
}

/* ---- user_ringbuf ---- */

static const char drain_text[] = "r1 = map[fd:%d]\n"
				 "r2 = subprog[sample]\n"
				 "r3 = r10\n"
				 "r4 = 0\n"
				 "call bpf_user_ringbuf_drain\n"
				 "exit\n"
				 "sample: r0 = 0\n"
				 "exit\n";

static bool drain_work(void *thing, u64 *rng)
{
	int n = run_prog(((struct victim *)thing)->prog, &(struct packet){0});

	return n >= 0 || n == -EBUSY;
}

static bool drain_step(void *thing, u64 *rng)
{
	struct map *map = ((struct victim *)thing)->view;
	u32 size;
	u8 *p;

	if (!user_ringbuf_begin(map))
		return false;
	while (!user_ringbuf_peek(map, &p, &size))
		user_ringbuf_release(map, size);
	user_ringbuf_end(map, true);
	return true;
}

/* As many samples as there is room for. */
static void drain_check(void *thing)
{
	struct victim *v = thing;
	u64 room = __atomic_load_n(v->consumer, __ATOMIC_ACQUIRE) + RING,
	    at = *v->producer;

	for (u32 len = 8; at + 16 <= room; at += 16) {
		memcpy(v->data + at % RING, &len, sizeof(len));
		__atomic_store_n(v->producer, at + 16, __ATOMIC_RELEASE);
	}
	v->seen++;
}

static void drain_before(void *thing, u64 seed)
{
	drain_check(thing);
}

/* What the dead one took and did not release is taken again. */
static void drain_complete(void *thing)
{
	struct victim *v = thing;
	u64 left = (*v->producer - *v->consumer) / 16;

	assert_int_equal(run_prog(v->prog, &(struct packet){0}), left);
	assert_int_equal(*v->consumer, *v->producer);
	assert_true(poll_fd(v->map) & POLLOUT);
}

/* ---- perf_event_array ---- */

static const char perf_text[] = "r6 = r1\n"
				"r7 = *(u32 *)(r1 +0)\n"
				"r8 = *(u32 *)(r1 +4)\n"
				"r0 = 0\n"
				"r2 = r7\n"
				"r2 += 80\n"
				"if r2 > r8 goto out\n"
				"r1 = *(u64 *)(r7 +16)\n"
				"*(u64 *)(r10 -24) = r1\n"
				"r1 = *(u64 *)(r7 +24)\n"
				"*(u64 *)(r10 -16) = r1\n"
				"r1 = *(u64 *)(r7 +32)\n"
				"*(u64 *)(r10 -8) = r1\n"
				"r1 = r6\n"
				"r2 = map[fd:%d]\n"
				"r3 = 0xffffffff ll\n"
				"r4 = r10\n"
				"r4 += -24\n"
				"r5 = 24\n"
				"call bpf_perf_event_output\n"
				"out: exit\n";

static bool perf_work(void *thing, u64 *rng)
{
	struct packet packet = packet_pick(1, rng);
	int err = run_prog(((struct victim *)thing)->prog, &packet);

	return !err || err == -ENOSPC;
}

static void perf_copy(const u8 *data, u64 pos, void *to, u32 len)
{
	for (u32 i = 0; i < len; i++)
		((u8 *)to)[i] = data[(pos + i) % RING];
}

static void perf_read(struct victim *v, struct perf_event_mmap_page *page)
{
	const u8 *data = (u8 *)page + RING;
	u64 head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	struct perf_event_header h;
	u64 pos = page->data_tail, sample[SHORT];
	u32 size;

	for (; pos < head; pos += h.size) {
		perf_copy(data, pos, &h, sizeof(h));
		assert_true(h.type == PERF_RECORD_SAMPLE || h.type == PERF_RECORD_LOST);
		if (h.type != PERF_RECORD_SAMPLE)
			continue;
		perf_copy(data, pos + 8, &size, sizeof(size));
		assert_int_equal(size, sizeof(sample) + 4);
		perf_copy(data, pos + 12, sample, sizeof(sample));
		see(v, sample, sizeof(sample));
	}
	assert_int_equal(pos, head);
	__atomic_store_n(&page->data_tail, pos, __ATOMIC_RELEASE);
}

static void perf_check(void *thing)
{
	struct victim *v = thing;

	for (u32 i = 0; i < SLOTS; i++)
		perf_read(v, v->page[i]);
}

static void perf_complete(void *thing)
{
	struct victim *v = thing;
	struct packet packet = {0};
	u64 before;

	perf_check(v);
	before = v->seen;
	value_make(packet.value, 1, 1);
	for (u32 i = 0; i < 10; i++)
		assert_int_equal(run_prog(v->prog, &packet), 0);
	perf_check(v);
	assert_int_equal(v->seen, before + 10);
}

static void perf_open(struct victim *v)
{
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_SOFTWARE,
				       .config = PERF_COUNT_SW_BPF_OUTPUT,
				       .sample_type = PERF_SAMPLE_RAW,
				       .sample_period = 1,
				       .wakeup_events = 1};
	struct skep_sys *sys = skep_engine_sys(engine);

	v->map = make_map(v->kind->type, 4, 4, SLOTS, 0);
	for (u32 i = 0; i < SLOTS; i++) {
		v->event[i] = sys->perf_event_open(sys, &attr, -1, (int)i, -1,
						   PERF_FLAG_FD_CLOEXEC);
		assert_true(v->event[i] >= 0);
		v->page[i] = map_fd(v->event[i], 2 * RING, PROT_READ | PROT_WRITE, 0);
		assert_int_equal(
			element(SKEP_MAP_UPDATE_ELEM, v->map, &i, &v->event[i], 0), 0);
	}
}

static void perf_close(struct victim *v)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	for (u32 i = 0; i < SLOTS; i++) {
		unmap(v->page[i], 2 * RING);
		sys->close(sys, v->event[i]);
	}
}

/* ---- all ---- */

static void warm(void *thing)
{
	element(SKEP_MAP_UPDATE_ELEM, ((struct victim *)thing)->spare, "key", "value  ",
		0);
}

static const struct kind kinds[] = {
	{"ringbuf", ring_text, SKEP_MAP_TYPE_RINGBUF, rings_open, rings_close,
	 .worker = {.work = ring_work, .check = ring_take, .complete = ring_complete},
	 .stepper = {.work = ring_step, .complete = ring_complete, .warm = warm}},
	{"user_ringbuf", drain_text, SKEP_MAP_TYPE_USER_RINGBUF, rings_open, rings_close,
	 .worker = {.work = drain_work, .check = drain_check, .complete = drain_complete},
	 .stepper = {.work = drain_step,
		     .complete = drain_complete,
		     .warm = warm,
		     .before = drain_before}},
	{"perf_event_array", perf_text, SKEP_MAP_TYPE_PERF_EVENT_ARRAY, perf_open,
	 perf_close,
	 .worker = {.work = perf_work, .check = perf_check, .complete = perf_complete},
	 .stepper = {.work = perf_work, .complete = perf_complete, .warm = warm}},
};

static void kill_all(const struct kind *k, bool steps)
{
	struct victim v = {.kind = k, .spare = make_map(SKEP_MAP_TYPE_HASH, 4, 8, 4, 0)};
	bool could = true;

	k->open(&v);
	v.view = map_view(v.map);
	v.prog = load_prog(k->text, v.map);
	if (steps)
		could = killed_at_steps(&k->stepper, &v, killed_times(KILLS), k->type);
	else
		killed_beside_others(&k->worker, &v, killed_times(KILLS), k->type);
	assert_true(!could || v.seen);
	k->close(&v);
	object_put(&v.view->obj);
	close(v.prog);
	close(v.map);
	close(v.spare);
	if (!could)
		test_skip(k->name, NO_PTRACE);
}

static void beside_others(void **state)
{
	kill_all(*state, false);
}

static void at_steps(void **state)
{
	kill_all(*state, true);
}

/* A verified program with a callback needs types, which this has not. */
static int open_unverified(void **state)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .slots = SLOTS, .unverified = true};

	return skep_engine_open(&opts, &engine);
}

int main(int argc, char **argv)
{
	return kill_run(argc, argv, kinds, sizeof(kinds[0]), ARRAY_SIZE(kinds),
			beside_others, at_steps, open_unverified, close_engine);
}
