/* bench_map.c - what an operation on a map costs, in ns
 *
 * Each row is the 20th percentile of many short rounds over random keys, so that others'
 * work on the machine counts little; it holds the first row's loop. Results are checked:
 * a fast wrong answer does not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"
#include "map.h"
#include "mem.h"
#include "os.h"
#include "ringbuf.h"

enum { ROUNDS = 61, OPS = 20000 };

static const struct object_ops *const kinds[OBJECT_KINDS] = {[OBJECT_MAP] =
								     &map_object_ops};

static struct store *store;
static u64 rng = 88172645463325252ull;

static u32 next_random(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)(rng >> 16);
}

static struct map *make(u32 type, u32 key_size, u32 value_size, u32 max)
{
	union skep_attr attr = {.map_type = type};
	struct object *obj;
	int fd;

	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max;
	fd = cmd_map_create(store, &attr);
	if (fd < 0 || object_get(store, fd, OBJECT_MAP, &obj, NULL)) {
		fprintf(stderr, "cannot make a map of type %u\n", type);
		exit(1);
	}
	return (struct map *)obj;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* fn does OPS operations and returns how many went wrong. */
static void row(const char *name, struct map *map, u32 n,
		u64 (*fn)(struct map *map, u32 n))
{
	double ns[ROUNDS];
	u64 wrong = 0;

	for (int r = 0; r < ROUNDS; r++) {
		u64 start = os_clock_ns();

		wrong += fn(map, n);
		ns[r] = (double)(os_clock_ns() - start) / OPS;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	printf("%-44s %8.1f ns%s\n", name, ns[ROUNDS / 5],
	       wrong ? "  WRONG RESULTS" : "");
	if (wrong)
		exit(1);
}

/* Keys are 4 to 16 bytes: a number and zeros. */
struct key {
	u32 at[4];
};

static u64 empty_loop(struct map *map, u32 n)
{
	u64 sum = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next_random() % n}};

		__asm__ volatile("" : : "r"(&key) : "memory");
		sum += key.at[0];
	}
	return sum == 1;
}

static u64 lookups(struct map *map, u32 n)
{
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next_random() % n}};
		u64 *value = map->ops->lookup(map, &key, 0);

		wrong += !value || *value != key.at[0];
	}
	return wrong;
}

static u64 misses(struct map *map, u32 n)
{
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{n + next_random() % n}};

		wrong += map->ops->lookup(map, &key, 0) != NULL;
	}
	return wrong;
}

static u64 reads(struct map *map, u32 n)
{
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next_random() % n}};
		u64 value[1024];

		wrong += map->ops->read(map, &key, value) || value[0] != key.at[0];
	}
	return wrong;
}

static u64 updates(struct map *map, u32 n)
{
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next_random() % n}};
		u64 value[4] = {key.at[0]};

		wrong += map->ops->update(map, &key, value, SKEP_ANY, 0) != 0;
	}
	return wrong;
}

static u64 delete_insert(struct map *map, u32 n)
{
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next_random() % n}};
		u64 value[4] = {key.at[0]};

		wrong += map->ops->remove(map, &key) != 0;
		wrong += map->ops->update(map, &key, value, SKEP_NOEXIST, 0) != 0;
	}
	return wrong;
}

/* Every key is new: each insertion evicts. */
static u64 evictions(struct map *map, u32 n)
{
	static u32 next = 1u << 30;
	u64 wrong = 0;

	for (u32 i = 0; i < OPS; i++) {
		struct key key = {{next++}};
		u64 value[4] = {key.at[0]};

		wrong += map->ops->update(map, &key, value, SKEP_NOEXIST, 0) != 0;
	}
	return wrong;
}

static u64 reserve_submit(struct map *map, u32 n)
{
	u64 wrong = 0, pos = ringbuf_query(map, SKEP_RB_PROD_POS);
	u64 *consumer = (u64 *)((u8 *)map->obj.head + 2 * 4096);

	for (u32 i = 0; i < OPS; i++) {
		u64 *sample = ringbuf_reserve(map, 64);

		if (sample) {
			sample[0] = i;
			ringbuf_commit(map, sample, 0, false);
		}
		wrong += !sample;
		*consumer = pos += 72;
	}
	return wrong + (ringbuf_query(map, SKEP_RB_AVAIL_DATA) != 0);
}

static void fill(struct map *map, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct key key = {{i}};
		u64 value[4] = {i};

		if (map->ops->update(map, &key, value, SKEP_ANY, 0)) {
			fprintf(stderr, "cannot fill\n");
			exit(1);
		}
	}
}

static void hash_rows(const char *name, u32 type, u32 key_size, u32 n)
{
	struct map *map = make(type, key_size, 8, n);
	char text[96];

	fill(map, n);
	snprintf(text, sizeof(text), "%s %u B key, %u: lookup hit", name, key_size, n);
	row(text, map, n, lookups);
	row("  lookup miss", map, n, misses);
	row("  user-side read", map, n, reads);
	row("  update of a key that is there", map, n, updates);
	row("  delete and insert", map, n, delete_insert);
	if (type == SKEP_MAP_TYPE_LRU_HASH)
		row("  insert with eviction", map, n, evictions);
	object_put(&map->obj);
}

int main(void)
{
	struct map *map;

	if (store_open(NULL, kinds, NULL, &store))
		return 1;
	map = make(SKEP_MAP_TYPE_ARRAY, 4, 8, 1000);
	fill(map, 1000);
	row("(loop and random key)", map, 1000, empty_loop);
	row("array, 1000: lookup", map, 1000, lookups);
	row("  update", map, 1000, updates);
	object_put(&map->obj);
	map = make(SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1000);
	fill(map, 1000);
	row("percpu_array, 1000: lookup", map, 1000, lookups);
	object_put(&map->obj);
	hash_rows("hash", SKEP_MAP_TYPE_HASH, 4, 1000);
	hash_rows("hash", SKEP_MAP_TYPE_HASH, 16, 1000);
	hash_rows("hash", SKEP_MAP_TYPE_HASH, 4, 1000000);
	hash_rows("percpu_hash", SKEP_MAP_TYPE_PERCPU_HASH, 4, 1000);
	hash_rows("lru_hash", SKEP_MAP_TYPE_LRU_HASH, 4, 1000);
	hash_rows("lru_hash", SKEP_MAP_TYPE_LRU_HASH, 4, 1000000);
	map = make(SKEP_MAP_TYPE_RINGBUF, 0, 0, 1 << 20);
	row("ringbuf: reserve and submit 64 B", map, 0, reserve_submit);
	object_put(&map->obj);
	store_close(store);
	return 0;
}
