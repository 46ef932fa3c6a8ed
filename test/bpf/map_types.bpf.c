/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that use the less common types of map, the same on the kernel and on the
 * engine: each puts its answers into `out`, which test_map_types.c compares. Needs no
 * headers. */
typedef unsigned char u8;
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
static long (*probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*get_stackid)(void *ctx, void *map, u64 flags) = (void *)27;
static long (*get_stack)(void *ctx, void *to, u32 size, u64 flags) = (void *)67;
struct task_struct;
static long (*get_task_stack)(struct task_struct *task, void *to, u32 size,
			      u64 flags) = (void *)141;
static void *(*task_storage_get)(void *map, struct task_struct *task, void *value,
				 u64 flags) = (void *)156;
static long (*task_storage_delete)(void *map, struct task_struct *task) = (void *)157;
static struct task_struct *(*get_current_task_btf)(void) = (void *)158;
static long (*for_each_map_elem)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static void *(*map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;

enum { DEPTH = 127, USER_STACK = 256, REUSE = 1024, BUILD_ID = 2048 };

struct build_id {
	u32 status;
	u8 id[20];
	u64 offset;
};

/* One variable, so that the test knows where each part is. */
struct {
	u64 out[64];
	u64 stack[DEPTH];
	struct build_id named[DEPTH];
	u64 reg_offset; /* of a call's first argument in struct pt_regs */
	u64 magic;	/* which it is */
} all;

#define out all.out

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

/* ---- stack_trace ---- */

struct {
	__uint(type, 7);
	__uint(max_entries, 1024);
	__uint(key_size, 4);
	__uint(value_size, DEPTH * 8);
} stacks SEC(".maps");

struct {
	__uint(type, 7);
	__uint(map_flags, 32);
	__uint(max_entries, 1024);
	__uint(key_size, 4);
	__uint(value_size, DEPTH * sizeof(struct build_id));
} named_stacks SEC(".maps");

struct {
	__uint(type, 7);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8);
} one_stack SEC(".maps");

static void take_stacks(void *ctx)
{
	out[0] = get_stack(ctx, all.stack, sizeof(all.stack), USER_STACK);
	out[1] = get_stack(ctx, all.named, sizeof(all.named), USER_STACK | BUILD_ID);
	out[2] = get_stackid(ctx, &stacks, USER_STACK);
	out[3] = get_stackid(ctx, &named_stacks, USER_STACK);
}

SEC("raw_tp")
int own_stack(void *ctx)
{
	u64 few[3] = {1, 1, 1};
	struct task_struct *task;

	take_stacks(ctx);
	out[4] = get_stackid(ctx, &stacks, USER_STACK) == out[2];
	out[5] = get_stack(ctx, few, sizeof(few), USER_STACK | 1);
	out[6] = few[0] == all.stack[1] && few[2] == all.stack[3];
	out[7] = get_stack(ctx, few, 12, USER_STACK);
	out[8] = few[0] | (u32)few[1];
	out[9] = get_stack(ctx, few, sizeof(few), BUILD_ID);
	out[10] = get_stack(ctx, few, sizeof(few), USER_STACK | REUSE);
	out[11] = get_stack(ctx, few, sizeof(few), USER_STACK | 255);
	out[12] = get_stack(ctx, few, 0, USER_STACK);
	out[13] = get_stackid(ctx, &stacks, USER_STACK | 255);
	out[14] = get_stackid(ctx, &stacks, USER_STACK | BUILD_ID);
	out[15] = get_stackid(ctx, &one_stack, USER_STACK);
	out[16] = get_stackid(ctx, &one_stack, USER_STACK | 1);
	out[17] = get_stackid(ctx, &one_stack, USER_STACK | 1 | REUSE);
	task = get_current_task_btf();
	out[18] = get_task_stack(task, few, sizeof(few), USER_STACK | 1);
	out[19] = few[0] == all.stack[1] && few[2] == all.stack[3];
	out[20] = get_task_stack(task, few, sizeof(few), USER_STACK | REUSE);
	out[21] = get_task_stack(task, few, sizeof(few), USER_STACK | 255);
	return 0;
}

/* At the entry of a system call whose first argument is `magic`. */
SEC("raw_tp")
int call_stack(u64 *ctx)
{
	u64 argument = 0;

	probe_read_kernel(&argument, 8, (void *)ctx[0] + all.reg_offset);
	if (argument == all.magic)
		take_stacks(ctx);
	return 0;
}

/* ---- task_storage ---- */

struct {
	__uint(type, 29);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, u64);
} tasks SEC(".maps");

SEC("raw_tp")
int task_local(void *ctx)
{
	struct task_struct *task = get_current_task_btf();
	u64 seven = 7, *at;

	out[0] = !task_storage_get(&tasks, task, NULL, 0);
	out[1] = task_storage_delete(&tasks, task);
	at = task_storage_get(&tasks, task, &seven, 1);
	if (!at)
		return 1;
	out[2] = (*at)++;
	at = task_storage_get(&tasks, task, NULL, 0);
	if (!at)
		return 2;
	out[3] = *at;
	at = task_storage_get(&tasks, task, &seven, 1);
	if (!at)
		return 3;
	out[4] = *at;
	out[5] = !task_storage_get(&tasks, task, NULL, 2);
	out[6] = !task_storage_get(&tasks, NULL, NULL, 1);
	out[7] = task_storage_delete(&tasks, NULL);
	out[8] = task_storage_delete(&tasks, task);
	out[9] = task_storage_delete(&tasks, task);
	at = task_storage_get(&tasks, task, NULL, 1);
	if (!at)
		return 4;
	out[10] = *at;
	*at = 42;
	return 0;
}

/* Counts the calls with `magic` that each task makes. */
SEC("raw_tp")
int task_calls(u64 *ctx)
{
	u64 argument = 0, *n;

	probe_read_kernel(&argument, 8, (void *)ctx[0] + all.reg_offset);
	if (argument != all.magic)
		return 0;
	n = task_storage_get(&tasks, get_current_task_btf(), NULL, 1);
	if (n)
		out[(*n)++ & 7]++;
	return 0;
}

char _license[] SEC("license") = "GPL";
