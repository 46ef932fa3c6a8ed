#define _XOPEN_SOURCE 700
#include "pinned.h"
#include "mem.h"
#include <ftw.h>
#include <limits.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_DIRS = 16 };

/* nftw(3) hands nothing to what it calls. */
static _Thread_local struct request *walking;

/* What a descriptor of the kernel's is, by its name; -1: nothing that is listed here. */
static int kind_of(int fd)
{
	static const char *const names[] = {[which_map] = "bpf-map",
					    [which_prog] = "bpf-prog",
					    [which_link] = "bpf_link"};
	char path[40], name[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	if (n < 0)
		return -1;
	name[n] = '\0';
	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		if (strstr(name, names[i]))
			return i;
	return strstr(name, "bpf-link") ? which_link : -1;
}

static void note(struct request *r, int fd, const char *path)
{
	struct {
		u32 type, id;
	} head = {0}; /* the infos of all three begin so */
	int kind = kind_of(fd);
	struct pinned *p;

	if (kind < 0 || which_info(r->sys, fd, &head, sizeof(head)))
		return;
	p = vec_push(&r->pins);
	if (p)
		*p = (struct pinned){
			.kind = (enum which)kind, .id = head.id, .path = strdup(path)};
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *where)
{
	union skep_attr attr = {.pathname = (uintptr_t)path};
	int fd;

	if (type != FTW_F)
		return 0;
	fd = walking->sys->bpf(walking->sys, SKEP_OBJ_GET, &attr, sizeof(attr));
	if (fd >= 0) {
		note(walking, fd, path);
		walking->sys->close(walking->sys, fd);
	}
	return 0;
}

static void find(struct request *r)
{
	FILE *mounts = r->bpffs && !r->pins_found && !r->side.engine
			       ? setmntent("/proc/self/mounts", "r")
			       : NULL;
	struct mntent *m;

	r->pins_found = true;
	walking = r;
	while (mounts && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "bpf"))
			nftw(m->mnt_dir, visit, OPEN_DIRS, FTW_MOUNT | FTW_PHYS);
	if (mounts)
		endmntent(mounts);
}

static bool is_pinned(const struct pinned *p, enum which kind, u32 id)
{
	return p->kind == kind && p->id == id && p->path;
}

void pinned_json(struct request *r, enum which kind, u32 id)
{
	struct pinned *p;
	bool any = false;

	find(r);
	vec_each(p, &r->pins)
		any |= p->kind == kind;
	if (!any)
		return;
	json_open(&r->out, "pinned", '[');
	for (size_t i = r->pins.n; i--;)
		if (is_pinned(&r->pins.at[i], kind, id))
			json_text(&r->out, NULL, r->pins.at[i].path);
	json_close(&r->out, ']');
}

void pinned_text(struct request *r, enum which kind, u32 id)
{
	find(r);
	for (size_t i = r->pins.n; i--;)
		if (is_pinned(&r->pins.at[i], kind, id))
			printf("\tpinned %s\n", r->pins.at[i].path);
}

void pinned_free(struct request *r)
{
	struct pinned *p;

	vec_each(p, &r->pins)
		free(p->path);
	vec_free(&r->pins);
}
