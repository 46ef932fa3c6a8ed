/* Which member of a struct of functions (struct_ops) a program is: a variable of a
 * section .struct_ops is initialised with it. */
#include "plan.h"

/* The variable of a section .struct_ops that lies around an offset: its type, a struct,
 * and where it begins. 0: there is none. */
static u32 ops_at(const struct obj *o, const struct elf_section *s, u64 off, u64 *begin)
{
	for (u32 i = 1; i < o->n_syms; i++) {
		const struct elf_symbol *sym = &o->syms[i];
		u32 var, type;

		if (sym->shndx != s->index || sym->type != ELF_STT_OBJECT ||
		    off < sym->value || off - sym->value >= sym->size)
			continue;
		var = skep_btf_find(o->btf, sym->name, SKEP_BTF_KIND_VAR);
		type = var ? btf_skip(o->btf, btf_type(o->btf, var)->type) : 0;
		*begin = sym->value;
		return btf_kind_of(o->btf, type) == SKEP_BTF_KIND_STRUCT ? type : 0;
	}
	return 0;
}

/* The struct and the member's name that are initialised with the function at an offset of
 * such a section. */
static const char *member_at(const struct obj *o, const struct elf_section *s, u64 off,
			     u32 *type)
{
	const struct skep_btf_type *t;
	const struct skep_btf_member *m;
	u64 begin = 0;

	*type = ops_at(o, s, off, &begin);
	if (!*type)
		return NULL;
	t = btf_type(o->btf, *type);
	m = btf_tail(t);
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (btf_member_bit(t, &m[i]) == (off - begin) * 8)
			return btf_str(o->btf, m[i].name_off);
	return NULL;
}

/* Of places that name the function, in no struct: a real object has none. */
enum { TRIES = 16 };

static void look_in(struct obj *o, struct plan_prog *pp, const struct elf_section *s,
		    const struct elf_section *rel, u32 n)
{
	const struct obj_func *f = pp->func;
	u32 tries = 0;

	for (u32 i = 0; i < n && !pp->member && tries < TRIES; i++) {
		struct elf_reloc r;
		const struct elf_symbol *sym = obj_reloc(o, rel, i, &r);

		if (sym->shndx != f->sec || sym->value != f->at * 8ull)
			continue;
		tries++;
		pp->member = member_at(o, s, r.offset, &pp->ops);
	}
}

void plan_ops(struct obj *o, struct plan_prog *pp)
{
	const struct elf_section *s, *rel;
	u32 n;

	elf_each(s, &o->elf)
	{
		rel = NULL;
		if (strncmp(s->name, ".struct_ops", 11) || !o->btf)
			continue;
		while (!pp->member && (rel = obj_next_rel(o, rel, s->index, &n)))
			look_in(o, pp, s, rel, n);
	}
}
