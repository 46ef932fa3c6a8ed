/* A value for each cgroup; user space names one by an fd of its directory. */
#include "local_storage.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static bool is_cgroup(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) &&
	       (fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC);
}

/* The directory of a cgroup that was removed is empty. */
static int by_fd(int fd, struct local_owner *out)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISDIR(st.st_mode) || !is_cgroup(fd))
		return -EBADF;
	if (faccessat(fd, "cgroup.procs", F_OK, 0))
		return -ENOENT;
	*out = (struct local_owner){st.st_ino, st.st_dev};
	return 0;
}

/* Nobody can ask for a cgroup by its inode without privileges. */
static bool gone(const struct local_owner *owner)
{
	return false;
}

static const struct local_kind kind = {by_fd, gone};

static void *user_lookup(struct map *map, const void *key, u32 slot)
{
	return local_storage_lookup(map, &kind, key);
}

static int user_read(struct map *map, const void *key, void *value)
{
	return local_storage_read(map, &kind, key, value);
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return local_storage_write(map, &kind, key, value, flags);
}

static int user_remove(struct map *map, const void *key)
{
	return local_storage_remove(map, &kind, key);
}

const struct map_ops map_cgrp_storage = {
	.name = "cgrp_storage",
	LOCAL_STORAGE_OPS,
	.lookup = user_lookup,
	.read = user_read,
	.write = user_write,
	.remove = user_remove,
};
