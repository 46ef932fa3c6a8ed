/* Whether the facts for compilers hold in the run that was traced. */
#include "concrete.h"
#include "facts.h"
#include "insn.h"
#include <stdio.h>

static bool in_number(const struct fact *x, u64 n)
{
	return n >= x->umin && n <= x->umax && (s64)n >= x->smin && (s64)n <= x->smax &&
	       !((n ^ x->ones) & ~x->unknown);
}

static bool in_value(const struct fact *x, u64 at)
{
	for (u32 i = 0; i < trace.nvalues; i++)
		if (in_number(x, at - trace.value[i].lo))
			return true;
	return trace.nvalues == VALUES;
}

static bool holds(const struct fact *x, const struct concrete *at, u64 n)
{
	u32 frame = at->depth - x->up;

	if (!n && x->maybe_null)
		return true;
	switch (x->kind) {
	case fact_number: return in_number(x, n);
	case fact_ctx: return in_number(x, n - trace.ctx);
	case fact_map_value: return n && in_value(x, n);
	case fact_stack:
		return x->up <= at->depth &&
		       in_number(x, n - (trace.top - frame * SKEP_MAX_STACK));
	case fact_packet: return in_number(x, n - at->data);
	case fact_packet_meta: return in_number(x, n - at->meta);
	case fact_packet_end: return n == at->tail;
	default: return n;
	}
}

static bool say(char why[512], const struct fact *x, const char *when, u32 reg, u64 n)
{
	snprintf(
		why, 512,
		"%s it r%u = 0x%llx is not what the facts say: kind %u, %lld to %lld, %llu "
		"to %llu, bits 0x%llx/0x%llx",
		when, reg, (unsigned long long)n, x->kind, (long long)x->smin,
		(long long)x->smax, (unsigned long long)x->umin,
		(unsigned long long)x->umax, (unsigned long long)x->ones,
		(unsigned long long)x->unknown);
	return false;
}

static bool before_holds(const struct facts *f, const struct concrete *at, u64 *checked,
			 char why[512])
{
	for (u32 r = 0; r < 10; r++) {
		const struct fact *x = facts_before(f, at->insn, r);

		*checked += x != NULL;
		if (x && !holds(x, at, at->r[r]))
			return say(why, x, "before", r, at->r[r]);
	}
	return true;
}

/* `at` is the step behind the instruction's. */
static bool after_holds(const struct facts *f, const struct insn *in, u32 insn,
			const struct concrete *at, u64 *checked, char why[512])
{
	const struct fact *x = facts_after(f, insn);
	u32 reg = op_info[in->op].class == class_packet ? 0 : in->dst;
	int branch = facts_branch(f, insn);
	bool below = at->insn == insn + 1;

	*checked += x != NULL;
	if (x && !holds(x, at, at->r[reg]))
		return say(why, x, "after", reg, at->r[reg]);
	if (op_info[in->op].class != class_jmp || branch < 0 || !in->off)
		return true;
	++*checked;
	snprintf(why, 512, "the branch goes where the facts say that it never does");
	return branch == !below;
}

bool concrete_facts(const struct facts *f, const struct insn *code, u32 *step,
		    u64 *checked, char why[512])
{
	for (*step = 0; *step < trace.n; ++*step) {
		const struct concrete *at = &trace.step[*step];

		if (facts_is_dead(f, at->insn)) {
			snprintf(why, 512, "the facts say that it is never reached");
			return false;
		}
		if (!before_holds(f, at, checked, why))
			return false;
		if (*step + 1 < trace.n && at[1].depth == at->depth &&
		    !after_holds(f, &code[at->insn], at->insn, at + 1, checked, why))
			return false;
	}
	return true;
}
