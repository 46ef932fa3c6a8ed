/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's functions answer that copy what may not be there, the same on the
 * kernel and on the engine: test_helper_kfuncs.c compares `out`. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define KSYM	  __attribute__((section(".ksyms")))

struct bpf_dynptr {
	u64 inside[2];
};

extern int bpf_probe_read_user_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
				      const void *from) KSYM;
extern int bpf_probe_read_kernel_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					const void *from) KSYM;
extern int bpf_probe_read_user_str_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					  const void *from) KSYM;
extern int bpf_probe_read_kernel_str_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					    const void *from) KSYM;
extern int bpf_copy_from_user_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
				     const void *from) KSYM;
extern int bpf_copy_from_user_str_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					 const void *from) KSYM;
extern int bpf_copy_from_user_str(void *to, u32 size, const void *from, u64 flags) KSYM;
extern int bpf_dynptr_from_xdp(void *xdp, u64 flags, struct bpf_dynptr *d) KSYM;

static long (*dynptr_from_mem)(void *at, u64 size, u64 flags,
			       struct bpf_dynptr *d) = (void *)197;
static long (*dynptr_read)(void *to, u64 len, const struct bpf_dynptr *d, u64 off,
			   u64 flags) = (void *)201;

/* One variable, so that the test knows where each part is. */
struct {
	u64 out[64];
	/* 4,096 bytes of the task behind which nothing is: zeros, words of letters from
	   2,048 on with a 0 behind the 1,000th, and so to the end. */
	const u8 *user;
	u8 memory[64];
} all;

#define out    all.out
#define memory all.memory

u8 letters[2048] SEC(".data.letters") = {[0 ... 999] = 'k', [1001 ... 2047] = 'l'};

#define USER  ((const void *)4096)
#define WRONG ((const void *)-4096l)

static void mark(void)
{
	for (u32 i = 0; i < 64; i++)
		memory[i] = 0xee;
}

/* What stands there: eight bytes each. */
#define SHOW(at) out[n++] = *(u64 *)(memory + (at))

SEC("tc") int probe(void *ctx)
{
	struct bpf_dynptr d, none;
	const u8 *user = all.user, *text = user + 2048, *end = user + 4096;
	u32 n = 0;

	mark();
	dynptr_from_mem(memory, 64, 0, &d);
	dynptr_from_mem(memory, 64, 1, &none);
	out[n++] = bpf_probe_read_user_dynptr(&d, 4, 8, text);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_probe_read_user_dynptr(&d, 57, 8, text);
	out[n++] = bpf_probe_read_user_dynptr(&d, 0, 0, text);
	out[n++] = bpf_probe_read_user_dynptr(&d, 0, 0, USER);
	out[n++] = bpf_probe_read_user_dynptr(&d, 16, 8, USER);
	SHOW(16);
	out[n++] = bpf_probe_read_user_dynptr(&d, 16, 16, end - 8);
	SHOW(16);
	SHOW(24);
	out[n++] = bpf_probe_read_user_dynptr(&d, 32, 16, WRONG);
	out[n++] = bpf_probe_read_user_dynptr(&d, 32, 16, letters);
	SHOW(32);
	out[n++] = bpf_probe_read_user_dynptr(&none, 0, 0, text);
	out[n++] = bpf_probe_read_user_dynptr(&none, 0, 1, text);
	mark();
	out[n++] = bpf_probe_read_kernel_dynptr(&d, 4, 8, letters + 996);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_probe_read_kernel_dynptr(&d, 57, 8, letters);
	out[n++] = bpf_probe_read_kernel_dynptr(&d, 16, 8, text);
	SHOW(16);
	out[n++] = bpf_probe_read_kernel_dynptr(&d, 16, 8, WRONG); /* leaves anything */
	out[n++] = bpf_probe_read_kernel_dynptr(&none, 0, 1, letters);
	return 0;
}

SEC("tc") int probe_str(void *ctx)
{
	struct bpf_dynptr d, none;
	const u8 *user = all.user, *text = user + 2048, *end = user + 4096;
	u32 n = 0;

	mark();
	dynptr_from_mem(memory, 64, 0, &d);
	dynptr_from_mem(memory, 64, 1, &none);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 4, 8, text);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 16, 16, text + 997);
	SHOW(16);
	SHOW(24);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 57, 8, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 0, 0, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 0, 0, USER);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 32, 8, USER);
	SHOW(32);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 40, 16, end - 5);
	SHOW(40);
	SHOW(48);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 32, 8, WRONG);
	out[n++] = bpf_probe_read_user_str_dynptr(&none, 0, 0, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&none, 0, 1, text);
	mark();
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 4, 8, letters);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 16, 16, letters + 997);
	SHOW(16);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 57, 8, letters);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 0, 0, letters);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 0, 0, WRONG);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 32, 8, WRONG);
	SHOW(32);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 40, 8, text);
	SHOW(40);
	return 0;
}

SEC("syscall") int sleeping(void *ctx)
{
	struct bpf_dynptr d, none;
	const u8 *user = all.user, *text = user + 2048, *end = user + 4096;
	u32 n = 0;

	mark();
	dynptr_from_mem(memory, 64, 0, &d);
	dynptr_from_mem(memory, 64, 1, &none);
	out[n++] = bpf_copy_from_user_dynptr(&d, 4, 8, text);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_copy_from_user_dynptr(&d, 57, 8, text);
	out[n++] = bpf_copy_from_user_dynptr(&d, 0, 0, USER);
	out[n++] = bpf_copy_from_user_dynptr(&d, 16, 8, USER);
	SHOW(16);
	out[n++] = bpf_copy_from_user_dynptr(&d, 24, 16, end - 8);
	SHOW(24);
	SHOW(32);
	out[n++] = bpf_copy_from_user_dynptr(&d, 40, 8, WRONG);
	SHOW(40);
	out[n++] = bpf_copy_from_user_dynptr(&none, 0, 1, text);
	mark();
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 4, 8, text);
	SHOW(0);
	SHOW(8);
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 16, 16, text + 997);
	SHOW(16);
	SHOW(24);
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 57, 8, text);
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 0, 0, USER);
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 32, 8, USER);
	SHOW(32);
	out[n++] = bpf_copy_from_user_str_dynptr(&d, 40, 16, end - 5);
	SHOW(40);
	SHOW(48);
	out[n++] = bpf_copy_from_user_str_dynptr(&none, 0, 1, text);
	return 0;
}

SEC("syscall") int strings(void *ctx)
{
	const u8 *user = all.user, *text = user + 2048, *end = user + 4096;
	u32 n = 0;

	mark();
	out[n++] = bpf_copy_from_user_str(memory, 8, text, 0);
	SHOW(0);
	out[n++] = bpf_copy_from_user_str(memory, 16, text + 997, 0);
	SHOW(0);
	SHOW(8);
	mark();
	out[n++] = bpf_copy_from_user_str(memory, 16, text + 997, 1);
	SHOW(0);
	SHOW(8);
	SHOW(16);
	out[n++] = bpf_copy_from_user_str(memory, 8, text, 2);
	out[n++] = bpf_copy_from_user_str(memory, 1, text, 0);
	out[n++] = bpf_copy_from_user_str(memory, 8, text, 1);
	SHOW(0);
	mark();
	out[n++] = bpf_copy_from_user_str(memory, 8, USER, 0);
	SHOW(0);
	out[n++] = bpf_copy_from_user_str(memory, 8, USER, 1);
	SHOW(0);
	out[n++] = bpf_copy_from_user_str(memory + 16, 16, end - 5, 0);
	SHOW(16);
	SHOW(24);
	out[n++] = bpf_copy_from_user_str(memory + 16, 16, end - 5, 1);
	SHOW(16);
	SHOW(24);
	out[n++] = bpf_copy_from_user_str(memory + 16, 6, end - 5, 0);
	out[n++] = bpf_copy_from_user_str(memory + 16, 5, end - 5, 0);
	out[n++] = bpf_copy_from_user_str(memory + 16, 8, WRONG, 0);
	out[n++] = bpf_copy_from_user_str(memory + 32, 13, text + 992, 0);
	SHOW(32);
	SHOW(40);
	return 0;
}

/* Of 10,000 bytes, the first 3,520 in one piece. */
SEC("xdp.frags") int pieces(void *ctx)
{
	const u8 *text = all.user + 2048;
	struct bpf_dynptr d;
	u64 word = 0;
	u32 n = 0;

	out[n++] = bpf_dynptr_from_xdp(ctx, 0, &d);
	out[n++] = bpf_probe_read_user_dynptr(&d, 3500, 1500, text);
	out[n++] = dynptr_read(&word, 8, &d, 4496, 0);
	out[n++] = word;
	out[n++] = bpf_probe_read_user_dynptr(&d, 3500, 6501, text);
	out[n++] = bpf_probe_read_user_dynptr(&d, 3500, 1500, USER);
	out[n++] = bpf_probe_read_user_dynptr(&d, 3500, 2500, text);
	out[n++] = dynptr_read(&word, 8, &d, 3500 + 2040, 0);
	out[n++] = word;
	out[n++] = bpf_probe_read_kernel_dynptr(&d, 3400, 1500, letters);
	out[n++] = dynptr_read(&word, 8, &d, 4396, 0);
	out[n++] = word;
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3300, 2000, text);
	out[n++] = dynptr_read(&word, 8, &d, 4296, 0);
	out[n++] = word;
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3300, 500, text);
	out[n++] = dynptr_read(&word, 8, &d, 3795, 0);
	out[n++] = word;
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3519, 2, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3400, 256, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3400, 511, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3400, 512, text);
	out[n++] = bpf_probe_read_user_str_dynptr(&d, 3400, 512, text + 490);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 3400, 2000, letters);
	out[n++] = bpf_probe_read_kernel_str_dynptr(&d, 3400, 600, letters + 400);
	return 0;
}

char _license[] SEC("license") = "GPL";
