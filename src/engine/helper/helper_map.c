#include "helper_fn.h"
#include "msg.h"
#include <errno.h>

static bool may_read(struct run *run, const struct map *map, const char *helper)
{
	if (map->info.flags & SKEP_F_WRONLY_PROG)
		run_fault(run, EACCES, msg_helper_map_read, helper, map->info.name);
	return !run->fault;
}

static bool may_write(struct run *run, const struct map *map, const char *helper)
{
	if (map->info.flags & SKEP_F_RDONLY_PROG)
		run_fault(run, EACCES, msg_helper_map_write, helper, map->info.name);
	return !run->fault;
}

HELPER_FN(map_lookup_elem)
{
	struct map *map = ptr_of(a);

	if (map->ops->of_maps)
		return run->find_map(run, map, ptr_of(b));
	return u64_of(map->ops->lookup(map, ptr_of(b), run->slot));
}

HELPER_FN(map_update_elem)
{
	struct map *map = ptr_of(a);

	if (!may_write(run, map, "map_update_elem"))
		return 0;
	return (u64)(s64)map->ops->update(map, ptr_of(b), ptr_of(c), d, run->slot);
}

HELPER_FN(map_delete_elem)
{
	struct map *map = ptr_of(a);

	if (!may_write(run, map, "map_delete_elem"))
		return 0;
	return (u64)(s64)map->ops->remove(map, ptr_of(b));
}

HELPER_FN(map_push_elem)
{
	struct map *map = ptr_of(a);

	if (!may_write(run, map, "map_push_elem"))
		return 0;
	return (u64)(s64)map->ops->write(map, NULL, ptr_of(b), c);
}

HELPER_FN(map_pop_elem)
{
	struct map *map = ptr_of(a);

	if (!may_write(run, map, "map_pop_elem"))
		return 0;
	if (!map->ops->take) {
		run_fault(run, EFAULT, msg_helper_map_type, 1, "map_pop_elem",
			  map->info.name, map->ops->name);
		return 0;
	}
	return (u64)(s64)map->ops->take(map, NULL, ptr_of(b));
}

HELPER_FN(map_peek_elem)
{
	struct map *map = ptr_of(a);

	return (u64)(s64)map->ops->read(map, NULL, ptr_of(b));
}

HELPER_FN(map_lookup_percpu_elem)
{
	struct map *map = ptr_of(a);

	if (!map->ops->per_cpu) {
		run_fault(run, EFAULT, msg_helper_map_type, 1, "map_lookup_percpu_elem",
			  map->info.name, map->ops->name);
		return 0;
	}
	if (c >= map->info.slots)
		return 0;
	return u64_of(map->ops->lookup(map, ptr_of(b), (u32)c));
}

/* Calls back with the map, key and value; false: the callback said stop, or a fault. The
 * key is a copy, as the callback may delete the entry. */
static bool each(struct run *run, struct map *map, void *key, u64 func, u64 ctx)
{
	void *value = map->ops->lookup(map, key, run->slot);
	u64 args[5] = {helper_map_handle(run, map), u64_of(key), u64_of(value), ctx};
	struct region region;
	u64 r;

	if (!value)
		return true;
	run_give_value(run, map, value, map->values.size);
	if (!run_give(run, key, map->info.key_size, access_read, NULL)) {
		run_fault(run, E2BIG, msg_helper_given, "for_each_map_elem", RUN_GIVEN);
		return false;
	}
	r = run->callback(run, func, args);
	run_take(run, u64_of(key), &region);
	return !run->fault && !r;
}

/* The key after the next is asked for before a callback, which may delete its own entry.
 * If it deletes that one too the walk begins again, as next_key says; so it is counted.
 */
HELPER_FN(for_each_map_elem)
{
	struct map *map = ptr_of(a);
	u8 keys[2][SKEP_MAX_STACK];
	u32 n = 0;
	int err;

	if (d)
		return (u64)-EINVAL;
	if (!may_read(run, map, "for_each_map_elem"))
		return 0;
	if (map->info.key_size > SKEP_MAX_STACK)
		return (u64)-EINVAL;
	err = map->ops->next_key(map, NULL, keys[0]);
	while (!err && n < map->info.max_entries) {
		u8 *key = keys[n & 1], *next = keys[~n & 1];

		err = map->ops->next_key(map, key, next);
		n++;
		if (!each(run, map, key, b, c))
			break;
	}
	return n;
}

/* Elements of hash tables, which are those with buckets; of others Linux keeps no count.
 */
KFUNC_FN(map_sum_elem_count)
{
	struct map *map = ptr_of(a);
	s64 n = 0, got = map->ops->bucket ? 0 : -ENOENT;

	for (u32 i = 0; got != -ENOENT; i++) {
		got = map->ops->bucket(map, i, 0, false, NULL, NULL);
		n += MAX(got, 0);
		run_pay(run, 8);
	}
	return (u64)n;
}
