#include "loaded.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include "legacy.h"
#include "mem.h"
#include "msg.h"

struct skep_link {
	struct skep_sys *sys;
	int fd;	     /* the bpf link; -1: perf_fd carries the program */
	int perf_fd; /* -1: none */
};

struct attach {
	struct skep_object *obj;
	const struct skep_object_prog *prog;
	struct skep_attach_opts opts;
	const char *target; /* "syscalls/sys_enter_read" */
	struct skep_link *link;
	struct skep_log *log;
};

static int failed(struct attach *a, const char *what, int err)
{
	log_printf(a->log, msg_load_attach, a->obj->o.name, a->prog->name, a->target,
		   what, a->link->sys->name, load_errno(err));
	return err;
}

static int link_create(struct attach *a, union skep_attr *attr)
{
	int fd;

	attr->link_create.prog_fd = (u32)a->prog->fd;
	attr->link_create.flags = a->opts.flags;
	fd = load_bpf(a->link->sys, SKEP_LINK_CREATE, attr);
	if (fd < 0)
		return fd;
	a->link->fd = fd;
	return 0;
}

/* Links for perf events came with Linux 5.15. */
static int link_perf(struct attach *a, int perf_fd)
{
	struct skep_sys *sys = a->link->sys;
	union skep_attr attr = {0};
	int err;

	attr.link_create.target_fd = (u32)perf_fd;
	attr.link_create.attach_type = SKEP_PERF_EVENT;
	attr.link_create.perf_event.bpf_cookie = a->opts.cookie;
	err = link_create(a, &attr);
	if (err == -EINVAL && !a->opts.cookie) {
		err = legacy_perf_attach(sys, perf_fd, a->prog->fd);
		if (!err)
			log_printf(a->log, msg_load_attach_old, a->obj->o.name, sys->name,
				   a->target);
	}
	if (err)
		return failed(a, "BPF_LINK_CREATE", err);
	err = sys->ioctl(sys, perf_fd, PERF_EVENT_IOC_ENABLE, 0);
	return err ? failed(a, "enabling the event", err) : 0;
}

/* The event's id, or -errno. */
static int read_id(struct skep_sys *sys, const char *path)
{
	char text[32] = "";
	ssize_t n;
	int fd = sys->open(sys, path), id;

	if (fd < 0)
		return fd;
	n = sys->read(sys, fd, text, sizeof(text) - 1);
	sys->close(sys, fd);
	id = n > 0 ? atoi(text) : 0;
	return id > 0 ? id : -EINVAL;
}

/* Why there is no id: an event that does not exist is not a file system that is absent.
 */
static int no_event(struct attach *a, int err)
{
	struct skep_sys *sys = a->link->sys;
	int dir = sys->open(sys, "/sys/kernel/tracing/events");

	if (dir >= 0)
		sys->close(sys, dir);
	log_printf(a->log, msg_load_attach_event, a->obj->o.name, a->prog->name,
		   a->target, load_errno(err),
		   dir == -ENOENT ? "; is tracefs mounted? mount -t tracefs tracefs "
				    "/sys/kernel/tracing"
				  : "");
	return err;
}

static int event_id(struct attach *a)
{
	static const char *const dirs[] = {"/sys/kernel/tracing",
					   "/sys/kernel/debug/tracing"};
	char path[512];
	int id = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && id == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/events/%s/id", dirs[i], a->target);
		id = read_id(a->link->sys, path);
	}
	return id < 0 ? no_event(a, id) : id;
}

static int need_target(struct attach *a, const char *expected)
{
	log_printf(a->log, msg_load_attach_target, a->obj->o.name, a->prog->name,
		   a->prog->section, expected);
	return -EINVAL;
}

static int attach_tracepoint(struct attach *a, const struct section_row *row)
{
	const char *slash = strchr(a->target, '/');
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT,
				       .size = sizeof(attr)};
	struct skep_sys *sys = a->link->sys;
	int id, fd;

	if (!slash || slash == a->target || !slash[1] || strstr(a->target, ".."))
		return need_target(a, "tracepoint/CATEGORY/NAME");
	id = event_id(a);
	if (id < 0)
		return id;
	attr.config = (u64)id;
	/* Programs of a tracepoint run on every CPU, wherever the event was opened. */
	fd = sys->perf_event_open(sys, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return failed(a, "perf_event_open", fd);
	a->link->perf_fd = fd;
	return link_perf(a, fd);
}

static int attach_raw_tp(struct attach *a, const struct section_row *row)
{
	union skep_attr attr = {0};
	int fd;

	if (!*a->target)
		return need_target(a, "raw_tp/NAME");
	attr.raw_tracepoint.name = u64_of(a->target);
	attr.raw_tracepoint.prog_fd = (u32)a->prog->fd;
	attr.raw_tracepoint.cookie = a->opts.cookie;
	fd = load_bpf(a->link->sys, SKEP_RAW_TRACEPOINT_OPEN, &attr);
	if (fd < 0)
		return failed(a, "BPF_RAW_TRACEPOINT_OPEN", fd);
	a->link->fd = fd;
	return 0;
}

static int attach_interface(struct attach *a, const struct section_row *row)
{
	union skep_attr attr = {0};
	int err;

	if (!a->opts.ifindex) {
		log_printf(a->log, msg_load_attach_ifindex, a->obj->o.name, a->prog->name,
			   a->prog->section);
		return -EINVAL;
	}
	attr.link_create.target_ifindex = a->opts.ifindex;
	attr.link_create.attach_type = row->attach_type;
	err = link_create(a, &attr);
	return err ? failed(a, "BPF_LINK_CREATE", err) : 0;
}

static int attach_perf_event(struct attach *a, const struct section_row *row)
{
	if (a->opts.perf_fd <= 0)
		return need_target(a, "the caller's perf event in perf_fd");
	return link_perf(a, a->opts.perf_fd);
}

static int attach_iter(struct attach *a, const struct section_row *row)
{
	union skep_attr attr = {0};
	int err;

	attr.link_create.attach_type = row->attach_type;
	attr.link_create.iter_info = u64_of(a->opts.iter);
	attr.link_create.iter_info_len = a->opts.iter ? sizeof(*a->opts.iter) : 0;
	err = link_create(a, &attr);
	return err ? failed(a, "BPF_LINK_CREATE", err) : 0;
}

static int attach_run(struct attach *a, const struct section_row *row)
{
	log_printf(a->log, msg_load_attach_run, a->obj->o.name, a->prog->name,
		   a->prog->section);
	return -EOPNOTSUPP;
}

static int attach_none(struct attach *a, const struct section_row *row)
{
	log_printf(a->log, msg_load_attach_none, a->obj->o.name, a->prog->name,
		   a->prog->section);
	return -EOPNOTSUPP;
}

static int (*const hows[])(struct attach *a, const struct section_row *row) = {
	[section_none] = attach_none,
	[section_run] = attach_run,
	[section_tracepoint] = attach_tracepoint,
	[section_raw_tp] = attach_raw_tp,
	[section_xdp] = attach_interface,
	[section_tcx] = attach_interface,
	[section_perf_event] = attach_perf_event,
	[section_iter] = attach_iter,
};

int skep_object_attach(struct skep_object *obj, const struct skep_object_prog *prog,
		       const struct skep_attach_opts *opts, struct skep_link **out,
		       struct skep_log *log)
{
	const struct section_row *row = section_find(prog->section);
	struct attach a = {.obj = obj, .prog = prog, .log = log};
	int err;

	*out = NULL;
	if (prog->fd < 0 || !row) {
		log_printf(log, msg_load_attach_fd, obj->o.name, prog->name);
		return -EBADF;
	}
	if (opts)
		memcpy(&a.opts, opts, MIN(opts->size, sizeof(a.opts)));
	a.target = a.opts.target ? a.opts.target : section_target(row, prog->section);
	a.link = mem_alloc(1, sizeof(*a.link));
	if (!a.link)
		return -ENOMEM;
	*a.link = (struct skep_link){obj->sys, -1, -1};
	err = hows[row->how](&a, row);
	if (err)
		skep_link_detach(a.link);
	else
		*out = a.link;
	return err;
}

int skep_link_fd(const struct skep_link *link)
{
	return link->fd;
}

void skep_link_detach(struct skep_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		link->sys->close(link->sys, link->fd);
	if (link->perf_fd >= 0)
		link->sys->close(link->sys, link->perf_fd);
	mem_free(link);
}
