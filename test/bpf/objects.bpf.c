/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Objects that programs make and keep in maps, the same on the kernel and on the engine:
 * each program puts its answers into `out`, which test_helper_objects.c compares. */
#include "objects.h"

u64 out[64];

struct item {
	u64 a, b;
	u32 c;
	u8 d[4];
};

struct keeper {
	struct item __kptr *item;
	struct keeper __kptr *next;
	u64 n;
};

struct counted {
	u64 n;
	struct bpf_refcount ref;
};

struct locked {
	struct bpf_spin_lock lock;
	u64 n;
};

struct big {
	char c[4088];
};

struct bigger {
	char c[4089];
};

struct value {
	u64 n;
	struct item __kptr *item;
	struct keeper __kptr *keeper;
	struct counted __kptr *counted;
	struct locked __kptr *locked;
};

#define MAP(name, kind, entries) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, entries); \
		__type(key, u32); \
		__type(value, struct value); \
	} name SEC(".maps")

MAP(array, ARRAY, 4);
MAP(hash, HASH, 64);
MAP(lru, LRU_HASH, 64);
MAP(percpu_array, PERCPU_ARRAY, 2);
MAP(percpu_hash, PERCPU_HASH, 8);
MAP(lru_percpu, LRU_PERCPU_HASH, 8);

u32 arg; /* from user space */

SEC("tc") int basics(void *ctx)
{
	struct item *p = obj_new(struct item), *q;

	if (!p)
		return 1;
	p->a = 7;
	p->b = 1ull << 40;
	p->c = 0xdeadbeef;
	for (int i = 0; i < 4; i++)
		p->d[i] = 10 + i;
	__sync_fetch_and_add(&p->a, 5);
	out[0] = p->a;
	out[1] = p->b;
	out[2] = p->c;
	out[3] = p->d[0] + p->d[3];
	q = obj_new(struct item);
	if (q) {
		q->a = p->a + 1;
		out[4] = q->a;
		out[5] = p != q;
		obj_drop(q);
	}
	obj_drop(p);
	return 0;
}

SEC("tc") int sizes(void *ctx)
{
	struct big *p = obj_new(struct big);
	struct bigger *q = obj_new(struct bigger);

	out[0] = !!p;
	if (p) {
		p->c[4087] = 5;
		out[1] = p->c[4087];
		obj_drop(p);
	}
	out[2] = !!q;
	if (q)
		obj_drop(q);
	return 0;
}

static inline __attribute__((always_inline)) int keep(void *map, u32 key, u64 n)
{
	struct value *v = map_lookup_elem(map, &key);
	struct item *p;

	if (!v)
		return -1;
	p = obj_new(struct item);
	if (!p)
		return -2;
	p->a = n;
	p = kptr_xchg(&v->item, p);
	if (!p)
		return 0;
	n = p->a;
	obj_drop(p);
	return n;
}

/* What is kept there; 0: nothing. */
static inline __attribute__((always_inline)) u64 kept(void *map, u32 key)
{
	struct value *v = map_lookup_elem(map, &key);
	struct item *p = v ? v->item : NULL;

	return p ? p->a : 0;
}

static inline __attribute__((always_inline)) u64 take(void *map, u32 key)
{
	struct value *v = map_lookup_elem(map, &key);
	struct item *p = v ? kptr_xchg(&v->item, NULL) : NULL;
	u64 n = 0;

	if (p) {
		n = p->a;
		obj_drop(p);
	}
	return n;
}

SEC("tc") int in_array(void *ctx)
{
	struct value zero = {};
	u32 key = 1;

	out[0] = keep(&array, 1, 5);
	out[1] = keep(&array, 1, 6);
	out[2] = kept(&array, 1);
	out[3] = take(&array, 1);
	out[4] = take(&array, 1);
	out[5] = keep(&array, 2, 8);
	key = 2;
	out[6] = map_update_elem(&array, &key, &zero, ANY);
	out[7] = kept(&array, 2);
	out[8] = keep(&array, 3, 9); /* stays there */
	return 0;
}

#define IN_HASH(map) \
	SEC("tc") int in_##map(void *ctx) \
	{ \
		struct value zero = {.n = 3}; \
		u32 key = 1; \
\
		out[0] = map_update_elem(&map, &key, &zero, ANY); \
		out[1] = keep(&map, 1, 5); \
		out[2] = keep(&map, 1, 6); \
		out[3] = kept(&map, 1); \
		out[4] = map_update_elem(&map, &key, &zero, EXIST); \
		out[5] = kept(&map, 1); \
		out[6] = keep(&map, 1, 7); \
		out[7] = map_delete_elem(&map, &key); \
		out[8] = kept(&map, 1); \
		out[9] = map_update_elem(&map, &key, &zero, NOEXIST); \
		out[10] = kept(&map, 1); \
		out[11] = keep(&map, 1, 8); \
		out[12] = take(&map, 1); \
		out[13] = keep(&map, 1, 9); \
		return 0; \
	}

IN_HASH(hash)
IN_HASH(lru)
IN_HASH(percpu_hash)
IN_HASH(lru_percpu)

SEC("tc") int in_percpu_array(void *ctx)
{
	struct value zero = {};
	u32 key = 1;

	out[0] = keep(&percpu_array, 1, 5);
	out[1] = keep(&percpu_array, 1, 6);
	out[2] = kept(&percpu_array, 1);
	out[3] = map_update_elem(&percpu_array, &key, &zero, ANY);
	out[4] = kept(&percpu_array, 1);
	out[5] = keep(&percpu_array, 1, 7);
	return 0;
}

/* What user space finds after it did something. */
SEC("tc") int look(void *ctx)
{
	out[0] = kept(&array, 3);
	out[1] = kept(&hash, 1);
	out[2] = kept(&lru, 1);
	out[3] = kept(&percpu_array, 1);
	out[4] = kept(&percpu_hash, 1);
	out[5] = kept(&lru_percpu, 1);
	return 0;
}

/* Objects that keep objects, five deep. */
SEC("tc") int chain(void *ctx)
{
	struct keeper *last = NULL, *k, *next;
	struct item *p;
	struct value *v;
	u32 key = 0;

	v = map_lookup_elem(&array, &key);
	if (!v)
		return 1;
	for (int i = 0; i < 5; i++) {
		k = obj_new(struct keeper);
		if (!k) {
			if (last)
				obj_drop(last);
			return 2;
		}
		k->n = i;
		p = obj_new(struct item);
		if (p) {
			p->a = 100 + i;
			p = kptr_xchg(&k->item, p);
			if (p)
				obj_drop(p);
		}
		if (last) {
			next = kptr_xchg(&k->next, last);
			if (next)
				obj_drop(next);
		}
		last = k;
	}
	out[0] = last->n;
	k = kptr_xchg(&last->next, NULL);
	if (k) {
		out[1] = k->n;
		p = kptr_xchg(&k->item, NULL);
		if (p) {
			out[2] = p->a;
			obj_drop(p);
		}
		obj_drop(k);
	}
	last = kptr_xchg(&v->keeper, last);
	if (last)
		obj_drop(last);
	return 0;
}

SEC("tc") int counted(void *ctx)
{
	struct counted *a = obj_new(struct counted), *b, *c;
	struct value *v;
	u32 key = 0;

	v = map_lookup_elem(&array, &key);
	if (!a)
		return 1;
	if (!v) {
		obj_drop(a);
		return 2;
	}
	a->n = 1;
	b = refcount_acquire(a);
	out[0] = a == b;
	b->n = 2;
	out[1] = a->n;
	obj_drop(a);
	out[2] = b->n;
	a = kptr_xchg(&v->counted, b);
	if (a)
		obj_drop(a);
	bpf_rcu_read_lock();
	b = v->counted;
	c = b ? refcount_acquire(b) : NULL;
	bpf_rcu_read_unlock();
	if (!c)
		return 3;
	a = kptr_xchg(&v->counted, NULL);
	if (a) {
		out[3] = a == c;
		obj_drop(a);
	}
	out[4] = c->n;
	obj_drop(c);
	return 0;
}

SEC("tc") int own_lock(void *ctx)
{
	struct locked *p = obj_new(struct locked);

	if (!p)
		return 1;
	spin_lock(&p->lock);
	p->n = 5;
	spin_unlock(&p->lock);
	out[0] = p->n;
	obj_drop(p);
	return 0;
}

/* A value's object is written through its map. */
SEC("tc") int through(void *ctx)
{
	struct value *v;
	struct item *p;
	u32 key = 0;

	out[0] = keep(&array, 0, 5);
	v = map_lookup_elem(&array, &key);
	if (!v)
		return 1;
	p = v->item;
	if (p) {
		p->a = 77;
		__sync_fetch_and_add(&p->b, 2);
	}
	out[1] = kept(&array, 0);
	out[2] = take(&array, 0);
	return 0;
}

static long another(u32 i, void *ctx)
{
	struct item *p = obj_new(struct item);

	if (!p)
		return 1;
	p->a = i;
	out[1] += p->a;
	obj_drop(p);
	return 0;
}

SEC("tc") int many(void *ctx)
{
	out[0] = loop(100000, another, NULL, 0);
	return 0;
}

/* Keys from arg on, each with an object. */
static long fill_one(u32 i, void *ctx)
{
	struct value v = {};
	u32 key = arg + i;

	if (map_update_elem(&lru, &key, &v, ANY))
		return 1;
	keep(&lru, key, key);
	return 0;
}

SEC("tc") int fill(void *ctx)
{
	out[0] = loop(1000, fill_one, NULL, 0);
	return 0;
}

char gpl[] SEC("license") = "GPL";
