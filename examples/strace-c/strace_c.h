/* strace_c.h - what strace_c.bpf.c writes and strace_c.c reads */
#ifndef STRACE_C_H
#define STRACE_C_H

#include <linux/types.h>

enum { MAX_SYSCALLS = 512 };

struct stat {
	__u64 ns, calls, errors;
};

/* How far a followed task is: a new command is counted from its execve on. */
enum { before_exec = 1, counted = 2 };

#endif
