/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Fields of values that only helpers touch, the same on the kernel and on the engine:
 * each program puts its answers into `out`, which test_helper_fields.c compares. Needs no
 * headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

enum { ANY, NOEXIST, EXIST, LOCK = 4, HASH = 1, ARRAY };

struct bpf_spin_lock {
	u32 val;
};

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static void (*spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;

u64 out[64];

struct locked {
	u64 a;
	struct bpf_spin_lock lock;
	u32 n;
	u64 b;
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct locked);
} array SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct locked);
} hash SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} plain SEC(".maps");

static inline __attribute__((always_inline)) void add(struct locked *v, u32 n)
{
	spin_lock(&v->lock);
	v->a += n;
	v->b += n;
	v->n++;
	spin_unlock(&v->lock);
}

SEC("tc")
int locks(void *ctx)
{
	struct locked value = {.a = 5, .n = 6, .b = 7}, *v;
	u32 key = 1;
	u64 word = 1;

	v = map_lookup_elem(&array, &key);
	if (!v)
		return 1;
	add(v, 40);
	add(v, 2);
	out[0] = v->a;
	out[1] = v->n;
	out[2] = map_update_elem(&array, &key, &value, LOCK);
	out[3] = v->a;
	out[4] = v->n;
	out[5] = v->b;
	out[6] = map_update_elem(&hash, &key, &value, LOCK | EXIST);
	out[7] = map_update_elem(&hash, &key, &value, LOCK | NOEXIST);
	out[8] = map_update_elem(&hash, &key, &value, LOCK | NOEXIST);
	out[9] = map_update_elem(&hash, &key, &value, LOCK | 8);
	v = map_lookup_elem(&hash, &key);
	if (!v)
		return 2;
	add(v, 10);
	out[10] = v->a;
	value.a = 100;
	out[11] = map_update_elem(&hash, &key, &value, LOCK | EXIST);
	out[12] = v->a; /* in place */
	out[13] = map_update_elem(&plain, &key, &word, LOCK);
	out[14] = map_update_elem(&plain, &key, &word, ANY);
	out[15] = map_delete_elem(&hash, &key);
	return 0;
}

/* For a while under the lock: `a` and `b` differ in it. */
SEC("tc")
int slowly(void *ctx)
{
	struct locked *v;
	u32 key = 0;

	v = map_lookup_elem(&array, &key);
	if (!v)
		return 1;
	spin_lock(&v->lock);
	for (int i = 0; i < 2000; i++)
		*(volatile u64 *)&v->a += 1;
	for (int i = 0; i < 2000; i++)
		*(volatile u64 *)&v->b += 1;
	spin_unlock(&v->lock);
	return 0;
}

char gpl[] SEC("license") = "GPL";
