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
	__u32 command;	  /* its process, from its execve on, and its children; 0:
			     everyone */
	__u32 pid_offset; /* of pid in the kernel's struct task_struct, in bytes */
	__u64 ns_device, ns_inode; /* the pid namespace in which `command` counts */
};

#endif
