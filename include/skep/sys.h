/* skep/sys.h - the seam: bpf(2) and the few system calls around it
 *
 * Everything above the seam (loader, tools, tracing) talks to a struct skep_sys and to
 * nothing else of the system it drives; skep_sys_kernel() and skep_engine_sys()
 * implement it. All functions return what the system call returns, but -errno instead
 * of -1 and errno. Descriptors are real descriptors of the process: dup(2), fork(2) and
 * SCM_RIGHTS work on them, and they are closed on exec.
 */
#ifndef SKEP_SYS_H
#define SKEP_SYS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <skep/abi.h>
#include <skep/api.h>

struct perf_event_attr;

struct skep_sys {
	const char *name; /* "kernel" or "engine", for messages */

	/* bpf(2). `size` is that of the attr that the caller knows. */
	int (*bpf)(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
		   uint32_t size);

	/* perf_event_open(2): tracepoints, sampling and perf buffers hang on its fds. */
	int (*perf_event_open)(struct skep_sys *sys, struct perf_event_attr *attr,
			       pid_t pid, int cpu, int group_fd, unsigned long flags);

	/* ioctl(2): PERF_EVENT_IOC_* on those fds. */
	int (*ioctl)(struct skep_sys *sys, int fd, unsigned long request,
		     unsigned long arg);

	/* mmap(2) of map and perf fds at *out (a hint, or NULL). Returns 0, the address
	 * in *out. */
	int (*mmap)(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		    int fd, off_t off);
	int (*munmap)(struct skep_sys *sys, void *addr, size_t len);

	/* poll(2): ring buffers become readable. */
	int (*poll)(struct skep_sys *sys, struct pollfd *fds, nfds_t n, int timeout_ms);

	int (*close)(struct skep_sys *sys, int fd);

	/* read(2): iterators, and files that open() gave. */
	ssize_t (*read)(struct skep_sys *sys, int fd, void *buf, size_t len);

	/* open(2), O_RDONLY: tracefs event ids, BTF, pins, of the system behind the seam.
	 */
	int (*open)(struct skep_sys *sys, const char *path);
};

/* The running kernel. One for the process, nothing to free. */
SKEP_API struct skep_sys *skep_sys_kernel(void);

#endif
