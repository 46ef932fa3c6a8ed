/* skep btf: types that the kernel, the engine or a file has. */
#include "btf.h"
#include "btf_raw.h"
#include "elf.h"
#include "mem.h"
#include "tool_msg.h"
#include "vec.h"
#include "which.h"
#include <errno.h>
#include <inttypes.h>
#include <skep/load.h>
#include <string.h>

const char help_btf[] =
	"usage: skep btf list|show [id N]\n"
	"       skep btf dump SOURCE [format raw|c]\n"
	"\n"
	"Lists BTF objects, and writes their types.\n"
	"\n"
	"  SOURCE      id N | prog PROG | map MAP [key|value|kv|all] | file FILE; PROG and MAP\n"
	"              as `skep prog` and `skep map` have them; FILE is an object file, or BTF\n"
	"              as /sys/kernel/btf/vmlinux has it\n"
	"  format raw  a type after the other (the default)\n"
	"  format c    a C header, vmlinux.h, with the same sizes and offsets\n"
	"\n"
	"  --on SIDE     kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  -j, --json    as bpftool writes it\n"
	"  -p, --pretty  the same on many lines\n"
	"\n"
	"Exit code: 0 done, 1 no such types, or they cannot be read, 2 usage.\n";

/* ---- list ---- */

/* Programs and maps of a BTF object. */
struct use {
	u32 btf, id;
	bool map;
};

struct uses {
	struct use *at;
	size_t n, room;
};

static int note(struct uses *uses, u32 btf, u32 id, bool map)
{
	struct use *u = btf ? vec_push(uses) : NULL;

	if (u)
		*u = (struct use){btf, id, map};
	return btf && !u ? -ENOMEM : 0;
}

/* Those that go away meanwhile, or that the user may not open, are left out. */
static int find_uses(struct request *r, struct uses *uses, enum which kind)
{
	enum skep_cmd next =
		kind == which_map ? SKEP_MAP_GET_NEXT_ID : SKEP_PROG_GET_NEXT_ID;
	union skep_attr attr = {0};
	int err = 0;

	while (!err && !r->sys->bpf(r->sys, next, &attr, sizeof(attr))) {
		struct skep_map_info map = {0};
		struct skep_prog_info prog = {0};
		int fd = which_by_id(r->sys, kind, attr.next_id);

		attr.start_id = attr.next_id;
		if (fd < 0)
			continue;
		if (kind == which_map && !which_info(r->sys, fd, &map, sizeof(map)))
			err = note(uses, map.btf_id, map.id, true);
		if (kind == which_prog && !which_info(r->sys, fd, &prog, sizeof(prog)))
			err = note(uses, prog.btf_id, prog.id, false);
		r->sys->close(r->sys, fd);
	}
	return err;
}

static int btf_info(struct request *r, int fd, struct skep_btf_info *info, char *name,
		    size_t room)
{
	*info = (struct skep_btf_info){.name = (uintptr_t)name, .name_len = (u32)room};
	*name = 0;
	return which_info(r->sys, fd, info, sizeof(*info));
}

static void json_uses(struct json *j, const char *key, const struct uses *uses, u32 btf,
		      bool map)
{
	struct use *u;

	json_open(j, key, '[');
	vec_each(u, uses)
		if (u->btf == btf && u->map == map)
			json_number(j, NULL, u->id);
	json_close(j, ']');
}

static void print_uses(const char *key, const struct uses *uses, u32 btf, bool map)
{
	const char *before = key;
	struct use *u;

	vec_each(u, uses)
		if (u->btf == btf && u->map == map) {
			printf("%s%" PRIu32, before, u->id);
			before = ",";
		}
}

static int show(struct request *r, int fd)
{
	struct uses uses = {0};
	struct skep_btf_info info;
	char name[128];
	int err = btf_info(r, fd, &info, name, sizeof(name));

	err = err ?: find_uses(r, &uses, which_prog);
	err = err ?: find_uses(r, &uses, which_map);
	if (err) {
		vec_free(&uses);
		return which_failed(r, "the object", err);
	}
	json_open(&r->out, NULL, '{');
	json_number(&r->out, "id", info.id);
	json_number(&r->out, "size", info.btf_size);
	json_uses(&r->out, "prog_ids", &uses, info.id, false);
	json_uses(&r->out, "map_ids", &uses, info.id, true);
	json_bool(&r->out, "kernel", info.kernel_btf);
	if (*name)
		json_text(&r->out, "name", name);
	json_close(&r->out, '}');
	if (!r->json) {
		printf("%" PRIu32 ": name ", info.id);
		printf(info.kernel_btf ? "[%s]" : "%s", *name ? name : "<anon>");
		printf("  size %" PRIu32 "B", info.btf_size);
		print_uses("  prog_ids ", &uses, info.id, false);
		print_uses("  map_ids ", &uses, info.id, true);
		putchar('\n');
	}
	vec_free(&uses);
	return exit_ok;
}

static int list(struct request *r)
{
	return which_each(r, which_btf, show);
}

/* ---- dump ---- */

struct source {
	struct skep_btf *btf, *base;
	u32 roots[2], nroots; /* 0: all types */
};

static int from_bytes(struct source *s, const void *data, size_t len, const char *name)
{
	int err = skep_btf_parse(&s->btf, data, len, s->base, name, tool_log());

	tool_log_show(NULL);
	return err;
}

/* A module's types go on where the kernel's end. */
static int from_fd(struct request *r, struct source *s, int fd)
{
	struct skep_btf_info info;
	char name[128];
	void *data = NULL, *base = NULL;
	size_t len;
	int err = btf_info(r, fd, &info, name, sizeof(name));

	if (!err && info.kernel_btf && strcmp(name, "vmlinux")) {
		if (input_read("/sys/kernel/btf/vmlinux", &base, &len))
			return -ENOENT;
		err = skep_btf_parse(&s->base, base, len, NULL, "vmlinux", tool_log());
		mem_free(base);
	}
	if (!err)
		data = mem_alloc(info.btf_size, 1);
	if (!err && !data)
		err = -ENOMEM;
	if (!err) {
		struct skep_btf_info again = {.btf = (uintptr_t)data,
					      .btf_size = info.btf_size};

		err = which_info(r->sys, fd, &again, sizeof(again));
	}
	err = err ?: from_bytes(s, data, info.btf_size, *name ? name : "BTF");
	mem_free(data);
	return err;
}

static bool open_id(struct request *r, struct source *s, u32 id)
{
	int fd = which_by_id(r->sys, which_btf, id), err;

	if (fd < 0) {
		which_failed(r, "its types", fd);
		return false;
	}
	err = from_fd(r, s, fd);
	r->sys->close(r->sys, fd);
	if (err)
		which_failed(r, "its types", err);
	return !err;
}

/* An ELF file's section .BTF. */
static int from_elf(struct source *s, const void *data, size_t len, const char *path)
{
	struct elf elf;
	const struct elf_section *types;
	int err = elf_open(&elf, data, len, path, tool_log());

	if (err) {
		tool_log_show(NULL);
		return err;
	}
	types = elf_find(&elf, ".BTF");
	if (types)
		err = from_bytes(s, types->data, types->size, path);
	else
		err = -ENOENT;
	elf_close(&elf);
	return err;
}

/* Or BTF alone. */
static bool open_file(struct request *r, struct source *s, const char *path)
{
	void *data = NULL;
	size_t len;
	int err;

	if (!path || input_read(path, &data, &len))
		return false;
	if (len >= 4 && !memcmp(data, "\177ELF", 4))
		err = from_elf(s, data, len, path);
	else
		err = from_bytes(s, data, len, path);
	mem_free(data);
	if (err == -ENOENT)
		tool_error(msg_btf_none, path);
	else if (err)
		which_failed(r, path, err);
	return !err;
}

static bool open_prog(struct request *r, struct source *s)
{
	struct skep_prog_info info = {0};
	int fd = which_open(r, which_prog), err;

	if (fd < 0)
		return false;
	err = which_info(r->sys, fd, &info, sizeof(info));
	r->sys->close(r->sys, fd);
	if (!err && !info.btf_id)
		tool_error(msg_btf_none, info.name);
	if (err)
		which_failed(r, "the program", err);
	return !err && info.btf_id && open_id(r, s, info.btf_id);
}

static void map_roots(struct request *r, struct source *s,
		      const struct skep_map_info *info)
{
	u32 key = info->btf_key_type_id, value = info->btf_value_type_id;
	bool both = req_is(r, "kv");

	if ((both || req_is(r, "key")) && key)
		s->roots[s->nroots++] = key;
	if ((both || (!s->nroots && req_is(r, "value"))) && value)
		s->roots[s->nroots++] = value;
	if (!s->nroots)
		req_is(r, "all");
}

static bool open_map(struct request *r, struct source *s)
{
	struct skep_map_info info = {0};
	int fd = which_open(r, which_map), err;
	u32 id;

	if (fd < 0)
		return false;
	err = which_info(r->sys, fd, &info, sizeof(info));
	r->sys->close(r->sys, fd);
	if (err) {
		which_failed(r, "the map", err);
		return false;
	}
	/* the value of a struct_ops map is of a type of the kernel's */
	id = info.btf_vmlinux_value_type_id ? 1 : info.btf_id;
	if (info.btf_vmlinux_value_type_id)
		info.btf_value_type_id = info.btf_vmlinux_value_type_id;
	map_roots(r, s, &info);
	if (!id)
		tool_error(msg_btf_none, info.name);
	return id && open_id(r, s, id);
}

static bool open_source(struct request *r, struct source *s)
{
	u64 id;

	if (req_is(r, "id"))
		return req_number(r, "an id", UINT32_MAX, &id) && open_id(r, s, (u32)id);
	if (req_is(r, "file"))
		return open_file(r, s, req_need(r, "a file"));
	if (req_is(r, "prog"))
		return open_prog(r, s);
	if (req_is(r, "map"))
		return open_map(r, s);
	tool_error(msg_data_word, "id, prog, map or file", r->n ? *r->at : "nothing",
		   r->cmd);
	return false;
}

static int dump_raw(struct request *r, const struct source *s)
{
	struct json *j = r->json ? &r->out : NULL;
	u32 first = s->base ? skep_btf_end(s->base) : 1;

	json_open(&r->out, NULL, '{');
	json_open(&r->out, "types", '[');
	for (u32 i = 0; i < s->nroots; i++)
		btf_raw_type(j, s->btf, s->roots[i]);
	for (u32 id = first; !s->nroots && id < skep_btf_end(s->btf); id++)
		btf_raw_type(j, s->btf, id);
	json_close(&r->out, ']');
	json_close(&r->out, '}');
	return exit_ok;
}

/* The attribute makes each access one that is relocated (CO-RE). */
static int dump_c(struct request *r, const struct source *s)
{
	struct str out = {0};
	int err;

	if (r->json) {
		tool_error(msg_btf_json);
		return exit_usage;
	}
	err = btf_print_c(&out, s->btf, s->roots, s->nroots);
	if (!err)
		printf("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n"
		       "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
		       "#pragma clang attribute push "
		       "(__attribute__((preserve_access_index)), apply_to = record)\n"
		       "#endif\n\n%s"
		       "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
		       "#pragma clang attribute pop\n"
		       "#endif\n\n#endif /* __VMLINUX_H__ */\n",
		       out.s ? out.s : "");
	str_free(&out);
	if (err == -E2BIG)
		tool_error(msg_btf_deep);
	else if (err)
		which_failed(r, "the header", err);
	return err ? exit_failed : exit_ok;
}

static int dump_format(struct request *r, const struct source *s)
{
	bool c = false;

	if (req_is(r, "format")) {
		c = req_is(r, "c");
		if (!c && !req_is(r, "raw")) {
			tool_error(msg_data_word, "raw or c", r->n ? *r->at : "nothing",
				   r->cmd);
			return exit_usage;
		}
	}
	if (req_end(r))
		return exit_usage;
	return c ? dump_c(r, s) : dump_raw(r, s);
}

static int dump(struct request *r)
{
	struct source s = {0};
	int code = open_source(r, &s) ? dump_format(r, &s) : exit_failed;

	skep_btf_free(s.btf);
	skep_btf_free(s.base);
	return code;
}

int cmd_btf(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{"list", list}, {"show", list}, {"dump", dump}, {0}};
	struct request r = {0};

	return request_run(&r, argc, argv, verbs);
}
