/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Kernel functions and an arena: variables, a list, words that two programs and user
 * space share. What test_arena_sides.c looks at goes to `out`. Needs no headers, but a
 * compiler that knows address spaces. */
#ifndef __BPF_FEATURE_ADDR_SPACE_CAST
#error "clang 19 or later"
#endif

typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __arena		  __attribute__((address_space(1)))
#define __ksym		  __attribute__((section(".ksyms")))
#define __weak		  __attribute__((weak))

struct bpf_iter_num;

extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *at, u32 n, int node,
					   u64 flags) __ksym __weak;
extern void bpf_arena_free_pages(void *map, void __arena *at, u32 n) __ksym __weak;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void no_such_function(void) __ksym __weak;

struct bpf_iter_num {
	u64 state;
} __attribute__((aligned(8)));

struct {
	__uint(type, 33);	    /* BPF_MAP_TYPE_ARENA */
	__uint(map_flags, 1 << 10); /* BPF_F_MMAPABLE */
	__uint(max_entries, 100);
} pages SEC(".maps");

struct node {
	struct node __arena *next;
	u64 value;
};

u64 out[64];

/* In the arena, from its begin on. */
u64 __arena first = 0x1111, second = 2;
struct node __arena *__arena head;

char LICENSE[] SEC("license") = "GPL";

/* A list of n nodes on pages of their own, and the sum of their values. */
SEC("syscall")
int list(void *ctx)
{
	struct bpf_iter_num it;
	struct node __arena *n;
	u64 sum = 0;
	int i = 0;

	bpf_iter_num_new(&it, 0, 10);
	while (bpf_iter_num_next(&it)) {
		n = bpf_arena_alloc_pages(&pages, 0, 1, -1, 0);
		if (!n)
			break;
		n->value = ++i;
		n->next = head;
		head = n;
	}
	bpf_iter_num_destroy(&it);
	bpf_iter_num_new(&it, 0, 1000);
	for (n = head; bpf_iter_num_next(&it) && n; n = n->next)
		sum += n->value;
	bpf_iter_num_destroy(&it);
	out[0] = sum;
	out[1] = first;
	out[2] = second;
	second = __sync_fetch_and_add(&first, 5) + 1;
	out[3] = first;
	out[4] = second;
	return i;
}

/* What the other program made, and user space: the address of user space's is its own. */
SEC("syscall")
int again(void *ctx)
{
	volatile struct node __arena *n = head;
	struct node __arena *next;

	bpf_rcu_read_lock();
	out[0] = n->value;
	next = n->next;
	out[1] = next->value;
	bpf_rcu_read_unlock();
	bpf_arena_free_pages(&pages, head, 1);
	out[2] = n->value; /* gone */
	n->value = 7;
	out[3] = n->value;
	out[4] = first;
	head = next;
	if (no_such_function)
		no_such_function();
	out[5] = bpf_arena_alloc_pages ? 1 : 0;
	return 0;
}
