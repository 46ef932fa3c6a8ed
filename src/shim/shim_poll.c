/* Waiting for ring buffers and perf events. Their descriptors are files, which epoll(7)
 * does not take: in an epoll set an eventfd of ours stands for each, and before the
 * program waits it is made readable or not, as the ring is. Rings become readable without
 * a system call, so a wait is one for the store's events with a look at the set now and
 * then. */
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "map.h"
#include "mem.h"
#include "os.h"
#include "perf_output.h"
#include "vec.h"

enum { SLICE_MS = 5, HIGH_FD = 512 };

struct watch {
	struct object *obj; /* with a use */
	int epfd, event;    /* as numbers; the eventfd in the set */
	bool on;	    /* it is readable */
};

static struct {
	pthread_mutex_t lock;
	vec(struct watch) all;
} watches = {.lock = PTHREAD_MUTEX_INITIALIZER};

void shim_poll_lock(void)
{
	pthread_mutex_lock(&watches.lock);
}

void shim_poll_unlock(void)
{
	pthread_mutex_unlock(&watches.lock);
}

/* ---- watches ---- */

static struct map *map_of(struct object *obj)
{
	return container_of(obj, struct map, obj);
}

static bool can_wait(struct object *obj)
{
	return obj->kind == OBJECT_PERF ||
	       (obj->kind == OBJECT_MAP && map_of(obj)->ops->poll);
}

/* Whether a watch is to be readable. A perf event says once that there are records: that
 * holds until the program comes back to wait for this set. */
static bool is_ready(const struct watch *w, bool back)
{
	if (w->obj->kind == OBJECT_PERF)
		return perf_poll(container_of(w->obj, struct perf, obj)) & POLLIN ||
		       (w->on && !back);
	return map_poll(map_of(w->obj)) & POLLIN;
}

static void watch_end(struct watch *w)
{
	object_put(w->obj);
	close(w->event);
	*w = watches.all.at[--watches.all.n];
}

/* A set that is closed, or a number that is another's now, has not our eventfd in it. */
static bool watch_lives(const struct watch *w)
{
	struct epoll_event none = {0};

	if (!real()->epoll_ctl(w->epfd, EPOLL_CTL_ADD, w->event, &none)) {
		real()->epoll_ctl(w->epfd, EPOLL_CTL_DEL, w->event, NULL);
		return false;
	}
	return errno == EEXIST;
}

static struct watch *watch_find(int epfd, const struct object *obj)
{
	struct watch *w;

	vec_each(w, &watches.all)
		if (w->epfd == epfd && w->obj == obj)
			return w;
	return NULL;
}

/* Out of the way of the program's own numbers. */
static int make_event(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), high;

	high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

static int watch_add(int epfd, struct object *obj, struct epoll_event *event)
{
	struct watch *w;
	int err;

	for (size_t i = watches.all.n; i-- > 0;)
		if (!watch_lives(&watches.all.at[i]))
			watch_end(&watches.all.at[i]);
	if (watch_find(epfd, obj))
		return -EEXIST;
	w = vec_push(&watches.all);
	if (!w)
		return -ENOMEM;
	*w = (struct watch){.epfd = epfd, .event = make_event()};
	err = w->event < 0 || real()->epoll_ctl(epfd, EPOLL_CTL_ADD, w->event, event)
		      ? -errno
		      : 0;
	if (!err)
		err = object_get(obj->store, obj->fd, 0, &w->obj, NULL);
	if (!err)
		return 0;
	if (w->event >= 0)
		close(w->event);
	watches.all.n--;
	return err;
}

static int watch_change(int op, int epfd, struct object *obj, struct epoll_event *event)
{
	struct watch *w;
	int err;

	if (op == EPOLL_CTL_ADD)
		return watch_add(epfd, obj, event);
	w = watch_find(epfd, obj);
	if (!w)
		return -ENOENT;
	err = real()->epoll_ctl(epfd, op, w->event, event) ? -errno : 0;
	if (!err && op == EPOLL_CTL_DEL)
		watch_end(w);
	return err;
}

SHIM_HOOK int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct object *obj = shim_get(fd);
	int err = -EPERM; /* as the kernel says of files that cannot be polled */

	if (!obj)
		return real()->epoll_ctl(epfd, op, fd, event);
	if (can_wait(obj)) {
		pthread_mutex_lock(&watches.lock);
		err = watch_change(op, epfd, obj, event);
		pthread_mutex_unlock(&watches.lock);
	}
	shim_put(obj);
	return (int)shim_result(err);
}

/* Not through read(2) and write(2), where a thread may be cancelled. */
static bool set_event(int fd, bool on)
{
	u64 one = 1;

	return real()->syscall(on ? SYS_write : SYS_read, fd, &one, sizeof(one)) >= 0;
}

/* Makes the eventfds what the objects are. `back`: the set that a wait begins for, or -1.
 * False: nothing is watched. */
static bool refresh(int back)
{
	struct watch *w;
	bool any;

	if (!shim_enter())
		return false;
	pthread_mutex_lock(&watches.lock);
	vec_each(w, &watches.all) {
		bool on = is_ready(w, w->epfd == back);

		if (on != w->on && set_event(w->event, on))
			w->on = on;
	}
	any = watches.all.n != 0;
	pthread_mutex_unlock(&watches.lock);
	shim_leave();
	return any;
}

/* ---- waiting ---- */

/* A program's wait: what it waits for, and how long yet. */
struct wait {
	int (*look)(struct wait *w); /* without waiting: how many are ready, or -errno */
	u64 end;		     /* CLOCK_MONOTONIC; ~0: never */
	int epfd, n;
	struct epoll_event *events;
	struct pollfd *fds;
	nfds_t nfds;
};

static u64 end_of(int ms)
{
	return ms < 0 ? ~0ull : os_clock_ns() + (u64)ms * 1000000;
}

/* Milliseconds until the end, but a slice at most. */
static int slice(u64 end)
{
	u64 now = os_clock_ns();

	if (now >= end)
		return 0;
	return (int)MIN((end - now + 999999) / 1000000, (u64)SLICE_MS);
}

/* Between two looks the thread is not inside: a handler may jump out of the wait, and the
 * C library's calls may end a thread that is cancelled. */
static int wait_loop(struct wait *w, struct store *store)
{
	for (int back = w->epfd;; back = -1) {
		u32 seen = store_events(store);
		int ret = refresh(back) ? w->look(w) : -ENOSYS, ms = slice(w->end);

		if (ret || !ms)
			return ret;
		ret = store_wait(store, seen, ms);
		if (ret == -EINTR)
			return ret;
	}
}

/* False: no ring buffer is watched, the C library shall wait. */
static bool wait_here(struct wait *w, int *ret)
{
	struct skep_engine *engine;

	if (!shim_open() || shim_inside() || !watches.all.n)
		return false;
	engine = shim_enter();
	if (!engine)
		return false;
	shim_leave();
	*ret = wait_loop(w, engine->store);
	return *ret != -ENOSYS;
}

static int look_epoll(struct wait *w)
{
	int n = real()->epoll_wait(w->epfd, w->events, w->n, 0);

	return n < 0 ? -errno : n;
}

SHIM_HOOK int epoll_wait(int epfd, struct epoll_event *events, int n, int ms)
{
	struct wait w = {look_epoll, end_of(ms), epfd, n, events, NULL, 0};
	int ret;

	return wait_here(&w, &ret) ? (int)shim_result(ret)
				   : real()->epoll_wait(epfd, events, n, ms);
}

/* The mask is not swapped in one step with the wait: the wait ends after a slice. */
SHIM_HOOK int epoll_pwait(int epfd, struct epoll_event *events, int n, int ms,
			  const sigset_t *set)
{
	struct wait w = {look_epoll, end_of(ms), epfd, n, events, NULL, 0};
	sigset_t old;
	bool here;
	int ret;

	if (!shim_open() || !watches.all.n)
		return real()->epoll_pwait(epfd, events, n, ms, set);
	if (set)
		pthread_sigmask(SIG_SETMASK, set, &old);
	here = wait_here(&w, &ret);
	if (set)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	return here ? (int)shim_result(ret)
		    : real()->epoll_pwait(epfd, events, n, ms, set);
}

static int look_poll(struct wait *w)
{
	int n = real()->poll(w->fds, w->nfds, 0);

	return n < 0 ? -errno : n;
}

/* Whether one of the descriptors is an object itself. `fds` may be no address. */
static bool has_objects(const struct pollfd *fds, nfds_t n)
{
	struct object *obj = NULL;
	struct pollfd one;

	if (!shim_open() || shim_inside())
		return false;
	for (nfds_t i = 0; i < n && !obj; i++) {
		if (user_copy_in(&one, u64_of(&fds[i]), sizeof(one)))
			return false;
		obj = shim_get(one.fd);
	}
	if (obj)
		shim_put(obj);
	return obj;
}

static int poll_objects(struct pollfd *fds, nfds_t n, u64 end)
{
	struct skep_engine *engine;
	int ret, ms;

	do {
		pthread_testcancel();
		ms = slice(end);
		engine = shim_enter();
		if (!engine)
			return -ENOMEM;
		ret = engine->sys.poll(&engine->sys, fds, n, ms);
		shim_leave();
	} while (!ret && ms);
	return ret;
}

SHIM_HOOK int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct wait w = {look_poll, end_of(ms), -1, 0, NULL, fds, n};
	int ret;

	if (has_objects(fds, n))
		return (int)shim_result(poll_objects(fds, n, w.end));
	return wait_here(&w, &ret) ? (int)shim_result(ret) : real()->poll(fds, n, ms);
}

SHIM_HOOK int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts,
		    const sigset_t *set)
{
	sigset_t old;
	int ret, ms = -1;

	if (!shim_open() || shim_inside() || (!watches.all.n && !has_objects(fds, n)))
		return real()->ppoll(fds, n, ts, set);
	if (ts)
		ms = (int)MIN(ts->tv_sec * 1000 + (ts->tv_nsec + 999999) / 1000000,
			      (long)INT_MAX);
	if (set)
		pthread_sigmask(SIG_SETMASK, set, &old);
	ret = poll(fds, n, ms);
	if (set)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

SHIM_SAME(__poll_chk, poll)
SHIM_SAME(__ppoll_chk, ppoll)
