#include "btf_fields.h"
#include "mem.h"
#include <errno.h>

enum { NESTED = 32, MOST_STEPS = 1 << 20 };

static const struct known {
	const char *name;
	u32 size, align;
	bool once; /* in each struct */
} known[FIELD_KINDS] = {
	[field_spin_lock] = {"bpf_spin_lock", 4, 4, true},
	[field_res_spin_lock] = {"bpf_res_spin_lock", 4, 4, true},
	[field_timer] = {"bpf_timer", 16, 8, true},
	[field_wq] = {"bpf_wq", 16, 8, true},
	[field_task_work] = {"bpf_task_work", 8, 8, true},
	[field_kptr_unref] = {NULL, 8, 8},
	[field_kptr_ref] = {NULL, 8, 8},
	[field_kptr_percpu] = {NULL, 8, 8},
	[field_uptr] = {NULL, 8, 8},
	[field_list_head] = {"bpf_list_head", 16, 8},
	[field_rb_root] = {"bpf_rb_root", 16, 8},
	[field_list_node] = {"bpf_list_node", 24, 8},
	[field_rb_node] = {"bpf_rb_node", 32, 8},
	[field_refcount] = {"bpf_refcount", 4, 4},
};

static const struct {
	const char *name;
	enum field_kind kind;
} tags[] = {
	{"kptr_untrusted", field_kptr_unref},
	{"kptr", field_kptr_ref},
	{"percpu_kptr", field_kptr_percpu},
	{"uptr", field_uptr},
};

u32 btf_size_of_field(enum field_kind kind)
{
	return known[kind].size;
}

struct search {
	const struct skep_btf *btf;
	u32 kinds, steps;
};

/* A struct whose members, or a section whose variables, are looked at. */
struct owner {
	u32 id, depth;
	u32 seen;  /* bits of the kinds that there is one of */
	u32 child; /* number of the member; a section's have no tags */
};

/* Where fields go: found ones, and how many more there may be. */
struct room {
	struct btf_field *at;
	u32 n;
};

static bool is_struct(const struct search *s, u32 id)
{
	return btf_kind_of(s->btf, id) == SKEP_BTF_KIND_STRUCT;
}

/* ---- pointers to what is kept ---- */

static bool is_tag(const struct search *s, u32 id)
{
	return btf_kind_of(s->btf, id) == SKEP_BTF_KIND_TYPE_TAG;
}

/* A pointer whose only tag, the first thing that it points to, is one of ours: 1. */
static int find_pointer(const struct search *s, u32 id, struct btf_field *f)
{
	const char *name;
	u32 tag, to;

	if (btf_kind_of(s->btf, id) == SKEP_BTF_KIND_VOLATILE)
		id = btf_type(s->btf, id)->type;
	if (btf_kind_of(s->btf, id) != SKEP_BTF_KIND_PTR)
		return 0;
	tag = btf_type(s->btf, id)->type;
	if (!is_tag(s, tag) || btf_kflag(btf_type(s->btf, tag)))
		return 0;
	to = btf_type(s->btf, tag)->type;
	if (is_tag(s, to))
		return -EINVAL;
	name = btf_name(s->btf, tag);
	for (u32 i = 0; i < ARRAY_SIZE(tags); i++) {
		if (strcmp(tags[i].name, name))
			continue;
		if (!(s->kinds >> tags[i].kind & 1))
			return 0;
		f->kind = tags[i].kind;
		f->btf_id = btf_skip(s->btf, to);
		return is_struct(s, f->btf_id) ? 1 : -EINVAL;
	}
	return -EINVAL;
}

/* ---- lists and trees ---- */

/* What "contains:STRUCT:MEMBER" says, the tag of that member; NULL: no such tag. */
static const char *contents(const struct search *s, u32 id, u32 member)
{
	static const char word[] = "contains:";

	for (u32 i = 1; i < s->btf->end_id; i++) {
		const struct skep_btf_type *t = btf_type(s->btf, i);
		const char *name = btf_str(s->btf, t->name_off);

		if (btf_kind(t) == SKEP_BTF_KIND_DECL_TAG && t->type == id &&
		    *(u32 *)btf_tail(t) == member && !strncmp(name, word, strlen(word)))
			return name + strlen(word);
	}
	return NULL;
}

static u32 find_struct(const struct search *s, const char *name, size_t len)
{
	for (u32 i = 1; i < s->btf->end_id; i++)
		if (is_struct(s, i) && strlen(btf_name(s->btf, i)) == len &&
		    !memcmp(btf_name(s->btf, i), name, len))
			return i;
	return 0;
}

/* The node in what the list or tree holds. */
static int find_node(const struct search *s, const char *name, struct btf_field *f)
{
	const struct skep_btf_type *t = btf_type(s->btf, f->btf_id);
	const struct skep_btf_member *m = btf_tail(t);
	enum field_kind node =
		f->kind == field_list_head ? field_list_node : field_rb_node;

	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 bit = btf_member_bit(t, &m[i]);

		if (strcmp(btf_str(s->btf, m[i].name_off), name))
			continue;
		f->node_off = bit / 8;
		return is_struct(s, m[i].type) &&
				       !strcmp(btf_name(s->btf, m[i].type),
					       known[node].name) &&
				       bit % (8 * known[node].align) == 0
			       ? 0
			       : -EINVAL;
	}
	return -ENOENT;
}

static int find_contents(const struct search *s, const struct owner *o,
			 struct btf_field *f)
{
	const char *text = contents(s, o->id, o->child), *colon;

	colon = text ? strchr(text, ':') : NULL;
	if (!colon)
		return -EINVAL;
	f->btf_id = find_struct(s, text, (size_t)(colon - text));
	if (!f->btf_id)
		return -ENOENT;
	return colon[1] ? find_node(s, colon + 1, f) : -EINVAL;
}

/* ---- members ---- */

static int find_in(struct search *s, struct owner *o, struct room room);

/* Each element of an array has them again. */
static int repeat(struct room room, u32 had, u32 times, u32 size)
{
	for (u32 i = 0; i < had; i++) {
		u32 bit = 1u << room.at[i].kind;

		if (!(bit & (FIELD_KPTRS | 1u << field_uptr | FIELD_ROOTS)))
			return -EINVAL;
	}
	if ((u64)had * times > room.n)
		return -E2BIG;
	for (u32 i = had; i < had * times; i++) {
		room.at[i] = room.at[i - had];
		room.at[i].off += size;
	}
	return (int)(had * times);
}

static int find_nested(struct search *s, u32 id, u32 off, u32 times, u32 depth,
		       struct room room)
{
	struct owner o = {.id = id, .depth = depth + 1};
	int n = o.depth < NESTED ? find_in(s, &o, room) : -E2BIG;

	for (int i = 0; i < n; i++)
		room.at[i].off += off;
	return n > 0 && times > 1 ? repeat(room, (u32)n, times, btf_size(s->btf, id)) : n;
}

/* The kind that the type's name means, whatever else the type is; FIELD_KINDS: none;
 * -E2BIG: its owner has one already. */
static int kind_of(const struct search *s, u32 id, struct owner *o)
{
	for (u32 k = 0; k < FIELD_KINDS; k++) {
		if (!(s->kinds >> k & 1) || !known[k].name ||
		    strcmp(known[k].name, btf_name(s->btf, id)))
			continue;
		if (known[k].once && o->seen >> k & 1)
			return -E2BIG;
		o->seen |= 1u << k;
		return (int)k;
	}
	return FIELD_KINDS;
}

/* One field; 0: it is none after all. */
static int find_named(const struct search *s, u32 id, const struct owner *o,
		      struct btf_field *f)
{
	int err;

	if (!is_struct(s, id) || btf_size(s->btf, id) != known[f->kind].size)
		return 0;
	if (!(1 << f->kind & FIELD_ROOTS))
		return 1;
	err = find_contents(s, o, f);
	return err ? err : 1;
}

/* What a member or variable of that type, at `off`, has; `size`: of a variable. */
static int find_one(struct search *s, struct owner *o, u32 id, u32 off, u32 size,
		    struct room room)
{
	struct btf_field f = {.off = off, .btf = s->btf};
	const struct skep_btf_array *array;
	u32 times = 1, depth = 0, align;
	int kind, ret;

	if (++s->steps > MOST_STEPS)
		return -E2BIG;
	for (; btf_kind_of(s->btf, id) == SKEP_BTF_KIND_ARRAY; depth++) {
		array = btf_tail(btf_type(s->btf, id));
		times *= array->nelems;
		id = array->type;
		if (depth == NESTED - 1)
			return -E2BIG;
	}
	if (!times)
		return 0;
	kind = kind_of(s, id, o);
	if (kind < 0)
		return kind;
	if (kind == FIELD_KINDS && is_struct(s, id))
		return size && size != btf_size(s->btf, id) * times
			       ? 0
			       : find_nested(s, id, off, times, o->depth, room);
	if (kind == FIELD_KINDS && !(s->kinds & FIELD_KPTRS))
		return 0;
	f.size = kind == FIELD_KINDS ? 8 : known[kind].size;
	align = kind == FIELD_KINDS ? 8 : known[kind].align;
	if ((size && size != f.size * times) || off % align)
		return 0;
	f.kind = (enum field_kind)kind;
	ret = kind == FIELD_KINDS ? find_pointer(s, id, &f) : find_named(s, id, o, &f);
	if (ret <= 0)
		return ret;
	if (!room.n)
		return -E2BIG;
	room.at[0] = f;
	return times > 1 ? repeat(room, 1, times, f.size) : 1;
}

static int find_in(struct search *s, struct owner *o, struct room room)
{
	const struct skep_btf_type *t = btf_type(s->btf, o->id);
	const struct skep_btf_member *m = btf_tail(t);
	const struct skep_btf_var_secinfo *var = btf_tail(t);
	bool section = btf_kind(t) == SKEP_BTF_KIND_DATASEC;
	u32 n = 0;

	for (u32 i = 0; i < btf_vlen(t); i++) {
		struct room left = {room.at + n, room.n - n};
		u32 bit = section ? 0 : btf_member_bit(t, &m[i]);
		int ret;

		if (bit % 8)
			return -EINVAL;
		o->child = section ? UINT32_MAX : i;
		ret = section ? find_one(s, o, btf_type(s->btf, var[i].type)->type,
					 var[i].offset, var[i].size, left)
			      : find_one(s, o, m[i].type, bit / 8, 0, left);
		if (ret < 0)
			return ret;
		n += (u32)ret;
	}
	return (int)n;
}

/* ---- the whole ---- */

static u32 kinds_in(const struct btf_field *f, int n)
{
	u32 kinds = 0;

	for (int i = 0; i < n; i++)
		kinds |= 1u << f[i].kind;
	return kinds;
}

static int check_together(const struct btf_field *f, int n)
{
	u32 kinds = kinds_in(f, n), end = 0;
	u32 locks = kinds & (1 << field_spin_lock | 1 << field_res_spin_lock);

	for (int i = 0; i < n; end = f[i].off + f[i].size, i++)
		if (f[i].off < end)
			return -EEXIST;
	if (!(locks & (locks - 1)) && (locks || !(kinds & FIELD_ROOTS)) &&
	    ((kinds & FIELD_NODES) != FIELD_NODES || kinds >> field_refcount & 1))
		return 0;
	return -EINVAL;
}

int btf_fields(const struct skep_btf *btf, u32 type, u32 kinds,
	       struct btf_field out[BTF_FIELDS])
{
	struct search s = {.btf = btf, .kinds = kinds};
	struct owner o = {0};
	int n, err;

	o.id = btf_skip(btf, type);
	if (btf_kind_of(btf, o.id) == SKEP_BTF_KIND_VAR)
		o.id = btf_skip(btf, btf_type(btf, o.id)->type);
	if (!is_struct(&s, o.id) && btf_kind_of(btf, o.id) != SKEP_BTF_KIND_DATASEC)
		return -EINVAL;
	n = find_in(&s, &o, (struct room){out, BTF_FIELDS});
	err = n > 0 ? check_together(out, n) : 0;
	return err ? err : n;
}

/* ---- objects ---- */

/* Whether a member of that very type makes a struct one that is looked at. */
static bool makes_object(const struct search *s, u32 id)
{
	const u32 named = 1 << field_spin_lock | 1 << field_res_spin_lock | FIELD_ROOTS |
			  FIELD_NODES | 1 << field_refcount;
	struct btf_field f;

	if (find_pointer(s, id, &f) == 1)
		return true;
	for (u32 k = 0; is_struct(s, id) && k < FIELD_KINDS; k++)
		if (named >> k & 1 && !strcmp(known[k].name, btf_name(s->btf, id)))
			return true;
	return false;
}

static bool is_object(const struct search *s, u32 id)
{
	const struct skep_btf_type *t = btf_type(s->btf, id);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; is_struct(s, id) && i < btf_vlen(t); i++)
		if (makes_object(s, m[i].type))
			return true;
	return false;
}

int btf_object_fields(const struct skep_btf *btf, u32 type,
		      struct btf_field out[BTF_FIELDS])
{
	const struct search s = {.btf = btf, .kinds = FIELD_OF_OBJECT};

	return is_object(&s, type) ? btf_fields(btf, type, FIELD_OF_OBJECT, out) : 0;
}

/* Who is held may not hold as well: objects that own each other never end. */
static int check_owning(const struct skep_btf *btf, const struct btf_field *f, int n)
{
	struct btf_field held[BTF_FIELDS];

	if (!(kinds_in(f, n) & FIELD_NODES))
		return 0;
	for (int i = 0; i < n; i++) {
		int m = 1 << f[i].kind & FIELD_ROOTS
				? btf_fields(btf, f[i].btf_id, FIELD_OF_OBJECT, held)
				: 0;

		if (kinds_in(held, m) & FIELD_ROOTS)
			return -ELOOP;
	}
	return 0;
}

int btf_check_objects(const struct skep_btf *btf)
{
	struct search s = {.btf = btf, .kinds = FIELD_OF_OBJECT};
	struct btf_field f[BTF_FIELDS];
	int n, err = 0;

	for (u32 i = 1; i < btf->end_id && !err; i++) {
		if (!is_object(&s, i))
			continue;
		n = btf_fields(btf, i, FIELD_OF_OBJECT, f);
		err = n < 0 ? n : !n ? -EFAULT : check_owning(btf, f, n);
	}
	return err;
}
