/* map_ops.h - what a map type defines: one struct map_ops
 *
 * The generic commands (map_cmd.c, map_batch.c) check what all types share and then ask
 * these. All of it is part of map.h, which includes it.
 */
#ifndef MAP_OPS_H
#define MAP_OPS_H

#include <sys/types.h>
#include "bits.h"

union skep_attr;
struct map;
struct map_info;
struct map_values;

/* What BTF may say of a key beside its size. */
enum map_btf {
	map_btf_any,	 /* what it likes */
	map_btf_index,	 /* a 32-bit integer */
	map_btf_never,	 /* none is taken: -ENOTSUPP, once the sizes are right */
	map_btf_globals, /* that, or no key at all: one value that is a section of globals
			  */
	map_btf_struct,	 /* a struct */
	map_btf_none,	 /* nothing: there is no key */
};

/* Which maps of a type fit where one of them was the first. */
enum map_inner_rule {
	map_inner_alike, /* those of the same sizes and flags */
	map_inner_sized, /* and of the same length, unless made with SKEP_F_INNER_MAP */
	map_inner_never, /* no map of maps takes this type */
};

/* Which batch commands a type has. */
enum map_batch {
	map_batch_lookup = 1,
	map_batch_take = 2, /* needs map_ops.bucket */
	map_batch_update = 4,
	map_batch_delete = 8,
};

struct map_ops {
	const char *name;
	bool per_cpu;	   /* user space sees slots * round_up(value_size, 8) bytes */
	bool no_value_ptr; /* lookup by programs is refused: prog_array, ringbuf */
	bool pushes;	   /* no keys; programs push, peek, pop: write, read, take */
	bool asks;	   /* read gets the value that it is asked about */
	bool extra;	   /* map_extra may be other than 0 */
	bool typed;	   /* BTF must say what keys and values are */
	bool late_check;   /* a token is looked at before check() */
	bool of_maps;	   /* elements are maps: reading one gives its id */
	enum map_btf btf;
	enum map_inner_rule inner;
	u8 batch; /* enum map_batch */

	/* MAP_CREATE: 0 or the kernel's errno. `attr` has been checked for what all types
	 * share. Also asked of the region of every map that is opened. */
	int (*check)(const union skep_attr *attr);
	/* Bytes of storage. Cannot overflow for what check() lets through. */
	u64 (*size)(const struct map_info *info);
	/* Bytes of it that are sure to be there; the others come with their first use.
	 * NULL: all. */
	u64 (*reserved)(const struct map_info *info);
	/* Where values lie in the storage, from its start: of types that may have timers.
	 */
	struct map_values (*places)(const struct map_info *info);
	/* May change what the user asked for: LRU rounds max_entries. NULL: nothing. */
	void (*adjust)(struct map_info *info);
	/* Fresh, zeroed storage. NULL: zero is right. */
	int (*init)(struct map *map);
	/* The process's view: map->values and priv. Storage may be hostile. */
	int (*open)(struct map *map);
	void (*close)(struct map *map);

	/* A program's side; `slot` is the CPU slot of the run. lookup: NULL, or the value
	 * (this slot's copy). key is key_size bytes. */
	void *(*lookup)(struct map *map, const void *key, u32 slot);
	/* The same, which does not mark the element used. NULL: lookup does not. */
	void *(*peek)(struct map *map, const void *key);
	int (*update)(struct map *map, const void *key, const void *value, u64 flags,
		      u32 slot);
	int (*remove)(struct map *map, const void *key);

	/* User space's side. Values are map_user_value_size() bytes. read does not mark
	 * the element used (LRU). For prog_array write gets the program's fd, read gives
	 * its id. NULL: -ENOTSUPP. */
	int (*read)(struct map *map, const void *key, void *value);
	int (*write)(struct map *map, const void *key, const void *value, u64 flags);
	int (*take)(struct map *map, const void *key,
		    void *value); /* lookup and delete */
	/* key NULL: the first. -ENOENT: no more. */
	int (*next_key)(struct map *map, const void *key, void *next);
	/* The elements of a bucket, for batches: how many there are; if that is at most
	 * `room` they are copied and, with `take`, removed. -ENOENT: no such bucket.
	 * NULL: batches go by next_key. */
	s64 (*bucket)(struct map *map, u32 bucket, u32 room, bool take, void *keys,
		      void *values);

	/* What mmap(2) asks of the place before it asks of the map: 0 or -errno. NULL:
	 * nothing. */
	int (*place)(struct map *map, u64 addr, u64 len, off_t off);
	/* The part of mmap(2) that differs: see map_mmap(). `fd` is good for `prot`. */
	int (*mmap)(struct map *map, int fd, void **out, size_t len, int prot, int flags,
		    off_t off);
	/* Whether MAP_FREEZE is -EBUSY, although nobody has it mapped to write. NULL:
	 * never. */
	bool (*busy)(const struct map *map);
	/* poll(2): the events that hold now. NULL: POLLERR. */
	short (*poll)(struct map *map);
	/* ids that the storage keeps alive (prog_array, maps of maps). Works on the
	 * region alone, whose info has been checked. */
	void (*refs)(const struct map_info *info, const void *storage,
		     void (*fn)(void *arg, u32 id), void *arg);
};

#endif
