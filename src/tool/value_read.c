#include "value_read.h"
#include "btf.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { DEPTH = 32 };

struct reader {
	const struct skep_btf *b;
	const char *at;
	u8 *out;
	u32 size; /* of all */
	u32 depth;
	struct str *want;
};

/* Where in `out` a value goes, in bits; width 0: the type's own. */
struct spot {
	u64 bit;
	u32 width;
};

static bool read_type(struct reader *r, u32 id, struct spot to);

static bool want(struct reader *r, const char *what)
{
	if (!r->want->len)
		str_printf(r->want, "%s", what);
	return false;
}

static const char *skip_blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
	return r->at;
}

static bool take(struct reader *r, char c)
{
	if (*skip_blanks(r) != c)
		return false;
	r->at++;
	return true;
}

static bool put(struct reader *r, struct spot to, u32 width, u64 v)
{
	if ((to.bit + width + 7) / 8 > r->size)
		return want(r, "a type that lies in the value");
	for (u32 i = 0; i < width; i++) {
		u8 *byte = r->out + (to.bit + i) / 8, mask = (u8)(1 << (to.bit + i) % 8);

		*byte = (u8)((*byte & ~mask) | (i < 64 && v >> i & 1 ? mask : 0));
	}
	return true;
}

/* A name, with or without quotes; its length. */
static size_t name_len(struct reader *r, const char **name)
{
	bool quoted = take(r, '"');
	size_t n = 0;

	*name = r->at;
	while (quoted ? r->at[n] && r->at[n] != '"'
		      : isalnum((unsigned char)r->at[n]) ||
				(r->at[n] && strchr("_.$", r->at[n])))
		n++;
	r->at += n;
	if (quoted && !take(r, '"'))
		return 0;
	return n;
}

static bool is(const char *text, size_t n, const char *name)
{
	return strlen(name) == n && !memcmp(text, name, n);
}

static bool in_range(u64 v, bool negative, u32 width, bool is_signed)
{
	u32 bits = width - is_signed;

	if (width >= 64)
		return !is_signed || v <= (u64)INT64_MAX + negative || !negative;
	if (negative)
		return is_signed && v <= 1ull << bits;
	return v < 1ull << width; /* 0xff is a good s8 */
}

static bool number(struct reader *r, struct spot to, u32 width, bool is_signed)
{
	bool negative = take(r, '-'), quoted = take(r, '"');
	const char *from = r->at;
	char *end;
	u64 v;

	errno = 0;
	v = isdigit((unsigned char)*from) ? strtoull(from, &end, 0) : 0;
	if (!isdigit((unsigned char)*from))
		return want(r, "a number");
	if (errno || !in_range(v, negative, width, is_signed)) {
		str_printf(r->want, "%s%" PRIu32 " bits", is_signed ? "signed " : "",
			   width);
		return false;
	}
	r->at = end;
	if (quoted && !take(r, '"'))
		return want(r, "\"");
	return put(r, to, width, negative ? -v : v);
}

static bool read_int(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	u32 v = load32(t + 1), width = to.width ? to.width : SKEP_BTF_INT_BITS(v);
	const char *from = skip_blanks(r);

	to.bit += SKEP_BTF_INT_OFFSET(v);
	if (SKEP_BTF_INT_ENCODING(v) & SKEP_BTF_INT_BOOL) {
		const char *name;
		size_t n = name_len(r, &name);

		if (is(name, n, "true") || is(name, n, "false"))
			return put(r, to, width, *name == 't');
		r->at = from;
	}
	if (from[0] == '\'' && from[1] && from[2] == '\'') {
		r->at += 3;
		return put(r, to, width, (u8)from[1]);
	}
	return number(r, to, width, SKEP_BTF_INT_ENCODING(v) & SKEP_BTF_INT_SIGNED);
}

static bool read_enum(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64;
	u32 width = to.width ? to.width : t->size * 8;
	const char *name, *from = skip_blanks(r);
	const u8 *e = btf_tail(t);
	size_t n = name_len(r, &name);

	for (u32 i = 0; i < btf_vlen(t); i++, e += wide ? 12 : 8)
		if (is(name, n, btf_str(r->b, load32(e))))
			return put(r, to, width,
				   wide ? load64(e + 4) : (u64)(s32)load32(e + 4));
	r->at = from;
	if (!isdigit((unsigned char)*from) && *from != '-')
		return want(r, "an enumerator");
	return number(r, to, width, btf_kflag(t));
}

static bool read_float(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	char *end;
	double d = strtod(r->at, &end);
	float f = (float)d;
	u64 v = 0;

	if (end == r->at || (t->size != sizeof(d) && t->size != sizeof(f)))
		return want(r, "a floating-point number");
	r->at = end;
	memcpy(&v, t->size == sizeof(f) ? (void *)&f : (void *)&d, t->size);
	return put(r, to, t->size * 8, v);
}

/* Text fills a char array and is 0 behind its end. */
static bool read_chars(struct reader *r, u32 n, struct spot to)
{
	u32 i = 0;

	for (; *r->at && *r->at != '"' && i < n; i++, r->at++) {
		r->at += *r->at == '\\' && r->at[1];
		if (!put(r, (struct spot){to.bit + 8ull * i, 0}, 8, (u8)*r->at))
			return false;
	}
	for (; i < n; i++)
		if (!put(r, (struct spot){to.bit + 8ull * i, 0}, 8, 0))
			return false;
	return take(r, '"') || want(r, "shorter text, or a quote at its end");
}

static bool read_array(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	const struct skep_btf_array *a = btf_tail(t);
	u32 size = btf_size(r->b, a->type), i = 0;

	if (size == 1 && take(r, '"'))
		return read_chars(r, a->nelems, to);
	if (!take(r, '['))
		return want(r, "[");
	if (take(r, ']'))
		return true;
	do {
		if (i >= a->nelems)
			return want(r, "no more elements");
		if (!read_type(r, a->type, (struct spot){to.bit + 8ull * size * i++, 0}))
			return false;
	} while (take(r, ','));
	return take(r, ']') || want(r, ", or ]");
}

/* The member of that name, also in members without one. */
static bool find_member(struct reader *r, const struct skep_btf_type *t, const char *name,
			size_t n, struct spot *to, u32 *type, u32 depth)
{
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 id = btf_skip(r->b, m[i].type), kind = btf_kind_of(r->b, id);
		struct spot at = {to->bit + btf_member_bit(t, &m[i]),
				  btf_member_bits(t, &m[i])};

		if (m[i].name_off && is(name, n, btf_str(r->b, m[i].name_off))) {
			*to = at;
			*type = id;
			return true;
		}
		if (!m[i].name_off && depth < DEPTH &&
		    (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION) &&
		    find_member(r, btf_type(r->b, id), name, n, &at, type, depth + 1)) {
			*to = at;
			return true;
		}
	}
	return false;
}

static bool find_variable(struct reader *r, const struct skep_btf_type *t,
			  const char *name, size_t n, struct spot *to, u32 *type)
{
	const struct skep_btf_var_secinfo *v = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++) {
		if (!is(name, n, btf_name(r->b, v[i].type)))
			continue;
		*to = (struct spot){to->bit + 8ull * v[i].offset, 0};
		*type = btf_type(r->b, v[i].type)->type;
		return true;
	}
	return false;
}

static bool read_member(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	const char *name, *from = skip_blanks(r);
	size_t n = name_len(r, &name);
	u32 type = 0;
	bool found = btf_kind(t) == SKEP_BTF_KIND_DATASEC
			     ? find_variable(r, t, name, n, &to, &type)
			     : find_member(r, t, name, n, &to, &type, 0);

	if (!n || !found) {
		r->at = from;
		return want(r, "the name of a member");
	}
	return take(r, ':') ? read_type(r, type, to) : want(r, ":");
}

static bool read_members(struct reader *r, const struct skep_btf_type *t, struct spot to)
{
	if (!take(r, '{'))
		return want(r, "{");
	if (take(r, '}'))
		return true;
	do {
		if (!read_member(r, t, to))
			return false;
	} while (take(r, ','));
	return take(r, '}') || want(r, ", or }");
}

static bool read_kind(struct reader *r, u32 id, struct spot to)
{
	const struct skep_btf_type *t = id ? btf_type(r->b, id) : NULL;

	switch (btf_kind_of(r->b, id)) {
	case SKEP_BTF_KIND_INT: return read_int(r, t, to);
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64: return read_enum(r, t, to);
	case SKEP_BTF_KIND_FLOAT: return read_float(r, t, to);
	case SKEP_BTF_KIND_PTR: return number(r, to, 64, false);
	case SKEP_BTF_KIND_ARRAY: return read_array(r, t, to);
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
	case SKEP_BTF_KIND_DATASEC: return read_members(r, t, to);
	}
	return want(r, "a type that has values");
}

static bool read_type(struct reader *r, u32 id, struct spot to)
{
	bool good;

	if (r->depth == DEPTH)
		return want(r, "fewer levels");
	r->depth++;
	good = read_kind(r, btf_skip(r->b, id), to);
	r->depth--;
	return good;
}

bool value_read(const struct skep_btf *btf, u32 type, const char *text, u8 *out, u32 size,
		const char **at, struct str *wanted)
{
	struct reader r = {
		.b = btf, .at = text, .out = out, .size = size, .want = wanted};
	bool good = read_type(&r, type, (struct spot){0});

	if (good && *skip_blanks(&r))
		good = want(&r, "the end");
	*at = r.at;
	return good;
}
