/* Programs on tracepoints: a link through a perf event. */
#include "hook.h"
#include <errno.h>
#include "event.h"

static bool takes(u32 attach_type)
{
	return attach_type == SKEP_PERF_EVENT;
}

static int attach(struct attach *at)
{
	struct object *obj;
	int err;

	if (at->attr->link_create.flags)
		return -EINVAL;
	if (object_get(at->store, (int)at->attr->link_create.target_fd, OBJECT_PERF, &obj,
		       NULL))
		return -EBADF;
	at->info->event = container_of(obj, struct perf, obj)->info->event;
	at->info->perf_id = obj->id;
	at->info->cookie = at->attr->link_create.perf_event.bpf_cookie;
	err = hook_may_attach(at->store, at->info->event, obj->id, at->info->prog_id);
	object_put(obj);
	return err;
}

static int fill(const struct link_info *link, struct skep_link_info *info)
{
	info->perf_event.type = SKEP_PERF_EVENT_TRACEPOINT;
	info->perf_event.tracepoint.cookie = link->cookie;
	return link_give_name(link->event, info->perf_event.tracepoint.tp_name,
			      &info->perf_event.tracepoint.name_len);
}

const struct hook hook_tracepoint = {
	.name = "tracepoint",
	.link_type = SKEP_LINK_TYPE_PERF_EVENT,
	.prog_type = SKEP_PROG_TYPE_TRACEPOINT,
	.takes = takes,
	.attach = attach,
	.fill = fill,
};
