#include "loaded.h"
#include <errno.h>
#include <stdio.h>
#include "mem.h"
#include "msg.h"
#include "os.h"

enum { FILE_MOST = 256 << 20 };

int load_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr)
{
	return sys->bpf(sys, cmd, attr, sizeof(*attr));
}

const char *load_errno(int err)
{
	if (err == -EPERM)
		return "not permitted; it takes root, or CAP_BPF and its like";
	if (err == -524) /* the kernel's own ENOTSUPP */
		return "not supported (ENOTSUPP)";
	return strerror(-err);
}

/* "seed" of "dir/seed.bpf.o" */
static void set_prefix(struct obj *o)
{
	const char *base = strrchr(o->name, '/');

	base = base ? base + 1 : o->name;
	snprintf(o->prefix, sizeof(o->prefix), "%.*s", (int)strcspn(base, "."), base);
}

static int parse(struct skep_object *obj, size_t len, struct skep_log *log)
{
	struct obj *o = &obj->o;

	o->p.log = log;
	o->name = obj->path;
	set_prefix(o);
	if (!pass_try(&o->p))
		return o->p.err;
	parse_object(o, obj->file, len);
	return 0;
}

/* Takes `file`. */
static int open_file(void *file, size_t len, const char *name, struct skep_object **out,
		     struct skep_log *log)
{
	struct skep_object *obj = mem_alloc(1, sizeof(*obj));
	int err = -ENOMEM;

	*out = NULL;
	if (!obj) {
		mem_free(file);
		return err;
	}
	obj->btf_fd = -1;
	obj->file = file;
	obj->path = mem_strndup(name, strlen(name));
	if (obj->path)
		err = parse(obj, len, log);
	obj->o.p.log = NULL;
	obj->o.elf.log = NULL;
	if (err)
		skep_object_close(obj);
	else
		*out = obj;
	return err;
}

int skep_object_open_memory(const void *data, size_t len, const char *name,
			    struct skep_object **out, struct skep_log *log)
{
	void *file = mem_alloc(len, 1);

	*out = NULL;
	if (!file)
		return -ENOMEM;
	if (len)
		memcpy(file, data, len);
	return open_file(file, len, name, out, log);
}

int skep_object_open(const char *path, struct skep_object **out, struct skep_log *log)
{
	size_t len = 0;
	void *file;
	int err = os_read_file(path, FILE_MOST, &file, &len);

	*out = NULL;
	if (err) {
		log_printf(log, msg_load_read, path, load_errno(err));
		return err;
	}
	return open_file(file, len, path, out, log);
}

void skep_object_close(struct skep_object *obj)
{
	if (!obj)
		return;
	load_close(obj);
	elf_close(&obj->o.elf);
	skep_btf_free(obj->o.btf);
	skep_btf_free(obj->o.fixed);
	skep_btf_free(obj->own_vmlinux);
	arena_free(&obj->o.p.arena);
	mem_free(obj->file);
	mem_free(obj->path);
	mem_free(obj);
}

struct skep_object_prog *skep_object_progs(struct skep_object *obj, uint32_t *n)
{
	*n = obj->o.n_progs;
	return obj->o.progs;
}

struct skep_object_map *skep_object_maps(struct skep_object *obj, uint32_t *n)
{
	*n = obj->o.n_maps;
	return obj->o.pubs;
}

struct skep_object_prog *skep_object_find_prog(struct skep_object *obj, const char *name)
{
	for (u32 i = 0; i < obj->o.n_progs; i++)
		if (!strcmp(obj->o.progs[i].name, name))
			return &obj->o.progs[i];
	return NULL;
}

struct skep_object_map *skep_object_find_map(struct skep_object *obj, const char *name)
{
	for (u32 i = 0; i < obj->o.n_maps; i++)
		if (!strcmp(obj->o.pubs[i].name, name))
			return &obj->o.pubs[i];
	return NULL;
}

const struct skep_btf *skep_object_btf(const struct skep_object *obj)
{
	return obj->o.fixed ? obj->o.fixed : obj->o.btf;
}

const char *skep_object_license(const struct skep_object *obj)
{
	return obj->o.license;
}

int skep_object_plan(struct skep_object *obj, struct skep_log *log)
{
	struct obj *o = &obj->o;

	if (obj->planned)
		return 0;
	o->p.log = o->elf.log = log;
	o->p.err = 0;
	if (!pass_try(&o->p)) {
		o->p.log = o->elf.log = NULL;
		obj->plan.n_progs = 0;
		return o->p.err;
	}
	plan_object(o, &obj->plan);
	o->p.log = o->elf.log = NULL;
	obj->planned = true;
	return 0;
}

static int load(struct skep_object *obj)
{
	int err = load_kconfig(obj);

	if (!err)
		err = load_btf(obj);
	if (!err)
		err = load_maps(obj);
	if (!err)
		err = load_progs(obj);
	if (!err)
		err = load_prog_slots(obj);
	if (!err)
		err = load_globals(obj);
	return err;
}

int skep_object_load(struct skep_object *obj, struct skep_sys *sys,
		     const struct skep_load_opts *opts, struct skep_log *log)
{
	int err = skep_object_plan(obj, log);

	if (err)
		return err;
	if (obj->loaded) {
		log_printf(log, msg_load_order, obj->o.name);
		return -EBUSY;
	}
	if (opts)
		memcpy(&obj->opts, opts, MIN(opts->size, sizeof(obj->opts)));
	obj->loaded = true;
	obj->sys = sys;
	obj->o.p.log = log;
	err = load(obj);
	obj->o.p.log = NULL;
	if (err)
		load_close(obj);
	return err;
}
