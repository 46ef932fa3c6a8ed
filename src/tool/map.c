/* skep map: maps from outside the programs that use them. */
#include "map_at.h"
#include "tool_msg.h"
#include <errno.h>
#include <net/if.h>
#include <string.h>

const char help_map[] =
	"usage: skep map list|show [MAP] [options]\n"
	"       skep map dump MAP [options]\n"
	"       skep map lookup|delete MAP key DATA\n"
	"       skep map update MAP key DATA value VALUE [any|exist|noexist]\n"
	"       skep map getnext MAP [key DATA]\n"
	"       skep map push|enqueue MAP value VALUE\n"
	"       skep map peek|pop|dequeue MAP\n"
	"       skep map create PATH type TYPE key SIZE value SIZE entries N name NAME\n"
	"                       [flags N] [inner_map MAP]\n"
	"       skep map pin MAP PATH\n"
	"       skep map freeze MAP\n"
	"\n"
	"Lists, reads and writes maps. MAP is `id N`, `name NAME` or `pinned PATH`; a number\n"
	"alone is an id, a path a pin, another word a name. DATA is bytes (1 0 0 0), hex bytes\n"
	"(hex 01 00 00 00), or one word that is typed by the map's BTF: 1, green,\n"
	"'{\"a\": 1, \"s\": \"text\"}', where what is not named stays as it is; without BTF a\n"
	"number. VALUE is DATA, or for maps that hold maps or programs MAP or PROG (`id N`,\n"
	"`name NAME`, `tag TAG`, `pinned PATH`). Before a negative number stands --, and the\n"
	"options before that.\n"
	"\n"
	"  --on SIDE     kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  -j, --json    as bpftool writes it\n"
	"  -p, --pretty  the same on many lines\n"
	"  -f, --bpffs   list, show: where they are pinned, on the kernel\n"
	"  --all         dump: entries of arrays that are zero, too\n"
	"\n"
	"Exit code: 0 done, 1 no such map or element, or it cannot be done, 2 usage.\n";

static int list(struct request *r)
{
	return which_each(r, which_map, map_show);
}

static int pin(struct request *r)
{
	return which_pin(r, which_map);
}

static int freeze(struct request *r)
{
	int fd = which_open(r, which_map), err = 0, code;
	union skep_attr attr = {.map_fd = (u32)fd};

	if (fd < 0)
		return exit_failed;
	code = req_end(r);
	if (!code)
		err = r->sys->bpf(r->sys, SKEP_MAP_FREEZE, &attr, sizeof(attr));
	r->sys->close(r->sys, fd);
	return err ? which_failed(r, "the map", err) : code;
}

/* ---- create ---- */

static bool word_type(struct request *r, union skep_attr *attr)
{
	const char *name = req_need(r, "a type of maps");

	attr->map_type = name ? map_type_by_name(name) : 0;
	if (name && !attr->map_type)
		tool_error(msg_map_type, name);
	return attr->map_type;
}

static bool word_name(struct request *r, union skep_attr *attr)
{
	const char *name = req_need(r, "a name");

	if (name && strlen(name) >= sizeof(attr->map_name))
		tool_error(msg_map_name, name, (unsigned)sizeof(attr->map_name) - 1);
	if (!name || strlen(name) >= sizeof(attr->map_name))
		return false;
	memcpy(attr->map_name, name, strlen(name));
	return true;
}

/* The descriptor goes with the process. */
static bool word_inner(struct request *r, union skep_attr *attr)
{
	int fd = which_open(r, which_map);

	attr->inner_map_fd = (u32)fd;
	return fd >= 0;
}

static bool create_word(struct request *r, union skep_attr *attr)
{
	const struct {
		const char *word;
		u32 *to;
	} numbers[] = {{"key", &attr->key_size},
		       {"value", &attr->value_size},
		       {"entries", &attr->max_entries},
		       {"flags", &attr->map_flags}};
	u64 v;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!req_is(r, numbers[i].word))
			continue;
		if (!req_number(r, "a number", UINT32_MAX, &v))
			return false;
		*numbers[i].to = (u32)v;
		return true;
	}
	if (req_is(r, "type"))
		return word_type(r, attr);
	if (req_is(r, "name"))
		return word_name(r, attr);
	if (req_is(r, "inner_map"))
		return word_inner(r, attr);
	tool_error(msg_data_word, "type, key, value, entries, name, flags or inner_map",
		   *r->at, r->cmd);
	return false;
}

static int create(struct request *r)
{
	const char *path = req_need(r, "a path to pin it at");
	union skep_attr attr = {0}, to = {.pathname = (uintptr_t)path};
	int fd, err;

	if (!path)
		return exit_usage;
	while (r->n)
		if (!create_word(r, &attr))
			return exit_usage;
	if (!attr.map_type) {
		tool_error(msg_word_missing, "`type TYPE`", r->cmd);
		return exit_usage;
	}
	fd = r->sys->bpf(r->sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return which_failed(r, map_type_name(attr.map_type), fd);
	to.bpf_fd = (u32)fd;
	err = r->sys->bpf(r->sys, SKEP_OBJ_PIN, &to, sizeof(to));
	r->sys->close(r->sys, fd);
	return err ? which_failed(r, path, err) : exit_ok;
}

int cmd_map(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{"list", list},		  {"show", list},
		{"dump", map_dump},	  {"lookup", map_lookup},
		{"update", map_update},	  {"delete", map_delete},
		{"getnext", map_getnext}, {"peek", map_peek},
		{"pop", map_pop},	  {"dequeue", map_pop},
		{"push", map_push},	  {"enqueue", map_push},
		{"create", create},	  {"pin", pin},
		{"freeze", freeze},	  {0}};
	struct request r = {0};

	return request_run(&r, argc, argv, verbs);
}
