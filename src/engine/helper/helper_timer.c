#include "helper_fn.h"
#include "map_timer.h"
#include "msg.h"
#include <errno.h>

/* The map whose value a field lies in, which its argument's check has found. */
static struct map *map_of(struct run *run, u64 addr)
{
	struct region r;

	return run_find(run, addr, 1, access_read, &r) ? r.map : NULL;
}

/* Whether the field lies in a value of that map, as the verifier has seen. */
static bool is_in(struct run *run, u64 addr, const struct map *map, const char *name)
{
	if (map_of(run, addr) == map)
		return true;
	run_fault(run, EINVAL, msg_helper_timer_map, name, map->info.name);
	return false;
}

HELPER_FN(timer_init)
{
	struct map *map = ptr_of(b);

	return is_in(run, a, map, "timer_init")
		       ? (u64)(s64)map_timer_init(map, ptr_of(a), c)
		       : 0;
}

HELPER_FN(timer_set_callback)
{
	return (u64)(s64)map_timer_set_callback(
		map_of(run, a), ptr_of(a), run->prog->obj.id, (u32)(b - PROG_FUNC_BASE));
}

HELPER_FN(timer_start)
{
	return (u64)(s64)map_timer_start(map_of(run, a), ptr_of(a), b, c, run->slot);
}

HELPER_FN(timer_cancel)
{
	return (u64)(s64)map_timer_cancel(map_of(run, a), ptr_of(a));
}

/* ---- work queues: a timer that is always due ---- */

enum { CLOCK = 1 }; /* CLOCK_MONOTONIC */

KFUNC_FN(wq_init)
{
	struct map *map = ptr_of(b);

	if (!is_in(run, a, map, "wq_init"))
		return 0;
	return (u32)c ? (u64)-EINVAL : (u64)(s64)map_timer_init(map, ptr_of(a), CLOCK);
}

KFUNC_FN(wq_set_callback_impl)
{
	return (u32)c ? (u64)-EINVAL : helper_timer_set_callback(run, a, b, 0, 0, 0);
}

KFUNC_FN(wq_start)
{
	return (u32)b ? (u64)-EINVAL : helper_timer_start(run, a, 0, 0, 0, 0);
}
