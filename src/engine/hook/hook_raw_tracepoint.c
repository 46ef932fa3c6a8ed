/* Programs on raw tracepoints: BPF_RAW_TRACEPOINT_OPEN. */
#include "hook.h"
#include <errno.h>
#include "cmd.h"
#include "event.h"

enum { NAME_ROOM = 128 }; /* the kernel cuts longer names */

static int attach(struct attach *at)
{
	char name[NAME_ROOM];
	int len = user_copy_string(name, at->attr->raw_tracepoint.name, sizeof(name));

	if (len < 0)
		return len == -E2BIG ? -ENOENT : len;
	at->info->event = event_find_raw_tp(name);
	at->info->cookie = at->attr->raw_tracepoint.cookie;
	return at->info->event == EVENT_NONE ? -ENOENT : 0;
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

int cmd_raw_tracepoint_open(struct store *store, union skep_attr *attr)
{
	struct attach at = {.store = store, .attr = attr};
	struct prog *prog;
	int ret = hook_get_prog(store, (int)attr->raw_tracepoint.prog_fd, &prog);

	if (ret)
		return ret;
	at.prog = prog;
	ret = prog->info->type == SKEP_PROG_TYPE_RAW_TRACEPOINT
		      ? link_make(&hook_raw_tracepoint, &at)
		      : -EINVAL;
	object_put(&prog->obj);
	return ret;
}
