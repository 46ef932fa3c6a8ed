/* Maps that need no BTF: the older `maps` section, and global data, one map a section. */
#include "parse.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "msg.h"

/* Type, key size, value size, most entries, flags: 32 bits each. */
enum { LEGACY_SIZE = 20 };

static void legacy_types(struct obj *o, struct obj_map *m)
{
	const struct skep_btf_member *kv;
	char name[128];
	u32 id;

	/* BPF_ANNOTATE_KV_PAIR: struct ____btf_map_NAME { key; value; } */
	snprintf(name, sizeof(name), "____btf_map_%s", m->pub->name);
	id = o->btf ? skep_btf_find(o->btf, name, SKEP_BTF_KIND_STRUCT) : 0;
	if (!id || btf_vlen(btf_type(o->btf, id)) != 2)
		return;
	kv = btf_tail(btf_type(o->btf, id));
	if (btf_size(o->btf, kv[0].type) != m->pub->key_size ||
	    btf_size(o->btf, kv[1].type) != m->pub->value_size)
		return;
	m->pub->key_btf = kv[0].type;
	m->pub->value_btf = kv[1].type;
}

static void legacy_map(struct obj *o, const struct elf_symbol *sym)
{
	const struct elf_section *s = &o->elf.sections[sym->shndx];
	u64 size = sym->size ? sym->size : LEGACY_SIZE;
	struct obj_map *m;
	const u8 *d;

	if (!s->data || sym->value > s->size || size > s->size - sym->value ||
	    size < LEGACY_SIZE)
		obj_throw(o, EINVAL, msg_load_legacy, OBJ_AT(o, sym->shndx, sym->value),
			  sym->name, (unsigned long long)size, LEGACY_SIZE);
	d = s->data + sym->value;
	for (u64 i = LEGACY_SIZE; i < size; i++)
		if (d[i])
			obj_throw(o, EOPNOTSUPP, msg_load_legacy_rest,
				  OBJ_AT(o, sym->shndx, sym->value + i), sym->name,
				  LEGACY_SIZE);
	m = obj_new_map(o, sym->name, sym->shndx);
	m->at = sym->value;
	m->pub->type = load32(d);
	m->pub->key_size = load32(d + 4);
	m->pub->value_size = load32(d + 8);
	m->pub->max_entries = load32(d + 12);
	m->pub->flags = load32(d + 16);
	legacy_types(o, m);
}

static void legacy_maps(struct obj *o)
{
	const struct elf_section *s = elf_find(&o->elf, "maps");

	for (u32 i = 1; s && i < o->n_syms; i++)
		if (o->syms[i].shndx == s->index && *o->syms[i].name &&
		    o->syms[i].type != ELF_STT_SECTION)
			legacy_map(o, &o->syms[i]);
}

static bool is_or_dot(const char *s, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(s, name, len) && (!s[len] || s[len] == '.');
}

static bool is_data(const struct elf_section *s, enum obj_map_kind *kind)
{
	static const struct {
		const char *name;
		enum obj_map_kind kind;
	} kinds[] = {
		{".data", obj_map_data},
		{".rodata", obj_map_rodata},
		{".bss", obj_map_bss},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_or_dot(s->name, kinds[i].name))
			continue;
		*kind = kinds[i].kind;
		return s->size && (s->type == ELF_SHT_NOBITS || s->data);
	}
	return false;
}

/* Only what other files may name is worth a mapping: string constants are not. */
static bool has_globals(const struct obj *o, u32 datasec)
{
	const struct skep_btf_type *t;
	const struct skep_btf_var_secinfo *s;

	if (!datasec)
		return false;
	t = btf_type(o->btf, datasec);
	s = btf_tail(t);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (btf_kind_of(o->btf, s[i].type) == SKEP_BTF_KIND_VAR &&
		    load32(btf_tail(btf_type(o->btf, s[i].type))) != SKEP_BTF_VAR_STATIC)
			return true;
	return false;
}

/* "seed.rodata": names that other tools look for, as libbpf makes them. A name with two
 * dots is the programmer's own and stands alone. */
static void name_data_map(struct obj *o, struct skep_object_map *m)
{
	size_t len = MAX(strlen(m->name), 7u), room = SKEP_OBJ_NAME_LEN - 1;
	int prefix = strchr(m->name + 1, '.') || len > room ? 0 : (int)(room - len);

	snprintf(m->kernel_name, sizeof(m->kernel_name), "%.*s%s", prefix, o->prefix,
		 m->name);
	for (char *c = m->kernel_name; *c; c++)
		if (!isalnum((u8)*c) && *c != '_' && *c != '.')
			*c = '_';
}

static void init_data_map(struct obj *o, struct obj_map *m, u64 size)
{
	struct skep_object_map *pub = m->pub;
	bool read_only = m->kind == obj_map_rodata || m->kind == obj_map_kconfig;

	if (o->btf)
		pub->value_btf = skep_btf_find(o->btf, pub->name, SKEP_BTF_KIND_DATASEC);
	m->mappable = m->kind == obj_map_kconfig || has_globals(o, pub->value_btf);
	pub->type = SKEP_MAP_TYPE_ARRAY;
	pub->key_size = 4;
	pub->value_size = (u32)size;
	pub->max_entries = 1;
	pub->flags = (read_only ? SKEP_F_RDONLY_PROG : 0) |
		     (m->mappable ? SKEP_F_MMAPABLE : 0);
	pub->data = pass_alloc(&o->p, size, 1);
	pub->data_len = size;
	name_data_map(o, pub);
}

/* Places that should hold an address are NULL, also where the file has an addend. One
 * note is enough; without it the reason would be looked for in the program. */
static void clear_pointers(struct obj *o, const struct elf_section *s, u8 *data)
{
	const struct elf_section *rel = NULL;
	const struct elf_symbol *sym;
	struct elf_reloc r;
	bool said = false;
	u32 n;

	while ((rel = obj_next_rel(o, rel, s->index, &n)))
		for (u32 i = 0; i < n; i++) {
			sym = obj_reloc(o, rel, i, &r);
			if (r.offset < s->size)
				memset(data + r.offset, 0, MIN(s->size - r.offset, 8u));
			if (!said)
				log_printf(o->p.log, msg_load_data_pointer,
					   OBJ_AT(o, s->index, r.offset),
					   *sym->name ? sym->name
						      : obj_section_name(o, sym->shndx));
			said = true;
		}
}

enum { MAX_DATA = 1 << 30 };

static void data_map(struct obj *o, const struct elf_section *s, enum obj_map_kind kind)
{
	struct obj_map *m;

	o->data_len += s->size;
	if (s->size > MAX_DATA || o->data_len > MAX_DATA)
		obj_throw(o, E2BIG, msg_load_data_size, OBJ_AT(o, s->index, 0),
			  (unsigned long long)s->size);
	m = obj_new_map(o, s->name, s->index);
	m->kind = kind;
	init_data_map(o, m, s->size);
	if (!s->data)
		return;
	memcpy(m->pub->data, s->data, s->size);
	clear_pointers(o, s, m->pub->data);
}

static void find_arena(struct obj *o)
{
	for (u32 i = 0; i < o->n_maps; i++) {
		struct obj_map *m = &o->maps[i];

		if (m->pub->type != SKEP_MAP_TYPE_ARENA)
			continue;
		if (o->arena)
			obj_throw(o, EINVAL, msg_load_arenas, OBJ_AT(o, m->sec, m->at),
				  m->pub->name, o->arena->pub->name);
		o->arena = m;
		m->kind = obj_map_arena;
	}
}

/* Variables in an arena begin where it begins, as libbpf 1.5 has it. */
static void arena_data(struct obj *o)
{
	const struct elf_section *s = elf_find(&o->elf, ".addr_space.1");
	struct obj_map *m = o->arena;
	u64 room = m ? (u64)m->pub->max_entries * (u64)sysconf(_SC_PAGESIZE) : 0;

	if (!s || !s->size)
		return;
	if (!m)
		obj_throw(o, ENOENT, msg_load_no_arena, OBJ_AT(o, s->index, 0));
	if (s->size > room || s->size > MAX_DATA)
		obj_throw(o, E2BIG, msg_load_arena_size, OBJ_AT(o, s->index, 0),
			  (unsigned long long)s->size, m->pub->name,
			  (unsigned long long)room);
	m->data_sec = s->index;
	m->pub->data = pass_alloc(&o->p, s->size, 1);
	m->pub->data_len = s->size;
	if (!s->data)
		return;
	memcpy(m->pub->data, s->data, s->size);
	clear_pointers(o, s, m->pub->data);
}

void parse_maps(struct obj *o)
{
	const struct elf_section *s;
	enum obj_map_kind kind;

	legacy_maps(o);
	find_arena(o);
	arena_data(o);
	elf_each(s, &o->elf) if (is_data(s, &kind)) data_map(o, s, kind);
}

static u32 var_align(const struct obj *o, u32 type)
{
	const struct skep_btf_array *array;
	u32 size;

	for (;;) {
		type = btf_skip(o->btf, type);
		if (btf_kind_of(o->btf, type) != SKEP_BTF_KIND_ARRAY)
			break;
		array = btf_tail(btf_type(o->btf, type));
		type = array->type;
	}
	size = btf_size(o->btf, type);
	return size && is_pow2(size) && size <= 8 ? size : 8;
}

static void add_extern(struct obj *o, const struct skep_btf_var_secinfo *s, u64 *end)
{
	struct obj_extern *e = &o->externs[o->n_externs++];
	const struct skep_btf_type *t = btf_type(o->btf, s->type);
	const struct elf_symbol *sym = obj_symbol(o, btf_str(o->btf, t->name_off), 0);
	u32 size = btf_size(o->btf, s->type);

	if (size == BTF_NO_SIZE || size > 4096 || !sym)
		obj_throw(o, EINVAL, msg_load_extern, o->name,
			  btf_str(o->btf, t->name_off));
	*end = round_up(*end, var_align(o, t->type));
	*e = (struct obj_extern){
		.name = btf_str(o->btf, t->name_off),
		.btf = s->type,
		.offset = (u32)*end,
		.size = size,
		.weak = sym->bind == ELF_STB_WEAK,
	};
	*end += size;
}

void parse_externs(struct obj *o)
{
	u32 id = o->btf ? skep_btf_find(o->btf, ".kconfig", SKEP_BTF_KIND_DATASEC) : 0;
	const struct skep_btf_var_secinfo *s;
	const struct skep_btf_type *t;
	u64 end = 0;

	if (!id)
		return;
	t = btf_type(o->btf, id);
	s = btf_tail(t);
	if (btf_vlen(t) > OBJ_MAX_EXTERNS)
		obj_throw(o, E2BIG, msg_load_many_externs, o->name, OBJ_MAX_EXTERNS);
	o->externs = pass_alloc(&o->p, btf_vlen(t), sizeof(*o->externs));
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (btf_kind_of(o->btf, s[i].type) == SKEP_BTF_KIND_VAR)
			add_extern(o, &s[i], &end);
	if (!end)
		return;
	o->kconfig = obj_new_map(o, ".kconfig", 0);
	o->kconfig->kind = obj_map_kconfig;
	init_data_map(o, o->kconfig, round_up(end, 8));
}
