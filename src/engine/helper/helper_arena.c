/* Pages of arenas. */
#include "helper_fn.h"
#include "map_arena.h"
#include <errno.h>

/* A row takes any map, as Linux does. */
static struct map *arena_of(u64 arg)
{
	struct map *map = ptr_of(arg);

	return map->info.type == SKEP_MAP_TYPE_ARENA ? map : NULL;
}

/* Which memory node they come from is the kernel's to say. */
KFUNC_FN(arena_alloc_pages)
{
	struct map *map = arena_of(a);

	return map && !e ? map_arena_alloc(map, b, (u32)c) : 0;
}

KFUNC_FN(arena_free_pages)
{
	struct map *map = arena_of(a);

	if (map && b && (u32)c)
		map_arena_free(map, b, (u32)c);
	return 0;
}

KFUNC_FN(arena_reserve_pages)
{
	struct map *map = arena_of(a);

	return (u64)(s64)(map ? map_arena_reserve(map, b, (u32)c) : -EINVAL);
}
