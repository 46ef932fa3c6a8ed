/* map.h - maps
 *
 * A map type is one file that defines a struct map_ops, and one row in map.def. Storage
 * holds offsets and handles, never pointers, so that every process maps it where it
 * likes. Lookups take no lock. A process killed at any instruction leaves nothing
 * wedged: a writer's lock word names its owner, and who takes a dead owner's lock
 * finishes or undoes its work. In hash-like maps a reader sees the old value or the new;
 * in arrays whole 8-byte words. Errnos are those of Linux 6.18.
 */
#ifndef MAP_H
#define MAP_H

#include <sys/types.h>
#include "object.h"

struct map_ops;

/* What MAP_CREATE fixed; stands in object_head.data. */
struct map_info {
	u32 type, key_size, value_size, max_entries;
	u32 flags;
	u32 btf_id, btf_key_type, btf_value_type; /* 0: none */
	u64 extra;
	char name[SKEP_OBJ_NAME_LEN];
	u32 frozen;  /* written once */
	u32 writers; /* user-space mmaps that can write and stop a freeze */
	u32 slots;   /* per-CPU copies, store_slots() at creation */
	u32 pad;
	u64 size;    /* of the storage */
};

/* Where values lie in the process, for the interpreter: value i is the `value_size`
 * bytes at lo + i * stride + at. Per-CPU copies are values of their own. */
struct map_values {
	u64 lo, hi;
	u64 stride;
	u32 at, size;
};

struct map {
	struct object obj;
	struct map_info info;    /* copied from the region when opened, checked */
	const struct map_ops *ops;
	u8 *storage;             /* obj.head + OBJECT_HEAD_SIZE, info.size bytes */
	struct map_values values;
	u32 stride;              /* round_up(value_size, 8): of a per-CPU copy */
	void *priv;              /* the type's own view */
};

struct map_ops {
	const char *name;
	bool per_cpu;            /* user space sees slots * round_up(value_size, 8) bytes */
	bool no_value_ptr;       /* lookup by programs is refused: prog_array, ringbuf */

	/* MAP_CREATE: 0 or the kernel's errno. `attr` has been checked for what all types
	 * share (names, BTF, E2BIG). */
	int (*check)(const union skep_attr *attr);
	/* Bytes of storage; checked against overflow by the type: 0 is -E2BIG. */
	u64 (*size)(const struct map_info *info);
	/* Fresh, zeroed storage. NULL: zero is right. */
	int (*init)(struct map *map);
	/* The process's view: map->values and priv. Storage may be hostile. */
	int (*open)(struct map *map);
	void (*close)(struct map *map);

	/* A program's side; `slot` is the CPU slot of the run. lookup: NULL, or the value
	 * (this slot's copy). key is key_size bytes. */
	void *(*lookup)(struct map *map, const void *key, u32 slot);
	int (*update)(struct map *map, const void *key, const void *value, u64 flags, u32 slot);
	int (*remove)(struct map *map, const void *key);

	/* User space's side. read fills the whole user-visible value, without marking it
	 * used (LRU). flags of write: SKEP_ANY, ... write gets what the user passed: for
	 * prog_array an fd already translated to an id. */
	int (*read)(struct map *map, const void *key, void *value);
	int (*write)(struct map *map, const void *key, const void *value, u64 flags);
	int (*take)(struct map *map, const void *key, void *value); /* lookup and delete */
	/* key NULL: the first. -ENOENT: no more. */
	int (*next_key)(struct map *map, const void *key, void *next);

	/* mmap(2) of the map's fd: 0, or -EINVAL, -EPERM, -EACCES. NULL: -ENOTSUPP. */
	int (*mmap)(struct map *map, int fd, void **out, size_t len, int prot, int flags,
		    off_t off);
	/* poll(2): the events that hold now; NULL: -EPERM as for fds that cannot. */
	short (*poll)(struct map *map);
	/* ids that the storage keeps alive (prog_array); works on the region alone. */
	void (*refs)(const struct object_head *head, void (*fn)(void *arg, u32 id), void *arg);
};

extern const struct object_ops map_object_ops;

/* By type number; NULL: not supported. */
const struct map_ops *map_type(u32 type);

/* Bytes that user space passes for one value. */
u32 map_user_value_size(const struct map *map);

#endif
