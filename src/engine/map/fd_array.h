/* fd_array.h - arrays of objects: prog_array, perf_event_array, array_of_maps
 *
 * User space stores an object's fd and reads its id. Storage holds ids, 0: none, each of
 * which keeps its object alive. What a type adds is which objects fit.
 */
#ifndef FD_ARRAY_H
#define FD_ARRAY_H

#include "map.h"

/* Storage begins with it; map->priv is the first id. */
struct fd_array_head {
	u64 kind; /* prog_array: of the programs in it and of those that use it; 0: not
		     decided yet */
	u8 pad[56];
};

int fd_array_check(const union skep_attr *attr);
u64 fd_array_size(const struct map_info *info);
int fd_array_open(struct map *map);
int fd_array_read(struct map *map, const void *key, void *value);
int fd_array_remove(struct map *map, const void *key);
void fd_array_refs(const struct map_info *info, const void *storage,
		   void (*fn)(void *arg, u32 id), void *arg);

/* Stores the id of the object of that kind behind the fd at `value`, if it fits. */
int fd_array_write(struct map *map, const void *key, const void *value, u64 flags,
		   enum object_kind kind,
		   bool (*fits)(struct map *map, const struct object *obj));

#define FD_ARRAY_OPS \
	.no_value_ptr = true, .check = fd_array_check, .size = fd_array_size, \
	.open = fd_array_open, .remove = fd_array_remove, .read = fd_array_read, \
	.next_key = map_index_next, .refs = fd_array_refs

#endif
