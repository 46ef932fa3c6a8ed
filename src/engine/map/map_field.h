/* map_field.h - the parts of values that only some helpers may touch
 *
 * What BTF says of a value is found when its map is made (src/btf/btf_fields.h), and
 * stands in struct map_info. A map type that may have fields (map_field.c: takes())
 * copies values with these functions as soon as map->info.fields.n is not 0: user space
 * reads fields as zeros and cannot write them, a new value frees what the fields of the
 * old one held. The word of a bpf_spin_lock is a lock word of object.h, so that it names
 * its owner: one that died with it has left a value as a program left it, and who wants
 * the lock next takes it.
 */
#ifndef MAP_FIELD_H
#define MAP_FIELD_H

#include "map.h"

/* Fills in info->fields: 0, or MAP_CREATE's errno for a field that this map may not have.
 */
int map_find_fields(const struct skep_btf *btf, struct map_info *info);

/* Whether what a region says can be. */
bool map_fields_fit(const struct map_info *info);

/* Whether a value of one map may be taken for that of another. */
bool map_fields_alike(const struct map_fields *a, u32 a_btf, const struct map_fields *b,
		      u32 b_btf);

static inline bool map_has_field(const struct map *map, enum field_kind kind)
{
	return map->info.fields.kinds >> kind & 1;
}

/* Flags of an update, of a type whose values may have a lock. */
static inline bool map_good_flags(const struct map *map, u64 flags)
{
	return (flags & ~(u64)SKEP_F_LOCK) <= SKEP_EXIST &&
	       (!(flags & SKEP_F_LOCK) || map_has_field(map, field_spin_lock));
}

/* The field of `kinds` that begins at that offset of a value; NULL: none. */
const struct map_field *map_field_at(const struct map *map, u64 off, u32 kinds);

/* To the user's copy: fields are zeros there. */
void map_field_read(const struct map *map, void *to, const void *value);
/* The new value of an element, whose fields are freed; its lock stays as it is. */
void map_field_write(const struct map *map, void *value, const void *from);
/* What the fields of an element that leaves its map hold is given back. */
void map_field_free(const struct map *map, void *value);
/* Who had the value's lock died with it. */
void map_field_repair(const struct map *map, void *value);
/* The same, but of objects that programs made alone. */
void map_field_free_kept(const struct map *map, void *value);

/* The same under the value's bpf_spin_lock: SKEP_F_LOCK. The fields stay. */
void map_field_read_locked(const struct map *map, void *to, void *value);
void map_field_write_locked(const struct map *map, void *value, const void *from);

/* map_ops.read with SKEP_F_LOCK. */
int map_read_locked(struct map *map, const void *key, void *to);

#endif
