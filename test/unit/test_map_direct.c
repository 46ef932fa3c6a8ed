/* skep/map.h: what a direct call gives is what bpf(2) gives, on maps of every type that
 * has elements; who may do what; how long a handle lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <skep/engine.h>
#include <skep/map.h>
#include <string.h>
#include <unistd.h>
#include "object.h"

enum { SLOTS = 3, ENTRIES = 20, KEYS = 30, STEPS = 4000, WORDS = 4 };

static struct skep_engine *new_engine(void)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = SLOTS};
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	return engine;
}

static int call(struct skep_engine *engine, int cmd, union skep_attr attr)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	return sys->bpf(sys, cmd, &attr, sizeof(attr));
}

#define CALL(engine, cmd, ...) call(engine, SKEP_##cmd, (union skep_attr){__VA_ARGS__})

static u64 next_random(u64 *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng >> 20;
}

/* ---- the same as bpf(2) ---- */

struct kind {
	u32 type, key_size, value_size, flags;
};

static int make(struct skep_engine *engine, const struct kind *kind)
{
	return CALL(engine, MAP_CREATE, .map_type = kind->type,
		    .key_size = kind->key_size, .value_size = kind->value_size,
		    .max_entries = ENTRIES, .map_flags = kind->flags);
}

struct step {
	u64 key[2], value[SLOTS * WORDS], flags;
};

static int by_bpf(struct skep_engine *engine, int fd, u32 what, struct step *s, bool keys)
{
	union skep_attr attr = {.map_fd = (u32)fd, .key = keys ? u64_of(s->key) : 0};
	static const int cmds[] = {SKEP_MAP_LOOKUP_ELEM, SKEP_MAP_UPDATE_ELEM,
				   SKEP_MAP_DELETE_ELEM, SKEP_MAP_LOOKUP_AND_DELETE_ELEM,
				   SKEP_MAP_GET_NEXT_KEY};

	if (what != 2)
		attr.value = u64_of(what == 4 ? s->key : s->value);
	if (what == 1)
		attr.flags = s->flags;
	return call(engine, cmds[what], attr);
}

static int by_hand(struct skep_map *map, u32 what, struct step *s, bool keys)
{
	const void *key = keys ? s->key : NULL;

	switch (what) {
	case 0: return skep_map_lookup(map, key, s->value);
	case 1: return skep_map_update(map, key, s->value, s->flags);
	case 2: return skep_map_delete(map, key);
	case 3: return skep_map_lookup_and_delete(map, key, s->value);
	default: return skep_map_next_key(map, key, s->key);
	}
}

/* A hash seed of 0, so that both maps have their elements in the same order. */
static const struct kind kinds[] = {
	{SKEP_MAP_TYPE_ARRAY, 4, 12, 0},
	{SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 12, 0},
	{SKEP_MAP_TYPE_HASH, 8, 30, SKEP_F_ZERO_SEED},
	{SKEP_MAP_TYPE_PERCPU_HASH, 5, 30, SKEP_F_ZERO_SEED},
	{SKEP_MAP_TYPE_LRU_HASH, 4, 8, SKEP_F_ZERO_SEED},
	{SKEP_MAP_TYPE_LPM_TRIE, 8, 8, SKEP_F_NO_PREALLOC},
	{SKEP_MAP_TYPE_QUEUE, 0, 8, 0},
	{SKEP_MAP_TYPE_STACK, 0, 8, 0},
	{SKEP_MAP_TYPE_BLOOM_FILTER, 0, 8, SKEP_F_ZERO_SEED},
};

static void same_steps(const struct kind *kind)
{
	struct skep_engine *engine = new_engine();
	int a = make(engine, kind), b = make(engine, kind);
	struct skep_map *map;
	u64 rng = 99;

	assert_true(a >= 0 && b >= 0);
	assert_int_equal(skep_map_get(engine, b, &map), 0);
	assert_int_equal(skep_map_key_size(map), kind->key_size);
	for (u32 i = 0; i < STEPS; i++) {
		u32 what = next_random(&rng) % 5;
		int err;
		struct step one = {.flags = next_random(&rng) % 4}, two;

		one.key[0] = next_random(&rng) % KEYS;
		if (kind->type == SKEP_MAP_TYPE_LPM_TRIE)
			one.key[0] = (one.key[0] << 32) | (next_random(&rng) % 40);
		for (u32 w = 0; w < SLOTS * WORDS; w++)
			one.value[w] = next_random(&rng) % KEYS;
		two = one;
		err = by_bpf(engine, a, what, &one, kind->key_size);
		assert_int_equal(by_hand(map, what, &two, kind->key_size), err);
		if (!err)
			assert_memory_equal(&one, &two, sizeof(one));
	}
	skep_map_put(map);
	close(a);
	close(b);
	skep_engine_close(engine);
}

static void a_direct_call_does_what_bpf_does(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		same_steps(&kinds[i]);
}

static void a_walk_sees_every_key(void **state)
{
	struct skep_engine *engine = new_engine();
	int fd = make(engine, &kinds[2]);
	struct skep_map *map;
	u64 key, value[4] = {0}, seen = 0;
	u32 n = 0;

	assert_int_equal(skep_map_get(engine, fd, &map), 0);
	assert_int_equal(skep_map_value_size(map), 30);
	assert_int_equal(skep_map_next_key(map, NULL, &key), -ENOENT);
	for (key = 0; key < ENTRIES; key++)
		assert_int_equal(skep_map_update(map, &key, value, SKEP_NOEXIST), 0);
	assert_int_equal(skep_map_update(map, &key, value, SKEP_ANY), -E2BIG);
	for (int err = skep_map_next_key(map, NULL, &key); !err; n++) {
		seen |= 1ull << key;
		err = skep_map_next_key(map, &key, &key);
	}
	assert_int_equal(n, ENTRIES);
	assert_int_equal(seen, (1ull << ENTRIES) - 1);
	skep_map_put(map);
	close(fd);
	skep_engine_close(engine);
}

/* ---- who may do what ---- */

static void rights_are_the_descriptors(void **state)
{
	struct skep_engine *engine = new_engine();
	u32 flags[] = {0, SKEP_F_RDONLY, SKEP_F_WRONLY};
	u64 key = 1, value[4] = {7};

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kind kind = {SKEP_MAP_TYPE_HASH, 8, 32, flags[i]};
		int fd = make(engine, &kind);
		struct skep_map *map;

		assert_int_equal(skep_map_get(engine, fd, &map), 0);
		assert_int_equal(skep_map_lookup(map, &key, value),
				 flags[i] & SKEP_F_WRONLY ? -EPERM : -ENOENT);
		assert_int_equal(skep_map_next_key(map, NULL, &key),
				 flags[i] & SKEP_F_WRONLY ? -EPERM : -ENOENT);
		assert_int_equal(skep_map_delete(map, &key),
				 flags[i] & SKEP_F_RDONLY ? -EPERM : -ENOENT);
		assert_int_equal(skep_map_update(map, &key, value, SKEP_ANY),
				 flags[i] & SKEP_F_RDONLY ? -EPERM : 0);
		assert_int_equal(skep_map_lookup_and_delete(map, &key, value),
				 flags[i] ? -EPERM : 0);
		skep_map_put(map);
		close(fd);
	}
	skep_engine_close(engine);
}

static void a_frozen_map_is_read_only(void **state)
{
	struct skep_engine *engine = new_engine();
	int fd = make(engine, &kinds[0]);
	struct skep_map *map;
	u64 key = 1, value[2] = {7}, got[2] = {0};

	assert_int_equal(skep_map_get(engine, fd, &map), 0);
	assert_int_equal(skep_map_update(map, &key, value, SKEP_ANY), 0);
	assert_int_equal(CALL(engine, MAP_FREEZE, .map_fd = (u32)fd), 0);
	assert_int_equal(skep_map_update(map, &key, got, SKEP_ANY), -EPERM);
	assert_int_equal(skep_map_lookup(map, &key, got), 0);
	assert_int_equal(got[0], 7);
	skep_map_put(map);
	close(fd);
	skep_engine_close(engine);
}

static void what_is_no_map_is_told(void **state)
{
	struct skep_engine *engine = new_engine();
	int ring = CALL(engine, MAP_CREATE, .map_type = SKEP_MAP_TYPE_RINGBUF,
			.max_entries = 4096);
	struct skep_map *map;
	u64 key = 0, value = 0;

	assert_int_equal(skep_map_get(engine, -1, &map), -EBADF);
	assert_int_equal(skep_map_get(engine, 0, &map), -EINVAL);
	assert_null(map);
	skep_map_put(NULL);
	assert_int_equal(skep_map_get(engine, ring, &map), 0);
	assert_int_equal(skep_map_lookup(map, &key, &value), -ENOTSUPP);
	assert_int_equal(skep_map_update(map, &key, &value, 0), -ENOTSUPP);
	assert_int_equal(skep_map_delete(map, &key), -ENOTSUPP);
	assert_int_equal(skep_map_lookup_and_delete(map, &key, &value), -ENOTSUPP);
	assert_int_equal(skep_map_next_key(map, &key, &value), -ENOTSUPP);
	skep_map_put(map);
	close(ring);
	skep_engine_close(engine);
}

static void a_handle_outlives_the_descriptor(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	int fd = make(engine, &kinds[0]);
	struct skep_map *map;
	u64 key = 3, value[2] = {5}, got[2] = {0};

	assert_int_equal(skep_map_get(engine, fd, &map), 0);
	assert_int_equal(sys->close(sys, fd), 0);
	for (u32 i = 0; i < 40; i++) /* sweeps come by */
		sys->close(sys, make(engine, &kinds[2]));
	assert_int_equal(skep_map_update(map, &key, value, SKEP_ANY), 0);
	assert_int_equal(skep_map_lookup(map, &key, got), 0);
	assert_int_equal(got[0], 5);
	skep_map_put(map);
	skep_engine_close(engine);
}

/* ---- threads ---- */

struct writer {
	struct skep_map *map;
	u32 stop;
};

static void *write_pairs(void *arg)
{
	struct writer *w = arg;

	for (u64 n = 1; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); n++) {
		u64 key = 1, value[4] = {n, n, n, n};

		skep_map_update(w->map, &key, value, SKEP_ANY);
	}
	return NULL;
}

static void values_are_whole(void **state)
{
	struct skep_engine *engine = new_engine();
	struct kind kind = {SKEP_MAP_TYPE_HASH, 8, 32, 0};
	int fd = make(engine, &kind);
	struct writer w = {0};
	u64 key = 1, value[4] = {0}, last = 0;
	pthread_t thread;

	assert_int_equal(skep_map_get(engine, fd, &w.map), 0);
	assert_int_equal(skep_map_update(w.map, &key, value, SKEP_ANY), 0);
	assert_int_equal(pthread_create(&thread, NULL, write_pairs, &w), 0);
	for (u32 i = 0; i < 200000; i++) {
		assert_int_equal(skep_map_lookup(w.map, &key, value), 0);
		assert_true(value[0] == value[1] && value[0] == value[2] &&
			    value[0] == value[3]);
		assert_true(value[0] >= last); /* what was seen stays seen */
		last = value[0];
	}
	__atomic_store_n(&w.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	skep_map_put(w.map);
	close(fd);
	skep_engine_close(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_direct_call_does_what_bpf_does),
		cmocka_unit_test(a_walk_sees_every_key),
		cmocka_unit_test(rights_are_the_descriptors),
		cmocka_unit_test(a_frozen_map_is_read_only),
		cmocka_unit_test(what_is_no_map_is_told),
		cmocka_unit_test(a_handle_outlives_the_descriptor),
		cmocka_unit_test(values_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
