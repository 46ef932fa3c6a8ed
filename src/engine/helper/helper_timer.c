#include "helper_fn.h"
#include "map_timer.h"
#include "msg.h"

/* The map whose value a field lies in, which its argument's check has found. */
static struct map *map_of(struct run *run, u64 addr)
{
	struct region r;

	return run_find(run, addr, 1, access_read, &r) ? r.map : NULL;
}

HELPER_FN(timer_init)
{
	struct map *map = ptr_of(b);

	if (map_of(run, a) != map) {
		run_fault(run, EINVAL, msg_helper_timer_map, map->info.name);
		return 0;
	}
	return (u64)(s64)map_timer_init(map, ptr_of(a), c);
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
