/* Kernel functions: which there are, and those that are about the CPU alone. */
#include "helper_fn.h"
#include "helper_row.h"
#include "msg.h"
#include <errno.h>

/* Which programs may call them says the verifier's table. */
enum {
#define KFUNC(name, flags, does, programs) types_##name = programs,
#include "kfunc.def"
};

#define KFUNC(id, number, from, flags, returns, args) \
	[number] = {.name = #id, \
		    .ret = returns, \
		    .arg = args, \
		    .gpl_only = true, \
		    .may_sleep = (flags)&SLEEPS, \
		    .types = types_bpf_##id, \
		    .since = from, \
		    .fn = kfunc_##id},
#define REFUSED(name, why)
static const struct helper kfuncs[] = {
#include "helper_kfunc.def"
};
#undef KFUNC
#undef REFUSED

#define KFUNC(name, ...)
#define REFUSED(name, why) {#name, #name " " why},
static const struct {
	const char *name, *why;
} refusals[] = {
#include "helper_kfunc.def"
};
#undef KFUNC
#undef REFUSED

const struct helper *helper_kfunc(u32 number)
{
	return number < ARRAY_SIZE(kfuncs) && kfuncs[number].fn ? &kfuncs[number] : NULL;
}

u32 helper_kfunc_number(const char *name)
{
	if (strncmp(name, "bpf_", 4))
		return 0;
	for (u32 i = 1; i < ARRAY_SIZE(kfuncs); i++)
		if (kfuncs[i].fn && !strcmp(kfuncs[i].name, name + 4))
			return i;
	return 0;
}

const char *helper_kfunc_refusal(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(refusals); i++)
		if (!strcmp(refusals[i].name, name))
			return refusals[i].why;
	return NULL;
}

/* ---- casts ---- */

/* The pointer leads to a struct of the kernel, or to bytes: either reads what is there, 0
 * where nothing is. A context that is made of a packet is another struct than the
 * kernel's. */
KFUNC_FN(rdonly_cast)
{
	if (run_in_ctx(run, a))
		run_fault(run, EFAULT, msg_helper_cast, run->prog->type->ctx_name);
	run->casts = true;
	run->state |= RUN_DIRTY;
	return a;
}

/* ---- sections ----
 *
 * What a run has found stays until it is over, nothing takes its slot from it, and no
 * interrupt runs programs on that slot: there is nothing to do. */

KFUNC_FN(rcu_read_lock)
{
	return 0;
}

KFUNC_FN(rcu_read_unlock)
{
	return 0;
}

KFUNC_FN(preempt_disable)
{
	return 0;
}

KFUNC_FN(preempt_enable)
{
	return 0;
}

KFUNC_FN(local_irq_save)
{
	*(u64 *)ptr_of(a) = 0;
	return 0;
}

KFUNC_FN(local_irq_restore)
{
	return 0;
}
