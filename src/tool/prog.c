/* skep prog: programs from outside. */
#include "prog_at.h"
#include "tool_msg.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

const char help_prog[] =
	"usage: skep prog list|show [PROG] [options]\n"
	"       skep prog dump xlated PROG [opcodes] [linum] [file FILE]\n"
	"       skep prog load OBJ PATH [pinmaps DIR]\n"
	"       skep prog loadall OBJ DIR [pinmaps DIR]\n"
	"       skep prog pin PROG PATH\n"
	"       skep prog run PROG [data_in FILE] [data_out FILE [data_size_out N]]\n"
	"                     [ctx_in FILE] [ctx_out FILE [ctx_size_out N]] [repeat N]\n"
	"\n"
	"Lists, shows, loads and runs programs. PROG is `id N`, `name NAME`, `tag TAG` or\n"
	"`pinned PATH`; a number alone is an id, a path a pin, another word a name.\n"
	"\n"
	"  list, show    all programs, or those that PROG names\n"
	"  dump xlated   the instructions as the verifier left them, with the source; into\n"
	"                FILE as bytes; opcodes: with their bytes; linum: with line numbers\n"
	"  load          an object file's programs; the first is pinned at PATH, with loadall\n"
	"                each at DIR/NAME, and maps at DIR/NAME\n"
	"  run           a test run; '-' reads standard input, or prints what comes out\n"
	"\n"
	"  --on SIDE     kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  -j, --json    as bpftool writes it\n"
	"  -p, --pretty  the same on many lines\n"
	"  -f, --bpffs   list, show: where they are pinned, on the kernel\n"
	"\n"
	"Exit code: 0 done, 1 no such program, or it cannot be done, 2 usage.\n";

static int list(struct request *r)
{
	return which_each(r, which_prog, prog_show);
}

static int pin(struct request *r)
{
	return which_pin(r, which_prog);
}

/* ---- load ---- */

struct load {
	struct request *r;
	const char *path, *dir; /* of programs; of maps, NULL: they are not pinned */
	bool each;		/* path is a directory */
	struct skep_object *obj;
};

static int pin_at(struct load *l, int fd, const char *path)
{
	union skep_attr attr = {.pathname = (uintptr_t)path, .bpf_fd = (u32)fd};
	int err = l->r->sys->bpf(l->r->sys, SKEP_OBJ_PIN, &attr, sizeof(attr));

	return err ? which_failed(l->r, path, err) : exit_ok;
}

static int pin_below(struct load *l, int fd, const char *dir, const char *name)
{
	char path[PATH_MAX];
	size_t from = strlen(dir) + 1;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return which_failed(l->r, dir, -ENAMETOOLONG);
	/* bpffs has no names with dots, which are for later extensions */
	for (char *dot = path + from; (dot = strchr(dot, '.'));)
		*dot = '_';
	return pin_at(l, fd, path);
}

/* The seam has no mkdir(2): on the engine the directory has to be there. */
static int make_dir(struct load *l, const char *dir)
{
	if (l->r->side.engine || !dir || !mkdir(dir, 0700) || errno == EEXIST)
		return exit_ok;
	return which_failed(l->r, dir, -errno);
}

static int pin_progs(struct load *l)
{
	u32 n;
	struct skep_object_prog *progs = skep_object_progs(l->obj, &n);
	int code = exit_ok;

	for (u32 i = 0; i < n && !code; i++) {
		if (progs[i].fd < 0)
			continue;
		if (!l->each)
			return pin_at(l, progs[i].fd, l->path);
		code = pin_below(l, progs[i].fd, l->path, progs[i].name);
	}
	return code;
}

static int pin_maps(struct load *l)
{
	u32 n;
	struct skep_object_map *maps = skep_object_maps(l->obj, &n);
	int code = exit_ok;

	for (u32 i = 0; i < n && l->dir && !code; i++)
		if (maps[i].fd >= 0)
			code = pin_below(l, maps[i].fd, l->dir, maps[i].kernel_name);
	return code;
}

static int load_words(struct load *l)
{
	if (req_is(l->r, "pinmaps") && !(l->dir = req_need(l->r, "a directory")))
		return exit_usage;
	if (!l->r->n)
		return exit_ok;
	tool_error(msg_data_word, "pinmaps", *l->r->at, l->r->cmd);
	return exit_usage;
}

static int load_object(struct load *l, const char *file)
{
	int err = skep_object_open(file, &l->obj, tool_log()), code;

	if (!err)
		err = skep_object_load(l->obj, l->r->sys, NULL, tool_log());
	if (err) {
		tool_log_show(file);
		code = which_failed(l->r, file, err);
	} else {
		code = l->each ? make_dir(l, l->path) : exit_ok;
		code = code ?: make_dir(l, l->dir);
		code = code ?: pin_progs(l);
		code = code ?: pin_maps(l);
	}
	skep_object_close(l->obj);
	return code;
}

static int load(struct request *r)
{
	const char *file = req_need(r, "an object file");
	struct load l = {.r = r, .path = file ? req_need(r, "a path to pin at") : NULL};

	l.each = !strcmp(r->verb, "loadall");
	return !l.path || load_words(&l) ? exit_usage : load_object(&l, file);
}

int cmd_prog(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{"list", list},	   {"show", list}, {"dump", prog_dump}, {"load", load},
		{"loadall", load}, {"pin", pin},   {"run", prog_exec},	{0}};
	struct request r = {0};

	return request_run(&r, argc, argv, verbs);
}
