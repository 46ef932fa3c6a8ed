#include <skep/sys.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

static int kernel_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
		      uint32_t size)
{
	return result(syscall(SYS_bpf, cmd, attr, size));
}

static int kernel_perf_event_open(struct skep_sys *sys, struct perf_event_attr *attr,
				  pid_t pid, int cpu, int group_fd, unsigned long flags)
{
	/* PERF_FLAG_FD_CLOEXEC, whatever the caller asks. */
	return result(syscall(SYS_perf_event_open, attr, pid, cpu, group_fd, flags | 8));
}

static int kernel_ioctl(struct skep_sys *sys, int fd, unsigned long request,
			unsigned long arg)
{
	return result(ioctl(fd, request, arg));
}

static int kernel_mmap(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		       int fd, off_t off)
{
	void *p = mmap(*out, len, prot, flags, fd, off);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

static int kernel_munmap(struct skep_sys *sys, void *addr, size_t len)
{
	return result(munmap(addr, len));
}

static int kernel_poll(struct skep_sys *sys, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return result(poll(fds, n, timeout_ms));
}

static int kernel_close(struct skep_sys *sys, int fd)
{
	return result(close(fd));
}

static ssize_t kernel_read(struct skep_sys *sys, int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

static int kernel_open(struct skep_sys *sys, const char *path)
{
	return result(open(path, O_RDONLY | O_CLOEXEC));
}

struct skep_sys *skep_sys_kernel(void)
{
	static struct skep_sys kernel = {
		.name = "kernel",
		.bpf = kernel_bpf,
		.perf_event_open = kernel_perf_event_open,
		.ioctl = kernel_ioctl,
		.mmap = kernel_mmap,
		.munmap = kernel_munmap,
		.poll = kernel_poll,
		.close = kernel_close,
		.read = kernel_read,
		.open = kernel_open,
	};

	return &kernel;
}
