#include "map_at.h"
#include "tool_msg.h"
#include <errno.h>

/* A map's element in the next words. exit_ok, or an exit code after a sentence. */
static int begin(struct request *r, struct map_at *m)
{
	if (!map_at_open(r, m))
		return exit_failed;
	if (map_at_key(r, m))
		return exit_ok;
	map_at_close(r, m);
	return exit_usage;
}

static int end(struct request *r, struct map_at *m, int code)
{
	map_at_close(r, m);
	return code;
}

static int failed(struct request *r, const struct map_at *m, int err)
{
	if (err == -ENOENT)
		tool_error(msg_map_no_key, m->info.name, r->sys->name);
	else
		which_failed(r, m->info.name, err);
	return exit_failed;
}

static int call(struct request *r, struct map_at *m, enum skep_cmd cmd, u64 flags)
{
	int err = req_end(r) ? 1 : map_at_call(r, m, cmd, flags);

	return err > 0 ? exit_usage : err ? failed(r, m, err) : exit_ok;
}

static void print_bytes(const char *what, const u8 *p, u32 size)
{
	printf("%s:", what);
	for (u32 i = 0; i < size; i++)
		printf(" %02x", p[i]);
	putchar('\n');
}

int map_lookup(struct request *r)
{
	struct dump d = {.sys = r->sys, .out = stdout, .all = true};
	struct map_at m;
	int code = begin(r, &m);

	if (code)
		return code;
	code = call(r, &m, SKEP_MAP_LOOKUP_ELEM, 0);
	if (code == exit_ok && r->json)
		map_json_element(&r->out, &m, m.key, m.value);
	else if (code == exit_ok && dump_element(&d, &m.dump, m.key, m.value))
		code = which_failed(r, m.info.name, -ENOMEM);
	return end(r, &m, code);
}

int map_update(struct request *r)
{
	struct map_at m;
	u64 flags = SKEP_ANY;
	int code = begin(r, &m);

	if (code)
		return code;
	code = exit_usage;
	/* what the value's text does not name stays; a value of descriptors cannot be
	 * read */
	if (m.btf && m.cpus == 1)
		map_at_call(r, &m, SKEP_MAP_LOOKUP_ELEM, 0);
	if (map_at_value(r, &m)) {
		if (req_is(r, "noexist"))
			flags = SKEP_NOEXIST;
		else if (req_is(r, "exist"))
			flags = SKEP_EXIST;
		else
			req_is(r, "any");
		code = call(r, &m, SKEP_MAP_UPDATE_ELEM, flags);
	}
	return end(r, &m, code);
}

int map_delete(struct request *r)
{
	struct map_at m;
	int code = begin(r, &m);

	if (code)
		return code;
	return end(r, &m, call(r, &m, SKEP_MAP_DELETE_ELEM, 0));
}

int map_getnext(struct request *r)
{
	struct map_at m;
	bool first;
	u8 next[512];
	union skep_attr attr = {.next_key = (uintptr_t)next};
	int err = exit_ok;

	if (!map_at_open(r, &m))
		return exit_failed;
	first = !r->n;
	if (m.info.key_size > sizeof(next))
		return end(r, &m, which_failed(r, m.info.name, -E2BIG));
	if ((!first && !map_at_key(r, &m)) || req_end(r))
		return end(r, &m, exit_usage);
	attr.map_fd = (u32)m.dump.fd;
	attr.key = first ? 0 : (uintptr_t)m.key;
	err = r->sys->bpf(r->sys, SKEP_MAP_GET_NEXT_KEY, &attr, sizeof(attr));
	if (err == -ENOENT)
		tool_error(msg_map_no_next, m.info.name);
	if (err)
		return end(r, &m, err == -ENOENT ? exit_failed : failed(r, &m, err));
	json_open(&r->out, NULL, '{');
	first ? json_null(&r->out, "key")
	      : json_bytes(&r->out, "key", m.key, m.info.key_size);
	json_bytes(&r->out, "next_key", next, m.info.key_size);
	json_close(&r->out, '}');
	if (!r->json && !first)
		print_bytes("key", m.key, m.info.key_size);
	if (!r->json)
		print_bytes("next key", next, m.info.key_size);
	return end(r, &m, exit_ok);
}

/* Queues, stacks and bloom filters have values only. */
static int value_of(struct request *r, enum skep_cmd cmd)
{
	struct map_at m;
	int err;

	if (!map_at_open(r, &m))
		return exit_failed;
	if (req_end(r))
		return end(r, &m, exit_usage);
	err = map_at_call(r, &m, cmd, 0);
	if (err == -ENOENT)
		tool_error(msg_map_empty, m.info.name);
	if (err)
		return end(r, &m, err == -ENOENT ? exit_failed : failed(r, &m, err));
	if (r->json)
		map_json_element(&r->out, &m, m.key, m.value);
	else
		print_bytes("value", m.value, m.info.value_size);
	return end(r, &m, exit_ok);
}

int map_peek(struct request *r)
{
	return value_of(r, SKEP_MAP_LOOKUP_ELEM);
}

int map_pop(struct request *r)
{
	return value_of(r, SKEP_MAP_LOOKUP_AND_DELETE_ELEM);
}

int map_push(struct request *r)
{
	struct map_at m;

	if (!map_at_open(r, &m))
		return exit_failed;
	if (m.info.key_size) {
		tool_error(msg_map_keyed, map_type_name(m.info.type));
		return end(r, &m, exit_usage);
	}
	if (!map_at_value(r, &m))
		return end(r, &m, exit_usage);
	return end(r, &m, call(r, &m, SKEP_MAP_UPDATE_ELEM, SKEP_ANY));
}
