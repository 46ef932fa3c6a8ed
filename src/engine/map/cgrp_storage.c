/* A value for each cgroup; user space names one by an fd of its directory. */
#include "cgrp_storage.h"
#include "mem.h"
#include "os.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { TEXT_MOST = 1 << 20 };

/* 0: it is none. */
static long version_of(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return 0;
	return fs.f_type == CGROUP2_SUPER_MAGIC	 ? 2
	       : fs.f_type == CGROUP_SUPER_MAGIC ? 1
						 : 0;
}

/* However often it is mounted, there is one hierarchy of version 2. */
struct local_owner cgrp_storage_owner(u64 id)
{
	return (struct local_owner){id, 0};
}

/* The directory of a cgroup that was removed is empty. */
static int by_fd(int fd, struct local_owner *out)
{
	struct stat st;
	long version;

	if (fd < 0 || fstat(fd, &st) || !S_ISDIR(st.st_mode) ||
	    !(version = version_of(fd)))
		return -EBADF;
	if (faccessat(fd, "cgroup.procs", F_OK, 0))
		return -ENOENT;
	*out = version == 2 ? cgrp_storage_owner(st.st_ino)
			    : (struct local_owner){st.st_ino, st.st_dev};
	return 0;
}

/* ---- a thread's cgroup ---- */

enum { OWN_LEVEL = -1 };

/* cgroups(7): the line "0::PATH" of /proc/TID/cgroup, without its newline. */
static bool read_path(u32 tid, char *out, size_t room)
{
	char path[40];
	const char *at;
	size_t len;
	void *text;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", tid);
	if (os_read_file(path, TEXT_MOST, &text, &len))
		return false;
	at = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (at)
		at = strchr(at, '/');
	len = at ? strcspn(at, "\n") : room;
	if (len < room)
		snprintf(out, room, "%.*s", (int)len, at);
	mem_free(text);
	return len < room;
}

/* proc(5): of a line of mountinfo, the root within the hierarchy and the place. */
static bool is_cgroup2(const char *line, char root[], char place[])
{
	const char *type = strstr(line, " - cgroup2 "), *end = strchr(line, '\n');

	return type && (!end || type < end) &&
	       sscanf(line, "%*s %*s %*s %1023s %1023s", root, place) == 2;
}

/* The directory of a cgroup, in whichever mount has it. */
static u64 find(const char *mounts, const char *path)
{
	char root[1024], place[1024], dir[3072];
	struct stat st;

	for (const char *line = mounts; line; line = strchr(line, '\n')) {
		size_t len;

		line += *line == '\n';
		if (!is_cgroup2(line, root, place))
			continue;
		len = strcmp(root, "/") ? strlen(root) : 0;
		if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
			continue;
		snprintf(dir, sizeof(dir), "%s%s", place, path + len);
		if (!stat(dir, &st))
			return st.st_ino;
	}
	return 0;
}

/* The path's first `level` parts; false: it has fewer. */
static bool cut(char *path, s32 level)
{
	char *at = path;

	while (level-- > 0) {
		if (!at[0] || !at[1])
			return false;
		at += 1 + strcspn(at + 1, "/");
	}
	*at = 0;
	return true;
}

static u64 id_of(u32 tid, s32 level)
{
	char path[1024];
	void *mounts;
	size_t len;
	u64 id;

	if (!read_path(tid, path, sizeof(path)) ||
	    (level != OWN_LEVEL && !cut(path, level)) ||
	    os_read_file("/proc/self/mountinfo", TEXT_MOST, &mounts, &len))
		return 0;
	id = find(mounts, path);
	mem_free(mounts);
	return id;
}

u64 cgrp_storage_id(u32 tid)
{
	return id_of(tid, OWN_LEVEL);
}

u64 cgrp_storage_ancestor(u32 tid, s32 level)
{
	return level < 0 ? 0 : id_of(tid, level);
}

/* ---- the type ---- */

/* Nobody can ask for a cgroup by its inode without privileges. */
static bool gone(const struct local_owner *owner)
{
	return false;
}

const struct local_kind cgrp_storage_kind = {by_fd, gone};

static void *user_lookup(struct map *map, const void *key, u32 slot)
{
	return local_storage_lookup(map, &cgrp_storage_kind, key);
}

static int user_read(struct map *map, const void *key, void *value)
{
	return local_storage_read(map, &cgrp_storage_kind, key, value);
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return local_storage_write(map, &cgrp_storage_kind, key, value, flags);
}

static int user_remove(struct map *map, const void *key)
{
	return local_storage_remove(map, &cgrp_storage_kind, key);
}

const struct map_ops map_cgrp_storage = {
	.name = "cgrp_storage",
	LOCAL_STORAGE_OPS,
	.lookup = user_lookup,
	.read = user_read,
	.write = user_write,
	.remove = user_remove,
};
