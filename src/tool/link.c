/* skep link: what programs are attached to. */
#include "pinned.h"
#include "prog_name.h"
#include "tool_msg.h"
#include "which.h"
#include <inttypes.h>
#include <net/if.h>

const char help_link[] =
	"usage: skep link list|show [LINK] [options]\n"
	"       skep link pin LINK PATH\n"
	"       skep link detach LINK\n"
	"\n"
	"Lists links, which attach programs, pins them and detaches them. LINK is `id N` or\n"
	"`pinned PATH`; a number alone is an id, a path a pin.\n"
	"\n"
	"  --on SIDE     kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  -j, --json    as bpftool writes it\n"
	"  -p, --pretty  the same on many lines\n"
	"  -f, --bpffs   list, show: where they are pinned, on the kernel\n"
	"\n"
	"Exit code: 0 done, 1 no such link, or it cannot be done, 2 usage.\n";

static void number(struct request *r, const char *key, u64 v)
{
	json_number(&r->out, key, v);
	if (!r->json)
		printf("%s %" PRIu64 "  ", key, v);
}

static void text(struct request *r, const char *key, const char *v)
{
	json_text(&r->out, key, v);
	if (!r->json)
		printf("%s %s  ", key, v);
}

static void device(struct request *r, u32 ifindex)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name))
		text(r, "devname", name);
	number(r, "ifindex", ifindex);
}

static void cookie(struct request *r, u64 v)
{
	if (v)
		number(r, "cookie", v);
}

static void traced(struct request *r, const struct skep_link_info *info)
{
	struct skep_prog_info prog = {0};
	int fd = which_by_id(r->sys, which_prog, info->prog_id);

	if (fd >= 0 && !which_info(r->sys, fd, &prog, sizeof(prog)))
		text(r, "prog_type", prog_type_name(prog.type));
	if (fd >= 0)
		r->sys->close(r->sys, fd);
	text(r, "attach_type", attach_type_name(info->tracing.attach_type));
	number(r, "target_obj_id", info->tracing.target_obj_id);
	number(r, "target_btf_id", info->tracing.target_btf_id);
	cookie(r, info->tracing.cookie);
}

static void perf_event(struct request *r, const struct skep_link_info *info,
		       const char *name)
{
	switch (info->perf_event.type) {
	case SKEP_PERF_EVENT_UPROBE:
	case SKEP_PERF_EVENT_URETPROBE:
		text(r, "file", name);
		number(r, "offset", info->perf_event.uprobe.offset);
		cookie(r, info->perf_event.uprobe.cookie);
		break;
	case SKEP_PERF_EVENT_KPROBE:
	case SKEP_PERF_EVENT_KRETPROBE:
		text(r, "func", name);
		number(r, "offset", info->perf_event.kprobe.offset);
		cookie(r, info->perf_event.kprobe.cookie);
		break;
	case SKEP_PERF_EVENT_TRACEPOINT:
		text(r, "tracepoint", name);
		cookie(r, info->perf_event.tracepoint.cookie);
		break;
	case SKEP_PERF_EVENT_EVENT:
		number(r, "event_type", info->perf_event.event.type);
		number(r, "event_config", info->perf_event.event.config);
		cookie(r, info->perf_event.event.cookie);
		break;
	}
}

static void details(struct request *r, const struct skep_link_info *info,
		    const char *name)
{
	switch (info->type) {
	case SKEP_LINK_TYPE_RAW_TRACEPOINT:
		text(r, "tp_name", name);
		cookie(r, info->raw_tracepoint.cookie);
		break;
	case SKEP_LINK_TYPE_TRACING: traced(r, info); break;
	case SKEP_LINK_TYPE_CGROUP:
		number(r, "cgroup_id", info->cgroup.cgroup_id);
		text(r, "attach_type", attach_type_name(info->cgroup.attach_type));
		break;
	case SKEP_LINK_TYPE_ITER:
		text(r, "target_name", name);
		if (strstr(name, "map"))
			number(r, "map_id", info->iter.map.map_id);
		break;
	case SKEP_LINK_TYPE_NETNS:
		number(r, "netns_ino", info->netns.netns_ino);
		text(r, "attach_type", attach_type_name(info->netns.attach_type));
		break;
	case SKEP_LINK_TYPE_XDP: device(r, info->xdp.ifindex); break;
	case SKEP_LINK_TYPE_TCX:
	case SKEP_LINK_TYPE_NETKIT: /* of the same layout */
		device(r, info->tcx.ifindex);
		text(r, "attach_type", attach_type_name(info->tcx.attach_type));
		break;
	case SKEP_LINK_TYPE_NETFILTER:
		number(r, "pf", info->netfilter.pf);
		number(r, "hook", info->netfilter.hooknum);
		json_signed(&r->out, "prio", info->netfilter.priority);
		if (!r->json)
			printf("prio %" PRId32 "  ", info->netfilter.priority);
		number(r, "flags", info->netfilter.flags);
		break;
	case SKEP_LINK_TYPE_KPROBE_MULTI:
		number(r, "func_cnt", info->kprobe_multi.count);
		number(r, "missed", info->kprobe_multi.missed);
		break;
	case SKEP_LINK_TYPE_UPROBE_MULTI:
		text(r, "path", name);
		number(r, "func_cnt", info->uprobe_multi.count);
		number(r, "pid", info->uprobe_multi.pid);
		break;
	case SKEP_LINK_TYPE_PERF_EVENT: perf_event(r, info, name); break;
	case SKEP_LINK_TYPE_STRUCT_OPS:
		number(r, "map_id", info->struct_ops.map_id);
		break;
	case SKEP_LINK_TYPE_SOCKMAP:
		number(r, "map_id", info->sockmap.map_id);
		text(r, "attach_type", attach_type_name(info->sockmap.attach_type));
		break;
	}
}

/* Where the kernel writes the name of what it is attached to: an address, and behind it
 * the room there. */
static void want_name(struct skep_link_info *info, char *name, u32 room)
{
	const u64 at = (uintptr_t)name;

	switch (info->type) {
	case SKEP_LINK_TYPE_RAW_TRACEPOINT:
		info->raw_tracepoint.tp_name = at;
		info->raw_tracepoint.tp_name_len = room;
		break;
	case SKEP_LINK_TYPE_ITER:
		info->iter.target_name = at;
		info->iter.target_name_len = room;
		break;
	case SKEP_LINK_TYPE_UPROBE_MULTI:
		info->uprobe_multi.path = at;
		info->uprobe_multi.path_size = room;
		break;
	case SKEP_LINK_TYPE_PERF_EVENT: /* each kind but event begins with its name */
		if (info->perf_event.type != SKEP_PERF_EVENT_EVENT) {
			info->perf_event.tracepoint.tp_name = at;
			info->perf_event.tracepoint.name_len = room;
		}
		break;
	}
}

/* Asked twice: which kind it is, then with room for a name. */
static int link_info(struct request *r, int fd, struct skep_link_info *info, char *name,
		     u32 room)
{
	int err = which_info(r->sys, fd, info, sizeof(*info));
	struct skep_link_info named = {.type = info->type};

	*name = 0;
	if (err)
		return err;
	if (info->type == SKEP_LINK_TYPE_PERF_EVENT)
		named.perf_event.type = info->perf_event.type;
	want_name(&named, name, room);
	if (!which_info(r->sys, fd, &named, sizeof(named)))
		*info = named;
	return 0;
}

static int show(struct request *r, int fd)
{
	struct skep_link_info info = {0};
	char name[256];
	int err = link_info(r, fd, &info, name, sizeof(name));

	if (err)
		return which_failed(r, "the link", err);
	json_open(&r->out, NULL, '{');
	json_number(&r->out, "id", info.id);
	json_text(&r->out, "type", link_type_name(info.type));
	json_number(&r->out, "prog_id", info.prog_id);
	if (!r->json)
		printf("%" PRIu32 ": %s  prog %" PRIu32 "\n\t", info.id,
		       link_type_name(info.type), info.prog_id);
	details(r, &info, name);
	if (r->json)
		pinned_json(r, which_link, info.id);
	json_close(&r->out, '}');
	if (!r->json) {
		putchar('\n');
		pinned_text(r, which_link, info.id);
	}
	return exit_ok;
}

static int list(struct request *r)
{
	return which_each(r, which_link, show);
}

static int pin(struct request *r)
{
	return which_pin(r, which_link);
}

static int detach(struct request *r)
{
	int fd = which_open(r, which_link), err = 0, code;
	union skep_attr attr = {.link_detach.link_fd = (u32)fd};

	if (fd < 0)
		return exit_failed;
	code = req_end(r);
	if (!code)
		err = r->sys->bpf(r->sys, SKEP_LINK_DETACH, &attr, sizeof(attr));
	r->sys->close(r->sys, fd);
	return err ? which_failed(r, "the link", err) : code;
}

int cmd_link(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{"list", list}, {"show", list}, {"pin", pin}, {"detach", detach}, {0}};
	struct request r = {0};

	return request_run(&r, argc, argv, verbs);
}
