#include "task_storage.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT = 1024 };

static bool read_text(const char *path, char text[TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT - 1);

	if (fd >= 0)
		close(fd);
	text[MAX(n, 0)] = '\0';
	return n > 0;
}

/* proc(5): the 22nd field of stat, counted behind the name, which may hold anything. */
int task_storage_owner(u32 tid, struct local_owner *out)
{
	char path[40], text[TEXT];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%u/stat", tid);
	at = read_text(path, text) ? strrchr(text, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -ENOENT;
	*out = (struct local_owner){tid, strtoull(at, NULL, 10)};
	return 0;
}

/* A pidfd's fdinfo says whose it is, or -1 when that has been waited for. */
static int by_fd(int fd, struct local_owner *out)
{
	char path[40], text[TEXT];
	const char *at;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	at = read_text(path, text) ? strstr(text, "\nPid:\t") : NULL;
	if (!at)
		return -EBADF;
	pid = atoi(at + 6);
	return pid > 0 ? task_storage_owner((u32)pid, out) : -ENOENT;
}

static bool gone(const struct local_owner *owner)
{
	struct local_owner now;

	if (task_storage_owner((u32)owner->who, &now)) /* or /proc is not to be read */
		return kill((pid_t)owner->who, 0) && errno == ESRCH;
	return now.since != owner->since;
}

const struct local_kind task_storage_kind = {by_fd, gone};

static void *user_lookup(struct map *map, const void *key, u32 slot)
{
	return local_storage_lookup(map, &task_storage_kind, key);
}

static int user_read(struct map *map, const void *key, void *value)
{
	return local_storage_read(map, &task_storage_kind, key, value);
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return local_storage_write(map, &task_storage_kind, key, value, flags);
}

static int user_remove(struct map *map, const void *key)
{
	return local_storage_remove(map, &task_storage_kind, key);
}

const struct map_ops map_task_storage = {
	.name = "task_storage",
	LOCAL_STORAGE_OPS,
	.lookup = user_lookup,
	.read = user_read,
	.write = user_write,
	.remove = user_remove,
};
