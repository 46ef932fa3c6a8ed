/* Programs on raw tracepoints: by name, or by the type that loading named. */
#include "hook.h"
#include <errno.h>
#include "btf.h"
#include "cmd.h"
#include "event.h"
#include "exec.h"

enum { NAME_ROOM = 128 }; /* the kernel cuts longer names */

static int attach_event(struct attach *at, const char *name, u64 cookie)
{
	at->info->event = event_find_raw_tp(name);
	at->info->cookie = cookie;
	return at->info->event == EVENT_NONE ? -ENOENT : 0;
}

/* The tracepoints that there are have no buffers that programs could write to. */
static int attach(struct attach *at)
{
	char name[NAME_ROOM];
	int len = user_copy_string(name, at->attr->raw_tracepoint.name, sizeof(name));
	int err;

	if (len < 0)
		return len == -E2BIG ? -ENOENT : len;
	err = attach_event(at, name, at->attr->raw_tracepoint.cookie);
	return !err && at->prog->info->buffer_end ? -EINVAL : err;
}

static bool takes_typed(u32 attach_type)
{
	return attach_type == SKEP_TRACE_RAW_TP;
}

/* To the tracepoint that loading named, by the id of its type. */
static int attach_typed(struct attach *at)
{
	static const char prefix[] = "btf_trace_";
	const struct skep_btf *types = runs_vmlinux(store_runs(at->store));
	u32 id = at->prog->info->attach_btf_id;
	const char *name = "";

	if (!takes_typed(at->prog->info->expected_attach_type))
		return -EINVAL;
	if (types && id < skep_btf_end(types))
		name = btf_name(types, id);
	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return -ENOENT;
	return attach_event(at, name + sizeof(prefix) - 1,
			    at->attach_type ? at->attr->link_create.tracing.cookie
					    : at->attr->raw_tracepoint.cookie);
}

static int fill(const struct link_info *link, struct skep_link_info *info)
{
	info->raw_tracepoint.cookie = link->cookie;
	return link_give_name(link->event, info->raw_tracepoint.tp_name,
			      &info->raw_tracepoint.tp_name_len);
}

const struct hook hook_raw_tracepoint = {
	.name = "raw_tracepoint",
	.link_type = SKEP_LINK_TYPE_RAW_TRACEPOINT,
	.prog_type = SKEP_PROG_TYPE_RAW_TRACEPOINT,
	.attach = attach,
	.fill = fill,
};

const struct hook hook_btf_tracepoint = {
	.name = "btf_tracepoint",
	.link_type = SKEP_LINK_TYPE_RAW_TRACEPOINT,
	.prog_type = SKEP_PROG_TYPE_TRACING,
	.takes = takes_typed,
	.attach = attach_typed,
	.fill = fill,
};

static int open_link(struct attach *at)
{
	switch (at->prog->info->type) {
	case SKEP_PROG_TYPE_RAW_TRACEPOINT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		return link_make(&hook_raw_tracepoint, at);
	case SKEP_PROG_TYPE_TRACING:
		return at->attr->raw_tracepoint.name
			       ? -EINVAL
			       : link_make(&hook_btf_tracepoint, at);
	default: return -EINVAL;
	}
}

int cmd_raw_tracepoint_open(struct store *store, union skep_attr *attr)
{
	struct attach at = {.store = store, .attr = attr};
	struct prog *prog;
	int ret = hook_get_prog(store, (int)attr->raw_tracepoint.prog_fd, &prog);

	if (ret)
		return ret;
	at.prog = prog;
	ret = open_link(&at);
	object_put(&prog->obj);
	return ret;
}
