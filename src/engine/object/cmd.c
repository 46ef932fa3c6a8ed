/* bpf(2) commands that are the same for every kind of object. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "cmd.h"
#include "mem.h"

/* ---- ids ---- */

static int next_id(struct store *store, enum object_kind kind, union skep_attr *attr)
{
	if (attr->start_id >= INT_MAX)
		return -EINVAL;
	if (!store_privileged(store))
		return -EPERM;
	return object_next_id(store, kind, attr->start_id, &attr->next_id);
}

int cmd_prog_next_id(struct store *store, union skep_attr *attr)
{
	return next_id(store, OBJECT_PROG, attr);
}

int cmd_map_next_id(struct store *store, union skep_attr *attr)
{
	return next_id(store, OBJECT_MAP, attr);
}

int cmd_btf_next_id(struct store *store, union skep_attr *attr)
{
	return next_id(store, OBJECT_BTF, attr);
}

int cmd_link_next_id(struct store *store, union skep_attr *attr)
{
	return next_id(store, OBJECT_LINK, attr);
}

/* The open flags that bpf(2)'s mean, or -EINVAL. */
static int open_flags(u32 flags)
{
	switch (flags) {
	case 0: return O_RDWR;
	case SKEP_F_RDONLY: return O_RDONLY;
	case SKEP_F_WRONLY: return O_WRONLY;
	default: return -EINVAL;
	}
}

static int open_id(struct store *store, enum object_kind kind, u32 id, int flags)
{
	return store_privileged(store) ? object_open_id(store, kind, id, flags) : -EPERM;
}

int cmd_prog_fd_by_id(struct store *store, union skep_attr *attr)
{
	return open_id(store, OBJECT_PROG, attr->prog_id, O_RDWR);
}

int cmd_map_fd_by_id(struct store *store, union skep_attr *attr)
{
	int flags = open_flags(attr->open_flags);

	if (attr->open_flags & ~(u32)(SKEP_F_RDONLY | SKEP_F_WRONLY))
		return -EINVAL;
	if (!store_privileged(store))
		return -EPERM;
	return flags < 0 ? flags : object_open_id(store, OBJECT_MAP, attr->map_id, flags);
}

/* There are no tokens here: no fd can be one. */
int cmd_btf_fd_by_id(struct store *store, union skep_attr *attr)
{
	if (attr->open_flags & ~SKEP_F_TOKEN_FD)
		return -EINVAL;
	if (attr->open_flags)
		return fcntl(attr->fd_by_id_token_fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
	return open_id(store, OBJECT_BTF, attr->btf_id, O_RDONLY);
}

int cmd_link_fd_by_id(struct store *store, union skep_attr *attr)
{
	return open_id(store, OBJECT_LINK, attr->link_id, O_RDONLY);
}

/* ---- pins ---- */

/* The path as the user meant it, with the folder of path_fd before a relative one. */
static int copy_path(const union skep_attr *attr, char path[PATH_MAX])
{
	char proc[32], name[PATH_MAX];
	struct stat st;
	int err, len;

	if (!(attr->file_flags & SKEP_F_PATH_FD) && attr->path_fd)
		return -EINVAL;
	err = user_copy_string(path, attr->pathname, PATH_MAX);
	if (err <= 0)
		return !err ? -ENOENT : err == -E2BIG ? -ENAMETOOLONG : err;
	if (path[0] == '/' || !(attr->file_flags & SKEP_F_PATH_FD))
		return 0;
	strcpy(name, path);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", attr->path_fd);
	len = (int)readlink(proc, path, PATH_MAX - 1);
	if (len < 0)
		return -EBADF;
	if (path[0] != '/' || stat(proc, &st) || !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return snprintf(path + len, PATH_MAX - (size_t)len, "/%s", name) >= PATH_MAX - len
		       ? -ENAMETOOLONG
		       : 0;
}

int cmd_obj_pin(struct store *store, union skep_attr *attr)
{
	char path[PATH_MAX];
	struct object *obj;
	int err;

	if (attr->file_flags & ~SKEP_F_PATH_FD)
		return -EINVAL;
	/* The kernel looks at the fd before the path. */
	if (object_get(store, (int)attr->bpf_fd, 0, &obj, NULL))
		return -EINVAL;
	err = obj->ops->pins ? copy_path(attr, path) : -EINVAL;
	object_put(obj);
	return err ? err : object_pin(store, (int)attr->bpf_fd, path);
}

int cmd_obj_get(struct store *store, union skep_attr *attr)
{
	char path[PATH_MAX];
	int flags = open_flags(attr->file_flags & ~SKEP_F_PATH_FD), err;

	if (attr->bpf_fd || flags < 0)
		return -EINVAL;
	err = copy_path(attr, path);
	return err ? err : object_open_pin(store, path, flags);
}

/* ---- info ---- */

static int fill_info(struct object *obj, union skep_attr *attr, void *info)
{
	size_t known = obj->ops->info_size, len = attr->info.info_len;
	int err;

	if (len > 4096)
		return -E2BIG;
	err = user_check_tail(attr->info.info, known, len);
	len = MIN(len, known);
	if (!err)
		err = user_copy_in(info, attr->info.info, len);
	if (!err)
		err = obj->ops->info(obj, info);
	/* A name that does not fit: of BTF all else is told, of a link nothing. */
	if (err && (err != -ENOSPC || obj->kind != OBJECT_BTF))
		return err;
	if (user_copy_out(attr->info.info, info, len))
		return -EFAULT;
	attr->info.info_len = (u32)len;
	return err;
}

int cmd_obj_info(struct store *store, union skep_attr *attr)
{
	struct object *obj;
	void *info;
	int err = object_get(store, (int)attr->info.bpf_fd, 0, &obj, NULL);

	if (err)
		return err == -EBADF ? -EBADFD : err;
	err = -EINVAL;
	if (obj->ops->info) {
		info = mem_alloc(1, obj->ops->info_size);
		err = info ? fill_info(obj, attr, info) : -ENOMEM;
		mem_free(info);
	}
	object_put(obj);
	return err;
}

/* ---- statistics ---- */

/* The sweep sets and clears the word that says whether statistics are on. */
int cmd_enable_stats(struct store *store, union skep_attr *attr)
{
	struct object *obj;
	int err;

	if (!store_privileged(store))
		return -EPERM;
	if (attr->enable_stats.type != SKEP_STATS_RUN_TIME)
		return -EINVAL;
	err = object_create(store, OBJECT_STATS, OBJECT_HEAD_SIZE, &obj);
	if (err)
		return err;
	err = object_ready(obj, O_RDONLY);
	store_sweep(store);
	return err;
}

/* ---- tokens ---- */

enum { BPF_FS_ROOT = 1 }; /* its inode number */

/* Linux, too, gives no token but in a user namespace. */
int cmd_token_create(struct store *store, union skep_attr *attr)
{
	struct statfs fs;
	struct stat st;
	int fd = (int)attr->token_create.bpffs_fd;

	if (attr->token_create.flags)
		return -EINVAL;
	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return -EBADF;
	if (fs.f_type != BPF_FS_MAGIC || st.st_ino != BPF_FS_ROOT)
		return -EINVAL;
	return store_privileged(store) ? -EOPNOTSUPP : -EPERM;
}

/* ---- what is refused ---- */

const char *cmd_refusal(u32 cmd, int err)
{
	static const struct {
		u32 cmd;
		int err;
		const char *why;
	} refusals[] = {
#define CMD(name, function, last, since)
#define REFUSED(name, err, why) {SKEP_##name, err, why},
#include "cmd.def"
#undef REFUSED
#undef CMD
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].cmd == cmd && refusals[i].err == err)
			return refusals[i].why;
	return NULL;
}

/* ---- logs ---- */

enum { LOG_LEVELS = 15, LOG_FIXED = 8 };

int user_log_open(struct user_log *ul, u32 level, u64 to, u32 size)
{
	*ul = (struct user_log){.to = to, .size = size, .level = level};
	if (!!to != !!size || (to && !level) || level > LOG_LEVELS ||
	    size > UINT32_MAX >> 2)
		return -EINVAL;
	if (!level)
		return 0;
	ul->window.fixed = level & LOG_FIXED;
	ul->log = (struct skep_log){.size = size, .window = &ul->window};
	ul->log.buf = size ? mem_alloc(1, size) : NULL;
	return ul->log.buf || !size ? 0 : -ENOMEM;
}

/* In one piece, and with its 0. */
static int copy_log(const struct user_log *ul)
{
	const struct skep_log *log = &ul->log;
	size_t start = ul->window.start % log->size;
	size_t len = MIN(log->len - ul->window.start, log->size - 1);
	size_t first = MIN(len, log->size - start);

	if (user_copy_out(ul->to, log->buf + start, first) ||
	    user_copy_out(ul->to + first, log->buf, len - first) ||
	    user_copy_out(ul->to + len, "", 1))
		return -EFAULT;
	return ul->window.longest > log->size ? -ENOSPC : 0;
}

int user_log_finish(struct user_log *ul, int ret, u32 *true_size)
{
	int err = ul->to && ul->window.longest ? copy_log(ul) : 0;

	*true_size = (u32)MIN(ul->window.longest, UINT32_MAX);
	mem_free(ul->log.buf);
	if (err && ret >= 0)
		close(ret);
	return err ? err : ret;
}
