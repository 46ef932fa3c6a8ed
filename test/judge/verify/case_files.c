#include "case_files.h"
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "mem.h"

static bool is_case(const FTSENT *f)
{
	const char *end = strrchr(f->fts_name, '.');

	return f->fts_info == FTS_F && (!f->fts_level || (end && !strcmp(end, ".case")));
}

static int fails(const char *path, int err)
{
	fprintf(stderr, "%s: %s\n", path, strerror(err));
	return -1;
}

static int add(struct case_files *out, const char *path)
{
	char **to = vec_push(&out->paths);

	if (to)
		*to = mem_strndup(path, strlen(path));
	return to && *to ? 0 : fails(path, ENOMEM);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int case_files(char *const *names, struct case_files *out)
{
	FTS *walk = fts_open(names, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *f;
	int err = walk ? 0 : fails(*names, errno);

	while (!err && (f = fts_read(walk))) {
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_NS ||
		    f->fts_info == FTS_DNR)
			err = fails(f->fts_path, f->fts_errno);
		else if (is_case(f))
			err = add(out, f->fts_path);
	}
	if (walk)
		fts_close(walk);
	if (!err && !out->paths.n)
		err = fails(*names, ENOENT);
	if (!err)
		qsort(out->paths.at, out->paths.n, sizeof(char *), by_name);
	return err;
}

int case_in_child(const char *path, int (*ask)(const char *path), unsigned int seconds)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(seconds);
		exit(ask(path));
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}
