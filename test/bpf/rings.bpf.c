/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Dynptrs and the rings that they lead into, the same on the kernel and on the engine:
 * each program puts its answers into `out`, which test_helper_rings.c compares. Needs no
 * headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define NULL		  ((void *)0)

struct dynptr {
	u64 inside[2];
};

static u32 (*get_smp_processor_id)(void) = (void *)8;
static long (*perf_event_output)(void *ctx, void *map, u64 flags, void *data,
				 u64 size) = (void *)25;
static u64 (*ringbuf_query)(void *map, u64 flags) = (void *)134;
static long (*dynptr_from_mem)(void *at, u64 size, u64 flags,
			       struct dynptr *d) = (void *)197;
static long (*ringbuf_reserve_dynptr)(void *map, u64 size, u64 flags,
				      struct dynptr *d) = (void *)198;
static void (*ringbuf_submit_dynptr)(struct dynptr *d, u64 flags) = (void *)199;
static void (*ringbuf_discard_dynptr)(struct dynptr *d, u64 flags) = (void *)200;
static long (*dynptr_read)(void *to, u64 len, const struct dynptr *d, u64 off,
			   u64 flags) = (void *)201;
static long (*dynptr_write)(const struct dynptr *d, u64 off, void *from, u64 len,
			    u64 flags) = (void *)202;
static void *(*dynptr_data)(const struct dynptr *d, u64 off, u64 len) = (void *)203;
static long (*user_ringbuf_drain)(void *map, void *fn, void *ctx,
				  u64 flags) = (void *)209;

extern int bpf_dynptr_adjust(const struct dynptr *d, u32 start, u32 end)
	__attribute__((section(".ksyms")));

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, 31);
	__uint(max_entries, 4096);
} user_ring SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 256);
} events SEC(".maps");

/* One variable, so that the test knows where each part is. */
struct {
	u64 out[64];
	u8 memory[64];
	u64 flags;
	u64 stop; /* or a size */
} all;

#define out    all.out
#define memory all.memory

SEC("tc") int dynptrs(void *ctx)
{
	struct dynptr d, none;
	u64 word = 0x1122334455667788, got = 0, far = 1ull << 32, *p;

	out[0] = dynptr_from_mem(memory, 64, 0, &d);
	out[1] = dynptr_write(&d, 8, &word, 8, 0);
	out[2] = dynptr_read(&got, 8, &d, 12, 0);
	out[3] = got;
	out[4] = dynptr_read(&got, 8, &d, 57, 0);
	out[5] = dynptr_read(&got, 8, &d, 56, 0);
	out[6] = dynptr_read(&got, 8, &d, 60, 1);
	out[7] = dynptr_write(&d, 60, &word, 8, 0);
	out[8] = dynptr_write(&d, 0, &word, 8, 1);
	out[9] = dynptr_write(&d, 60, &word, 8, 1);
	p = dynptr_data(&d, 8, 8);
	out[10] = p ? *p : 0;
	if (p)
		*p = 5;
	out[11] = dynptr_data(&d, 57, 8) != NULL;
	out[12] = memory[8];
	out[13] = dynptr_read(&got, 0, &d, 64, 0);
	out[14] = dynptr_read(&got, 0, &d, 65, 0);
	out[15] = dynptr_read(&got, 8, &d, far + 8, 0);
	out[16] = got;
	out[17] = dynptr_write(&d, far, &word, 8, 0);
	out[18] = dynptr_data(&d, far, 8) != NULL;
	out[19] = dynptr_write(&d, 4, memory, 16, 0);
	out[20] = *(u64 *)(memory + 8);
	out[21] = dynptr_from_mem(memory, 64, 1, &none);
	out[22] = dynptr_read(&got, 8, &none, 0, 0);
	out[23] = dynptr_write(&none, 0, &word, 8, 0);
	out[24] = dynptr_data(&none, 0, 8) != NULL;
	return 0;
}

SEC("tc") int empty(void *ctx)
{
	struct dynptr d;
	u64 got = 3;

	out[0] = dynptr_from_mem(memory, 0, 0, &d);
	out[1] = dynptr_read(&got, 1, &d, 0, 0);
	out[2] = dynptr_read(&got, 0, &d, 0, 0);
	out[3] = got;
	return 0;
}

SEC("tc") int records(void *ctx)
{
	struct dynptr a, b, c, d;
	u64 word = 7, *p;

	out[0] = ringbuf_reserve_dynptr(&ring, 16, 0, &a);
	out[1] = dynptr_write(&a, 8, &word, 8, 0);
	out[2] = dynptr_write(&a, 9, &word, 8, 0);
	p = dynptr_data(&a, 8, 8);
	out[3] = p ? *p : 0;
	out[4] = ringbuf_query(&ring, 3);
	ringbuf_submit_dynptr(&a, 0);
	out[5] = ringbuf_reserve_dynptr(&ring, 16, 1, &b);
	out[6] = dynptr_write(&b, 0, &word, 8, 0);
	ringbuf_discard_dynptr(&b, 0);
	out[7] = ringbuf_reserve_dynptr(&ring, 4096, 0, &c);
	ringbuf_submit_dynptr(&c, 0);
	out[8] = ringbuf_reserve_dynptr(&ring, 1 << 24, 0, &d);
	ringbuf_discard_dynptr(&d, 0);
	out[9] = ringbuf_reserve_dynptr(&ring, 100, 0, &b);
	ringbuf_discard_dynptr(&b, 0);
	out[10] = ringbuf_query(&ring, 3);
	return 0;
}

/* ---- draining ---- */

static long nested(const struct dynptr *d, void *ctx)
{
	out[5]++;
	return 0;
}

static long sample(const struct dynptr *d, void *ctx)
{
	u64 word = 0;

	out[1]++;
	out[2] = dynptr_read(&word, 8, d, 0, 0);
	out[3] += word;
	out[4] = user_ringbuf_drain(&user_ring, nested, NULL, 0);
	word++;
	out[6] = dynptr_write(d, 0, &word, 8, 0);
	out[8] = bpf_dynptr_adjust(d, 0, 4);
	out[9] = dynptr_write(d, 0, &word, 8, 0);
	return word == all.stop;
}

SEC("tc") int drain(void *ctx)
{
	out[0] = user_ringbuf_drain(&user_ring, sample, NULL, all.flags);
	return 0;
}

/* ---- perf events ---- */

SEC("tc") int output(void *ctx)
{
	u64 size = all.stop;

	for (u32 i = 0; i < 64; i++)
		memory[i] = i + 1;
	out[0] =
		perf_event_output(ctx, &events, all.flags, memory, size > 64 ? 64 : size);
	out[1] = get_smp_processor_id();
	return 0;
}

char _license[] SEC("license") = "GPL";
