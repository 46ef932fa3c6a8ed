/* The engine's side of the seam: the system calls around bpf(2). What is no object of
 * the engine is passed on to the system. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "engine.h"
#include "hook.h"
#include "iter.h"
#include "map.h"
#include "mem.h"
#include "os.h"

/* How long to wait before looking again: with fds of others in the set, and without,
 * where store_notify() ends the wait. It may be missed once in a while on machines that
 * order memory weakly. */
#define BPFFS "/sys/fs/bpf/"

enum { SLICE_MIXED_MS = 2, SLICE_OWN_MS = 20 };

static struct store *store_of(struct skep_sys *sys)
{
	return container_of(sys, struct skep_engine, sys)->store;
}

/* The engine's object behind fd, with a use; NULL: none. */
static struct object *object_of(struct skep_sys *sys, int fd)
{
	struct object *obj;

	return object_get(store_of(sys), fd, 0, &obj, NULL) ? NULL : obj;
}

static struct map *map_of(struct object *obj)
{
	return obj && obj->kind == OBJECT_MAP ? container_of(obj, struct map, obj) : NULL;
}

static int result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

/* ---- poll ---- */

struct waiting {
	struct store *store;
	struct pollfd *fds, *others; /* others: the same, without the engine's */
	struct object **objects;     /* NULL: not the engine's */
	nfds_t n, nothers;
};

static short object_events(struct object *obj)
{
	struct map *map = map_of(obj);

	if (obj->kind == OBJECT_PERF)
		return perf_poll(container_of(obj, struct perf, obj));
	if (!map) /* what poll(2) says of files that have no such thing */
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return map_poll(map);
}

/* How many of the engine's fds have something that was asked for. */
static int poll_objects(struct waiting *w)
{
	int ready = 0;

	for (nfds_t i = 0; i < w->n; i++) {
		if (!w->objects[i])
			continue;
		w->fds[i].revents = object_events(w->objects[i]) &
				    (w->fds[i].events | POLLERR | POLLHUP);
		ready += w->fds[i].revents != 0;
	}
	return ready;
}

static int poll_others(struct waiting *w, int timeout_ms)
{
	int ready;

	if (!w->nothers)
		return 0;
	ready = result(poll(w->others, w->n, timeout_ms));
	for (nfds_t i = 0; i < w->n; i++)
		if (!w->objects[i])
			w->fds[i].revents = w->others[i].revents;
	return ready;
}

/* Waits for either side. Objects change without a system call, so that with other fds
 * in the set the wait is cut into slices. */
static int poll_wait(struct waiting *w, u32 seen, int timeout_ms)
{
	int slice = w->nothers ? SLICE_MIXED_MS : SLICE_OWN_MS;

	if (timeout_ms >= 0)
		slice = MIN(slice, timeout_ms);
	return w->nothers ? poll_others(w, slice) : store_wait(w->store, seen, slice);
}

static int poll_loop(struct waiting *w, int timeout_ms)
{
	u64 end = os_clock_ns() + (u64)MAX(timeout_ms, 0) * 1000000;

	for (;;) {
		u32 seen = store_events(w->store);
		int ready = poll_objects(w), others = poll_others(w, 0), left = -1;
		u64 now;

		if (others < 0 || ready + others)
			return others < 0 ? others : ready + others;
		now = os_clock_ns();
		if (timeout_ms >= 0) {
			if (now >= end)
				return 0;
			left = (int)((end - now + 999999) / 1000000);
		}
		others = poll_wait(w, seen, left);
		if (others < 0)
			return others;
	}
}

static int engine_poll(struct skep_sys *sys, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct waiting w = {.store = store_of(sys), .fds = fds, .n = n};
	int ret = -ENOMEM;

	w.others = mem_alloc(n, sizeof(*fds));
	w.objects = mem_alloc(n, sizeof(struct object *));
	for (nfds_t i = 0; w.others && w.objects && i < n; i++) {
		w.objects[i] = fds[i].fd < 0 ? NULL : object_of(sys, fds[i].fd);
		w.others[i] = fds[i];
		if (w.objects[i])
			w.others[i].fd = -1;
		else
			w.nothers++;
	}
	if (w.others && w.objects)
		ret = w.nothers == n ? result(poll(fds, n, timeout_ms))
				     : poll_loop(&w, timeout_ms);
	for (nfds_t i = 0; w.objects && i < n; i++)
		if (w.objects[i])
			object_put(w.objects[i]);
	mem_free(w.others);
	mem_free(w.objects);
	return ret;
}

/* ---- mmap, read, open, close ---- */

/* What mmap(2) says of a file that cannot be mapped. */
static int not_mapped(int mode, int prot, int flags)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;

	if (mode == O_WRONLY || (mode == O_RDONLY && shared && prot & PROT_WRITE))
		return -EACCES;
	return prot & PROT_EXEC ? -EPERM : -ENODEV;
}

static int engine_mmap(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		       int fd, off_t off)
{
	struct object *obj = NULL;
	struct map *map;
	void *at;
	int err, mode;

	if (!(flags & MAP_ANONYMOUS) && !object_get(store_of(sys), fd, 0, &obj, &mode)) {
		map = map_of(obj);
		err = map ? map_mmap(map, mode, out, len, prot, flags, off)
		      : obj->kind == OBJECT_PERF
			      ? perf_mmap(container_of(obj, struct perf, obj), out, len,
					  prot, flags, off)
			      : not_mapped(mode, prot, flags);
		object_put(obj);
		return err;
	}
	at = mmap(*out, len, prot, flags, fd, off);
	if (at == MAP_FAILED)
		return -errno;
	*out = at;
	return 0;
}

static int engine_munmap(struct skep_sys *sys, void *addr, size_t len)
{
	return result(munmap(addr, len));
}

/* Of the kernel's objects iterators alone can be read. */
static ssize_t engine_read(struct skep_sys *sys, int fd, void *buf, size_t len)
{
	struct object *obj = object_of(sys, fd);
	ssize_t n;

	if (obj) {
		n = obj->kind == OBJECT_ITER ? iter_read(obj, buf, len) : -EINVAL;
		object_put(obj);
		return n;
	}
	n = read(fd, buf, len);
	return n < 0 ? -errno : n;
}

static int engine_close(struct skep_sys *sys, int fd)
{
	return object_close(store_of(sys), fd);
}

/* What the machine behind this side of the seam has: as many CPUs as slots. */
static int engine_open(struct skep_sys *sys, const char *path)
{
	char text[32];

	if (!strcmp(path, "/sys/devices/system/cpu/possible")) {
		u32 slots = store_slots(store_of(sys));

		snprintf(text, sizeof(text), slots == 1 ? "0\n" : "0-%u\n", slots - 1);
		return os_memory_file(text, strlen(text));
	}
	if (!strcmp(path,
		    "/sys/kernel/btf/vmlinux")) /* kernel functions are named by it */
		return result(open(path, O_RDONLY | O_CLOEXEC));
	return strncmp(path, BPFFS, strlen(BPFFS)) ? hook_open(store_of(sys), path)
						   : hook_open_pin(store_of(sys), path);
}

/* ---- perf events ---- */

static int engine_perf_event_open(struct skep_sys *sys, struct perf_event_attr *attr,
				  pid_t pid, int cpu, int group_fd, unsigned long flags)
{
	return hook_perf_event_open(store_of(sys), attr, pid, cpu, group_fd, flags);
}

static int engine_ioctl(struct skep_sys *sys, int fd, unsigned long request,
			unsigned long arg)
{
	struct object *obj = object_of(sys, fd);
	int err;

	if (!obj)
		return result(ioctl(fd, request, arg));
	err = hook_ioctl(obj, request, arg);
	object_put(obj);
	return err;
}

const struct skep_sys engine_sys = {
	.name = "engine",
	.bpf = engine_bpf,
	.perf_event_open = engine_perf_event_open,
	.ioctl = engine_ioctl,
	.mmap = engine_mmap,
	.munmap = engine_munmap,
	.poll = engine_poll,
	.close = engine_close,
	.read = engine_read,
	.open = engine_open,
};
