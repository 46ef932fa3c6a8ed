/* Types as C. A declarator is what stands left of the name and what stands right of it:
 * prefix() and suffix() walk the same chain of types, one before the name, one behind. */
#include "btf.h"
#include <inttypes.h>

enum { MAX_TEXT = 1 << 20 };

struct printer {
	struct str *out;
	const struct skep_btf *b;
	u32 depth, indent;
	const struct btf_words *words; /* NULL: the names, and bodies with offsets */
};

static void prefix(struct printer *p, u32 id);
static void suffix(struct printer *p, u32 id);
static void body(struct printer *p, u32 id);

static bool enter(struct printer *p)
{
	if (p->depth == BTF_MAX_DEPTH || p->out->len > MAX_TEXT) {
		str_printf(p->out, "...");
		return false;
	}
	p->depth++;
	return true;
}

static bool is_qualifier(u32 kind)
{
	return btf_is_modifier(kind) && kind != SKEP_BTF_KIND_TYPEDEF;
}

static u32 skip_qualifiers(const struct skep_btf *b, u32 id)
{
	while (is_qualifier(btf_kind_of(b, id)))
		id = btf_type(b, id)->type;
	return id;
}

/* "*" binds weaker than [] and (). */
static bool needs_parens(const struct skep_btf *b, u32 id)
{
	u32 kind = btf_kind_of(b, skip_qualifiers(b, btf_type(b, id)->type));

	return kind == SKEP_BTF_KIND_ARRAY || kind == SKEP_BTF_KIND_FUNC_PROTO;
}

static void space(struct printer *p)
{
	char last = p->out->len ? p->out->s[p->out->len - 1] : ' ';

	if (!strchr(" *(\t\n", last))
		str_printf(p->out, " ");
}

/* What qualifies an array qualifies its elements, which may have the same word. */
static bool said_again(const struct skep_btf *b, u32 id, u32 kind)
{
	for (;;) {
		u32 k = btf_kind_of(b, id);

		if (k == kind)
			return true;
		if (k == SKEP_BTF_KIND_ARRAY)
			id = ((struct skep_btf_array *)btf_tail(btf_type(b, id)))->type;
		else if (is_qualifier(k))
			id = btf_type(b, id)->type;
		else
			return false;
	}
}

static void prefix_qualified(struct printer *p, u32 id, const struct skep_btf_type *t)
{
	u32 kind = btf_kind(t);

	if (kind == SKEP_BTF_KIND_TYPE_TAG) {
		prefix(p, t->type);
		space(p);
		str_printf(p->out, "__attribute__((btf_%s_tag(\"%s\")))", "type",
			   btf_name(p->b, id));
	} else if (btf_kind_of(p->b, skip_qualifiers(p->b, id)) == SKEP_BTF_KIND_PTR) {
		prefix(p, t->type);
		space(p);
		str_printf(p->out, "%s", btf_kinds[kind].word);
	} else {
		if (!said_again(p->b, t->type, kind))
			str_printf(p->out, "%s ", btf_kinds[kind].word);
		prefix(p, t->type);
	}
}

static void prefix_tagged(struct printer *p, u32 id, const struct skep_btf_type *t)
{
	const char *name = btf_name(p->b, id), *word = btf_kinds[btf_kind(t)].word;

	if (btf_kind(t) == SKEP_BTF_KIND_ENUM64)
		word = "enum";
	if (btf_kind(t) == SKEP_BTF_KIND_FWD)
		word = btf_kflag(t) ? "union" : "struct";
	str_printf(p->out, "%s ", word);
	if (*name)
		str_printf(p->out, "%s", name);
	else
		body(p, id);
}

static bool has_words(const struct printer *p, u32 kind)
{
	return p->words && (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION ||
			    kind == SKEP_BTF_KIND_ENUM || kind == SKEP_BTF_KIND_ENUM64 ||
			    kind == SKEP_BTF_KIND_FWD || kind == SKEP_BTF_KIND_TYPEDEF);
}

static void prefix(struct printer *p, u32 id)
{
	const struct skep_btf_type *t = id ? btf_type(p->b, id) : NULL;

	if (!enter(p))
		return;
	if (has_words(p, btf_kind_of(p->b, id))) {
		p->words->type(p->words->ctx, p->out, id, p->words->indent);
		p->depth--;
		return;
	}
	switch (btf_kind_of(p->b, id)) {
	case SKEP_BTF_KIND_PTR:
		prefix(p, t->type);
		space(p);
		str_printf(p->out, needs_parens(p->b, id) ? "(*" : "*");
		break;
	case SKEP_BTF_KIND_ARRAY:
		prefix(p, ((struct skep_btf_array *)btf_tail(t))->type);
		break;
	case SKEP_BTF_KIND_FUNC:
	case SKEP_BTF_KIND_FUNC_PROTO:
	case SKEP_BTF_KIND_VAR: prefix(p, t->type); break;
	case SKEP_BTF_KIND_CONST:
	case SKEP_BTF_KIND_VOLATILE:
	case SKEP_BTF_KIND_RESTRICT:
	case SKEP_BTF_KIND_TYPE_TAG: prefix_qualified(p, id, t); break;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
	case SKEP_BTF_KIND_FWD:
	case SKEP_BTF_KIND_DATASEC: prefix_tagged(p, id, t); break;
	default: str_printf(p->out, "%s", btf_name(p->b, id)); break;
	}
	p->depth--;
}

static void declare(struct printer *p, u32 id, const char *name)
{
	prefix(p, id);
	if (*name) {
		space(p);
		str_printf(p->out, "%s", name);
	}
	suffix(p, id);
}

static void arguments(struct printer *p, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);

	str_printf(p->out, "(");
	for (u32 i = 0; i < btf_vlen(t) && p->out->len <= MAX_TEXT; i++) {
		str_printf(p->out, i ? ", " : "");
		if (a[i].type)
			declare(p, a[i].type, btf_str(p->b, a[i].name_off));
		else
			str_printf(p->out, "...");
	}
	str_printf(p->out, btf_vlen(t) ? ")" : "void)");
}

static void suffix(struct printer *p, u32 id)
{
	const struct skep_btf_type *t = id ? btf_type(p->b, id) : NULL;

	if (!enter(p))
		return;
	switch (btf_kind_of(p->b, id)) {
	case SKEP_BTF_KIND_PTR:
		str_printf(p->out, needs_parens(p->b, id) ? ")" : "");
		suffix(p, t->type);
		break;
	case SKEP_BTF_KIND_ARRAY: {
		const struct skep_btf_array *a = btf_tail(t);

		str_printf(p->out, "[%" PRIu32 "]", a->nelems);
		suffix(p, a->type);
		break;
	}
	case SKEP_BTF_KIND_FUNC_PROTO:
		arguments(p, t);
		suffix(p, t->type);
		break;
	case SKEP_BTF_KIND_FUNC:
	case SKEP_BTF_KIND_VAR:
	case SKEP_BTF_KIND_CONST:
	case SKEP_BTF_KIND_VOLATILE:
	case SKEP_BTF_KIND_RESTRICT:
	case SKEP_BTF_KIND_TYPE_TAG: suffix(p, t->type); break;
	}
	p->depth--;
}

static void line(struct printer *p)
{
	str_printf(p->out, "\n%*s", (int)p->indent * 4, "");
}

static void members(struct printer *p, const struct skep_btf_type *t)
{
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t) && p->out->len <= MAX_TEXT; i++) {
		u32 bit = btf_member_bit(t, &m[i]), bits = btf_member_bits(t, &m[i]);

		line(p);
		declare(p, m[i].type, btf_str(p->b, m[i].name_off));
		if (bits)
			str_printf(p->out,
				   ": %" PRIu32 "; /* %" PRIu32 ", bit %" PRIu32 " */",
				   bits, bit / 8, bit % 8);
		else
			str_printf(p->out, "; /* %" PRIu32 " */", bit / 8);
	}
}

static void enumerators(struct printer *p, const struct skep_btf_type *t)
{
	const struct skep_btf_enum *e = btf_tail(t);
	const struct skep_btf_enum64 *e64 = btf_tail(t);
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64;

	for (u32 i = 0; i < btf_vlen(t) && p->out->len <= MAX_TEXT; i++) {
		u64 v = wide	       ? (u64)e64[i].val_hi32 << 32 | e64[i].val_lo32
			: btf_kflag(t) ? (u64)(s64)e[i].val
				       : (u32)e[i].val;

		line(p);
		str_printf(p->out,
			   btf_kflag(t) ? "%s = %" PRId64 "," : "%s = %" PRIu64 ",",
			   btf_str(p->b, wide ? e64[i].name_off : e[i].name_off), v);
	}
}

static void variables(struct printer *p, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *s = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t) && p->out->len <= MAX_TEXT; i++) {
		line(p);
		declare(p, s[i].type, btf_name(p->b, s[i].type));
		str_printf(p->out, "; /* %" PRIu32 " */", s[i].offset);
	}
}

/* What stands between braces. */
static void body(struct printer *p, u32 id)
{
	const struct skep_btf_type *t = btf_type(p->b, id);

	if (!enter(p))
		return;
	str_printf(p->out, "{");
	p->indent++;
	if (btf_kind(t) == SKEP_BTF_KIND_STRUCT || btf_kind(t) == SKEP_BTF_KIND_UNION)
		members(p, t);
	else if (btf_kind(t) == SKEP_BTF_KIND_DATASEC)
		variables(p, t);
	else if (btf_kind(t) != SKEP_BTF_KIND_FWD)
		enumerators(p, t);
	p->indent--;
	line(p);
	str_printf(p->out, "}");
	p->depth--;
}

static void define(struct printer *p, u32 id, const char *name)
{
	switch (btf_kind_of(p->b, id)) {
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
	case SKEP_BTF_KIND_DATASEC:
		prefix(p, id);
		if (*btf_name(p->b, id)) {
			str_printf(p->out, " ");
			body(p, id);
		}
		str_printf(p->out, *name ? " %s" : "%s", name);
		return;
	case SKEP_BTF_KIND_TYPEDEF:
		str_printf(p->out, "typedef ");
		declare(p, btf_type(p->b, id)->type, btf_name(p->b, id));
		return;
	}
	declare(p, id, name);
}

void btf_print_type(struct str *out, const struct skep_btf *b, u32 id, const char *name,
		    bool expand)
{
	struct printer p = {.out = out, .b = b};

	if (id >= b->end_id)
		str_printf(out, "/* no type %" PRIu32 " */", id);
	else if (expand)
		define(&p, id, name);
	else
		declare(&p, id, name);
}

void btf_print_declaration(struct str *out, const struct skep_btf *b, u32 id,
			   const char *name, const struct btf_words *words)
{
	struct printer p = {.out = out, .b = b, .words = words};

	declare(&p, id, name);
}

size_t skep_btf_print_type(const struct skep_btf *btf, uint32_t id, const char *name,
			   bool expand, char *buf, size_t size)
{
	struct str out = {0};

	btf_print_type(&out, btf, id, name, expand);
	return str_give(&out, buf, size);
}
