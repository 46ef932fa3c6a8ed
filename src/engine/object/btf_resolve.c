/* The second pass of BPF_BTF_LOAD: each type is followed to what it holds, depth first
 * and at most DEPTH deep, pointers and values each on their own. In which order this is
 * done decides which fault is found first, and whether a modifier may lead to a function:
 * it may where that was followed before, to its prototype. */
#include <errno.h>
#include "btf_reading.h"

enum { DEPTH = 32, INT_COPY_MOST = 128 };

/* What is followed for now: anything; pointers; what is held by value. */
enum mode { mode_any, mode_pointer, mode_value };

enum state { state_new, state_open, state_done };

struct vertex {
	u32 id, next; /* next: entry to go on with */
};

struct resolving {
	const struct reading *r;
	u32 *ids, *sizes, *states; /* by id - 1 */
	struct vertex stack[DEPTH];
	u32 top;
	enum mode mode;
	u32 shown; /* the id that the log says */
};

/* ---- kinds; no such type is NONE, void is 0 ---- */

#define NONE UINT32_MAX

static u32 kind_of(const struct resolving *s, u32 id)
{
	return !id ? 0 : id > s->r->n ? NONE : btf_kind(reading_type(s->r, id));
}

static bool is_struct(u32 kind)
{
	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION;
}

static bool needs_following(u32 kind)
{
	return btf_is_modifier(kind) || is_struct(kind) || kind == SKEP_BTF_KIND_PTR ||
	       kind == SKEP_BTF_KIND_ARRAY || kind == SKEP_BTF_KIND_VAR ||
	       kind == SKEP_BTF_KIND_FUNC || kind == SKEP_BTF_KIND_DECL_TAG ||
	       kind == SKEP_BTF_KIND_DATASEC;
}

/* What nothing refers to but its own kind of type, or nothing at all. */
static bool is_source(u32 kind)
{
	return kind == SKEP_BTF_KIND_VAR || kind == SKEP_BTF_KIND_DECL_TAG ||
	       kind == SKEP_BTF_KIND_DATASEC;
}

static bool has_no_size(u32 kind)
{
	return !kind || kind == NONE || kind == SKEP_BTF_KIND_FWD ||
	       kind == SKEP_BTF_KIND_FUNC || kind == SKEP_BTF_KIND_FUNC_PROTO ||
	       kind == SKEP_BTF_KIND_DECL_TAG;
}

static bool is_end(const struct resolving *s, u32 kind)
{
	switch (s->mode) {
	case mode_pointer: return !btf_is_modifier(kind) && kind != SKEP_BTF_KIND_PTR;
	case mode_value:
		return !btf_is_modifier(kind) && kind != SKEP_BTF_KIND_ARRAY &&
		       !is_struct(kind);
	case mode_any: break;
	}
	return !needs_following(kind);
}

static bool is_done(const struct resolving *s, u32 id)
{
	return s->states[id - 1] == state_done;
}

/* Where following it would lead further. */
static bool is_open_end(const struct resolving *s, u32 id)
{
	return !is_end(s, kind_of(s, id)) && !is_done(s, id);
}

static u32 resolved(const struct resolving *s, u32 id)
{
	return id ? s->ids[id - 1] : 0;
}

/* The size of what `id` leads to, which becomes *id; false: it has none. */
static bool size_of(const struct resolving *s, u32 *id, u32 *size)
{
	u32 at = *id, kind = kind_of(s, at);

	if (has_no_size(kind))
		return false;
	if (btf_is_modifier(kind) || kind == SKEP_BTF_KIND_VAR) {
		at = resolved(s, at);
		kind = kind_of(s, at);
		if (has_no_size(kind) || btf_is_modifier(kind) ||
		    kind == SKEP_BTF_KIND_VAR)
			return false;
	}
	*size = kind == SKEP_BTF_KIND_ARRAY ? s->sizes[at - 1]
		: kind == SKEP_BTF_KIND_PTR ? 8
					    : reading_type(s->r, at)->size;
	*id = at;
	return true;
}

/* ---- faults ---- */

static int bad_type(const struct resolving *s, u32 id, const char *why)
{
	reading_say_type(s->r, s->shown, reading_type(s->r, id), true);
	say(s->r, " %s\n", why);
	return -EINVAL;
}

static int bad_argument(const struct resolving *s, u32 id, u32 i)
{
	reading_say_type(s->r, s->shown, reading_type(s->r, id), true);
	say(s->r, " Invalid arg#%u\n", i + 1);
	return -EINVAL;
}

/* A member of the struct `id` at work. */
struct member {
	u32 id;
	const struct skep_btf_type *of;
	const struct skep_btf_member *m;
	u32 type; /* its, or what a modifier has led to */
};

static int bad_member(const struct resolving *s, const struct member *m, const char *why)
{
	reading_say_type(s->r, s->shown, m->of, true);
	say(s->r, "\n");
	reading_say_member(s->r, m->of, m->m, m->type);
	say(s->r, " %s\n", why);
	return -EINVAL;
}

static int bad_variable(const struct resolving *s, u32 id,
			const struct skep_btf_var_secinfo *v, const char *why)
{
	reading_say_type(s->r, s->shown, reading_type(s->r, id), true);
	say(s->r, "\n\t type_id=%u offset=%u size=%u %s\n", v->type, v->offset, v->size,
	    why);
	return -EINVAL;
}

/* ---- the stack ---- */

static int push(struct resolving *s, u32 id)
{
	u32 kind = kind_of(s, id);

	if (s->top == DEPTH)
		return -E2BIG;
	if (s->states[id - 1] != state_new)
		return -EEXIST;
	s->states[id - 1] = state_open;
	s->stack[s->top++] = (struct vertex){.id = id};
	if (s->mode == mode_any && kind == SKEP_BTF_KIND_PTR)
		s->mode = mode_pointer;
	else if (s->mode == mode_any && (is_struct(kind) || kind == SKEP_BTF_KIND_ARRAY))
		s->mode = mode_value;
	return 0;
}

static int pop(struct resolving *s, u32 to, u32 size)
{
	u32 id = s->stack[--s->top].id;

	s->ids[id - 1] = to;
	s->sizes[id - 1] = size;
	s->states[id - 1] = state_done;
	return 0;
}

/* ---- one kind after another: done, or something is to be followed first ---- */

/* void, a forward declaration or a prototype may stand behind a pointer or modifier. */
static bool may_lead_to(const struct resolving *s, u32 id, u32 *to)
{
	u32 size, kind;

	*to = id;
	if (size_of(s, to, &size))
		return true;
	if (id && is_done(s, id))
		*to = resolved(s, id);
	kind = kind_of(s, *to);
	return !kind || kind == SKEP_BTF_KIND_FWD || kind == SKEP_BTF_KIND_FUNC_PROTO;
}

/* A modifier that was followed among values may have stopped at a pointer. */
static bool stopped_at_pointer(const struct resolving *s, u32 id, u32 *at)
{
	*at = btf_is_modifier(kind_of(s, id)) ? resolved(s, id) : 0;
	return kind_of(s, *at) == SKEP_BTF_KIND_PTR && is_open_end(s, *at);
}

static bool is_wrong(u32 kind)
{
	return kind == NONE || is_source(kind);
}

static int resolve_modifier(struct resolving *s, struct vertex *v)
{
	u32 next = reading_type(s->r, v->id)->type, to;

	if (is_wrong(kind_of(s, next)))
		return bad_type(s, v->id, "Invalid type_id");
	if (next && is_open_end(s, next))
		return push(s, next);
	if (!may_lead_to(s, next, &to))
		return bad_type(s, v->id, "Invalid type_id");
	return pop(s, to, 0);
}

static int resolve_pointer(struct resolving *s, struct vertex *v)
{
	u32 next = reading_type(s->r, v->id)->type, to;

	if (is_wrong(kind_of(s, next)))
		return bad_type(s, v->id, "Invalid type_id");
	if (next && is_open_end(s, next))
		return push(s, next);
	if (stopped_at_pointer(s, next, &to))
		return push(s, to);
	if (!may_lead_to(s, next, &to))
		return bad_type(s, v->id, "Invalid type_id");
	return pop(s, to, 0);
}

static int resolve_variable(struct resolving *s, struct vertex *v)
{
	u32 next = reading_type(s->r, v->id)->type, to, size;

	if (is_wrong(kind_of(s, next)))
		return bad_type(s, v->id, "Invalid type_id");
	if (next && is_open_end(s, next))
		return push(s, next);
	if (stopped_at_pointer(s, next, &to))
		return push(s, to);
	to = next;
	if (!size_of(s, &to, &size))
		return bad_type(s, v->id, "Invalid type_id");
	return pop(s, to, 0);
}

/* Whole bytes, 1, 2, 4, 8 or 16 of them. */
static bool is_regular(const struct resolving *s, u32 id)
{
	u32 v = load32(reading_type(s->r, id) + 1), bits = SKEP_BTF_INT_BITS(v);

	return !SKEP_BTF_INT_OFFSET(v) && bits >= 8 && bits <= 128 && is_pow2(bits);
}

static bool is_odd_int(const struct resolving *s, u32 id)
{
	return kind_of(s, id) == SKEP_BTF_KIND_INT && !is_regular(s, id);
}

static int resolve_array(struct resolving *s, struct vertex *v)
{
	const struct skep_btf_array *a = btf_tail(reading_type(s->r, v->id));
	u32 index = a->index_type, elem = a->type, size, kind = kind_of(s, index);

	if (has_no_size(kind) || is_source(kind))
		return bad_type(s, v->id, "Invalid index");
	if (is_open_end(s, index))
		return push(s, index);
	if (!size_of(s, &index, &size) || kind_of(s, index) != SKEP_BTF_KIND_INT ||
	    !is_regular(s, index))
		return bad_type(s, v->id, "Invalid index");
	kind = kind_of(s, elem);
	if (has_no_size(kind) || is_source(kind))
		return bad_type(s, v->id, "Invalid elem");
	if (is_open_end(s, elem))
		return push(s, elem);
	if (!size_of(s, &elem, &size))
		return bad_type(s, v->id, "Invalid elem");
	if (is_odd_int(s, elem))
		return bad_type(s, v->id, "Invalid array of int");
	if (a->nelems && size > UINT32_MAX / a->nelems)
		return bad_type(s, v->id, "Array size overflows U32_MAX");
	return pop(s, elem, size * a->nelems);
}

/* ---- members ---- */

static u32 bytes_up(u64 bits)
{
	return (u32)((bits + 7) / 8);
}

/* Bits from `off` on, of an int. */
static int check_bits(const struct resolving *s, const struct member *m, u32 off,
		      u32 bits)
{
	u32 byte = off / 8, copied = bits + off % 8;

	if (copied > INT_COPY_MOST)
		return bad_member(s, m, "nr_copy_bits exceeds 128");
	if (m->of->size < byte || m->of->size - byte < bytes_up(copied))
		return bad_member(s, m, "Member exceeds struct_size");
	return 0;
}

static int check_int(const struct resolving *s, const struct member *m, u32 kind)
{
	u32 v = load32(reading_type(s->r, m->type) + 1), off = m->m->offset;

	if (UINT32_MAX - off < SKEP_BTF_INT_OFFSET(v))
		return bad_member(s, m, "bits_offset exceeds U32_MAX");
	return check_bits(s, m, off + SKEP_BTF_INT_OFFSET(v), SKEP_BTF_INT_BITS(v));
}

static int check_flagged_int(const struct resolving *s, const struct member *m)
{
	u32 v = load32(reading_type(s->r, m->type) + 1), most = SKEP_BTF_INT_BITS(v);
	u32 off = btf_member_bit(m->of, m->m), bits = btf_member_bits(m->of, m->m);

	if (!is_regular(s, m->type))
		return bad_member(s, m, "Invalid member base type");
	if (!bits && off % 8)
		return bad_member(s, m, "Invalid member offset");
	if (bits > most)
		return bad_member(s, m, "Invalid member bitfield_size");
	return check_bits(s, m, off, bits ? bits : most);
}

static int check_flagged_enum(const struct resolving *s, const struct member *m)
{
	u32 off = btf_member_bit(m->of, m->m), bits = btf_member_bits(m->of, m->m);

	if (!bits && off % 8)
		return bad_member(s, m, "Member is not byte aligned");
	if (bits > 32)
		return bad_member(s, m, "Invalid member bitfield_size");
	if (m->of->size < bytes_up((u64)off + (bits ? bits : 32)))
		return bad_member(s, m, "Member exceeds struct_size");
	return 0;
}

static int check_float(const struct resolving *s, const struct member *m)
{
	u32 size = reading_type(s->r, m->type)->size;

	if (m->m->offset % (8 * MIN(size, 8u)))
		return bad_member(s, m, "Member is not properly aligned");
	if ((u64)m->m->offset / 8 + size > m->of->size)
		return bad_member(s, m, "Member exceeds struct_size");
	return 0;
}

/* Whole bytes. */
static int check_whole(const struct resolving *s, const struct member *m)
{
	u32 id = m->type, size = 0;

	size_of(s, &id, &size);
	if (m->m->offset % 8)
		return bad_member(s, m, "Member is not byte aligned");
	if (m->of->size - m->m->offset / 8 < size)
		return bad_member(s, m, "Member exceeds struct_size");
	return 0;
}

static int check_member(const struct resolving *s, struct member m)
{
	u32 kind = kind_of(s, m.type), size;
	bool flag = btf_kflag(m.of);

	if (btf_is_modifier(kind)) {
		u32 to = m.type;

		if (!size_of(s, &to, &size))
			return bad_member(s, &m, "Invalid member");
		m.type = to;
		kind = kind_of(s, to);
	}
	if (kind == SKEP_BTF_KIND_INT)
		return flag ? check_flagged_int(s, &m) : check_int(s, &m, kind);
	if (flag && (kind == SKEP_BTF_KIND_ENUM || kind == SKEP_BTF_KIND_ENUM64))
		return check_flagged_enum(s, &m);
	if (flag && btf_member_bits(m.of, m.m))
		return bad_member(s, &m, "Invalid member bitfield_size");
	return kind == SKEP_BTF_KIND_FLOAT ? check_float(s, &m) : check_whole(s, &m);
}

static int resolve_struct(struct resolving *s, struct vertex *v)
{
	const struct skep_btf_type *t = reading_type(s->r, v->id);
	const struct skep_btf_member *m = btf_tail(t);
	struct member at = {.id = v->id, .of = t};
	int err = 0;

	/* The one that was followed has not been looked at yet. */
	for (u32 i = v->next ? v->next - 1 : 0; i < btf_vlen(t) && !err; i++) {
		u32 kind = kind_of(s, m[i].type);

		at.m = &m[i];
		at.type = m[i].type;
		if (i >= v->next) {
			if (has_no_size(kind) || is_source(kind))
				return bad_member(s, &at, "Invalid member");
			if (is_open_end(s, at.type)) {
				v->next = i + 1;
				return push(s, at.type);
			}
		}
		err = check_member(s, at);
	}
	return err ? err : pop(s, 0, 0);
}

/* ---- the rest ---- */

static int resolve_func(struct resolving *s, struct vertex *v)
{
	u32 proto = reading_type(s->r, v->id)->type;
	const struct skep_btf_param *a;

	if (kind_of(s, proto) != SKEP_BTF_KIND_FUNC_PROTO)
		return bad_type(s, v->id, "Invalid type_id");
	a = btf_tail(reading_type(s->r, proto));
	for (u32 i = 0; i < btf_vlen(reading_type(s->r, proto)); i++)
		if (a[i].type && !a[i].name_off)
			return bad_argument(s, v->id, i);
	return pop(s, proto, 0);
}

static int resolve_tag(struct resolving *s, struct vertex *v)
{
	const struct skep_btf_type *t = reading_type(s->r, v->id), *to;
	u32 next = t->type, kind = kind_of(s, next), at = load32(t + 1);

	if (!is_struct(kind) && kind != SKEP_BTF_KIND_FUNC && kind != SKEP_BTF_KIND_VAR &&
	    kind != SKEP_BTF_KIND_TYPEDEF)
		return bad_type(s, v->id, "Invalid type_id");
	if (is_open_end(s, next))
		return push(s, next);
	if (at == UINT32_MAX)
		return pop(s, next, 0);
	to = reading_type(s->r, next);
	if (kind == SKEP_BTF_KIND_FUNC)
		to = reading_type(s->r, to->type);
	if (kind == SKEP_BTF_KIND_VAR || kind == SKEP_BTF_KIND_TYPEDEF ||
	    at >= btf_vlen(to))
		return bad_type(s, v->id, "Invalid component_idx");
	return pop(s, next, 0);
}

static int resolve_section(struct resolving *s, struct vertex *v)
{
	const struct skep_btf_type *t = reading_type(s->r, v->id);
	const struct skep_btf_var_secinfo *e = btf_tail(t);

	s->mode = mode_any;
	for (u32 i = v->next; i < btf_vlen(t); i++) {
		u32 to, size;

		if (kind_of(s, e[i].type) != SKEP_BTF_KIND_VAR)
			return bad_variable(s, v->id, &e[i], "Not a VAR kind member");
		if (is_open_end(s, e[i].type)) {
			v->next = i + 1;
			return push(s, e[i].type);
		}
		to = reading_type(s->r, e[i].type)->type;
		if (!size_of(s, &to, &size))
			return bad_variable(s, v->id, &e[i], "Invalid type");
		if (e[i].size < size)
			return bad_variable(s, v->id, &e[i], "Invalid size");
	}
	return pop(s, 0, 0);
}

static int step(struct resolving *s, struct vertex *v)
{
	switch (kind_of(s, v->id)) {
	case SKEP_BTF_KIND_PTR: return resolve_pointer(s, v);
	case SKEP_BTF_KIND_ARRAY: return resolve_array(s, v);
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION: return resolve_struct(s, v);
	case SKEP_BTF_KIND_VAR: return resolve_variable(s, v);
	case SKEP_BTF_KIND_FUNC: return resolve_func(s, v);
	case SKEP_BTF_KIND_DECL_TAG: return resolve_tag(s, v);
	case SKEP_BTF_KIND_DATASEC: return resolve_section(s, v);
	default: return resolve_modifier(s, v);
	}
}

/* ---- all types ---- */

static int resolve(struct resolving *s, u32 id)
{
	u32 shown = s->shown;
	int err;

	s->mode = mode_any;
	s->top = 0;
	err = push(s, id);
	while (!err && s->top) {
		struct vertex *v = &s->stack[s->top - 1];

		s->shown = v->id;
		err = step(s, v);
	}
	s->shown = id;
	if (err == -E2BIG || err == -EEXIST) {
		reading_say_type(s->r, id, reading_type(s->r, id), true);
		say(s->r, err == -EEXIST ? " Loop detected\n"
					 : " Exceeded max resolving depth:32\n");
	}
	s->shown = shown;
	return err;
}

static int resolve_if_new(struct resolving *s, u32 id)
{
	return needs_following(kind_of(s, id)) && !is_done(s, id) ? resolve(s, id) : 0;
}

/* What a function returns or takes: 1: that is wrong. */
static int check_passed(struct resolving *s, u32 id)
{
	u32 kind = kind_of(s, id), size;
	int err;

	if (kind == NONE || is_source(kind))
		return 1;
	err = resolve_if_new(s, id);
	return err ? err : !size_of(s, &id, &size);
}

static bool is_name(const struct reading *r, u32 off)
{
	return !off || (off < r->h.str_len && btf_is_identifier(r->strs + off));
}

static int check_proto(struct resolving *s, u32 id)
{
	const struct skep_btf_type *t = reading_type(s->r, id);
	const struct skep_btf_param *a = btf_tail(t);
	u32 n = btf_vlen(t);
	int err = t->type ? check_passed(s, t->type) : 0;

	if (err)
		return err < 0 ? err : bad_type(s, id, "Invalid return type");
	if (n && !a[n - 1].type) {
		if (a[n - 1].name_off)
			return bad_argument(s, id, n - 1);
		n--;
	}
	for (u32 i = 0; i < n; i++) {
		err = is_name(s->r, a[i].name_off) ? check_passed(s, a[i].type) : 1;
		if (err)
			return err < 0 ? err : bad_argument(s, id, i);
	}
	return 0;
}

/* Of the modifiers that follow each other the tags stand first. */
static int check_tags(const struct resolving *s)
{
	for (u32 id = 1; id <= s->r->n; id++) {
		bool tags = true;

		for (u32 at = id; btf_is_modifier(kind_of(s, at));
		     at = reading_type(s->r, at)->type) {
			bool is_tag = kind_of(s, at) == SKEP_BTF_KIND_TYPE_TAG;

			if (is_tag && !tags) {
				say(s->r, "Type tags don't precede modifiers");
				return -EINVAL;
			}
			tags = is_tag;
		}
	}
	return 0;
}

int reading_resolve(const struct reading *r, u32 *room)
{
	struct resolving s = {.r = r,
			      .ids = room,
			      .sizes = room + r->n,
			      .states = room + 2 * (size_t)r->n};
	int err = 0;

	for (u32 id = 1; id <= r->n && !err; id++) {
		s.shown = id;
		err = resolve_if_new(&s, id);
		if (!err && kind_of(&s, id) == SKEP_BTF_KIND_FUNC_PROTO)
			err = check_proto(&s, id);
	}
	return err ? err : check_tags(&s);
}
