/* no_bpf.h - does the kernel's bpf(2) serve this process? */
#ifndef NO_BPF_H
#define NO_BPF_H

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <skep/abi.h>

/* NULL where it loads a tracing program for this process, else why it does not. A
 * container's root is refused by its seccomp filter or lacks CAP_BPF and CAP_PERFMON. */
static inline const char *no_bpf(void)
{
	static const struct skep_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
	union skep_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = SKEP_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	fd = syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0) {
		close((int)fd);
		return NULL;
	}
	if (errno == ENOSYS)
		return "this kernel has no bpf(2)";
	if (geteuid())
		return "the kernel's bpf(2) needs root";
	return "the kernel's bpf(2) is refused to root here: a container without CAP_BPF, "
	       "or its seccomp filter";
}

/* NULL, or why the kernel's number of this process is not getpid(). */
static inline const char *no_outer_pid(void)
{
	enum { FIRST_PID_NAMESPACE = 0xeffffffcu }; /* PROC_PID_INIT_INO, proc_ns.h */
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == FIRST_PID_NAMESPACE)
		return NULL;
	return "in a pid namespace the kernel's programs see another number of this process";
}

#endif
