/* Objects found by id, and the closing of fds. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "store.h"

/* Whether this process knows the object, and as one of another kind. */
static bool is_other(struct store *store, enum object_kind kind, u32 id)
{
	struct object *obj;
	bool other;

	views_lock(store);
	obj = view_of_id(store, id);
	other = obj && kind && obj->kind != kind;
	views_unlock(store);
	return other;
}

/* Whether the object is alive by itself, or may be so by a reference alone: -ENOENT if it
 * is neither, 0, or 1 for "ask the sweep". */
static int probe_id(struct store *store, enum object_kind kind, u32 id)
{
	struct object_head head;
	struct stat st;
	int fd, ret = -ENOENT;

	if (is_other(store, kind, id))
		return -ENOENT;
	fd = store->keep->open(store, id, O_RDONLY);
	if (fd < 0)
		return fd == -ENOENT ? -ENOENT : fd;
	if (head_read(store, fd, id, &head, &st, NULL) == file_good &&
	    (!kind || head.kind == kind))
		ret = !store->keep->pinned(store, id, &st) && !file_held(fd);
	close(fd);
	return ret;
}

/* With the store locked: 0 or -errno. */
static int find_alive(struct store *store, enum object_kind kind, u32 id)
{
	int ret = probe_id(store, kind, id);

	if (ret <= 0)
		return ret;
	sweep_locked(store);
	ret = probe_id(store, kind, id);
	return MIN(ret, 0);
}

bool object_held(struct object *obj)
{
	bool held;

	store_lock(obj->store);
	held = file_held(obj->fd);
	store_unlock(obj->store);
	return held;
}

bool object_wanted(struct object *obj)
{
	struct store *store = obj->store;
	struct stat st;
	bool wanted;

	if (!store_try_lock(store))
		return true;
	wanted = file_held(obj->fd) ||
		 (!fstat(obj->fd, &st) && store->keep->pinned(store, obj->id, &st));
	store_unlock(store);
	return wanted;
}

int object_open_id(struct store *store, enum object_kind kind, u32 id, int flags)
{
	int fd;

	store_lock(store);
	fd = id ? find_alive(store, kind, id) : -ENOENT;
	if (!fd)
		fd = hold(store->keep->open(store, id, flags));
	store_unlock(store);
	views_drop(store);
	return fd;
}

/* With the store locked, which it is no more then. */
static int next_id(struct store *store, enum object_kind kind, u32 start, u32 *next)
{
	struct ids ids = {0};
	int err = ids_list(store, &ids);
	u32 *id;

	if (!err)
		err = -ENOENT;
	vec_each(id, &ids) {
		if (*id <= start || err != -ENOENT)
			continue;
		err = find_alive(store, kind, *id);
		*next = *id;
	}
	store_unlock(store);
	vec_free(&ids);
	views_drop(store);
	return err;
}

int object_next_id(struct store *store, enum object_kind kind, u32 start, u32 *next)
{
	store_lock(store);
	return next_id(store, kind, start, next);
}

int object_try_next_id(struct store *store, enum object_kind kind, u32 start, u32 *next)
{
	return store_try_lock(store) ? next_id(store, kind, start, next) : -EAGAIN;
}

/* ---- closing ---- */

/* Whoever asks for an id or a pin sweeps first, so that nobody sees what has died; to
 * give its memory back at once, one sweep for each close(2), would cost a short-lived
 * process more than all its other work. Links and statistics end with their holder. */
static bool sweep_is_due(struct store *store, const struct object *obj)
{
	enum { RELEASES = 8, BYTES = 16 << 20 };

	if (obj->kind == OBJECT_LINK || obj->kind == OBJECT_PERF ||
	    obj->kind == OBJECT_STATS)
		return true;
	store->released_bytes += obj->size;
	if (++store->released < RELEASES && store->released_bytes < BYTES)
		return false;
	store->released = 0;
	store->released_bytes = 0;
	return true;
}

int object_close(struct store *store, int fd)
{
	struct object *obj;
	struct stat st;
	bool held = true;

	if (fstat(fd, &st))
		return -EBADF;
	obj = view_use(store, &st);
	if (close(fd) && errno != EINTR) {
		if (obj)
			object_put(obj);
		return -errno;
	}
	if (!obj)
		return 0;
	store_lock(store);
	held = file_held(obj->fd) || store->keep->pinned(store, obj->id, &st);
	if (!held && sweep_is_due(store, obj))
		sweep_locked(store);
	store_unlock(store);
	if (!held && obj->ops->released)
		obj->ops->released(obj);
	object_put(obj);
	views_drop(store);
	return 0;
}
