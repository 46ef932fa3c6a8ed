/* test/bpf/objects_work.bpf.c on the engine and on the kernel: both give the same
 * answers, and the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>
#include "sides.h"

#define WORK TEST_BPF "/objects_work.bpf.c"

/* Where these variables stand in .bss. */
enum { DONE = OUT, TIMED };

static void run(struct side *s, const char *name, u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;

	memset(s->bss->data, 0, s->bss->data_len);
	memset(&attr, 0, sizeof(attr));
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(side_run(s, name, &attr, out), 0);
}

static void wait_for(const struct side *s, u32 word, u64 times)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	u64 n;

	for (u32 i = 0;
	     (n = __atomic_load_n((u64 *)s->bss->data + word, __ATOMIC_ACQUIRE)) < times;
	     i++) {
		if (i == 5000)
			fail_msg("%s: %llu times, not %llu", s->sys->name,
				 (unsigned long long)n, (unsigned long long)times);
		nanosleep(&ms, NULL);
	}
	assert_int_equal(n, times);
}

static u64 number(struct side *s, const char *map, u32 key)
{
	u64 value[6] = {0};
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, map)->fd;
	attr.key = u64_of(&key);
	attr.value = u64_of(value);
	assert_int_equal(s->sys->bpf(s->sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)),
			 0);
	return value[0];
}

static void work_is_done(void **state)
{
	static const s64 answers[] = {-EINVAL, -EINVAL, -EINVAL, 0,	 -EBUSY,
				      -EINVAL, -EINVAL, 0,	 -EINVAL},
			 ok[6] = {0};
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, n = sides_by(__func__, WORK, tag_clang(), NO_TAG_CLANG); i < n;
	     i++) {
		side_open(&s, i);
		run(&s, "answers", out);
		same(&s, "answers", out, answers, ARRAY_SIZE(answers));
		run(&s, "work", out);
		same(&s, "work", out, ok, 3);
		wait_for(&s, DONE, 1);
		assert_int_equal(number(&s, "array", 1), 2);
		run(&s, "repeat", out);
		same(&s, "repeat", out, ok, 3);
		wait_for(&s, DONE, 1);
		assert_int_equal(number(&s, "array", 2), 5);
		run(&s, "both", out);
		same(&s, "both", out, ok, 6);
		wait_for(&s, DONE, 1);
		wait_for(&s, TIMED, 1);
		assert_int_equal(number(&s, "hash", 7), 8);
		skep_object_close(s.obj);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_done),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
