/* What the iterators of `skep run` say: each is attached, read to its end, and let go. */
#include "session.h"
#include "tool.h"
#include "tool_msg.h"
#include <string.h>

/* The map that --map names, or the only one that the object declares; NULL: neither. */
static const struct skep_object_map *over_map(const struct session *s)
{
	const struct skep_object_map *only = NULL;
	uint32_t n, found = 0;
	const struct skep_object_map *m = skep_object_maps(s->obj, &n);

	if (s->map)
		return skep_object_find_map(s->obj, s->map);
	for (uint32_t i = 0; i < n; i++) {
		if (*m[i].name == '.')
			continue;
		only = &m[i];
		found++;
	}
	return found == 1 ? only : NULL;
}

static int print_all(struct skep_sys *sys, int fd)
{
	char text[4096];
	ssize_t n;

	while ((n = sys->read(sys, fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	fflush(stdout); /* what follows goes to standard error, with -v */
	return (int)n;
}

static int print_link(struct session *s, const struct skep_link *link)
{
	struct skep_sys *sys = s->side.sys;
	union skep_attr attr = {0};
	int fd, err;

	attr.iter_create.link_fd = (uint32_t)skep_link_fd(link);
	fd = sys->bpf(sys, SKEP_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	err = print_all(sys, fd);
	sys->close(sys, fd);
	return err;
}

static int print_iter(struct session *s, const struct skep_object_prog *p)
{
	union skep_iter_link_info over = {0};
	struct skep_attach_opts opts = {.size = sizeof(opts), .iter = &over};
	bool elements = strstr(p->section, "/bpf_map_elem");
	const struct skep_object_map *map = elements ? over_map(s) : NULL;
	struct skep_link *link;
	int err;

	if (elements && !map) {
		tool_error(msg_run_iter_map, s->path, p->name);
		return exit_failed;
	}
	if (map)
		over.map.map_fd = (uint32_t)map->fd;
	stage(s, "iterator", "%s, %s", p->name, p->section);
	err = skep_object_attach(s->obj, p, &opts, &link, tool_log());
	if (!err) {
		err = print_link(s, link);
		skep_link_detach(link);
	}
	if (!err)
		return exit_ok;
	if (tool_log()->len)
		tool_log_show(NULL);
	else
		tool_error(msg_run_iter, s->path, p->name, strerror(-err));
	return exit_failed;
}

int iterate(struct session *s)
{
	uint32_t n;
	const struct skep_object_prog *p = skep_object_progs(s->obj, &n);
	int code = exit_ok;

	for (uint32_t i = 0; i < n && code == exit_ok; i++)
		if (p[i].fd >= 0 && is_iter(&p[i]))
			code = print_iter(s, &p[i]);
	return code;
}
