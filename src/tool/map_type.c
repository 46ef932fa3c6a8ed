#include "map_type.h"
#include "bits.h"
#include <skep/abi.h>

static const char *const names[] = {
	"unspec",
	"hash",
	"array",
	"prog_array",
	"perf_event_array",
	"percpu_hash",
	"percpu_array",
	"stack_trace",
	"cgroup_array",
	"lru_hash",
	"lru_percpu_hash",
	"lpm_trie",
	"array_of_maps",
	"hash_of_maps",
	"devmap",
	"sockmap",
	"cpumap",
	"xskmap",
	"sockhash",
	"cgroup_storage",
	"reuseport_sockarray",
	"percpu_cgroup_storage",
	"queue",
	"stack",
	"sk_storage",
	"devmap_hash",
	"struct_ops",
	"ringbuf",
	"inode_storage",
	"task_storage",
	"bloom_filter",
	"user_ringbuf",
	"cgrp_storage",
	"arena",
};

const char *map_type_name(uint32_t type)
{
	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

uint32_t map_type_by_name(const char *name)
{
	for (uint32_t type = 1; type < ARRAY_SIZE(names); type++)
		if (!strcmp(name, names[type]))
			return type;
	return 0;
}

bool map_type_per_cpu(uint32_t type)
{
	return type == SKEP_MAP_TYPE_PERCPU_ARRAY || type == SKEP_MAP_TYPE_PERCPU_HASH ||
	       type == SKEP_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

bool map_type_walks(uint32_t type)
{
	switch (type) {
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
	case SKEP_MAP_TYPE_PERF_EVENT_ARRAY:
	case SKEP_MAP_TYPE_ARENA:
	case SKEP_MAP_TYPE_QUEUE:
	case SKEP_MAP_TYPE_STACK:
	case SKEP_MAP_TYPE_BLOOM_FILTER: return false;
	}
	return true;
}

bool map_type_of_maps(uint32_t type)
{
	return type == SKEP_MAP_TYPE_ARRAY_OF_MAPS || type == SKEP_MAP_TYPE_HASH_OF_MAPS;
}

bool map_type_of_progs(uint32_t type)
{
	return type == SKEP_MAP_TYPE_PROG_ARRAY;
}
