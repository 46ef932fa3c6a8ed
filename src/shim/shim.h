/* shim.h - the engine under an unmodified program
 *
 * A shared object that the dynamic loader puts before the C library (LD_PRELOAD; `skep
 * engine` does that). It stands before the few functions through which programs reach
 * bpf(2) and what lies around it, and gives these calls to the user's shared engine; all
 * else goes on to the C library as it came. The engine is linked in statically and all
 * its names are hidden, so that a program that has a libskep of its own keeps it.
 *
 * Objects are real descriptors, so dup(2), close(2), fork(2) and SCM_RIGHTS need nothing
 * from the shim. The engine is opened with the first call that is for it. What it calls
 * itself comes through here too: a thread that is inside it goes straight on, and is not
 * cancelled there. A child that was forked while another thread was inside opens the
 * engine anew.
 *
 * Not seen: system calls that do not go through the C library, and those inside of it;
 * static and set-user-id programs; select(2) on objects.
 */
#ifndef SHIM_H
#define SHIM_H

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <skep/engine.h>
#include "object.h"

#define SHIM_HOOK __attribute__((visibility("default"), used))

/* Another name of a hook in the same file. On hosts of 64 bits the large-file names take
 * the same arguments as the plain ones; fortified ones have more. */
#define SHIM_SAME(name, of) \
	extern __typeof__(of) shim_same_##name __asm__(#name) \
		__attribute__((alias(#of), visibility("default")));

/* The C library's functions, by name. */
struct real {
#define REAL(type, name, params)       type(*name) params;
#define PATH(type, name, params, args) type(*name) params;
#include "real.def"
#include "path.def"
#undef PATH
#undef REAL
};

const struct real *real(void);

/* ---- inside the engine ---- */

/* Whether this thread is inside the engine already. */
bool shim_inside(void);

/* Enters it, opening it if need be. NULL: it does not open, and the program was told;
 * nothing is to be left. errno stays as it was between enter and leave. */
struct skep_engine *shim_enter(void);
void shim_leave(void);

/* Whether this process has used the engine: other calls are not worth a look. */
bool shim_open(void);

/* Enters the engine if `fd` is an object of it: with a use, for shim_put. NULL: it is
 * none. */
struct object *shim_get(int fd);
void shim_put(struct object *obj);

/* What a function of the C library returns for an engine's result: -1 and errno. */
long shim_result(long ret);

/* ---- paths ---- */

#define SHIM_BPFFS "/sys/fs/bpf"

/* Whether `path` may be looked at: a program may pass what is no address, and gets EFAULT
 * from the kernel. Finds the usual cases, at no cost. */
static inline bool shim_absolute(const char *path)
{
	return u64_of(path) - 4096 < 1ull << 47 && path[0] == '/';
}

/* Where a path leads: `path` itself, or for what is below /sys/fs/bpf `buf`, with the
 * place among the user's own pins. */
const char *shim_path(const char *path, char buf[PATH_MAX]);

/* The descriptor that the engine gives for a path: event ids, CPUs, fdinfo of an object.
 * -1 and errno; SHIM_NOT_OURS: the C library shall open it. */
enum { SHIM_NOT_OURS = -2 };
int shim_open_path(const char *path, int flags);

/* The number in "/proc/self/PART/NUMBER", of this process; -1: it is no such path. */
int shim_proc_fd(const char *path, const char *part);

/* A file in memory with what the kernel says of an object in /proc/self/fdinfo. */
int shim_fdinfo(struct object *obj, int fd);

/* ---- what was refused ---- */

/* Told of each bpf(2) call that failed, with the attr as it was. */
void shim_refused(int cmd, const union skep_attr *attr, u32 size, int err);

/* Writes a message, unless it was said of this number before; with --strict, ends the
 * process. `kind` is the message's, below 8; number below 256. */
void shim_say(u32 kind, u32 number, const char *fmt, ...) PRINTF(3, 4);

/* ---- polling ---- */

/* Before and after fork(2), in the parent and in the child. */
void shim_poll_lock(void);
void shim_poll_unlock(void);

#endif
