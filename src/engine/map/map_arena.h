/* map_arena.h - arenas: pages that programs and user space see at the same place
 *
 * An arena is a window of at most 4 GiB in user space, at the same address in every
 * process that maps it; programs reach its pages with the low half of that address. A
 * page comes to be when a program asks for it or user space touches it, and goes when a
 * program frees it. What is not there reads as 0 for programs, and writes are lost.
 *
 * User space touches pages without asking: the file of the map's region then has data
 * there, and is asked (SEEK_DATA) wherever the bitmaps say that a page is not there. In
 * an engine's directory that is not on tmpfs, pages that were only read do not count.
 * With SKEP_F_SEGV_ON_FAULT user space makes no pages: userfaultfd(2) has it sent SIGBUS,
 * in processes that hold the map; where the machine has none, what it writes is lost with
 * the page's next owner.
 */
#ifndef MAP_ARENA_H
#define MAP_ARENA_H

#include "map.h"

/* Where user space has its first byte; 0: nowhere yet. The low half never runs over
 * within an arena. */
u64 map_arena_start(const struct map *map);

/* The memory behind a program's address, `size` bytes of it; NULL: not all is there. */
void *map_arena_at(struct map *map, u64 addr, u32 size);

/* bpf_arena_alloc_pages(): n pages, at `addr` or (0) where they fit best. Their address
 * in user space; 0: there are none. */
u64 map_arena_alloc(struct map *map, u64 addr, u32 n);

void map_arena_free(struct map *map, u64 addr, u32 n);

/* No program gets these pages from now on: 0, -EINVAL or -EBUSY. */
int map_arena_reserve(struct map *map, u64 addr, u32 n);

#endif
