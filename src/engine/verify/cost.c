#include "cost.h"
#include <skep/isa.h>
#include <stdlib.h>
#include "source.h"

/* An instruction, and the line that it is of. */
struct place {
	const char *path;
	u32 line, insn;
};

static int by_line(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int cmp = strcmp(x->path, y->path);

	if (cmp)
		return cmp;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

/* The last function that begins at or before the instruction; NULL: they have no names.
 */
static const char *function_of(const struct verify_prog *p, u32 insn)
{
	const char *name = NULL;

	if (!p->btf || p->func_info_size < sizeof(struct skep_func_info))
		return NULL;
	for (u32 i = 0; i < p->nfunc_info; i++) {
		struct skep_func_info info;

		memcpy(&info, (const u8 *)p->func_info + (size_t)i * p->func_info_size,
		       sizeof(info));
		if (info.insn_off > insn || info.type_id >= skep_btf_end(p->btf))
			break;
		name = btf_name(p->btf, info.type_id);
	}
	return name;
}

static const char *text_of(const struct verify_prog *p, struct arena *arena, u32 insn)
{
	enum { LDDW = 0x18 };
	u32 slots = 1 + (p->code[insn].code == LDDW);
	char buf[128] = "";
	const char *text;

	if (skep_disasm(&p->code[insn], slots, NULL, buf, sizeof(buf), NULL) < 0)
		return "";
	buf[strcspn(buf, "\n")] = '\0';
	text = arena_strndup(arena, buf, strlen(buf));
	return text ? text : "";
}

static void begin(const struct verify_prog *p, struct arena *arena,
		  const struct place *at, struct skep_verifier_cost *c)
{
	const struct skep_line_info *line = source_line(p, at->insn);

	c->insn = at->insn;
	c->function = function_of(p, at->insn);
	if (line) {
		c->file = source_file(p, line);
		c->line = line->line_col >> 10;
		c->source = source_text(p, line);
	} else {
		c->source = text_of(p, arena, at->insn);
	}
}

static bool same_line(const struct place *a, const struct place *b)
{
	return *a->path && a->line == b->line && !strcmp(a->path, b->path);
}

/* Without lines each instruction is a place of its own. */
static struct place *places_of(const struct verify_prog *p, struct arena *arena)
{
	struct place *all = arena_alloc(arena, p->n, sizeof(all[0]));

	for (u32 i = 0; all && i < p->n; i++) {
		const struct skep_line_info *line = source_line(p, i);

		all[i] = (struct place){line ? source_path(p, line) : "",
					line ? line->line_col >> 10 : 0, i};
	}
	if (all)
		qsort(all, p->n, sizeof(all[0]), by_line);
	return all;
}

u32 cost_by_line(const struct verify_prog *prog, struct arena *arena,
		 struct skep_verifier_cost **out)
{
	struct place *at = prog->costs ? places_of(prog, arena) : NULL;
	const struct place *last = NULL;
	struct skep_verifier_cost *c;
	u32 n = 0;

	*out = c = at ? arena_alloc(arena, prog->n, sizeof(*c)) : NULL;
	for (u32 i = 0; c && i < prog->n; i++) {
		const struct verify_cost *cost = &prog->costs[at[i].insn];

		if (!cost->processed)
			continue;
		if (!last || !same_line(&at[i], last))
			begin(prog, arena, &at[i], &c[n++]);
		last = &at[i];
		c[n - 1].ninsns++;
		c[n - 1].processed += cost->processed;
		c[n - 1].states += cost->states;
	}
	return n;
}
