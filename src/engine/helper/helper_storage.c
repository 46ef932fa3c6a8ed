/* Values that belong to the current task and its cgroup. */
#include "helper_fn.h"
#include "cgrp_storage.h"
#include "task_storage.h"
#include <errno.h>

HELPER_FN(get_current_task_btf)
{
	return helper_task(run);
}

static int current(struct run *run, struct local_owner *out)
{
	const struct skep_task *task = run_world(run)->task;
	u64 *since = &run->thread.since;
	int err = 0;

	*out = (struct local_owner){helper_tid(run), task ? task->since : *since};
	if (unlikely(!out->since))
		err = task_storage_owner((u32)out->who, out);
	if (!task && !err)
		*since = out->since;
	return err;
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

HELPER_FN(cgrp_storage_get)
{
	const u64 known = SKEP_LOCAL_STORAGE_GET_F_CREATE;
	const struct local_owner owner = cgrp_storage_owner(b ? helper_cgroup(run) : 0);

	if (d & ~known || !owner.who)
		return 0;
	return u64_of(local_storage_get(ptr_of(a), &cgrp_storage_kind, &owner, ptr_of(c),
					d & known));
}

HELPER_FN(cgrp_storage_delete)
{
	const struct local_owner owner = cgrp_storage_owner(b ? helper_cgroup(run) : 0);

	return (u64)(s64)(b ? local_storage_delete(ptr_of(a), &owner) : -EINVAL);
}
