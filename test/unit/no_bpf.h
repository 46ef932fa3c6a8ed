/* no_bpf.h - does the kernel's bpf(2) serve this process? */
#ifndef NO_BPF_H
#define NO_BPF_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <skep/abi.h>

/* The errno of loading a tracing program; in a child: a kernel that hangs in there lets
 * no process go. */
static inline int try_bpf(void)
{
	static const struct skep_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = SKEP_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	return syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr)) < 0 ? errno : 0;
}

/* NULL where it loads a tracing program for this process, else why it does not. A
 * container's root is refused by its seccomp filter or lacks CAP_BPF and CAP_PERFMON.
 * SKEP_NO_BPF in the environment is the answer, empty: it does; ./check asks once. */
static inline const char *no_bpf(void)
{
	enum { WAIT_MS = 15000 };
	const char *told = getenv("SKEP_NO_BPF");
	int status = 0;
	pid_t pid;

	if (told)
		return *told ? told : NULL;
	pid = fork();
	if (!pid) {
		close_range(0, ~0u, 0); /* nobody is to wait for its end of a pipe */
		_exit(try_bpf());
	}
	for (int ms = 0; pid > 0 && waitpid(pid, &status, WNOHANG) == 0; ms++) {
		if (ms == WAIT_MS)
			return "the kernel's bpf(2) does not answer: a program that is loaded "
			       "hangs in there";
		usleep(1000);
	}
	if (pid > 0 && !status)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOSYS)
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
