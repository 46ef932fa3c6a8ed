#include "helper_fn.h"
#include "msg.h"
#include <errno.h>

/* Locks in values. While a run has one, its thread is inside the maps: a program that a
 * signal handler runs meanwhile would wait for a lock that cannot be given. */

HELPER_FN(spin_lock)
{
	u32 *lock = ptr_of(a);

	if (run->lock || !map_enter()) {
		run_fault(run, EDEADLK, msg_helper_locked);
		return 0;
	}
	run->state |= RUN_DIRTY;
	lock_take(run->store, lock);
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
