#include "heap_graph.h"
#include "helper_fn.h"
#include "map_field.h"
#include "msg.h"
#include <errno.h>

/* Locks in values. While a run has one, its thread is inside the maps: a program that a
 * signal handler runs meanwhile would wait for a lock that cannot be given. */

/* Its owner died at work on what the lock protects. */
static void repair(struct run *run, u64 lock)
{
	const u64 object =
		heap_object_of(run->store, heap_address(run->store, ptr_of(lock)));
	const struct heap_type *t = heap_object(run->store, object);
	struct heap_root *root;
	struct region r;

	for (u32 i = 0; t && i < MIN(t->n, (u32)BTF_FIELDS); i++) {
		if (t->at[i].kind >= FIELD_KINDS || !(FIELD_ROOTS >> t->at[i].kind & 1))
			continue;
		root = heap_at(run->store, object + t->at[i].off, sizeof(*root), true);
		if (root)
			graph_repair(run->store, t->at[i].kind, root);
	}
	if (!t && run_find(run, lock, 4, access_read, &r) && r.map)
		map_field_repair(r.map, ptr_of(r.lo));
}

HELPER_FN(spin_lock)
{
	u32 *lock = ptr_of(a);

	if (run->lock || !map_enter()) {
		run_fault(run, EDEADLK, msg_helper_locked);
		return 0;
	}
	run->state |= RUN_DIRTY;
	if (lock_take(run->store, lock))
		repair(run, a);
	run->lock = lock;
	return 0;
}

static void unlock(struct run *run)
{
	u32 *lock = run->lock;

	run->lock = NULL;
	lock_give(lock);
	map_leave();
}

HELPER_FN(spin_unlock)
{
	if (run->lock == ptr_of(a))
		unlock(run);
	else
		run_fault(run, EINVAL, msg_helper_not_locked);
	return 0;
}

void helper_unlock(struct run *run)
{
	if (run->lock)
		unlock(run);
}
