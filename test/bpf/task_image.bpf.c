/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs may read of the current task's struct task_struct and its cgroup, the same
 * on the kernel and on the engine: each puts its answers into `out`, which
 * test_task_image.c compares. Needs no headers; the members' offsets are macros. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define NULL		  ((void *)0)

struct task_struct;
struct cgroup;

static u64 (*get_current_pid_tgid)(void) = (void *)14;
static u64 (*get_current_cgroup_id)(void) = (void *)80;
static long (*probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static struct task_struct *(*get_current_task_btf)(void) = (void *)158;
static void *(*cgrp_storage_get)(void *map, struct cgroup *cgroup, void *value,
				 u64 flags) = (void *)210;
static long (*cgrp_storage_delete)(void *map, struct cgroup *cgroup) = (void *)211;

u64 out[64];

#define MEMBER(type, at, offset) (*(type *)((char *)(at) + (offset)))

struct {
	__uint(type, 32);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, u64);
} cgroups SEC(".maps");

SEC("raw_tp")
int cgroup_local(void *ctx)
{
	void *set = MEMBER(void *, get_current_task_btf(), CGROUPS);
	struct cgroup *cgroup = MEMBER(void *, set, DFL_CGRP);
	u64 seven = 7, *at;

	out[0] = !cgrp_storage_get(&cgroups, cgroup, NULL, 0);
	out[1] = cgrp_storage_delete(&cgroups, cgroup);
	at = cgrp_storage_get(&cgroups, cgroup, &seven, 1);
	if (!at)
		return 1;
	out[2] = (*at)++;
	at = cgrp_storage_get(&cgroups, cgroup, NULL, 0);
	if (!at)
		return 2;
	out[3] = *at;
	out[4] = !cgrp_storage_get(&cgroups, cgroup, NULL, 2);
	out[5] = !cgrp_storage_get(&cgroups, NULL, NULL, 1);
	out[6] = cgrp_storage_delete(&cgroups, NULL);
	out[7] = cgrp_storage_delete(&cgroups, cgroup);
	at = cgrp_storage_get(&cgroups, cgroup, NULL, 1);
	if (!at)
		return 3;
	*at = 42;
	out[8] = MEMBER(u64, MEMBER(void *, cgroup, KN), ID) == get_current_cgroup_id();
	out[9] = get_current_cgroup_id();
	return 0;
}

SEC("raw_tp")
int task_members(void *ctx)
{
	struct task_struct *task = get_current_task_btf();
	u64 comm[2] = {0, 0};
	u32 pid = 0;

	out[0] = MEMBER(u32, task, PID) == (u32)get_current_pid_tgid();
	out[1] = MEMBER(u32, task, TGID) == get_current_pid_tgid() >> 32;
	out[2] = probe_read_kernel(&pid, 4, &MEMBER(u32, task, PID));
	out[3] = pid == (u32)get_current_pid_tgid();
	out[4] = probe_read_kernel(comm, 16, &MEMBER(u32, task, COMM));
	out[5] = comm[0];
	out[6] = MEMBER(char, task, COMM + 2);
	out[7] = probe_read_kernel(comm, 4, (void *)0x5000000000000000);
	out[8] = task == get_current_task_btf();
	return 0;
}

char _license[] SEC("license") = "GPL";
