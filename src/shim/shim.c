/* The state of the shim: the C library's functions, the engine, who is inside. */
#include "shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "msg.h"

/* The one mutable state: a program has one set of system calls. */
static struct {
	struct real real;
	bool ready; /* `real` is filled in */
	pthread_mutex_t opening;
	struct skep_engine *engine;
	u32 inside;	    /* threads in the engine, for fork(2) */
	char dir[PATH_MAX]; /* of the engine, as of the start */
} shim = {.opening = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local u32 depth __attribute__((tls_model("initial-exec")));
static _Thread_local int saved_errno __attribute__((tls_model("initial-exec")));
static _Thread_local int saved_cancel __attribute__((tls_model("initial-exec")));

/* ---- the C library ---- */

static void find_real(void)
{
#define REAL(type, name, params)       *(void **)&shim.real.name = dlsym(RTLD_NEXT, #name);
#define PATH(type, name, params, args) REAL(type, name, params)
#include "real.def"
#include "path.def"
#undef PATH
#undef REAL
}

const struct real *real(void)
{
	if (unlikely(!__atomic_load_n(&shim.ready, __ATOMIC_ACQUIRE))) {
		find_real(); /* perhaps by two threads: they find the same */
		__atomic_store_n(&shim.ready, true, __ATOMIC_RELEASE);
	}
	return &shim.real;
}

/* ---- starting, forking ---- */

static void forking(void)
{
	pthread_mutex_lock(&shim.opening);
	shim_poll_lock();
}

static void forked(void)
{
	shim_poll_unlock();
	pthread_mutex_unlock(&shim.opening);
}

static void forked_child(void)
{
	/* What another thread was doing in there will never be finished here. */
	if (shim.inside > (depth ? 1 : 0))
		shim.engine = NULL;
	shim.inside = depth ? 1 : 0;
	forked();
}

__attribute__((constructor)) static void start(void)
{
	real();
	if (skep_engine_dir(shim.dir, sizeof(shim.dir)) >= (int)sizeof(shim.dir))
		shim.dir[0] = '\0';
	pthread_atfork(forking, forked, forked_child);
}

static struct skep_engine *open_engine(void)
{
	const char *unprivileged = getenv("SKEP_ENGINE_UNPRIVILEGED");
	struct skep_engine_opts opts = {.size = sizeof(opts),
					.shared = true,
					.dir = shim.dir,
					.unprivileged = unprivileged && *unprivileged};
	struct skep_engine *engine = NULL;
	int err = shim.dir[0] ? skep_engine_open(&opts, &engine) : -ENAMETOOLONG;

	if (err)
		shim_say(0, 0, msg_shim_engine, strerror(-err));
	return engine;
}

/* ---- inside ---- */

bool shim_inside(void)
{
	return depth != 0;
}

bool shim_open(void)
{
	return __atomic_load_n(&shim.engine, __ATOMIC_ACQUIRE) != NULL;
}

static void enter(void)
{
	if (depth++)
		return;
	saved_errno = errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &saved_cancel);
	__atomic_fetch_add(&shim.inside, 1, __ATOMIC_SEQ_CST);
}

void shim_leave(void)
{
	if (--depth)
		return;
	__atomic_fetch_sub(&shim.inside, 1, __ATOMIC_SEQ_CST);
	pthread_setcancelstate(saved_cancel, NULL);
	errno = saved_errno;
}

struct skep_engine *shim_enter(void)
{
	struct skep_engine *engine;

	enter();
	engine = __atomic_load_n(&shim.engine, __ATOMIC_ACQUIRE);
	if (likely(engine))
		return engine;
	pthread_mutex_lock(&shim.opening);
	engine = shim.engine;
	if (!engine) {
		engine = open_engine();
		__atomic_store_n(&shim.engine, engine, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&shim.opening);
	if (!engine)
		shim_leave();
	return engine;
}

/* Of a process that has not used the engine yet: it may have inherited an object. */
static bool looks_ours(int fd)
{
	struct stat st;
	u64 magic = 0;
	int saved = errno;
	bool ours = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
		    st.st_uid == geteuid() && (st.st_mode & 0777) == 0600 &&
		    pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) &&
		    magic == OBJECT_MAGIC;

	errno = saved;
	return ours;
}

struct object *shim_get(int fd)
{
	struct skep_engine *engine;
	struct object *obj;

	if (fd < 0 || depth || (!shim_open() && !looks_ours(fd)))
		return NULL;
	engine = shim_enter();
	if (engine && !object_get(engine->store, fd, 0, &obj, NULL))
		return obj;
	if (engine)
		shim_leave();
	return NULL;
}

void shim_put(struct object *obj)
{
	object_put(obj);
	shim_leave();
}

long shim_result(long ret)
{
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

/* ---- pins ---- */

/* Only in plain paths: "/sys/fs/bpf/../x" is elsewhere. */
static const char *below_bpffs(const char *path)
{
	const size_t len = strlen(SHIM_BPFFS);

	if (!shim_absolute(path) || path[1] != 's' || strncmp(path, SHIM_BPFFS, len) ||
	    (path[len] && path[len] != '/') || strstr(path + len, "/../"))
		return NULL;
	return path + len;
}

const char *shim_path(const char *path, char buf[PATH_MAX])
{
	const char *below = depth ? NULL : below_bpffs(path);

	if (!below || !shim_enter())
		return path;
	shim_leave();
	if (snprintf(buf, PATH_MAX, "%s/pins%s", shim.dir, below) >= PATH_MAX)
		return path;
	return buf;
}
