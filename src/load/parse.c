#include "parse.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "msg.h"

/* The layers below have said why in o->p.log. */
_Noreturn static void rethrow(struct obj *o, int err)
{
	o->p.err = err;
	longjmp(o->p.env, 1);
}

const char *obj_section_name(const struct obj *o, u32 sec)
{
	return sec < o->elf.n_sections ? o->elf.sections[sec].name : "?";
}

static int by_name(const void *a, const void *b)
{
	const struct elf_symbol *x = *(const struct elf_symbol *const *)a;
	const struct elf_symbol *y = *(const struct elf_symbol *const *)b;
	int cmp = strcmp(x->name, y->name);

	if (cmp || x->shndx == OBJ_ANY_SECTION)
		return cmp;
	return (int)x->shndx - (int)y->shndx;
}

const struct elf_symbol *obj_symbol(const struct obj *o, const char *name, u32 sec)
{
	struct elf_symbol key = {.name = name, .shndx = (u16)sec};
	const struct elf_symbol *at = &key, **found;

	found = bsearch(&at, o->by_name, o->n_syms, sizeof(at), by_name);
	return found ? *found : NULL;
}

const struct elf_symbol *obj_reloc(struct obj *o, const struct elf_section *rel, u32 i,
				   struct elf_reloc *out)
{
	int err = elf_reloc(&o->elf, rel, i, out);

	if (err)
		rethrow(o, err);
	return &o->syms[out->sym];
}

const struct elf_section *obj_next_rel(struct obj *o, const struct elf_section *rel,
				       u32 sec, u32 *n)
{
	for (u32 i = rel ? rel->index + 1 : 1; i < o->elf.n_sections; i++) {
		const struct elf_section *s = &o->elf.sections[i];
		int err;

		if ((s->type != ELF_SHT_REL && s->type != ELF_SHT_RELA) || s->info != sec)
			continue;
		if (s->type == ELF_SHT_RELA)
			obj_throw(o, EINVAL, msg_load_rela, OBJ_AT(o, s->index, 0));
		err = elf_check_relocs(&o->elf, s, n);
		if (err)
			rethrow(o, err);
		if (&o->elf.sections[s->link] != o->symtab)
			obj_throw(o, EINVAL, msg_load_symtabs, OBJ_AT(o, s->index, 0));
		return s;
	}
	return NULL;
}

static void open_elf(struct obj *o, const void *data, size_t len)
{
	int err = elf_open(&o->elf, data, len, o->name, o->p.log);

	if (err)
		rethrow(o, err);
	if (o->elf.machine != ELF_EM_BPF || o->elf.type != ELF_ET_REL)
		obj_throw(o, ENOEXEC, msg_load_machine, o->name, o->elf.type,
			  o->elf.machine);
}

static void read_symbols(struct obj *o)
{
	int err;

	o->symtab = elf_find_type(&o->elf, ELF_SHT_SYMTAB);
	if (!o->symtab)
		obj_throw(o, EINVAL, msg_load_no_symbols, o->name);
	err = elf_check_symbols(&o->elf, o->symtab, &o->n_syms);
	if (err)
		rethrow(o, err);
	o->syms = pass_alloc(&o->p, o->n_syms, sizeof(*o->syms));
	o->by_name = pass_alloc(&o->p, o->n_syms, sizeof(*o->by_name));
	for (u32 i = 0; i < o->n_syms; i++) {
		err = elf_symbol(&o->elf, o->symtab, i, &o->syms[i]);
		if (err)
			rethrow(o, err);
		o->by_name[i] = &o->syms[i];
	}
	qsort(o->by_name, o->n_syms, sizeof(*o->by_name), by_name);
}

static void read_btf(struct obj *o)
{
	const struct elf_section *s = elf_find(&o->elf, ".BTF");
	const struct elf_section *ext = elf_find(&o->elf, ".BTF.ext");
	int err;

	if (!s)
		return;
	err = skep_btf_parse(&o->btf, s->data, s->data ? s->size : 0, NULL, o->name,
			     o->p.log);
	if (!err && ext && ext->data)
		err = btf_ext_open(&o->ext, ext->data, ext->size, o->btf, o->name,
				   o->p.log);
	if (err)
		rethrow(o, err);
}

static void read_license(struct obj *o)
{
	const struct elf_section *s = elf_find(&o->elf, "license");
	const struct elf_section *v = elf_find(&o->elf, "version");
	char *text;

	o->license = "";
	if (s && s->data) {
		text = arena_strndup(&o->p.arena, (const char *)s->data,
				     MIN(s->size, 127u));
		if (!text)
			rethrow(o, -ENOMEM);
		o->license = text;
	}
	if (v && v->data && v->size == 4)
		o->version = load32(v->data);
}

/* GNU as 2.40, which goes with gcc 12, writes a named symbol's value into the instruction
 * that is to be relocated by it. Only the compiler left its version behind. */
static void find_old_gas(struct obj *o)
{
	const struct elf_section *s = elf_find(&o->elf, ".comment");
	const char *text = s ? (const char *)s->data : NULL, *paren;

	if (!text || s->size < 2 || text[s->size - 1])
		return;
	text += !*text; /* a table of strings may begin with an empty one */
	if (strncmp(text, "GCC: ", 5))
		return;
	paren = strrchr(text, ')');
	o->old_gas = paren && atoi(paren + 1) < 13;
}

static bool is_function(const struct obj *o, const struct elf_symbol *sym)
{
	const struct elf_section *s;

	if (sym->type != ELF_STT_FUNC || !sym->shndx || sym->shndx >= o->elf.n_sections)
		return false;
	s = &o->elf.sections[sym->shndx];
	return s->type == ELF_SHT_PROGBITS && (s->flags & ELF_SHF_EXECINSTR);
}

static void add_func(struct obj *o, const struct elf_symbol *sym)
{
	const struct elf_section *s = &o->elf.sections[sym->shndx];
	struct obj_func *f = &o->funcs[o->n_funcs++];

	if (sym->value % 8 || sym->size % 8 || !sym->size || sym->value > s->size ||
	    sym->size > s->size - sym->value || s->size / 8 > SKEP_MAX_INSNS)
		obj_throw(o, EINVAL, msg_load_func, OBJ_AT(o, sym->shndx, sym->value),
			  sym->name, (unsigned long long)sym->size,
			  (unsigned long long)s->size);
	*f = (struct obj_func){
		.name = sym->name,
		.sec = sym->shndx,
		.at = (u32)(sym->value / 8),
		.n = (u32)(sym->size / 8),
		.global = sym->bind != ELF_STB_LOCAL,
		.local = sym->bind == ELF_STB_LOCAL ||
			 sym->visibility == ELF_STV_HIDDEN ||
			 sym->visibility == ELF_STV_INTERNAL,
		.row = section_find(s->name),
	};
}

static int by_place(const void *a, const void *b)
{
	const struct obj_func *f = a, *g = b;

	if (f->sec != g->sec)
		return f->sec < g->sec ? -1 : 1;
	return f->at < g->at ? -1 : f->at > g->at;
}

static void find_funcs(struct obj *o)
{
	o->funcs = pass_alloc(&o->p, o->n_syms, sizeof(*o->funcs));
	for (u32 i = 1; i < o->n_syms; i++)
		if (is_function(o, &o->syms[i]))
			add_func(o, &o->syms[i]);
	qsort(o->funcs, o->n_funcs, sizeof(*o->funcs), by_place);
	for (u32 i = 1; i < o->n_funcs; i++) {
		const struct obj_func *f = &o->funcs[i - 1], *g = &o->funcs[i];

		if (f->sec == g->sec && g->at < f->at + f->n)
			obj_throw(o, EINVAL, msg_load_overlap,
				  OBJ_AT(o, g->sec, g->at * 8ull), g->name, f->name);
	}
}

struct obj_func *obj_func_at(const struct obj *o, u32 sec, u32 at)
{
	struct obj_func key = {.sec = sec, .at = at};

	if (!o->n_funcs)
		return NULL;
	return bsearch(&key, o->funcs, o->n_funcs, sizeof(key), by_place);
}

/* A program is a global function in a section of its own; .text holds subprograms. */
static bool is_program(const struct obj *o, const struct obj_func *f)
{
	return f->global && strcmp(obj_section_name(o, f->sec), ".text");
}

static void add_prog(struct obj *o, struct obj_func *f)
{
	const char *section = obj_section_name(o, f->sec);

	f->prog = &o->progs[o->n_progs];
	o->prog_funcs[o->n_progs++] = f;
	*f->prog = (struct skep_object_prog){
		.name = f->name,
		.section = section,
		.skip = *section == '?',
		.fd = -1,
	};
	if (!f->row)
		return;
	f->prog->type = f->row->type;
	f->prog->attach_type = f->row->attach_type;
	f->prog->flags = f->row->flags & ~(u32)NEEDS_BTF;
}

static void find_progs(struct obj *o)
{
	o->progs = pass_alloc(&o->p, o->n_funcs, sizeof(*o->progs));
	o->prog_funcs = pass_alloc(&o->p, o->n_funcs, sizeof(*o->prog_funcs));
	for (u32 i = 0; i < o->n_funcs; i++)
		if (is_program(o, &o->funcs[i]))
			add_prog(o, &o->funcs[i]);
}

/* A function of a section that no row knows may be a subprogram all the same. */
static void mark_called(struct obj *o, u32 sec)
{
	const struct elf_section *rel = NULL;
	u32 n;

	while ((rel = obj_next_rel(o, rel, sec, &n))) {
		for (u32 i = 0; i < n; i++) {
			struct elf_reloc r;
			const struct elf_symbol *sym = obj_reloc(o, rel, i, &r);
			struct obj_func *f =
				obj_func_at(o, sym->shndx, (u32)(sym->value / 8));

			if (f && sym->type == ELF_STT_FUNC)
				f->called = true;
		}
	}
}

static void find_calls(struct obj *o)
{
	const struct elf_section *s;

	elf_each(s, &o->elf) if (s->flags & ELF_SHF_EXECINSTR) mark_called(o, s->index);
}

/* What others point into never moves, so there is room for the most from the start. */
struct obj_map *obj_new_map(struct obj *o, const char *name, u32 sec)
{
	struct obj_map *m = &o->maps[o->n_maps];

	if (o->n_maps == OBJ_MAX_MAPS)
		obj_throw(o, E2BIG, msg_load_many_maps, o->name, OBJ_MAX_MAPS);
	m->pub = &o->pubs[o->n_maps++];
	m->pub->name = name;
	m->pub->fd = -1;
	m->sec = sec;
	snprintf(m->pub->kernel_name, sizeof(m->pub->kernel_name), "%s", name);
	return m;
}

static void make_room_for_maps(struct obj *o)
{
	o->maps = pass_alloc(&o->p, OBJ_MAX_MAPS, sizeof(*o->maps));
	o->pubs = pass_alloc(&o->p, OBJ_MAX_MAPS, sizeof(*o->pubs));
}

void parse_object(struct obj *o, const void *data, size_t len)
{
	open_elf(o, data, len);
	read_symbols(o);
	read_btf(o);
	read_license(o);
	find_old_gas(o);
	find_funcs(o);
	find_progs(o);
	find_calls(o);
	make_room_for_maps(o);
	parse_btf_maps(o); /* needs symbols and BTF */
	parse_maps(o);	   /* legacy maps, global data */
	parse_externs(o);  /* .kconfig */
	parse_slots(o);	   /* needs all maps and functions */
}
