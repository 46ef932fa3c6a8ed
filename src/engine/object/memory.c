/* A private store's keep: memfds of this process. Its views are the list of what there
 * is; after fork(2) each process has a list of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "store.h"

static int memory_make(struct store *store, u32 id)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "skep-%u", id);
	fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int memory_open(struct store *store, u32 id, int flags)
{
	struct object *obj;
	struct stat st;
	char path[32];
	int fd = -1;
	u64 ino = 0;

	views_lock(store);
	obj = view_of_id(store, id);
	if (obj) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", obj->fd);
		ino = obj->ino;
	}
	views_unlock(store);
	if (!obj)
		return -ENOENT;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The program may have closed what it did not open. */
	if (!fstat(fd, &st) && st.st_ino == ino)
		return fd;
	close(fd);
	return -EBADF;
}

static int memory_list(struct store *store, struct ids *out)
{
	int err = 0;

	views_lock(store);
	for (u32 i = 0; i < VIEW_BUCKETS; i++)
		for (struct object *obj = store->by_id[i]; obj && !err;
		     obj = obj->next_id) {
			u32 *id = obj->gone ? NULL : vec_push(out);

			if (id)
				*id = obj->id;
			else if (!obj->gone)
				err = -ENOMEM;
		}
	views_unlock(store);
	return err;
}

static void memory_remove(struct store *store, u32 id)
{
	struct object *obj;

	views_lock(store);
	obj = view_of_id(store, id);
	if (obj)
		__atomic_store_n(&obj->gone, true, __ATOMIC_RELAXED);
	views_unlock(store);
}

static bool memory_pinned(struct store *store, u32 id, const struct stat *st)
{
	struct pin *pin;

	vec_each(pin, &store->pinned)
		if (pin->id == id)
			return true;
	return false;
}

static struct pin *find_pin(struct store *store, const char *path, size_t len)
{
	struct pin *pin;

	vec_each(pin, &store->pinned)
		if (strlen(pin->path) == len && !memcmp(pin->path, path, len))
			return pin;
	return NULL;
}

/* The one name that a path has: no folder stands below a private engine's pins. *name is
 * "" for the folder of pins itself; *slash: something may stand behind it. */
static int one_name(struct store *store, const char *path, const char **name, size_t *len,
		    bool *slash)
{
	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || !path[1])))
		path++;
	*name = path;
	*len = strcspn(path, "/");
	*slash = path[*len] == '/';
	path += *len;
	path += strspn(path, "/");
	if (*path)
		return find_pin(store, *name, *len) ? -ENOTDIR : -ENOENT;
	return *len > 255 ? -ENAMETOOLONG : 0;
}

static int memory_pin(struct store *store, u32 id, const char *path)
{
	const char *name;
	struct pin *pin;
	char *copy;
	size_t len;
	bool slash;
	int err = one_name(store, path, &name, &len, &slash);

	if (err)
		return err;
	if (!len || find_pin(store, name, len))
		return -EEXIST;
	if (slash)
		return -ENOENT;
	copy = mem_strndup(name, len);
	pin = copy ? vec_push(&store->pinned) : NULL;
	if (!pin) {
		mem_free(copy);
		return -ENOMEM;
	}
	pin->path = copy;
	pin->id = id;
	return 0;
}

/* A pin that exists; `folder` is the errno for the folder of pins itself. */
static int get_pin(struct store *store, const char *path, int folder, struct pin **pin)
{
	const char *name;
	size_t len;
	bool slash;
	int err = one_name(store, path, &name, &len, &slash);

	if (err)
		return err;
	*pin = find_pin(store, name, len);
	if (*pin)
		return slash ? -ENOTDIR : 0;
	return len ? -ENOENT : folder;
}

static int memory_open_pin(struct store *store, const char *path, int flags)
{
	struct pin *pin;
	int err = get_pin(store, path, -EACCES, &pin);

	return err ? err : memory_open(store, pin->id, flags);
}

static int memory_unpin(struct store *store, const char *path)
{
	struct pin *pin;
	int err = get_pin(store, path, -EISDIR, &pin);

	if (err)
		return err;
	mem_free(pin->path);
	*pin = store->pinned.at[--store->pinned.n];
	return 0;
}

static void memory_close(struct store *store)
{
	struct pin *pin;

	vec_each(pin, &store->pinned)
		mem_free(pin->path);
	vec_free(&store->pinned);
}

const struct keep keep_memory = {
	.make = memory_make,
	.open = memory_open,
	.list = memory_list,
	.remove = memory_remove,
	.pinned = memory_pinned,
	.pin = memory_pin,
	.open_pin = memory_open_pin,
	.unpin = memory_unpin,
	.close = memory_close,
};
