/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's functions for sets of CPUs answer, the same on the kernel and on the
 * engine: test_helper_kfuncs.c compares `out`. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define KSYM	  __attribute__((section(".ksyms")))

struct cpumask {
	unsigned long bits[1];
};

struct bpf_cpumask {
	struct cpumask cpumask;
};

extern struct bpf_cpumask *bpf_cpumask_create(void) KSYM;
extern struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *m) KSYM;
extern void bpf_cpumask_release(struct bpf_cpumask *m) KSYM;
extern u32 bpf_cpumask_first(const void *m) KSYM;
extern u32 bpf_cpumask_first_zero(const void *m) KSYM;
extern u32 bpf_cpumask_first_and(const void *a, const void *b) KSYM;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *m) KSYM;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *m) KSYM;
extern int bpf_cpumask_test_cpu(u32 cpu, const void *m) KSYM;
extern int bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *m) KSYM;
extern int bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *m) KSYM;
extern void bpf_cpumask_setall(struct bpf_cpumask *m) KSYM;
extern void bpf_cpumask_clear(struct bpf_cpumask *m) KSYM;
extern int bpf_cpumask_and(struct bpf_cpumask *to, const void *a, const void *b) KSYM;
extern void bpf_cpumask_or(struct bpf_cpumask *to, const void *a, const void *b) KSYM;
extern void bpf_cpumask_xor(struct bpf_cpumask *to, const void *a, const void *b) KSYM;
extern int bpf_cpumask_equal(const void *a, const void *b) KSYM;
extern int bpf_cpumask_intersects(const void *a, const void *b) KSYM;
extern int bpf_cpumask_subset(const void *a, const void *b) KSYM;
extern int bpf_cpumask_empty(const void *m) KSYM;
extern int bpf_cpumask_full(const void *m) KSYM;
extern void bpf_cpumask_copy(struct bpf_cpumask *to, const void *from) KSYM;
extern u32 bpf_cpumask_any_distribute(const void *m) KSYM;
extern u32 bpf_cpumask_any_and_distribute(const void *a, const void *b) KSYM;
extern u32 bpf_cpumask_weight(const void *m) KSYM;
extern int bpf_cpumask_populate(void *m, const void *from, u64 size) KSYM;

extern int bpf_strlen(const char *s) KSYM;

static long (*probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;

/* Of a bool the kernel sets eight bits. */
#define BOOL(x) ((x) & 0xff)

u64 out[64];

/* Two masks, which the programs below release. */
#define MAKE(a, b) \
	do { \
		a = bpf_cpumask_create(); \
		if (!a) \
			return 1; \
		b = bpf_cpumask_create(); \
		if (!b) { \
			bpf_cpumask_release(a); \
			return 2; \
		} \
	} while (0)

SEC("syscall") int single(void *ctx)
{
	struct bpf_cpumask *a, *b;
	u32 n = 0, cpus;

	MAKE(a, b);
	bpf_cpumask_setall(b);
	cpus = bpf_cpumask_weight(b);
	out[n++] = BOOL(bpf_cpumask_empty(a));
	out[n++] = BOOL(bpf_cpumask_full(a));
	out[n++] = BOOL(bpf_cpumask_empty(b));
	out[n++] = BOOL(bpf_cpumask_full(b));
	out[n++] = bpf_cpumask_first(a) - cpus;
	out[n++] = bpf_cpumask_first(b);
	out[n++] = bpf_cpumask_first_zero(a);
	out[n++] = bpf_cpumask_first_zero(b) - cpus;
	bpf_cpumask_set_cpu(1, a);
	out[n++] = BOOL(bpf_cpumask_test_cpu(0, a));
	out[n++] = BOOL(bpf_cpumask_test_cpu(1, a));
	out[n++] = BOOL(bpf_cpumask_test_cpu(cpus, a));
	out[n++] = BOOL(bpf_cpumask_test_cpu(cpus, b));
	out[n++] = bpf_cpumask_first(a);
	bpf_cpumask_set_cpu(cpus, a);
	bpf_cpumask_set_cpu(-1, a);
	out[n++] = bpf_cpumask_weight(a);
	out[n++] = a->cpumask.bits[0];
	out[n++] = b->cpumask.bits[0];
	out[n++] = BOOL(bpf_cpumask_test_and_set_cpu(0, a));
	out[n++] = BOOL(bpf_cpumask_test_and_set_cpu(0, a));
	out[n++] = BOOL(bpf_cpumask_test_and_set_cpu(cpus, a));
	out[n++] = BOOL(bpf_cpumask_test_and_clear_cpu(1, a));
	out[n++] = BOOL(bpf_cpumask_test_and_clear_cpu(1, a));
	out[n++] = BOOL(bpf_cpumask_test_and_clear_cpu(-1, a));
	out[n++] = a->cpumask.bits[0];
	bpf_cpumask_clear_cpu(0, b);
	out[n++] = bpf_cpumask_first(b);
	out[n++] = BOOL(bpf_cpumask_full(b));
	bpf_cpumask_clear(b);
	out[n++] = BOOL(bpf_cpumask_empty(b));
	out[n++] = b->cpumask.bits[0];
	bpf_cpumask_release(b);
	bpf_cpumask_release(a);
	return 0;
}

SEC("syscall") int two(void *ctx)
{
	struct bpf_cpumask *a, *b, *c;
	u32 n = 0, cpu;

	MAKE(a, b);
	c = bpf_cpumask_create();
	if (!c) {
		bpf_cpumask_release(a);
		bpf_cpumask_release(b);
		return 3;
	}
	bpf_cpumask_set_cpu(0, a);
	bpf_cpumask_set_cpu(1, b);
	out[n++] = BOOL(bpf_cpumask_and(c, a, b));
	out[n++] = bpf_cpumask_weight(c);
	bpf_cpumask_or(c, a, b);
	out[n++] = bpf_cpumask_weight(c);
	out[n++] = BOOL(bpf_cpumask_subset(a, c));
	out[n++] = BOOL(bpf_cpumask_subset(c, a));
	out[n++] = BOOL(bpf_cpumask_intersects(a, b));
	out[n++] = BOOL(bpf_cpumask_intersects(a, c));
	out[n++] = BOOL(bpf_cpumask_equal(a, b));
	bpf_cpumask_xor(c, c, b);
	out[n++] = BOOL(bpf_cpumask_equal(a, c));
	out[n++] = BOOL(bpf_cpumask_and(c, a, c));
	bpf_cpumask_setall(c);
	out[n++] = BOOL(bpf_cpumask_and(c, b, c));
	out[n++] = bpf_cpumask_first(c);
	out[n++] = bpf_cpumask_first_and(b, c);
	bpf_cpumask_setall(c);
	bpf_cpumask_copy(a, c);
	out[n++] = BOOL(bpf_cpumask_full(a));
	out[n++] = bpf_cpumask_first_and(a, b);
	out[n++] = bpf_cpumask_any_distribute(b);
	cpu = bpf_cpumask_any_distribute(a);
	out[n++] = cpu != 1 && BOOL(bpf_cpumask_test_cpu(cpu, a));
	out[n++] = bpf_cpumask_any_distribute(a) != cpu;
	out[n++] = bpf_cpumask_any_and_distribute(a, b);
	bpf_cpumask_clear(b);
	out[n++] = bpf_cpumask_any_and_distribute(a, b) - bpf_cpumask_weight(a);
	out[n++] = bpf_cpumask_any_distribute(b) - bpf_cpumask_weight(a);
	bpf_cpumask_and(c, a, a);
	out[n++] = BOOL(bpf_cpumask_equal(c, a));
	out[n++] = c->cpumask.bits[0] + 1 == 1ull << bpf_cpumask_weight(a);
	bpf_cpumask_release(c);
	bpf_cpumask_release(b);
	bpf_cpumask_release(a);
	return 0;
}

SEC("syscall") int populated(void *ctx)
{
	struct bpf_cpumask *a, *b;
	u64 from[16] = {2, 1};
	u32 n = 0;

	MAKE(a, b);
	out[n++] = bpf_cpumask_populate(a, from, 128);
	out[n++] = bpf_cpumask_weight(a);
	out[n++] = a->cpumask.bits[0];
	out[n++] = bpf_strlen((char *)a); /* a byte of 2, then 0 */
	out[n++] = bpf_cpumask_populate(a, from, 7);
	from[0] = -1ull;
	out[n++] = bpf_cpumask_populate(b, from, 128);
	out[n++] = BOOL(bpf_cpumask_full(b));
	out[n++] = b->cpumask.bits[0];
	bpf_cpumask_release(b);
	bpf_cpumask_release(a);
	return 0;
}

SEC("syscall") int held(void *ctx)
{
	struct bpf_cpumask *a, *b;
	u64 word = 0;
	u32 n = 0;

	a = bpf_cpumask_create();
	if (!a)
		return 1;
	bpf_cpumask_set_cpu(1, a);
	b = bpf_cpumask_acquire(a);
	bpf_cpumask_release(a);
	out[n++] = bpf_cpumask_first(b);
	out[n++] = b == a;
	out[n++] = probe_read_kernel(&word, sizeof(word), b);
	out[n++] = word;
	bpf_cpumask_release(b);
	return 0;
}

char _license[] SEC("license") = "GPL";
