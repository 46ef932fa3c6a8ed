#include "facts.h"

const struct fact *facts_before(const struct facts *f, u32 insn, u32 reg)
{
	const struct fact_insn *in = &f->insns[insn];
	u32 below = in->before & ((1u << reg) - 1);
	const struct fact *x = &f->all[in->first + (u32)__builtin_popcount(below)];

	return in->before >> reg & 1 && x->kind > fact_any ? x : NULL;
}

const struct fact *facts_after(const struct facts *f, u32 insn)
{
	const struct fact_insn *in = &f->insns[insn];
	const struct fact *x = &f->all[in->first + (u32)__builtin_popcount(in->before)];

	return in->flags & FACT_AFTER && x->kind > fact_any ? x : NULL;
}

int facts_branch(const struct facts *f, u32 insn)
{
	switch (f->insns[insn].flags & (FACT_TAKEN | FACT_FELL)) {
	case FACT_TAKEN: return 1;
	case FACT_FELL: return 0;
	default: return -1;
	}
}

static bool same_pointer(const struct fact *a, const struct fact *b)
{
	return a->kind == b->kind && a->up == b->up;
}

void fact_join(struct fact *x, const struct fact *with)
{
	u64 differ = x->ones ^ with->ones;

	if (x->kind == fact_never || with->kind == fact_never) {
		*x = x->kind == fact_never ? *with : *x;
		return;
	}
	if (!same_pointer(x, with)) {
		*x = (struct fact){.kind = fact_any};
		return;
	}
	x->maybe_null |= with->maybe_null;
	x->untrusted |= with->untrusted;
	if (x->map != with->map)
		x->map = FACT_NO_MAP;
	x->smin = MIN(x->smin, with->smin);
	x->smax = MAX(x->smax, with->smax);
	x->umin = MIN(x->umin, with->umin);
	x->umax = MAX(x->umax, with->umax);
	x->unknown |= with->unknown | differ;
	x->ones &= ~x->unknown;
}

void facts_free(struct facts *f)
{
	arena_free(&f->arena);
	*f = (struct facts){0};
}
