/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Lists and trees of objects, the same on the kernel and on the engine: each program puts
 * its answers into `out`, which test_helper_objects.c compares. */
#include "objects.h"

u64 out[64];

struct item {
	u64 n;
	struct bpf_list_node list;
	struct bpf_rb_node tree;
	struct bpf_refcount ref;
};

struct plain {
	u64 n;
	struct bpf_list_node list;
};

struct lists {
	struct bpf_spin_lock lock;
	u32 n;
	struct bpf_list_head plain __contains(plain, list);
	struct bpf_list_head items __contains(item, list);
	struct bpf_rb_root tree __contains(item, tree);
};

/* An object with a list of its own. */
struct owner {
	struct bpf_spin_lock lock;
	struct bpf_list_head plain __contains(plain, list);
	u64 n;
};

struct kept {
	struct owner __kptr *owner;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct lists);
} array SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct lists);
} hash SEC(".maps");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kept);
} owners SEC(".maps");

#define push_front(head, node) bpf_list_push_front_impl(head, node, NULL, 0)
#define push_back(head, node)  bpf_list_push_back_impl(head, node, NULL, 0)
#define tree_add(root, node)   bpf_rbtree_add_impl(root, node, less, NULL, 0)

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, tree)->n <
	       container_of(b, struct item, tree)->n;
}

static inline __attribute__((always_inline)) struct lists *value(u32 key)
{
	return map_lookup_elem(&array, &key);
}

static inline __attribute__((always_inline)) int add_plain(struct lists *v, u64 n,
							   bool back)
{
	struct plain *p = obj_new(struct plain);
	int err;

	if (!p)
		return -1;
	p->n = n;
	spin_lock(&v->lock);
	err = back ? push_back(&v->plain, &p->list) : push_front(&v->plain, &p->list);
	spin_unlock(&v->lock);
	return err;
}

static inline __attribute__((always_inline)) u64 pop_plain(struct lists *v, bool back)
{
	struct bpf_list_node *node;
	struct plain *p;
	u64 n;

	spin_lock(&v->lock);
	node = back ? bpf_list_pop_back(&v->plain) : bpf_list_pop_front(&v->plain);
	spin_unlock(&v->lock);
	if (!node)
		return 0;
	p = container_of(node, struct plain, list);
	n = p->n;
	obj_drop(p);
	return n;
}

SEC("tc") int list(void *ctx)
{
	struct lists *v = value(0);

	if (!v)
		return 1;
	out[0] = pop_plain(v, false);
	out[1] = pop_plain(v, true);
	out[2] = add_plain(v, 1, true);
	out[3] = add_plain(v, 2, true);
	out[4] = add_plain(v, 3, false);
	out[5] = add_plain(v, 4, true);
	out[6] = pop_plain(v, false);
	out[7] = pop_plain(v, true);
	out[8] = pop_plain(v, true);
	out[9] = pop_plain(v, true);
	out[10] = pop_plain(v, true);
	out[11] = pop_plain(v, false);
	add_plain(v, 9, true); /* stays there */
	return 0;
}

/* One object in a list and a tree. */
SEC("tc") int both(void *ctx)
{
	struct lists *v = value(1);
	struct bpf_list_node *node;
	struct bpf_rb_node *rb;
	struct item *p, *again, *found;

	if (!v)
		return 1;
	p = obj_new(struct item);
	if (!p)
		return 2;
	p->n = 7;
	again = refcount_acquire(p);
	spin_lock(&v->lock);
	out[0] = push_back(&v->items, &p->list);
	out[1] = tree_add(&v->tree, &again->tree);
	spin_unlock(&v->lock);
	spin_lock(&v->lock);
	rb = bpf_rbtree_first(&v->tree);
	if (!rb) {
		spin_unlock(&v->lock);
		return 3;
	}
	rb = bpf_rbtree_remove(&v->tree, rb);
	spin_unlock(&v->lock);
	if (!rb)
		return 4;
	found = container_of(rb, struct item, tree);
	found->n++;
	again = refcount_acquire(found);
	spin_lock(&v->lock);
	/* It is in the list already. */
	out[2] = push_back(&v->items, &again->list);
	spin_unlock(&v->lock);
	spin_lock(&v->lock);
	node = bpf_list_pop_front(&v->items);
	spin_unlock(&v->lock);
	if (node) {
		p = container_of(node, struct item, list);
		out[3] = p->n;
		out[4] = p == found;
		obj_drop(p);
	}
	out[5] = found->n;
	obj_drop(found);
	spin_lock(&v->lock);
	node = bpf_list_pop_front(&v->items);
	spin_unlock(&v->lock);
	if (node) {
		obj_drop(container_of(node, struct item, list));
		return 5;
	}
	return 0;
}

static inline __attribute__((always_inline)) int add_item(struct lists *v, u64 n)
{
	struct item *p = obj_new(struct item);
	int err;

	if (!p)
		return -1;
	p->n = n;
	spin_lock(&v->lock);
	err = tree_add(&v->tree, &p->tree);
	spin_unlock(&v->lock);
	return err;
}

static inline __attribute__((always_inline)) u64 remove_first(struct lists *v)
{
	struct bpf_rb_node *rb;
	struct item *p;
	u64 n;

	spin_lock(&v->lock);
	rb = bpf_rbtree_first(&v->tree);
	if (!rb) {
		spin_unlock(&v->lock);
		return -1;
	}
	rb = bpf_rbtree_remove(&v->tree, rb);
	spin_unlock(&v->lock);
	if (!rb)
		return -2;
	p = container_of(rb, struct item, tree);
	n = p->n;
	obj_drop(p);
	return n;
}

u64 seed;

static u64 next(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

static long add_random(u32 i, void *ctx)
{
	struct lists *v = value(2);

	return !v || add_item(v, next() % 1000) != 0;
}

static long remove_in_order(u32 i, void *last)
{
	struct lists *v = value(2);
	u64 n = v ? remove_first(v) : -3;

	if (n > 1000 || n < *(u64 *)last)
		return 1;
	*(u64 *)last = n;
	return 0;
}

SEC("tc") int tree(void *ctx)
{
	u64 last = 0;
	struct lists *v = value(2);

	if (!v)
		return 1;
	seed = 42;
	out[0] = loop(500, add_random, NULL, 0);
	out[1] = loop(200, remove_in_order, &last, 0);
	out[2] = loop(100, add_random, NULL, 0);
	last = 0;
	out[3] = loop(400, remove_in_order, &last, 0);
	out[4] = last < 1000;
	out[5] = remove_first(v);
	add_item(v, 5); /* stays there */
	add_item(v, 6);
	return 0;
}

/* The list is the object's, which a map keeps. */
SEC("tc") int list_of_object(void *ctx)
{
	struct owner *o = obj_new(struct owner);
	struct bpf_list_node *node;
	struct plain *p;
	struct kept *k;
	u32 key = 0;

	k = map_lookup_elem(&owners, &key);
	if (!o)
		return 1;
	if (!k) {
		obj_drop(o);
		return 2;
	}
	for (int i = 0; i < 3; i++) {
		p = obj_new(struct plain);
		if (!p) {
			obj_drop(o);
			return 3;
		}
		p->n = 10 + i;
		spin_lock(&o->lock);
		push_front(&o->plain, &p->list);
		spin_unlock(&o->lock);
	}
	spin_lock(&o->lock);
	node = bpf_list_pop_front(&o->plain);
	spin_unlock(&o->lock);
	if (node) {
		p = container_of(node, struct plain, list);
		out[0] = p->n;
		obj_drop(p);
	}
	o->n = 3;
	o = kptr_xchg(&k->owner, o);
	if (o) {
		out[1] = o->n;
		obj_drop(o);
	}
	return 0;
}

SEC("tc") int in_hash(void *ctx)
{
	struct lists zero = {}, *v;
	u32 key = 3;

	out[0] = map_update_elem(&hash, &key, &zero, ANY);
	v = map_lookup_elem(&hash, &key);
	if (!v)
		return 1;
	out[1] = add_plain(v, 5, true);
	out[2] = map_update_elem(&hash, &key, &zero, ANY);
	v = map_lookup_elem(&hash, &key);
	if (!v)
		return 2;
	out[3] = pop_plain(v, false);
	out[4] = add_plain(v, 6, true);
	out[5] = map_delete_elem(&hash, &key);
	out[6] = map_update_elem(&hash, &key, &zero, ANY);
	v = map_lookup_elem(&hash, &key);
	if (!v)
		return 3;
	out[7] = pop_plain(v, false);
	out[8] = add_plain(v, 7, true);
	return 0;
}

SEC("tc") int overwrite(void *ctx)
{
	struct lists zero = {}, *v;
	u32 key = 3;

	v = value(3);
	if (!v)
		return 1;
	out[0] = add_plain(v, 5, true);
	out[1] = add_item(v, 6);
	out[2] = map_update_elem(&array, &key, &zero, ANY);
	out[3] = pop_plain(v, false);
	out[4] = remove_first(v);
	return 0;
}

char gpl[] SEC("license") = "GPL";
