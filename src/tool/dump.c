#include "dump.h"
#include "btf.h"
#include "mem.h"
#include "str.h"
#include "tool.h"
#include "vec.h"
#include <errno.h>
#include <stdlib.h>

/* One element as it is read: key, then value (all CPUs' of a per-CPU map). */
struct row {
	u8 *key, *value;
};

/* A cell of the table: a member of a struct, or the whole. */
struct column {
	const char *name;
	u32 type, off, size; /* type 0: hex */
};

struct columns {
	struct column *at;
	size_t n, room;
};

struct table {
	const struct dump *d;
	const struct dump_map *map;
	struct skep_map_info info;
	u32 cpus;   /* values per element; 1 unless the map is per-CPU */
	u32 stride; /* between CPUs' values */
	u64 zeros;  /* entries left out */
	struct arena arena;
	vec(struct row) rows;
	struct columns keys, values;
};

static bool is_array(u32 type)
{
	return type == SKEP_MAP_TYPE_ARRAY || type == SKEP_MAP_TYPE_PERCPU_ARRAY;
}

static bool all_zero(const u8 *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static int add_row(void *arg, const void *key, const void *value)
{
	struct table *t = arg;
	size_t len = (size_t)t->cpus * t->stride;
	struct row *row;

	if (!t->d->all && is_array(t->info.type) && all_zero(value, len)) {
		t->zeros++;
		return 0;
	}
	row = vec_push(&t->rows);
	if (!row)
		return -ENOMEM;
	row->key = arena_alloc(&t->arena, 1, t->info.key_size);
	row->value = arena_alloc(&t->arena, 1, len);
	if (!row->key || !row->value)
		return -ENOMEM;
	memcpy(row->key, key, t->info.key_size);
	memcpy(row->value, value, len);
	return 0;
}

/* Keys of up to 8 bytes in numeric order, others byte by byte. */
static int by_key(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	size_t size = *(const u32 *)arg;
	u64 m = 0, n = 0;

	if (size > 8)
		return memcmp(x->key, y->key, size);
	memcpy(&m, x->key, size);
	memcpy(&n, y->key, size);
	return m < n ? -1 : m > n;
}

/* ---- columns ---- */

static bool is_plain(const struct skep_btf *btf, u32 type)
{
	u32 kind = btf_kind_of(btf, btf_skip(btf, type));

	return kind != SKEP_BTF_KIND_STRUCT && kind != SKEP_BTF_KIND_UNION;
}

static bool add_column(struct columns *columns, const char *name, u32 type, u32 off,
		       u32 size)
{
	struct column *c = vec_push(columns);

	if (c)
		*c = (struct column){
			.name = name, .type = type, .off = off, .size = size};
	return c;
}

/* The members of a struct without nested ones and bit fields, else one column. */
static bool make_columns(struct columns *columns, const struct skep_btf *btf, u32 type,
			 u32 size, const char *whole)
{
	enum { MOST = 10 };
	const struct skep_btf_type *t;
	const struct skep_btf_member *m;
	u32 id;

	if (!size)
		return true;
	if (!btf || !type || skep_btf_size(btf, type) != size)
		return add_column(columns, whole, 0, 0, size);
	id = btf_skip(btf, type);
	t = btf_type(btf, id);
	m = btf_tail(t);
	if (btf_kind(t) != SKEP_BTF_KIND_STRUCT || btf_vlen(t) > MOST || !btf_vlen(t))
		return add_column(columns, whole, type, 0, size);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!is_plain(btf, m[i].type) || btf_member_bits(t, &m[i]) ||
		    !m[i].name_off)
			return add_column(columns, whole, type, 0, size);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!add_column(columns, btf_str(btf, m[i].name_off), m[i].type,
				btf_member_bit(t, &m[i]) / 8, btf_size(btf, m[i].type)))
			return false;
	return true;
}

static void print_hex(struct str *s, const u8 *p, u32 size, bool json)
{
	str_printf(s, json ? "\"" : "");
	for (u32 i = 0; i < size; i++)
		str_printf(s, i && !json ? " %02x" : "%02x", p[i]);
	str_printf(s, json ? "\"" : "");
}

static void print_cell(struct str *s, const struct table *t, const struct column *c,
		       const u8 *p)
{
	struct skep_btf_print how = {.size = sizeof(how),
				     .compact = 1,
				     .style = t->d->json ? SKEP_BTF_JSON : SKEP_BTF_C};

	if (!c->type)
		print_hex(s, p + c->off, c->size, t->d->json);
	else
		btf_print_value(s, t->map->btf, c->type, p + c->off, c->size, &how);
}

/* ---- as a table ---- */

enum { WIDEST = 40, GAP = 2 };

static void pad(struct str *s, size_t from, size_t width)
{
	size_t len = s->len - from;

	str_printf(s, "%*s", (int)(len < width ? width - len + GAP : GAP), "");
}

static size_t cell_width(const struct table *t, const struct column *c, bool key)
{
	size_t width = strlen(c->name), cells = key ? t->rows.n : t->rows.n * t->cpus;

	for (size_t i = 0; i < cells && width < WIDEST; i++) {
		const struct row *row = &t->rows.at[key ? i : i / t->cpus];
		struct str s = {0};

		print_cell(&s, t, c,
			   key ? row->key : row->value + i % t->cpus * t->stride);
		width = MAX(width, s.len);
		str_free(&s);
	}
	return MIN(width, (size_t)WIDEST);
}

static void print_line(struct table *t, const size_t *widths, const struct row *row,
		       u32 cpu)
{
	struct str s = {0};
	struct column *c;
	size_t i = 0, at;

	str_printf(&s, "  ");
	vec_each(c, &t->keys) {
		at = s.len;
		row ? print_cell(&s, t, c, row->key) : str_printf(&s, "%s", c->name);
		pad(&s, at, widths[i++]);
	}
	if (t->cpus > 1) {
		at = s.len;
		row ? str_printf(&s, "%u", cpu) : str_printf(&s, "cpu");
		pad(&s, at, 3);
	}
	vec_each(c, &t->values) {
		at = s.len;
		row ? print_cell(&s, t, c, row->value + cpu * t->stride)
		    : str_printf(&s, "%s", c->name);
		pad(&s, at, widths[i++]);
	}
	while (s.len && s.s[s.len - 1] == ' ')
		s.len--;
	fprintf(t->d->out, "%.*s\n", (int)s.len, s.s ? s.s : "");
	str_free(&s);
}

static void print_rows(struct table *t)
{
	size_t *widths = mem_alloc(t->keys.n + t->values.n, sizeof(*widths)), i = 0;
	struct column *c;
	struct row *row;

	if (!widths)
		return;
	vec_each(c, &t->keys)
		widths[i++] = cell_width(t, c, true);
	vec_each(c, &t->values)
		widths[i++] = cell_width(t, c, false);
	if (t->rows.n)
		print_line(t, widths, NULL, 0);
	vec_each(row, &t->rows)
		for (u32 cpu = 0; cpu < t->cpus; cpu++)
			if (t->d->all || t->cpus == 1 ||
			    !all_zero(row->value + cpu * t->stride, t->info.value_size))
				print_line(t, widths, row, cpu);
	mem_free(widths);
}

/* Global variables: the members of a DATASEC, a line each. */
static bool is_globals(const struct table *t)
{
	return t->map->btf && t->map->value_type &&
	       btf_kind_of(t->map->btf, t->map->value_type) == SKEP_BTF_KIND_DATASEC;
}

static void print_globals(struct table *t)
{
	const struct skep_btf *btf = t->map->btf;
	const struct skep_btf_type *sec = btf_type(btf, t->map->value_type);
	const struct skep_btf_var_secinfo *v = btf_tail(sec);

	for (u32 i = 0; t->rows.n && i < btf_vlen(sec); i++) {
		const struct skep_btf_type *var = btf_type(btf, v[i].type);
		struct column c = {
			.type = var->type, .off = v[i].offset, .size = v[i].size};
		struct str s = {0};

		if (v[i].offset > t->info.value_size ||
		    v[i].size > t->info.value_size - v[i].offset)
			continue;
		print_cell(&s, t, &c, t->rows.at[0].value);
		fprintf(t->d->out, "  %s = %s\n", btf_str(btf, var->name_off),
			s.s ? s.s : "");
		str_free(&s);
	}
}

static void print_table(struct table *t)
{
	bool is_buffer = t->info.type == SKEP_MAP_TYPE_RINGBUF ||
			 t->info.type == SKEP_MAP_TYPE_USER_RINGBUF;

	fprintf(t->d->out, "%s%s%s (", color_on(t->d->out, color_strong), t->map->name,
		color_on(t->d->out, color_none));
	if (is_globals(t)) {
		fprintf(t->d->out, "global variables%s)\n",
			t->rows.n ? "" : ", all zero");
		print_globals(t);
		return;
	}
	if (!map_type_walks(t->info.type)) {
		fprintf(t->d->out,
			is_buffer ? "%s, %u bytes)\n" : "%s, max_entries %u)\n",
			map_type_name(t->info.type), t->info.max_entries);
		return;
	}
	fprintf(t->d->out, "%s, %zu of %u entries", map_type_name(t->info.type),
		t->rows.n, t->info.max_entries);
	if (t->zeros)
		fprintf(t->d->out, ", the rest is zero");
	fprintf(t->d->out, ")\n");
	print_rows(t);
}

/* ---- as JSON ---- */

static void json_cell(struct table *t, u32 type, const u8 *p, u32 size)
{
	struct column whole = {.type = type, .size = size};
	struct str s = {0};

	if (type && (!t->map->btf || skep_btf_size(t->map->btf, type) != size))
		whole.type = 0;
	print_cell(&s, t, &whole, p);
	fputs(s.s ? s.s : "null", t->d->out);
	str_free(&s);
}

static void json_row(struct table *t, const struct row *row)
{
	FILE *out = t->d->out;

	fprintf(out, "{\"key\":");
	json_cell(t, t->map->key_type, row->key, t->info.key_size);
	if (t->cpus == 1) {
		fprintf(out, ",\"value\":");
		json_cell(t, t->map->value_type, row->value, t->info.value_size);
	} else {
		fprintf(out, ",\"values\":[");
		for (u32 cpu = 0; cpu < t->cpus; cpu++) {
			fprintf(out, "%s{\"cpu\":%u,\"value\":", cpu ? "," : "", cpu);
			json_cell(t, t->map->value_type, row->value + cpu * t->stride,
				  t->info.value_size);
			fprintf(out, "}");
		}
		fprintf(out, "]");
	}
	fprintf(out, "}");
}

static void print_json(struct table *t)
{
	FILE *out = t->d->out;
	struct row *row;

	fprintf(out, "{\"name\":");
	json_string(out, t->map->name);
	fprintf(out, ",\"type\":\"%s\",\"max_entries\":%u,\"elements\":[",
		map_type_name(t->info.type), t->info.max_entries);
	vec_each(row, &t->rows) {
		if (row != t->rows.at)
			fputc(',', out);
		json_row(t, row);
	}
	fprintf(out, "]}");
}

/* ---- a map ---- */

static int read_rows(struct table *t, struct skep_log *log)
{
	int err;

	if (!map_type_walks(t->info.type))
		return 0;
	err = skep_map_each(t->d->sys, t->map->fd, add_row, t, log);
	if (!err && !is_array(t->info.type) && t->rows.n)
		qsort_r(t->rows.at, t->rows.n, sizeof(*t->rows.at), by_key,
			&t->info.key_size);
	return err;
}

/* Asks what the map is, and makes the columns. */
static int begin_table(struct table *t)
{
	int err = skep_map_get_info(t->d->sys, t->map->fd, &t->info), cpus = 1;

	if (!err && map_type_per_cpu(t->info.type))
		err = cpus = skep_possible_cpus(t->d->sys);
	if (err < 0)
		return err;
	t->cpus = (u32)cpus;
	t->stride = t->cpus > 1 || map_type_per_cpu(t->info.type)
			    ? (u32)round_up(t->info.value_size, 8)
			    : t->info.value_size;
	if (!make_columns(&t->keys, t->map->btf, t->map->key_type, t->info.key_size,
			  "key") ||
	    !make_columns(&t->values, t->map->btf, t->map->value_type, t->info.value_size,
			  "value"))
		return -ENOMEM;
	return 0;
}

static void end_table(struct table *t)
{
	vec_free(&t->rows);
	vec_free(&t->keys);
	vec_free(&t->values);
	arena_free(&t->arena);
}

int dump_map(const struct dump *d, const struct dump_map *map, struct skep_log *log)
{
	struct table t = {.d = d, .map = map};
	int err = begin_table(&t);

	if (!err)
		err = read_rows(&t, log);
	if (!err)
		d->json ? print_json(&t) : print_table(&t);
	end_table(&t);
	return err;
}

int dump_element(const struct dump *d, const struct dump_map *map, const void *key,
		 const void *value)
{
	struct table t = {.d = d, .map = map};
	int err = begin_table(&t);

	if (!err)
		err = add_row(&t, key, value);
	if (!err && is_globals(&t))
		print_globals(&t);
	else if (!err)
		print_rows(&t);
	end_table(&t);
	return err;
}
