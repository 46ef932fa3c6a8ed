/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's functions answer that look at memory as bits, as elements, as other
 * types and as packets, the same on the kernel and on the engine: test_helper_kfuncs.c
 * compares `out`. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name)	  __attribute__((section(name), used))
#define KSYM		  __attribute__((section(".ksyms")))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define NULL		  ((void *)0)

struct bpf_iter_bits {
	u64 inside[2];
};

struct bpf_map;

extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *words, u32 n) KSYM;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) KSYM;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) KSYM;
extern s64 bpf_map_sum_elem_count(const void *map) KSYM;
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) KSYM;
extern int bpf_xdp_pull_data(void *xdp, u32 len) KSYM;

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static long (*xdp_adjust_meta)(void *xdp, int delta) = (void *)54;
static long (*xdp_adjust_tail)(void *xdp, int delta) = (void *)65;
static long (*xdp_get_buff_len)(void *xdp) = (void *)188;
static long (*xdp_load_bytes)(void *xdp, u32 off, void *to, u32 len) = (void *)189;

#define MAP(name, kind) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 64); \
		__type(key, u32); \
		__type(value, u64); \
	} name SEC(".maps")

MAP(hash, 1);
MAP(array, 2);
MAP(percpu_hash, 5);
MAP(lru, 9);

struct {
	__uint(type, 1);
	__uint(max_entries, 64);
	__uint(map_flags, 1); /* not allocated before */
	__type(key, u32);
	__type(value, u64);
} bare SEC(".maps");

u64 out[64];
u64 words[512] SEC(".data.words") = {1ull << 63 | 5, 0, 1, 0, [510] = 1ull << 63,
				     [511] = 1};

#define USER  ((const void *)4096)
#define WRONG ((const void *)-4096l)

/* ---- bits ---- */

/* What it gives: how many, the sum, and the result that it was made with. */
static u32 each(u32 n, const void *at, u32 count)
{
	struct bpf_iter_bits it;
	u64 bits = 0, sum = 0;
	int *bit;

	out[n++] = bpf_iter_bits_new(&it, at, count);
	while ((bit = bpf_iter_bits_next(&it))) {
		bits++;
		sum += *bit;
	}
	out[n++] = bpf_iter_bits_next(&it) != NULL;
	bpf_iter_bits_destroy(&it);
	out[n++] = bits;
	out[n++] = sum;
	return n;
}

SEC("tc") int bits(void *ctx)
{
	u64 here[2] = {0xff00, 3};
	u32 n = 0;

	n = each(n, words, 1);
	n = each(n, words, 3);
	n = each(n, words, 511);
	n = each(n, words, 512);
	n = each(n, words, 0);
	n = each(n, words + 1, 1);
	n = each(n, (u8 *)words + 7, 1); /* aligned to nothing */
	n = each(n, here, 2);
	n = each(n, NULL, 1);
	n = each(n, USER, 1);
	n = each(n, USER, 2);
	n = each(n, WRONG, 1);
	n = each(n, WRONG, 2);
	return 0;
}

/* Bits are those of when it was made. */
SEC("tc") int bits_in_bits(void *ctx)
{
	struct bpf_iter_bits a, b, c;
	u64 set[2] = {6, 8}, one = 10, sum = 0;
	int *i, *j;

	out[0] = bpf_iter_bits_new(&a, set, 2);
	out[1] = bpf_iter_bits_new(&c, &one, 1);
	set[0] = set[1] = one = 0;
	while ((i = bpf_iter_bits_next(&a))) {
		out[2]++;
		bpf_iter_bits_new(&b, words, 3);
		while ((j = bpf_iter_bits_next(&b)))
			sum += 1000 * *i + *j;
		bpf_iter_bits_destroy(&b);
	}
	while ((i = bpf_iter_bits_next(&c)))
		out[4] += *i;
	bpf_iter_bits_destroy(&c);
	bpf_iter_bits_destroy(&a);
	out[3] = sum;
	return 0;
}

/* ---- elements ---- */

SEC("tc") int elements(void *ctx)
{
	u64 value = 1;
	u32 n = 0;

	for (u32 i = 0; i < 10; i++) {
		u32 key = i;

		map_update_elem(&hash, &key, &value, 0);
		map_update_elem(&array, &key, &value, 0);
		map_update_elem(&percpu_hash, &key, &value, 0);
		map_update_elem(&lru, &key, &value, 0);
		map_update_elem(&bare, &key, &value, 0);
	}
	for (u32 i = 5; i < 8; i++) {
		u32 key = i;

		map_update_elem(&hash, &key, &value, 0);
		map_delete_elem(&lru, &key);
		map_delete_elem(&bare, &key);
		map_delete_elem(&percpu_hash, &key);
	}
	out[n++] = bpf_map_sum_elem_count(&hash);
	out[n++] = bpf_map_sum_elem_count(&array);
	out[n++] = bpf_map_sum_elem_count(&percpu_hash);
	out[n++] = bpf_map_sum_elem_count(&lru);
	out[n++] = bpf_map_sum_elem_count(&bare);
	return 0;
}

/* ---- casts ---- */

u64 nodes[4] SEC(".data.nodes");

SEC("tc") int casts(void *ctx)
{
	u64 *p, far[2] = {77, 78};
	u32 *half, n = 0;

	nodes[0] = 10;
	nodes[1] = 11;
	nodes[2] = 12;
	nodes[3] = 13;
	p = bpf_rdonly_cast(nodes + 1, 0);
	out[n++] = p[0];
	out[n++] = p[2];
	half = bpf_rdonly_cast((u8 *)nodes + 26, 0);
	out[n++] = *half;
	out[n++] = *(signed char *)half;
	p = bpf_rdonly_cast(USER, 0);
	out[n++] = *p;
	p = bpf_rdonly_cast(WRONG, 0);
	out[n++] = *p;
	p = bpf_rdonly_cast(NULL, 0);
	out[n++] = *p;
	p = bpf_rdonly_cast(far, 0);
	out[n++] = p[1];
	far[1]++;
	out[n++] = p[1];
	return 0;
}

/* ---- pulling ---- */

struct xdp_md {
	u32 data, data_end, data_meta;
};

static u32 show(struct xdp_md *xdp, u32 n)
{
	u8 byte = 0;

	out[n++] = xdp->data_end - xdp->data;
	out[n++] = xdp_get_buff_len(xdp);
	xdp_load_bytes(xdp, 4000, &byte, 1);
	out[n++] = byte;
	return n;
}

SEC("xdp.frags") int pull(struct xdp_md *xdp)
{
	u8 *meta;
	u32 n = 0;

	out[n++] = xdp_adjust_meta(xdp, -8);
	meta = (u8 *)(long)xdp->data_meta;
	if (meta + 8 <= (u8 *)(long)xdp->data)
		meta[5] = 0x5a;
	n = show(xdp, n);
	out[n++] = bpf_xdp_pull_data(xdp, 3520);
	out[n++] = bpf_xdp_pull_data(xdp, 10001);
	out[n++] = bpf_xdp_pull_data(xdp, 3600);
	n = show(xdp, n);
	out[n++] = bpf_xdp_pull_data(xdp, 3729);
	out[n++] = bpf_xdp_pull_data(xdp, 3728);
	n = show(xdp, n);
	meta = (u8 *)(long)xdp->data_meta;
	if (meta + 8 <= (u8 *)(long)xdp->data)
		out[n++] = meta[5];
	meta = (u8 *)(long)xdp->data;
	if (meta + 3600 <= (u8 *)(long)xdp->data_end)
		out[n++] = meta[3599];
	out[n++] = xdp_adjust_tail(xdp, 1713);
	out[n++] = xdp_adjust_tail(xdp, 1712);
	out[n++] = xdp_adjust_tail(xdp, -10);
	n = show(xdp, n);
	out[n++] = xdp_adjust_tail(xdp, -8000);
	n = show(xdp, n);
	out[n++] = bpf_xdp_pull_data(xdp, 3700);
	out[n++] = bpf_xdp_pull_data(xdp, 3704);
	n = show(xdp, n);
	return 0;
}

char _license[] SEC("license") = "GPL";
