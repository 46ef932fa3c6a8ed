/* Two and four threads, and as many processes, on small maps: each call takes effect at
 * one moment. Also that a history without such moments, and a map whose update takes two
 * steps, are found. SKEP_ROUNDS says how many histories are checked of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <time.h>
#include "linear.h"
#include "map_fixture.h"
#include "random_number.h"
#include "ringbuf.h"
#include "skip.h"

extern const struct map_ops map_hash;

enum { WORKERS = 4, CALLS = 14, KEYS = 2, ROUNDS = 12, MAX = 4, TORN = 1000 };

enum what { do_read, do_write, do_remove, do_take, do_reserve, do_commit };

struct kind {
	const char *name;
	u32 type, key_size, value_size, max;
	linear_model model;
	/* Does one call that it chooses. */
	void (*call)(const struct kind *k, struct map *map, struct linear_call *c,
		     u64 *rng);
	/* What the map holds with nobody at work, for the model. */
	void (*look)(const struct kind *k, struct map *map, void *state);
	bool has_reader; /* worker 0 alone reads */
};

/* What all workers share, processes or threads. */
struct work {
	const struct kind *kind;
	struct map *map;
	u32 workers, round, ready, done; /* round: UINT32_MAX ends the work */
	u32 calls;			 /* of each in a round */
	bool stepped;			 /* instruction by instruction */
	struct linear_call call[WORKERS * CALLS];
};

/* ---- values ---- */

/* One number, in each word. */
static void value_fill(const struct kind *k, u64 *value, u64 n)
{
	for (u32 i = 0; i < k->value_size / 8; i++)
		value[i] = n;
}

static s32 value_check(const struct kind *k, const u64 *value, u64 *n)
{
	*n = value[0];
	for (u32 i = 1; i < k->value_size / 8; i++)
		if (value[i] != value[0])
			return TORN;
	return 0;
}

/* ---- maps with keys: each key has a value or none ---- */

static bool keyed_model(void *state, const struct linear_call *c)
{
	u64 *value = (u64 *)state + c->key; /* 0: none */
	s32 is = *value ? 0 : -ENOENT;

	switch (c->what) {
	case do_read: return c->ret == is && (is || c->out == *value);
	case do_take:
		if (c->ret != is || (!is && c->out != *value))
			return false;
		*value = 0;
		return true;
	case do_remove: *value = 0; return c->ret == is;
	}
	if (c->what - do_write == 100 * SKEP_NOEXIST && *value)
		return c->ret == -EEXIST;
	if (c->what - do_write == 100 * SKEP_EXIST && !*value)
		return c->ret == -ENOENT;
	*value = c->in;
	return !c->ret;
}

/* Whatever is there may be gone at any time. */
static bool lru_model(void *state, const struct linear_call *c)
{
	u64 *value = (u64 *)state + c->key;

	if (c->ret == -ENOENT || (c->what == do_write + 100 * SKEP_NOEXIST && !c->ret))
		*value = 0;
	return keyed_model(state, c);
}

#define lru_look     keyed_look
#define array_look   percpu_look
#define percpu_model array_model
#define stack_call   queue_call
#define stack_look   queue_look
#define inner_model  keyed_model

static const void *key_of(const struct kind *k, u8 key[8], u32 n)
{
	store32(key, n);
	return key;
}

/* The time, between what this thread did and what it does next: without the fence what it
 * stored may still wait in the processor, where the next thread does not find it. */
static u64 now_visible(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return os_clock_ns();
}

static void keyed_call(const struct kind *k, struct map *map, struct linear_call *c,
		       u64 *rng)
{
	const struct map_ops *ops = map->ops;
	u64 value[16], flags = rnd(rng) % 3;
	u8 key[8];

	c->key = rnd(rng) % KEYS;
	key_of(k, key, c->key);
	switch (rnd(rng) % 8) {
	case 0: c->what = do_remove; break;
	case 1: c->what = ops->take ? do_take : do_remove; break;
	case 2:
	case 3:
	case 4: c->what = do_write + 100 * (u32)flags; break;
	default: c->what = do_read;
	}
	c->in = rnd(rng) | 1;
	value_fill(k, value, c->in);
	c->begin = now_visible();
	if (c->what == do_read)
		c->ret = ops->read(map, key, value);
	else if (c->what == do_take)
		c->ret = ops->take(map, key, value);
	else if (c->what == do_remove)
		c->ret = ops->remove(map, key);
	else
		c->ret = ops->write(map, key, value, flags);
	c->end = now_visible();
	if ((c->what == do_read || c->what == do_take) && !c->ret)
		c->ret = value_check(k, value, &c->out);
}

static void keyed_look(const struct kind *k, struct map *map, void *state)
{
	u64 value[16];
	u8 key[8];

	for (u32 n = 0; n < KEYS; n++)
		((u64 *)state)[n] =
			map->ops->read(map, key_of(k, key, n), value) ? 0 : value[0];
}

/* What one looks up may push another out, so keys that nobody looks at fill the map. */
static void lru_call(const struct kind *k, struct map *map, struct linear_call *c,
		     u64 *rng)
{
	u64 value[16] = {0};
	u32 other = KEYS + rnd(rng) % 8;

	if (rnd(rng) % 2)
		map->ops->write(map, &other, value, 0);
	keyed_call(k, map, c, rng);
}

/* ---- array, percpu_array: a number for each key ---- */

static bool array_model(void *state, const struct linear_call *c)
{
	u64 *value = (u64 *)state + c->key;

	if (c->what == do_read)
		return !c->ret && c->out == *value;
	*value = c->in;
	return !c->ret;
}

static void array_call(const struct kind *k, struct map *map, struct linear_call *c,
		       u64 *rng)
{
	u64 value = rnd(rng) | 1;

	c->key = rnd(rng) % KEYS;
	c->what = rnd(rng) % 2;
	c->in = value;
	c->begin = now_visible();
	c->ret = c->what ? map->ops->write(map, &c->key, &value, 0)
			 : map->ops->read(map, &c->key, &value);
	c->end = now_visible();
	c->out = value;
}

/* Programs write the copy of their slot, here the first; user space reads all. */
static void percpu_call(const struct kind *k, struct map *map, struct linear_call *c,
			u64 *rng)
{
	u64 value = rnd(rng) | 1, copies[64];

	c->key = rnd(rng) % KEYS;
	c->what = rnd(rng) % 2;
	c->in = value;
	c->begin = now_visible();
	c->ret = c->what ? map->ops->update(map, &c->key, &value, 0, 0)
			 : map->ops->read(map, &c->key, copies);
	c->end = now_visible();
	c->out = copies[0];
}

static void percpu_look(const struct kind *k, struct map *map, void *state)
{
	u64 copies[64] = {0};

	for (u32 n = 0; n < KEYS; n++) {
		if (map->ops->read(map, &n,
				   copies)) /* percpu_hash: it stays from now on */
			map->ops->update(map, &n, copies, 0, 0);
		((u64 *)state)[n] = copies[0];
	}
}

/* ---- lpm_trie: prefixes in each other, looked up from the longest ---- */

enum { PREFIXES = 4 };

static void lpm_key(u8 key[8], u32 n)
{
	static const u8 address[4] = {10, 0x93, 0x5a, 7};

	store32(key, 8 * n + 8);
	memset(key + 4, 0, 4);
	memcpy(key + 4, address, n + 1);
}

static bool lpm_model(void *state, const struct linear_call *c)
{
	u64 *values = state;
	s32 n;

	if (c->what != do_read) {
		s32 is = values[c->key] ? 0 : -ENOENT;

		values[c->key] = c->what == do_write ? c->in : 0;
		return c->ret == (c->what == do_write ? 0 : is);
	}
	for (n = (s32)c->key; n >= 0 && !values[n];)
		n--;
	return n < 0 ? c->ret == -ENOENT : !c->ret && c->out == values[n];
}

static void lpm_call(const struct kind *k, struct map *map, struct linear_call *c,
		     u64 *rng)
{
	u64 value[16];
	u8 key[8];

	c->key = rnd(rng) % PREFIXES;
	c->what = rnd(rng) % 3;
	c->in = rnd(rng) | 1;
	if (c->what == do_read && rnd(rng) % 2)
		c->key = PREFIXES - 1;
	lpm_key(key, c->key);
	value_fill(k, value, c->in);
	c->begin = now_visible();
	if (c->what == do_read)
		c->ret = map->ops->read(map, key, value);
	else if (c->what == do_write)
		c->ret = map->ops->write(map, key, value, 0);
	else
		c->ret = map->ops->remove(map, key);
	c->end = now_visible();
	if (c->what == do_read && !c->ret)
		c->ret = value_check(k, value, &c->out);
}

static void lpm_look(const struct kind *k, struct map *map, void *state)
{
	u64 *values = state, above = 0, value[16];
	u8 key[8];

	for (u32 n = 0; n < PREFIXES; n++) {
		lpm_key(key, n);
		if (map->ops->read(map, key, value))
			value[0] = 0;
		values[n] = value[0] == above ? 0 : value[0];
		above = value[0];
	}
}

/* ---- queue, stack ---- */

struct line {
	u64 n, value[MAX + 1];
};

static bool line_model(struct line *l, const struct linear_call *c, bool stack)
{
	u32 at = stack && l->n ? l->n - 1 : 0;

	if (c->what >= do_write && c->what != do_take) {
		if (l->n == MAX && c->what == do_write)
			return c->ret == -E2BIG;
		l->value[l->n++] = c->in;
		if (l->n > MAX)
			memmove(l->value, l->value + 1, --l->n * 8);
		l->value[l->n] = 0;
		return !c->ret;
	}
	if (!l->n)
		return c->ret == -ENOENT;
	if (c->ret || c->out != l->value[at])
		return false;
	if (c->what == do_take) {
		memmove(l->value + at, l->value + at + 1, (l->n - 1 - at) * 8);
		l->value[--l->n] = 0;
	}
	return true;
}

static bool queue_model(void *state, const struct linear_call *c)
{
	return line_model(state, c, false);
}

static bool stack_model(void *state, const struct linear_call *c)
{
	return line_model(state, c, true);
}

static void queue_call(const struct kind *k, struct map *map, struct linear_call *c,
		       u64 *rng)
{
	static const u32 whats[] = {do_read,  do_take,	do_take,
				    do_write, do_write, do_write + 100 * SKEP_EXIST};
	u64 value[16];

	c->what = whats[rnd(rng) % ARRAY_SIZE(whats)];
	c->in = rnd(rng) | 1;
	value_fill(k, value, c->in);
	c->begin = now_visible();
	if (c->what == do_read)
		c->ret = map->ops->read(map, NULL, value);
	else if (c->what == do_take)
		c->ret = map->ops->take(map, NULL, value);
	else
		c->ret = map->ops->write(map, NULL, value, c->what / 100);
	c->end = now_visible();
	if (c->what == do_read || c->what == do_take)
		c->ret = c->ret ? c->ret : value_check(k, value, &c->out);
}

/* Begins empty. */
static void queue_look(const struct kind *k, struct map *map, void *state)
{
	u64 value[16];

	while (!map->ops->take(map, NULL, value))
		;
}

/* ---- bloom_filter: a value is there, once and for all, when it was pushed or seen ----
 */

static bool bloom_model(void *state, const struct linear_call *c)
{
	u64 *there = state, bit = 1ull << c->key;

	if (c->what == do_read && c->ret)
		return !(*there & bit);
	*there |= bit;
	return !c->ret;
}

static void bloom_call(const struct kind *k, struct map *map, struct linear_call *c,
		       u64 *rng)
{
	u64 value[1];

	c->key = rnd(rng) % 64;
	value[0] = c->key;
	c->what = rnd(rng) % 2;
	c->begin = now_visible();
	c->ret = c->what ? map->ops->write(map, NULL, value, 0)
			 : map->ops->read(map, NULL, value);
	c->end = now_visible();
}

static void bloom_look(const struct kind *k, struct map *map, void *state)
{
	memset(map->storage + 64, 0, map->info.size - 64);
}

/* ---- ringbuf: who reserves first is read first ---- */

struct records {
	u64 n, id[70]; /* bit 0: committed, bit 1: to be skipped */
};

static bool ring_model(void *state, const struct linear_call *c)
{
	struct records *r = state;
	u32 i;

	if (c->what == do_reserve)
		r->id[r->n++] = c->in;
	for (i = 0; c->what == do_commit && i < r->n; i++)
		if (r->id[i] == c->in)
			break;
	if (c->what == do_commit) {
		if (i == r->n)
			return false;
		r->id[i] |= 1 | c->key << 1;
	}
	if (c->what != do_read)
		return true;
	while (r->n && (r->id[0] & 3) == 3) {
		memmove(r->id, r->id + 1, --r->n * 8);
		r->id[r->n] = 0;
	}
	if (c->ret)
		return !r->n || !(r->id[0] & 1);
	if (!r->n || r->id[0] != (c->out | 1))
		return false;
	memmove(r->id, r->id + 1, --r->n * 8);
	r->id[r->n] = 0;
	return true;
}

static s32 ring_take(struct map *map, u64 *id)
{
	struct ring *r = map->priv;

	while (*r->consumer < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		u8 *rec = ring_at(r, *r->consumer);
		u32 len = __atomic_load_n((u32 *)rec, __ATOMIC_ACQUIRE);

		if (len & SKEP_RINGBUF_BUSY_BIT)
			return -EAGAIN;
		*id = *(u64 *)(rec + SKEP_RINGBUF_HDR_SZ);
		__atomic_store_n(r->consumer,
				 *r->consumer +
					 ring_record_len(len & ~SKEP_RINGBUF_DISCARD_BIT),
				 __ATOMIC_RELEASE);
		if (!(len & SKEP_RINGBUF_DISCARD_BIT))
			return 0;
	}
	return -EAGAIN;
}

/* A reservation's commit is the worker's next call. */
static void ring_call(const struct kind *k, struct map *map, struct linear_call *c,
		      u64 *rng)
{
	static __thread u64 *sample;

	c->key = 0;
	if (sample) {
		c->what = do_commit;
		c->in = *sample;
		c->key = rnd(rng) % 4 == 0;
		c->begin = now_visible();
		ringbuf_commit(map, sample, SKEP_RB_NO_WAKEUP, c->key);
		sample = NULL;
	} else {
		c->what = do_reserve;
		c->in = rnd(rng) << 2;
		c->begin = now_visible();
		sample = ringbuf_reserve(map, 8);
		if (sample)
			*sample = c->in;
	}
	c->end = now_visible();
	c->ret = 0;
}

static void ring_read_call(struct map *map, struct linear_call *c)
{
	c->what = do_read;
	c->begin = now_visible();
	c->ret = ring_take(map, &c->out);
	c->end = now_visible();
}

static void ring_look(const struct kind *k, struct map *map, void *state)
{
	u64 id;

	while (!ring_take(map, &id))
		;
}

/* ---- maps of maps: a value is the id of one of two maps ---- */

static int inner_fds[2];
static u64 inner_ids[2];

static void inner_call(const struct kind *k, struct map *map, struct linear_call *c,
		       u64 *rng)
{
	u32 which = rnd(rng) % 2, id = 0;

	c->key = rnd(rng) % KEYS;
	c->what = rnd(rng) % 3;
	c->in = inner_ids[which];
	c->begin = now_visible();
	if (c->what == do_read)
		c->ret = map->ops->read(map, &c->key, &id);
	else if (c->what == do_write)
		c->ret = map->ops->write(map, &c->key, &inner_fds[which], 0);
	else
		c->ret = map->ops->remove(map, &c->key);
	c->end = now_visible();
	c->out = id;
}

static void inner_look(const struct kind *k, struct map *map, void *state)
{
	for (u32 n = 0; n < KEYS; n++) {
		u32 id = 0;

		((u64 *)state)[n] = map->ops->read(map, &n, &id) ? 0 : id;
	}
}

/* ---- all of them ---- */

static const struct kind kinds[] = {
#define KIND(name, type, key, value, max, how, ...) \
	{ \
		name, SKEP_MAP_TYPE_##type, key, value, max, how##_model, how##_call, \
			how##_look, __VA_ARGS__ \
	}
	KIND("hash", HASH, 4, 64, MAX, keyed, false),
	KIND("lru_hash", LRU_HASH, 4, 64, MAX, lru, false),
	KIND("array", ARRAY, 4, 8, KEYS, array, false),
	KIND("percpu_array", PERCPU_ARRAY, 4, 8, KEYS, percpu, false),
	KIND("percpu_hash", PERCPU_HASH, 4, 8, KEYS, percpu, false),
	KIND("lpm_trie", LPM_TRIE, 8, 64, PREFIXES, lpm, false),
	KIND("queue", QUEUE, 0, 64, MAX, queue, false),
	KIND("stack", STACK, 0, 64, MAX, stack, false),
	KIND("bloom_filter", BLOOM_FILTER, 0, 8, 64, bloom, false),
	KIND("ringbuf", RINGBUF, 0, 0, 4096, ring, true),
	KIND("array_of_maps", ARRAY_OF_MAPS, 4, 4, KEYS, inner, false),
	KIND("hash_of_maps", HASH_OF_MAPS, 4, 4, MAX, inner, false),
};

/* ---- workers ---- */

enum how { as_threads, as_processes, as_steps, HOWS };

/* Two that wait so run at the same time, where there are two CPUs; for others to run, it
 * sleeps. */
static void wait_for(const u32 *word, u32 value)
{
	struct timespec nap = {.tv_nsec = 20000};

	for (u32 i = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE) < value; i++)
		if (i > 5000)
			nanosleep(&nap, NULL);
}

/* Whether there is another round. */
static bool round_begins(struct work *w, u32 round)
{
	if (w->stepped) {
		raise(SIGSTOP); /* to who steps us */
	} else {
		__atomic_fetch_add(&w->ready, 1, __ATOMIC_RELEASE);
		wait_for(&w->round, round);
	}
	return __atomic_load_n(&w->round, __ATOMIC_RELAXED) != UINT32_MAX;
}

static void work_on(struct work *w, u32 id)
{
	const struct kind *k = w->kind;
	u64 rng = id + 977ull * k->type;

	for (u32 round = 1; round_begins(w, round); round++) {
		for (u32 i = 0; i < w->calls; i++) {
			struct linear_call *c = &w->call[id * w->calls + i];

			memset(c, 0, sizeof(*c));
			if (k->has_reader && !id)
				ring_read_call(w->map, c);
			else
				k->call(k, w->map, c, &rng);
		}
		__atomic_fetch_add(&w->done, 1, __ATOMIC_RELEASE);
	}
}

struct worker {
	struct work *work;
	u32 id;
	pthread_t thread;
	pid_t pid;
	int status; /* of a stepped one */
};

static void *thread_main(void *arg)
{
	struct worker *t = arg;

	work_on(t->work, t->id);
	return NULL;
}

/* False: ptrace(2) is forbidden here. */
static bool worker_start(struct worker *t, enum how how)
{
	if (how == as_threads) {
		assert_int_equal(pthread_create(&t->thread, NULL, thread_main, t), 0);
		return true;
	}
	t->pid = fork();
	if (!t->pid) {
		signal(SIGSEGV, SIG_DFL);
		if (how == as_steps && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(2);
		work_on(t->work, t->id);
		_exit(0);
	}
	if (how != as_steps)
		return true;
	waitpid(t->pid, &t->status, 0);
	return WIFSTOPPED(t->status);
}

static void worker_join(struct worker *t, enum how how)
{
	int status = 0;

	if (how == as_steps && WIFSTOPPED(t->status))
		ptrace(PTRACE_CONT, t->pid, NULL, NULL);
	if (how == as_threads)
		pthread_join(t->thread, NULL);
	else
		waitpid(t->pid, &status, 0);
	assert_true(!status || WIFEXITED(t->status));
}

/* Some more instructions of it; whether it has ended its round. */
static bool worker_step(struct worker *t, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL), 0);
		assert_int_equal(waitpid(t->pid, &t->status, 0), t->pid);
		assert_true(WIFSTOPPED(t->status));
		if (WSTOPSIG(t->status) == SIGSTOP)
			return true;
		assert_int_equal(WSTOPSIG(t->status), SIGTRAP);
	}
	return false;
}

/* A round in which one or another does some instructions, as chance will have it. */
static void step_round(struct worker *workers, u32 n, u64 *rng)
{
	u32 busy = (1u << n) - 1;

	while (busy) {
		u32 i = rnd(rng) % n;

		if (busy >> i & 1 && worker_step(&workers[i], 1 + rnd(rng) % 200))
			busy &= ~(1u << i);
	}
}

/* ---- histories ---- */

/* How many calls another worker's overlapped. */
static u64 overlaps(const struct linear_call *c, u32 n, u32 each)
{
	u64 sum = 0;

	for (u32 i = 0; i < n; i++)
		for (u32 j = 0; j < n; j++)
			if (i / each != j / each && c[i].begin < c[j].end &&
			    c[j].begin < c[i].end) {
				sum++;
				break;
			}
	return sum;
}

static void show(const struct linear_call *c, u32 n, u32 each, const u64 *state)
{
	u64 first = UINT64_MAX;

	print_error("from %llx %llx:\n", (long long)state[0], (long long)state[1]);
	for (u32 i = 0; i < n; i++)
		first = MIN(first, c[i].begin);
	for (u32 i = 0; i < n; i++)
		print_error("%u: %llu to %llu: what %u, key %u, in %llx: %d, out %llx\n",
			    i / each, (long long)(c[i].begin - first),
			    (long long)(c[i].end - first), c[i].what, c[i].key,
			    (long long)c[i].in, c[i].ret, (long long)c[i].out);
}

/* One history of all workers; whether it is linearizable. */
static bool run_round(struct work *w, struct worker *workers, u32 round, u64 *rng,
		      u64 *overlapped)
{
	u32 n = w->workers * w->calls;
	u64 state[LINEAR_STATE / 8] = {0};
	bool good;

	if (!w->stepped)
		wait_for(&w->ready, round * w->workers);
	w->kind->look(w->kind, w->map, state);
	w->done = 0;
	__atomic_store_n(&w->round, round, __ATOMIC_RELEASE);
	if (w->stepped)
		step_round(workers, w->workers, rng);
	wait_for(&w->done, w->workers);
	*overlapped += overlaps(w->call, n, w->calls);
	good = linear_check(w->call, n, w->kind->model, state, sizeof(state));
	if (!good)
		show(w->call, n, w->calls, state);
	return good;
}

static u32 rounds_wanted(void)
{
	const char *rounds = getenv("SKEP_ROUNDS");

	return rounds ? (u32)atoi(rounds) : ROUNDS;
}

/* How many histories were checked before one was wrong. */
static u32 run_rounds(const struct kind *k, struct map *map, u32 n, enum how how,
		      u32 rounds, u64 *overlapped)
{
	struct work *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct worker workers[WORKERS];
	bool could = true;
	u64 rng = k->type;
	u32 good = 0;

	w->kind = k;
	w->map = map;
	w->workers = n;
	w->stepped = how == as_steps;
	w->calls = !w->stepped ? CALLS : rounds > 1 ? 6 : 2;
	for (u32 i = 0; i < n; i++) {
		workers[i] = (struct worker){.work = w, .id = i};
		could &= worker_start(&workers[i], how);
	}
	while (could && good < rounds &&
	       run_round(w, workers, good + 1, &rng, overlapped))
		good++;
	__atomic_store_n(&w->round, UINT32_MAX, __ATOMIC_RELEASE);
	for (u32 i = 0; i < n; i++)
		worker_join(&workers[i], how);
	munmap(w, sizeof(*w));
	return could ? good : UINT32_MAX;
}

static struct map *map_open(struct store *store, const struct kind *k, int *fd)
{
	static const u32 array[] = {SKEP_MAP_TYPE_ARRAY, 4, 8, 1};
	bool of_maps = map_type(k->type)->of_maps;

	for (u32 i = 0; i < 2 && of_maps; i++) {
		struct map *inner = map_make(store, array[0], array[1], array[2],
					     array[3], &inner_fds[i]);

		inner_ids[i] = inner->obj.id;
		object_put(&inner->obj);
	}
	return map_make(store, k->type, k->key_size, k->value_size, k->max, fd);
}

static void is_linearizable(void **state)
{
	static const char *const names[HOWS] = {"threads", "processes", "stepped"};
	const struct kind *k = *state;
	struct store *store = map_store();
	u32 rounds = rounds_wanted(), good, want;
	bool short_run = rounds == ROUNDS;
	u64 overlapped[HOWS] = {0};
	bool could = true;
	int fd;
	struct map *map = map_open(store, k, &fd);

	for (enum how how = 0; how < HOWS; how++)
		for (u32 n = 2; n <= WORKERS; n += 2) {
			if (how == as_steps && n > 2 && short_run)
				continue; /* takes its time */
			want = how == as_steps ? (rounds + 19) / 20 : rounds;
			good = run_rounds(k, map, n, how, want, &overlapped[how]);
			could &= good != UINT32_MAX;
			if (good < want)
				fail_msg("history %u of %u %s", good, n, names[how]);
		}
	map_drop(map, fd);
	store_close(store);
	for (enum how how = 0; how < HOWS; how++)
		print_message("%s, %s: %llu calls overlapped another\n", k->name,
			      names[how], (long long)overlapped[how]);
	if (!could)
		test_skip(k->name, "ptrace(2) is forbidden here");
	assert_true(short_run || overlapped[as_steps] > 0);
}

/* ---- the checker itself ---- */

#define CALL(from, to, what, in, out, ret) \
	{ \
		from, to, what, 0, in, out, ret \
	}

static bool judge(const struct linear_call *calls, u32 n, linear_model model)
{
	u64 state[LINEAR_STATE / 8] = {0};

	return linear_check(calls, n, model, state, sizeof(state));
}

#define GOOD(model, ...) \
	assert_true(judge((struct linear_call[]){__VA_ARGS__}, \
			  sizeof((struct linear_call[]){__VA_ARGS__}) / \
				  sizeof(struct linear_call), \
			  model))
#define BAD(model, ...) \
	assert_false(judge((struct linear_call[]){__VA_ARGS__}, \
			   sizeof((struct linear_call[]){__VA_ARGS__}) / \
				   sizeof(struct linear_call), \
			   model))

static void the_checker_tells_histories_apart(void **state)
{
	/* a write that overlaps two reads: the first may see it, or the second */
	GOOD(keyed_model, CALL(0, 9, do_write, 5, 0, 0), CALL(1, 2, do_read, 0, 5, 0),
	     CALL(3, 4, do_read, 0, 5, 0));
	GOOD(keyed_model, CALL(0, 9, do_write, 5, 0, 0),
	     CALL(1, 2, do_read, 0, 0, -ENOENT), CALL(3, 4, do_read, 0, 5, 0));
	/* but not the first alone */
	BAD(keyed_model, CALL(0, 9, do_write, 5, 0, 0), CALL(1, 2, do_read, 0, 5, 0),
	    CALL(3, 4, do_read, 0, 0, -ENOENT));
	/* what was written before is there, unless somebody takes it meanwhile */
	BAD(keyed_model, CALL(0, 1, do_write, 5, 0, 0),
	    CALL(2, 3, do_read, 0, 0, -ENOENT));
	GOOD(keyed_model, CALL(0, 1, do_write, 5, 0, 0),
	     CALL(2, 9, do_read, 0, 0, -ENOENT), CALL(3, 8, do_take, 0, 5, 0));
	/* one value is taken once, and by who came when it was there */
	BAD(queue_model, CALL(0, 1, do_write, 5, 0, 0), CALL(2, 5, do_take, 0, 5, 0),
	    CALL(3, 6, do_take, 0, 5, 0));
	GOOD(queue_model, CALL(0, 9, do_write, 5, 0, 0), CALL(1, 8, do_write, 6, 0, 0),
	     CALL(10, 19, do_take, 0, 6, 0), CALL(11, 18, do_take, 0, 5, 0));
	BAD(queue_model, CALL(0, 1, do_write, 5, 0, 0), CALL(2, 3, do_write, 6, 0, 0),
	    CALL(10, 11, do_take, 0, 6, 0), CALL(12, 13, do_take, 0, 5, 0));
	GOOD(stack_model, CALL(0, 1, do_write, 5, 0, 0), CALL(2, 3, do_write, 6, 0, 0),
	     CALL(10, 11, do_take, 0, 6, 0), CALL(12, 13, do_take, 0, 5, 0));
}

/* Not one step but two, between which the key is not there. */
static int write_in_two(struct map *map, const void *key, const void *value, u64 flags)
{
	map_hash.remove(map, key);
	sched_yield();
	return map_hash.write(map, key, value, flags);
}

static void an_update_in_two_steps_is_found(void **state)
{
	struct map_ops two = map_hash;
	struct store *store = map_store();
	const struct map_ops *one;
	u64 overlapped = 0;
	int fd;
	struct map *map = map_open(store, &kinds[0], &fd);

	one = map->ops;
	two.write = write_in_two;
	map->ops = &two;
	assert_true(run_rounds(&kinds[0], map, 2, as_threads, 10000, &overlapped) <
		    10000);
	map->ops = one;
	map_drop(map, fd);
	store_close(store);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds) + 2] = {
		cmocka_unit_test(the_checker_tells_histories_apart),
		cmocka_unit_test(an_update_in_two_steps_is_found),
	};

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i + 2] = (struct CMUnitTest){.name = kinds[i].name,
						   .test_func = is_linearizable,
						   .initial_state = (void *)&kinds[i]};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
