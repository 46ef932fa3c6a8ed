#include "cgrp_storage.h"
#include "heap.h"
#include "helper_fn.h"
#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	COMM = 16,
	NETNS_COOKIE = 71, /* SO_NETNS_COOKIE, since Linux 5.14 */
};

#define USER_END     0x7ffffffff000ull
#define KERNEL_BEGIN 0xffff800000000000ull

HELPER_FN(get_current_pid_tgid)
{
	const struct skep_task *task = run_world(run)->task;

	return (u64)(task ? task->tgid : (u32)getpid()) << 32 | helper_tid(run);
}

/* Whether (dev, ino) is the namespace in which this process sees pids, events' too. */
static bool is_our_namespace(u64 dev, u64 ino)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) &&
	       dev == ((u64)major(st.st_dev) << 20 | minor(st.st_dev)) &&
	       ino == st.st_ino;
}

HELPER_FN(get_ns_current_pid_tgid)
{
	u64 id = helper_get_current_pid_tgid(run, 0, 0, 0, 0, 0);
	struct skep_pidns_info info = {(u32)id, (u32)(id >> 32)};

	if (d != sizeof(info) || !is_our_namespace(a, b)) {
		memset(ptr_of(c), 0, d);
		return (u64)-EINVAL;
	}
	memcpy(ptr_of(c), &info, sizeof(info));
	return 0;
}

HELPER_FN(get_current_task)
{
	return helper_task(run);
}

/* No task but the current one is known, and it stays. */
KFUNC_FN(task_acquire)
{
	return a;
}

KFUNC_FN(task_release)
{
	return 0;
}

/* Whose packet it is does not matter: it runs in this process's namespace. */
HELPER_FN(get_netns_cookie)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(u64);
	u64 cookie = 0;

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	close(fd);
	return cookie;
}

HELPER_FN(get_current_uid_gid)
{
	const struct skep_task *task = run_world(run)->task;

	if (task)
		return (u64)task->gid << 32 | task->uid;
	return (u64)getgid() << 32 | getuid();
}

HELPER_FN(get_current_comm)
{
	const struct skep_task *task = run_world(run)->task;
	char comm[COMM] = "", *out = ptr_of(a);
	u32 len = (u32)MIN(b, COMM);

	if (task)
		memcpy(comm, task->comm, COMM);
	else
		prctl(PR_GET_NAME, comm);
	comm[len - 1] = 0;
	memset(out, 0, b);
	memcpy(out, comm, strlen(comm));
	return 0;
}

HELPER_FN(get_current_cgroup_id)
{
	return helper_cgroup(run);
}

HELPER_FN(get_current_ancestor_cgroup_id)
{
	return cgrp_storage_ancestor(helper_tid(run), (s32)a);
}

/* Only a task that events are of gets signals: a program does not reach the process that
 * runs it. */
static u64 send_signal(struct run *run, u64 sig, bool thread)
{
	struct skep_task *task = run_world(run)->task;

	if (!task || !task->signal)
		return (u64)-EPERM;
	if (sig > 64)
		return (u64)-EINVAL;
	return (u64)(s64)task->signal(task, (int)sig, thread);
}

HELPER_FN(send_signal)
{
	return send_signal(run, (u32)a, false);
}

HELPER_FN(send_signal_thread)
{
	return send_signal(run, (u32)a, true);
}

/* enum pid_type: a thread, a process. What comes with the signal, d, is not told. */
KFUNC_FN(send_signal_task)
{
	return (u32)c > 1 ? (u32)-EINVAL : send_signal(run, (u32)b, !(u32)c);
}

HELPER_FN(get_attach_cookie)
{
	return run->event->cookie;
}

/* ---- reading memory ---- */

int helper_read_task(struct run *run, void *dst, u64 addr, u32 len)
{
	struct skep_task *task = run_world(run)->task;
	struct iovec to = {dst, len}, from = {ptr_of(addr), len};

	if (!len)
		return 0;
	if (task)
		return task->read ? task->read(task, addr, dst, len) : -EFAULT;
	/* The calling thread's own memory, which may not be there. */
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)len ? 0
									       : -EFAULT;
}

/* What is no memory of the run is the task's, as far as a task's memory reaches. */
bool helper_is_user(struct run *run, u64 addr)
{
	struct region region;

	return addr < USER_END && !run_find(run, addr, 1, access_probe, &region);
}

int helper_no_kernel_memory(u64 addr)
{
	return addr >= KERNEL_BEGIN ? -EFAULT : -ERANGE;
}

bool helper_peek(struct run *run, void *dst, u64 addr, u32 len)
{
	struct region region;
	const void *at;

	if (run_find(run, addr, len, access_probe, &region))
		at = ptr_of(addr);
	else if (heap_is_address(addr))
		at = heap_at(run->store, addr, len, false);
	else
		return helper_image_read(run, dst, addr, len);
	if (at)
		memmove(dst, at, len);
	return at;
}

static s64 read_mem(struct run *run, void *dst, u32 len, u64 addr, bool user)
{
	int err = 0;

	if (user && len)
		err = helper_is_user(run, addr) ? helper_read_task(run, dst, addr, len)
						: -EFAULT;
	else if (!user && !helper_peek(run, dst, addr, len))
		err = helper_no_kernel_memory(addr);
	if (err)
		memset(dst, 0, len);
	return err;
}

/* How many bytes of a string can be had at once: to the end of its page or region. */
static u32 readable(struct run *run, u64 addr, u32 most, bool user)
{
	struct region region;
	u8 byte;

	if (user)
		return MIN(most, (u32)(PAGE - addr % PAGE));
	if (!run_find(run, addr, 1, access_probe, &region))
		return helper_peek(run, &byte, addr, 1);
	return (u32)MIN(most, region.hi - addr);
}

/* Linux copies a user's string in words, as far as they can be read and fit, and clears
 * what it read behind the 0. n: the string's bytes. */
static void end_word(struct run *run, char *dst, u32 size, u32 n, u64 addr)
{
	u32 end = (u32)round_up(n, 8);
	char last;

	if (end > size)
		return;
	if ((addr + end - 1) / PAGE != (addr + n - 1) / PAGE &&
	    helper_read_task(run, &last, addr + end - 1, 1))
		return;
	memset(dst + n, 0, end - n);
}

s64 helper_copy_str(struct run *run, char *dst, u32 size, u64 addr, bool user)
{
	char part[256];

	for (u32 n = 0; n < size;) {
		u32 step =
			readable(run, addr + n, MIN(size - n, (u32)sizeof(part)), user);
		char *end;

		s64 err = step ? read_mem(run, part, step, addr + n, user)
			       : helper_no_kernel_memory(addr + n);

		if (err == -EFAULT && !user)
			dst[n] = 0;
		if (err)
			return err;
		end = memchr(part, 0, step);
		if (end)
			step = (u32)(end - part) + 1;
		memcpy(dst + n, part, step);
		n += step;
		if (end && user)
			end_word(run, dst, size, n, addr);
		if (end)
			return n;
	}
	return size;
}

s64 helper_read_str(struct run *run, char *dst, u32 size, u64 addr, bool user)
{
	s64 n = helper_copy_str(run, dst, size, addr, user);

	if (n < 0)
		memset(dst, 0, size);
	else if (size && n == size)
		dst[size - 1] = 0;
	return n;
}

HELPER_FN(probe_read)
{
	return (u64)read_mem(run, ptr_of(a), (u32)b, c, helper_is_user(run, c));
}

HELPER_FN(probe_read_user)
{
	return (u64)read_mem(run, ptr_of(a), (u32)b, c, true);
}

HELPER_FN(probe_read_kernel)
{
	return (u64)read_mem(run, ptr_of(a), (u32)b, c, false);
}

HELPER_FN(copy_from_user)
{
	return (u64)read_mem(run, ptr_of(a), (u32)b, c, true);
}

HELPER_FN(probe_read_str)
{
	return (u64)helper_read_str(run, ptr_of(a), (u32)b, c, helper_is_user(run, c));
}

HELPER_FN(probe_read_user_str)
{
	return (u64)helper_read_str(run, ptr_of(a), (u32)b, c, true);
}

HELPER_FN(probe_read_kernel_str)
{
	return (u64)helper_read_str(run, ptr_of(a), (u32)b, c, false);
}

/* The task is the current one: no program gets another. */
HELPER_FN(copy_from_user_task)
{
	return e ? (u64)-EINVAL : (u64)read_mem(run, ptr_of(a), (u32)b, c, true);
}
