#include "doctor.h"
#include "os.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <skep/engine.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- shared objects ---- */

/* What the engine does with a file in `dir`: make it, lock it, map it, pin it. */
static int objects_try(const char *dir)
{
	char path[256], pin[272];
	int fd, err = 0;
	void *map;

	snprintf(path, sizeof(path), "%s/skep-doctor-%d", dir, getpid());
	snprintf(pin, sizeof(pin), "%s.pin", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, 4096) || flock(fd, LOCK_SH | LOCK_NB) || link(path, pin))
		err = -errno;
	unlink(pin);
	unlink(path);
	map = err ? NULL : os_map_anon(4096);
	if (!err && !map)
		err = -ENOMEM;
	close(fd);
	return err;
}

/* Opens the engine as `skep run` does. 0, or -errno and why. */
static int engine_try(struct skep_log *log)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .shared = true, .log = log};
	struct skep_engine *engine;
	int err = skep_engine_open(&opts, &engine);

	if (!err)
		skep_engine_close(engine);
	return err;
}

void check_engine_objects(struct finding *f)
{
	char dir[200], text[200] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	int err;
	struct statfs fs;

	if (skep_engine_dir(dir, sizeof(dir)) >= (int)sizeof(dir))
		err = -ENAMETOOLONG;
	else if (!(err = engine_try(&log)))
		err = statfs(dir, &fs) ? -errno : objects_try(dir);
	text[strcspn(text, "\n")] = 0;
	if (err) {
		found(f, verdict_no, "%s%s%s", *text ? text : dir, *text ? "" : ": ",
		      *text ? "" : strerror(-err));
		advise(f, "set SKEP_DIR to a directory of yours, best on tmpfs; or mount "
			  "a tmpfs on /dev/shm and unset XDG_RUNTIME_DIR");
	} else if (fs.f_type == TMPFS_MAGIC) {
		found(f, verdict_yes, "a file was made, locked and pinned in %s (tmpfs)",
		      dir);
	} else {
		found(f, verdict_partly,
		      "%s works, but is no tmpfs: maps are written to a disk", dir);
		advise(f, "set XDG_RUNTIME_DIR to a directory on tmpfs");
	}
}

/* ---- tracing system calls ---- */

static int child_traced(void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return errno;
	raise(SIGSTOP);
	syscall(SYS_getppid);
	return 0;
}

/* Stops the child at its system calls until one of them is getppid: its number is left
 * in the registers, PTRACE_GET_SYSCALL_INFO has it since 5.3. 0 or errno. */
static int trace_until_getppid(pid_t pid)
{
	struct __ptrace_syscall_info info;
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return errno;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD))
		return errno;
	for (int i = 0; i < 16; i++) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) < 0)
			return errno;
		if (!WIFSTOPPED(status))
			return ESRCH;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
			return errno;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_getppid)
			return 0;
	}
	return ESRCH;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void check_engine_ptrace(struct finding *f)
{
	pid_t pid;
	int err;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(child_traced(NULL));
	err = pid < 0 ? errno : trace_until_getppid(pid);
	if (pid > 0)
		end_child(pid);
	if (!err) {
		found(f, verdict_yes, "a child was stopped at its call of getppid");
		return;
	}
	found(f, verdict_no, "a child cannot be traced: %s", strerror(err));
	advise(f,
	       err == EPERM
		       ? "kernel.yama.ptrace_scope below 3, and a container that allows "
			 "ptrace(2)"
		       : "Linux 5.3 or later, ptrace(2) not emulated");
}

/* Runs fn(pid) on a process of this user that is no descendant of ours: the grandchild
 * whose parent is gone. Yama (kernel.yama.ptrace_scope) tells it from a child. */
static int with_stranger(int (*fn)(pid_t pid))
{
	int fds[2], hold[2], err = EIO;
	pid_t pid, stranger = 0;

	if (pipe2(fds, O_CLOEXEC))
		return errno;
	if (pipe2(hold, O_CLOEXEC)) {
		close(fds[0]);
		close(fds[1]);
		return errno;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		stranger = fork();
		if (stranger) {
			os_write_full(fds[1], &stranger, sizeof(stranger));
			_exit(0);
		}
		close(hold[1]); /* reads until we are done with it */
		_exit(read(hold[0], &err, 1) != 0);
	}
	close(fds[1]);
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		if (!os_read_full(fds[0], &stranger, sizeof(stranger)) && stranger > 0)
			err = fn(stranger);
	}
	close(fds[0]);
	close(hold[0]);
	close(hold[1]);
	return err;
}

static int attach_to(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return errno;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

static void yama_advice(struct finding *f)
{
	long scope = file_number("/proc/sys/kernel/yama/ptrace_scope", -1);

	if (scope > 0)
		advise(f,
		       "kernel.yama.ptrace_scope is %ld: sysctl kernel.yama.ptrace_scope=0, or "
		       "start the command under skep",
		       scope);
	else
		advise(f, "cap_sys_ptrace, or a container that allows ptrace(2)");
}

void check_engine_attach(struct finding *f)
{
	int err = with_stranger(attach_to);

	if (!err) {
		found(f, verdict_yes, "a process that is no child of ours was seized");
		return;
	}
	found(f, verdict_no, "a process that is no child of ours cannot be seized: %s",
	      strerror(err));
	yama_advice(f);
}

static int read_memory_of(pid_t pid)
{
	static const char here[] = "skep";
	char there[sizeof(here)] = "";
	struct iovec to = {there, sizeof(there)}, from = {(void *)here, sizeof(here)};

	if (process_vm_readv(pid, &to, 1, &from, 1, 0) != sizeof(here))
		return errno;
	return strcmp(here, there) ? EFAULT : 0;
}

void check_engine_memory(struct finding *f)
{
	int err = with_stranger(read_memory_of);

	if (!err) {
		found(f, verdict_yes, "a string was read with process_vm_readv(2)");
		return;
	}
	found(f, verdict_partly, "only that of traced processes; process_vm_readv(2): %s",
	      strerror(err));
	yama_advice(f);
}

/* Returns the errno of getppid under a filter that refuses it with ENOTTY. */
static int filtered_child(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {ARRAY_SIZE(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return errno;
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

void check_engine_seccomp(struct finding *f)
{
	int err = in_child(filtered_child, NULL);

	if (err == ENOTTY) {
		found(f, verdict_yes, "a filter was installed and answered getppid");
		return;
	}
	found(f, verdict_no, "no filter can be installed: %s",
	      err > 0 ? strerror(err) : "it did not answer");
	advise(f,
	       "a kernel with CONFIG_SECCOMP_FILTER; without it every system call stops");
}

void check_engine_pcap(struct finding *f)
{
	static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1"};
	const char *(*version)(void);
	void *lib = NULL;

	for (size_t i = 0; !lib && i < ARRAY_SIZE(names); i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		found(f, verdict_no, "libpcap is not installed");
		advise(f, "install it (Debian: libpcap0.8)");
		return;
	}
	*(void **)&version = dlsym(lib, "pcap_lib_version");
	found(f, verdict_yes, "%s",
	      version ? version() : "libpcap of an unknown version");
	dlclose(lib);
}
