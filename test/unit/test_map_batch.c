/* Batches of hash-like maps on the engine and on the kernel: where the elements lie in a
 * table is each side's own, what all of a walk gives is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/engine.h>
#include <stdlib.h>
#include <unistd.h>
#include "bits.h"
#include "skip.h"

enum { MOST = 5000 };

struct walk {
	struct skep_sys *sys;
	int fd;
	u32 words; /* 8-byte words of a value */
	u32 n;	   /* keys are 0 to n - 1 */
	u32 seen;
	u8 *had;
};

static int make(struct walk *w, u32 type, u32 max, u32 flags)
{
	union skep_attr attr = {0};

	attr.map_type = type;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = max;
	attr.map_flags = flags;
	w->fd = w->sys->bpf(w->sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	assert_true(w->fd >= 0);
	return w->fd;
}

static int call(struct walk *w, enum skep_cmd cmd, u32 *keys, u64 *values, u32 *count,
		const u32 *in, u32 *out)
{
	union skep_attr attr = {0};
	int err;

	attr.batch.map_fd = (u32)w->fd;
	attr.batch.keys = u64_of(keys);
	attr.batch.values = u64_of(values);
	attr.batch.count = *count;
	attr.batch.in_batch = u64_of(in);
	attr.batch.out_batch = u64_of(out);
	err = w->sys->bpf(w->sys, cmd, &attr, sizeof(attr));
	*count = attr.batch.count;
	return err;
}

static u64 value_of(u32 key, u32 word)
{
	return key * 1000003ull + word;
}

static void fill(struct walk *w)
{
	u32 *keys = calloc(w->n, sizeof(*keys)), count = w->n;
	u64 *values = calloc((size_t)w->n * w->words, sizeof(*values));

	for (u32 i = 0; i < w->n; i++) {
		keys[i] = i;
		for (u32 k = 0; k < w->words; k++)
			values[i * w->words + k] = value_of(i, k);
	}
	assert_int_equal(call(w, SKEP_MAP_UPDATE_BATCH, keys, values, &count, NULL, NULL),
			 0);
	assert_int_equal(count, w->n);
	free(keys);
	free(values);
}

static void see(struct walk *w, const u32 *keys, const u64 *values, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		assert_true(keys[i] < w->n && !w->had[keys[i]]);
		w->had[keys[i]] = 1;
		w->seen++;
		for (u32 k = 0; k < w->words; k++)
			assert_int_equal(values[i * w->words + k], value_of(keys[i], k));
	}
}

/* All elements in portions of `size`, or as many as a bucket has. */
static void walk(struct walk *w, enum skep_cmd cmd, u32 size)
{
	u32 *keys = calloc(MOST, sizeof(*keys)), at = 0, count, room = size;
	u64 *values = calloc((size_t)MOST * w->words, sizeof(*values));
	bool begun = false;
	int err;

	w->had = calloc(w->n, 1);
	w->seen = 0;
	do {
		u32 before = at;

		count = room;
		err = call(w, cmd, keys, values, &count, begun ? &at : NULL, &at);
		assert_true(!err || err == -ENOENT || err == -ENOSPC);
		assert_true(count <= room);
		if (err == -ENOSPC) {
			assert_int_equal(count, 0);
			assert_true(at >= before);
			assert_true(room++ < size + 20);
		} else {
			room = size;
		}
		begun = true;
		see(w, keys, values, count);
	} while (err != -ENOENT);
	assert_int_equal(w->seen, w->n);
	free(w->had);
	free(keys);
	free(values);
}

static void walks(struct skep_sys *sys, u32 type, u32 flags, bool percpu)
{
	static const u32 sizes[] = {1, 7, 100, MOST};
	struct walk w = {.sys = sys, .n = 1000};
	bool lru =
		type == SKEP_MAP_TYPE_LRU_HASH || type == SKEP_MAP_TYPE_LRU_PERCPU_HASH;

	w.words = percpu ? (u32)sysconf(_SC_NPROCESSORS_CONF) : 1;
	make(&w, type, lru ? MOST : w.n, flags);
	fill(&w);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		walk(&w, SKEP_MAP_LOOKUP_BATCH, sizes[i]);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 left = 1, key;
		u64 value[1024];

		walk(&w, SKEP_MAP_LOOKUP_AND_DELETE_BATCH, sizes[i]);
		assert_int_equal(
			call(&w, SKEP_MAP_LOOKUP_BATCH, &key, value, &left, NULL, &key),
			-ENOENT);
		assert_int_equal(left, 0);
		fill(&w);
	}
	sys->close(sys, w.fd);
}

static void each_side(u32 type, u32 flags, bool percpu)
{
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(NULL, &engine), 0);
	walks(skep_engine_sys(engine), type, flags, percpu);
	skep_engine_close(engine);
	if (!no_bpf())
		walks(skep_sys_kernel(), type, flags, percpu);
}

static void hash(void **state)
{
	each_side(SKEP_MAP_TYPE_HASH, 0, false);
}

static void hash_without_preallocation(void **state)
{
	each_side(SKEP_MAP_TYPE_HASH, SKEP_F_NO_PREALLOC, false);
}

static void percpu_hash(void **state)
{
	each_side(SKEP_MAP_TYPE_PERCPU_HASH, 0, true);
}

static void lru_hash(void **state)
{
	each_side(SKEP_MAP_TYPE_LRU_HASH, 0, false);
}

static void lru_percpu_hash(void **state)
{
	each_side(SKEP_MAP_TYPE_LRU_PERCPU_HASH, 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash),
		cmocka_unit_test(hash_without_preallocation),
		cmocka_unit_test(percpu_hash),
		cmocka_unit_test(lru_hash),
		cmocka_unit_test(lru_percpu_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
