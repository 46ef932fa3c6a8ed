/* Names that are free in C. Struct, union and enum tags are one name space; typedefs and
 * enumerators another. */
#include "btf_c.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include "vec.h"

struct c_entry {
	const char *text;
	u32 id, at;
	u32 kind; /* 0 for what is no tag; else struct, union or enum */
	bool forward;
};

struct entries {
	struct c_entry *at;
	size_t n, room;
};

static void add(struct c_writer *w, struct entries *list, u32 name, u32 id, u32 at,
		u32 kind, bool forward)
{
	struct c_entry *e;

	if (!*btf_str(w->b, name))
		return;
	e = vec_push(list);
	if (e)
		*e = (struct c_entry){btf_str(w->b, name), id, at, kind, forward};
	else
		w->err = -ENOMEM;
}

static void add_enumerators(struct c_writer *w, struct entries *idents, u32 id)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	u32 each = btf_kind(t) == SKEP_BTF_KIND_ENUM64 ? sizeof(struct skep_btf_enum64)
						       : sizeof(struct skep_btf_enum);

	for (u32 i = 0; i < btf_vlen(t); i++)
		add(w, idents, load32((u8 *)btf_tail(t) + (size_t)i * each), id, i, 0,
		    false);
}

/* The compiler knows __builtin_va_list, and its own is another on each machine. */
static void reserve(struct c_writer *w, struct entries *idents)
{
	struct c_entry *e = vec_push(idents);

	if (e)
		*e = (struct c_entry){.text = "__builtin_va_list"};
	else
		w->err = -ENOMEM;
}

static void collect(struct c_writer *w, struct entries *tags, struct entries *idents)
{
	reserve(w, idents);
	for (u32 id = 1; id < w->b->end_id && !w->err; id++) {
		const struct skep_btf_type *t = btf_type(w->b, id);
		u32 kind = btf_kind(t);

		switch (kind) {
		case SKEP_BTF_KIND_ENUM:
		case SKEP_BTF_KIND_ENUM64:
			add_enumerators(w, idents, id);
			kind = SKEP_BTF_KIND_ENUM; /* fallthrough */
		case SKEP_BTF_KIND_STRUCT:
		case SKEP_BTF_KIND_UNION:
			add(w, tags, t->name_off, id, C_ITSELF, kind, false);
			break;
		case SKEP_BTF_KIND_FWD:
			add(w, tags, t->name_off, id, C_ITSELF,
			    btf_kflag(t) ? SKEP_BTF_KIND_UNION : SKEP_BTF_KIND_STRUCT,
			    true);
			break;
		case SKEP_BTF_KIND_TYPEDEF:
			add(w, idents, t->name_off, id, C_ITSELF, 0, false);
			break;
		}
	}
}

/* Of one name declarations stand behind definitions. */
static int by_text(const void *a, const void *b)
{
	const struct c_entry *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (order)
		return order;
	if (x->forward != y->forward)
		return x->forward - y->forward;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A declaration has the name of the first type of its kind. */
static u32 number(const struct c_entry *group, const struct c_entry *e,
		  const u32 *numbers)
{
	if (e->forward)
		for (const struct c_entry *first = group; first < e; first++)
			if (first->kind == e->kind)
				return numbers[first - group];
	return 0;
}

static void number_group(struct c_writer *w, const struct c_entry *group, size_t n,
			 struct c_suffix *to, u32 *numbers)
{
	u32 last = 0;

	for (size_t i = 0; i < n; i++) {
		u32 known = number(group, &group[i], numbers);

		numbers[i] = known ? known : ++last;
		if (numbers[i] > 1)
			to[w->nsuffixes++] =
				(struct c_suffix){group[i].id, group[i].at, numbers[i]};
	}
}

static void number_all(struct c_writer *w, struct entries *list, struct c_suffix *to,
		       u32 *numbers)
{
	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), by_text);
	for (size_t i = 0, n; i < list->n; i += n) {
		for (n = 1; i + n < list->n; n++)
			if (strcmp(list->at[i].text, list->at[i + n].text))
				break;
		number_group(w, &list->at[i], n, to, numbers);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct c_suffix *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

int c_find_suffixes(struct c_writer *w)
{
	struct entries tags = {0}, idents = {0};
	u32 *numbers;
	size_t n;

	collect(w, &tags, &idents);
	n = tags.n + idents.n;
	w->suffixes = arena_alloc(&w->arena, MAX(n, 1u), sizeof(*w->suffixes));
	numbers = arena_alloc(&w->arena, MAX(n, 1u), sizeof(*numbers));
	if (!w->suffixes || !numbers)
		w->err = -ENOMEM;
	if (!w->err) {
		number_all(w, &tags, w->suffixes, numbers);
		number_all(w, &idents, w->suffixes, numbers);
		qsort(w->suffixes, w->nsuffixes, sizeof(*w->suffixes), by_id);
	}
	vec_free(&tags);
	vec_free(&idents);
	return w->err;
}

void c_name(struct c_writer *w, struct str *out, const char *name, u32 id, u32 at)
{
	struct c_suffix key = {id, at, 0}, *found;

	for (const char *c = name; *c; c++)
		str_printf(out, "%c", isalnum((unsigned char)*c) || *c == '$' ? *c : '_');
	found = w->nsuffixes
			? bsearch(&key, w->suffixes, w->nsuffixes, sizeof(key), by_id)
			: NULL;
	if (found)
		str_printf(out, "___%u", found->n);
}
