/* skep map dump: a map's contents, from outside the program that made it. */
#include "dump.h"
#include "side.h"
#include "tool.h"
#include "tool_msg.h"
#include <stdlib.h>
#include <string.h>

const char help_map[] =
	"usage: skep map dump MAP [--on kernel|engine] [--json] [--all]\n"
	"\n"
	"Prints the contents of a map, typed by its BTF. MAP is `id N`, `name NAME` or\n"
	"`pinned PATH`; a number alone is an id, a path a pin, another word a name.\n"
	"\n"
	"  --on SIDE  kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  --json     for programs\n"
	"  --all      entries of arrays that are zero, too\n"
	"\n"
	"Exit code: 0 done, 1 no such map or it cannot be read, 2 usage.\n";

static int by_id(struct skep_sys *sys, uint32_t id)
{
	union skep_attr attr = {.map_id = id};

	return sys->bpf(sys, SKEP_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
}

static int by_pin(struct skep_sys *sys, const char *path)
{
	union skep_attr attr = {.pathname = (uintptr_t)path};

	return sys->bpf(sys, SKEP_OBJ_GET, &attr, sizeof(attr));
}

/* The newest map of that name: ids rise. */
static int by_name(struct skep_sys *sys, const char *name)
{
	union skep_attr attr = {0};
	int found = -1;

	while (!sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr))) {
		struct skep_map_info info;
		int fd = by_id(sys, attr.next_id);

		if (fd >= 0 && !skep_map_get_info(sys, fd, &info) &&
		    !strncmp(info.name, name, sizeof(info.name) - 1)) {
			if (found >= 0)
				sys->close(sys, found);
			found = fd;
		} else if (fd >= 0) {
			sys->close(sys, fd);
		}
		attr.start_id = attr.next_id;
	}
	return found;
}

static int open_map(struct skep_sys *sys, const struct args *args)
{
	const char *how = args->at[1], *what = args->n > 2 ? args->at[2] : how;
	char *end;
	unsigned long id = strtoul(what, &end, 0);
	bool number = *what && !*end && id <= UINT32_MAX;

	if (args->n == 2)
		how = number ? "id" : strchr(what, '/') ? "pinned" : "name";
	if (!strcmp(how, "id") && number)
		return by_id(sys, (uint32_t)id);
	if (!strcmp(how, "pinned"))
		return by_pin(sys, what);
	if (!strcmp(how, "name"))
		return by_name(sys, what);
	return -1;
}

static int dump_fd(const struct dump *d, int fd)
{
	struct skep_map_info info;
	struct skep_btf *btf = NULL;
	struct dump_map map = {.fd = fd};
	int err = skep_map_get_info(d->sys, fd, &info);

	if (!err && info.btf_id)
		err = skep_btf_by_id(d->sys, info.btf_id, &btf, tool_log());
	if (!err) {
		map.name = info.name;
		map.btf = btf;
		map.key_type = info.btf_key_type_id;
		map.value_type = info.btf_value_type_id;
		err = dump_map(d, &map, tool_log());
	}
	if (d->json && !err)
		fputc('\n', d->out);
	skep_btf_free(btf);
	if (!err)
		return exit_ok;
	tool_log_show("map");
	tool_error(msg_map_read, strerror(-err));
	return exit_failed;
}

int cmd_map(int argc, char **argv)
{
	const char *on = NULL;
	struct dump d = {.out = stdout};
	const struct opt opts[] = {{"on", 0, opt_text, &on},
				   {"json", 'j', opt_flag, &d.json},
				   {"all", 'a', opt_flag, &d.all},
				   {0}};
	struct args args;
	struct side side;
	int code = opt_parse(&args, argc, argv, opts, 2, 3), fd;

	if (code >= 0)
		return code;
	if (strcmp(args.at[0], "dump")) {
		tool_error(msg_map_verb, args.at[0]);
		return exit_usage;
	}
	code = side_open(&side, on);
	if (code)
		return code;
	d.sys = side.sys;
	fd = open_map(side.sys, &args);
	if (fd < 0) {
		tool_error(msg_map_none, args.at[args.n - 1], side.sys->name);
		code = exit_failed;
	} else {
		code = dump_fd(&d, fd);
		side.sys->close(side.sys, fd);
	}
	side_close(&side);
	return code;
}
