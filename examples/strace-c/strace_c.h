/* strace_c.h - what strace_c.bpf.c writes and strace_c.c reads */
#ifndef STRACE_C_H
#define STRACE_C_H

#include <linux/types.h>

enum { MAX_SYSCALLS = 512 };

struct sum {
	__u64 ns, calls, errors;
};

/* .rodata: what the reader sets before it loads the programs. */
struct config {
	__u32 only_tasks; /* those in `tasks`; 0: everyone */
	__u32 pid_offset; /* of pid in the kernel's struct task_struct, in bytes */
};

/* How far a followed task is: a new command is counted from its execve on. */
enum { before_exec = 1, counted = 2 };

#endif
