/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that are killed while they hand objects over: test_kill_objects.c. */
#include "objects.h"

#define MAGIC 0x6f626a65637473ull

struct item {
	u64 magic, n;
	struct bpf_list_node list;
	struct bpf_rb_node tree;
	struct bpf_refcount ref;
};

struct value {
	struct bpf_spin_lock lock;
	u32 n;
	struct bpf_list_head list __contains(item, list);
	struct bpf_rb_root tree __contains(item, tree);
	struct item __kptr *kept;
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct value);
} hash SEC(".maps");

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, tree)->n <
	       container_of(b, struct item, tree)->n;
}

static inline __attribute__((always_inline)) struct item *make(void)
{
	struct item *p = obj_new(struct item);

	if (p) {
		p->magic = MAGIC;
		p->n = prandom() % 100;
	}
	return p;
}

static inline __attribute__((always_inline)) int finish(struct item *p)
{
	int bad = p->magic != MAGIC;

	obj_drop(p);
	return bad;
}

static inline __attribute__((always_inline)) int put(struct value *v)
{
	struct item *p = make(), *again;

	if (!p)
		return 2;
	again = refcount_acquire(p);
	spin_lock(&v->lock);
	if (p->n & 1)
		bpf_list_push_back_impl(&v->list, &p->list, NULL, 0);
	else
		bpf_list_push_front_impl(&v->list, &p->list, NULL, 0);
	bpf_rbtree_add_impl(&v->tree, &again->tree, less, NULL, 0);
	spin_unlock(&v->lock);
	return 0;
}

static inline __attribute__((always_inline)) int pop(struct value *v, bool back)
{
	struct bpf_list_node *node;

	spin_lock(&v->lock);
	node = back ? bpf_list_pop_back(&v->list) : bpf_list_pop_front(&v->list);
	spin_unlock(&v->lock);
	return node ? finish(container_of(node, struct item, list)) : 4;
}

/* What it was; -1: the tree is empty, -2: what was in it is no item. */
static inline __attribute__((always_inline)) long take(struct value *v)
{
	struct bpf_rb_node *node;
	struct item *p;
	long n;

	spin_lock(&v->lock);
	node = bpf_rbtree_first(&v->tree);
	if (!node) {
		spin_unlock(&v->lock);
		return -1;
	}
	node = bpf_rbtree_remove(&v->tree, node);
	spin_unlock(&v->lock);
	if (!node)
		return -2;
	p = container_of(node, struct item, tree);
	n = p->n;
	return finish(p) ? -2 : n;
}

static inline __attribute__((always_inline)) int exchange(struct value *v)
{
	struct item *p = make();

	if (!p)
		return 2;
	p = kptr_xchg(&v->kept, p);
	return p ? finish(p) : 0;
}

/* 0, or what must not be. */
SEC("tc") int churn(void *ctx)
{
	struct value zero = {}, *v;
	u32 key = 0, what = prandom() % 16;

	v = map_lookup_elem(&hash, &key);
	if (!v || what == 15) {
		map_update_elem(&hash, &key, &zero, ANY);
		return 0;
	}
	if (what < 6)
		return put(v);
	if (what < 9)
		return pop(v, what & 1) & 1;
	if (what < 12)
		return take(v) == -2;
	return exchange(v);
}

static long pop_all(u32 i, u32 *bad)
{
	struct value *v;
	u32 key = 0;
	int ret;

	v = map_lookup_elem(&hash, &key);
	ret = v ? pop(v, i & 1) : 4;
	*bad |= ret & 1;
	return ret == 4;
}

static long take_all(u32 i, long *last)
{
	struct value *v;
	u32 key = 0;
	long n;

	v = map_lookup_elem(&hash, &key);
	n = v ? take(v) : -1;
	if (n < *last && n != -1)
		n = -2;
	*last = n;
	return n < 0;
}

/* All that there is goes: 0, or what must not be. */
SEC("tc") int settle(void *ctx)
{
	struct value *v;
	u32 key = 0, bad = 0;
	struct item *p;
	long last = 0;

	v = map_lookup_elem(&hash, &key);
	if (!v)
		return 0;
	if (loop(100000, pop_all, &bad, 0) == 100000 || bad)
		return 1;
	if (loop(100000, take_all, &last, 0) == 100000 || last != -1)
		return 2;
	p = kptr_xchg(&v->kept, NULL);
	return p && finish(p) ? 3 : 0;
}

char gpl[] SEC("license") = "GPL";
