/* local_storage.h - a value for each task or cgroup: what their map types share
 *
 * A kernel hangs the value on the object itself, and it ends with it. Here the values lie
 * in a table (htab.h), by names that are never used again: so what belongs to an owner
 * that is gone is found by nobody, and each new owner takes back the room of some that
 * are. The table has an element for every thread that the machine may have, up to
 * LOCAL_OWNERS; memory for them is reserved in steps, by the update that needs the next
 * one, as a kernel allocates in a program's run: to have it all from the start would take
 * gigabytes for large values.
 */
#ifndef LOCAL_STORAGE_H
#define LOCAL_STORAGE_H

#include "map.h"

enum { LOCAL_OWNERS = 1 << 17 };

/* Whose value it is. */
struct local_owner {
	u64 who;   /* a thread's id; a cgroup's inode */
	u64 since; /* when the thread began; the cgroup's device */
};

/* What the types differ in. */
struct local_kind {
	/* Who the user's key, an fd, means: 0, -EBADF (it is no such thing) or -ENOENT
	 * (that is gone). */
	int (*by_fd)(int fd, struct local_owner *out);
	/* Whether an owner is no more. False when in doubt. */
	bool (*gone)(const struct local_owner *owner);
};

int local_storage_check(const union skep_attr *attr);
void local_storage_adjust(struct map_info *info);
u64 local_storage_size(const struct map_info *info);
struct map_values local_storage_places(const struct map_info *info);
u64 local_storage_reserved(const struct map_info *info);
int local_storage_init(struct map *map);
int local_storage_open(struct map *map);
void local_storage_close(struct map *map);

/* map_ops' lookup (for reads under a lock: programs have no fds), read, write, remove. */
void *local_storage_lookup(struct map *map, const struct local_kind *kind,
			   const void *key);
int local_storage_read(struct map *map, const struct local_kind *kind, const void *key,
		       void *value);
int local_storage_write(struct map *map, const struct local_kind *kind, const void *key,
			const void *value, u64 flags);
int local_storage_remove(struct map *map, const struct local_kind *kind, const void *key);

/* A program's side: the owner's value. `create`: if there is none it begins as `value`,
 * or as zeros (NULL). NULL: none, or no room. */
void *local_storage_get(struct map *map, const struct local_kind *kind,
			const struct local_owner *owner, const void *value, bool create);
int local_storage_delete(struct map *map, const struct local_owner *owner);

/* What the types have in common of struct map_ops. */
#define LOCAL_STORAGE_OPS \
	.no_value_ptr = true, .typed = true, .btf = map_btf_index, \
	.check = local_storage_check, .adjust = local_storage_adjust, \
	.size = local_storage_size, .places = local_storage_places, \
	.reserved = local_storage_reserved, .init = local_storage_init, \
	.open = local_storage_open, .close = local_storage_close

#endif
