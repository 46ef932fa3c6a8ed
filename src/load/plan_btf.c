/* The object's types as a kernel takes them. Compilers leave section sizes and offsets of
 * variables to the loader, and describe what is not there: extern functions, variables of
 * the kernel, and gcc 12 functions without names. Type numbers stay, so what cannot be
 * loaded becomes a pointer to void. */
#include "plan.h"
#include <errno.h>
#include <stdlib.h>

struct writer {
	struct obj *o;
	u8 *out;
	size_t len;
	bool *gone; /* by type id */
};

static void put(struct writer *w, const void *data, size_t len)
{
	memcpy(w->out + w->len, data, len);
	w->len += len;
}

static void put_nothing(struct writer *w, u32 id)
{
	struct skep_btf_type t = {.info = SKEP_BTF_KIND_PTR << 24};

	w->gone[id] = true;
	put(w, &t, sizeof(t));
}

/* gcc 12 leaves something in a field that has no use. */
static void put_fwd(struct writer *w, const struct skep_btf_type *t)
{
	struct skep_btf_type copy = *t;

	copy.type = 0;
	put(w, &copy, sizeof(copy));
}

static void put_int(struct writer *w, const struct skep_btf_type *t)
{
	u32 v = load32(t + 1);

	/* signed and char at once: char is what the kernel does not know */
	if (SKEP_BTF_INT_ENCODING(v) == (SKEP_BTF_INT_SIGNED | SKEP_BTF_INT_CHAR))
		v &= ~((u32)SKEP_BTF_INT_CHAR << 24);
	put(w, t, sizeof(*t));
	put(w, &v, sizeof(v));
}

static void put_func(struct writer *w, u32 id, const struct skep_btf_type *t)
{
	const char *name = btf_str(w->o->btf, t->name_off);
	const struct elf_symbol *sym;
	struct skep_btf_type copy = *t;

	if (!*name || btf_vlen(t) == SKEP_BTF_FUNC_EXTERN) {
		put_nothing(w, id);
		return;
	}
	sym = obj_symbol(w->o, name, OBJ_ANY_SECTION);
	if (sym &&
	    (sym->visibility == ELF_STV_HIDDEN || sym->visibility == ELF_STV_INTERNAL))
		copy.info &= ~0xffffu; /* static: verified in its callers, not alone */
	put(w, &copy, sizeof(copy));
}

static const struct obj_extern *kconfig_of(const struct obj *o, u32 var)
{
	for (u32 i = 0; i < o->n_externs; i++)
		if (o->externs[i].btf == var)
			return &o->externs[i];
	return NULL;
}

static void put_var(struct writer *w, u32 id, const struct skep_btf_type *t)
{
	u32 linkage = load32(t + 1);
	bool has_size = btf_size(w->o->btf, id) != BTF_NO_SIZE;

	if (!has_size ||
	    (linkage == SKEP_BTF_VAR_GLOBAL_EXTERN && !kconfig_of(w->o, id))) {
		put_nothing(w, id);
		return;
	}
	if (linkage == SKEP_BTF_VAR_GLOBAL_EXTERN)
		linkage = SKEP_BTF_VAR_GLOBAL_ALLOCATED;
	put(w, t, sizeof(*t));
	put(w, &linkage, sizeof(linkage));
}

static int by_offset(const void *a, const void *b)
{
	const struct skep_btf_var_secinfo *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Where the variable lies; a static one that has no symbol keeps what it has. */
static void find_var(const struct obj *o, u32 sec, struct skep_btf_var_secinfo *s)
{
	const struct obj_extern *e = kconfig_of(o, s->type);
	const struct elf_symbol *sym =
		sec ? obj_symbol(o, btf_name(o->btf, s->type), sec) : NULL;

	if (e)
		s->offset = e->offset;
	else if (sym)
		s->offset = (u32)sym->value;
	if (!s->size)
		s->size = btf_size(o->btf, s->type);
}

static bool fill_section(struct writer *w, const struct skep_btf_type *t, u32 size,
			 u32 sec, struct skep_btf_var_secinfo *s)
{
	u64 end = 0;
	u32 n = btf_vlen(t);

	memcpy(s, btf_tail(t), n * sizeof(*s));
	for (u32 i = 0; i < n; i++) {
		if (btf_kind_of(w->o->btf, s[i].type) != SKEP_BTF_KIND_VAR ||
		    btf_size(w->o->btf, s[i].type) == BTF_NO_SIZE)
			return false;
		find_var(w->o, sec, &s[i]);
	}
	qsort(s, n, sizeof(*s), by_offset);
	for (u32 i = 0; i < n; i++) {
		if (s[i].offset < end || !s[i].size || s[i].size > size ||
		    s[i].offset > size - s[i].size)
			return false;
		end = (u64)s[i].offset + s[i].size;
	}
	return n;
}

static void put_datasec(struct writer *w, u32 id, const struct skep_btf_type *t)
{
	const char *name = btf_str(w->o->btf, t->name_off);
	const struct elf_section *sec = elf_find(&w->o->elf, name);
	struct skep_btf_type copy = *t;
	struct skep_btf_var_secinfo *s;
	u64 size = sec ? sec->size : 0;

	if (!strcmp(name, ".kconfig") && w->o->kconfig)
		size = w->o->kconfig->pub->data_len;
	s = pass_alloc(&w->o->p, btf_vlen(t), sizeof(*s));
	copy.size = (u32)size;
	if (!size || size > UINT32_MAX / 2 ||
	    !fill_section(w, t, copy.size, sec ? sec->index : 0, s)) {
		put_nothing(w, id);
		return;
	}
	put(w, &copy, sizeof(copy));
	put(w, s, btf_vlen(t) * sizeof(*s));
}

static size_t type_size(const struct skep_btf_type *t)
{
	const struct btf_kind_info *k = &btf_kinds[btf_kind(t)];

	return sizeof(*t) + k->tail + (size_t)k->each * btf_vlen(t);
}

static void put_type(struct writer *w, u32 id)
{
	const struct skep_btf_type *t = btf_type(w->o->btf, id);

	switch (btf_kind(t)) {
	case SKEP_BTF_KIND_INT: put_int(w, t); break;
	case SKEP_BTF_KIND_FWD: put_fwd(w, t); break;
	case SKEP_BTF_KIND_FUNC: put_func(w, id, t); break;
	case SKEP_BTF_KIND_VAR: put_var(w, id, t); break;
	case SKEP_BTF_KIND_DATASEC: put_datasec(w, id, t); break;
	default: put(w, t, type_size(t)); break;
	}
}

/* Tags may stand before what they tag, so they are looked at when all else is written. */
static void drop_tags(struct writer *w)
{
	struct skep_btf_type *t;
	size_t at = sizeof(struct skep_btf_header);

	for (u32 id = 1; id < w->o->btf->end_id; id++) {
		t = (void *)(w->out + at);
		at += type_size(t);
		if (btf_kind(t) != SKEP_BTF_KIND_DECL_TAG || !w->gone[t->type])
			continue;
		/* as long as a tag: an int */
		*t = (struct skep_btf_type){.name_off = t->name_off,
					    .info = SKEP_BTF_KIND_INT << 24,
					    .size = 1};
		store32(t + 1, 8);
	}
}

void plan_btf(struct obj *o)
{
	struct writer w = {.o = o};
	struct skep_btf_header h;

	if (!o->btf || o->fixed)
		return;
	w.out = pass_alloc(&o->p, o->btf->len, 1);
	w.gone = pass_alloc(&o->p, o->btf->end_id, sizeof(*w.gone));
	memcpy(&h, o->btf->data, sizeof(h));
	w.len = sizeof(h);
	for (u32 id = 1; id < o->btf->end_id; id++)
		put_type(&w, id);
	drop_tags(&w);
	h.type_len = h.str_off = (u32)(w.len - sizeof(h));
	memcpy(w.out, &h, sizeof(h));
	put(&w, o->btf->strs, o->btf->str_len);
	o->p.err = skep_btf_parse(&o->fixed, w.out, w.len, NULL, o->name, o->p.log);
	if (o->p.err)
		longjmp(o->p.env, 1);
}
