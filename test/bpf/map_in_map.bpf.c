/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs do with maps that they find in maps: test_map_in_map.c says what `out` must
 * hold, on the kernel and on the engine. Needs no headers. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	    __attribute__((section(name), used))
#define __uint(name, val)   int(*name)[val]
#define __type(name, val)   __typeof__(val) *name
#define __array(name, type) __typeof__(type) *name[]

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static long (*ringbuf_output)(void *map, void *data, u64 size, u64 flags) = (void *)130;
static long (*for_each_map_elem)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static void *(*map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;

struct hash {
	__uint(type, 1);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
};

struct array {
	__uint(type, 2);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
};

struct percpu {
	__uint(type, 6);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
};

struct ring {
	__uint(type, 27);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, 12);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct hash);
} hashes SEC(".maps");

struct {
	__uint(type, 13);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u32);
	__array(values, struct array);
} arrays SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct percpu);
} percpus SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct ring);
} rings SEC(".maps");

u64 out[64];

static long drop(void *map, u32 *key, u64 *value, u64 *sum)
{
	*sum += *value;
	return map_delete_elem(map, key) ? 1 : 0;
}

SEC("xdp") int elements(void *ctx)
{
	u32 key = 1, none = 3, far = 9, one = 1, two = 2;
	u64 value = 42, *found, sum = 0;
	void *map, *again;

	out[0] = !map_lookup_elem(&hashes, &none);
	out[1] = !map_lookup_elem(&hashes, &far);
	map = map_lookup_elem(&hashes, &key);
	again = map_lookup_elem(&hashes, &key);
	if (!map || !again)
		return 1;
	out[2] = map_update_elem(map, &one, &value, 0);
	out[3] = map_update_elem(map, &one, &value, 1);
	value = 100;
	out[4] = map_update_elem(again, &two, &value, 0);
	found = map_lookup_elem(again, &one);
	if (found) {
		out[5] = *found;
		*found = 7;
	}
	found = map_lookup_elem(map, &one);
	if (found)
		out[6] = *found;
	out[7] = !map_lookup_elem(map, &none);
	out[8] = for_each_map_elem(map, drop, &sum, 0);
	out[9] = sum;
	out[10] = !map_lookup_elem(map, &one);
	out[11] = map_delete_elem(map, &one);
	key = 0;
	map = map_lookup_elem(&hashes, &key);
	if (map)
		out[12] = map_update_elem(map, &one, &value, 0);
	return 2;
}

static long one_of_many(u32 key, u32 *maps)
{
	u32 index = 1;
	void *map = map_lookup_elem(&arrays, &key);
	u64 *found;

	if (!map)
		return 0;
	++*maps;
	found = map_lookup_elem(map, &index);
	if (found)
		out[0] += (*found)++;
	return 0;
}

SEC("xdp") int many(void *ctx)
{
	u32 maps = 0;

	loop(256, one_of_many, &maps, 0);
	return maps;
}

SEC("xdp") int kinds(void *ctx)
{
	u32 zero = 0, one = 1;
	u64 *found, record = 5;
	void *map;

	map = map_lookup_elem(&percpus, &zero);
	if (map) {
		found = map_lookup_elem(map, &one);
		if (found)
			*found = 11;
		found = map_lookup_percpu_elem(map, &one, 9999);
		out[0] = !found;
		found = map_lookup_percpu_elem(map, &zero, 0);
		if (found)
			out[1] = *found + 1;
	}
	map = map_lookup_elem(&rings, &zero);
	if (map)
		out[2] = ringbuf_output(map, &record, sizeof(record), 0);
	return 3;
}

char _license[] SEC("license") = "GPL";
