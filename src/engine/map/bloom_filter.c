#include "htab.h"
#include <sys/random.h>

/* Storage: a head, then bits. A bit is set for good, so there is no lock: a process that
 * dies has set some of a value's bits, which is as if it had set none. */

struct head {
	u64 seed; /* of the hash */
	u8 pad[56];
};

enum {
	FLAGS = SKEP_F_NUMA_NODE | SKEP_F_ZERO_SEED | SKEP_F_RDONLY | SKEP_F_WRONLY |
		SKEP_F_RDONLY_PROG | SKEP_F_WRONLY_PROG,
	VALUE_MOST = 4 << 20, /* the kernel's KMALLOC_MAX_SIZE */
	HASHES = 5,	      /* if map_extra does not say */
	HASHES_MOST = 15,
};
#define BITS_MOST (1ull << 32)

static int check(const union skep_attr *attr)
{
	if (attr->value_size > VALUE_MOST)
		return -E2BIG;
	return !attr->max_entries || attr->key_size || !attr->value_size ||
			       attr->map_flags & ~(u32)FLAGS ||
			       attr->map_extra > HASHES_MOST
		       ? -EINVAL
		       : 0;
}

static u32 hashes(const struct map_info *info)
{
	return info->extra ? (u32)info->extra : HASHES;
}

/* The least false positives: entries * hashes / ln 2, here 7 / 5; a power of two. */
static u64 bits(const struct map_info *info)
{
	u64 set = (u64)info->max_entries * hashes(info), n = set / 5 * 7;

	if (set > UINT32_MAX || n > BITS_MOST / 2)
		return BITS_MOST;
	return pow2_ceil(MAX((u32)n, 64));
}

static u64 size(const struct map_info *info)
{
	return sizeof(struct head) + bits(info) / 8;
}

static int init(struct map *map)
{
	struct head *head = (struct head *)map->storage;

	if (!(map->info.flags & SKEP_F_ZERO_SEED) &&
	    getrandom(&head->seed, sizeof(head->seed), 0) != sizeof(head->seed))
		return -EAGAIN;
	return 0;
}

static int open_view(struct map *map)
{
	return 0;
}

/* Where the bits of a value lie: `at`, and from each to the next `step`. */
struct probe {
	u64 *words;
	u32 at, step, mask;
};

static struct probe probe(const struct map *map, const void *value)
{
	u64 seed = ((struct head *)map->storage)->seed;
	u32 len = map->info.value_size;

	return (struct probe){.words = (u64 *)(map->storage + sizeof(struct head)),
			      .at = htab_hash(seed, value, len),
			      .step = htab_hash(~seed, value, len) | 1,
			      .mask = (u32)(bits(&map->info) - 1)};
}

static u64 *next_bit(struct probe *p, u64 *bit)
{
	u32 at = p->at & p->mask;

	p->at += p->step;
	*bit = 1ull << (at & 63);
	return &p->words[at >> 6];
}

static int push(struct map *map, const void *key, const void *value, u64 flags)
{
	struct probe p;
	u64 bit, *word;

	if (flags != SKEP_ANY)
		return -EINVAL;
	p = probe(map, value);
	for (u32 i = 0; i < hashes(&map->info); i++) {
		word = next_bit(&p, &bit);
		if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
			__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	}
	return 0;
}

static int peek(struct map *map, const void *key, void *value)
{
	struct probe p = probe(map, value);
	u64 bit, *word;

	for (u32 i = 0; i < hashes(&map->info); i++) {
		word = next_bit(&p, &bit);
		if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
			return -ENOENT;
	}
	return 0;
}

static int no_remove(struct map *map, const void *key)
{
	return -EOPNOTSUPP;
}

static int no_next_key(struct map *map, const void *key, void *next)
{
	return -EOPNOTSUPP;
}

const struct map_ops map_bloom_filter = {
	.name = "bloom_filter",
	.late_check = true,
	.no_value_ptr = true,
	.pushes = true,
	.asks = true,
	.extra = true,
	.btf = map_btf_none,
	.check = check,
	.size = size,
	.init = init,
	.open = open_view,
	.remove = no_remove,
	.read = peek,
	.write = push,
	.next_key = no_next_key,
};
