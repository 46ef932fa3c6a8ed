/* map_type.h - what the tool knows of types of maps */
#ifndef MAP_TYPE_H
#define MAP_TYPE_H

#include <stdbool.h>
#include <stdint.h>

/* "array", as bpftool names them; "unknown". */
const char *map_type_name(uint32_t type);
/* The type of that name; 0: there is none. */
uint32_t map_type_by_name(const char *name);

/* A value has a part for each possible CPU. */
bool map_type_per_cpu(uint32_t type);
/* Its keys can be walked, its elements looked up. */
bool map_type_walks(uint32_t type);
/* Values are given as descriptors of maps, or of programs. */
bool map_type_of_maps(uint32_t type);
bool map_type_of_progs(uint32_t type);

#endif
