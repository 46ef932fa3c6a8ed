/* Maps of the section .maps: variables whose type is a struct of attributes.
 * __uint(name, v) is int (*name)[v], __type(name, T) is T *name, __array(name, T) is
 * T *name[]; __ulong(name, v) is an enum with one value. */
#include "parse.h"
#include <errno.h>
#include "msg.h"

struct attr {
	struct obj *o;
	struct obj_map *m;
	const char *name;
	u32 type; /* of the member, without modifiers */
	bool is_inner;
};

_Noreturn static void bad(struct attr *a, const char *expected)
{
	obj_throw(a->o, EINVAL, msg_load_map_attr, OBJ_AT(a->o, a->m->sec, a->m->at),
		  a->m->pub->name, a->name, expected);
}

static const void *tail(struct attr *a, u32 id)
{
	return btf_tail(btf_type(a->o->btf, id));
}

static u32 kind(struct attr *a, u32 id)
{
	return btf_kind_of(a->o->btf, id);
}

static u32 target(struct attr *a)
{
	if (kind(a, a->type) != SKEP_BTF_KIND_PTR)
		bad(a, "__uint(name, number) or __type(name, type)");
	return btf_type(a->o->btf, a->type)->type;
}

static u64 number(struct attr *a)
{
	const struct skep_btf_type *t = btf_type(a->o->btf, a->type);
	const struct skep_btf_enum64 *e64 = btf_tail(t);
	const struct skep_btf_array *array;
	u32 to;

	if (btf_kind(t) == SKEP_BTF_KIND_ENUM64 && btf_vlen(t) == 1)
		return (u64)e64->val_hi32 << 32 | e64->val_lo32;
	if (btf_kind(t) == SKEP_BTF_KIND_ENUM && btf_vlen(t) == 1)
		return load32((u8 *)btf_tail(t) + 4);
	to = btf_skip(a->o->btf, target(a));
	if (kind(a, to) != SKEP_BTF_KIND_ARRAY)
		bad(a, "__uint(name, number)");
	array = tail(a, to);
	return array->nelems;
}

static void sized_type(struct attr *a, u32 *btf, u32 *size)
{
	u32 id = target(a), n = btf_size(a->o->btf, id);

	if (n == BTF_NO_SIZE)
		bad(a, "a type with a size");
	if (*size && *size != n)
		bad(a, "the size that was given before");
	*btf = id;
	*size = n;
}

static void set_type(struct attr *a)
{
	a->m->pub->type = (enum skep_map_type)number(a);
}

static void set_max_entries(struct attr *a)
{
	a->m->pub->max_entries = (u32)number(a);
}

static void set_map_flags(struct attr *a)
{
	a->m->pub->flags = (u32)number(a);
}

static void set_numa_node(struct attr *a)
{
	a->m->numa_node = (u32)number(a);
}

static void set_map_extra(struct attr *a)
{
	a->m->extra = number(a);
}

static void set_size(struct attr *a, u32 *size)
{
	u64 n = number(a);

	if (*size && *size != n)
		bad(a, "the size of the type that was given before");
	*size = (u32)n;
}

static void set_key_size(struct attr *a)
{
	set_size(a, &a->m->pub->key_size);
}

static void set_value_size(struct attr *a)
{
	set_size(a, &a->m->pub->value_size);
}

static void set_key(struct attr *a)
{
	sized_type(a, &a->m->pub->key_btf, &a->m->pub->key_size);
}

static void set_value(struct attr *a)
{
	sized_type(a, &a->m->pub->value_btf, &a->m->pub->value_size);
}

static void set_pinning(struct attr *a)
{
	u64 how = number(a);

	if (how > 1 || a->is_inner)
		bad(a, "LIBBPF_PIN_NONE or LIBBPF_PIN_BY_NAME, in no inner map");
	a->m->pinned = how;
}

static void parse_attrs(struct obj *o, struct obj_map *m, u32 type, bool is_inner);

static void set_values(struct attr *a)
{
	const struct skep_btf_array *array = tail(a, a->type);
	u32 elem;

	if (kind(a, a->type) != SKEP_BTF_KIND_ARRAY || array->nelems || a->is_inner)
		bad(a, "__array(values, a struct of attributes or a function)");
	elem = btf_skip(a->o->btf, array->type);
	if (kind(a, elem) != SKEP_BTF_KIND_PTR)
		bad(a, "__array(values, a struct of attributes or a function)");
	elem = btf_skip(a->o->btf, btf_type(a->o->btf, elem)->type);
	a->m->pub->value_size = 4;
	if (kind(a, elem) == SKEP_BTF_KIND_FUNC_PROTO)
		return;
	if (kind(a, elem) != SKEP_BTF_KIND_STRUCT)
		bad(a, "__array(values, a struct of attributes or a function)");
	a->m->inner = pass_alloc(&a->o->p, 1, sizeof(*a->m->inner));
	a->m->inner->pub = pass_alloc(&a->o->p, 1, sizeof(*a->m->inner->pub));
	a->m->inner->pub->name = a->m->pub->name;
	a->m->inner->sec = a->m->sec;
	a->m->inner->at = a->m->at;
	parse_attrs(a->o, a->m->inner, elem, true);
}

static const struct {
	const char *name;
	void (*set)(struct attr *a);
} attrs[] = {
	{"type", set_type},
	{"max_entries", set_max_entries},
	{"map_flags", set_map_flags},
	{"numa_node", set_numa_node},
	{"map_extra", set_map_extra},
	{"key_size", set_key_size},
	{"value_size", set_value_size},
	{"key", set_key},
	{"value", set_value},
	{"pinning", set_pinning},
	{"values", set_values},
};

static void parse_attr(struct attr *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (strcmp(a->name, attrs[i].name))
			continue;
		attrs[i].set(a);
		return;
	}
	bad(a,
	    "type, max_entries, map_flags, numa_node, map_extra, key_size, value_size, key, "
	    "value, pinning or values");
}

static void parse_attrs(struct obj *o, struct obj_map *m, u32 type, bool is_inner)
{
	const struct skep_btf_type *t = btf_type(o->btf, type);
	const struct skep_btf_member *member = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++) {
		struct attr a = {o, m, btf_str(o->btf, member[i].name_off),
				 btf_skip(o->btf, member[i].type), is_inner};

		if (!a.type)
			bad(&a, "a type");
		parse_attr(&a);
		if (!strcmp(a.name, "values"))
			m->values_at = btf_member_bit(t, &member[i]) / 8;
	}
	if (m->pub->type == SKEP_MAP_TYPE_UNSPEC)
		obj_throw(o, EINVAL, msg_load_map_type, OBJ_AT(o, m->sec, m->at),
			  m->pub->name);
}

static void btf_map(struct obj *o, u32 var, u32 sec)
{
	const char *name = btf_name(o->btf, var);
	u32 type = btf_skip(o->btf, btf_type(o->btf, var)->type);
	const struct elf_symbol *sym = obj_symbol(o, name, sec);
	struct obj_map *m;

	if (!sym || btf_kind_of(o->btf, type) != SKEP_BTF_KIND_STRUCT ||
	    sym->value > o->elf.sections[sec].size)
		obj_throw(o, EINVAL, msg_load_map_var,
			  OBJ_AT(o, sec, sym ? sym->value : 0), name);
	for (u32 i = 0; i < o->n_maps; i++)
		if (o->maps[i].at == sym->value)
			obj_throw(o, EINVAL, msg_load_map_twice,
				  OBJ_AT(o, sec, sym->value), name, o->maps[i].pub->name);
	m = obj_new_map(o, name, sec);
	m->at = sym->value;
	parse_attrs(o, m, type, false);
}

void parse_btf_maps(struct obj *o)
{
	const struct elf_section *sec = elf_find(&o->elf, ".maps");
	const struct skep_btf_var_secinfo *s;
	const struct skep_btf_type *t;
	u32 id =
		sec && o->btf ? skep_btf_find(o->btf, ".maps", SKEP_BTF_KIND_DATASEC) : 0;

	if (!sec)
		return;
	if (!id)
		obj_throw(o, EINVAL, msg_load_maps_btf, OBJ_AT(o, sec->index, 0));
	t = btf_type(o->btf, id);
	s = btf_tail(t);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (btf_kind_of(o->btf, s[i].type) == SKEP_BTF_KIND_VAR)
			btf_map(o, s[i].type, sec->index);
}

/* The map whose variable holds `off`. */
static struct obj_map *holder(struct obj *o, u32 sec, u64 off)
{
	struct obj_map *best = NULL;

	for (u32 i = 0; i < o->n_maps; i++) {
		struct obj_map *m = &o->maps[i];

		if (m->sec == sec && m->values_at && off >= m->at + m->values_at &&
		    (!best || m->at > best->at))
			best = m;
	}
	return best;
}

static struct obj_map *map_named(struct obj *o, const struct elf_symbol *sym, u64 off)
{
	for (u32 i = 0; i < o->n_maps; i++)
		if (o->maps[i].sec == sym->shndx && o->maps[i].at == off)
			return &o->maps[i];
	return NULL;
}

static void add_slot(struct obj *o, const struct elf_section *sec,
		     const struct elf_reloc *r, const struct elf_symbol *sym)
{
	struct obj_map *m = holder(o, sec->index, r->offset);
	struct obj_slot *slot;
	u64 off, at;

	if (!m || r->type != ELF_R_BPF_64_ABS64 || !sec->data || sec->size < 8 ||
	    r->offset > sec->size - 8)
		obj_throw(o, EINVAL, msg_load_slot, OBJ_AT(o, sec->index, r->offset),
			  sym->name);
	at = r->offset - m->at - m->values_at;
	off = sym->value + load64(sec->data + r->offset);
	slot = pass_alloc(&o->p, 1, sizeof(*slot));
	slot->next = m->slots;
	m->slots = slot;
	slot->key = (u32)(at / 8);
	if (m->inner)
		slot->map = map_named(o, sym, off);
	else if (off % 8 == 0)
		slot->func = obj_func_at(o, sym->shndx, (u32)(off / 8));
	if (at % 8 || slot->key >= m->pub->max_entries ||
	    (slot->func ? !slot->func->prog : !slot->map || slot->map == m))
		obj_throw(o, EINVAL, msg_load_slot, OBJ_AT(o, sec->index, r->offset),
			  sym->name);
}

void parse_slots(struct obj *o)
{
	const struct elf_section *sec = elf_find(&o->elf, ".maps"), *rel = NULL;
	u32 n;

	while (sec && (rel = obj_next_rel(o, rel, sec->index, &n))) {
		for (u32 i = 0; i < n; i++) {
			struct elf_reloc r;
			const struct elf_symbol *sym = obj_reloc(o, rel, i, &r);

			add_slot(o, sec, &r, sym);
		}
	}
}
