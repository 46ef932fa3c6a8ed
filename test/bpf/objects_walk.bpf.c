/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What lists and trees look like inside, by functions that Linux has from 6.16 on: as in
 * objects_graph.bpf.c. */
#include "objects.h"

u64 out[64];

struct item {
	u64 n, n2;
	struct bpf_list_node list;
	struct bpf_rb_node tree;
	struct bpf_refcount ref;
};

struct lists {
	struct bpf_spin_lock lock;
	struct bpf_list_head items __contains(item, list);
	struct bpf_rb_root tree __contains(item, tree);
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct lists);
} array SEC(".maps");

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, tree)->n <
	       container_of(b, struct item, tree)->n;
}

static u64 number(struct bpf_rb_node *node)
{
	return node ? container_of(node, struct item, tree)->n : 0;
}

static u64 lnumber(struct bpf_list_node *node)
{
	return node ? container_of(node, struct item, list)->n : 0;
}

/* The numbers at the top, three levels deep. */
static inline __attribute__((always_inline)) void show(struct lists *v, u64 *to)
{
	struct bpf_rb_node *top, *l, *r;

	spin_lock(&v->lock);
	top = bpf_rbtree_root(&v->tree);
	if (top) {
		to[0] = number(top);
		l = bpf_rbtree_left(&v->tree, top);
		r = bpf_rbtree_right(&v->tree, top);
		if (l) {
			to[1] = number(l);
			to[3] = number(bpf_rbtree_left(&v->tree, l));
			to[4] = number(bpf_rbtree_right(&v->tree, l));
		}
		if (r) {
			to[2] = number(r);
			to[5] = number(bpf_rbtree_left(&v->tree, r));
			to[6] = number(bpf_rbtree_right(&v->tree, r));
		}
		to[7] = number(bpf_rbtree_first(&v->tree));
	}
	spin_unlock(&v->lock);
}

static inline __attribute__((always_inline)) int add(struct lists *v, u64 n)
{
	struct item *p = obj_new(struct item);

	if (!p)
		return -1;
	p->n = n;
	spin_lock(&v->lock);
	bpf_rbtree_add_impl(&v->tree, &p->tree, less, NULL, 0);
	spin_unlock(&v->lock);
	return 0;
}

static long add_next(u32 i, void *ctx)
{
	u32 key = 0;
	struct lists *v = map_lookup_elem(&array, &key);

	return !v || add(v, (i * 37 + 11) % 101);
}

static inline __attribute__((always_inline)) void remove_top(struct lists *v)
{
	struct bpf_rb_node *top;

	spin_lock(&v->lock);
	top = bpf_rbtree_root(&v->tree);
	if (top)
		top = bpf_rbtree_remove(&v->tree, top);
	spin_unlock(&v->lock);
	if (top)
		obj_drop(container_of(top, struct item, tree));
}

static long remove_next(u32 i, void *ctx)
{
	u32 key = 0;
	struct lists *v = map_lookup_elem(&array, &key);

	if (v)
		remove_top(v);
	return !v;
}

SEC("tc") int shape(void *ctx)
{
	u32 key = 0;
	struct lists *v = map_lookup_elem(&array, &key);

	if (!v)
		return 1;
	loop(100, add_next, NULL, 0);
	show(v, out);
	loop(40, remove_next, NULL, 0);
	show(v, out + 8);
	loop(30, add_next, NULL, 0);
	show(v, out + 16);
	loop(200, remove_next, NULL, 0);
	show(v, out + 24);
	return 0;
}

SEC("tc") int ends(void *ctx)
{
	u32 key = 0;
	struct lists *v = map_lookup_elem(&array, &key);
	struct bpf_list_node *node;
	struct item *p;

	if (!v)
		return 1;
	for (int i = 0; i < 3; i++) {
		p = obj_new(struct item);
		if (!p)
			return 2;
		p->n = 20 + i;
		spin_lock(&v->lock);
		bpf_list_push_back_impl(&v->items, &p->list, NULL, 0);
		out[2 * i] = lnumber(bpf_list_front(&v->items));
		out[2 * i + 1] = lnumber(bpf_list_back(&v->items));
		spin_unlock(&v->lock);
	}
	for (int i = 0; i < 3; i++) {
		spin_lock(&v->lock);
		node = bpf_list_pop_front(&v->items);
		out[6 + i] = lnumber(bpf_list_front(&v->items));
		spin_unlock(&v->lock);
		if (node)
			obj_drop(container_of(node, struct item, list));
	}
	return 0;
}

char gpl[] SEC("license") = "GPL";
