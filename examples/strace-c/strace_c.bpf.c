/* strace_c.bpf.c - counts and times the system calls of a command
 *
 * sys_enter notes when a task entered a call, sys_exit adds the call to `stats`. In the
 * kernel these programs see every task: the reader says in `config` which is the command
 * and asks for the last two programs, which follow its children into `tasks`. On the
 * engine there are no other tasks.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include "skep_bpf.h"
#include "strace_c.h"

enum { MAX_TASKS = 16384, NR_EXECVE = 59, NR_EXECVEAT = 322, MAX_ERRNO = 4095 };

struct start {
	__u64 ns;
	__u64 nr;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH); /* an array's reader would read it all */
	__uint(max_entries, MAX_SYSCALLS);
	__type(key, __u32);
	__type(value, struct sum);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32);
	__type(value, struct start);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32);
	__type(value, __u8);
} tasks SEC(".maps");

const volatile struct config config;
__u32 has_begun; /* the command */

static __u32 current_task(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

/* The kernel numbers tasks from outside of all namespaces; the reader knows the number
 * that its own namespace gives. */
static int is_command(void)
{
	struct bpf_pidns_info info = {0};

	return !bpf_get_ns_current_pid_tgid(config.ns_device, config.ns_inode, &info,
					    sizeof(info)) &&
	       info.pid == config.command;
}

static int is_followed(__u32 tid, __u64 nr)
{
	__u8 yes = 1;

	if (!config.command || bpf_map_lookup_elem(&tasks, &tid))
		return 1;
	if (has_begun || (nr != NR_EXECVE && nr != NR_EXECVEAT) || !is_command())
		return 0;
	has_begun = 1;
	bpf_map_update_elem(&tasks, &tid, &yes, BPF_ANY);
	return 1;
}

/* args: struct pt_regs *, number */
SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct start start = {.nr = ctx->args[1]};
	__u32 tid = current_task();

	if (start.nr >= MAX_SYSCALLS || !is_followed(tid, start.nr))
		return 0;
	start.ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&starts, &tid, &start, BPF_ANY);
	return 0;
}

static struct sum *find_sum(__u32 nr)
{
	struct sum *sum = bpf_map_lookup_elem(&stats, &nr), none = {0};

	if (sum)
		return sum;
	bpf_map_update_elem(&stats, &nr, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&stats, &nr);
}

/* args: struct pt_regs *, result */
SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__s64 ret = (__s64)ctx->args[1];
	__u32 tid = current_task(), nr;
	struct start *start;
	struct sum *sum;

	/* A new child leaves the call that made it without having entered it. */
	start = bpf_map_lookup_elem(&starts, &tid);
	if (!start)
		return 0;
	nr = (__u32)start->nr;
	sum = find_sum(nr);
	if (sum) {
		sum->ns += bpf_ktime_get_ns() - start->ns;
		sum->calls++;
		sum->errors += ret < 0 && ret >= -MAX_ERRNO;
	}
	bpf_map_delete_elem(&starts, &tid);
	return 0;
}

/* args: struct task_struct *parent, *child */
SEC("?raw_tp/sched_process_fork")
int task_new(struct bpf_raw_tracepoint_args *ctx)
{
	const char *child = (const char *)ctx->args[1];
	__u32 tid = current_task(), pid;
	__u8 yes = 1;

	if (bpf_map_lookup_elem(&tasks, &tid) &&
	    !bpf_probe_read_kernel(&pid, sizeof(pid), child + config.pid_offset))
		bpf_map_update_elem(&tasks, &pid, &yes, BPF_ANY);
	return 0;
}

/* The number may be another task's tomorrow. */
SEC("?raw_tp/sched_process_exit")
int task_end(void *ctx)
{
	__u32 tid = current_task();

	bpf_map_delete_elem(&tasks, &tid);
	bpf_map_delete_elem(&starts, &tid);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
