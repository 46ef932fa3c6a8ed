/* fake_sys.h - a side of the seam that notes what is asked, and fails when it is told to
 *
 * Descriptors are real ones, of /dev/null, so that a double close or a leak is seen.
 */
#ifndef FAKE_SYS_H
#define FAKE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <skep/sys.h>

enum { FAKE_CALLS = 256, FAKE_FDS = 256 };

struct fake_call {
	enum skep_cmd cmd;
	union skep_attr attr;
};

struct fake_sys {
	struct skep_sys sys;
	struct fake_call calls[FAKE_CALLS];
	int n_calls;
	int fail_at;		 /* the bpf(2) call that fails; -1: none */
	int fail_with;		 /* -errno */
	int perf_events, mapped; /* open, mapped */
	struct skep_map_info infos[FAKE_FDS];
	_Bool open[FAKE_FDS], was_read[FAKE_FDS];
	int ioctls;
	const char *config;	      /* what every file holds */
	struct skep_insn insns[4096]; /* of the last program */
	unsigned char value[4096];    /* written last */
};

static int fake_new_fd(struct fake_sys *f)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fd < FAKE_FDS)
		f->open[fd] = 1;
	if (fd >= 0 && fd < FAKE_FDS)
		f->was_read[fd] = 0;
	return fd;
}

static int fake_open_fds(const struct fake_sys *f)
{
	int n = 0;

	for (int i = 0; i < FAKE_FDS; i++)
		n += f->open[i];
	return n;
}

static int fake_map_create(struct fake_sys *f, const union skep_attr *attr)
{
	int fd = fake_new_fd(f);

	f->infos[fd] = (struct skep_map_info){.type = attr->map_type,
					      .key_size = attr->key_size,
					      .value_size = attr->value_size,
					      .max_entries = attr->max_entries,
					      .map_flags = attr->map_flags};
	return fd;
}

static int fake_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
		    uint32_t size)
{
	struct fake_sys *f = (struct fake_sys *)sys;
	int at = f->n_calls++;

	if (at < FAKE_CALLS)
		f->calls[at] = (struct fake_call){cmd, *attr};
	if (f->fail_at >= 0 && at >= f->fail_at)
		return f->fail_with;
	switch (cmd) {
	case SKEP_MAP_CREATE: return fake_map_create(f, attr);
	case SKEP_PROG_LOAD:
		memcpy(f->insns, (void *)(uintptr_t)attr->insns, attr->insn_cnt * 8ul);
		return fake_new_fd(f);
	case SKEP_BTF_LOAD:
	case SKEP_LINK_CREATE:
	case SKEP_RAW_TRACEPOINT_OPEN: return fake_new_fd(f);
	case SKEP_OBJ_GET: return -ENOENT;
	case SKEP_MAP_UPDATE_ELEM:
		if (f->infos[attr->map_fd].value_size <= sizeof(f->value))
			memcpy(f->value, (void *)(uintptr_t)attr->value,
			       f->infos[attr->map_fd].value_size);
		return 0;
	case SKEP_OBJ_GET_INFO_BY_FD:
		memcpy((void *)(uintptr_t)attr->info.info, &f->infos[attr->info.bpf_fd],
		       attr->info.info_len);
		return 0;
	default: return 0;
	}
}

static int fake_perf_event_open(struct skep_sys *sys, struct perf_event_attr *attr,
				pid_t pid, int cpu, int group_fd, unsigned long flags)
{
	return fake_new_fd((struct fake_sys *)sys);
}

static int fake_ioctl(struct skep_sys *sys, int fd, unsigned long request,
		      unsigned long arg)
{
	((struct fake_sys *)sys)->ioctls++;
	return 0;
}

static int fake_mmap(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		     int fd, off_t off)
{
	*out = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	((struct fake_sys *)sys)->mapped++;
	return *out == MAP_FAILED ? -errno : 0;
}

static int fake_munmap(struct skep_sys *sys, void *addr, size_t len)
{
	((struct fake_sys *)sys)->mapped--;
	return munmap(addr, len);
}

static int fake_close(struct skep_sys *sys, int fd)
{
	struct fake_sys *f = (struct fake_sys *)sys;

	if (fd < 0 || fd >= FAKE_FDS || !f->open[fd])
		return -EBADF;
	f->open[fd] = 0;
	return close(fd);
}

static ssize_t fake_read(struct skep_sys *sys, int fd, void *buf, size_t len)
{
	struct fake_sys *f = (struct fake_sys *)sys;
	const char *text = f->config ? f->config : "1234\n";
	size_t n = f->was_read[fd] ? 0 : strlen(text) < len ? strlen(text) : len;

	memcpy(buf, text, n);
	f->was_read[fd] = 1;
	return (ssize_t)n;
}

static int fake_open(struct skep_sys *sys, const char *path)
{
	return strstr(path, "/events/") &&
			       !strstr(path, "/events/syscalls/sys_enter_getppid/id")
		       ? -ENOENT
		       : fake_new_fd((struct fake_sys *)sys);
}

static void fake_init(struct fake_sys *f)
{
	memset(f, 0, sizeof(*f));
	f->fail_at = -1;
	f->sys = (struct skep_sys){
		.name = "fake",
		.bpf = fake_bpf,
		.perf_event_open = fake_perf_event_open,
		.ioctl = fake_ioctl,
		.mmap = fake_mmap,
		.munmap = fake_munmap,
		.close = fake_close,
		.read = fake_read,
		.open = fake_open,
	};
}

#endif
