/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the loader must get right, for every compiler. Needs no headers. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define __noinline	  __attribute__((noinline))

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value,
				   u64 flags) = (void *)2;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*bpf_loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static long (*bpf_ringbuf_output)(void *map, void *data, u64 size,
				  u64 flags) = (void *)130;

enum color { RED, GREEN = 7 };

struct value {
	u64 count;
	enum color color;
	char name[8];
	u32 low : 3, high : 29;
};

struct {
	__uint(type, 1); /* hash */
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct value);
} counts SEC(".maps");

struct {
	__uint(type, 6); /* percpu array */
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 12);
} percpu SEC(".maps");

struct {
	__uint(type, 27); /* ring buffer */
	__uint(max_entries, 5000);
} events SEC(".maps");

const volatile u32 only_tgid = 0;
const volatile char label[8] = "label";
long total = 40;
static int step = 1;
int zero;
int last SEC(".data.own") = 9;

static __noinline int twice(int x)
{
	return x * 2 + step;
}

__noinline int thrice(int x)
{
	return twice(x) + x + zero;
}

struct sum {
	long n;
};

static long add(u32 i, struct sum *s)
{
	s->n += i;
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int count(void *ctx)
{
	struct value *v, first = {1, GREEN, "getppid", 5, 6};
	u32 key = 3, tgid = bpf_get_current_pid_tgid() >> 32;

	if (only_tgid && tgid != only_tgid)
		return 0;
	v = bpf_map_lookup_elem(&counts, &key);
	if (v)
		v->count++;
	else
		bpf_map_update_elem(&counts, &key, &first, 0);
	total += thrice(1);
	bpf_ringbuf_output(&events, &key, sizeof(key), 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int raw(void *ctx)
{
	return twice(zero);
}

SEC("socket")
int loops(void *ctx)
{
	struct sum s = {0};

	bpf_loop(5, add, &s, 0);
	last = (int)s.n;
	return (int)s.n + thrice(10) + label[0];
}

SEC("xdp")
int pass(void *ctx)
{
	return 2;
}

#ifndef LOAD_ALL
SEC("?xdp")
int unused(void *ctx)
{
	return 99;
}
#endif

char _license[] SEC("license") = "Dual BSD/GPL";
