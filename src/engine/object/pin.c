/* Pins: paths below /sys/fs/bpf. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "store.h"

/* A path in two readings: as text, normal and absolute, and what of the user's own
 * spelling follows /sys/fs/bpf, so that whoever walks it finds the same faults as the
 * kernel does ("file/../x"). */
struct pin_path {
	char text[PATH_MAX];
	const char *below; /* NULL: the path leads elsewhere */
	bool dotted;	   /* a name in it has a dot */
};

#define BPFFS "/sys/fs/bpf"

static int add_name(struct pin_path *p, size_t *len, const char *name, size_t n)
{
	if (*len + n + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	p->text[(*len)++] = '/';
	memcpy(p->text + *len, name, n);
	*len += n;
	p->text[*len] = '\0';
	return 0;
}

static void drop_name(struct pin_path *p, size_t *len)
{
	while (*len && p->text[--*len] != '/')
		;
	p->text[*len] = '\0';
	if (*len < strlen(BPFFS))
		p->below = NULL;
}

static int parse_names(struct pin_path *p, size_t len, const char *path)
{
	int err = 0;

	while (*path && !err) {
		size_t n = strcspn(path, "/");
		const char *next = path + n + (path[n] == '/');

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			drop_name(p, &len);
		} else if (n && !(n == 1 && path[0] == '.')) {
			err = add_name(p, &len, path, n);
			if (!err && !p->below && !strcmp(p->text, BPFFS))
				p->below = next;
			else
				p->dotted |= p->below && memchr(path, '.', n);
		}
		path = next;
	}
	return err;
}

static int parse_path(struct pin_path *p, const char *path)
{
	p->below = NULL;
	p->dotted = false;
	p->text[0] = '\0';
	if (!*path)
		return -ENOENT;
	if (*path != '/' && !getcwd(p->text, PATH_MAX))
		return -errno;
	if (!strcmp(p->text, "/"))
		p->text[0] = '\0';
	return parse_names(p, strlen(p->text), path);
}

/* bpf(2) looks at the path first and at the file system that it is on second. */
static int pin_elsewhere(struct pin_path *p)
{
	struct stat st;
	char *slash = strrchr(p->text, '/');

	if (!slash || !lstat(p->text, &st))
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	slash[slash == p->text] = '\0';
	return stat(p->text, &st) ? -errno : -EPERM;
}

static int pin_object(struct object *obj, const char *path)
{
	struct store *store = obj->store;
	struct pin_path p;
	int err = obj->ops->pins ? parse_path(&p, path) : -EINVAL;

	if (err)
		return err;
	if (!p.below)
		return pin_elsewhere(&p);
	if (p.dotted) /* the kernel keeps such names for itself */
		return -EPERM;
	store_lock(store);
	err = store->keep->pin(store, obj->id, p.below);
	store_unlock(store);
	return err;
}

int object_pin(struct store *store, int fd, const char *path)
{
	struct object *obj;
	int err = object_get(store, fd, 0, &obj, NULL);

	if (err)
		return -EINVAL;
	err = pin_object(obj, path);
	object_put(obj);
	return err;
}

/* The file at a pin may be anything that its user put there. Returns the kind. */
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
	err = fstat(own, &named) || named.st_ino != st.st_ino;
	close(own);
	return err ? -EACCES : (int)head.kind;
}

/* Only maps are opened as the flags say. */
static int open_pin(struct store *store, const char *below, int flags)
{
	int fd = store->keep->open_pin(store, below, O_RDONLY), kind;

	if (fd < 0)
		return fd;
	kind = check_pin(store, fd);
	close(fd);
	if (kind < 0)
		return kind;
	if (kind == OBJECT_LINK && flags != O_RDWR)
		return -EINVAL;
	return hold(
		store->keep->open_pin(store, below, kind == OBJECT_MAP ? flags : O_RDWR));
}

int object_open_pin(struct store *store, const char *path, int flags)
{
	struct pin_path p;
	struct stat st;
	int fd = parse_path(&p, path);

	if (fd)
		return fd;
	if (!p.below)
		return stat(path, &st) ? -errno : -EACCES;
	if (p.dotted)
		return -EPERM;
	store_lock(store);
	fd = open_pin(store, p.below, flags);
	store_unlock(store);
	return fd;
}

int object_unpin(struct store *store, const char *path)
{
	struct pin_path p;
	int err = parse_path(&p, path);

	if (err)
		return err;
	if (!p.below)
		return -EPERM;
	store_lock(store);
	err = store->keep->unpin(store, p.below);
	if (!err)
		sweep_locked(store);
	store_unlock(store);
	views_drop(store);
	return err;
}
