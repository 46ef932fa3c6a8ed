/* Every type of a blob by itself, then containment. The rules are those of
 * Documentation/bpf/btf.rst; where it is silent, what BPF_BTF_LOAD answers. */
#include "btf.h"
#include <ctype.h>
#include <errno.h>
#include "msg.h"

enum { LOAD_MAX_DEPTH = 32 }; /* the kernel's MAX_RESOLVE_DEPTH */

#define throw(bp, ...) pass_throw(&(bp)->p, EINVAL, __VA_ARGS__)

static const char *word(const struct skep_btf_type *t)
{
	return btf_kinds[btf_kind(t)].word;
}

static bool load_rules(const struct btf_pass *bp)
{
	return bp->rules == BTF_RULES_LOAD;
}

static const char *string(struct btf_pass *bp, u32 id, u32 off)
{
	const struct skep_btf *b = bp->b;

	if (off - b->first_str >= b->str_len && off >= b->first_str)
		throw(bp, msg_btf_name_off, bp->name, id, word(btf_type(b, id)),
		      b->at[id - b->first_id], off, b->first_str + b->str_len);
	return btf_str(b, off);
}

/* The kernel's ctype has the letters of Latin-1 too, and KSYM_NAME_LEN is 512. */
static bool is_letter(u8 c)
{
	return (c < 0x80 && isalpha(c)) || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

bool btf_is_identifier(const char *s)
{
	const char *first = s;

	while (is_letter((u8)*s) || *s == '_' || *s == '.' ||
	       (s > first && isdigit((u8)*s)))
		s++;
	return !*s && s > first && s - first <= 512;
}

/* Anything printable. */
bool btf_is_section(const char *s)
{
	while (isprint((u8)*s) || (u8)*s >= 0xa0)
		s++;
	return !*s;
}

/* Section names are anything printable; tags and "unsigned int" anything at all. */
static bool good_name(u32 kind, const char *s)
{
	if (kind == SKEP_BTF_KIND_DECL_TAG || kind == SKEP_BTF_KIND_TYPE_TAG ||
	    kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_FLOAT)
		return true;
	return kind == SKEP_BTF_KIND_DATASEC ? btf_is_section(s) : btf_is_identifier(s);
}

static void check_name(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct btf_kind_info *k = &btf_kinds[btf_kind(t)];
	const char *s = string(bp, id, t->name_off), *wrong = NULL;

	if (k->named == btf_named_no && t->name_off)
		wrong = "where the kind has none";
	/* gcc 12 has functions without names in files */
	if (k->named == btf_named_must && !*s &&
	    (load_rules(bp) || btf_kind(t) != SKEP_BTF_KIND_FUNC))
		wrong = "is missing";
	if (load_rules(bp) && t->name_off && !good_name(btf_kind(t), s))
		wrong = "that is no identifier";
	if (wrong)
		throw(bp, msg_btf_name, bp->name, id, k->word,
		      bp->b->at[id - bp->b->first_id], wrong);
}

/* Names of members, enumerators, arguments. */
static const char *entry_name(struct btf_pass *bp, u32 id, u32 off, bool may_be_empty)
{
	const char *s = string(bp, id, off);

	if (load_rules(bp) && !(may_be_empty && !off) && !btf_is_identifier(s))
		throw(bp, msg_btf_name, bp->name, id, word(btf_type(bp->b, id)),
		      bp->b->at[id - bp->b->first_id], "of an entry is no identifier");
	return s;
}

static u32 ref(struct btf_pass *bp, u32 id, u32 to)
{
	if (to >= bp->b->end_id)
		throw(bp, msg_btf_ref, bp->name, id, word(btf_type(bp->b, id)), to,
		      bp->b->end_id - 1);
	return btf_kind_of(bp->b, to);
}

_Noreturn static void bad_ref(struct btf_pass *bp, u32 id, u32 to, const char *expected)
{
	throw(bp, msg_btf_ref_kind, bp->name, id, word(btf_type(bp->b, id)), to,
	      btf_kinds[btf_kind_of(bp->b, to)].word, expected);
}

/* Linux has pointers and modifiers lead to a function that stands before them, which it
 * takes for its prototype by then. */
static bool may_be_function(const struct btf_pass *bp, u32 id, u32 to)
{
	u32 kind = btf_kind_of(bp->b, id);

	return load_rules(bp) && to < id &&
	       (kind == SKEP_BTF_KIND_PTR || btf_is_modifier(kind));
}

/* `to` is what a pointer may point at: a type, a function's prototype, or void. */
static void ref_type(struct btf_pass *bp, u32 id, u32 to)
{
	u32 kind = ref(bp, id, to);

	if ((kind == SKEP_BTF_KIND_FUNC && !may_be_function(bp, id, to)) ||
	    kind == SKEP_BTF_KIND_VAR || kind == SKEP_BTF_KIND_DATASEC ||
	    kind == SKEP_BTF_KIND_DECL_TAG)
		bad_ref(bp, id, to, "a type");
}

static void bad_size(struct btf_pass *bp, u32 id, const char *expected)
{
	const struct skep_btf_type *t = btf_type(bp->b, id);

	throw(bp, msg_btf_size, bp->name, id, word(t), t->size, expected);
}

static void check_int(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	u32 v = load32(t + 1), bits = SKEP_BTF_INT_BITS(v) + SKEP_BTF_INT_OFFSET(v);
	u32 enc = SKEP_BTF_INT_ENCODING(v);

	/* gcc 12 says signed and char at once; the kernel wants one */
	if ((v & ~0x0fffffffu) || bits > 128 || bits > (u64)t->size * 8)
		throw(bp, msg_btf_int, bp->name, id, t->size, v);
	if ((load_rules(bp) && (enc & (enc - 1))) || enc > 7)
		pass_throw(&bp->p, BTF_ENOTSUPP, msg_btf_int, bp->name, id, t->size, v);
}

static void check_float(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	if (t->size != 2 && t->size != 4 && t->size != 8 && t->size != 12 &&
	    t->size != 16)
		bad_size(bp, id, "2, 4, 8, 12 or 16");
}

static void check_array(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_array *a = btf_tail(t);

	ref_type(bp, id, a->type);
	ref_type(bp, id, a->index_type);
	if (load_rules(bp) && t->size)
		bad_size(bp, id, "0, for an array has none of its own");
}

static void check_members(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_member *m = btf_tail(t);
	bool is_union = btf_kind(t) == SKEP_BTF_KIND_UNION;
	u32 last = 0;

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		const char *s = entry_name(bp, id, m->name_off, true);
		u32 bit = btf_member_bit(t, m);

		ref_type(bp, id, m->type);
		if ((is_union && bit) || bit < last)
			throw(bp, msg_btf_member_order, bp->name, id, word(t), i, s, bit,
			      last);
		last = bit;
	}
}

static void check_enum(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const u8 *e = btf_tail(t);
	u32 each = btf_kinds[btf_kind(t)].each;

	if (!is_pow2(t->size) || t->size > 8)
		bad_size(bp, id, "1, 2, 4 or 8");
	for (u32 i = 0; i < btf_vlen(t); i++, e += each)
		entry_name(bp, id, load32(e), false);
}

static void check_fwd(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	if (load_rules(bp) && t->type)
		bad_size(bp, id, "0, for a forward declaration has none");
}

static void check_func(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	if (ref(bp, id, t->type) != SKEP_BTF_KIND_FUNC_PROTO)
		bad_ref(bp, id, t->type, "a func_proto");
	if (load_rules(bp) && btf_vlen(t) > SKEP_BTF_FUNC_GLOBAL)
		throw(bp, msg_btf_linkage, bp->name, id, word(t), btf_vlen(t),
		      "0 (static) or 1 (global)");
}

static void check_proto(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++) {
		entry_name(bp, id, a[i].name_off, true);
		ref_type(bp, id, a[i].type);
		if (!a[i].type && (i + 1 < btf_vlen(t) || a[i].name_off))
			throw(bp, msg_btf_variadic, bp->name, id, i);
	}
}

static void check_var(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	u32 linkage = load32(t + 1);

	ref_type(bp, id, t->type);
	if (linkage >
	    (load_rules(bp) ? SKEP_BTF_VAR_GLOBAL_ALLOCATED : SKEP_BTF_VAR_GLOBAL_EXTERN))
		throw(bp, msg_btf_linkage, bp->name, id, word(t), linkage,
		      load_rules(bp) ? "0 (static) or 1 (global)"
				     : "0 (static), 1 (global) or 2 (extern)");
}

_Noreturn static void bad_entry(struct btf_pass *bp, u32 id, u32 i,
				const struct skep_btf_var_secinfo *s, const char *why)
{
	throw(bp, msg_btf_sec_var, bp->name, id, btf_name(bp->b, id), i, s->offset,
	      s->size, why);
}

/* An object file's sections have no size and no offsets until someone has linked or
 * loaded it; and extern functions stand among the variables of .ksyms. */
static void check_datasec(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *s = btf_tail(t);
	u64 end = 0;

	if (load_rules(bp) && !t->size)
		bad_size(bp, id, "the section's");
	for (u32 i = 0; i < btf_vlen(t); i++, s++) {
		u32 kind = ref(bp, id, s->type);

		if (kind != SKEP_BTF_KIND_VAR &&
		    (kind != SKEP_BTF_KIND_FUNC || load_rules(bp)))
			bad_ref(bp, id, s->type, "a var");
		if (!load_rules(bp))
			continue;
		if (s->offset < end || s->offset >= t->size)
			bad_entry(bp, id, i, s, "overlaps the one before or the end");
		end = (u64)s->offset + s->size;
		if (!s->size || s->size > t->size || end > t->size)
			bad_entry(bp, id, i, s, "reaches beyond the section");
	}
}

static void check_tag(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	u32 kind = ref(bp, id, t->type), n = 0;
	s32 at = (s32)load32(t + 1);
	const struct skep_btf_type *to;

	if (kind != SKEP_BTF_KIND_STRUCT && kind != SKEP_BTF_KIND_UNION &&
	    kind != SKEP_BTF_KIND_VAR && kind != SKEP_BTF_KIND_FUNC &&
	    kind != SKEP_BTF_KIND_TYPEDEF)
		bad_ref(bp, id, t->type, "a struct, union, var, func or typedef");
	to = btf_type(bp->b, t->type);
	if (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION)
		n = btf_vlen(to);
	else if (kind == SKEP_BTF_KIND_FUNC &&
		 ref(bp, id, to->type) == SKEP_BTF_KIND_FUNC_PROTO)
		n = btf_vlen(btf_type(bp->b, to->type));
	if (at < -1 || (at >= 0 && (u32)at >= n))
		throw(bp, msg_btf_tag, bp->name, id, at, t->type, n);
}

typedef void check_fn(struct btf_pass *bp, u32 id, const struct skep_btf_type *t);

static check_fn *const checks[BTF_KINDS] = {
	[SKEP_BTF_KIND_INT] = check_int,	[SKEP_BTF_KIND_ARRAY] = check_array,
	[SKEP_BTF_KIND_STRUCT] = check_members, [SKEP_BTF_KIND_UNION] = check_members,
	[SKEP_BTF_KIND_ENUM] = check_enum,	[SKEP_BTF_KIND_FWD] = check_fwd,
	[SKEP_BTF_KIND_FUNC] = check_func,	[SKEP_BTF_KIND_FUNC_PROTO] = check_proto,
	[SKEP_BTF_KIND_VAR] = check_var,	[SKEP_BTF_KIND_DATASEC] = check_datasec,
	[SKEP_BTF_KIND_FLOAT] = check_float,	[SKEP_BTF_KIND_DECL_TAG] = check_tag,
	[SKEP_BTF_KIND_ENUM64] = check_enum,
};

static void check_type(struct btf_pass *bp, u32 id)
{
	const struct skep_btf_type *t = btf_type(bp->b, id);
	const struct btf_kind_info *k = &btf_kinds[btf_kind(t)];

	if ((t->info & ~0x9f00ffffu) || btf_vlen(t) > k->vlen ||
	    (btf_kflag(t) && !k->kflag))
		throw(bp, msg_btf_info, bp->name, id, k->word,
		      bp->b->at[id - bp->b->first_id], t->info, k->vlen,
		      k->kflag ? "may have the" : "no");
	check_name(bp, id, t);
	if (k->field == btf_field_type)
		ref_type(bp, id, t->type);
	if (checks[btf_kind(t)])
		checks[btf_kind(t)](bp, id, t);
}

void btf_check_types(struct btf_pass *bp)
{
	for (u32 id = bp->b->first_id; id < bp->b->end_id; id++)
		check_type(bp, id);
}

static u32 resolve(struct btf_pass *bp, u32 id, u32 depth);

/* The largest numbers mean something here; Linux takes all of 32 bits. */
static u32 bounded(struct btf_pass *bp, u32 id, u64 size)
{
	if (size > UINT32_MAX || (size >= BTF_SIZE_TODO && !load_rules(bp)))
		throw(bp, msg_btf_huge, bp->name, id, word(btf_type(bp->b, id)));
	return (u32)MIN(size, (u64)BTF_SIZE_TODO - 1);
}

static u32 resolve_array(struct btf_pass *bp, u32 id, const struct skep_btf_type *t,
			 u32 depth)
{
	const struct skep_btf_array *a = btf_tail(t);
	u32 size = resolve(bp, a->type, depth);

	if (size == BTF_NO_SIZE)
		bad_ref(bp, id, a->type, "a type with a size");
	return bounded(bp, id, (u64)size * a->nelems);
}

/* The bits that a member takes, counted from its offset. */
static u32 member_width(struct btf_pass *bp, u32 id, u32 i, u32 size)
{
	const struct skep_btf_type *t = btf_type(bp->b, id), *mt;
	const struct skep_btf_member *m = (struct skep_btf_member *)btf_tail(t) + i;
	u32 to = btf_skip(bp->b, m->type), kind = btf_kind_of(bp->b, to), v, most;
	u32 bit = btf_member_bit(t, m), bits = btf_member_bits(t, m);

	mt = to ? btf_type(bp->b, to) : NULL;
	v = kind == SKEP_BTF_KIND_INT ? load32(mt + 1) : 0;
	most = kind == SKEP_BTF_KIND_INT ? SKEP_BTF_INT_OFFSET(v) + SKEP_BTF_INT_BITS(v)
					 : size * 8;
	if (load_rules(bp) && bits && kind != SKEP_BTF_KIND_INT)
		most = 32; /* of enums, whatever their size */
	if ((bits && kind != SKEP_BTF_KIND_INT && kind != SKEP_BTF_KIND_ENUM &&
	     kind != SKEP_BTF_KIND_ENUM64) ||
	    bits > most || (!bits && bit % 8 && kind != SKEP_BTF_KIND_INT))
		throw(bp, msg_btf_bitfield, bp->name, id, word(t), i,
		      btf_str(bp->b, m->name_off), bits, bit, btf_kinds[kind].word);
	if (bits)
		return bits + SKEP_BTF_INT_OFFSET(v);
	return v ? most : 0;
}

static void resolve_members(struct btf_pass *bp, u32 id, const struct skep_btf_type *t,
			    u32 depth)
{
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		u32 size = resolve(bp, m->type, depth), bits;
		u64 end;

		if (size == BTF_NO_SIZE)
			bad_ref(bp, id, m->type, "a member with a size");
		bits = member_width(bp, id, i, MIN(size, 16u));
		end = (u64)btf_member_bit(t, m) + (bits ? bits : (u64)size * 8);
		if (end > (u64)t->size * 8)
			throw(bp, msg_btf_member, bp->name, id, word(t), t->size, i,
			      btf_str(bp->b, m->name_off), (unsigned long long)end);
	}
}

static u32 resolve_kind(struct btf_pass *bp, u32 id, u32 depth)
{
	const struct skep_btf_type *t = btf_type(bp->b, id);

	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
		resolve_members(bp, id, t, depth);
		__attribute__((fallthrough));
	case SKEP_BTF_KIND_INT:
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
	case SKEP_BTF_KIND_FLOAT:
	case SKEP_BTF_KIND_DATASEC: return bounded(bp, id, t->size);
	case SKEP_BTF_KIND_PTR: return 8;
	case SKEP_BTF_KIND_ARRAY: return resolve_array(bp, id, t, depth);
	case SKEP_BTF_KIND_TYPEDEF:
	case SKEP_BTF_KIND_VOLATILE:
	case SKEP_BTF_KIND_CONST:
	case SKEP_BTF_KIND_RESTRICT:
	case SKEP_BTF_KIND_TYPE_TAG:
	case SKEP_BTF_KIND_VAR: return resolve(bp, t->type, depth);
	}
	return BTF_NO_SIZE;
}

/* Depth first over by-value containment; what is open is on the way down to here. */
static u32 resolve(struct btf_pass *bp, u32 id, u32 depth)
{
	struct skep_btf *b = bp->b;
	u32 size;

	if (id < b->first_id)
		return btf_size(b, id);
	size = b->size[id - b->first_id];
	if (size == BTF_SIZE_OPEN)
		pass_throw(&bp->p, EEXIST, msg_btf_loop, bp->name, id,
			   word(btf_type(b, id)));
	if (size != BTF_SIZE_TODO)
		return size;
	if (depth == (load_rules(bp) ? LOAD_MAX_DEPTH : BTF_MAX_DEPTH))
		pass_throw(&bp->p, E2BIG, msg_btf_depth, bp->name, id,
			   word(btf_type(b, id)), depth);
	b->size[id - b->first_id] = BTF_SIZE_OPEN;
	size = resolve_kind(bp, id, depth + 1);
	b->size[id - b->first_id] = size;
	if (btf_is_modifier(btf_kind_of(b, id)))
		b->bare[id - b->first_id] = btf_skip(b, btf_type(b, id)->type);
	return size;
}

/* What the rules of loading ask of resolved types. */

static void want_size(struct btf_pass *bp, u32 id, u32 to)
{
	if (btf_size(bp->b, to) == BTF_NO_SIZE)
		bad_ref(bp, id, to, "a type with a size");
}

/* An int whose bits are whole bytes, 1, 2, 4, 8 or 16 of them. */
static bool is_regular(const struct skep_btf *b, u32 id)
{
	u32 v = load32(btf_type(b, id) + 1), bits = SKEP_BTF_INT_BITS(v);

	return !SKEP_BTF_INT_OFFSET(v) && bits >= 8 && bits <= 128 && is_pow2(bits);
}

static void load_array(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_array *a = btf_tail(t);
	u32 elem = btf_skip(bp->b, a->type), index = btf_skip(bp->b, a->index_type);

	if (btf_kind_of(bp->b, index) != SKEP_BTF_KIND_INT || !is_regular(bp->b, index))
		bad_ref(bp, id, a->index_type, "an int of whole bytes as index");
	if (btf_kind_of(bp->b, elem) == SKEP_BTF_KIND_INT && !is_regular(bp->b, elem))
		bad_ref(bp, id, a->type, "an int of whole bytes");
}

static void load_proto(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_param *a = btf_tail(t);

	if (t->type)
		want_size(bp, id, t->type);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (a[i].type)
			want_size(bp, id, a[i].type);
}

/* A function's arguments have names; those of a pointer's target need none. */
static void load_func(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_type *proto = btf_type(bp->b, t->type);
	const struct skep_btf_param *a = btf_tail(proto);

	for (u32 i = 0; i < btf_vlen(proto); i++)
		if (a[i].type && !a[i].name_off)
			throw(bp, msg_btf_name, bp->name, id, word(t),
			      bp->b->at[id - bp->b->first_id],
			      "of an argument is missing");
}

static void load_var(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	want_size(bp, id, t->type);
}

/* With the kind flag, what is no bitfield begins at a byte, and bitfields are of ints of
 * whole bytes. */
static void load_members(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; btf_kflag(t) && i < btf_vlen(t); i++) {
		u32 to = btf_skip(bp->b, m[i].type), bits = btf_member_bits(t, &m[i]);

		if (btf_kind_of(bp->b, to) == SKEP_BTF_KIND_INT &&
		    (!is_regular(bp->b, to) || (!bits && btf_member_bit(t, &m[i]) % 8)))
			throw(bp, msg_btf_bitfield, bp->name, id, word(t), i,
			      btf_str(bp->b, m[i].name_off), bits,
			      btf_member_bit(t, &m[i]), "an int");
	}
}

static void load_datasec(struct btf_pass *bp, u32 id, const struct skep_btf_type *t)
{
	const struct skep_btf_var_secinfo *s = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++)
		if (s[i].size < btf_size(bp->b, s[i].type))
			bad_entry(bp, id, i, &s[i], "is smaller than its type");
}

static check_fn *const load_checks[BTF_KINDS] = {
	[SKEP_BTF_KIND_ARRAY] = load_array,	[SKEP_BTF_KIND_FUNC_PROTO] = load_proto,
	[SKEP_BTF_KIND_FUNC] = load_func,	[SKEP_BTF_KIND_VAR] = load_var,
	[SKEP_BTF_KIND_DATASEC] = load_datasec, [SKEP_BTF_KIND_STRUCT] = load_members,
	[SKEP_BTF_KIND_UNION] = load_members,
};

/* Pointers and modifiers that lead back to themselves point at nothing. Each type is
 * walked over once: `seen` holds from where. */
static void refuse_pointer_loops(struct btf_pass *bp)
{
	const struct skep_btf *b = bp->b;
	u32 *seen = pass_alloc(&bp->p, b->end_id - b->first_id, sizeof(*seen));

	for (u32 id = b->first_id; id < b->end_id; id++) {
		for (u32 at = id; at >= b->first_id; at = btf_type(b, at)->type) {
			u32 kind = btf_kind_of(b, at);

			if (kind != SKEP_BTF_KIND_PTR && !btf_is_modifier(kind))
				break;
			if (seen[at - b->first_id] == id)
				pass_throw(&bp->p, EEXIST, msg_btf_loop, bp->name, at,
					   word(btf_type(b, at)));
			if (seen[at - b->first_id])
				break;
			seen[at - b->first_id] = id;
		}
	}
}

void btf_resolve_sizes(struct btf_pass *bp)
{
	struct skep_btf *b = bp->b;
	u32 n = b->end_id - b->first_id;

	b->size = pass_alloc(&bp->p, n, sizeof(*b->size));
	b->bare = pass_alloc(&bp->p, n, sizeof(*b->bare));
	for (u32 i = 0; i < n; i++) {
		b->size[i] = BTF_SIZE_TODO;
		b->bare[i] = b->first_id + i;
	}
	for (u32 id = b->first_id; id < b->end_id; id++)
		resolve(bp, id, 0);
	if (!load_rules(bp))
		return;
	refuse_pointer_loops(bp);
	for (u32 id = b->first_id; id < b->end_id; id++)
		if (load_checks[btf_kind(btf_type(b, id))])
			load_checks[btf_kind(btf_type(b, id))](bp, id, btf_type(b, id));
}
