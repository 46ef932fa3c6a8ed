/* map_bench.h - the harness of bench_map.c: one operation, done in several ways
 *
 * A row is an operation on a map, done thousands of times with independent random keys.
 * Each way to do it (from C as a helper would, by a program that the kernel runs, ...)
 * has its turn in each round, beside the same loop without the operation, which is taken
 * off. A row has medians, and the ratio to the kernel's. All ways draw the same keys and
 * add up what they find; a wrong sum ends the benchmark.
 */
#ifndef MAP_BENCH_H
#define MAP_BENCH_H

#include <skep/map.h>
#include <time.h>
#include "map.h"

enum {
	BENCH_OPS = 5000,
	BENCH_USER_OPS = 2000,	 /* of what takes a system call */
	BENCH_PAIR_OPS = 100000, /* enough that where a thread's lines come from at first
				    is no part of it */
	BENCH_ROUNDS = 101,	 /* at most */
	BENCH_SAMPLE = 64,	 /* bytes of a ring buffer's record */
};
#define BENCH_SPREAD 0x9e3779b1u
#define BENCH_SEED   88172645463325252ull

_Noreturn void bench_fail(const char *what);

/* ns of processor time that this thread took: others' work on the machine does not count.
 */
static inline u64 bench_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

/* ---- keys ---- */

/* Numbers from `first` on, below first + n, and how they become keys: times BENCH_SPREAD,
 * in the first and the last four bytes of `size`. */
struct bench_keys {
	u32 first, n, size;
	bool plain; /* of an array: the number itself */
	bool lpm;   /* an address, behind a length of 32 bits */
};

struct bench_draw {
	u64 rng;
	u32 word; /* the key's number, as it stands in the key */
	u32 key[16];
};

static inline u32 bench_word(const struct bench_keys *keys, u32 number)
{
	u32 word = keys->plain ? number : number * BENCH_SPREAD;

	return keys->lpm ? __builtin_bswap32(word) : word;
}

static inline void bench_set_key(const struct bench_keys *keys, u32 word, u32 *key)
{
	key[0] = keys->lpm ? 32 : word;
	key[keys->size / 4 - 1] = word;
}

static inline struct bench_draw bench_start(u32 seed)
{
	return (struct bench_draw){.rng = BENCH_SEED + seed * (u64)(s32)BENCH_SPREAD};
}

static inline void bench_next(const struct bench_keys *keys, struct bench_draw *draw)
{
	u64 x = draw->rng;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	draw->rng = x;
	draw->word = bench_word(keys, keys->first + (u32)((x >> 32) * keys->n >> 32));
	bench_set_key(keys, draw->word, draw->key);
}

/* What is stored under a key: its number plus one, and above it the round. */
static inline u64 bench_value(u32 word, u32 seed)
{
	return ((u64)word + 1) | (u64)seed << 32;
}

/* ---- what is done ---- */

enum bench_sum {
	bench_sum_values, /* of all keys */
	bench_sum_same,	  /* what the first way found, more than nothing */
	bench_sum_zero,	  /* of errors, or of values found that should not be there */
};

struct bench_work {
	const char *name;
	/* From C: the sum over `ops` keys. */
	u64 (*loop)(struct map *map, const struct bench_keys *keys, u32 seed, u32 ops);
	/* The same as a part of a program's loop: R6 is the sum, R8 the key's number,
	 * [R10-64] the key, [R10-80] the round << 32, [R10-72] room for a value, R9
	 * counts down. */
	const char *body;
	enum bench_sum sum;
	u32 ops;
};

extern const struct bench_work bench_empty, bench_lookup, bench_miss, bench_update,
	bench_delete_insert, bench_mixed, bench_reserve, bench_reserve_all;

/* ---- ways to do it ---- */

struct bench_way {
	/* ns for `ops` operations, or with `bare` for the loop without them. */
	u64 (*go)(const struct bench_way *way, bool bare, u32 seed, u32 *sum);
	const struct bench_work *work;
	struct bench_keys keys;
	u32 ops;
	struct map *map; /* from C */
	struct skep_map *direct;
	struct skep_sys *sys; /* a program, or bpf(2) */
	int fd;		      /* of the map */
	int prog, bare_prog;
};

struct bench_way bench_way_c(struct map *map, const struct bench_keys *keys,
			     const struct bench_work *work);

/* A program that the system runs; bench_way_end() closes it. */
struct bench_way bench_way_prog(struct skep_sys *sys, int fd,
				const struct bench_keys *keys,
				const struct bench_work *work);

/* bpf(2), `work` being bench_lookup or bench_update. */
struct bench_way bench_way_bpf(struct skep_sys *sys, int fd,
			       const struct bench_keys *keys,
			       const struct bench_work *work);

/* The library's direct call, of the same. */
struct bench_way bench_way_direct(struct skep_map *map, const struct bench_keys *keys,
				  const struct bench_work *work);

void bench_way_end(struct bench_way *way);

/* ---- rows ---- */

/* With BENCH_LOW in the environment the tenth percentile, for machines that are busy. */
double bench_median(double *ns, u32 n);

#endif
