/* Keys and values as words. */
#include "map_at.h"
#include "btf.h"
#include "mem.h"
#include "tool_msg.h"
#include "value_read.h"
#include <errno.h>
#include <stdlib.h>

bool map_at_open(struct request *r, struct map_at *m)
{
	int fd = which_open(r, which_map), err, cpus = 1;

	*m = (struct map_at){.dump.fd = fd, .cpus = 1};
	if (fd < 0)
		return false;
	err = skep_map_get_info(r->sys, fd, &m->info);
	if (!err && m->info.btf_id)
		err = skep_btf_by_id(r->sys, m->info.btf_id, &m->btf, tool_log());
	if (!err && map_type_per_cpu(m->info.type))
		err = cpus = skep_possible_cpus(r->sys);
	m->cpus = (u32)MAX(cpus, 1);
	m->stride = (u32)round_up(m->info.value_size, 8);
	m->key = mem_alloc(MAX(m->info.key_size, 1u), 1);
	m->value = mem_alloc((size_t)m->cpus * MAX(m->stride, 8u), 1);
	m->dump.name = m->info.name;
	m->dump.btf = m->btf;
	m->dump.key_type = m->info.btf_key_type_id;
	m->dump.value_type = m->info.btf_value_type_id;
	if (err >= 0 && (!m->key || !m->value))
		err = -ENOMEM;
	if (err >= 0)
		return true;
	tool_log_show("map");
	which_failed(r, "the map", err);
	map_at_close(r, m);
	return false;
}

void map_at_close(struct request *r, struct map_at *m)
{
	mem_free(m->key);
	mem_free(m->value);
	skep_btf_free(m->btf);
	if (m->dump.fd >= 0)
		r->sys->close(r->sys, m->dump.fd);
}

int map_at_call(struct request *r, struct map_at *m, enum skep_cmd cmd, u64 flags)
{
	union skep_attr attr = {.map_fd = (u32)m->dump.fd,
				.key = m->info.key_size ? (uintptr_t)m->key : 0,
				.flags = flags};

	if (cmd != SKEP_MAP_DELETE_ELEM)
		attr.value = (uintptr_t)m->value;
	return r->sys->bpf(r->sys, cmd, &attr, sizeof(attr));
}

struct data {
	const char *what; /* "key" */
	u8 *out;
	u32 size, type;
	const struct skep_btf *btf;
};

/* The words up to the next one that is none of the data's. */
static int count(const struct request *r)
{
	static const char *const ends[] = {"key", "value", "any", "exist", "noexist"};

	for (int n = 0; n < r->n; n++)
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			if (!strcmp(r->at[n], ends[i]))
				return n;
	return r->n;
}

static bool read_bytes(struct request *r, const struct data *d, int n, bool hex)
{
	if ((u32)n != d->size) {
		tool_error(msg_data_size, d->what, d->size, (unsigned)n);
		return false;
	}
	for (u32 i = 0; i < d->size; i++) {
		const char *word = req_next(r);
		char *end;
		unsigned long v = strtoul(word, &end, hex ? 16 : 0);

		if (*end || !*word || *word == '-' || v > 255) {
			tool_error(msg_data_byte, word, d->what);
			return false;
		}
		d->out[i] = (u8)v;
	}
	return true;
}

/* Without BTF: a number, in the machine's byte order. */
static bool read_number(const struct data *d, const char *word)
{
	char *end;
	u64 v;
	s64 sign;
	bool negative = *word == '-';

	errno = 0;
	v = strtoull(word + negative, &end, 0);
	sign = negative ? -1 : 0;
	if (d->size > 8 || (d->size & (d->size - 1)) || errno || *end || end == word ||
	    (d->size < 8 && v >> (8 * d->size - negative))) {
		tool_error(msg_data_number, d->what, word, d->size);
		return false;
	}
	v = negative ? (u64)(sign * (s64)v) : v;
	memcpy(d->out, &v, d->size);
	return true;
}

static bool read_typed(const struct data *d, const char *word)
{
	struct str want = {0}, type = {0};
	const char *at;
	bool good = value_read(d->btf, d->type, word, d->out, d->size, &at, &want);

	if (!good) {
		btf_print_type(&type, d->btf, d->type, "", false);
		tool_error(msg_data_value, d->what, want.s, at, type.s);
	}
	str_free(&want);
	str_free(&type);
	return good;
}

static bool read_data(struct request *r, const struct data *d)
{
	bool hex = req_is(r, "hex");
	int n = count(r);

	if (hex || n != 1)
		return read_bytes(r, d, n, hex);
	if (d->btf && d->type && skep_btf_size(d->btf, d->type) == d->size)
		return read_typed(d, req_next(r));
	return read_number(d, req_next(r));
}

static bool keyword(struct request *r, const char *word)
{
	if (req_is(r, word))
		return true;
	tool_error(msg_data_word, word, r->n ? *r->at : "nothing", r->cmd);
	return false;
}

bool map_at_key(struct request *r, struct map_at *m)
{
	const struct data d = {.what = "key",
			       .out = m->key,
			       .size = m->info.key_size,
			       .btf = m->btf,
			       .type = m->info.btf_key_type_id};

	if (!m->info.key_size) {
		tool_error(msg_data_none, map_type_name(m->info.type), "keys");
		return false;
	}
	return keyword(r, "key") && read_data(r, &d);
}

/* The descriptor goes with the process. */
static bool read_object(struct request *r, struct map_at *m, enum which kind)
{
	u32 fd = (u32)which_open(r, kind);

	memcpy(m->value, &fd, sizeof(fd));
	return (int)fd >= 0;
}

bool map_at_value(struct request *r, struct map_at *m)
{
	const struct data d = {.what = "value",
			       .out = m->value,
			       .size = m->info.value_size,
			       .btf = m->btf,
			       .type = m->info.btf_value_type_id};

	if (!m->info.value_size) {
		tool_error(msg_data_none, map_type_name(m->info.type), "values");
		return false;
	}
	if (!keyword(r, "value"))
		return false;
	if (map_type_of_maps(m->info.type))
		return read_object(r, m, which_map);
	if (map_type_of_progs(m->info.type))
		return read_object(r, m, which_prog);
	if (!read_data(r, &d))
		return false;
	for (u32 cpu = 1; cpu < m->cpus; cpu++)
		memcpy(m->value + (size_t)cpu * m->stride, m->value, d.size);
	return true;
}
