/* hook.h - where programs attach: links, perf events, and what is attached now
 *
 * A link object or a perf event object says in its region which program is attached to
 * what; nothing else does. So an attachment lives exactly as long as its object, whoever
 * holds it, and hook_attachments() finds all of them, also other processes'. Which kinds
 * of link there are stands in hook.def.
 *
 * All functions return 0 or -errno, bpf(2)'s and perf_event_open(2)'s as Linux 6.18 has
 * them. Regions are other processes' to write: what is read from them is bounded here.
 */
#ifndef HOOK_H
#define HOOK_H

#include <sys/types.h>
#include "object.h"
#include "perf_output.h"
#include "prog.h"
#include "vec.h"

struct perf_event_attr;

enum {
	HOOK_MOST = 64, /* programs on one event or port */
	HOOK_PORT = 1,	/* ifindex of the one port: the packets that the engine is fed */
};

/* ---- objects ---- */

/* What an iterator's link or descriptor is about: see iter.h. */
struct iter_over {
	u32 target; /* number of its row in iter.def */
	u32 map_id; /* whose elements; kept alive; 0: none */
	u32 pid;    /* 0: all tasks */
	u32 group;  /* not 0: with all threads of pid */
};

/* The row of programs that a link is in, as it was after the last attachment or update:
 * whatever has gone since is the difference to what is there. */
struct link_row {
	u64 revision;
	u32 n;
};

/* Stands in object_head.data of a link. */
struct link_info {
	u32 type; /* SKEP_LINK_TYPE_* */
	u32 attach_type;
	u32 prog_id;  /* LINK_UPDATE changes it */
	u32 detached; /* LINK_DETACH sets it */
	u32 event;    /* see event.h; EVENT_NONE: none */
	u32 perf_id;  /* the perf event object that it came through; 0: none */
	u32 ifindex;  /* 0: none */
	u32 mode;     /* XDP_FLAGS_DRV_MODE or 0 */
	u64 cookie;
	struct link_row row;
	struct iter_over over;
};

struct link {
	struct object obj;
	struct link_info *info;
};

extern const struct object_ops link_object_ops, perf_object_ops, iter_object_ops;

/* ---- what is attached ---- */

struct attachment {
	u32 link_id; /* 0: by PERF_EVENT_IOC_SET_BPF */
	u32 perf_id, prog_id, event, mode;
	u64 cookie;
	struct link_row row;
};

struct attachments {
	vec(struct attachment) all;
};

/* What is attached now, in the order in which it was. Free with vec_free(&out->all). */
int hook_attachments(struct store *store, struct attachments *out);
/* How many there are on an event, and the revision of that row: it counts what was
 * attached, updated and taken away since the row was empty. */
struct link_row hook_row(const struct attachments *now, u32 event);
/* All links of the row are told what it is. */
void hook_set_row(struct store *store, const struct attachments *now, u32 event,
		  struct link_row row);
/* -EAGAIN instead of waiting for another process. */
int hook_try_attachments(struct store *store, struct attachments *out);

/* Whether a program may be attached to `event` through that perf event: -EEXIST when one
 * of the two has the other already, -E2BIG. */
int hook_may_attach(struct store *store, u32 event, u32 perf_id, u32 prog_id);

/* ---- kinds of links ---- */

/* A LINK_CREATE at work. */
struct attach {
	struct store *store;
	const union skep_attr *attr;
	const struct prog *prog;
	u32 attach_type;
	struct link_info *info; /* type, attach_type and prog_id are set */
};

/* A kind of link; one row of hook.def. */
struct hook {
	const char *name;
	u32 link_type; /* SKEP_LINK_TYPE_* */
	u32 prog_type;
	/* LINK_CREATE: this attach type; NULL: not by LINK_CREATE. */
	bool (*takes)(u32 attach_type);
	int (*attach)(struct attach *at);
	/* OBJ_GET_INFO_BY_FD: the part after prog_id. */
	int (*fill)(const struct link_info *link, struct skep_link_info *info);
	/* LINK_UPDATE: may another program of the type take its place? NULL: neither
	 * LINK_UPDATE nor LINK_DETACH work. */
	int (*update)(struct store *store, struct link_info *link, u32 prog_id);
	bool stays; /* LINK_DETACH does not work */
};

#define HOOK(symbol) extern const struct hook hook_##symbol;
#define SAME	     HOOK
#include "hook.def"
#undef SAME
#undef HOOK

/* Makes a link of a hook that has checked everything but attach(). Its fd. */
int link_make(const struct hook *hook, struct attach *at);

/* Copies a text, or an event's name, to the user as link infos do: *len is the room, then
 * what it needs. */
int link_give_text(const char *text, u64 to, u32 *len);
int link_give_name(u32 event, u64 to, u32 *len);

/* The program behind a user's fd. */
int hook_get_prog(struct store *store, int fd, struct prog **out);

/* ---- attach types ---- */

/* The type of program that PROG_ATTACH and PROG_QUERY mean by an attach type; 0: none. */
u32 attach_prog_type(u32 attach_type);

/* Whether it is attached to cgroups. */
bool attach_is_cgroup(u32 prog_type);

/* 0: a user's fd is a cgroup's; -EBADF. */
int attach_check_cgroup(u32 fd);

/* ---- beside bpf(2) ---- */

/* perf_event_open(2), of which there are tracepoints and what programs write to. */
int hook_perf_event_open(struct store *store, const struct perf_event_attr *attr,
			 pid_t pid, int cpu, int group_fd, unsigned long flags);

/* ioctl(2) on an object's fd: PERF_EVENT_IOC_*. -ENOTTY: not a perf event. */
int hook_ioctl(struct object *obj, unsigned long request, unsigned long arg);

/* open(2) of a path below /sys/fs/bpf: an iterator's fd; -EIO: the pin of something else.
 */
int hook_open_pin(struct store *store, const char *path);

/* open(2) of an event's `id` or `format` below /sys/kernel/tracing/events. An fd,
 * -ENOENT. */
int hook_open(struct store *store, const char *path);

#endif
