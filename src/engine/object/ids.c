/* Objects found by id, and the closing of fds. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "store.h"

/* Whether the object is alive by itself, or may be so by a reference alone: -ENOENT if it
 * is neither, 0, or 1 for "ask the sweep". */
static int probe_id(struct store *store, enum object_kind kind, u32 id)
{
	struct object_head head;
	struct stat st;
	int fd = store->keep->open(store, id, O_RDONLY), ret = -ENOENT;

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

int object_next_id(struct store *store, enum object_kind kind, u32 start, u32 *next)
{
	struct ids ids = {0};
	int err;
	u32 *id;

	store_lock(store);
	err = ids_list(store, &ids);
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

/* ---- closing ---- */

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
	if (!held)
		sweep_locked(store);
	store_unlock(store);
	object_put(obj);
	views_drop(store);
	return 0;
}
