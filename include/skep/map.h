/* skep/map.h - an engine's maps by direct call
 *
 * A program that has the engine inside takes hold of a map once and then reads and
 * writes it by calls that cost what the map costs: bpf(2) finds the map behind its
 * descriptor, and asks whether the caller's memory is there, each time anew. The map is
 * the same: programs, other threads and other processes see what is written at once, and
 * what may be done is what the descriptor allowed. Any thread may use a handle, none may
 * in a signal handler that interrupted a write. All functions return 0 or -errno, what
 * bpf(2) returns for the same; memory that is not there is the caller's own fault here,
 * and what an output holds after an error is not defined.
 */
#ifndef SKEP_MAP_H
#define SKEP_MAP_H

#include <stdint.h>
#include <skep/api.h>

struct skep_engine;
struct skep_map;

/* `fd` is a map's. The map stays in this process until skep_map_put(), also when the last
 * descriptor is closed and others no longer find it by its id. -EBADF; -EINVAL: no map;
 * -ENOMEM. Back before skep_engine_close(). */
SKEP_API int skep_map_get(struct skep_engine *engine, int fd, struct skep_map **out);
SKEP_API void skep_map_put(struct skep_map *map);

/* Bytes of a key, 0 where there are none, and of a value as user space passes it: of a
 * per-CPU map the copies of all CPU slots, each rounded up to 8. */
SKEP_API uint32_t skep_map_key_size(const struct skep_map *map);
SKEP_API uint32_t skep_map_value_size(const struct skep_map *map);

/* Copies the value of a key, whole: as it was before or after what others write
 * meanwhile (of arrays each word of 8 bytes). -ENOENT; -EPERM where the descriptor was
 * for writing only; -EAGAIN where others write it without end. A map without keys takes
 * NULL for one: a queue gives its head, a bloom filter is asked about *value. */
SKEP_API int skep_map_lookup(struct skep_map *map, const void *key, void *value);

/* `flags` as bpf(2) takes them: BPF_ANY, BPF_NOEXIST, ... -EEXIST, -ENOENT, -E2BIG;
 * -EPERM where the descriptor was for reading only or the map is frozen. */
SKEP_API int skep_map_update(struct skep_map *map, const void *key, const void *value,
			     uint64_t flags);
SKEP_API int skep_map_delete(struct skep_map *map, const void *key);

/* Both in one step: no other gets the same value. */
SKEP_API int skep_map_lookup_and_delete(struct skep_map *map, const void *key,
					void *value);

/* The key behind `key`, or the first one: NULL, or a key that is not there. `next` may be
 * the same memory. -ENOENT: there are no more. */
SKEP_API int skep_map_next_key(struct skep_map *map, const void *key, void *next);

#endif
