/* htab_core.h - what the hash table's own files share
 *
 * htab.c is the layout and the readers, htab_write.c the writers, htab_free.c where free
 * elements come from: the stack of them, what is found after a death, LRU's victims.
 */
#ifndef HTAB_CORE_H
#define HTAB_CORE_H

#include "htab.h"

/* The links from which all elements of bucket `b` are reached: its slots and its chain.
 */
enum { HTAB_HEADS = HTAB_SLOTS + 1 };
static inline u32 *htab_head(const struct htab *t, u32 b, u32 head)
{
	return head < HTAB_SLOTS ? &t->buckets[b].link[head] : &t->buckets[b].more;
}

/* The value of an element, as user space sees it. */
void htab_read_value(const struct map *map, u32 i, void *value);

/* ---- writers; the lock of the bucket's stripe is held where none is taken ---- */

/* The lock of the stripe of a hash, or of the bucket of that number. */
struct htab_stripe *htab_lock(struct map *map, u32 hash);

/* Without waiting; `mine`, which the caller has, is taken for granted. NULL: another has
 * it. */
struct htab_stripe *htab_try_lock(struct map *map, u32 hash, struct htab_stripe *mine);

/* The link that leads to the element with that key (or, with key NULL, to number *i), and
 * its number, which stays bounded whatever becomes of the link. NULL: none. */
u32 *htab_link(const struct htab *t, u32 hash, const void *key, u32 *i);

/* The element that *link leads to leaves the table; after this it may be used again. */
void htab_drop(const struct htab *t, u32 hash, u32 *link, u32 successor);

/* ---- free elements ---- */

void htab_free(const struct htab *t, u32 i);
bool htab_take_free(const struct htab *t, u32 *i);

/* After a death: whether some may be in nobody's hands; finds them. Nothing may be locked
 * by the caller of htab_collect(). */
bool htab_lost(struct map *map);
void htab_collect(struct map *map);

/* LRU: an element that was in the table and no longer is. `mine` is locked already. */
bool htab_victim(struct map *map, struct htab_stripe *mine, u32 *out);

/* ---- loads and stores of what others change ---- */

static inline u32 htab_get(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void htab_put(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Whether what was read since the word was `seq` is whole. */
static inline bool htab_stood_still(const u32 *word, u32 seq)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(word, __ATOMIC_RELAXED) == seq;
}

/* ---- tags ---- */

/* The byte that stands for a hash among a bucket's tags, never 0; and the slots that have
 * it, their bytes' highest bits. The first is right; others may not be. */
static inline u64 htab_tag(u32 hash)
{
	u32 tag = hash >> 24;

	return tag + !tag;
}

static inline u64 htab_slots_with(u64 tags, u64 tag)
{
	u64 ones = 0x0101010101010101ull, x = tags ^ tag * ones;

	return (x - ones) & ~x & ones << 7;
}

static inline u32 htab_first_slot(u64 slots)
{
	return (u32)__builtin_ctzll(slots) / 8;
}

#endif
