/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Timers, the same on the kernel and on the engine: each program puts its answers into
 * `out`, which test_helper_timers.c compares, and callbacks count in `fired`. Needs no
 * headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	   __attribute__((section(name), used))
#define __uint(name, val)  int(*name)[val]
#define __type(name, val)  typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define INLINE		   static inline __attribute__((always_inline))
#define NULL		   ((void *)0)

enum { ANY, HASH = 1, ARRAY, LRU_HASH = 9 };
enum { REALTIME, MONOTONIC, BOOTTIME = 7 };
enum { ABS = 1, CPU_PIN };
#define MS   1000000ull
#define HOUR (3600 * 1000 * MS)

struct bpf_timer {
	u64 inside[2];
} __attribute__((aligned(8)));

struct elem {
	u64 n;
	struct bpf_timer timer;
	u64 more;
};

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*ktime_get_ns)(void) = (void *)5;
static u32 (*get_smp_processor_id)(void) = (void *)8;
static long (*timer_init)(struct bpf_timer *timer, void *map, u64 flags) = (void *)169;
static long (*timer_set_callback)(struct bpf_timer *timer, void *fn) = (void *)170;
static long (*timer_start)(struct bpf_timer *timer, u64 ns, u64 flags) = (void *)171;
static long (*timer_cancel)(struct bpf_timer *timer) = (void *)172;

u64 out[64], fired, early;

#define MAP(name, kind, len) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, len); \
		__type(key, u32); \
		__type(value, struct elem); \
	} name SEC(".maps")

MAP(array, ARRAY, 3);
MAP(hash, HASH, 4);
MAP(lru, LRU_HASH, 4);

static int count(void *map, u32 *key, struct elem *e)
{
	__sync_fetch_and_add(&e->n, 1);
	__sync_fetch_and_add(&fired, 1);
	return 0;
}

/* Five times; the last cancels itself. */
static int again(void *map, u32 *key, struct elem *e)
{
	if (++e->n < 5) {
		timer_start(&e->timer, MS, 0);
		return 0;
	}
	out[20] = timer_cancel(&e->timer);
	out[21] = *key;
	out[22] = timer_set_callback(&e->timer, count);
	out[23] = timer_init(&e->timer, &hash, MONOTONIC);
	e->more = 7;
	__sync_fetch_and_add(&fired, 1);
	return 0;
}

static int which_cpu(void *map, u32 *key, struct elem *e)
{
	e->n = get_smp_processor_id();
	fired++;
	return 0;
}

INLINE void errors(void *map, u64 *o, struct elem *e)
{
	*o++ = timer_set_callback(&e->timer, count);
	*o++ = timer_start(&e->timer, MS, 0);
	*o++ = timer_cancel(&e->timer);
	*o++ = timer_start(&e->timer, MS, 8);
}

SEC("tc")
int answers(void *ctx)
{
	struct elem *e, fresh = {.n = 3};
	u32 key = 1;

	e = map_lookup_elem(&array, &key);
	if (!e)
		return 1;
	errors(&array, &out[0], e);
	out[4] = timer_init(&e->timer, &array, 16);
	out[5] = timer_init(&e->timer, &array, 2);
	out[6] = timer_init(&e->timer, &array, MONOTONIC);
	out[7] = timer_init(&e->timer, &array, MONOTONIC);
	out[8] = timer_start(&e->timer, MS, 0);
	out[9] = timer_cancel(&e->timer);
	out[10] = timer_set_callback(&e->timer, count);
	out[11] = timer_start(&e->timer, HOUR, 8);
	out[12] = timer_start(&e->timer, HOUR, 0);
	out[13] = timer_start(&e->timer, HOUR, ABS | CPU_PIN);
	out[14] = timer_cancel(&e->timer);
	out[15] = timer_start(&e->timer, HOUR, 0);
	out[16] = timer_cancel(&e->timer);
	out[17] = timer_set_callback(&e->timer, count);
	out[18] = timer_start(&e->timer, HOUR, 0);
	out[19] = map_update_elem(&array, &key, &fresh, ANY); /* a new value, no timer */
	out[20] = timer_cancel(&e->timer);
	out[21] = timer_init(&e->timer, &array, REALTIME);
	out[22] = e->n;
	return 0;
}

INLINE int hash_answers(void *map, u64 *o)
{
	struct elem *e, fresh = {.n = 3};
	u32 key = 1;

	*o++ = map_update_elem(map, &key, &fresh, ANY);
	e = map_lookup_elem(map, &key);
	if (!e)
		return 1;
	*o++ = timer_init(&e->timer, map, BOOTTIME);
	*o++ = timer_set_callback(&e->timer, count);
	*o++ = timer_start(&e->timer, HOUR, 0);
	*o++ = map_update_elem(map, &key, &fresh, ANY); /* another element */
	e = map_lookup_elem(map, &key);
	if (!e)
		return 2;
	*o++ = timer_cancel(&e->timer);
	*o++ = timer_init(&e->timer, map, BOOTTIME);
	*o++ = timer_set_callback(&e->timer, count);
	*o++ = timer_start(&e->timer, HOUR, 0);
	*o++ = map_delete_elem(map, &key);
	*o++ = map_update_elem(map, &key, &fresh, ANY);
	e = map_lookup_elem(map, &key);
	if (!e)
		return 3;
	*o++ = timer_init(&e->timer, map, MONOTONIC);
	*o++ = map_delete_elem(map, &key);
	return 0;
}

SEC("tc")
int hashes(void *ctx)
{
	return hash_answers(&hash, &out[0]) ?: hash_answers(&lru, &out[20]);
}

INLINE int start(void *map, u32 key, void *fn, u64 clock, u64 ns, u64 flags)
{
	struct elem *e = map_lookup_elem(map, &key);

	if (!e)
		return 1;
	out[0] = timer_init(&e->timer, map, clock);
	out[1] = timer_set_callback(&e->timer, fn);
	out[2] = timer_start(&e->timer, ns, flags);
	return 0;
}

SEC("tc")
int five(void *ctx)
{
	struct elem fresh = {.n = 0};
	u32 key = 9;

	map_update_elem(&hash, &key, &fresh, ANY);
	return start(&hash, key, again, MONOTONIC, MS, 0);
}

SEC("tc")
int at(void *ctx)
{
	return start(&array, 0, count, MONOTONIC, ktime_get_ns() + MS, ABS);
}

SEC("tc")
int on_clocks(void *ctx)
{
	return start(&array, 0, count, REALTIME, MS, 0) ?:
	       start(&array, 1, count, BOOTTIME, MS, 0) ?:
	       start(&array, 2, count, REALTIME, 1000 * MS, ABS); /* in 1970 */
}

SEC("tc")
int pinned(void *ctx)
{
	out[3] = get_smp_processor_id();
	return start(&array, 0, which_cpu, MONOTONIC, MS, CPU_PIN);
}

SEC("tc")
int soon(void *ctx)
{
	return start(&array, 0, count, MONOTONIC, 20 * MS, 0);
}

/* An hour, and then at once. */
SEC("tc")
int sooner(void *ctx)
{
	u32 key = 0;
	struct elem *e = map_lookup_elem(&array, &key);

	if (!e || start(&array, 0, count, MONOTONIC, HOUR, 0))
		return 1;
	out[3] = timer_start(&e->timer, 0, 0);
	return 0;
}

/* A timer of a map that stands in a map. */
struct inner {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct elem);
} inner SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &inner}};

SEC("tc")
int in_a_map(void *ctx)
{
	void *map;
	struct elem *e;
	u32 key = 0;

	map = map_lookup_elem(&outer, &key);
	if (!map)
		return 1;
	e = map_lookup_elem(map, &key);
	if (!e)
		return 2;
	out[0] = timer_init(&e->timer, map, MONOTONIC);
	out[1] = timer_set_callback(&e->timer, count);
	out[2] = timer_start(&e->timer, MS, 0);
	return 0;
}

/* ---- many at once ---- */

enum { MANY = 500 };

struct late {
	u64 due, times;
	struct bpf_timer timer;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, MANY);
	__type(key, u32);
	__type(value, struct late);
} many SEC(".maps");

static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static u32 (*get_prandom_u32)(void) = (void *)7;

static int is_due(void *map, u32 *key, struct late *e)
{
	if (ktime_get_ns() < e->due)
		__sync_fetch_and_add(&early, 1);
	__sync_fetch_and_add(&e->times, 1);
	__sync_fetch_and_add(&fired, 1);
	return 0;
}

/* Some are started again, some are cancelled and then started. */
static long start_one(u32 i, void *ctx)
{
	u32 wait = get_prandom_u32() % (20 * MS), key = i;
	struct late *e = map_lookup_elem(&many, &key);

	if (!e)
		return 1;
	e->times = 0;
	timer_init(&e->timer, &many, MONOTONIC);
	timer_set_callback(&e->timer, is_due);
	if (i % 3 == 1)
		timer_start(&e->timer, HOUR + wait, 0);
	if (i % 9 == 1) {
		out[0] += timer_cancel(&e->timer);
		timer_set_callback(&e->timer, is_due);
	}
	e->due = ktime_get_ns() + wait;
	out[1] += timer_start(&e->timer, wait, 0) == 0;
	return 0;
}

SEC("tc")
int start_many(void *ctx)
{
	loop(MANY, start_one, NULL, 0);
	return 0;
}

/* Elements come and go while their timers fire. */
SEC("tc")
int churn(void *ctx)
{
	struct elem *e, fresh = {.n = 3};
	u32 key = get_prandom_u32() % 6, i = key % 3;

	map_update_elem(&hash, &key, &fresh, ANY);
	e = map_lookup_elem(&hash, &key);
	if (e) {
		timer_init(&e->timer, &hash, MONOTONIC);
		timer_set_callback(&e->timer, count);
		timer_start(&e->timer, 0, 0);
	}
	key = get_prandom_u32() % 6;
	map_delete_elem(&hash, &key);
	e = map_lookup_elem(&array, &i);
	if (e) {
		timer_init(&e->timer, &array, MONOTONIC);
		timer_set_callback(&e->timer, count);
		timer_start(&e->timer, 1000 * (key + 1), 0);
		timer_cancel(&e->timer);
		timer_set_callback(&e->timer, count);
		timer_start(&e->timer, 0, 0);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
