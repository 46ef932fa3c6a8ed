/* test/bpf/objects.bpf.c, which calls kptr_xchg and the kernel functions that make
 * objects, on the engine and on the kernel: both give the same answers, and the engine's
 * are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <unistd.h>
#include "sides.h"

#define OBJECTS TEST_BPF "/objects.bpf.c"
#define GRAPH	TEST_BPF "/objects_graph.bpf.c"
#define PERCPU	TEST_BPF "/objects_percpu.bpf.c"
#define WALK	TEST_BPF "/objects_walk.bpf.c"

struct value {
	u64 n, kept[4];
};

static void run(struct side *s, const char *name, u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;
	u32 ret;

	memset(s->bss->data, 0, OUT * sizeof(out[0]));
	memset(&attr, 0, sizeof(attr));
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	ret = side_run(s, name, &attr, out);
	if (ret)
		fail_msg("%s on the %s returns %u", name, s->sys->name, ret);
}

static int elem(struct side *s, enum skep_cmd cmd, const char *map, u32 key, void *value,
		u64 flags)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, map)->fd;
	attr.key = u64_of(&key);
	attr.flags = flags;
	if (cmd != SKEP_MAP_DELETE_ELEM)
		attr.value = u64_of(value);
	return s->sys->bpf(s->sys, cmd, &attr, sizeof(attr));
}

static u32 run_sides(const char *name, const char *file)
{
	return sides_by(name, file, tag_clang(), NO_TAG_CLANG);
}

#define EACH_SIDE_OF(file, s) \
	for (u32 i_ = 0, end_ = run_sides(__func__, file); i_ < end_; \
	     skep_object_close((s)->obj), i_++) \
		if (side_open(s, i_), true)
#define EACH_SIDE(s) EACH_SIDE_OF(OBJECTS, s)

#define ANSWERS(s, name, ...) \
	do { \
		static const s64 want_[] = {__VA_ARGS__}; \
		u64 out_[OUT]; \
		run(s, name, out_); \
		same(s, name, out_, want_, ARRAY_SIZE(want_)); \
	} while (0)

static void they_are_made_and_dropped(void **state)
{
	struct side s;

	EACH_SIDE(&s)
	{
		ANSWERS(&s, "basics", 12, 1ll << 40, 0xdeadbeef, 23, 13, 1);
		ANSWERS(&s, "sizes", 1, 5, 0);
		ANSWERS(&s, "many", 100000, 4999950000);
		ANSWERS(&s, "counted", 1, 2, 2, 1, 2);
		ANSWERS(&s, "own_lock", 5);
	}
}

static void they_keep_each_other(void **state)
{
	struct side s;

	EACH_SIDE(&s)
	{
		ANSWERS(&s, "chain", 4, 3, 103);
		ANSWERS(&s, "chain", 4, 3, 103);
	}
}

static void lists_and_trees_own_them(void **state)
{
	struct side s;

	EACH_SIDE_OF(GRAPH, &s)
	{
		ANSWERS(&s, "list", 0, 0, 0, 0, 0, 0, 3, 4, 2, 1, 0, 0);
		ANSWERS(&s, "list", 9, 0);
		ANSWERS(&s, "both", 0, 0, -EINVAL, 8, 1, 8);
		ANSWERS(&s, "tree", 500, 200, 100, 400, 1, -1);
		ANSWERS(&s, "list_of_object", 12);
		ANSWERS(&s, "list_of_object", 12, 3);
		ANSWERS(&s, "in_hash", 0, 0, 0, 0, 0, 0, 0, 0, 0);
		ANSWERS(&s, "in_hash", 0, 0, 0, 0, 0, 0, 0, 0, 0);
		ANSWERS(&s, "overwrite", 0, 0, 0, 0, -1);
	}
}

/* Helpers per_cpu_ptr and this_cpu_ptr. */
static void each_cpu_has_its_own(void **state)
{
	struct side s;

	EACH_SIDE_OF(PERCPU, &s)
	{
		ANSWERS(&s, "make", 0);
		ANSWERS(&s, "use", 3, 8, 0, 5);
		ANSWERS(&s, "use", 3, 8, 0, 10);
		ANSWERS(&s, "make", 1);
		ANSWERS(&s, "use", 3, 8, 0, 5);
	}
}

/* Trees have the kernel's shape. */
static void they_look_the_same(void **state)
{
	struct side s;
	u64 out[OUT], first[OUT];
	u32 sides_done = 0;

	EACH_SIDE_OF(WALK, &s)
	{
		ANSWERS(&s, "ends", 20, 20, 20, 21, 20, 22, 21, 22, 0);
		run(&s, "shape", out);
		if (sides_done++)
			assert_memory_equal(out, first, sizeof(out));
		memcpy(first, out, sizeof(out));
	}
}

static void values_keep_them(void **state)
{
	struct side s;

	EACH_SIDE(&s)
	{
		ANSWERS(&s, "in_array", 0, 5, 6, 6, 0, 0, 0, 0, 0);
		ANSWERS(&s, "in_hash", 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0);
		ANSWERS(&s, "in_lru", 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0);
		ANSWERS(&s, "in_percpu_array", 0, 5, 6, 0, 0, 0);
		ANSWERS(&s, "in_percpu_hash", 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0);
		ANSWERS(&s, "in_lru_percpu", 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0);
		ANSWERS(&s, "through", 0, 77, 77);
		ANSWERS(&s, "look", 9, 9, 9, 7, 9, 9);
	}
}

static void user_space_sees_zeros_and_drops_them(void **state)
{
	static const char *const maps[] = {"array", "hash", "lru"};
	struct value v = {.n = 4, .kept = {1, 2, 3, 4}};
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "in_array", out);
		run(&s, "in_hash", out);
		run(&s, "in_lru", out);
		ANSWERS(&s, "look", 9, 9, 9);
		for (u32 i = 0; i < ARRAY_SIZE(maps); i++) {
			u32 key = i ? 1 : 3;
			struct value got;

			assert_int_equal(
				elem(&s, SKEP_MAP_LOOKUP_ELEM, maps[i], key, &got, 0), 0);
			for (u32 k = 0; k < ARRAY_SIZE(got.kept); k++)
				assert_int_equal(got.kept[k], 0);
			assert_int_equal(
				elem(&s, SKEP_MAP_UPDATE_ELEM, maps[i], key, &v, 0), 0);
		}
		ANSWERS(&s, "look", 0, 0, 0);
		assert_int_equal(elem(&s, SKEP_MAP_DELETE_ELEM, "hash", 1, NULL, 0), 0);
	}
}

/* A thousand rounds of objects that are left in a map: what it forgets is used again. */
static void what_is_forgotten_is_free(void **state)
{
	struct side s;
	u64 out[OUT];

	EACH_SIDE(&s)
	{
		for (u32 i = 0; i < 30; i++) {
			((u32 *)s.bss->data)[2 * OUT] = 1000 * i;
			run(&s, "fill", out);
			assert_int_equal(out[0], 1000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_made_and_dropped),
		cmocka_unit_test(values_keep_them),
		cmocka_unit_test(lists_and_trees_own_them),
		cmocka_unit_test(each_cpu_has_its_own),
		cmocka_unit_test(they_look_the_same),
		cmocka_unit_test(they_keep_each_other),
		cmocka_unit_test(user_space_sees_zeros_and_drops_them),
		cmocka_unit_test(what_is_forgotten_is_free),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
