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

static int current(struct run *run, struct local_owner *out)
{
	const struct skep_task *task = run_world(run)->task;

	return task_storage_owner(task ? task->pid : (u32)syscall(SYS_gettid), out);
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
