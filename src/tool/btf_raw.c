#include "btf_raw.h"
#include "btf.h"
#include <inttypes.h>

struct raw {
	struct json *j; /* NULL: text */
	const struct skep_btf *b;
};

static void number(const struct raw *r, const char *key, u64 v)
{
	if (r->j)
		json_number(r->j, key, v);
	else
		printf(" %s=%" PRIu64, key, v);
}

static void word(const struct raw *r, const char *key, const char *text)
{
	if (r->j)
		json_text(r->j, key, text);
	else
		printf(" %s=%s", key, text);
}

static const char *name_of(const struct raw *r, u32 off)
{
	const char *name = btf_str(r->b, off);

	return *name ? name : "(anon)";
}

static const char *encoding(u32 bits)
{
	switch (bits) {
	case 0: return "(none)";
	case SKEP_BTF_INT_SIGNED: return "SIGNED";
	case SKEP_BTF_INT_CHAR: return "CHAR";
	case SKEP_BTF_INT_BOOL: return "BOOL";
	}
	return "UNKN";
}

/* A line or an object of a list begins with a name. */
static void item(const struct raw *r, u32 name)
{
	if (r->j) {
		json_open(r->j, NULL, '{');
		json_text(r->j, "name", name_of(r, name));
	} else {
		printf("\n\t'%s'", name_of(r, name));
	}
}

static void end_item(const struct raw *r)
{
	if (r->j)
		json_close(r->j, '}');
}

static void list(const struct raw *r, const char *key)
{
	if (r->j)
		json_open(r->j, key, '[');
}

static void end_list(const struct raw *r)
{
	if (r->j)
		json_close(r->j, ']');
}

static void members(const struct raw *r, const struct skep_btf_type *t)
{
	const struct skep_btf_member *m = btf_tail(t);

	number(r, "size", t->size);
	number(r, "vlen", btf_vlen(t));
	list(r, "members");
	for (u32 i = 0; i < btf_vlen(t); i++) {
		item(r, m[i].name_off);
		number(r, "type_id", m[i].type);
		number(r, "bits_offset", btf_member_bit(t, &m[i]));
		if (btf_member_bits(t, &m[i]))
			number(r, "bitfield_size", btf_member_bits(t, &m[i]));
		end_item(r);
	}
	end_list(r);
}

static void value(const struct raw *r, const struct skep_btf_type *t, u64 v)
{
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64;

	if (r->j && btf_kflag(t))
		json_signed(r->j, "val", (s64)v);
	else if (r->j)
		json_number(r->j, "val", v);
	else if (btf_kflag(t))
		printf(" val=%" PRId64 "%s", (s64)v, wide ? "LL" : "");
	else
		printf(" val=%" PRIu64 "%s", v, wide ? "ULL" : "");
}

static void values(const struct raw *r, const struct skep_btf_type *t)
{
	const struct skep_btf_enum *e = btf_tail(t);
	const struct skep_btf_enum64 *e64 = btf_tail(t);
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64;

	word(r, "encoding", btf_kflag(t) ? "SIGNED" : "UNSIGNED");
	number(r, "size", t->size);
	number(r, "vlen", btf_vlen(t));
	list(r, "values");
	for (u32 i = 0; i < btf_vlen(t); i++) {
		item(r, wide ? e64[i].name_off : e[i].name_off);
		value(r, t,
		      wide	     ? (u64)e64[i].val_hi32 << 32 | e64[i].val_lo32
		      : btf_kflag(t) ? (u64)(s64)e[i].val
				     : (u32)e[i].val);
		end_item(r);
	}
	end_list(r);
}

static void params(const struct raw *r, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);

	number(r, "ret_type_id", t->type);
	number(r, "vlen", btf_vlen(t));
	list(r, "params");
	for (u32 i = 0; i < btf_vlen(t); i++) {
		item(r, a[i].name_off);
		number(r, "type_id", a[i].type);
		end_item(r);
	}
	end_list(r);
}

static void variables(const struct raw *r, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *v = btf_tail(t);

	number(r, "size", t->size);
	number(r, "vlen", btf_vlen(t));
	list(r, "vars");
	for (u32 i = 0; i < btf_vlen(t); i++) {
		if (r->j)
			json_open(r->j, NULL, '{');
		else
			printf("\n\t");
		if (r->j)
			json_number(r->j, "type_id", v[i].type);
		else
			printf("type_id=%" PRIu32, v[i].type);
		number(r, "offset", v[i].offset);
		number(r, "size", v[i].size);
		if (!r->j)
			printf(" (VAR '%s')", btf_name(r->b, v[i].type));
		end_item(r);
	}
	end_list(r);
}

static const char *linkage(u32 n)
{
	static const char *const words[] = {"static", "global", "extern"};

	return n < ARRAY_SIZE(words) ? words[n] : "(unknown)";
}

static void integer(const struct raw *r, const struct skep_btf_type *t)
{
	u32 v = load32(t + 1);

	number(r, "size", t->size);
	number(r, "bits_offset", SKEP_BTF_INT_OFFSET(v));
	number(r, "nr_bits", SKEP_BTF_INT_BITS(v));
	word(r, "encoding", encoding(SKEP_BTF_INT_ENCODING(v)));
}

static void details(const struct raw *r, const struct skep_btf_type *t)
{
	const struct skep_btf_array *a = btf_tail(t);

	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_INT: integer(r, t); break;
	case SKEP_BTF_KIND_ARRAY:
		number(r, "type_id", a->type);
		number(r, "index_type_id", a->index_type);
		number(r, "nr_elems", a->nelems);
		break;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION: members(r, t); break;
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64: values(r, t); break;
	case SKEP_BTF_KIND_FWD:
		word(r, "fwd_kind", btf_kflag(t) ? "union" : "struct");
		break;
	case SKEP_BTF_KIND_FUNC:
		number(r, "type_id", t->type);
		word(r, "linkage", linkage(btf_vlen(t)));
		break;
	case SKEP_BTF_KIND_FUNC_PROTO: params(r, t); break;
	case SKEP_BTF_KIND_VAR:
		number(r, "type_id", t->type);
		if (!r->j)
			printf(",");
		word(r, "linkage", linkage(load32(btf_tail(t))));
		break;
	case SKEP_BTF_KIND_DATASEC: variables(r, t); break;
	case SKEP_BTF_KIND_DECL_TAG:
		number(r, "type_id", t->type);
		if (r->j)
			json_signed(r->j, "component_idx", (s32)load32(btf_tail(t)));
		else
			printf(" component_idx=%" PRId32, (s32)load32(btf_tail(t)));
		break;
	case SKEP_BTF_KIND_FLOAT: number(r, "size", t->size); break;
	default: number(r, "type_id", t->type);
	}
}

static const char *kind_word(u32 kind)
{
	static const char *const words[BTF_KINDS] = {
		"UNKNOWN", "INT",      "PTR",	   "ARRAY",	 "STRUCT",
		"UNION",   "ENUM",     "FWD",	   "TYPEDEF",	 "VOLATILE",
		"CONST",   "RESTRICT", "FUNC",	   "FUNC_PROTO", "VAR",
		"DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG",	 "ENUM64",
	};

	return kind < BTF_KINDS ? words[kind] : "UNKNOWN";
}

void btf_raw_type(struct json *j, const struct skep_btf *btf, u32 id)
{
	const struct raw r = {.j = j, .b = btf};
	const struct skep_btf_type *t = btf_type(btf, id);

	if (j) {
		json_open(j, NULL, '{');
		json_number(j, "id", id);
		json_text(j, "kind", kind_word(btf_kind(t)));
		json_text(j, "name", name_of(&r, t->name_off));
	} else {
		printf("[%" PRIu32 "] %s '%s'", id, kind_word(btf_kind(t)),
		       name_of(&r, t->name_off));
	}
	details(&r, t);
	if (j)
		json_close(j, '}');
	else
		putchar('\n');
}
