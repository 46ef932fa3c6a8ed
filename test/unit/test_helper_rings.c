/* test/bpf/rings.bpf.c on the engine and on the kernel: both give the same answers, and
 * the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <skep/engine.h>
#include <skep/load.h>
#include "bits.h"
#include "bpfcc.h"
#include "skip.h"

enum { OUT = 64, RING = 4096 };

static struct skep_engine *engine;
static char path[64], text[1 << 16];
static struct skep_log said = {.buf = text, .size = sizeof(text)};

struct side {
	struct skep_sys *sys;
	struct skep_object *obj;
	struct skep_object_map *bss;
};

static void side_open(struct side *s, u32 i)
{
	said.len = 0;
	s->sys = i ? skep_sys_kernel() : skep_engine_sys(engine);
	if (skep_object_open(path, &s->obj, &said) ||
	    skep_object_load(s->obj, s->sys, NULL, &said))
		fail_msg("%s: %s", s->sys->name, text);
	s->bss = skep_object_find_map(s->obj, ".bss");
}

/* Begins with `before` in the program's memory; `out` is what it left there. */
static void run(struct side *s, const char *name, const void *before, size_t len,
		u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;
	int err;

	memset(s->bss->data, 0, s->bss->data_len);
	memcpy((u8 *)s->bss->data + s->bss->data_len - len, before, len);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)skep_object_find_prog(s->obj, name)->fd;
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	err = s->sys->bpf(s->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err)
		fail_msg("%s on the %s: error %d", name, s->sys->name, err);
	memcpy(out, s->bss->data, OUT * sizeof(*out));
}

static u32 sides(const char *name)
{
	const char *cc = any_clang();

	if (!cc)
		test_skip(name, NO_CLANG);
	if (!path[0] && !bpf_compile(cc, TEST_BPF "/rings.bpf.c", NULL, path))
		fail_msg("%s does not compile rings.bpf.c", cc);
	return no_bpf() ? 1 : 2;
}

static void same(const struct side *s, const char *name, const u64 *out, const s64 *want,
		 u32 n)
{
	for (u32 k = 0; k < n; k++) {
		if ((s64)out[k] != want[k])
			fail_msg("%s on the %s: out[%u] is %lld, not %lld", name,
				 s->sys->name, k, (long long)out[k], (long long)want[k]);
	}
}

static void both(const char *test, const char *name, const s64 *want, u32 n)
{
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(test); i < end; i++) {
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

	for (u32 i = 0, end = sides(__func__); i < end; i++) {
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

	for (u32 i = 0, end = sides(__func__); i < end; i++) {
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

static int open_engine(void **state)
{
	return skep_engine_open(NULL, &engine);
}

static int close_engine(void **state)
{
	skep_engine_close(engine);
	if (path[0])
		unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dynptrs_bound_their_memory),
		cmocka_unit_test(dynptrs_hold_records),
		cmocka_unit_test(user_rings_are_drained),
		cmocka_unit_test(producers_wake_up),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
