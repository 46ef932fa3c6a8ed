#include "btf_c.h"
#include <errno.h>

static void need(struct c_writer *w, u32 id, bool whole);

bool c_enter(struct c_writer *w)
{
	if (w->depth == C_DEPTH)
		w->err = -E2BIG;
	if (w->err)
		return false;
	w->depth++;
	return true;
}

void c_line(struct str *out, u32 indent)
{
	str_printf(out, "\n");
	while (indent--)
		str_printf(out, "\t");
}

static bool is_tagged(u32 kind)
{
	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION;
}

static bool is_enum(u32 kind)
{
	return kind == SKEP_BTF_KIND_ENUM || kind == SKEP_BTF_KIND_ENUM64;
}

static bool is_union(const struct skep_btf_type *t)
{
	return btf_kind(t) == SKEP_BTF_KIND_UNION ||
	       (btf_kind(t) == SKEP_BTF_KIND_FWD && btf_kflag(t));
}

static const char *tag_word(const struct skep_btf_type *t)
{
	return is_enum(btf_kind(t)) ? "enum" : is_union(t) ? "union" : "struct";
}

/* Its enumerators may be written once only. */
static void integer(struct str *out, const struct skep_btf_type *t)
{
	str_printf(out, "%s%s", btf_kflag(t) ? "signed " : "unsigned ",
		   t->size == 1	  ? "char"
		   : t->size == 2 ? "short"
		   : t->size == 8 ? "long"
				  : "int");
}

/* A type as a declaration names it; anonymous ones in full. */
static void type_words(void *ctx, struct str *out, u32 id, u32 indent)
{
	struct c_writer *w = ctx;
	const struct skep_btf_type *t = btf_type(w->b, id);
	const char *name = btf_str(w->b, t->name_off);

	if (*name || btf_kind(t) == SKEP_BTF_KIND_FWD) {
		if (btf_kind(t) != SKEP_BTF_KIND_TYPEDEF)
			str_printf(out, "%s ", tag_word(t));
		c_name(w, out, name, id, C_ITSELF);
	} else if (!is_enum(btf_kind(t))) {
		str_printf(out, "%s", tag_word(t));
		c_members(w, out, id, indent);
	} else if (w->state[id] & C_DONE) {
		integer(out, t);
	} else {
		w->state[id] |= C_DONE;
		str_printf(out, "enum");
		c_enumerators(w, out, id, indent);
	}
}

void c_declare(struct c_writer *w, struct str *out, u32 id, const char *name, u32 indent)
{
	const struct btf_words words = {.ctx = w, .type = type_words, .indent = indent};

	btf_print_declaration(out, w->b, id, name, &words);
}

/* ---- what is written when ---- */

static void write_out(struct c_writer *w, struct str *text)
{
	if (text->failed)
		w->err = -ENOMEM;
	if (text->s)
		str_append(w->out, text->s, text->len);
	str_printf(w->out, ";\n\n");
	str_free(text);
}

static void declare_tag(struct c_writer *w, u32 id)
{
	struct str text = {0};

	if (w->state[id] & (C_DONE | C_DECLARED))
		return;
	w->state[id] |= C_DECLARED;
	type_words(w, &text, id, 0);
	write_out(w, &text);
}

/* A pointer to itself needs no declaration. */
static bool points_to(const struct c_writer *w, u32 id, u32 to)
{
	for (u32 n = 0; id && id != to && n < BTF_MAX_DEPTH; n++) {
		u32 kind = btf_kind_of(w->b, id);

		if (kind != SKEP_BTF_KIND_PTR &&
		    (!btf_is_modifier(kind) || kind == SKEP_BTF_KIND_TYPEDEF))
			return false;
		id = btf_type(w->b, id)->type;
	}
	return id == to;
}

static void need_members(struct c_writer *w, u32 id)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t) && !w->err; i++)
		if (!points_to(w, m[i].type, id))
			need(w, m[i].type, true);
}

static void define_tag(struct c_writer *w, u32 id)
{
	struct str text = {0};
	bool members = is_tagged(btf_kind_of(w->b, id));

	if (w->state[id] & (C_DONE | C_BUSY))
		return;
	w->state[id] |= C_BUSY;
	if (members)
		need_members(w, id);
	w->state[id] |= C_DONE;
	type_words(w, &text, id, 0);
	if (members)
		c_members(w, &text, id, 0);
	else
		c_enumerators(w, &text, id, 0);
	write_out(w, &text);
}

/* A struct that it names has to be whole only where the typedef is used by value. */
static void define_typedef(struct c_writer *w, u32 id, bool whole)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	struct str text = {0}, name = {0};

	if (!(w->state[id] & (C_DONE | C_BUSY))) {
		w->state[id] |= C_BUSY;
		need(w, t->type, false);
		c_name(w, &name, btf_str(w->b, t->name_off), id, C_ITSELF);
		str_printf(&text, "typedef ");
		c_declare(w, &text, t->type, name.s ? name.s : "", 0);
		write_out(w, &text);
		str_free(&name);
		w->state[id] |= C_DONE;
	}
	if (whole)
		need(w, t->type, true);
}

static void need_params(struct c_writer *w, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);

	need(w, t->type, false);
	for (u32 i = 0; i < btf_vlen(t) && !w->err; i++)
		need(w, a[i].type, false);
}

static void need_variables(struct c_writer *w, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *v = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t) && !w->err; i++)
		need(w, btf_type(w->b, v[i].type)->type, true);
}

/* What has no name is looked at once, though it may be used a million times. */
static bool first_time(struct c_writer *w, u32 id)
{
	bool first = !(w->state[id] & C_DONE);

	w->state[id] |= C_DONE;
	return first;
}

static void need_kind(struct c_writer *w, u32 id, bool whole)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	bool named = *btf_str(w->b, t->name_off);

	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_PTR: need(w, t->type, false); break;
	case SKEP_BTF_KIND_CONST:
	case SKEP_BTF_KIND_VOLATILE:
	case SKEP_BTF_KIND_RESTRICT:
	case SKEP_BTF_KIND_TYPE_TAG: need(w, t->type, whole); break;
	case SKEP_BTF_KIND_ARRAY: /* C has none of incomplete elements */
		need(w, ((struct skep_btf_array *)btf_tail(t))->type, true);
		break;
	case SKEP_BTF_KIND_FUNC_PROTO:
		if (first_time(w, id))
			need_params(w, t);
		break;
	case SKEP_BTF_KIND_TYPEDEF: define_typedef(w, id, whole); break;
	case SKEP_BTF_KIND_FWD: declare_tag(w, id); break;
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
		if (named)
			define_tag(w, id);
		break;
	case SKEP_BTF_KIND_DATASEC: need_variables(w, t); break;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
		if (!named && first_time(w, id))
			need_members(w, id);
		else if (!named)
			break;
		else if (whole)
			define_tag(w, id);
		else
			declare_tag(w, id);
	}
}

/* Writes what has to stand before a use of the type: all of it, if the use needs its
 * size, else that it is there. */
static void need(struct c_writer *w, u32 id, bool whole)
{
	if (!id || !c_enter(w))
		return;
	need_kind(w, id, whole);
	w->depth--;
}

/* An anonymous enum that nothing uses has its constants to give. */
static void mark_used(struct c_writer *w)
{
	for (u32 id = 1; id < w->b->end_id; id++) {
		const struct skep_btf_type *t = btf_type(w->b, id);
		const struct skep_btf_member *m = btf_tail(t);
		u32 kind = btf_kind(t);

		if (is_tagged(kind))
			for (u32 i = 0; i < btf_vlen(t); i++)
				w->state[m[i].type] |= C_USED;
		else if (kind == SKEP_BTF_KIND_ARRAY)
			w->state[((struct skep_btf_array *)btf_tail(t))->type] |= C_USED;
		else if (kind == SKEP_BTF_KIND_PTR || btf_is_modifier(kind))
			w->state[t->type] |= C_USED;
	}
}

static void write_type(struct c_writer *w, u32 id)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	u32 kind = btf_kind(t);
	bool named = *btf_str(w->b, t->name_off);
	struct str text = {0};

	if (is_enum(kind) && !named && !(w->state[id] & (C_USED | C_DONE))) {
		type_words(w, &text, id, 0);
		write_out(w, &text);
	} else if (kind == SKEP_BTF_KIND_TYPEDEF || is_enum(kind) ||
		   kind == SKEP_BTF_KIND_FWD || (is_tagged(kind) && named)) {
		need(w, id, kind != SKEP_BTF_KIND_TYPEDEF);
	}
}

int btf_print_c(struct str *out, const struct skep_btf *b, const u32 *roots, u32 n)
{
	struct c_writer w = {.b = b, .out = out};

	w.state = arena_alloc(&w.arena, b->end_id, 1);
	w.layout = arena_alloc(&w.arena, b->end_id, 1);
	if (!w.state || !w.layout || c_find_suffixes(&w))
		w.err = -ENOMEM;
	if (!w.err)
		mark_used(&w);
	for (u32 i = 0; i < n && !w.err; i++)
		need(&w, roots[i], true);
	for (u32 id = 1; !n && id < b->end_id && !w.err; id++)
		write_type(&w, id);
	arena_free(&w.arena);
	return out->failed ? -ENOMEM : w.err;
}
