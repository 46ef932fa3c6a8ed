/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that put objects into lists and trees, rightly and wrongly:
 * test_verify_object_kernel.c asks the verifier and the kernel about each. */
#include "objects.h"

struct item {
	u64 n;
	struct bpf_list_node list;
	struct bpf_list_node second;
	struct bpf_rb_node tree;
	struct bpf_refcount ref;
};

struct plain {
	u64 n;
	struct bpf_list_node list;
};

struct leaf {
	u64 n;
	struct bpf_rb_node tree;
};

struct value {
	u64 n;
	struct bpf_spin_lock lock;
	struct bpf_list_head plain __contains(plain, list);
	struct bpf_list_head items __contains(item, list);
	struct bpf_rb_root tree __contains(item, tree);
	struct bpf_rb_root leaves __contains(leaf, tree);
};

struct owner {
	u64 n;
	struct bpf_spin_lock lock;
	struct bpf_list_head plain __contains(plain, list);
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} array SEC(".maps"), other SEC(".maps");

u64 out;

static inline __attribute__((always_inline)) struct value *value(void)
{
	u32 key = 0;

	return map_lookup_elem(&array, &key);
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, tree)->n <
	       container_of(b, struct item, tree)->n;
}

static bool leaf_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, tree)->n <
	       container_of(b, struct leaf, tree)->n;
}

#define PROG(name)	 SEC("tc") int name(void *ctx)
#define NEW(p, type)	 struct type *p = obj_new(struct type); if (!p) return 1
#define VALUE(v)	 struct value *v = value(); if (!v) return 2
#define LOCKED(v)	 spin_lock(&(v)->lock)
#define UNLOCK(v)	 spin_unlock(&(v)->lock)
#define PUSH(v, p)	 bpf_list_push_front_impl(&(v)->plain, &(p)->list, NULL, 0)
#define ADD(v, p)	 bpf_rbtree_add_impl(&(v)->tree, &(p)->tree, less, NULL, 0)
#define ITEM(node)	 container_of(node, struct item, tree)

/* ---- lists ---- */

PROG(push)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	UNLOCK(v);
	return 0;
}

PROG(push_unlocked)
{
	VALUE(v);
	NEW(p, plain);
	PUSH(v, p);
	return 0;
}

PROG(push_other_lock)
{
	u32 key = 0;
	struct value *o = map_lookup_elem(&other, &key);

	if (!o)
		return 3;
	VALUE(v);
	NEW(p, plain);
	LOCKED(o);
	PUSH(v, p);
	UNLOCK(o);
	return 0;
}

PROG(push_other_lookup)
{
	VALUE(v);
	VALUE(w);
	NEW(p, plain);
	LOCKED(w);
	PUSH(v, p);
	UNLOCK(w);
	return 0;
}

PROG(push_twice)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	PUSH(v, p);
	UNLOCK(v);
	return 0;
}

PROG(push_other_type)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_list_push_front_impl(&v->plain, &p->list, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_other_node)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_list_push_back_impl(&v->items, &p->second, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_no_node)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	bpf_list_push_front_impl(&v->plain, (void *)&p->n, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_to_no_list)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	bpf_list_push_front_impl((void *)&v->n, &p->list, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_to_tree)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	bpf_list_push_front_impl((void *)&v->tree, &p->list, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_to_stack)
{
	struct bpf_list_head head = {};
	NEW(p, plain);

	bpf_list_push_front_impl(&head, &p->list, NULL, 0);
	return 0;
}

PROG(push_value)
{
	VALUE(v);
	LOCKED(v);
	bpf_list_push_front_impl(&v->plain, (void *)&v->items, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_variable_head)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	bpf_list_push_front_impl((void *)v + (p->n & 8), &p->list, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_variable_node)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	bpf_list_push_front_impl(&v->plain, (void *)p + (p->n & 8), NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(push_null)
{
	VALUE(v);
	LOCKED(v);
	bpf_list_push_front_impl(&v->plain, NULL, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(use_after_push)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	p->n = 5;
	out = p->n;
	UNLOCK(v);
	return 0;
}

PROG(use_after_unlock)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	UNLOCK(v);
	out = p->n;
	return 0;
}

PROG(drop_after_push)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	UNLOCK(v);
	obj_drop(p);
	return 0;
}

PROG(drop_in_lock)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	obj_drop(p);
	UNLOCK(v);
	return 0;
}

PROG(new_in_lock)
{
	VALUE(v);
	LOCKED(v);
	obj_new(struct plain);
	UNLOCK(v);
	return 0;
}

PROG(pop)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_pop_front(&v->plain);
	UNLOCK(v);
	if (node) {
		struct plain *p = container_of(node, struct plain, list);

		p->n++;
		obj_drop(p);
	}
	return 0;
}

PROG(pop_leak)
{
	VALUE(v);
	LOCKED(v);
	bpf_list_pop_back(&v->plain);
	UNLOCK(v);
	return 0;
}

PROG(pop_unlocked)
{
	VALUE(v);
	bpf_list_pop_back(&v->plain);
	return 0;
}

PROG(pop_drop_node)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_pop_front(&v->plain);
	UNLOCK(v);
	if (node)
		obj_drop(node);
	return 0;
}

PROG(pop_unchecked)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_pop_front(&v->plain);
	UNLOCK(v);
	obj_drop(container_of(node, struct plain, list));
	return 0;
}

PROG(pop_touch_node)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_pop_front(&v->plain);
	UNLOCK(v);
	if (node)
		out = node->opaque[0];
	if (node)
		obj_drop(container_of(node, struct plain, list));
	return 0;
}

PROG(pop_and_push)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_pop_front(&v->plain);
	if (node)
		bpf_list_push_back_impl(&v->plain, node, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(touch_head)
{
	VALUE(v);
	v->plain.opaque[0] = 1;
	return 0;
}

PROG(touch_node)
{
	NEW(p, plain);
	p->list.opaque[0] = 1;
	obj_drop(p);
	return 0;
}

PROG(object_list)
{
	NEW(o, owner);
	struct plain *p = obj_new(struct plain);

	if (p) {
		spin_lock(&o->lock);
		PUSH(o, p);
		spin_unlock(&o->lock);
	}
	obj_drop(o);
	return 0;
}

PROG(object_list_unlocked)
{
	NEW(o, owner);
	struct plain *p = obj_new(struct plain);

	if (p)
		PUSH(o, p);
	obj_drop(o);
	return 0;
}

PROG(object_list_other_lock)
{
	NEW(o, owner);
	struct owner *other = obj_new(struct owner);
	struct plain *p;

	if (!other) {
		obj_drop(o);
		return 1;
	}
	p = obj_new(struct plain);
	if (p) {
		spin_lock(&other->lock);
		PUSH(o, p);
		spin_unlock(&other->lock);
	}
	obj_drop(o);
	obj_drop(other);
	return 0;
}

PROG(object_lock_elsewhere)
{
	NEW(o, owner);
	spin_lock((void *)&o->n);
	spin_unlock((void *)&o->n);
	obj_drop(o);
	return 0;
}

PROG(object_lock_none)
{
	NEW(p, plain);
	spin_lock((void *)&p->n);
	spin_unlock((void *)&p->n);
	obj_drop(p);
	return 0;
}

PROG(object_lock_held)
{
	NEW(o, owner);
	spin_lock(&o->lock);
	o->n = 1;
	return 0;
}

PROG(object_two_locks)
{
	VALUE(v);
	NEW(o, owner);
	LOCKED(v);
	spin_lock(&o->lock);
	spin_unlock(&o->lock);
	UNLOCK(v);
	obj_drop(o);
	return 0;
}

PROG(drop_locked_object)
{
	NEW(o, owner);
	spin_lock(&o->lock);
	obj_drop(o);
	return 0;
}

/* ---- trees ---- */

PROG(add)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	ADD(v, p);
	UNLOCK(v);
	return 0;
}

PROG(add_unlocked)
{
	VALUE(v);
	NEW(p, item);
	ADD(v, p);
	return 0;
}

PROG(add_twice)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	ADD(v, p);
	ADD(v, p);
	UNLOCK(v);
	return 0;
}

PROG(add_use)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	ADD(v, p);
	p->n = 7;
	UNLOCK(v);
	return 0;
}

PROG(add_use_after_unlock)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	ADD(v, p);
	UNLOCK(v);
	p->n = 7;
	return 0;
}

PROG(add_leaf)
{
	VALUE(v);
	NEW(p, leaf);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->leaves, &p->tree, leaf_less, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(add_other_type)
{
	VALUE(v);
	NEW(p, leaf);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, less, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(add_list_node)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, (void *)&p->list, less, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(add_no_callback)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, (void *)5, NULL, 0);
	UNLOCK(v);
	return 0;
}

static bool less_unlocks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	struct value *v = value();

	if (v)
		UNLOCK(v);
	return false;
}

PROG(add_less_calls)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, less_unlocks, NULL, 0);
	UNLOCK(v);
	return 0;
}

struct value *volatile shared;

static bool less_removes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_rbtree_remove((void *)a, a);
	return false;
}

PROG(add_less_removes)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, less_removes, NULL, 0);
	UNLOCK(v);
	return 0;
}

static bool less_writes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	ITEM(a)->n = 5;
	return true;
}

PROG(add_less_writes)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, less_writes, NULL, 0);
	UNLOCK(v);
	return 0;
}

static int less_big(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return 7;
}

PROG(add_less_returns)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_add_impl(&v->tree, &p->tree, (void *)less_big, NULL, 0);
	UNLOCK(v);
	return 0;
}

PROG(first)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (node)
		out = ITEM(node)->n;
	UNLOCK(v);
	return 0;
}

PROG(first_unchecked)
{
	VALUE(v);
	LOCKED(v);
	out = ITEM(bpf_rbtree_first(&v->tree))->n;
	UNLOCK(v);
	return 0;
}

PROG(first_unlocked)
{
	VALUE(v);
	bpf_rbtree_first(&v->tree);
	return 0;
}

PROG(first_use_after)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	UNLOCK(v);
	if (node)
		out = ITEM(node)->n;
	return 0;
}

PROG(first_drop)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	UNLOCK(v);
	if (node)
		obj_drop(ITEM(node));
	return 0;
}

PROG(remove)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (!node) {
		UNLOCK(v);
		return 1;
	}
	node = bpf_rbtree_remove(&v->tree, node);
	UNLOCK(v);
	if (node)
		obj_drop(ITEM(node));
	return 0;
}

PROG(remove_leak)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (node)
		bpf_rbtree_remove(&v->tree, node);
	UNLOCK(v);
	return 0;
}

PROG(remove_unchecked)
{
	VALUE(v);
	LOCKED(v);
	bpf_rbtree_remove(&v->tree, bpf_rbtree_first(&v->tree));
	UNLOCK(v);
	return 0;
}

PROG(remove_own)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	struct bpf_rb_node *node = bpf_rbtree_remove(&v->tree, &p->tree);
	UNLOCK(v);
	if (node)
		obj_drop(ITEM(node));
	obj_drop(p);
	return 0;
}

PROG(remove_added)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	ADD(v, p);
	struct bpf_rb_node *node = bpf_rbtree_remove(&v->tree, &p->tree);
	UNLOCK(v);
	if (node)
		obj_drop(ITEM(node));
	return 0;
}

PROG(remove_other_tree)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (node)
		node = bpf_rbtree_remove(&v->leaves, node);
	UNLOCK(v);
	return 0;
}

PROG(remove_value)
{
	VALUE(v);
	LOCKED(v);
	bpf_rbtree_remove(&v->tree, (void *)&v->n);
	UNLOCK(v);
	return 0;
}

/* ---- counted ---- */

PROG(in_both)
{
	VALUE(v);
	NEW(p, item);
	struct item *again = refcount_acquire(p);

	LOCKED(v);
	bpf_list_push_front_impl(&v->items, &p->list, NULL, 0);
	ADD(v, again);
	UNLOCK(v);
	return 0;
}

PROG(acquire_non_owning)
{
	VALUE(v);
	NEW(p, item);
	struct item *again;

	LOCKED(v);
	ADD(v, p);
	again = refcount_acquire(p);
	UNLOCK(v);
	if (again)
		obj_drop(again);
	return 0;
}

PROG(acquire_non_owning_unchecked)
{
	VALUE(v);
	NEW(p, item);
	struct item *again;

	LOCKED(v);
	ADD(v, p);
	again = refcount_acquire(p);
	UNLOCK(v);
	obj_drop(again);
	return 0;
}

PROG(acquire_first)
{
	VALUE(v);
	struct bpf_rb_node *node;
	struct item *p = NULL;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (node)
		p = refcount_acquire(ITEM(node));
	UNLOCK(v);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(acquire_first_node)
{
	VALUE(v);
	struct bpf_rb_node *node;
	struct item *p = NULL;

	LOCKED(v);
	node = bpf_rbtree_first(&v->tree);
	if (node)
		p = refcount_acquire(node);
	UNLOCK(v);
	if (p)
		obj_drop(p);
	return 0;
}

SEC("syscall") int sleepable_list(void *ctx)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	p->n = 4;
	UNLOCK(v);
	return 0;
}

SEC("tracepoint") int not_for_tracepoints(void *ctx)
{
	VALUE(v);
	NEW(p, plain);
	LOCKED(v);
	PUSH(v, p);
	UNLOCK(v);
	return 0;
}

/* ---- from Linux 6.16 on ---- */

PROG(walk_tree)
{
	VALUE(v);
	struct bpf_rb_node *node;

	LOCKED(v);
	node = bpf_rbtree_root(&v->tree);
	if (node)
		node = bpf_rbtree_left(&v->tree, node);
	if (node)
		node = bpf_rbtree_right(&v->tree, node);
	if (node)
		out = ITEM(node)->n;
	UNLOCK(v);
	return 0;
}

PROG(walk_unlocked)
{
	VALUE(v);
	bpf_rbtree_root(&v->tree);
	return 0;
}

PROG(walk_own)
{
	VALUE(v);
	NEW(p, item);
	LOCKED(v);
	bpf_rbtree_left(&v->tree, &p->tree);
	UNLOCK(v);
	obj_drop(p);
	return 0;
}

PROG(walk_unchecked)
{
	VALUE(v);
	LOCKED(v);
	bpf_rbtree_left(&v->tree, bpf_rbtree_root(&v->tree));
	UNLOCK(v);
	return 0;
}

PROG(list_ends)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_front(&v->plain);
	if (node)
		out = container_of(node, struct plain, list)->n;
	node = bpf_list_back(&v->plain);
	if (node)
		container_of(node, struct plain, list)->n = 6;
	UNLOCK(v);
	return 0;
}

PROG(list_end_drop)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_front(&v->plain);
	UNLOCK(v);
	if (node)
		obj_drop(container_of(node, struct plain, list));
	return 0;
}

PROG(list_end_push)
{
	VALUE(v);
	struct bpf_list_node *node;

	LOCKED(v);
	node = bpf_list_front(&v->plain);
	if (node)
		bpf_list_push_front_impl(&v->plain, node, NULL, 0);
	UNLOCK(v);
	return 0;
}

char gpl[] SEC("license") = "GPL";
