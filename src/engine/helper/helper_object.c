/* Objects that programs make: who has one, and where it is kept. */
#include "heap.h"
#include "helper_fn.h"
#include "msg.h"

/* What the verifier has found that the program makes. */
u32 helper_made_type(const struct run *run, u64 id)
{
	const struct prog *prog = run->prog;

	for (u32 i = 0; i < prog->nmade; i++)
		if (prog->made[i].btf_id == id)
			return prog->made[i].type;
	return 0;
}

KFUNC_FN(obj_new_impl)
{
	const u32 type = helper_made_type(run, a);

	run->state |= RUN_DIRTY;
	if (type)
		return heap_new(run->store, run->slot, type);
	run_fault(run, EINVAL, msg_helper_no_type, "obj_new_impl", (unsigned long long)a);
	return 0;
}

static u64 give_up(struct run *run, u64 object, const char *name)
{
	if (!heap_drop(run->store, run->slot, object))
		run_fault(run, EINVAL, msg_helper_not_held, name,
			  (unsigned long long)object);
	return 0;
}

KFUNC_FN(obj_drop_impl)
{
	return give_up(run, a, "obj_drop_impl");
}

KFUNC_FN(refcount_acquire_impl)
{
	run->state |= RUN_DIRTY;
	return heap_hold(run->store, run->slot, a) ? a : 0;
}

HELPER_FN(kptr_xchg)
{
	u64 old = 0;

	run->state |= RUN_DIRTY;
	if (heap_exchange(run->store, run->slot, ptr_of(a), b, &old))
		return old;
	if (b)
		run_fault(run, EINVAL, msg_helper_not_held, "kptr_xchg",
			  (unsigned long long)b);
	else
		run_fault(run, E2BIG, msg_helper_many_objects, "kptr_xchg");
	return 0;
}

void helper_drop_objects(struct run *run)
{
	if (heap_holds(run->store, run->slot))
		heap_release(run->store, run->slot);
}
