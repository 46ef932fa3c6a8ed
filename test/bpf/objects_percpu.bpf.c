/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Objects of which each CPU has its own, the same on the kernel and on the engine: as in
 * objects.bpf.c. */
#include "objects.h"

u64 out[64];

struct counter {
	u64 n, more;
	u32 odd;
};

struct value {
	struct counter __percpu_kptr *counter;
	u64 n;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} array SEC(".maps");

SEC("tc") int make(void *ctx)
{
	struct counter __percpu_kptr *p;
	struct value *v;
	u32 key = 0;

	v = map_lookup_elem(&array, &key);
	if (!v)
		return 1;
	p = percpu_obj_new(struct counter);
	if (!p)
		return 2;
	p = kptr_xchg(&v->counter, p);
	out[0] = !!p;
	if (p)
		percpu_obj_drop(p);
	return 0;
}

SEC("tc") int use(void *ctx)
{
	struct counter __percpu_kptr *p;
	struct counter *c;
	struct value *v;
	u32 key = 0;

	v = map_lookup_elem(&array, &key);
	p = v ? v->counter : NULL;
	if (!p)
		return 1;
	c = this_cpu_ptr(p);
	c->n += 5;
	c->odd = 3;
	out[0] = c->odd;
	c = per_cpu_ptr(p, 0);
	if (c)
		c->more = 8;
	c = per_cpu_ptr(p, 0);
	if (c)
		out[1] = c->more;
	c = per_cpu_ptr(p, 100000);
	out[2] = !!c;
	for (u32 i = 0; i < 64; i++) {
		c = per_cpu_ptr(p, i);
		if (c)
			out[3] += c->n;
	}
	return 0;
}

char gpl[] SEC("license") = "GPL";
