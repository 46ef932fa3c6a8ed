/* test/bpf/map_in_map.bpf.c on the engine and on the kernel: what programs do with maps
 * that they find in maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <skep/engine.h>
#include <stdlib.h>
#include <unistd.h>
#include "load_side.h"
#include "skip.h"

enum { ARRAYS = 200 };

static struct skep_engine *engine;

struct side {
	struct skep_sys *sys;
	struct skep_object *obj;
	u64 *out;
};

static struct side open_side(u32 i)
{
	struct side s = {.sys = i ? skep_sys_kernel() : skep_engine_sys(engine)};

	s.obj = loaded(s.sys, any_clang(), TEST_BPF "/map_in_map.bpf.c");
	s.out = global(s.obj, ".bss", "out");
	assert_non_null(s.out);
	return s;
}

static void close_side(struct side *s)
{
	skep_object_close(s->obj);
	unlink(path);
}

static int make(struct side *s, u32 type, u32 key_size, u32 value_size, u32 max)
{
	union skep_attr attr = {0};
	int fd;

	attr.map_type = type;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = max;
	fd = s->sys->bpf(s->sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	assert_true(fd >= 0);
	return fd;
}

static int element(struct side *s, enum skep_cmd cmd, int map, u32 key, void *value)
{
	union skep_attr attr = {0};

	attr.map_fd = (u32)map;
	attr.key = u64_of(&key);
	attr.value = u64_of(value);
	return s->sys->bpf(s->sys, cmd, &attr, sizeof(attr));
}

/* Puts a map into the map of that name, which alone keeps it from then on. */
static void put(struct side *s, const char *outer, u32 key, int fd)
{
	int map = skep_object_find_map(s->obj, outer)->fd;

	assert_int_equal(element(s, SKEP_MAP_UPDATE_ELEM, map, key, &fd), 0);
	assert_int_equal(s->sys->close(s->sys, fd), 0);
}

/* A new fd of the map that stands there. */
static int inner(struct side *s, const char *outer, u32 key)
{
	int map = skep_object_find_map(s->obj, outer)->fd, fd;
	union skep_attr attr = {0};
	u32 id;

	assert_int_equal(element(s, SKEP_MAP_LOOKUP_ELEM, map, key, &id), 0);
	attr.map_id = id;
	fd = s->sys->bpf(s->sys, SKEP_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
	assert_true(fd >= 0);
	return fd;
}

static void runs(struct side *s, const char *name, u32 want)
{
	u32 ret;

	memset(s->out, 0, 64 * sizeof(u64));
	assert_int_equal(test_run(s->sys, skep_object_find_prog(s->obj, name)->fd, &ret),
			 0);
	assert_int_equal(ret, want);
}

static void says(struct side *s, const s64 *want, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if ((s64)s->out[i] != want[i])
			fail_msg("on the %s: out[%u] is %lld, not %lld", s->sys->name, i,
				 (long long)s->out[i], (long long)want[i]);
}

static u32 sides(const char *name)
{
	if (!any_clang())
		test_skip(name, NO_CLANG);
	return no_bpf() ? 1 : 2;
}

static void elements_of_inner_maps(void **state)
{
	const s64 want[] = {1, 1, 0, -EEXIST, 0, 42, 7, 1, 2, 107, 1, -ENOENT, 0};

	for (u32 i = 0, n = sides(__func__); i < n; i++) {
		struct side s = open_side(i);
		u64 value;
		int fd;

		runs(&s, "elements", 1);
		put(&s, "hashes", 1, make(&s, SKEP_MAP_TYPE_HASH, 4, 8, 16));
		put(&s, "hashes", 0, make(&s, SKEP_MAP_TYPE_HASH, 4, 8, 1));
		for (u32 again = 0; again < 3; again++) {
			runs(&s, "elements", 2);
			says(&s, want, ARRAY_SIZE(want));
		}
		fd = inner(&s, "hashes", 0);
		assert_int_equal(element(&s, SKEP_MAP_LOOKUP_ELEM, fd, 1, &value), 0);
		assert_int_equal(value, 100);
		s.sys->close(s.sys, fd);
		close_side(&s);
	}
}

/* More than a run keeps for the next; some are replaced while it keeps them. */
static void many_inner_maps(void **state)
{
	for (u32 i = 0, n = sides(__func__); i < n; i++) {
		struct side s = open_side(i);
		u64 sum = 0, value = 0;
		int fd;

		for (u32 k = 0; k < ARRAYS; k++) {
			fd = make(&s, SKEP_MAP_TYPE_ARRAY, 4, 8, 2);
			value = k;
			element(&s, SKEP_MAP_UPDATE_ELEM, fd, 1, &value);
			put(&s, "arrays", k, fd);
			sum += k;
			if (k % 20 && k != ARRAYS - 1)
				continue;
			runs(&s, "many", k + 1);
			assert_int_equal(s.out[0], sum);
			sum += k + 1;
		}
		put(&s, "arrays", 7, make(&s, SKEP_MAP_TYPE_ARRAY, 4, 8, 2));
		runs(&s, "many", ARRAYS);
		fd = inner(&s, "arrays", 7);
		assert_int_equal(element(&s, SKEP_MAP_LOOKUP_ELEM, fd, 1, &value), 0);
		assert_int_equal(value, 1);
		s.sys->close(s.sys, fd);
		close_side(&s);
	}
}

static void kinds_of_inner_maps(void **state)
{
	const s64 want[] = {1, 1, 0};

	for (u32 i = 0, n = sides(__func__); i < n; i++) {
		struct side s = open_side(i);

		put(&s, "percpus", 0, make(&s, SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2));
		put(&s, "rings", 0, make(&s, SKEP_MAP_TYPE_RINGBUF, 0, 0, 8192));
		runs(&s, "kinds", 3);
		says(&s, want, ARRAY_SIZE(want));
		close_side(&s);
	}
}

struct replacer {
	struct side *s;
	bool stop;
};

static void *replace(void *arg)
{
	struct replacer *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		put(r->s, "hashes", 1, make(r->s, SKEP_MAP_TYPE_HASH, 4, 8, 16));
	return NULL;
}

/* A program finds the old map or the new one, never none. */
static void maps_are_replaced_meanwhile(void **state)
{
	for (u32 i = 0, n = sides(__func__); i < n; i++) {
		struct side s = open_side(i);
		struct replacer r = {.s = &s};
		pthread_t thread;

		put(&s, "hashes", 1, make(&s, SKEP_MAP_TYPE_HASH, 4, 8, 16));
		assert_int_equal(pthread_create(&thread, NULL, replace, &r), 0);
		for (u32 k = 0; k < 3000; k++)
			runs(&s, "elements", 2);
		__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		close_side(&s);
	}
}

static u32 id_of(struct side *s, int fd)
{
	struct skep_map_info info = {0};
	union skep_attr attr = {0};

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = u64_of(&info);
	assert_int_equal(
		s->sys->bpf(s->sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	return info.id;
}

static struct skep_engine *shared_engine(const char *dir)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .shared = true, .dir = dir};
	struct skep_engine *shared;

	assert_int_equal(skep_engine_open(&opts, &shared), 0);
	return shared;
}

/* Writes an id over the one that stands in an array of maps, as nobody may. */
static void forge(const char *dir, u32 outer, u32 key, u32 id)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/objects/%u", dir, outer);
	fd = open(file, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &id, 4, 4096 + 64 + key * 4), 4);
	close(fd);
}

/* A map that another engine of the directory has put there is found; one that does not
 * fit is not. */
static void other_people_s_maps(void **state)
{
	char dir[] = "/tmp/skep-test-XXXXXX", command[64];
	struct skep_engine *engines[2];
	struct side a = {0}, b = {0};
	union skep_attr attr = {0};
	int fd, outer, wrong;

	sides(__func__);
	assert_non_null(mkdtemp(dir));
	for (u32 i = 0; i < 2; i++)
		engines[i] = shared_engine(dir);
	a.sys = skep_engine_sys(engines[0]);
	b.sys = skep_engine_sys(engines[1]);
	b.obj = loaded(b.sys, any_clang(), TEST_BPF "/map_in_map.bpf.c");
	b.out = global(b.obj, ".bss", "out");
	attr.map_id = id_of(&b, skep_object_find_map(b.obj, "hashes")->fd);
	outer = a.sys->bpf(a.sys, SKEP_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
	assert_true(outer >= 0);
	fd = make(&a, SKEP_MAP_TYPE_HASH, 4, 8, 16);
	assert_int_equal(element(&a, SKEP_MAP_UPDATE_ELEM, outer, 1, &fd), 0);
	a.sys->close(a.sys, fd);
	runs(&b, "elements", 2);
	assert_int_equal(b.out[5], 42);
	wrong = make(&a, SKEP_MAP_TYPE_HASH, 4, 4, 16);
	forge(dir, attr.map_id, 1, id_of(&a, wrong));
	runs(&b, "elements", 1);
	forge(dir, attr.map_id, 1, 9999);
	runs(&b, "elements", 1);
	a.sys->close(a.sys, outer);
	a.sys->close(a.sys, wrong);
	close_side(&b);
	for (u32 i = 0; i < 2; i++)
		skep_engine_close(engines[i]);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

static int open_engine(void **state)
{
	return skep_engine_open(NULL, &engine);
}

static int close_engine(void **state)
{
	skep_engine_close(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_of_inner_maps),
		cmocka_unit_test(many_inner_maps),
		cmocka_unit_test(kinds_of_inner_maps),
		cmocka_unit_test(maps_are_replaced_meanwhile),
		cmocka_unit_test(other_people_s_maps),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
