/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's functions for dynptrs answer, the same on the kernel and on the engine:
 * test_helper_kfuncs.c compares `out`. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define KSYM		  __attribute__((section(".ksyms")))
#define __uint(name, val) int(*name)[val]
#define NULL		  ((void *)0)

/* Of a bool the kernel sets eight bits. */
#define BOOL(x) ((x) & 0xff)

struct bpf_dynptr {
	u64 inside[2];
};

extern int bpf_dynptr_adjust(const struct bpf_dynptr *d, u32 start, u32 end) KSYM;
extern int bpf_dynptr_clone(const struct bpf_dynptr *d, struct bpf_dynptr *to) KSYM;
extern int bpf_dynptr_copy(struct bpf_dynptr *to, u32 to_off, struct bpf_dynptr *from,
			   u32 from_off, u32 size) KSYM;
extern int bpf_dynptr_from_skb(void *skb, u64 flags, struct bpf_dynptr *d) KSYM;
extern int bpf_dynptr_from_skb_meta(void *skb, u64 flags, struct bpf_dynptr *d) KSYM;
extern int bpf_dynptr_from_xdp(void *xdp, u64 flags, struct bpf_dynptr *d) KSYM;
extern int bpf_dynptr_is_null(const struct bpf_dynptr *d) KSYM;
extern int bpf_dynptr_is_rdonly(const struct bpf_dynptr *d) KSYM;
extern int bpf_dynptr_memset(struct bpf_dynptr *d, u32 off, u32 size, u8 val) KSYM;
extern u32 bpf_dynptr_size(const struct bpf_dynptr *d) KSYM;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *d, u32 off, void *buffer,
			      u32 size) KSYM;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *d, u32 off, void *buffer,
				   u32 size) KSYM;

static long (*skb_change_tail)(void *ctx, u32 len, u64 flags) = (void *)38;
static long (*xdp_adjust_tail)(void *ctx, int delta) = (void *)65;
static long (*dynptr_from_mem)(void *at, u64 size, u64 flags,
			       struct bpf_dynptr *d) = (void *)197;
static long (*ringbuf_reserve_dynptr)(void *map, u64 size, u64 flags,
				      struct bpf_dynptr *d) = (void *)198;
static void (*ringbuf_discard_dynptr)(struct bpf_dynptr *d, u64 flags) = (void *)200;
static long (*dynptr_read)(void *to, u64 len, const struct bpf_dynptr *d, u64 off,
			   u64 flags) = (void *)201;
static long (*dynptr_write)(const struct bpf_dynptr *d, u64 off, void *from, u64 len,
			    u64 flags) = (void *)202;
static void *(*dynptr_data)(const struct bpf_dynptr *d, u64 off, u64 len) = (void *)203;

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* One variable, so that the test knows where each part is. */
struct {
	u64 out[64];
	u8 memory[64];
} all;

#define out    all.out
#define memory all.memory

static u64 first(const u8 *p)
{
	return p ? *p : 1000;
}

SEC("tc") int parts(void *ctx)
{
	struct bpf_dynptr d, c, none;
	u8 buffer[8] = {0}, *p;
	u64 word = 0;
	u32 n = 0;

	for (u32 i = 0; i < 64; i++)
		memory[i] = i;
	dynptr_from_mem(memory, 64, 0, &d);
	dynptr_from_mem(memory, 64, 1, &none);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = BOOL(bpf_dynptr_is_null(&d));
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&d));
	out[n++] = bpf_dynptr_size(&none);
	out[n++] = BOOL(bpf_dynptr_is_null(&none));
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&none));
	out[n++] = bpf_dynptr_adjust(&none, 0, 0);
	out[n++] = bpf_dynptr_adjust(&d, 9, 8);
	out[n++] = bpf_dynptr_adjust(&d, 0, 65);
	out[n++] = bpf_dynptr_adjust(&d, 65, 66);
	out[n++] = bpf_dynptr_adjust(&d, 8, 56);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = first(bpf_dynptr_slice(&d, 0, NULL, 1));
	out[n++] = bpf_dynptr_clone(&d, &c);
	out[n++] = bpf_dynptr_adjust(&c, 4, 4);
	out[n++] = bpf_dynptr_size(&c);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = first(bpf_dynptr_slice(&c, 0, buffer, 8));
	out[n++] = first(bpf_dynptr_slice(&d, 40, buffer, 8));
	out[n++] = first(bpf_dynptr_slice(&d, 41, buffer, 8));
	p = bpf_dynptr_slice(&d, 47, NULL, 1);
	out[n++] = first(p);
	out[n++] = bpf_dynptr_memset(&d, 44, 4, 0xaa);
	out[n++] = first(p);
	out[n++] = memory[52];
	out[n++] = memory[51];
	out[n++] = bpf_dynptr_memset(&d, 44, 5, 0xaa);
	out[n++] = bpf_dynptr_memset(&none, 0, 0, 0);
	out[n++] = bpf_dynptr_memset(&none, 0, 1, 0);
	out[n++] = dynptr_read(&word, 8, &d, 40, 0);
	out[n++] = word;
	out[n++] = dynptr_read(&word, 8, &d, 41, 0);
	p = dynptr_data(&d, 40, 8);
	out[n++] = first(p);
	out[n++] = bpf_dynptr_clone(&none, &c);
	out[n++] = BOOL(bpf_dynptr_is_null(&c));
	out[n++] = first(bpf_dynptr_slice(&none, 0, buffer, 1));
	return 0;
}

SEC("tc") int copies(void *ctx)
{
	struct bpf_dynptr a, b, r, none;
	u32 n = 0;

	for (u32 i = 0; i < 64; i++)
		memory[i] = i;
	dynptr_from_mem(memory, 32, 0, &a);
	dynptr_from_mem(memory + 16, 48, 0, &b);
	dynptr_from_mem(memory, 1, 1, &none);
	ringbuf_reserve_dynptr(&ring, 16, 0, &r);
	out[n++] = bpf_dynptr_copy(&a, 0, &b, 0, 33);
	out[n++] = bpf_dynptr_copy(&b, 40, &a, 0, 9);
	out[n++] = bpf_dynptr_copy(&b, 4, &a, 20, 12); /* over each other */
	out[n++] = memory[20];
	out[n++] = memory[31];
	out[n++] = bpf_dynptr_copy(&r, 8, &a, 0, 8);
	out[n++] = bpf_dynptr_copy(&r, 9, &a, 0, 8);
	out[n++] = bpf_dynptr_copy(&b, 40, &r, 8, 8);
	out[n++] = memory[57];
	out[n++] = bpf_dynptr_copy(&none, 0, &a, 0, 1);
	out[n++] = bpf_dynptr_copy(&a, 0, &none, 0, 1);
	out[n++] = bpf_dynptr_copy(&none, 0, &none, 0, 0);
	out[n++] = bpf_dynptr_copy(&none, 0, &none, 0, 1);
	out[n++] = bpf_dynptr_copy(&a, 32, &b, 48, 0);
	out[n++] = bpf_dynptr_adjust(&r, 8, 16);
	out[n++] = first(bpf_dynptr_slice(&r, 1, NULL, 4));
	ringbuf_discard_dynptr(&r, 0);
	return 0;
}

/* ---- packets: their bytes are 0, 1, 2... ---- */

SEC("tc") int packet(void *ctx)
{
	struct bpf_dynptr d, meta, none, m;
	u8 buffer[16] = {0}, *p;
	u32 word = 0, n = 0;

	dynptr_from_mem(memory, 64, 0, &m);
	out[n++] = bpf_dynptr_from_skb(ctx, 1, &none);
	out[n++] = bpf_dynptr_size(&none);
	out[n++] = bpf_dynptr_from_skb(ctx, 0, &d);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&d));
	out[n++] = first(bpf_dynptr_slice(&d, 5, NULL, 16));
	out[n++] = first(bpf_dynptr_slice(&d, 48, buffer, 16));
	out[n++] = first(bpf_dynptr_slice(&d, 49, buffer, 16));
	out[n++] = dynptr_data(&d, 0, 1) != NULL;
	p = bpf_dynptr_slice_rdwr(&d, 20, buffer, 4);
	if (p)
		p[1] = 0xbb;
	out[n++] = dynptr_read(&word, 4, &d, 20, 0);
	out[n++] = word;
	out[n++] = dynptr_read(&word, 4, &d, 61, 0);
	word = 0x01020304;
	out[n++] = dynptr_write(&d, 24, &word, 4, 0);
	out[n++] = dynptr_write(&d, 61, &word, 4, 0);
	out[n++] = dynptr_write(&d, 24, &word, 4, 1);
	out[n++] = dynptr_write(&d, 24, &word, 4, 4);
	out[n++] = first(bpf_dynptr_slice(&d, 24, NULL, 4));
	out[n++] = bpf_dynptr_adjust(&d, 14, 60);
	out[n++] = first(bpf_dynptr_slice(&d, 6, NULL, 1));
	out[n++] = bpf_dynptr_memset(&d, 0, 4, 7);
	out[n++] = bpf_dynptr_copy(&m, 0, &d, 3, 2);
	out[n++] = memory[0];
	out[n++] = memory[1];
	out[n++] = bpf_dynptr_copy(&d, 0, &m, 1, 1);
	out[n++] = first(bpf_dynptr_slice(&d, 0, NULL, 1));
	out[n++] = bpf_dynptr_from_skb_meta(ctx, 1, &meta);
	out[n++] = BOOL(bpf_dynptr_is_null(&meta));
	out[n++] = bpf_dynptr_from_skb_meta(ctx, 0, &meta);
	out[n++] = bpf_dynptr_size(&meta);
	out[n++] = first(bpf_dynptr_slice(&meta, 0, NULL, 1));
	out[n++] = dynptr_read(&word, 1, &meta, 0, 0);
	out[n++] = dynptr_read(&word, 0, &meta, 0, 0);
	/* the dynptr does not follow its packet */
	out[n++] = skb_change_tail(ctx, 40, 0);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = first(bpf_dynptr_slice(&d, 25, buffer, 1));
	out[n++] = first(bpf_dynptr_slice(&d, 26, buffer, 1));
	out[n++] = dynptr_read(&word, 4, &d, 26, 0);
	out[n++] = word;
	out[n++] = dynptr_write(&d, 26, &word, 4, 0);
	out[n++] = bpf_dynptr_memset(&d, 24, 4, 7);
	return 0;
}

SEC("cgroup_skb/ingress") int packet_read_only(void *ctx)
{
	struct bpf_dynptr d, m;
	u32 word = 0, n = 0;

	dynptr_from_mem(memory, 64, 0, &m);
	out[n++] = bpf_dynptr_from_skb(ctx, 0, &d);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&d));
	out[n++] = first(bpf_dynptr_slice(&d, 6, NULL, 1));
	out[n++] = dynptr_write(&d, 24, &word, 4, 0);
	out[n++] = dynptr_read(&word, 4, &d, 24, 0);
	out[n++] = word;
	out[n++] = bpf_dynptr_memset(&d, 0, 4, 7);
	out[n++] = bpf_dynptr_memset(&d, 0, 4000, 7);
	out[n++] = bpf_dynptr_copy(&d, 0, &m, 0, 4);
	out[n++] = bpf_dynptr_copy(&m, 0, &d, 0, 4);
	out[n++] = memory[3];
	return 0;
}

SEC("netfilter") int hooked(u64 *ctx)
{
	void *skb = (void *)ctx[1];
	struct bpf_dynptr d;
	u32 word = 0, n = 0;

	out[n++] = bpf_dynptr_from_skb(skb, 0, &d);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&d));
	out[n++] = first(bpf_dynptr_slice(&d, 6, NULL, 1));
	out[n++] = dynptr_read(&word, 4, &d, 60, 0);
	out[n++] = word;
	return 0;
}

SEC("xdp") int frame(void *ctx)
{
	struct bpf_dynptr d, none;
	u8 buffer[16] = {0}, *p;
	u32 word = 0, n = 0;

	out[n++] = bpf_dynptr_from_xdp(ctx, 1, &none);
	out[n++] = bpf_dynptr_from_xdp(ctx, 0, &d);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = BOOL(bpf_dynptr_is_rdonly(&d));
	out[n++] = first(bpf_dynptr_slice(&d, 48, NULL, 16));
	out[n++] = first(bpf_dynptr_slice(&d, 49, NULL, 16));
	p = bpf_dynptr_slice_rdwr(&d, 20, buffer, 4);
	if (p)
		p[1] = 0xbb;
	out[n++] = dynptr_read(&word, 4, &d, 20, 0);
	out[n++] = word;
	out[n++] = dynptr_write(&d, 24, &word, 4, 1);
	out[n++] = dynptr_write(&d, 24, &word, 4, 0);
	out[n++] = first(bpf_dynptr_slice(&d, 25, NULL, 1));
	out[n++] = bpf_dynptr_adjust(&d, 14, 64);
	out[n++] = bpf_dynptr_memset(&d, 0, 4, 7);
	out[n++] = first(bpf_dynptr_slice(&d, 3, NULL, 2));
	out[n++] = xdp_adjust_tail(ctx, -24);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = first(bpf_dynptr_slice(&d, 25, NULL, 1));
	out[n++] = first(bpf_dynptr_slice(&d, 26, NULL, 1));
	out[n++] = dynptr_read(&word, 4, &d, 26, 0);
	out[n++] = bpf_dynptr_memset(&d, 24, 4, 7);
	return 0;
}

/* Of 10,000 bytes, of which the first are in one piece and the rest in fragments. */
SEC("xdp.frags") int fragments(void *ctx)
{
	struct bpf_dynptr d, m;
	u8 buffer[16] = {0}, *p;
	u32 word = 0, n = 0;
	const u32 edge = 3519; /* the last byte of the first piece; others are pages */

	dynptr_from_mem(memory, 64, 0, &m);
	out[n++] = bpf_dynptr_from_xdp(ctx, 0, &d);
	out[n++] = bpf_dynptr_size(&d);
	out[n++] = first(bpf_dynptr_slice(&d, edge - 1, NULL, 2));
	out[n++] = first(bpf_dynptr_slice(&d, edge, NULL, 2));
	out[n++] = first(bpf_dynptr_slice(&d, edge + 1, NULL, 2));
	out[n++] = first(bpf_dynptr_slice(&d, edge + 4095, NULL, 2));
	out[n++] = first(bpf_dynptr_slice(&d, edge + 4096, NULL, 2));
	out[n++] = first(bpf_dynptr_slice(&d, edge + 4097, NULL, 2));
	p = bpf_dynptr_slice_rdwr(&d, edge, buffer, 2);
	out[n++] = p ? p[0] : 1000;
	out[n++] = p ? p[1] : 1000;
	if (p)
		p[0] = 9;
	out[n++] = p == buffer;
	out[n++] = dynptr_read(&word, 1, &d, edge, 0);
	out[n++] = word;
	p = bpf_dynptr_slice_rdwr(&d, edge + 1, buffer, 2);
	if (p)
		p[1] = 0xbb;
	out[n++] = dynptr_read(&word, 4, &d, edge, 0);
	out[n++] = word;
	out[n++] = bpf_dynptr_memset(&d, edge - 4, 8, 0xcc);
	out[n++] = bpf_dynptr_copy(&m, 0, &d, edge - 5, 10);
	for (u32 i = 0; i < 10; i++)
		out[n++] = memory[i];
	out[n++] = bpf_dynptr_copy(&d, 100, &d, edge - 600, 2000);
	out[n++] = bpf_dynptr_copy(&d, edge + 3000, &d, edge - 600, 1200);
	out[n++] = bpf_dynptr_copy(&d, edge - 600, &d, edge + 2000, 1200);
	out[n++] = bpf_dynptr_memset(&d, edge - 600, 3000, 0x55);
	out[n++] = bpf_dynptr_memset(&d, edge - 600, 13000, 0x55);
	out[n++] = bpf_dynptr_copy(&d, edge - 600, &d, 9000, 1001);
	out[n++] = first(bpf_dynptr_slice(&d, 9990, buffer, 16));
	out[n++] = first(bpf_dynptr_slice(&d, 9990, buffer, 8));
	return 0;
}

char _license[] SEC("license") = "GPL";
