/* Files: the user's pins below /sys/fs/bpf, what the engine has in place of files of
 * tracefs and sysfs, and what /proc says of an object's descriptor. */
#include "shim.h"
#include "os.h"
#include "str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define BPFFS_MAGIC 0xcafe4a11l

#define PATH(type, name, params, args) \
	SHIM_HOOK type name params \
	{ \
		char buf[PATH_MAX]; \
		const char *to = shim_path(path, buf); \
\
		return real()->name args; \
	}
#include "path.def"
#undef PATH

SHIM_HOOK int rename(const char *from, const char *to)
{
	char buf[PATH_MAX], buf2[PATH_MAX];

	return real()->rename(shim_path(from, buf), shim_path(to, buf2));
}

SHIM_HOOK int statfs(const char *path, struct statfs *out)
{
	char buf[PATH_MAX];
	const char *to = shim_path(path, buf);
	int ret = real()->statfs(to, out);

	if (!ret && to != path)
		out->f_type = BPFFS_MAGIC;
	return ret;
}

/* The user's pins need no file system of their own: where one would be mounted there is
 * one already. */
SHIM_HOOK int mount(const char *what, const char *path, const char *type,
		    unsigned long flags, const void *data)
{
	char buf[PATH_MAX];

	if (shim_path(path, buf) != path)
		return real()->access(buf, F_OK);
	return real()->mount(what, path, type, flags, data);
}

/* ---- open(2) ---- */

/* What an iterator gives, as a file in memory, so that everybody can read it, also inside
 * of the C library. */
static int drain(struct skep_sys *sys, int iter)
{
	struct str all = {0};
	char part[4096];
	ssize_t n;
	int fd;

	while ((n = sys->read(sys, iter, part, sizeof(part))) > 0 && !all.failed)
		str_append(&all, part, (size_t)n);
	fd = all.failed	     ? -ENOMEM
	     : n && !all.len ? (int)n
			     : os_memory_file(all.s, all.len);
	str_free(&all);
	return fd;
}

/* open(2) of a pin itself: only those of iterators have something to read. */
static int read_pin(const char *path, int flags)
{
	struct skep_engine *engine = shim_enter();
	int iter, fd;

	if (!engine)
		return (int)shim_result(-EPERM);
	iter = fd = engine->sys.open(&engine->sys, path);
	if (iter >= 0) {
		fd = drain(&engine->sys, iter);
		engine->sys.close(&engine->sys, iter);
	}
	if (fd >= 0 && !(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	shim_leave();
	return (int)shim_result(fd);
}

/* `path` leads there. */
static int open_pin(const char *path, const char *to, int flags, mode_t mode)
{
	struct stat st;

	if (!real()->stat(to, &st) && S_ISREG(st.st_mode))
		return read_pin(path, flags);
	if (flags & O_CREAT)
		return (int)shim_result(-EPERM);
	return real()->open(to, flags, mode);
}

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
	char buf[PATH_MAX];
	const char *to;
	int fd;

	if (likely(shim_inside() || !shim_absolute(path)))
		return real()->openat(dir, path, flags, mode);
	to = shim_path(path, buf);
	if (to != path)
		return open_pin(path, to, flags, mode);
	fd = shim_open_path(path, flags);
	return fd == SHIM_NOT_OURS ? real()->openat(dir, path, flags, mode) : fd;
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t)
								   : 0;
}

SHIM_HOOK int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_any(AT_FDCWD, path, flags, mode);
}

SHIM_HOOK int openat(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_any(dir, path, flags, mode);
}

SHIM_HOOK FILE *fopen(const char *path, const char *mode)
{
	char buf[PATH_MAX];
	FILE *f;
	int fd;

	if (shim_inside() || !shim_absolute(path) || mode[0] != 'r')
		return real()->fopen(path, mode);
	if (shim_path(path, buf) != path)
		fd = open_pin(path, buf, O_RDONLY | O_CLOEXEC, 0);
	else
		fd = shim_open_path(path, O_RDONLY | O_CLOEXEC);
	if (fd == SHIM_NOT_OURS)
		return real()->fopen(path, mode);
	f = fd < 0 ? NULL : fdopen(fd, mode);
	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* ---- what the engine has in place of files ---- */

/* The rest of a path below tracefs' events that names an event's file. */
static bool is_event_file(const char *path)
{
	static const char *const roots[] = {"/sys/kernel/tracing/events/",
					    "/sys/kernel/debug/tracing/events/"};
	size_t len = strlen(path);

	if (len < 7 ||
	    (strcmp(path + len - 3, "/id") && strcmp(path + len - 7, "/format")))
		return false;
	return !strncmp(path, roots[0], strlen(roots[0])) ||
	       !strncmp(path, roots[1], strlen(roots[1]));
}

static int open_engine_file(const char *path, int flags)
{
	struct skep_engine *engine = shim_enter();
	int fd;

	if (!engine)
		return SHIM_NOT_OURS;
	fd = engine->sys.open(&engine->sys, path);
	if (fd >= 0 && !(flags & O_CLOEXEC))
		fcntl(fd, F_SETFD, 0);
	shim_leave();
	return (int)shim_result(fd);
}

int shim_open_path(const char *path, int flags)
{
	struct object *obj;
	int fd;

	if ((flags & O_ACCMODE) != O_RDONLY ||
	    (strncmp(path, "/sys/", 5) && strncmp(path, "/proc/", 6)))
		return SHIM_NOT_OURS;
	if (is_event_file(path) || !strcmp(path, "/sys/devices/system/cpu/possible"))
		return open_engine_file(path, flags);
	obj = shim_get(shim_proc_fd(path, "fdinfo"));
	if (!obj)
		return SHIM_NOT_OURS;
	fd = shim_fdinfo(obj, shim_proc_fd(path, "fdinfo"));
	shim_put(obj);
	return (int)shim_result(fd);
}

/* ---- /proc/self/fd ---- */

int shim_proc_fd(const char *path, const char *part)
{
	char name[16], *end;
	long pid, fd;

	if (strncmp(path, "/proc/", 6))
		return -1;
	path += 6;
	if (!strncmp(path, "self/", 5)) {
		path += 5;
	} else {
		pid = strtol(path, &end, 10);
		if (pid != getpid() || *end != '/')
			return -1;
		path = end + 1;
	}
	snprintf(name, sizeof(name), "%s/", part);
	if (strncmp(path, name, strlen(name)))
		return -1;
	path += strlen(name);
	fd = strtol(path, &end, 10);
	return *path < '0' || *path > '9' || *end || fd > INT_MAX ? -1 : (int)fd;
}

static const char *const link_texts[OBJECT_KINDS] = {
	[OBJECT_MAP] = "anon_inode:bpf-map",
	[OBJECT_PROG] = "anon_inode:bpf-prog",
	[OBJECT_BTF] = "anon_inode:btf",
	[OBJECT_LINK] = "anon_inode:bpf-link",
	[OBJECT_PERF] = "anon_inode:[perf_event]",
	[OBJECT_STATS] = "anon_inode:bpf-stats",
	[OBJECT_ITER] = "anon_inode:bpf_iter",
};

/* The length of what /proc/self/fd/N says of an object, cut to `size`; -1: not ours. */
static ssize_t object_link(const char *path, char *buf, size_t size)
{
	struct object *obj = shim_inside() || !shim_absolute(path)
				     ? NULL
				     : shim_get(shim_proc_fd(path, "fd"));
	size_t len;

	if (!obj)
		return -1;
	len = MIN(strlen(link_texts[obj->kind]), size);
	memcpy(buf, link_texts[obj->kind], len);
	shim_put(obj);
	return (ssize_t)len;
}

SHIM_HOOK ssize_t readlink(const char *path, char *buf, size_t size)
{
	char to[PATH_MAX];
	ssize_t len = object_link(path, buf, size);

	return len >= 0 ? len : real()->readlink(shim_path(path, to), buf, size);
}

SHIM_HOOK ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
	char to[PATH_MAX];
	ssize_t len = object_link(path, buf, size);

	return len >= 0 ? len : real()->readlinkat(dir, shim_path(path, to), buf, size);
}

/* ---- walking ---- */

/* nftw(3) calls back in the thread that called it. */
static _Thread_local struct {
	__nftw_func_t fn;
	size_t skip; /* bytes of the paths that /sys/fs/bpf stands for */
} walk __attribute__((tls_model("initial-exec")));

static int tell(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char as[PATH_MAX];
	struct FTW moved = *ftw;

	snprintf(as, sizeof(as), "%s%s", SHIM_BPFFS, path + walk.skip);
	moved.base += (int)strlen(SHIM_BPFFS) - (int)walk.skip;
	return walk.fn(as, st, type, &moved);
}

SHIM_HOOK int nftw(const char *path, __nftw_func_t fn, int nfds, int flags)
{
	char buf[PATH_MAX];
	const char *to = shim_path(path, buf);
	int ret;

	if (to == path)
		return real()->nftw(path, fn, nfds, flags);
	walk.fn = fn;
	walk.skip = strlen(to) - (strlen(path) - strlen(SHIM_BPFFS));
	ret = real()->nftw(to, tell, nfds, flags);
	walk.fn = NULL;
	return ret;
}

/* ---- other names ---- */

SHIM_SAME(open64, open)
SHIM_SAME(__open_2, open)
SHIM_SAME(__open64_2, open)
SHIM_SAME(openat64, openat)
SHIM_SAME(__openat_2, openat)
SHIM_SAME(__openat64_2, openat)
SHIM_SAME(fopen64, fopen)
SHIM_SAME(stat64, stat)
SHIM_SAME(lstat64, lstat)
SHIM_SAME(fstatat64, fstatat)
SHIM_SAME(statfs64, statfs)
SHIM_SAME(nftw64, nftw)
SHIM_SAME(__readlink_chk, readlink)
SHIM_SAME(__readlinkat_chk, readlinkat)
