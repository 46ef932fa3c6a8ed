/* A shared store's keep: files objects/ID in a directory of the user's own, pins as
 * hard links to them below pins/. Symbolic links are never followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "msg.h"
#include "store.h"

enum { NAME_SIZE = 16 };

static void id_name(char name[NAME_SIZE], u32 id)
{
	snprintf(name, NAME_SIZE, "%u", id);
}

/* The id that a file's name says, exactly as id_name spells it; 0: none. */
static u32 name_id(const char *name)
{
	char again[NAME_SIZE];
	unsigned long id = strtoul(name, NULL, 10);

	if (!id || id > UINT32_MAX)
		return 0;
	id_name(again, (u32)id);
	return strcmp(name, again) ? 0 : (u32)id;
}

static int files_make(struct store *store, u32 id)
{
	char name[NAME_SIZE];
	int fd;

	id_name(name, id);
	fd = openat(store->objects, name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* What stands there may be a FIFO (O_NONBLOCK), a link, a folder: no object. */
static int files_open_id(struct store *store, u32 id, int flags)
{
	char name[NAME_SIZE];
	int fd;

	id_name(name, id);
	fd = openat(store->objects, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ENOENT;
}

static DIR *open_list(struct store *store)
{
	int fd = openat(store->objects, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static int files_list(struct store *store, struct ids *out)
{
	DIR *dir = open_list(store);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		u32 id = name_id(entry->d_name), *at;

		if (!id)
			continue;
		at = vec_push(out);
		if (at)
			*at = id;
		else
			err = -ENOMEM;
	}
	closedir(dir);
	return err;
}

static void files_remove(struct store *store, u32 id)
{
	char name[NAME_SIZE];

	id_name(name, id);
	unlinkat(store->objects, name, 0);
}

static bool files_pinned(struct store *store, u32 id, const struct stat *st)
{
	return st->st_nlink > 1;
}

/* ---- pins: the kernel walks the path, and finds the faults that it finds on bpffs ----
 */

static int files_pin(struct store *store, u32 id, const char *path)
{
	char from[NAME_SIZE];

	id_name(from, id);
	if (!linkat(store->objects, from, store->pins, *path ? path : ".", 0))
		return 0;
	return -errno;
}

static int files_open_pin(struct store *store, const char *path, int flags)
{
	int fd = openat(store->pins, *path ? path : ".",
			flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* Folders and links are no objects of bpffs either. */
	return errno == EISDIR || errno == ELOOP ? -EACCES : -errno;
}

static int files_unpin(struct store *store, const char *path)
{
	return unlinkat(store->pins, *path ? path : ".", 0) ? -errno : 0;
}

static void files_close(struct store *store)
{
}

const struct keep keep_files = {
	.make = files_make,
	.open = files_open_id,
	.list = files_list,
	.remove = files_remove,
	.pinned = files_pinned,
	.pin = files_pin,
	.open_pin = files_open_pin,
	.unpin = files_unpin,
	.close = files_close,
};

/* ---- the directory ---- */

static int check_dir(int fd, const char *dir, struct stat *st, struct skep_log *log)
{
	if (fstat(fd, st))
		return -errno;
	if (st->st_uid != geteuid()) {
		log_printf(log, msg_dir_owner, dir, st->st_uid, geteuid());
		return -EACCES;
	}
	if ((st->st_mode & 07777) != 0700) {
		log_printf(log, msg_dir_mode, dir, st->st_mode & 07777, dir);
		return -EACCES;
	}
	return 0;
}

static int open_dir(const char *dir, struct skep_log *log)
{
	int fd, err;

	if (mkdir(dir, 0700) && errno != EEXIST) {
		err = -errno;
		log_printf(log, msg_dir_make, dir, strerror(-err));
		return err;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = -errno;
	if (err == -ELOOP || err == -ENOTDIR) {
		log_printf(log, msg_dir_link, dir);
		return -EACCES;
	}
	log_printf(log, msg_dir_open, dir, strerror(-err));
	return err;
}

static int open_part(struct store *store, const char *dir, const char *part,
		     struct skep_log *log)
{
	int fd = -1;

	if (!mkdirat(store->dir, part, 0700) || errno == EEXIST)
		fd = openat(store->dir, part,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		log_printf(log, msg_dir_part, dir, part, strerror(-fd));
	}
	return fd;
}

int files_open(struct store *store, const char *dir, struct skep_log *log)
{
	struct stat st;
	int err;

	store->dir = open_dir(dir, log);
	if (store->dir < 0)
		return store->dir;
	err = check_dir(store->dir, dir, &st, log);
	if (err)
		return err;
	store->objects = open_part(store, dir, "objects", log);
	if (store->objects < 0)
		return store->objects;
	store->pins = open_part(store, dir, "pins", log);
	if (store->pins < 0)
		return store->pins;
	if (fstat(store->objects, &st))
		return -errno;
	store->dev = st.st_dev;
	return 0;
}

void files_name_leftovers(struct store *store, const char *dir, struct skep_log *log)
{
	struct object_head head;
	struct dirent *entry;
	struct stat st;
	DIR *list = open_list(store);
	const char *fault;

	while (list && (entry = readdir(list))) {
		u32 id = name_id(entry->d_name);
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		fault = "its name is no id";
		fd = id ? files_open_id(store, id, O_RDONLY) : -1;
		if (fd >= 0) {
			head_read(store, fd, id, &head, &st, &fault);
			close(fd);
		}
		if (fault)
			log_printf(log, msg_object_layout, dir, entry->d_name, fault);
	}
	if (list)
		closedir(list);
}
