/* The system calls that are for the engine: bpf(2), perf_event_open(2), and those on
 * objects' descriptors. */
#include "shim.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static long do_bpf(int cmd, union skep_attr *attr, u32 size)
{
	struct skep_engine *engine = shim_enter();
	union skep_attr before = {0};
	int ret;

	if (!engine)
		return shim_result(-EPERM);
	ret = engine->sys.bpf(&engine->sys, (enum skep_cmd)cmd, attr, size);
	size = MIN(size, (u32)sizeof(before));
	if (ret < 0 && !user_copy_in(&before, u64_of(attr), size))
		shim_refused(cmd, &before, size, ret);
	shim_leave();
	return shim_result(ret);
}

/* Tracepoints are the engine's, whose ids they have; other events it may have none of,
 * and those of the kernel are the user's own. */
static long do_perf_event_open(const long a[6])
{
	struct skep_engine *engine = shim_enter();
	int ret;

	if (!engine)
		return shim_result(-EPERM);
	ret = engine->sys.perf_event_open(&engine->sys, ptr_of((u64)a[0]), (pid_t)a[1],
					  (int)a[2], (int)a[3], (unsigned long)a[4]);
	shim_leave();
	if (ret != -ENOENT)
		return shim_result(ret);
	return real()->syscall(SYS_perf_event_open, a[0], a[1], a[2], a[3], a[4], a[5]);
}

SHIM_HOOK long syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (unlikely(nr == SYS_bpf) && !shim_inside())
		return do_bpf((int)a[0], ptr_of((u64)a[1]), (u32)a[2]);
	if (unlikely(nr == SYS_perf_event_open) && !shim_inside())
		return do_perf_event_open(a);
	return real()->syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

SHIM_HOOK void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	struct object *obj = flags & MAP_ANONYMOUS ? NULL : shim_get(fd);
	struct skep_sys *sys;
	int err;

	if (likely(!obj))
		return real()->mmap(at, len, prot, flags, fd, off);
	sys = &shim_enter()->sys;
	err = sys->mmap(sys, &at, len, prot, flags, fd, off);
	shim_leave();
	shim_put(obj);
	return err ? (void *)shim_result(err) : at;
}

SHIM_HOOK ssize_t read(int fd, void *buf, size_t len)
{
	struct object *obj = shim_get(fd);
	struct skep_sys *sys;
	ssize_t n;

	if (likely(!obj))
		return real()->read(fd, buf, len);
	sys = &shim_enter()->sys;
	n = sys->read(sys, fd, buf, len);
	shim_leave();
	shim_put(obj);
	return shim_result(n);
}

SHIM_HOOK int ioctl(int fd, unsigned long request, ...)
{
	struct object *obj = shim_open() ? shim_get(fd) : NULL;
	struct skep_sys *sys;
	unsigned long arg;
	va_list ap;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, unsigned long);
	va_end(ap);
	if (likely(!obj))
		return real()->ioctl(fd, request, arg);
	sys = &shim_enter()->sys;
	ret = sys->ioctl(sys, fd, request, arg);
	shim_leave();
	shim_put(obj);
	return (int)shim_result(ret);
}

SHIM_SAME(mmap64, mmap)
SHIM_SAME(__read_chk, read)
