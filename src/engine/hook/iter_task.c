/* task: this machine's tasks, by their numbers, as far as /proc tells of them. */
#include "iter_task.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARG_TASK = 1, COMM = 16 };

/* ---- LINK_CREATE ---- */

/* Whose a pidfd is; -1: he has gone. -EBADF: it is none. */
static int pidfd_owner(u32 fd, u32 *pid)
{
	char path[64], line[64];
	int owner = 0;
	bool is = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u", fd);
	f = fopen(path, "re");
	while (f && !is && fgets(line, sizeof(line), f))
		is = sscanf(line, "Pid: %d", &owner) == 1;
	if (f)
		fclose(f);
	*pid = (u32)owner;
	return is ? 0 : -EBADF;
}

int iter_task_attach(struct attach *at, const union skep_iter_link_info *info,
		     struct iter_over *over)
{
	u32 tid = info->task.tid, pid = info->task.pid, fd = info->task.pid_fd;

	if (!!tid + !!pid + !!fd > 1)
		return -EINVAL;
	over->pid = tid | pid;
	over->group = pid || fd;
	return fd ? pidfd_owner(fd, &over->pid) : 0;
}

void iter_task_fill(const struct iter_over *over, struct skep_link_info *info)
{
	if (over->group)
		info->iter.task.pid = over->pid;
	else
		info->iter.task.tid = over->pid;
}

/* ---- which there are, as of the begin of a read ---- */

static int add_one(struct iter_walk *w, u32 tid)
{
	u32 *n = vec_push(&w->numbers);

	if (n)
		*n = tid;
	return n ? 0 : -ENOMEM;
}

/* The numbers among a folder's names. */
static int add_numbers(struct iter_walk *w, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	int err = 0;

	while (dir && !err && (d = readdir(dir)))
		if (isdigit((u8)*d->d_name))
			err = add_one(w, (u32)atoi(d->d_name));
	if (dir)
		closedir(dir);
	return err;
}

static int add_threads(struct iter_walk *w, u32 pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	return add_numbers(w, path);
}

/* Every process's first, then all their threads. */
static int add_all(struct iter_walk *w)
{
	int err = add_numbers(w, "/proc");
	size_t n = w->numbers.n;

	for (size_t i = 0; i < n && !err; i++)
		err = add_threads(w, w->numbers.at[i]);
	memmove(w->numbers.at, w->numbers.at + n, (w->numbers.n - n) * sizeof(u32));
	w->numbers.n -= n;
	return err;
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static int list(struct iter_walk *w, bool threads)
{
	u32 pid = w->over.pid;
	int err;

	if (pid)
		err = w->over.group && threads ? add_threads(w, pid) : add_one(w, pid);
	else
		err = threads ? add_all(w) : add_numbers(w, "/proc");
	if (!err && w->numbers.n)
		qsort(w->numbers.at, w->numbers.n, sizeof(u32), compare);
	w->listed = true;
	return err;
}

int iter_task_find(struct iter_walk *w, bool threads)
{
	int err = w->listed ? 0 : list(w, threads);

	if (err)
		return err;
	for (; w->nkeys < w->numbers.n; w->nkeys++)
		if (w->numbers.at[w->nkeys] >= w->now.at) {
			w->now.at = w->numbers.at[w->nkeys];
			return 1;
		}
	return 0;
}

static int find(struct iter_walk *w)
{
	return iter_task_find(w, true);
}

static void pass(struct iter_walk *w)
{
	w->now.at++;
}

/* ---- what is told of one ---- */

struct told {
	char comm[COMM];
	u32 tgid, parent, flags, uid[2], gid[2]; /* real, effective */
};

/* A file of /proc/TID, with a 0 behind it; false: the task has gone. */
static bool read_file(u32 tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[MAX(n, 0)] = '\0';
	return n > 0;
}

static void scan_line(const char *text, const char *name, u32 to[2])
{
	const char *at = strstr(text, name);

	if (at)
		sscanf(at + strlen(name), "%u %u", &to[0], &to[1]);
}

static bool ask(u32 tid, struct told *t)
{
	char text[4096], *end;
	u32 one[2] = {0};

	memset(t, 0, sizeof(*t));
	if (!read_file(tid, "comm", t->comm, sizeof(t->comm)) ||
	    !read_file(tid, "status", text, sizeof(text)))
		return false;
	t->comm[strcspn(t->comm, "\n")] = '\0';
	scan_line(text, "\nTgid:", one);
	t->tgid = one[0];
	scan_line(text, "\nUid:", t->uid);
	scan_line(text, "\nGid:", t->gid);
	scan_line(text, "\nPPid:", one);
	t->parent = one[0];
	/* The name may hold anything, also a ')': state, ppid, pgrp, session, tty, tpgid.
	 */
	if (read_file(tid, "stat", text, sizeof(text)) && (end = strrchr(text, ')')))
		sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &t->flags);
	return t->tgid;
}

static u64 image_cred(struct iter_walk *w, const struct told *t)
{
	struct iter_struct s = iter_struct(&w->image, "cred");

	iter_set(s, "uid.val", t->uid[0]);
	iter_set(s, "euid.val", t->uid[1]);
	iter_set(s, "gid.val", t->gid[0]);
	iter_set(s, "egid.val", t->gid[1]);
	return u64_of(s.at);
}

static struct iter_struct image_task(struct iter_walk *w, u32 tid, const struct told *t)
{
	struct iter_struct s = iter_struct(&w->image, "task_struct");
	u64 cred = image_cred(w, t);

	iter_set(s, "pid", tid);
	iter_set(s, "tgid", t->tgid);
	iter_set(s, "flags", t->flags);
	iter_set(s, "real_cred", cred);
	iter_set(s, "cred", cred);
	iter_set(s, "group_leader", tid == t->tgid ? u64_of(s.at) : 0);
	iter_set_bytes(s, "comm", t->comm, sizeof(t->comm));
	return s;
}

/* Another task that it knows; 0: none, or it has gone. */
static u64 image_other(struct iter_walk *w, u32 tid)
{
	struct told t;

	return tid && ask(tid, &t) ? u64_of(image_task(w, tid, &t).at) : 0;
}

u64 iter_task_image(struct iter_walk *w, u32 tid)
{
	struct iter_struct s;
	struct told t;
	u64 parent;

	if (!ask(tid, &t))
		return 0;
	s = image_task(w, tid, &t);
	parent = image_other(w, t.parent);
	iter_set(s, "real_parent", parent);
	iter_set(s, "parent", parent);
	if (tid != t.tgid)
		iter_set(s, "group_leader", image_other(w, t.tgid));
	return u64_of(s.at);
}

static int show(struct iter_walk *w)
{
	w->args[ARG_TASK] = iter_task_image(w, (u32)w->now.at);
	return !w->args[ARG_TASK];
}

const struct iter_target iter_task = {
	.sleeps = true,
	.nargs = 2,
	.attach = iter_task_attach,
	.fill = iter_task_fill,
	.find = find,
	.pass = pass,
	.show = show,
};
