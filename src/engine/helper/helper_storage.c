/* Values that belong to the current task. */
#include "helper_fn.h"
#include "task_storage.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

HELPER_FN(get_current_task_btf)
{
	return helper_task(run);
}

/* The calling thread, which stays the same as long as it has the slot. */
static int calling_thread(struct run *run, struct local_owner *out)
{
	struct run_thread *t = &run->thread;
	u32 process = store_self(run->store);
	int err;

	if (unlikely(t->process != process || !t->tid)) {
		err = task_storage_owner((u32)syscall(SYS_gettid), out);
		if (!err)
			*t = (struct run_thread){process, (u32)out->who, out->since};
		return err;
	}
	*out = (struct local_owner){t->tid, t->since};
	return 0;
}

static int current(struct run *run, struct local_owner *out)
{
	const struct skep_task *task = run_world(run)->task;

	if (!task)
		return calling_thread(run, out);
	if (!task->since)
		return task_storage_owner(task->pid, out);
	*out = (struct local_owner){task->pid, task->since};
	return 0;
}

HELPER_FN(task_storage_get)
{
	const u64 known = SKEP_LOCAL_STORAGE_GET_F_CREATE;
	struct local_owner owner;

	if (d & ~known || !b || current(run, &owner))
		return 0;
	return u64_of(local_storage_get(ptr_of(a), &task_storage_kind, &owner, ptr_of(c),
					d & known));
}

HELPER_FN(task_storage_delete)
{
	struct local_owner owner;
	int err;

	if (!b)
		return (u64)-EINVAL;
	err = current(run, &owner);
	return (u64)(s64)(err ? err : local_storage_delete(ptr_of(a), &owner));
}
