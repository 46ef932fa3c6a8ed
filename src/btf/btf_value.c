/* Memory as text, typed by BTF. A damaged or hostile blob may nest deeply or overlap a
 * million members: depth and the number of values printed are bounded. */
#include "btf.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MAX_VALUES = 1 << 20 };

typedef unsigned __int128 u128;

struct printer {
	struct str *out;
	const struct skep_btf *b;
	bool json, compact, raw_char;
	u32 depth, indent, values;
};

/* `bit` counts from `at`; `width` 0 is the type's own. */
struct place {
	const u8 *at;
	size_t len;
	u32 bit, width;
};

static void value(struct printer *p, u32 id, struct place w);

static void cut(struct printer *p)
{
	str_printf(p->out, p->json ? "\"...\"" : "...");
}

static void line(struct printer *p)
{
	if (p->compact)
		str_printf(p->out, " ");
	else
		str_printf(p->out, "\n%*s", (int)p->indent * 4, "");
}

static u128 read_bits(const struct place *w, u32 bit, u32 width)
{
	u128 v = 0;

	for (u32 i = 0; i < width; i++)
		if (w->at[(bit + i) / 8] >> (bit + i) % 8 & 1)
			v |= (u128)1 << i;
	return v;
}

/* Whole bytes are by far the most. */
static u128 read_int(const struct place *w, u32 bit, u32 width)
{
	u128 v = 0;

	if (bit % 8 || width % 8)
		return read_bits(w, bit, width);
	memcpy(&v, w->at + bit / 8, width / 8);
	return v;
}

static bool fits(const struct place *w, u32 bit, u32 width)
{
	return ((u64)bit + width + 7) / 8 <= w->len && width <= 128;
}

static void print_hex128(struct printer *p, u128 v)
{
	str_printf(p->out,
		   p->json ? "\"0x%" PRIx64 "%016" PRIx64 "\""
			   : "0x%" PRIx64 "%016" PRIx64,
		   (u64)(v >> 64), (u64)v);
}

static void print_int(struct printer *p, u128 v, u32 width, u32 encoding)
{
	s64 s = width && width < 64 ? (s64)((u64)v << (64 - width)) >> (64 - width)
				    : (s64)v;

	if (width > 64)
		print_hex128(p, v);
	else if ((encoding & SKEP_BTF_INT_BOOL) && v <= 1)
		str_printf(p->out, v ? "true" : "false");
	else if (encoding & SKEP_BTF_INT_SIGNED)
		str_printf(p->out, "%" PRId64, s);
	else
		str_printf(p->out, "%" PRIu64, (u64)v);
}

static void value_int(struct printer *p, const struct skep_btf_type *t, struct place w)
{
	u32 v = load32(t + 1), bit = w.bit + SKEP_BTF_INT_OFFSET(v);
	u32 width = w.width ? w.width : SKEP_BTF_INT_BITS(v);

	if (fits(&w, bit, width))
		print_int(p, read_int(&w, bit, width), width, SKEP_BTF_INT_ENCODING(v));
	else
		cut(p);
}

static void value_enum(struct printer *p, const struct skep_btf_type *t, struct place w)
{
	u32 width = w.width ? w.width : t->size * 8;
	const u8 *e = btf_tail(t);
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64;
	u64 v, mask = width >= 64 ? ~0ull : (1ull << width) - 1;

	if (!fits(&w, w.bit, width)) {
		cut(p);
		return;
	}
	v = (u64)read_int(&w, w.bit, width);
	for (u32 i = 0; i < btf_vlen(t); i++, e += wide ? 12 : 8) {
		u64 known = wide	   ? load64(e + 4)
			    : btf_kflag(t) ? (u64)(s64)(s32)load32(e + 4)
					   : load32(e + 4);

		if ((known & mask) != v)
			continue;
		str_printf(p->out, p->json ? "\"%s\"" : "%s", btf_str(p->b, load32(e)));
		return;
	}
	print_int(p, v, width, btf_kflag(t) ? SKEP_BTF_INT_SIGNED : 0);
}

static void value_float(struct printer *p, const struct skep_btf_type *t, struct place w)
{
	long double v = 0;
	char text[64];
	float f;
	double d;

	if (!fits(&w, w.bit, t->size * 8)) {
		cut(p);
		return;
	}
	w.at += w.bit / 8;
	if (t->size == sizeof(f)) {
		memcpy(&f, w.at, sizeof(f));
		v = f;
	} else if (t->size == sizeof(d)) {
		memcpy(&d, w.at, sizeof(d));
		v = d;
	} else { /* long double differs by machine, half has no C type: show the bits */
		print_hex128(p, read_int(&w, 0, t->size * 8));
		return;
	}
	snprintf(text, sizeof(text), "%.*Lg", t->size == sizeof(f) ? 9 : 17, v);
	str_printf(p->out, p->json && !isfinite(v) ? "\"%s\"" : "%s", text);
}

static void value_ptr(struct printer *p, struct place w)
{
	if (fits(&w, w.bit, 64))
		str_printf(p->out, p->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64,
			   (u64)read_int(&w, w.bit, 64));
	else
		cut(p);
}

static void text(struct printer *p, const u8 *s, size_t len)
{
	str_printf(p->out, "\"");
	for (size_t i = 0; i < len && s[i]; i++) {
		if (s[i] == '"' || s[i] == '\\')
			str_printf(p->out, "\\%c", s[i]);
		else if (isprint(s[i]))
			str_append(p->out, &s[i], 1);
		else
			str_printf(p->out, p->json ? "\\u%04x" : "\\%03o", s[i]);
	}
	str_printf(p->out, "\"");
}

static bool is_text(struct printer *p, u32 elem)
{
	const struct skep_btf_type *t;

	elem = btf_skip(p->b, elem);
	if (p->raw_char || btf_kind_of(p->b, elem) != SKEP_BTF_KIND_INT)
		return false;
	t = btf_type(p->b, elem);
	return t->size == 1 &&
	       ((SKEP_BTF_INT_ENCODING(load32(t + 1)) & SKEP_BTF_INT_CHAR) ||
		!strcmp(btf_name(p->b, elem), "char"));
}

static bool is_compound(struct printer *p, u32 id)
{
	u32 kind = btf_kind_of(p->b, btf_skip(p->b, id));

	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION ||
	       kind == SKEP_BTF_KIND_ARRAY;
}

static void value_array(struct printer *p, const struct skep_btf_type *t, struct place w)
{
	const struct skep_btf_array *a = btf_tail(t);
	u32 size = btf_size(p->b, a->type), n = size ? a->nelems : 0;
	bool lines = is_compound(p, a->type) && !is_text(p, a->type);
	u64 at = w.bit / 8;

	if (is_text(p, a->type) && at + n <= w.len) {
		text(p, w.at + at, n);
		return;
	}
	str_printf(p->out, p->json ? "[" : "{");
	p->indent++;
	for (u32 i = 0; i < n && p->values <= MAX_VALUES; i++, at += size) {
		str_printf(p->out, i ? "," : "");
		if (lines || i)
			lines ? line(p) : str_printf(p->out, " ");
		if (at >= w.len) {
			cut(p);
			break;
		}
		value(p, a->type, (struct place){.at = w.at + at, .len = w.len - at});
	}
	p->indent--;
	if (lines && n)
		line(p);
	str_printf(p->out, p->json ? "]" : "}");
}

static void field(struct printer *p, bool *first, const char *name)
{
	str_printf(p->out, *first ? "" : ",");
	*first = false;
	line(p);
	str_printf(p->out, p->json ? "\"%s\": " : ".%s = ", name);
}

/* Members without a name are shown as members of what holds them, as C names them. */
static void fields(struct printer *p, const struct skep_btf_type *t, struct place w,
		   bool *first)
{
	const struct skep_btf_member *m = btf_tail(t);

	if (p->depth++ == BTF_MAX_DEPTH) {
		p->depth--;
		return;
	}
	for (u32 i = 0; i < btf_vlen(t) && p->values <= MAX_VALUES; i++) {
		u32 bit = btf_member_bit(t, &m[i]), to = btf_skip(p->b, m[i].type);
		u64 at = (w.bit + (u64)bit) / 8;
		u32 kind = btf_kind_of(p->b, to);
		const char *name = btf_str(p->b, m[i].name_off);
		struct place inner;

		p->values++;
		if (at > w.len)
			break;
		inner = (struct place){w.at + at, w.len - at, (w.bit + bit) % 8,
				       btf_member_bits(t, &m[i])};
		if (!*name &&
		    (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION)) {
			fields(p, btf_type(p->b, to), inner, first);
			continue;
		}
		field(p, first, name);
		value(p, m[i].type, inner);
	}
	p->depth--;
}

static void variables(struct printer *p, const struct skep_btf_type *t, struct place w,
		      bool *first)
{
	const struct skep_btf_var_secinfo *s = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t) && p->values <= MAX_VALUES; i++) {
		if (s[i].offset > w.len)
			break;
		field(p, first, btf_name(p->b, s[i].type));
		value(p, s[i].type,
		      (struct place){.at = w.at + s[i].offset,
				     .len = w.len - s[i].offset});
	}
}

static void value_compound(struct printer *p, const struct skep_btf_type *t,
			   struct place w)
{
	bool first = true;

	str_printf(p->out, "{");
	p->indent++;
	if (btf_kind(t) == SKEP_BTF_KIND_DATASEC)
		variables(p, t, w, &first);
	else
		fields(p, t, w, &first);
	p->indent--;
	if (!first)
		line(p);
	str_printf(p->out, "}");
}

static void value_kind(struct printer *p, u32 id, struct place w)
{
	const struct skep_btf_type *t = id ? btf_type(p->b, id) : NULL;

	switch (btf_kind_of(p->b, id)) {
	case SKEP_BTF_KIND_INT: value_int(p, t, w); break;
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64: value_enum(p, t, w); break;
	case SKEP_BTF_KIND_FLOAT: value_float(p, t, w); break;
	case SKEP_BTF_KIND_PTR: value_ptr(p, w); break;
	case SKEP_BTF_KIND_ARRAY: value_array(p, t, w); break;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
	case SKEP_BTF_KIND_DATASEC: value_compound(p, t, w); break;
	case SKEP_BTF_KIND_VAR: value(p, t->type, w); break;
	default: str_printf(p->out, p->json ? "null" : "void"); break;
	}
}

static void value(struct printer *p, u32 id, struct place w)
{
	if (p->depth == BTF_MAX_DEPTH || p->values++ > MAX_VALUES) {
		cut(p);
		return;
	}
	p->depth++;
	value_kind(p, btf_skip(p->b, id), w);
	p->depth--;
}

void btf_print_value(struct str *out, const struct skep_btf *b, u32 id, const void *data,
		     size_t len, const struct skep_btf_print *opts)
{
	struct printer p = {.out = out, .b = b, .json = true};

	if (opts) {
		p.json = opts->style == SKEP_BTF_JSON;
		p.compact = opts->compact;
		p.raw_char = opts->raw_char;
		p.indent = MIN(opts->indent, 64u);
	}
	if (id < b->end_id)
		value(&p, id, (struct place){.at = data, .len = len});
	else
		str_printf(out, "null");
}

size_t skep_btf_print_value(const struct skep_btf *btf, uint32_t id, const void *data,
			    size_t len, const struct skep_btf_print *opts, char *buf,
			    size_t size)
{
	struct str out = {0};

	btf_print_value(&out, btf, id, data, len, opts);
	return str_give(&out, buf, size);
}
