/* Objects found by what is known of them: an id, a pin; and the closing of fds. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* ---- pins ---- */

#define BPFFS "/sys/fs/bpf"

/* The path without ".", ".." and double slashes, absolute. */
static int normal_path(const char *path, char out[PATH_MAX])
{
	size_t len = 0;

	if (*path != '/') {
		if (!getcwd(out, PATH_MAX))
			return -errno;
		len = strlen(out) == 1 ? 0 : strlen(out);
	}
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (len + n + 2 > PATH_MAX)
				return -ENAMETOOLONG;
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	out[len] = '\0';
	return 0;
}

/* The part below the file system of pins in *pin; 0, or the errno that bpf(2) has for
 * a path elsewhere. */
static int pin_path(const char *path, char buf[PATH_MAX], const char **pin)
{
	size_t len = strlen(BPFFS);
	int err = *path ? normal_path(path, buf) : -ENOENT;

	if (err)
		return err;
	if (strncmp(buf, BPFFS, len) || (buf[len] && buf[len] != '/'))
		return -EXDEV;
	*pin = buf + len + (buf[len] == '/');
	/* The kernel keeps names with a dot for itself. */
	return strchr(*pin, '.') ? -EPERM : 0;
}

/* bpf(2) looks at the path first and at what it is second. */
static int pin_elsewhere(const char *buf)
{
	char parent[PATH_MAX];
	struct stat st;
	char *slash;

	if (!lstat(buf, &st))
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	strcpy(parent, buf);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	return stat(parent, &st) ? -errno : -EPERM;
}

int object_pin(struct store *store, int fd, const char *path)
{
	char buf[PATH_MAX];
	struct object *obj;
	const char *pin;
	int err = object_get(store, fd, 0, &obj, NULL);

	if (err)
		return -EINVAL;
	err = obj->ops->pins ? pin_path(path, buf, &pin) : -EINVAL;
	if (err == -EXDEV)
		err = pin_elsewhere(buf);
	if (!err) {
		store_lock(store);
		err = store->keep->pin(store, obj->id, pin);
		store_unlock(store);
	}
	object_put(obj);
	return err;
}

/* The file at a pin may be anything that its user linked there. */
static int check_pin(struct store *store, int fd)
{
	struct object_head head;
	struct stat st, named;
	int own, err;

	if (head_read(store, fd, 0, &head, &st, NULL) != file_good)
		return -EACCES;
	own = store->keep->open(store, head.id, O_RDONLY);
	if (own < 0)
		return -EACCES;
	err = fstat(own, &named) || named.st_ino != st.st_ino ? -EACCES : 0;
	close(own);
	return err;
}

static int open_pin(struct store *store, const char *pin, int flags)
{
	int fd = store->keep->open_pin(store, pin, O_RDONLY), err;

	if (fd < 0)
		return fd;
	err = check_pin(store, fd);
	close(fd);
	return err ? err : hold(store->keep->open_pin(store, pin, flags));
}

int object_open_pin(struct store *store, const char *path, int flags)
{
	char buf[PATH_MAX];
	const char *pin;
	struct stat st;
	int fd = pin_path(path, buf, &pin);

	if (fd == -EXDEV)
		return stat(buf, &st) ? -errno : -EACCES;
	if (fd)
		return fd;
	store_lock(store);
	fd = open_pin(store, pin, flags);
	store_unlock(store);
	return fd;
}

int object_unpin(struct store *store, const char *path)
{
	char buf[PATH_MAX];
	const char *pin;
	int err = pin_path(path, buf, &pin);

	if (err)
		return err == -EXDEV ? -EPERM : err;
	store_lock(store);
	err = store->keep->unpin(store, pin);
	if (!err)
		sweep_locked(store);
	store_unlock(store);
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
