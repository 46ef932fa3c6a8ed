/* map_fixture.h - a private store that holds maps, for unit tests; include after cmocka.h
 */
#ifndef MAP_FIXTURE_H
#define MAP_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "btf_object.h"
#include "cmd.h"
#include "map.h"
#include "mem.h"
#include "os.h"
#include "two_types.h"

static const struct object_ops prog_for_maps = {.view_size = sizeof(struct object)};

static struct store *map_store(void)
{
	static const struct object_ops *const kinds[OBJECT_KINDS] = {
		[OBJECT_MAP] = &map_object_ops,
		[OBJECT_PROG] = &prog_for_maps,
		[OBJECT_BTF] = &btf_object_ops,
	};
	struct store *store;

	assert_int_equal(store_open(NULL, kinds, NULL, &store), 0);
	return store;
}

static inline bool map_is_local(u32 type)
{
	return type == SKEP_MAP_TYPE_TASK_STORAGE || type == SKEP_MAP_TYPE_CGRP_STORAGE;
}

/* For maps that want BTF. */
static int map_types_fd(struct store *store, u32 size)
{
	struct two_types btf = two_types(size);
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = u64_of(&btf);
	attr.btf_size = TWO_TYPES;
	return cmd_btf_load(store, &attr);
}

static int map_make_fd(struct store *store, u32 type, u32 key_size, u32 value_size,
		       u32 max, u32 flags)
{
	bool of_maps = map_type(type) && map_type(type)->of_maps;
	int inner = of_maps ? map_make_fd(store, SKEP_MAP_TYPE_ARRAY, 4, 8, 1, 0) : 0, fd;
	union skep_attr attr;

	if (inner < 0)
		return inner;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.inner_map_fd = (u32)inner;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max;
	attr.map_flags = flags;
	if (map_is_local(type)) {
		attr.max_entries = 0;
		fd = map_types_fd(store, value_size);
		if (fd < 0)
			return fd;
		attr.btf_fd = (u32)fd;
		attr.btf_key_type_id = 1;
		attr.btf_value_type_id = 2;
	}
	fd = cmd_map_create(store, &attr);
	if (of_maps)
		close(inner);
	if (map_is_local(type))
		close((int)attr.btf_fd);
	return fd;
}

static inline bool map_is_ring(u32 type)
{
	return type == SKEP_MAP_TYPE_RINGBUF || type == SKEP_MAP_TYPE_USER_RINGBUF;
}

/* Sizes with which every test can make a map of that type. */
static inline u32 map_key_size(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
	case SKEP_MAP_TYPE_QUEUE:
	case SKEP_MAP_TYPE_STACK:
	case SKEP_MAP_TYPE_BLOOM_FILTER:
	case SKEP_MAP_TYPE_ARENA: return 0;
	case SKEP_MAP_TYPE_LPM_TRIE: return 8;
	default: return 4;
	}
}

static inline u32 map_value_size(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
	case SKEP_MAP_TYPE_ARENA: return 0;
	case SKEP_MAP_TYPE_PROG_ARRAY:
	case SKEP_MAP_TYPE_PERF_EVENT_ARRAY:
	case SKEP_MAP_TYPE_ARRAY_OF_MAPS:
	case SKEP_MAP_TYPE_HASH_OF_MAPS: return 4;
	default: return 8;
	}
}

static inline u32 map_flags(u32 type)
{
	switch (type) {
	case SKEP_MAP_TYPE_TASK_STORAGE:
	case SKEP_MAP_TYPE_CGRP_STORAGE:
	case SKEP_MAP_TYPE_LPM_TRIE: return SKEP_F_NO_PREALLOC;
	case SKEP_MAP_TYPE_ARENA: return SKEP_F_MMAPABLE;
	default: return 0;
	}
}

/* The view of a new map, held by its fd alone: map_drop() ends both. */
static struct map *map_make(struct store *store, u32 type, u32 key_size, u32 value_size,
			    u32 max, int *fd)
{
	struct object *obj;

	*fd = map_make_fd(store, type, key_size, value_size, max, map_flags(type));
	assert_true(*fd >= 0);
	assert_int_equal(object_get(store, *fd, OBJECT_MAP, &obj, NULL), 0);
	return (struct map *)obj;
}

static void map_drop(struct map *map, int fd)
{
	object_put(&map->obj);
	close(fd);
}

/* xorshift, so that a failure can be repeated */
static inline u32 map_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (u32)(*state >> 16);
}

#endif
