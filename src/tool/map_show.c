/* skep map list and dump. */
#include "pinned.h"
#include "map_at.h"
#include "btf.h"
#include "prog_name.h"
#include "tool_msg.h"
#include <errno.h>
#include <inttypes.h>

/* ---- list ---- */

struct extra {
	u64 memlock, owner_type, owner_jited, frozen;
	bool has_memlock, has_owner, has_frozen;
};

static struct extra extra_of(struct request *r, int fd)
{
	struct extra x = {0};

	x.has_memlock = which_fdinfo(r->sys, fd, "memlock", &x.memlock);
	x.has_owner = which_fdinfo(r->sys, fd, "owner_prog_type", &x.owner_type);
	which_fdinfo(r->sys, fd, "owner_jited", &x.owner_jited);
	x.has_frozen = which_fdinfo(r->sys, fd, "frozen", &x.frozen);
	return x;
}

static void show_json(struct request *r, const struct skep_map_info *info,
		      const struct extra *x)
{
	struct json *j = &r->out;
	json_open(j, NULL, '{');
	json_number(j, "id", info->id);
	json_text(j, "type", map_type_name(info->type));
	if (*info->name)
		json_text(j, "name", info->name);
	json_number(j, "flags", info->map_flags);
	json_number(j, "bytes_key", info->key_size);
	json_number(j, "bytes_value", info->value_size);
	json_number(j, "max_entries", info->max_entries);
	if (x->has_memlock)
		json_number(j, "bytes_memlock", x->memlock);
	if (x->has_owner) {
		json_text(j, "owner_prog_type", prog_type_name((u32)x->owner_type));
		json_bool(j, "owner_jited", x->owner_jited);
	}
	if (x->has_frozen)
		json_number(j, "frozen", x->frozen);
	if (info->btf_id)
		json_number(j, "btf_id", info->btf_id);
	pinned_json(r, which_map, info->id);
	json_close(j, '}');
}

static void show_text(const struct skep_map_info *info, const struct extra *x)
{
	printf("%" PRIu32 ": %s  ", info->id, map_type_name(info->type));
	if (*info->name)
		printf("name %s  ", info->name);
	printf("flags 0x%" PRIx32 "\n\tkey %" PRIu32 "B  value %" PRIu32
	       "B  max_entries %" PRIu32,
	       info->map_flags, info->key_size, info->value_size, info->max_entries);
	if (x->has_memlock)
		printf("  memlock %" PRIu64 "B", x->memlock);
	if (x->has_owner)
		printf("\n\towner_prog_type %s  owner%s jited",
		       prog_type_name((u32)x->owner_type), x->owner_jited ? "" : " not");
	if (info->btf_id || x->frozen)
		printf("\n\t");
	if (info->btf_id)
		printf("btf_id %" PRIu32, info->btf_id);
	if (x->frozen)
		printf("%sfrozen", info->btf_id ? "  " : "");
	putchar('\n');
}

int map_show(struct request *r, int fd)
{
	struct skep_map_info info = {0};
	struct extra x = extra_of(r, fd);
	int err = skep_map_get_info(r->sys, fd, &info);

	if (err)
		return which_failed(r, "the map", err);
	if (r->json)
		show_json(r, &info, &x);
	else
		show_text(&info, &x);
	if (!r->json)
		pinned_text(r, which_map, info.id);
	return exit_ok;
}

/* ---- dump ---- */

static void json_typed(struct json *j, const char *name, const struct map_at *m, u32 type,
		       const u8 *p, u32 size)
{
	const struct skep_btf_print how = {
		.size = sizeof(how), .style = SKEP_BTF_JSON, .compact = 1};
	struct str s = {0};

	if (!type || skep_btf_size(m->btf, type) != size)
		return;
	btf_print_value(&s, m->btf, type, p, size, &how);
	json_raw(j, name, s.s ? s.s : "null");
	str_free(&s);
}

/* A value as bytes, or `typed`; per-CPU ones in an array. */
static void json_value(struct json *j, const struct map_at *m, const u8 *value,
		       bool typed)
{
	u32 type = m->info.btf_value_type_id, size = m->info.value_size;
	bool each = map_type_per_cpu(m->info.type);

	if (each)
		json_open(j, "values", '[');
	for (u32 cpu = 0; cpu < m->cpus; cpu++, value += m->stride) {
		if (each) {
			json_open(j, NULL, '{');
			json_number(j, "cpu", cpu);
		}
		if (typed)
			json_typed(j, "value", m, type, value, size);
		else
			json_bytes(j, "value", value, size);
		if (each)
			json_close(j, '}');
	}
	if (each)
		json_close(j, ']');
}

void map_json_element(struct json *j, const struct map_at *m, const u8 *key,
		      const u8 *value)
{
	json_open(j, NULL, '{');
	json_bytes(j, "key", key, m->info.key_size);
	json_value(j, m, value, false);
	if (m->btf && m->info.btf_value_type_id) {
		json_open(j, "formatted", '{');
		json_typed(j, "key", m, m->info.btf_key_type_id, key, m->info.key_size);
		json_value(j, m, value, true);
		json_close(j, '}');
	}
	json_close(j, '}');
}

struct dumped {
	struct json *out;
	const struct map_at *m;
};

static int add_element(void *arg, const void *key, const void *value)
{
	struct dumped *d = arg;

	map_json_element(d->out, d->m, key, value);
	return d->out->s.failed ? -ENOMEM : 0;
}

static int dump_json(struct request *r, struct map_at *m)
{
	struct dumped d = {.out = &r->out, .m = m};
	int err = 0;

	json_open(&r->out, NULL, '[');
	if (map_type_walks(m->info.type))
		err = skep_map_each(r->sys, m->dump.fd, add_element, &d, tool_log());
	json_close(&r->out, ']');
	return err;
}

int map_dump(struct request *r)
{
	struct dump d = {.sys = r->sys, .out = stdout, .all = r->all};
	struct map_at m;
	int err, code = exit_usage;

	if (!map_at_open(r, &m))
		return exit_failed;
	if (!req_end(r)) {
		err = r->json ? dump_json(r, &m) : dump_map(&d, &m.dump, tool_log());
		tool_log_show("map");
		code = err ? which_failed(r, m.info.name, err) : exit_ok;
	}
	map_at_close(r, &m);
	return code;
}
