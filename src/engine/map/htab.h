/* htab.h - the table behind hash, percpu_hash and lru_hash
 *
 * Buckets over elements that are all there from the start. A bucket is a cache line: the
 * links of eight elements, a byte of each one's hash, and the chain of those that found
 * no place. So a lookup that misses mostly reads one line, one that hits two, and neither
 * has to guess which. Readers take no lock; writers take the lock word of their bucket's
 * stripe. What it guarantees:
 *
 * - What a link leads to is in the table; there is no other truth. Every change is one
 *   store of a link: of a new element when it is complete, of its successor when one
 *   leaves, of the element that replaces it. So a process killed anywhere leaves each
 *   bucket right, and an update never hides its key for a moment. (The kernel's adds the
 *   new element at the head and then removes the old; a reader in between its two stores
 *   can miss both.) An element never moves while it is in the table.
 * - Elements are used again at once, so a reader may stand on one that has left. In a
 *   slot it looks at the link again: if it still leads there and the element stood still,
 *   then what was read was in the table. In a chain it may have strayed into another one;
 *   so a bucket counts what has left it, after the unlinking store and before the element
 *   can be used again, and what was found, or not, is believed if that count stood still.
 * - An element's `seq` is odd while its key and value are written. What was read of it is
 *   good if seq was even and stood still.
 * - A slot's byte of hash is written before its link, and cleared after it: a reader that
 *   does not see it comes before the insertion. One that a dead process left says
 *   nothing.
 * - What a dead process held in its hands is lost until somebody finds no free element:
 *   then all stripes are locked and everything that no link reaches is free again.
 *
 * Links are element numbers plus one, 0 leads nowhere, so that zeroed storage is an empty
 * table. Storage is other processes' to write: each link is bounded, each walk counted.
 */
#ifndef HTAB_H
#define HTAB_H

#include "map.h"

struct htab_head {
	u64 seed; /* of the hash */
	u8 pad0[56];
	u64 free; /* links, a stack: changes << 32 | link of the first */
	u8 pad1[56];
	u32 fresh; /* elements below have been used; those above are free too */
	u32 hand;  /* LRU: where the next search for a victim begins */
	u32 lost;  /* somebody died in here: elements may be in nobody's hands */
	u8 pad2[52];
};

struct htab_stripe {
	u32 lock;
	u32 spare; /* link: an element for the next update of a key that is there, so that
		      it works when the table is full */
	u8 pad[56];
};

enum { HTAB_SLOTS = 8 };

struct htab_bucket {
	u64 tags; /* a byte for each slot; 0: nothing there */
	u32 link[HTAB_SLOTS];
	u32 more; /* link: the chain */
	u32 gone; /* elements that have left */
	u8 pad[16];
};

struct htab_elem {
	u32 next; /* link; of a chain, else 0 */
	u32 seq;
	u32 hash;
	u8 used; /* LRU: by a program, since the hand passed */
	u8 mark; /* reached: collect() */
	u8 pad[2];
	u8 key[]; /* the value follows, aligned to 8; per-CPU values lie elsewhere */
};

/* This process's view. Sizes come from map->info, never from storage. */
struct htab {
	struct htab_head *head;
	struct htab_stripe *stripes;
	struct htab_bucket *buckets;
	u8 *elems;
	u8 *values; /* percpu: first slot's part */
	u64 seed;
	u32 n;	  /* elements, spares included */
	u32 mask; /* buckets - 1 */
	u32 stripe_mask;
	u32 elem_size, value_at, key_size;
	bool lru;
};

/* MAP_CREATE's flags that every type may have. */
enum {
	HTAB_FLAGS = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY |
		     SKEP_F_RDONLY_PROG | SKEP_F_WRONLY_PROG | SKEP_F_ZERO_SEED
};

u64 htab_size(const struct map_info *info);
u64 htab_percpu_size(const struct map_info *info);
/* Where the first n elements end, which are taken in their order. */
u64 htab_end(const struct map_info *info, u32 n);
int htab_check(const union skep_attr *attr, u32 flags, bool percpu);
int htab_init(struct map *map);
int htab_open(struct map *map);
void htab_close(struct map *map);
struct map_values htab_places(const struct map_info *info);

/* The number of the element with that key, or HTAB_NONE; *seq: see above. No lock. */
#define HTAB_NONE UINT32_MAX
u32 htab_find(const struct htab *t, const void *key, u32 *seq);

/* `slot`: the CPU slot whose copy a program writes, the others of a new element become
 * 0; HTAB_USER: `value` holds all copies. */
#define HTAB_USER UINT32_MAX
int htab_update(struct map *map, const void *key, const void *value, u64 flags, u32 slot);
int htab_remove(struct map *map, const void *key);
int htab_take(struct map *map, const void *key, void *value);

/* User space's view of a value: whole, never a mix. */
int htab_read(struct map *map, const void *key, void *value);
int htab_write(struct map *map, const void *key, const void *value, u64 flags);
s64 htab_bucket(struct map *map, u32 at, u32 room, bool take, void *keys, void *values);
int htab_next_key(struct map *map, const void *key, void *next);

/* Calls fn for the values, which are ids, of all that is in the table, and perhaps of
 * what has just left it. */
void htab_refs(const struct map_info *info, const void *storage,
	       void (*fn)(void *arg, u32 id), void *arg);

#define HTAB_BATCH \
	(map_batch_lookup | map_batch_take | map_batch_update | map_batch_delete)

/* What the table's types have in common of struct map_ops. */
#define HTAB_OPS \
	.init = htab_init, .places = htab_places, .open = htab_open, \
	.close = htab_close, .update = htab_update, .remove = htab_remove, \
	.read = htab_read, .write = htab_write, .take = htab_take, \
	.next_key = htab_next_key, .bucket = htab_bucket, .batch = HTAB_BATCH

static inline struct htab_elem *htab_elem(const struct htab *t, u32 i)
{
	return (struct htab_elem *)(t->elems + (u64)i * t->elem_size);
}

/* LRU: whether a program used it since the hand passed. */
static inline bool htab_used(const struct htab_elem *e)
{
	return __atomic_load_n(&e->used, __ATOMIC_RELAXED);
}

static inline void htab_use(struct htab_elem *e, bool used)
{
	__atomic_store_n(&e->used, used, __ATOMIC_RELAXED);
}

static inline u8 *htab_value(const struct htab *t, u32 i)
{
	return t->elems + (u64)i * t->elem_size + t->value_at;
}

/* A slot's copy of an element's value; NULL: no such slot. */
static inline u8 *htab_percpu_value(const struct map *map, u32 i, u32 slot)
{
	const struct htab *t = map->priv;

	if (slot >= map->info.slots)
		return NULL;
	return t->values + (slot * map_percpu_values(t->n) + i) * map->stride;
}

/* ---- hashes and keys ---- */

static inline u64 htab_mix(u64 a, u64 b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (u64)p ^ (u64)(p >> 64);
}

/* Sixteen bytes a multiplication, as in the wyhash family: both factors hold a secret, so
 * that no key makes one of them 0 by intent. The seed is each map's own. */
static inline u32 htab_hash(u64 seed, const u8 *key, u32 len)
{
	u64 h = seed ^ (len * 0x9e3779b97f4a7c15ull), w = 0;
	u64 blind = (seed << 32 | seed >> 32) ^ 0xd6e8feb86659fd93ull;

	for (; len >= 16; len -= 16, key += 16)
		h = htab_mix(load64(key) ^ blind, load64(key + 8) ^ h);
	if (len & 8) {
		h = htab_mix(load64(key) ^ h, blind);
		key += 8;
	}
	if (len & 4) {
		w = load32(key);
		key += 4;
	}
	if (len & 2) {
		w = w << 16 | load16(key);
		key += 2;
	}
	if (len & 1)
		w = w << 8 | *key;
	if (len & 7)
		h = htab_mix(w ^ h, blind);
	return h ^ h >> 32;
}

static inline reads_racing bool htab_key_is(const u8 *a, const u8 *b, u32 len)
{
	u32 i = 0;

	for (; i + 8 <= len; i += 8)
		if (*(const map_u64 *)(a + i) != *(const map_u64 *)(b + i))
			return false;
	if (len & 4) {
		if (*(const map_u32 *)(a + i) != *(const map_u32 *)(b + i))
			return false;
		i += 4;
	}
	for (; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

#endif
