/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that make objects, rightly and wrongly: test_verify_object_kernel.c asks the
 * verifier and the kernel about each. */
#include "objects.h"

struct task_struct {
	int unused;
};

struct plain {
	u64 a;
	u32 b;
	u8 c[4];
	u64 *number;
	struct plain *other;
};

struct keeper {
	struct plain __kptr *kept;
	u64 a;
};

struct counted {
	u64 a;
	struct bpf_refcount ref;
};

struct value {
	u64 a;
	struct plain __kptr *p;
	struct keeper __kptr *k;
	struct plain __kptr_untrusted *u;
	struct counted __kptr *c;
	struct task_struct __kptr *t;
};

struct big {
	char c[4096];
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} array SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct value);
} hash SEC(".maps");

u64 out;
struct task_struct task; /* so that its type is there */

static inline __attribute__((always_inline)) struct value *value(void)
{
	u32 key = 0;

	return map_lookup_elem(&array, &key);
}

#define PROG(name)	 SEC("tc") int name(void *ctx)
#define NEW(p, type)	 struct type *p = obj_new(struct type); if (!p) return 1
#define VALUE(v)	 struct value *v = value(); if (!v) return 2

/* ---- new and drop ---- */

PROG(new_drop)
{
	NEW(p, plain);
	p->a = 1;
	p->b = 2;
	p->c[3] = 4;
	out = p->a + p->b + p->c[0];
	obj_drop(p);
	return 0;
}

PROG(new_leak)
{
	NEW(p, plain);
	p->a = 1;
	return 0;
}

PROG(new_no_check)
{
	struct plain *p = obj_new(struct plain);

	p->a = 1;
	obj_drop(p);
	return 0;
}

PROG(drop_maybe_null)
{
	struct plain *p = obj_new(struct plain);

	obj_drop(p);
	return 0;
}

PROG(drop_twice)
{
	NEW(p, plain);
	obj_drop(p);
	obj_drop(p);
	return 0;
}

PROG(use_after_drop)
{
	NEW(p, plain);
	obj_drop(p);
	p->a = 1;
	return 0;
}

PROG(drop_null)
{
	obj_drop(NULL);
	return 0;
}

PROG(drop_ctx)
{
	obj_drop(ctx);
	return 0;
}

PROG(drop_value)
{
	VALUE(v);
	obj_drop(v);
	return 0;
}

PROG(drop_offset)
{
	NEW(p, plain);
	obj_drop((void *)p + 8);
	return 0;
}

PROG(drop_number)
{
	obj_drop((void *)(long)prandom());
	return 0;
}

PROG(new_int)
{
	u64 *p = obj_new(u64);

	return p ? 1 : 0;
}

PROG(new_union)
{
	union u { u64 a; u32 b; };
	union u *p = obj_new(union u);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(new_bad_id)
{
	void *p = bpf_obj_new_impl(100000, NULL);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(new_long_id)
{
	void *p = bpf_obj_new_impl(1ull << 40, NULL);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(new_zero_id)
{
	void *p = bpf_obj_new_impl(0, NULL);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(new_unknown_id)
{
	void *p = bpf_obj_new_impl(prandom(), NULL);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(new_big)
{
	NEW(p, big);
	p->c[4095] = 1;
	obj_drop(p);
	return 0;
}

PROG(beyond)
{
	NEW(p, plain);
	out = *(u64 *)((void *)p + sizeof(*p));
	obj_drop(p);
	return 0;
}

PROG(beyond_write)
{
	NEW(p, plain);
	*(u64 *)((void *)p + sizeof(*p) - 4) = 1;
	obj_drop(p);
	return 0;
}

PROG(before)
{
	NEW(p, plain);
	*(u64 *)((void *)p - 8) = 1;
	obj_drop(p);
	return 0;
}

PROG(across_members)
{
	NEW(p, plain);
	*(volatile u64 *)((void *)p + 4) = 1;
	obj_drop(p);
	return 0;
}

PROG(part_of_pointer)
{
	NEW(p, plain);
	out = *(volatile u32 *)&p->number;
	obj_drop(p);
	return 0;
}

PROG(pointer_members)
{
	NEW(p, plain);
	p->number = (u64 *)7;
	p->other = (struct plain *)8;
	out = (u64)p->number + (u64)p->other;
	obj_drop(p);
	return 0;
}

PROG(follow_pointer)
{
	NEW(p, plain);
	out = *p->number;
	obj_drop(p);
	return 0;
}

PROG(follow_struct_pointer)
{
	NEW(p, plain);
	out = p->other->a;
	obj_drop(p);
	return 0;
}

PROG(store_pointer)
{
	NEW(p, plain);
	p->other = p;
	obj_drop(p);
	return 0;
}

PROG(variable_offset)
{
	NEW(p, plain);
	p->c[prandom() & 3] = 1;
	obj_drop(p);
	return 0;
}

PROG(atomic_add)
{
	NEW(p, plain);
	__sync_fetch_and_add(&p->a, 5);
	obj_drop(p);
	return 0;
}

PROG(in_helper)
{
	NEW(p, plain);
	out = map_lookup_elem(&array, &p->b) != NULL;
	obj_drop(p);
	return 0;
}

PROG(two_at_once)
{
	NEW(p, plain);
	struct keeper *k = obj_new(struct keeper);

	if (!k) {
		obj_drop(p);
		return 1;
	}
	k->a = p->a;
	obj_drop(k);
	obj_drop(p);
	return 0;
}

PROG(one_way_leaks)
{
	NEW(p, plain);
	if (prandom() & 1)
		obj_drop(p);
	return 0;
}

static __noinline int dropper(struct plain *p)
{
	obj_drop(p);
	return 0;
}

PROG(drop_in_function)
{
	NEW(p, plain);
	return dropper(p);
}

static __noinline struct plain *maker(void)
{
	return obj_new(struct plain);
}

PROG(new_in_function)
{
	struct plain *p = maker();

	if (p)
		obj_drop(p);
	return 0;
}

static long each(u32 i, void *ctx)
{
	NEW(p, plain);
	p->a = i;
	obj_drop(p);
	return 0;
}

PROG(in_loop)
{
	loop(100, each, NULL, 0);
	return 0;
}

static long each_leaks(u32 i, void *ctx)
{
	NEW(p, plain);
	return 0;
}

PROG(leak_in_loop)
{
	loop(100, each_leaks, NULL, 0);
	return 0;
}

SEC("socket") int not_for_sockets(void *ctx)
{
	NEW(p, plain);
	obj_drop(p);
	return 0;
}

SEC("xdp") int for_xdp(void *ctx)
{
	NEW(p, plain);
	obj_drop(p);
	return 0;
}

SEC("tracepoint") int for_tracepoints(void *ctx)
{
	NEW(p, plain);
	obj_drop(p);
	return 0;
}

SEC("kprobe") int not_for_kprobes(void *ctx)
{
	NEW(p, plain);
	obj_drop(p);
	return 0;
}

/* ---- kept in values ---- */

PROG(exchange)
{
	VALUE(v);
	NEW(p, plain);
	p->a = 5;
	p = kptr_xchg(&v->p, p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_leak)
{
	VALUE(v);
	NEW(p, plain);
	kptr_xchg(&v->p, p);
	return 0;
}

PROG(exchange_null)
{
	VALUE(v);
	struct plain *p = kptr_xchg(&v->p, NULL);

	if (!p)
		return 0;
	out = p->a;
	p->a = 3;
	obj_drop(p);
	return 0;
}

PROG(exchange_null_unchecked)
{
	VALUE(v);
	struct plain *p = kptr_xchg(&v->p, NULL);

	out = p->a;
	obj_drop(p);
	return 0;
}

PROG(exchange_maybe_null)
{
	VALUE(v);
	struct plain *p = kptr_xchg(&v->p, obj_new(struct plain));

	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_other_type)
{
	VALUE(v);
	NEW(k, keeper);
	struct plain *p = kptr_xchg(&v->p, k);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_use_after)
{
	VALUE(v);
	NEW(p, plain);
	struct plain *old = kptr_xchg(&v->p, p);

	if (old)
		obj_drop(old);
	p->a = 1;
	return 0;
}

PROG(exchange_twice)
{
	VALUE(v);
	NEW(p, plain);
	struct plain *old = kptr_xchg(&v->p, p);

	if (old)
		obj_drop(old);
	old = kptr_xchg(&v->p, p);
	if (old)
		obj_drop(old);
	return 0;
}

PROG(exchange_untrusted)
{
	VALUE(v);
	NEW(p, plain);
	p = kptr_xchg(&v->u, p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_elsewhere)
{
	VALUE(v);
	NEW(p, plain);
	p = kptr_xchg(&v->a, p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_offset)
{
	VALUE(v);
	NEW(p, plain);
	p = kptr_xchg(&v->p, (void *)p + 8);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_kernels)
{
	VALUE(v);
	NEW(p, plain);
	p = kptr_xchg(&v->t, p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_number)
{
	VALUE(v);
	struct plain *p = kptr_xchg(&v->p, (void *)(long)prandom());

	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_value)
{
	VALUE(v);
	struct plain *p = kptr_xchg(&v->p, v);

	if (p)
		obj_drop(p);
	return 0;
}

PROG(exchange_on_stack)
{
	struct plain *at = NULL;
	NEW(p, plain);

	p = kptr_xchg(&at, p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(keep_in_object)
{
	VALUE(v);
	NEW(k, keeper);
	struct plain *p = obj_new(struct plain);

	if (p) {
		p = kptr_xchg(&k->kept, p);
		if (p)
			obj_drop(p);
	}
	k = kptr_xchg(&v->k, k);
	if (k)
		obj_drop(k);
	return 0;
}

PROG(keep_other_in_object)
{
	NEW(k, keeper);
	NEW(c, counted);
	c = kptr_xchg(&k->kept, c);
	return 0;
}

PROG(keep_in_object_elsewhere)
{
	NEW(k, keeper);
	struct plain *p = obj_new(struct plain);

	if (p) {
		p = kptr_xchg(&k->a, p);
		if (p)
			obj_drop(p);
	}
	obj_drop(k);
	return 0;
}

PROG(keep_in_plain)
{
	NEW(c, counted);
	struct plain *p = obj_new(struct plain);

	if (p) {
		p = kptr_xchg(&c->a, p);
		if (p)
			obj_drop(p);
	}
	obj_drop(c);
	return 0;
}

PROG(read_kept_in_object)
{
	NEW(k, keeper);
	out = (u64)k->kept;
	obj_drop(k);
	return 0;
}

PROG(write_kept_in_object)
{
	NEW(k, keeper);
	k->kept = NULL;
	obj_drop(k);
	return 0;
}

PROG(load_kept)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p)
		out = p->a;
	return 0;
}

PROG(load_kept_write)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p)
		p->a = 1;
	return 0;
}

PROG(load_kept_drop)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p)
		obj_drop(p);
	return 0;
}

PROG(load_kept_unchecked)
{
	VALUE(v);
	out = v->p->a;
	return 0;
}

PROG(load_kept_exchange)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p) {
		p = kptr_xchg(&v->p, p);
		if (p)
			obj_drop(p);
	}
	return 0;
}

PROG(load_kept_counted)
{
	VALUE(v);
	struct counted *c = v->c;

	if (!c)
		return 0;
	c = refcount_acquire(c);
	if (c)
		obj_drop(c);
	return 0;
}

PROG(load_kept_not_counted)
{
	VALUE(v);
	struct plain *p = v->p;

	if (!p)
		return 0;
	p = refcount_acquire(p);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(load_kept_keeper)
{
	VALUE(v);
	struct keeper *k = v->k;
	struct plain *p;

	if (!k)
		return 0;
	p = kptr_xchg(&k->kept, NULL);
	if (p)
		obj_drop(p);
	return 0;
}

PROG(load_part)
{
	VALUE(v);
	out = *(volatile u32 *)&v->p;
	return 0;
}

PROG(store_kept)
{
	VALUE(v);
	v->p = NULL;
	return 0;
}

PROG(store_untrusted)
{
	VALUE(v);
	NEW(p, plain);
	v->u = p;
	obj_drop(p);
	return 0;
}

PROG(store_untrusted_other)
{
	VALUE(v);
	NEW(k, keeper);
	v->u = (void *)k;
	obj_drop(k);
	return 0;
}

PROG(load_untrusted)
{
	VALUE(v);
	struct plain *p = v->u;

	if (p)
		out = p->a;
	return 0;
}

PROG(load_untrusted_write)
{
	VALUE(v);
	struct plain *p = v->u;

	if (p)
		p->a = 1;
	return 0;
}

PROG(load_untrusted_follow)
{
	VALUE(v);
	struct plain *p = v->u;

	if (p)
		out = p->other->a;
	return 0;
}

PROG(load_kept_rcu_over)
{
	VALUE(v);
	struct plain *p;

	bpf_rcu_read_lock();
	p = v->p;
	if (!p) {
		bpf_rcu_read_unlock();
		return 0;
	}
	out = p->a;
	bpf_rcu_read_unlock();
	out = p->a;
	return 0;
}

SEC("syscall") int sleepable_load(void *ctx)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p)
		out = p->a;
	return 0;
}

SEC("syscall") int sleepable_load_write(void *ctx)
{
	VALUE(v);
	struct plain *p = v->p;

	if (p)
		p->a = 1;
	return 0;
}

SEC("syscall") int sleepable_section(void *ctx)
{
	VALUE(v);
	struct plain *p;

	bpf_rcu_read_lock();
	p = v->p;
	if (p)
		p->a = 1;
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall") int sleepable_section_over(void *ctx)
{
	VALUE(v);
	struct plain *p;

	bpf_rcu_read_lock();
	p = v->p;
	bpf_rcu_read_unlock();
	if (p)
		out = p->a;
	return 0;
}

SEC("syscall") int sleepable_new(void *ctx)
{
	VALUE(v);
	NEW(p, plain);
	p = kptr_xchg(&v->p, p);
	if (p)
		obj_drop(p);
	return 0;
}

/* ---- counted ---- */

PROG(acquire)
{
	NEW(c, counted);
	struct counted *again = refcount_acquire(c);

	again->a = 1;
	obj_drop(c);
	out = again->a;
	obj_drop(again);
	return 0;
}

PROG(acquire_leak)
{
	NEW(c, counted);
	refcount_acquire(c);
	obj_drop(c);
	return 0;
}

PROG(acquire_plain)
{
	NEW(p, plain);
	struct plain *again = refcount_acquire(p);

	obj_drop(p);
	obj_drop(again);
	return 0;
}

PROG(acquire_ctx)
{
	refcount_acquire(ctx);
	return 0;
}

PROG(acquire_value)
{
	VALUE(v);
	refcount_acquire(v);
	return 0;
}

PROG(acquire_maybe_null)
{
	struct counted *c = obj_new(struct counted);

	refcount_acquire(c);
	return 0;
}

PROG(acquire_and_keep)
{
	VALUE(v);
	NEW(c, counted);
	struct counted *again = refcount_acquire(c);
	struct counted *old = kptr_xchg(&v->c, again);

	if (old)
		obj_drop(old);
	c->a = 6;
	obj_drop(c);
	return 0;
}

PROG(touch_count)
{
	NEW(c, counted);
	c->ref.opaque = 7;
	obj_drop(c);
	return 0;
}

char gpl[] SEC("license") = "GPL";
