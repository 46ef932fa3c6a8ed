/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Work queues, the same on the kernel and on the engine: programs put their answers into
 * `out`, callbacks count in `done`; test_helper_work.c compares. */
#include "objects.h"

struct bpf_wq {
	u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_timer {
	u64 opaque[2];
} __attribute__((aligned(8)));

__ksym int bpf_wq_init(struct bpf_wq *wq, void *map, u32 flags);
__ksym int bpf_wq_start(struct bpf_wq *wq, u32 flags);
__ksym int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*fn)(void *map, int *key, void *value),
				    u32 flags, void *aux);

static long (*timer_init)(struct bpf_timer *timer, void *map, u64 flags) = (void *)169;
static long (*timer_set_callback)(struct bpf_timer *timer, void *fn) = (void *)170;
static long (*timer_start)(struct bpf_timer *timer, u64 ns, u64 flags) = (void *)171;

u64 out[64], done, timed;

struct elem {
	u64 n;
	struct bpf_timer timer;
	u64 more;
	struct bpf_wq work;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, struct elem);
} array SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct elem);
} hash SEC(".maps");

static int count(void *map, int *key, void *value)
{
	struct elem *e = value;

	__sync_fetch_and_add(&e->n, 1 + *key);
	__sync_fetch_and_add(&done, 1);
	return 0;
}

static int again(void *map, int *key, void *value)
{
	struct elem *e = value;

	if (__sync_fetch_and_add(&e->n, 1) < 4)
		bpf_wq_start(&e->work, 0);
	else
		__sync_fetch_and_add(&done, 1);
	return 0;
}

static int ring(void *map, int *key, void *value)
{
	__sync_fetch_and_add(&timed, 1);
	return 0;
}

SEC("tc") int answers(void *ctx)
{
	u32 key = 0;
	struct elem *e = map_lookup_elem(&array, &key);

	if (!e)
		return 1;
	out[0] = bpf_wq_start(&e->work, 0);
	out[1] = bpf_wq_set_callback_impl(&e->work, count, 0, NULL);
	out[2] = bpf_wq_init(&e->work, &array, 1);
	out[3] = bpf_wq_init(&e->work, &array, 0);
	out[4] = bpf_wq_init(&e->work, &array, 0);
	out[5] = bpf_wq_start(&e->work, 0);
	out[6] = bpf_wq_set_callback_impl(&e->work, count, 1, NULL);
	out[7] = bpf_wq_set_callback_impl(&e->work, count, 0, NULL);
	out[8] = bpf_wq_start(&e->work, 1);
	return 0;
}

SEC("tc") int work(void *ctx)
{
	u32 key = 1;
	struct elem *e = map_lookup_elem(&array, &key);

	if (!e)
		return 1;
	out[0] = bpf_wq_init(&e->work, &array, 0);
	out[1] = bpf_wq_set_callback_impl(&e->work, count, 0, NULL);
	out[2] = bpf_wq_start(&e->work, 0);
	return 0;
}

SEC("tc") int repeat(void *ctx)
{
	u32 key = 2;
	struct elem *e = map_lookup_elem(&array, &key);

	if (!e)
		return 1;
	out[0] = bpf_wq_init(&e->work, &array, 0);
	out[1] = bpf_wq_set_callback_impl(&e->work, again, 0, NULL);
	out[2] = bpf_wq_start(&e->work, 0);
	return 0;
}

/* A timer and a work queue of one value know nothing of each other. */
SEC("tc") int both(void *ctx)
{
	struct elem zero = {}, *e;
	u32 key = 7;

	map_update_elem(&hash, &key, &zero, ANY);
	e = map_lookup_elem(&hash, &key);
	if (!e)
		return 1;
	out[0] = bpf_wq_init(&e->work, &hash, 0);
	out[1] = timer_init(&e->timer, &hash, 1);
	out[2] = bpf_wq_set_callback_impl(&e->work, count, 0, NULL);
	out[3] = timer_set_callback(&e->timer, ring);
	out[4] = timer_start(&e->timer, 1000000, 0);
	out[5] = bpf_wq_start(&e->work, 0);
	return 0;
}

char gpl[] SEC("license") = "GPL";
