/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs with objects of which each CPU has its own, right and wrong:
 * test_verify_object_kernel.c asks the verifier and the kernel about each. */
#include "objects.h"

struct counter {
	u64 n;
	u32 odd[4];
};

struct pointed {
	u64 *p;
};

struct special {
	struct bpf_refcount ref;
	u64 n;
};

struct large {
	u64 n[65];
};

struct value {
	struct counter __percpu_kptr *counter;
	struct counter __kptr *plain;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} array SEC(".maps");

u64 out;

#define PROG(name) SEC("tc") int name(void *ctx)
#define NEW(p, type) \
	struct type *p = percpu_obj_new(struct type); \
	if (!p) \
		return 1
#define VALUE(v) \
	u32 key = 0; \
	struct value *v = map_lookup_elem(&array, &key); \
	if (!v) \
		return 2

PROG(new_drop)
{
	NEW(p, counter);
	percpu_obj_drop(p);
	return 0;
}

PROG(leak)
{
	NEW(p, counter);
	return 0;
}

PROG(plain_drop)
{
	NEW(p, counter);
	obj_drop(p);
	return 0;
}

PROG(percpu_drop)
{
	struct counter *p = obj_new(struct counter);

	if (p)
		percpu_obj_drop(p);
	return 0;
}

PROG(pointers)
{
	NEW(p, pointed);
	percpu_obj_drop(p);
	return 0;
}

PROG(specials)
{
	NEW(p, special);
	percpu_obj_drop(p);
	return 0;
}

PROG(too_large)
{
	NEW(p, large);
	percpu_obj_drop(p);
	return 0;
}

PROG(direct)
{
	NEW(p, counter);
	out = p->n;
	percpu_obj_drop(p);
	return 0;
}

PROG(owned_this_cpu)
{
	NEW(p, counter);
	struct counter *c = this_cpu_ptr(p);

	c->n = 1;
	percpu_obj_drop(p);
	return 0;
}

PROG(exchange)
{
	VALUE(v);
	NEW(p, counter);
	p = kptr_xchg(&v->counter, p);
	if (p)
		percpu_obj_drop(p);
	return 0;
}

PROG(exchange_plain)
{
	VALUE(v);
	NEW(p, counter);
	p = kptr_xchg(&v->plain, p);
	if (p)
		percpu_obj_drop(p);
	return 0;
}

PROG(exchange_and_use)
{
	VALUE(v);
	NEW(p, counter);
	struct counter *old = kptr_xchg(&v->counter, p), *c;

	if (old)
		percpu_obj_drop(old);
	c = this_cpu_ptr(p);
	c->n = 3;
	return 0;
}

PROG(load)
{
	VALUE(v);
	struct counter *p = v->counter, *c;

	if (!p)
		return 0;
	c = this_cpu_ptr(p);
	c->n++;
	c = per_cpu_ptr(p, 0);
	if (c)
		out = c->n;
	return 0;
}

PROG(load_direct)
{
	VALUE(v);
	struct counter *p = v->counter;

	if (p)
		out = p->n;
	return 0;
}

PROG(load_unchecked)
{
	VALUE(v);
	struct counter *c = this_cpu_ptr(v->counter);

	c->n++;
	return 0;
}

PROG(beyond)
{
	VALUE(v);
	struct counter *p = v->counter, *c;

	if (!p)
		return 0;
	c = this_cpu_ptr(p);
	out = c[1].n;
	return 0;
}

SEC("syscall") int sleepable(void *ctx)
{
	VALUE(v);
	struct counter *p = v->counter, *c;

	if (!p)
		return 0;
	c = this_cpu_ptr(p);
	c->n++;
	return 0;
}

SEC("syscall") int sleepable_section(void *ctx)
{
	VALUE(v);
	struct counter *p, *c;

	bpf_rcu_read_lock();
	p = v->counter;
	if (p) {
		c = this_cpu_ptr(p);
		c->n++;
	}
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall") int sleepable_section_over(void *ctx)
{
	VALUE(v);
	struct counter *p, *c;

	bpf_rcu_read_lock();
	p = v->counter;
	if (!p) {
		bpf_rcu_read_unlock();
		return 0;
	}
	c = this_cpu_ptr(p);
	bpf_rcu_read_unlock();
	c->n++;
	return 0;
}

char gpl[] SEC("license") = "GPL";
