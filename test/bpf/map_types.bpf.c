/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that use the less common types of map, the same on the kernel and on the
 * engine: each puts its answers into `out`, which test_map_types.c compares. Needs no
 * headers. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define NULL		  ((void *)0)

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static long (*for_each_map_elem)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static void *(*map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;

u64 out[64];

/* ---- lru_percpu_hash ---- */

struct {
	__uint(type, 10);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} lru SEC(".maps");

static long add_up(void *map, u32 *key, u64 *value, u64 *sum)
{
	*sum += *key * *value;
	return 0;
}

SEC("raw_tp")
int lru_percpu(void *ctx)
{
	u32 key = 3, other = 4;
	u64 value = 7, sum = 0, *at;

	out[0] = !map_lookup_elem(&lru, &key);
	out[1] = map_update_elem(&lru, &key, &value, 2);
	out[2] = map_update_elem(&lru, &key, &value, 1);
	out[3] = map_update_elem(&lru, &key, &value, 1);
	out[4] = map_update_elem(&lru, &key, &value, 3);
	at = map_lookup_elem(&lru, &key);
	if (!at)
		return 1;
	out[5] = *at;
	*at += 3;
	at = map_lookup_percpu_elem(&lru, &key, 0);
	out[6] = at ? 1 : 0;
	out[7] = !map_lookup_percpu_elem(&lru, &key, 100000);
	map_update_elem(&lru, &other, &value, 0);
	out[8] = for_each_map_elem(&lru, add_up, &sum, 0);
	out[9] = sum;
	out[10] = map_delete_elem(&lru, &key);
	out[11] = map_delete_elem(&lru, &key);
	for (u32 i = 0; i < 1000; i++) {
		key = i;
		if (map_update_elem(&lru, &key, &value, 0))
			return 2;
	}
	out[12] = map_lookup_elem(&lru, &key) ? 1 : 0;
	return 0;
}

char _license[] SEC("license") = "GPL";
