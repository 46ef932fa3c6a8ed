/* The current task where programs see a struct task_struct: addresses that lead nowhere,
 * and the members that image.def names. */
#include "helper_fn.h"
#include "cgrp_storage.h"
#include "msg.h"
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No address that a processor has: what stands there is the row's struct, the thread's
 * number, and the offset. */
#define BASE 0x5fc0000000000000ull

enum { OFFSET_BITS = 24, KIND_BITS = 8, TID_BITS = 22 };

enum kind { kind_task_struct, kind_css_set, kind_cgroup, kind_kernfs_node, KINDS };

struct row {
	const char *type, *member;
	u8 kind, size;
};

enum {
	size_task_struct_pid = 4,
	size_task_struct_tgid = 4,
	size_task_struct_comm = 16,
	size_task_struct_cgroups = 8,
	size_css_set_dfl_cgrp = 8,
	size_cgroup_kn = 8,
	size_kernfs_node_id = 8,
};

static const struct row rows[IMAGES] = {
#define IMAGE(type, member) {#type, #member, kind_##type, size_##type##_##member},
#include "image.def"
#undef IMAGE
};

u32 helper_tid(struct run *run)
{
	const struct skep_task *task = run_world(run)->task;
	struct run_thread *t = &run->thread;
	u32 process;

	if (task)
		return task->pid;
	process = store_self(run->store);
	if (unlikely(t->process != process || !t->tid))
		*t = (struct run_thread){.process = process,
					 .tid = (u32)syscall(SYS_gettid)};
	return t->tid;
}

u64 helper_cgroup(struct run *run)
{
	const struct skep_task *task = run_world(run)->task;
	u32 tid = helper_tid(run);

	if (task)
		return task->cgroup ? task->cgroup : cgrp_storage_id(tid);
	if (!run->thread.asked)
		run->thread.cgroup = cgrp_storage_id(tid);
	run->thread.asked = true;
	return run->thread.cgroup;
}

static u64 address(struct run *run, enum kind kind)
{
	return BASE |
	       (u64)(helper_tid(run) & ((1 << TID_BITS) - 1))
		       << (OFFSET_BITS + KIND_BITS) |
	       (u64)kind << OFFSET_BITS;
}

static u32 kind_of(u64 addr)
{
	return addr >> OFFSET_BITS & ((1 << KIND_BITS) - 1);
}

static u32 offset_of(u64 addr)
{
	return addr & ((1 << OFFSET_BITS) - 1);
}

bool helper_is_image(u64 addr)
{
	u64 all = (u64)1 << (OFFSET_BITS + KIND_BITS + TID_BITS);

	return addr - BASE < all && kind_of(addr) < KINDS;
}

u64 helper_task(struct run *run)
{
	return address(run, kind_task_struct);
}

static bool is(u64 addr, enum kind kind)
{
	return helper_is_image(addr) && kind_of(addr) == kind && !offset_of(addr);
}

bool helper_is_task(u64 addr)
{
	return is(addr, kind_task_struct);
}

bool helper_is_cgroup(u64 addr)
{
	return is(addr, kind_cgroup);
}

/* What a member holds, in a u64 or in `comm`. */
static u64 value_of(struct run *run, enum image row, char comm[16])
{
	switch (row) {
	case image_task_struct_pid: return helper_tid(run);
	case image_task_struct_tgid:
		return helper_get_current_pid_tgid(run, 0, 0, 0, 0, 0) >> 32;
	case image_task_struct_comm:
		helper_get_current_comm(run, u64_of(comm), 16, 0, 0, 0);
		return 0;
	case image_task_struct_cgroups: return address(run, kind_css_set);
	case image_css_set_dfl_cgrp: return address(run, kind_cgroup);
	case image_cgroup_kn: return address(run, kind_kernfs_node);
	case image_kernfs_node_id: return helper_cgroup(run);
	case IMAGES: break;
	}
	return 0;
}

bool helper_image_read(struct run *run, void *dst, u64 addr, u32 size)
{
	union {
		u64 number;
		char comm[16];
	} value;

	if (!helper_is_image(addr))
		return false;
	for (u32 i = 0; i < IMAGES; i++) {
		u32 at = offset_of(addr) - run->prog->info->image[i];

		if (rows[i].kind != kind_of(addr) ||
		    run->prog->info->image[i] == UINT32_MAX || at >= rows[i].size ||
		    size > rows[i].size - at)
			continue;
		if (rows[i].size <= 8)
			value.number = value_of(run, i, NULL);
		else
			value_of(run, i, value.comm);
		memcpy(dst, (u8 *)&value + at, size);
		return true;
	}
	return false;
}

void helper_image_fault(struct run *run, u64 addr, u32 size)
{
	const char *type = "", *before = "";
	char members[128];
	u32 n = 0;

	for (u32 i = 0; i < IMAGES; i++) {
		if (rows[i].kind != kind_of(addr))
			continue;
		type = rows[i].type;
		n += (u32)snprintf(members + n, sizeof(members) - n, "%s%s", before,
				   rows[i].member);
		before = ", ";
	}
	run_fault(run, EFAULT, msg_helper_image, size,
		  (unsigned long long)offset_of(addr), type, members);
}
