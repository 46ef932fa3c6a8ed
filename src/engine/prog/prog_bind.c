#include "cmd.h"
#include "prog.h"
#include <errno.h>

/* PROG_BIND_MAP: the program keeps a map alive that its code does not name. A list that
 * grows by one store at its end needs no lock. */

static int bind(struct prog *prog, u32 id)
{
	for (u32 i = 0; i < prog->nmaps; i++)
		if (prog->map_ids[i] == id)
			return 0;
	for (u32 i = 0; i < PROG_BOUND; i++) {
		u32 old = 0;

		if (__atomic_compare_exchange_n(&prog->info->bound[i], &old, id, false,
						__ATOMIC_RELEASE, __ATOMIC_ACQUIRE) ||
		    old == id)
			return 0;
	}
	return -ENOMEM; /* the kernel's list ends with its memory */
}

int cmd_prog_bind_map(struct store *store, union skep_attr *attr)
{
	struct object *prog, *map;
	int err;

	if (attr->prog_bind_map.flags)
		return -EINVAL;
	err = object_get(store, (int)attr->prog_bind_map.prog_fd, OBJECT_PROG, &prog,
			 NULL);
	if (err)
		return err;
	err = object_get(store, (int)attr->prog_bind_map.map_fd, OBJECT_MAP, &map, NULL);
	if (!err) {
		err = bind(container_of(prog, struct prog, obj), map->id);
		object_put(map);
	}
	object_put(prog);
	return err;
}
