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

#include <errno.h>
#include <sys/types.h>
#include "btf_fields.h"
#include "object.h"

struct map_ops;

/* The fields of a value: see map_field.h. */
struct map_field {
	u32 kind; /* enum field_kind */
	u32 off, size;
	u32 type; /* of a kptr, a list, a tree: id in the map's BTF */
};

struct map_fields {
	u32 n, kinds; /* kinds: a bit for each that there is */
	struct map_field at[BTF_FIELDS];
};

/* What a map of maps knows of the map that it was made with, which may be gone. */
struct map_inner {
	u32 type, key_size, value_size, max_entries, flags;
	u32 btf_id, btf_key_type, btf_value_type; /* 0: none */
	struct map_fields fields;
};

/* What MAP_CREATE fixed; stands in object_head.data. */
struct map_info {
	u32 type, key_size, value_size, max_entries;
	u32 flags;
	u32 btf_id, btf_key_type, btf_value_type; /* 0: none */
	char name[SKEP_OBJ_NAME_LEN];
	u32 frozen; /* written once; read it from the region, map_frozen() */
	u32 slots;  /* per-CPU copies, store_slots() at creation */
	u64 size;   /* of the storage */
	u64 extra;  /* MAP_CREATE's map_extra */
	u32 timers; /* written once: there have been timers with a program */
	u32 owners; /* local_storage.h: how many have a value at most */
	struct map_inner inner;
	struct map_fields fields;
};

_Static_assert(sizeof(struct object_head) + sizeof(struct map_info) <= OBJECT_HEAD_SIZE,
	       "a map's info fits into the head");

/* Where values lie in the process, for the interpreter: value i is the `value_size`
 * bytes at lo + i * stride + at. Per-CPU copies are values of their own. */
struct map_values {
	u64 lo, hi;
	u64 stride;
	u32 at, size;
};

struct map {
	struct object obj;
	struct map_info info; /* copied from the region when opened, checked */
	const struct map_ops *ops;
	u8 *storage; /* obj.head + OBJECT_HEAD_SIZE, info.size bytes */
	struct map_values values;
	u32 stride;		 /* round_up(value_size, 8): of a per-CPU copy */
	struct alarm *alarms;	 /* map_timer.c: one a value */
	u64 nalarms, alarms_set; /* and how many of them are set */
	void *priv;		 /* the type's own view */
};

#include "map_ops.h" /* struct map_ops, which stands on the structs above */

extern const struct object_ops map_object_ops;

/* By type number; NULL: not supported. */
const struct map_ops *map_type(u32 type);

/* What MAP_CREATE gives for a type that the engine has not. *why: what the type does that
 * is not here, or NULL for none that Linux 6.18 has. */
int map_refusal(u32 type, const char **why);

/* MAP_CREATE, what a user without capabilities gets for this attr of a type that there
 * is; `token`: 0 or what is wrong with its token. */
int map_check_unprivileged(const union skep_attr *attr, int token);

/* Bytes that user space passes for one value. */
u32 map_user_value_size(const struct map *map);

/* Whether MAP_FREEZE was done: user space can no longer write. */
bool map_frozen(const struct map *map);

/* mmap(2) of a map's fd that has the open flags `mode`. The mapping keeps the map alive
 * and, when it can write, unfreezable, until it is unmapped or its process is gone. */
int map_mmap(struct map *map, int mode, void **out, size_t len, int prot, int flags,
	     off_t off);

/* poll(2) of a map's fd: the events that hold now. */
short map_poll(struct map *map);

/* Whether a program of that kind may be in this prog_array or use it; the first one that
 * asks decides. `frags`: SKEP_F_XDP_HAS_FRAGS. */
bool prog_array_fits(struct map *map, u32 prog_type, u32 attach_type, bool frags);

/* Whether this map may be an element of a map of maps. */
bool map_inner_fits(const struct map *outer, const struct map *map);

/* ---- for map_cmd.c and map_batch.c ---- */

/* The map behind a user's fd, good for what the caller needs: else -EPERM; without
 * fields: else -ENOTSUPP. */
enum map_need { map_need_read = 1, map_need_write = 2, map_need_plain = 4 };
int map_get(struct store *store, u32 fd, u32 needs, struct map **out);

/* What a map of maps that is made with this one has to know: 0, or the kernel's errno. */
int map_inner_describe(struct store *store, int fd, struct map_inner *out);

/* Fills in the view from the region's struct map_info, after checking it. */
int map_bind(struct map *map);

/* 0, or -EBUSY: somebody has mapped it to write. */
int map_freeze(struct map *map);

/* ---- for map types ---- */

enum { MAP_PERCPU_VALUE = 32768 }; /* most bytes of one copy; PCPU_MIN_UNIT_SIZE */

/* Words that may stand anywhere in memory. */
typedef u64 __attribute__((aligned(1), may_alias)) map_u64;
typedef u32 __attribute__((aligned(1), may_alias)) map_u32;
typedef u16 __attribute__((aligned(1), may_alias)) map_u16;

/* Copies a value in whole 8-byte words and a tail of 4, 2 and 1, so that who reads or
 * writes words beside it sees the old word or the new. The shared side is aligned to 8.
 */
static inline reads_racing void map_copy(void *dst, const void *src, u32 size)
{
	u8 *d = dst;
	const u8 *s = src;
	u32 i = 0;

	for (; i + 8 <= size; i += 8)
		*(volatile map_u64 *)(d + i) = *(const volatile map_u64 *)(s + i);
	if (size & 4) {
		*(volatile map_u32 *)(d + i) = *(const volatile map_u32 *)(s + i);
		i += 4;
	}
	if (size & 2) {
		*(volatile map_u16 *)(d + i) = *(const volatile map_u16 *)(s + i);
		i += 2;
	}
	if (size & 1)
		*(volatile u8 *)(d + i) = *(const volatile u8 *)(s + i);
}

/* Per-CPU copies lie slot by slot, so that two CPUs share no cache line: a slot's part
 * holds this many values. */
static inline u64 map_percpu_values(u64 n)
{
	return round_up(n, 8);
}

/* All copies of value `i`, to and from the user's buffer; `base` is the first slot's
 * part, `n` the values of a part. */
void map_percpu_read(const struct map *map, const u8 *base, u64 n, u64 i, u8 *user);
void map_percpu_write(const struct map *map, u8 *base, u64 n, u64 i, const u8 *user);

/* next_key of types whose keys are 0 to max_entries - 1. */
int map_index_next(struct map *map, const void *key, void *next);

/* Flags of an update, as the kernel checks them for all but prog_array. */
static inline int map_check_update(u64 flags)
{
	/* SKEP_F_LOCK is for those that may have a bpf_spin_lock in their values. */
	return flags > SKEP_EXIST ? -EINVAL : 0;
}

/* Locks of a map are held for moments, but a signal handler may run a program in just
 * that moment. map_enter() returns false when this thread is inside already: the nested
 * update fails, -EDEADLK as in the kernel, where waiting would never end. */
bool map_enter(void);
void map_leave(void);

#endif
