/* task_file and task_vma: the descriptors and the mappings of each process, of those that
 * this user may look at. */
#include "iter_task.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARG_TASK = 1, ARG_FD, ARG_FILE, ARG_VMA = 2, PAGE_BITS = 12 };

/* Numbers of the kernel's: mm.h, fs.h. */
enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4, VM_SHARED = 8, VM_MAYSHARE = 0x80 };
enum { FMODE_READ = 1, FMODE_WRITE = 2 };

/* ---- which there are ---- */

static int compare(const void *a, const void *b)
{
	u64 x = ((const struct iter_part *)a)->at, y = ((const struct iter_part *)b)->at;

	return x < y ? -1 : x > y;
}

static int add(struct iter_walk *w, const struct iter_part *part)
{
	struct iter_part *p = vec_push(&w->parts);

	if (p)
		*p = *part;
	return p ? 0 : -ENOMEM;
}

static int list_files(struct iter_walk *w, u32 tid)
{
	char path[64];
	struct dirent *d;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", tid);
	dir = opendir(path);
	while (dir && !err && (d = readdir(dir)))
		if (isdigit((u8)*d->d_name))
			err = add(w, &(struct iter_part){.at = (u64)atoi(d->d_name)});
	if (dir)
		closedir(dir);
	return err;
}

static u32 vm_flags(const char perms[5])
{
	return (perms[0] == 'r' ? VM_READ : 0) | (perms[1] == 'w' ? VM_WRITE : 0) |
	       (perms[2] == 'x' ? VM_EXEC : 0) |
	       (perms[3] == 's' ? VM_SHARED | VM_MAYSHARE : 0);
}

/* [vsyscall] is no mapping of the process. */
static int list_maps(struct iter_walk *w, u32 tid)
{
	char path[64], line[8192], perms[5];
	unsigned long long at, end, off, inode;
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/maps", tid);
	f = fopen(path, "re");
	while (f && !err && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx-%llx %4s %llx %*x:%*x %llu", &at, &end, perms,
			   &off, &inode) == 5 &&
		    !(at >> 63))
			err = add(w, &(struct iter_part){.at = at,
							 .end = end,
							 .off = off,
							 .inode = inode,
							 .flags = vm_flags(perms)});
	if (f)
		fclose(f);
	return err;
}

/* Takes down what the task has, when the walk comes to it. */
static int take(struct iter_walk *w, int (*list)(struct iter_walk *w, u32 tid))
{
	u32 tid = (u32)w->now.at;
	int err = 0;

	if (w->parts_of == tid)
		return 0;
	w->parts_of = tid;
	w->parts.n = 0;
	w->room = 0;
	err = list(w, tid);
	if (!err && w->parts.n)
		qsort(w->parts.at, w->parts.n, sizeof(*w->parts.at), compare);
	return err;
}

static int find(struct iter_walk *w, int (*list)(struct iter_walk *w, u32 tid))
{
	for (;; w->now.at++, w->now.skip = 0) {
		int err = iter_task_find(w, false);

		if (err <= 0)
			return err;
		err = take(w, list);
		if (err)
			return err;
		for (; w->room < w->parts.n; w->room++)
			if (w->parts.at[w->room].at >= w->now.skip) {
				w->now.skip = w->parts.at[w->room].at;
				return 1;
			}
	}
}

static int find_file(struct iter_walk *w)
{
	return find(w, list_files);
}

static int find_vma(struct iter_walk *w)
{
	return find(w, list_maps);
}

static void pass(struct iter_walk *w)
{
	w->now.skip++;
}

/* ---- what is told of one ---- */

static struct iter_struct image_inode(struct iter_walk *w, u64 number)
{
	struct iter_struct s = iter_struct(&w->image, "inode");

	iter_set(s, "i_ino", number);
	return s;
}

/* Flags as open(2) knows them, and the position. */
static bool read_fdinfo(u32 tid, u64 fd, u32 *flags, u64 *pos)
{
	char path[64], line[128];
	unsigned long long at = 0;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%llu", tid, (unsigned long long)fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "pos: %llu", &at);
		found |= sscanf(line, "flags: %o", flags) == 1;
	}
	if (f)
		fclose(f);
	*flags &= ~(u32)O_CLOEXEC; /* the descriptor's, not the file's */
	*pos = at;
	return found;
}

static u64 image_file(struct iter_walk *w, u32 tid, u64 fd)
{
	struct iter_struct s = iter_struct(&w->image, "file"), inode;
	u32 flags = 0, mode;
	char path[64];
	struct stat st;
	u64 pos;

	snprintf(path, sizeof(path), "/proc/%u/fd/%llu", tid, (unsigned long long)fd);
	if (!read_fdinfo(tid, fd, &flags, &pos) || stat(path, &st))
		return 0;
	mode = (flags & O_ACCMODE) == O_RDWR	 ? FMODE_READ | FMODE_WRITE
	       : (flags & O_ACCMODE) == O_WRONLY ? FMODE_WRITE
						 : FMODE_READ;
	iter_set(s, "f_flags", flags);
	iter_set(s, "f_mode", mode);
	iter_set(s, "f_pos", pos);
	inode = image_inode(w, st.st_ino);
	iter_set(inode, "i_mode", st.st_mode);
	iter_set(inode, "i_size", (u64)st.st_size);
	iter_set(s, "f_inode", u64_of(inode.at));
	return u64_of(s.at);
}

static int show_file(struct iter_walk *w)
{
	u32 tid = (u32)w->now.at;

	w->args[ARG_TASK] = iter_task_image(w, tid);
	w->args[ARG_FD] = w->now.skip;
	w->args[ARG_FILE] = image_file(w, tid, w->now.skip);
	return !w->args[ARG_TASK] || !w->args[ARG_FILE];
}

static int show_vma(struct iter_walk *w)
{
	const struct iter_part *part = &w->parts.at[w->room];
	struct iter_struct s, file;

	w->args[ARG_TASK] = iter_task_image(w, (u32)w->now.at);
	s = iter_struct(&w->image, "vm_area_struct");
	iter_set(s, "vm_start", part->at);
	iter_set(s, "vm_end", part->end);
	iter_set(s, "vm_flags", part->flags);
	if (part->inode) {
		file = iter_struct(&w->image, "file");
		iter_set(file, "f_inode", u64_of(image_inode(w, part->inode).at));
		iter_set(s, "vm_file", u64_of(file.at));
		iter_set(s, "vm_pgoff", part->off >> PAGE_BITS);
	}
	w->args[ARG_VMA] = u64_of(s.at);
	return !w->args[ARG_TASK];
}

const struct iter_target iter_task_file = {
	.sleeps = true,
	.nargs = 4,
	.attach = iter_task_attach,
	.fill = iter_task_fill,
	.find = find_file,
	.pass = pass,
	.show = show_file,
};

const struct iter_target iter_task_vma = {
	.sleeps = true,
	.nargs = 3,
	.attach = iter_task_attach,
	.fill = iter_task_fill,
	.find = find_vma,
	.pass = pass,
	.show = show_vma,
};
