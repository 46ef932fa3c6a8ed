/* The log of BPF_BTF_LOAD as Linux 6.18 writes it: the header, a line for each type, and
 * at the first fault its reason behind the type's line. It reads the blob by itself,
 * before and beside the checker, which has the last word of each type alone; of what they
 * refer to, Linux's order has it (btf_resolve.c). Where nothing is found here, the
 * checker's sentence stands at the end. */
#include "btf_log.h"
#include <errno.h>
#include "btf_reading.h"

/* Ends the line with a reason, false so that callers stop. */
#define fault(r, ...) (say(r, __VA_ARGS__), false)

/* ---- names and lines ---- */

static const char *kind_name(u32 kind)
{
	static const char *const names[BTF_KINDS] = {
		[0] = "UNKNOWN",
#define KIND(name, word, tail, each, field, named, vlen, kflag) \
	[SKEP_BTF_KIND_##name] = #name,
#include "btf_kind.def"
#undef KIND
	};

	return kind < BTF_KINDS ? names[kind] : names[0];
}

static const char *name_at(const struct reading *r, u32 off)
{
	if (!off)
		return "(anon)";
	return off < r->h.str_len ? r->strs + off : "(invalid-name-offset)";
}

static const char *encoding(u32 e)
{
	switch (e) {
	case 0: return "(none)";
	case SKEP_BTF_INT_SIGNED: return "SIGNED";
	case SKEP_BTF_INT_CHAR: return "CHAR";
	case SKEP_BTF_INT_BOOL: return "BOOL";
	default: return "UNKN";
	}
}

static void say_proto(const struct reading *r, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);
	u32 n = btf_vlen(t);

	say(r, " return=%u args=(", t->type);
	for (u32 i = 0; i < n; i++) {
		if (i + 1 == n && !a[i].type)
			say(r, i ? ", vararg" : "vararg");
		else
			say(r, "%s%u %s", i ? ", " : "", a[i].type,
			    name_at(r, a[i].name_off));
	}
	say(r, n ? ")" : "void)");
}

static void say_details(const struct reading *r, const struct skep_btf_type *t)
{
	const u8 *tail = btf_tail(t);
	u32 kind = btf_kind(t), v;

	switch (kind) {
	case SKEP_BTF_KIND_INT:
		v = load32(tail);
		say(r, " size=%u bits_offset=%u nr_bits=%u encoding=%s", t->size,
		    SKEP_BTF_INT_OFFSET(v), SKEP_BTF_INT_BITS(v),
		    encoding(SKEP_BTF_INT_ENCODING(v)));
		return;
	case SKEP_BTF_KIND_ARRAY:
		say(r, " type_id=%u index_type_id=%u nr_elems=%u", load32(tail),
		    load32(tail + 4), load32(tail + 8));
		return;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
	case SKEP_BTF_KIND_DATASEC:
		say(r, " size=%u vlen=%u", t->size, btf_vlen(t));
		return;
	case SKEP_BTF_KIND_FWD: say(r, btf_kflag(t) ? " union" : " struct"); return;
	case SKEP_BTF_KIND_FLOAT: say(r, " size=%u", t->size); return;
	case SKEP_BTF_KIND_VAR:
		say(r, " type_id=%u linkage=%u", t->type, load32(tail));
		return;
	case SKEP_BTF_KIND_DECL_TAG:
		say(r, " type=%u component_idx=%d", t->type, (s32)load32(tail));
		return;
	case SKEP_BTF_KIND_FUNC_PROTO: say_proto(r, t); return;
	default: say(r, " type_id=%u", t->type);
	}
}

void reading_say_type(const struct reading *r, u32 id, const struct skep_btf_type *t,
		      bool details)
{
	say(r, "[%u] %s %s", id, kind_name(btf_kind(t)), name_at(r, t->name_off));
	if (details)
		say_details(r, t);
}

static void say_last(const struct reading *r, bool details)
{
	reading_say_type(r, r->n, reading_type(r, r->n), details);
}

void reading_say_member(const struct reading *r, const struct skep_btf_type *t,
			const struct skep_btf_member *m, u32 type)
{
	say(r, "\t%s type_id=%u", name_at(r, m->name_off), type);
	if (btf_kflag(t))
		say(r, " bitfield_size=%u", btf_member_bits(t, m));
	say(r, " bits_offset=%u", btf_member_bit(t, m));
}

/* ---- the header ---- */

static bool read_header(struct reading *r)
{
	u32 hdr_len = r->len < 8 ? 0 : load32(r->data + 4);

	if (r->len < 8)
		return fault(r, "hdr_len not found");
	if (r->len < hdr_len)
		return fault(r, "btf_header not found");
	for (u32 i = sizeof(r->h); i < hdr_len; i++)
		if (r->data[i])
			return fault(r, "Unsupported btf_header");
	memcpy(&r->h, r->data, MIN(hdr_len, sizeof(r->h)));
	say(r, "magic: 0x%x\nversion: %u\nflags: 0x%x\nhdr_len: %u\n", r->h.magic,
	    r->h.version, r->h.flags, r->h.hdr_len);
	say(r, "type_off: %u\ntype_len: %u\nstr_off: %u\nstr_len: %u\n", r->h.type_off,
	    r->h.type_len, r->h.str_off, r->h.str_len);
	say(r, "btf_total_size: %u\n", r->len);
	if (r->h.magic != SKEP_BTF_MAGIC)
		return fault(r, "Invalid magic");
	if (r->h.version != 1)
		return fault(r, "Unsupported version");
	if (r->h.flags)
		return fault(r, "Unsupported flags");
	return r->h.hdr_len == r->len ? fault(r, "No data") : true;
}

/* The two sections fill what is behind the header, in either order; where both begin at
 * one place the shorter is first. */
static bool read_sections(struct reading *r)
{
	const struct skep_btf_header *h = &r->h;
	bool types_first = h->type_off != h->str_off ? h->type_off < h->str_off
						     : h->type_len <= h->str_len;
	u32 rest = r->len - h->hdr_len, total = 0;

	for (u32 i = 0; i < 2; i++) {
		bool types = (i == 0) == types_first;
		u32 off = types ? h->type_off : h->str_off;
		u32 len = types ? h->type_len : h->str_len;

		if (rest < off)
			return fault(r, "Invalid section offset");
		if (total < off)
			return fault(r, "Unsupported section found");
		if (total > off)
			return fault(r, "Section overlap found");
		if (rest - total < len)
			return fault(r, "Total section length too long");
		total += len;
	}
	return total == rest ? true : fault(r, "Unsupported section found");
}

static bool read_strings(struct reading *r)
{
	const u8 *rest = r->data + r->h.hdr_len;

	r->strs = (const char *)rest + r->h.str_off;
	if (r->h.str_off + r->h.str_len != r->len - r->h.hdr_len)
		return fault(r, "String section is not at the end");
	if (!r->h.str_len || r->h.str_len - 1 > SKEP_BTF_MAX_NAME_OFFSET || r->strs[0] ||
	    r->strs[r->h.str_len - 1])
		return fault(r, "Invalid string section");
	if (r->h.type_off % 4)
		return fault(r, "Unaligned type_off");
	if (!r->h.type_len)
		return fault(r, "No type found");
	r->types = rest + r->h.type_off;
	return true;
}

/* ---- each type alone ---- */

static bool is_name(const struct reading *r, u32 off)
{
	return btf_is_identifier(r->strs + off);
}

static bool is_id(u32 id)
{
	return id <= SKEP_BTF_MAX_TYPE;
}

static bool good_name(const struct reading *r, const struct skep_btf_type *t)
{
	u32 kind = btf_kind(t);

	switch (btf_kinds[kind].named) {
	case btf_named_no: return !t->name_off;
	case btf_named_must:
		if (kind == SKEP_BTF_KIND_DATASEC)
			return r->strs[t->name_off] &&
			       btf_is_section(r->strs + t->name_off);
		if (kind == SKEP_BTF_KIND_DECL_TAG || kind == SKEP_BTF_KIND_TYPE_TAG)
			return r->strs[t->name_off];
		return t->name_off && is_name(r, t->name_off);
	default: break;
	}
	return !t->name_off || kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_FLOAT ||
	       is_name(r, t->name_off);
}

static const char *name_fault(const struct reading *r, const struct skep_btf_type *t)
{
	return good_name(r, t)			       ? NULL
	       : btf_kind(t) == SKEP_BTF_KIND_DECL_TAG ? "Invalid value"
						       : "Invalid name";
}

static const char unsupported[] = "Unsupported encoding";

static const char *int_fault(u32 v, u32 size)
{
	u32 bits = SKEP_BTF_INT_BITS(v) + SKEP_BTF_INT_OFFSET(v);

	return bits > 128	      ? "nr_bits exceeds 128"
	       : bits > (u64)size * 8 ? "nr_bits exceeds type_size"
	       : encoding(SKEP_BTF_INT_ENCODING(v))[0] == 'U' ? unsupported
							      : NULL;
}

static const char *array_fault(const struct skep_btf_type *t)
{
	const struct skep_btf_array *a = btf_tail(t);

	return t->size					 ? "size != 0"
	       : !a->type || !is_id(a->type)		 ? "Invalid elem"
	       : !a->index_type || !is_id(a->index_type) ? "Invalid index"
							 : NULL;
}

/* Of what a kind has of its own; *last: it is found behind the name. */
static const char *own_fault(const struct skep_btf_type *t, bool *last)
{
	u32 v = btf_kinds[btf_kind(t)].tail ? load32(btf_tail(t)) : 0;

	*last = true;
	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_INT: return int_fault(v, t->size);
	case SKEP_BTF_KIND_ARRAY: return array_fault(t);
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
		*last = false;
		return t->size > 8 || !is_pow2(t->size) ? "Unexpected size" : NULL;
	case SKEP_BTF_KIND_FWD: *last = false; return t->type ? "type != 0" : NULL;
	case SKEP_BTF_KIND_FUNC:
		return btf_vlen(t) > SKEP_BTF_FUNC_GLOBAL ? "Invalid func linkage" : NULL;
	case SKEP_BTF_KIND_VAR:
		return !t->type || !is_id(t->type) ? "Invalid type_id"
		       : v > 1			   ? "Linkage not supported"
						   : NULL;
	case SKEP_BTF_KIND_DATASEC: *last = false; return t->size ? NULL : "size == 0";
	case SKEP_BTF_KIND_FLOAT:
		return t->size == 12 ||
				       (is_pow2(t->size) && t->size >= 2 && t->size <= 16)
			       ? NULL
			       : "Invalid type_size";
	case SKEP_BTF_KIND_DECL_TAG: return (s32)v < -1 ? "Invalid component_idx" : NULL;
	case SKEP_BTF_KIND_PTR:
	case SKEP_BTF_KIND_TYPEDEF:
	case SKEP_BTF_KIND_VOLATILE:
	case SKEP_BTF_KIND_CONST:
	case SKEP_BTF_KIND_RESTRICT:
	case SKEP_BTF_KIND_TYPE_TAG:
		*last = false;
		return is_id(t->type) ? NULL : "Invalid type_id";
	default: return NULL;
	}
}

/* The reason behind the type's whole line; NULL: nothing is wrong. */
static const char *type_fault(const struct reading *r, const struct skep_btf_type *t)
{
	const struct btf_kind_info *k = &btf_kinds[btf_kind(t)];
	const char *name = name_fault(r, t), *own;
	bool last;

	own = own_fault(t, &last);
	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_DATASEC:
		if (own)
			return own;
		break;
	case SKEP_BTF_KIND_FUNC:
		if (name || own)
			return name ? name : own;
		break;
	case SKEP_BTF_KIND_ARRAY:
	case SKEP_BTF_KIND_DECL_TAG:
	case SKEP_BTF_KIND_FUNC_PROTO:
		if (name)
			return name;
		break;
	default: break;
	}
	if (!k->vlen && btf_vlen(t))
		return "vlen != 0";
	if (!k->kflag && btf_kflag(t))
		return "Invalid btf_info kind_flag";
	return name && (last || !own) ? name : own;
}

/* A line for each member, the reason behind the one that is wrong. */
static bool say_members(const struct reading *r, const struct skep_btf_type *t)
{
	const struct skep_btf_member *m = btf_tail(t);
	bool is_union = btf_kind(t) == SKEP_BTF_KIND_UNION;
	u32 last = 0;

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		u32 bit = btf_member_bit(t, m);

		reading_say_member(r, t, m, m->type);
		if (m->name_off >= r->h.str_len)
			return fault(r, " Invalid member name_offset:%u\n", m->name_off);
		if (m->name_off && !is_name(r, m->name_off))
			return fault(r, " Invalid name\n");
		if (!m->type || !is_id(m->type))
			return fault(r, " Invalid type_id\n");
		if ((is_union && bit) || bit < last)
			return fault(r, " Invalid member bits_offset\n");
		if (bit > t->size * 8ull)
			return fault(r, " Member bits_offset exceeds its struct size\n");
		say(r, "\n");
		last = bit;
	}
	return true;
}

static bool say_enumerators(const struct reading *r, const struct skep_btf_type *t)
{
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64, is_signed = btf_kflag(t);
	const u8 *e = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++, e += wide ? 12 : 8) {
		u64 v = load32(e + 4) | (wide ? (u64)load32(e + 8) << 32 : 0);

		if (load32(e) >= r->h.str_len)
			return fault(r, "\tInvalid name_offset:%u", load32(e));
		if (!load32(e) || !is_name(r, load32(e))) {
			say_last(r, true);
			return fault(r, " Invalid name\n");
		}
		say(r, "\t%s val=", name_at(r, load32(e)));
		if (is_signed)
			say(r, "%lld\n", wide ? (long long)v : (s32)v);
		else
			say(r, "%llu\n", (unsigned long long)v);
	}
	return true;
}

static bool say_variables(const struct reading *r, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *s = btf_tail(t);
	u64 end = 0;

	for (u32 i = 0; i < btf_vlen(t); i++, s++) {
		say(r, "\t type_id=%u offset=%u size=%u", s->type, s->offset, s->size);
		if (!s->type || !is_id(s->type))
			return fault(r, " Invalid type_id\n");
		if (s->offset < end || s->offset >= t->size)
			return fault(r, " Invalid offset\n");
		if (!s->size || s->size > t->size)
			return fault(r, " Invalid size\n");
		end = (u64)s->offset + s->size;
		if (end > t->size)
			return fault(r, " Invalid offset+size\n");
		say(r, "\n");
	}
	return true;
}

static bool say_entries(const struct reading *r, const struct skep_btf_type *t)
{
	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION: return say_members(r, t);
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64: return say_enumerators(r, t);
	case SKEP_BTF_KIND_DATASEC: return say_variables(r, t);
	default: return true;
	}
}

static bool read_type(struct reading *r, u32 off)
{
	const struct skep_btf_type *t = (const struct skep_btf_type *)(r->types + off);
	u32 left = r->h.type_len - off, id = r->n + 1, need;
	const char *why;

	if (left < sizeof(*t))
		return fault(r, "[%u] meta_left:%u meta_needed:%zu", id, left,
			     sizeof(*t));
	if (t->info & ~0x9f00ffffu)
		return fault(r, "[%u] Invalid btf_info:%x", id, t->info);
	if (!btf_kind(t) || btf_kind(t) >= BTF_KINDS)
		return fault(r, "[%u] Invalid kind:%u", id, btf_kind(t));
	if (t->name_off >= r->h.str_len)
		return fault(r, "[%u] Invalid name_offset:%u", id, t->name_off);
	r->at[r->n++] = off;
	need = btf_kinds[btf_kind(t)].tail + btf_kinds[btf_kind(t)].each * btf_vlen(t);
	if (left - sizeof(*t) < need) {
		say_last(r, false);
		return fault(r, " meta_left:%zu meta_needed:%u\n", left - sizeof(*t),
			     need);
	}
	if (btf_kind(t) == SKEP_BTF_KIND_INT && !btf_vlen(t) && !btf_kflag(t) &&
	    load32(t + 1) & ~0x0fffffffu) {
		say_last(r, false);
		return fault(r, " Invalid int_data:%x\n", load32(t + 1));
	}
	why = type_fault(r, t);
	say_last(r, true);
	r->unsupported = why == unsupported;
	if (why)
		return fault(r, " %s\n", why);
	say(r, "\n");
	return say_entries(r, t);
}

static bool read_types(struct reading *r)
{
	u32 off = 0;

	while (off < r->h.type_len) {
		const struct skep_btf_type *t;

		if (!read_type(r, off))
			return false;
		t = reading_type(r, r->n);
		off += sizeof(*t) + btf_kinds[btf_kind(t)].tail +
		       btf_kinds[btf_kind(t)].each * btf_vlen(t);
	}
	return true;
}

int btf_log(const void *data, u32 len, u32 *room, struct skep_log *log)
{
	struct reading r = {.log = log, .data = data, .len = len, .at = room};

	if (!read_header(&r) || !read_sections(&r) || !read_strings(&r))
		return BTF_LOG_FAULT;
	if (!read_types(&r))
		return r.unsupported ? -BTF_ENOTSUPP : -EINVAL;
	return reading_resolve(&r, room + r.n);
}
