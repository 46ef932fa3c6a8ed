/* What is done with a map, in C and as part of a program's loop. */
#include "map_bench.h"
#include "ringbuf.h"

typedef u64 op_fn(struct map *map, const void *key, u64 value);

static inline __attribute__((always_inline)) u64
loop(struct map *map, const struct bench_keys *keys, u32 seed, u32 ops, op_fn *op)
{
	struct bench_draw draw = bench_start(seed);
	u64 sum = 0;

	for (u32 i = 0; i < ops; i++) {
		bench_next(keys, &draw);
		__asm__ volatile("" : : "r"(draw.key) : "memory");
		sum += op(map, draw.key, bench_value(draw.word, seed));
	}
	return sum;
}

#define LOOP(name, op) \
	static u64 name(struct map *map, const struct bench_keys *keys, u32 seed, \
			u32 ops) \
	{ \
		return loop(map, keys, seed, ops, op); \
	}

/* ---- from C, as helpers do it ---- */

static inline u64 nothing(struct map *map, const void *key, u64 value)
{
	return value;
}

static inline u64 lookup(struct map *map, const void *key, u64 value)
{
	u64 *found = map->ops->lookup(map, key, 0);

	return found ? *found : 0;
}

static inline u64 update(struct map *map, const void *key, u64 value)
{
	return (u64)map->ops->update(map, key, &value, SKEP_ANY, 0);
}

static inline u64 delete_insert(struct map *map, const void *key, u64 value)
{
	u64 err = (u64)map->ops->remove(map, key);

	return err + (u64)map->ops->update(map, key, &value, SKEP_NOEXIST, 0);
}

static inline u64 reserve(struct map *map, const void *key, u64 value)
{
	u64 *sample = ringbuf_reserve(map, BENCH_SAMPLE);

	if (!sample)
		return 1;
	sample[0] = value;
	ringbuf_commit(map, sample, 0, false);
	return 0;
}

LOOP(empty_loop, nothing)
LOOP(lookup_loop, lookup)
LOOP(update_loop, update)
LOOP(delete_insert_loop, delete_insert)
LOOP(reserve_loop, reserve)

/* Read-mostly, as YCSB's workload B. */
static u64 mixed_loop(struct map *map, const struct bench_keys *keys, u32 seed, u32 ops)
{
	struct bench_draw draw = bench_start(seed);
	u64 sum = 0;

	for (u32 i = 0; i < ops; i++) {
		u64 value;

		bench_next(keys, &draw);
		value = bench_value(draw.word, seed);
		if ((draw.rng & 255) < 13)
			sum += update(map, draw.key, value) ? 0 : value;
		else
			sum += lookup(map, draw.key, value);
	}
	return sum;
}

/* Tries again while there is no room. */
static u64 reserve_all_loop(struct map *map, const struct bench_keys *keys, u32 seed,
			    u32 ops)
{
	while (ops)
		ops -= !reserve(map, NULL, ops);
	return 0;
}

/* ---- by programs ---- */

#define LOOKUP \
	"r1 = map[idx:0]\nr2 = r10\nr2 += -64\ncall map_lookup_elem\n" \
	"if r0 == 0 goto none\nr0 = *(u64 *)(r0 + 0)\nr6 += r0\nnone:\n"

/* The value, and the registers of an update */
#define VALUE \
	"r3 = r8\nr3 += 1\nr2 = *(u64 *)(r10 - 80)\nr3 |= r2\n" \
	"*(u64 *)(r10 - 72) = r3\n"
#define UPDATE(flags) \
	VALUE "r1 = map[idx:0]\nr2 = r10\nr2 += -64\nr3 = r10\nr3 += -72\n" \
	      "r4 = " flags "\ncall map_update_elem\n"
#define DELETE "r1 = map[idx:0]\nr2 = r10\nr2 += -64\ncall map_delete_elem\nr6 += r0\n"

#define RESERVE \
	"r1 = map[idx:0]\nr2 = 64\nr3 = 0\ncall ringbuf_reserve\n" \
	"if r0 == 0 goto full\n*(u64 *)(r0 + 0) = r9\nr1 = r0\nr2 = 0\n" \
	"call ringbuf_submit\ngoto done\n"

const struct bench_work bench_empty = {"nothing", empty_loop, "r6 += r8\nr6 += 1\n",
				       bench_sum_values, BENCH_OPS};
const struct bench_work bench_lookup = {"lookup hit", lookup_loop, LOOKUP,
					bench_sum_values, BENCH_OPS};
const struct bench_work bench_miss = {"lookup miss", lookup_loop, LOOKUP, bench_sum_zero,
				      BENCH_OPS};
const struct bench_work bench_update = {"update", update_loop, UPDATE("0") "r6 += r0\n",
					bench_sum_zero, BENCH_OPS};
const struct bench_work bench_delete_insert = {"delete, insert", delete_insert_loop,
					       DELETE UPDATE("1") "r6 += r0\n",
					       bench_sum_zero, BENCH_OPS};
const struct bench_work bench_mixed = {
	"95 % lookup, 5 % update", mixed_loop,
	"r1 = r7\nr1 &= 255\nif r1 < 13 goto write\n" LOOKUP "goto done\n"
	"write:\n" UPDATE("0") "if r0 != 0 goto done\nr6 += r8\nr6 += 1\ndone:\n",
	bench_sum_values, BENCH_PAIR_OPS};
const struct bench_work bench_reserve = {"reserve, submit 64 B", reserve_loop,
					 RESERVE "full: r6 += 1\ndone:\n", bench_sum_zero,
					 BENCH_OPS};
const struct bench_work bench_reserve_all = {
	"reserve, submit until done", reserve_all_loop, RESERVE "full: r9 += 1\ndone:\n",
	bench_sum_zero, BENCH_OPS};
