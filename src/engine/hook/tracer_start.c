#include "tracer.h"
#include "msg.h"
#include "os.h"
#include "mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_FILTER = 4 * TRACER_CALLS + 16 };

/* What the child says when it could not execute the command. */
struct failure {
	int err;
	bool in_filter;
};

static const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP;

/* ---- the filter ---- */

static struct sock_filter *range(struct sock_filter *f, u32 from, u32 to)
{
	const u32 allow = SECCOMP_RET_ALLOW, trace = SECCOMP_RET_TRACE;

	*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, from, 1, 0);
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, allow);
	*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, to, 1, 0);
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, trace);
	return f;
}

/* The wanted numbers as ascending ranges. The kernel remembers which calls a filter lets
 * through whatever their arguments, so those cost nothing. */
static void make_filter(const struct tracer *t, struct sock_fprog *prog)
{
	const u32 allow = SECCOMP_RET_ALLOW;
	struct sock_filter *f = prog->filter;
	u32 nr = 0, from;

	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, arch));
	*f++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRACER_ARCH, 1, 0);
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, allow);
	*f++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr));
	while (nr < TRACER_CALLS) {
		for (from = nr; nr < TRACER_CALLS && t->filtered[nr];)
			nr++;
		if (nr > from)
			f = range(f, from, nr == TRACER_CALLS ? UINT32_MAX : nr - 1);
		nr++;
	}
	*f++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, allow);
	prog->len = (unsigned short)(f - prog->filter);
}

/* SKEP_NO_SECCOMP: where the kernel has filters, and one had better not be used. */
static bool have_seccomp(void)
{
	u32 action = SECCOMP_RET_TRACE;

	return !getenv("SKEP_NO_SECCOMP") &&
	       !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

/* A filter, unless every call is wanted or there is no seccomp: then every call stops. */
static void choose(struct tracer *t)
{
	bool every = true;

	for (u32 i = 0; i < TRACER_CALLS; i++) {
		t->filtered[i] = t->want[i] || tracee_renames(i) || pin_is_seen_by(i);
		every = every && t->want[i];
	}
	t->filter = !every && have_seccomp();
	t->all = !t->filter;
}

/* ---- a command ---- */

static bool runnable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* The path that execvp(3) would take; a failed attempt would be a call to report. */
static bool find_command(const char *name, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH"), *end;
	int n;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; dirs; dirs = *end ? end + 1 : NULL) {
		end = strchrnul(dirs, ':');
		n = snprintf(path, PATH_MAX, "%.*s%s%s", (int)(end - dirs), dirs,
			     end > dirs ? "/" : "", name);
		if (n < PATH_MAX && runnable(path))
			return true;
	}
	return false;
}

/* Between fork and exec: system calls only. */
static _Noreturn void child(int sock, const char *path, char *const argv[],
			    const struct sock_fprog *prog)
{
	struct failure failure = {0};
	char go;

	while (read(sock, &go, 1) < 0 && errno == EINTR)
		;
	/* Without CAP_SYS_ADMIN a filter needs no_new_privs, which costs nothing: under
	 * ptrace set-user-id programs gain nothing either. */
	if (prog && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog) &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog)))
		failure.in_filter = true;
	else
		execv(path, argv);
	failure.err = errno;
	while (send(sock, &failure, sizeof(failure), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	for (;;)
		syscall(SYS_exit_group,
			127); /* of the child; the library itself never exits */
}

static int say_failure(struct tracer *t, const char *path, const struct failure *failure)
{
	if (failure->in_filter)
		log_printf(t->log, msg_hook_filter, path, strerror(failure->err));
	else if (failure->err == ENOEXEC)
		log_printf(t->log, msg_hook_exec_format, path);
	else
		log_printf(t->log, msg_hook_exec, path, strerror(failure->err));
	return -failure->err;
}

/* Follows the child, which waits for a byte, lets it go on, and stays until the end. */
static int follow(struct tracer *t, pid_t pid, int sock, const char *path)
{
	struct failure failure;
	int err;

	if (ptrace(PTRACE_SEIZE, pid, 0, options | PTRACE_O_EXITKILL) < 0) {
		err = -errno;
		log_printf(t->log, msg_hook_seize_command, path, strerror(-err));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err;
	}
	t->command = pid;
	if (!tracee_add(t, pid)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -ENOMEM;
	}
	/* It stops before it returns from read, and goes on with PTRACE_SYSCALL. */
	if (t->all)
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	send(sock, "", 1, MSG_NOSIGNAL);
	err = tracer_loop(t);
	tracer_give_up(t);
	if (!err &&
	    recv(sock, &failure, sizeof(failure), MSG_DONTWAIT) == sizeof(failure))
		err = say_failure(t, path, &failure);
	return err;
}

static int say_no_child(struct tracer *t, const char *path)
{
	int err = -errno;

	log_printf(t->log, msg_hook_fork, path, strerror(-err));
	return err;
}

/* fork(2), but the caller's signal handlers are not the child's, which would swallow a
 * Ctrl-C until it runs the command (clone(2), since Linux 5.5). */
static pid_t fork_plain(void)
{
	struct clone_args args = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 && (errno == ENOSYS || errno == EINVAL) ? fork() : (pid_t)pid;
}

static int start(struct tracer *t, const char *path, char *const argv[])
{
	struct sock_filter code[MOST_FILTER];
	struct sock_fprog prog = {.filter = code};
	int sock[2], err;
	pid_t pid;

	choose(t);
	make_filter(t, &prog);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return say_no_child(t, path);
	pid = fork_plain();
	if (!pid)
		child(sock[1], path, argv, t->filter ? &prog : NULL);
	err = pid < 0 ? say_no_child(t, path) : 0;
	close(sock[1]);
	if (!err)
		err = follow(t, pid, sock[0], path);
	close(sock[0]);
	return err;
}

int tracer_command(struct tracer *t, char *const argv[], int *status)
{
	char path[PATH_MAX];
	const char *dirs = getenv("PATH");
	int err;

	t->begun = false;
	t->status = 0;
	if (!argv[0] || !argv[0][0]) {
		log_printf(t->log, msg_hook_no_command);
		return -EINVAL;
	}
	if (!find_command(argv[0], path)) {
		log_printf(t->log, msg_hook_not_found, argv[0], dirs ? dirs : "unset");
		return -ENOENT;
	}
	err = start(t, path, argv);
	*status = t->status;
	return err;
}

/* ---- a process that runs ---- */

static long status_field(pid_t pid, const char *name)
{
	char path[40], *at;
	void *text;
	size_t len;
	long value = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (os_read_file(path, 1 << 16, &text, &len) < 0)
		return -1;
	at = strstr(text, name);
	if (at)
		value = strtol(at + strlen(name), NULL, 10);
	mem_free(text);
	return value;
}

static int ptrace_scope(void)
{
	void *text;
	size_t len;
	int scope;

	if (os_read_file("/proc/sys/kernel/yama/ptrace_scope", 64, &text, &len) < 0)
		return 0;
	scope = atoi(text);
	mem_free(text);
	return scope;
}

static int say_refused(struct tracer *t, pid_t pid, int err)
{
	long tracer = status_field(pid, "\nTracerPid:\t");
	int scope = ptrace_scope();

	if (err == ESRCH || tracer < 0) {
		log_printf(t->log, msg_hook_no_process, (int)pid);
		return -ESRCH;
	}
	if (tracer > 0)
		log_printf(t->log, msg_hook_traced_already, (int)pid, (int)tracer);
	else if (scope > 0 && geteuid())
		log_printf(t->log, msg_hook_ptrace_scope, (int)pid, scope);
	else
		log_printf(t->log, msg_hook_not_permitted, (int)pid, strerror(err));
	return -err;
}

/* Seizes the threads that are not followed yet; returns how many, or -errno. A thread
 * that a followed one makes is followed by itself. */
static int seize_threads(struct tracer *t, pid_t pid, DIR *dir)
{
	struct dirent *entry;
	int n = 0, err = 0;

	rewinddir(dir);
	while (!err && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || tracee_find(t, tid))
			continue;
		if (ptrace(PTRACE_SEIZE, tid, 0, options) < 0) {
			/* Gone, or followed by itself but not reported yet. */
			if (errno == ESRCH ||
			    status_field(tid, "\nTracerPid:\t") == gettid())
				continue;
			err = -errno;
		} else if (!tracee_add(t, tid)) {
			err = -ENOMEM;
		} else {
			ptrace(PTRACE_INTERRUPT, tid, 0, 0);
			n++;
		}
	}
	return err ? err : n;
}

int tracer_attach(struct tracer *t, pid_t pid)
{
	char path[40];
	DIR *dir;
	int n;

	if (pid == getpid()) {
		log_printf(t->log, msg_hook_self, (int)pid);
		return -EINVAL;
	}
	t->command = 0;
	t->begun = t->all = true;
	t->filter = false;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return say_refused(t, pid, ESRCH);
	do
		n = seize_threads(t, pid, dir);
	while (n > 0);
	closedir(dir);
	if (n < 0)
		say_refused(t, pid, -n);
	else if (!t->ntracees)
		n = say_refused(t, pid, ESRCH);
	else
		n = tracer_loop(t);
	tracer_give_up(t);
	return n;
}
