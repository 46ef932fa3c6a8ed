/* Commands that ask what is attached: PROG_QUERY and TASK_FD_QUERY. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "cmd.h"
#include "event.h"
#include "hook.h"

/* ---- PROG_QUERY ---- */

static int nothing(union skep_attr *attr)
{
	attr->query.attach_flags = 0;
	attr->query.count = 0;
	return 0;
}

/* The engine has no programs on cgroups. */
static int query_cgroup(union skep_attr *attr)
{
	int err = attach_check_cgroup(attr->query.target_fd);

	return err ? err : nothing(attr);
}

/* Nor on network namespaces. */
static int query_netns(union skep_attr *attr)
{
	struct statfs fs;
	int fd = (int)attr->query.target_fd;

	if (attr->query.query_flags)
		return -EINVAL;
	if (fstatfs(fd, &fs))
		return -EBADF;
	if (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return -EINVAL;
	return nothing(attr);
}

static int give(u64 to, u32 at, u32 value)
{
	return to ? user_copy_out(to + at * sizeof(value), &value, sizeof(value)) : 0;
}

static int give_row(union skep_attr *attr, const struct attachments *now, u32 event,
		    u32 room)
{
	struct attachment *a;
	u32 at = 0;
	int err = 0;

	vec_each(a, &now->all) {
		if (a->event != event || at == room || err)
			continue;
		err = give(attr->query.prog_ids, at, a->prog_id);
		if (!err)
			err = give(attr->query.prog_attach_flags, at, 0);
		if (!err)
			err = give(attr->query.link_ids, at, a->link_id);
		if (!err)
			err = give(attr->query.link_attach_flags, at, 0);
		at++;
	}
	return err;
}

static int query_row(union skep_attr *attr, const struct attachments *now, u32 event)
{
	const struct link_row row = hook_row(now, event);
	u32 room = attr->query.count, n = row.n;
	int err;

	attr->query.count = n;
	attr->query.revision = row.revision;
	if (!room || !attr->query.prog_ids || !n)
		return 0;
	err = give_row(attr, now, event, room);
	return !err && room < n ? -ENOSPC : err;
}

static int query_tcx(struct store *store, union skep_attr *attr)
{
	struct attachments now = {{0}};
	int err;

	if (attr->query.target_ifindex != HOOK_PORT)
		return -ENODEV;
	if (attr->query.query_flags || attr->query.attach_flags)
		return -EINVAL;
	err = hook_attachments(store, &now);
	if (!err)
		err = query_row(attr, &now,
				attr->query.attach_type == SKEP_TCX_INGRESS
					? EVENT_TCX_INGRESS
					: EVENT_TCX_EGRESS);
	vec_free(&now.all);
	return err;
}

int cmd_prog_query(struct store *store, union skep_attr *attr)
{
	u32 type = attr->query.attach_type, prog_type = attach_prog_type(type);

	if (attr->query.query_flags & ~(u32)SKEP_F_QUERY_EFFECTIVE)
		return -EINVAL;
	if (attach_is_cgroup(prog_type) && type != SKEP_LSM_MAC)
		return query_cgroup(attr);
	if (prog_type == SKEP_PROG_TYPE_FLOW_DISSECTOR ||
	    prog_type == SKEP_PROG_TYPE_SK_LOOKUP)
		return query_netns(attr);
	if (type == SKEP_TCX_INGRESS || type == SKEP_TCX_EGRESS)
		return query_tcx(store, attr);
	return -EINVAL;
}

/* ---- TASK_FD_QUERY ---- */

/* What another task's descriptor is: with a use. -ENOTSUPP: no object. */
static int task_object(struct store *store, u32 pid, u32 fd, struct object **out)
{
	char path[64];
	struct stat st;
	int own, err;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (!pid || stat(path, &st))
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
	if (stat(path, &st))
		return errno == EACCES ? -EPERM : -EBADF;
	if (!S_ISREG(st.st_mode)) /* to open it might wait, or be heard */
		return -ENOTSUPP;
	own = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	err = own < 0 ? -EBADF : object_get(store, own, 0, out, NULL);
	if (own >= 0)
		close(own);
	return err ? -ENOTSUPP : 0;
}

/* What it traces, and with what. */
struct traced {
	u32 event, fd_type, prog_id;
};

/* The program that runs through a perf event, however it came there. */
static int perf_prog(struct store *store, u32 perf_id, u32 *prog_id)
{
	struct attachments now = {{0}};
	struct attachment *a;
	int err = hook_attachments(store, &now);

	*prog_id = 0;
	vec_each(a, &now.all)
		if (a->perf_id == perf_id)
			*prog_id = a->prog_id;
	vec_free(&now.all);
	return err ? err : *prog_id ? 0 : -ENOENT;
}

static int query_object(struct object *obj, struct traced *t)
{
	const struct link_info *link;

	if (obj->kind == OBJECT_PERF) {
		t->event = container_of(obj, struct perf, obj)->info->event;
		t->fd_type = SKEP_FD_TYPE_TRACEPOINT;
		return perf_prog(obj->store, obj->id, &t->prog_id);
	}
	link = obj->kind == OBJECT_LINK ? container_of(obj, struct link, obj)->info
					: NULL;
	if (!link || link->type != SKEP_LINK_TYPE_RAW_TRACEPOINT)
		return -ENOTSUPP;
	*t = (struct traced){link->event, SKEP_FD_TYPE_RAW_TRACEPOINT, link->prog_id};
	return 0;
}

/* As much of the name as there is room for, always with its 0. */
static int give_name(union skep_attr *attr, u32 event)
{
	u32 room = attr->task_fd_query.buf_len, len;
	u64 to = attr->task_fd_query.buf;
	struct str name = {0};
	int err = 0;

	event_name(&name, event < EVENTS ? event : EVENT_NONE);
	len = (u32)name.len;
	attr->task_fd_query.buf_len = len;
	if (name.failed)
		err = -ENOMEM;
	else if (to && room) {
		err = user_copy_out(to, name.s, MIN(len, room - 1));
		if (!err)
			err = user_copy_out(to + MIN(len, room - 1), "", 1);
		if (!err && room <= len)
			err = -ENOSPC;
	}
	str_free(&name);
	return err;
}

int cmd_task_fd_query(struct store *store, union skep_attr *attr)
{
	struct object *obj;
	struct traced t;
	int err;

	if (!store_privileged(store))
		return -EPERM;
	if (attr->task_fd_query.flags)
		return -EINVAL;
	err = task_object(store, attr->task_fd_query.pid, attr->task_fd_query.fd, &obj);
	if (err)
		return err;
	err = query_object(obj, &t);
	object_put(obj);
	if (!err)
		err = give_name(attr, t.event);
	if (err && err != -ENOSPC)
		return err;
	attr->task_fd_query.prog_id = t.prog_id;
	attr->task_fd_query.fd_type = t.fd_type;
	return err;
}
