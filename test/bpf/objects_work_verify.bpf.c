/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs with work queues, right and wrong: test_verify_object_kernel.c asks the
 * verifier and the kernel about each. */
#include "objects.h"

struct bpf_wq {
	u64 opaque[2];
} __attribute__((aligned(8)));

__ksym int bpf_wq_init(struct bpf_wq *wq, void *map, u32 flags);
__ksym int bpf_wq_start(struct bpf_wq *wq, u32 flags);
__ksym int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*fn)(void *map, int *key, void *value),
				    u32 flags, void *aux);

static long (*copy_from_user)(void *dst, u32 size, const void *from) = (void *)148;

struct elem {
	u64 n;
	struct bpf_wq work;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, struct elem);
} array SEC(".maps"), other SEC(".maps");

#define PROG(name) SEC("tc") int name(void *ctx)
#define ELEM(e) \
	u32 key = 0; \
	struct elem *e = map_lookup_elem(&array, &key); \
	if (!e) \
		return 1

static int count(void *map, int *key, void *value)
{
	((struct elem *)value)->n++;
	return 0;
}

static int sleeps(void *map, int *key, void *value)
{
	u64 word;

	return copy_from_user(&word, sizeof(word), (void *)8) * 0;
}

static int returns(void *map, int *key, void *value)
{
	return 1;
}

PROG(all)
{
	ELEM(e);
	bpf_wq_init(&e->work, &array, 0);
	bpf_wq_set_callback_impl(&e->work, count, 0, NULL);
	bpf_wq_start(&e->work, 0);
	return 0;
}

PROG(callback_sleeps)
{
	ELEM(e);
	bpf_wq_set_callback_impl(&e->work, sleeps, 0, NULL);
	return 0;
}

PROG(callback_returns)
{
	ELEM(e);
	bpf_wq_set_callback_impl(&e->work, returns, 0, NULL);
	return 0;
}

PROG(other_map)
{
	ELEM(e);
	bpf_wq_init(&e->work, &other, 0);
	return 0;
}

PROG(elsewhere)
{
	ELEM(e);
	bpf_wq_init((void *)&e->n, &array, 0);
	return 0;
}

PROG(unchecked)
{
	u32 key = prandom();
	struct elem *e = map_lookup_elem(&array, &key);

	bpf_wq_start(&e->work, 0);
	return 0;
}

PROG(of_context)
{
	bpf_wq_start(ctx, 0);
	return 0;
}

PROG(on_stack)
{
	struct bpf_wq wq = {};

	bpf_wq_start(&wq, 0);
	return 0;
}

PROG(no_map)
{
	ELEM(e);
	bpf_wq_init(&e->work, e, 0);
	return 0;
}

PROG(no_callback)
{
	ELEM(e);
	bpf_wq_set_callback_impl(&e->work, (void *)5, 0, NULL);
	return 0;
}

PROG(touch)
{
	ELEM(e);
	e->work.opaque[0] = 1;
	return 0;
}

char gpl[] SEC("license") = "GPL";
