/* test/bpf/fields.bpf.c on the engine and on the kernel: both give the same answers, and
 * the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sides.h"

#define FIELDS TEST_BPF "/fields.bpf.c"

struct locked {
	u64 a;
	u32 lock, n;
	u64 b;
};

/* out NULL: its memory is left alone, which other threads use. */
static void run(struct side *s, const char *name, u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;

	if (out)
		memset(s->bss->data, 0, s->bss->data_len);
	memset(&attr, 0, sizeof(attr));
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(side_run(s, name, &attr, out), 0);
}

static int elem(struct side *s, enum skep_cmd cmd, const char *map, u32 key, void *value,
		u64 flags)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, map)->fd;
	attr.key = u64_of(&key);
	attr.value = u64_of(value);
	attr.flags = flags;
	return s->sys->bpf(s->sys, cmd, &attr, sizeof(attr));
}

static void values_are_locked(void **state)
{
	static const s64 want[] = {42,	    2,	     0,	 5, 6,	 7,	  -ENOENT, 0,
				   -EEXIST, -EINVAL, 15, 0, 100, -EINVAL, 0,	   0};
	struct locked value;
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(__func__, FIELDS); i < end; i++) {
		side_open(&s, i);
		run(&s, "locks", out);
		same(&s, "locks", out, want, ARRAY_SIZE(want));
		value.lock = 77;
		assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "array", 1, &value, 0),
				 0);
		assert_int_equal(value.a, 5);
		assert_int_equal(value.lock, 0);
		assert_int_equal(value.n, 6);
		skep_object_close(s.obj);
	}
}

static void *run_slowly(void *arg)
{
	for (int i = 0; i < 200; i++)
		run(arg, "slowly", NULL);
	return NULL;
}

/* Who holds the lock is alone: neither another program nor a reader sees half of it. */
static void who_has_the_lock_is_alone(void **state)
{
	pthread_t threads[2];
	struct locked value;
	struct side s;

	for (u32 i = 0, end = sides(__func__, FIELDS); i < end; i++) {
		side_open(&s, i);
		for (u32 k = 0; k < 2; k++)
			pthread_create(&threads[k], NULL, run_slowly, &s);
		do {
			assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "array", 0,
					      &value, SKEP_F_LOCK),
					 0);
			assert_int_equal(value.a, value.b);
			assert_int_equal(value.a % 2000, 0);
		} while (value.a != 2 * 200 * 2000);
		for (u32 k = 0; k < 2; k++)
			pthread_join(threads[k], NULL);
		skep_object_close(s.obj);
	}
}

/* Whoever is killed with the lock keeps nobody out. */
static void the_dead_keep_no_lock(void **state)
{
	struct locked value;
	u32 halves = 0;
	struct side s;
	u64 out[OUT];

	sides(__func__, FIELDS);
	side_open(&s, 0);
	for (u32 i = 0; i < 100; i++) {
		struct timespec nap = {.tv_nsec = 1000000 + 37000 * (long)i};
		pid_t pid = fork();

		while (!pid)
			run(&s, "slowly", out);
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(
			elem(&s, SKEP_MAP_LOOKUP_ELEM, "array", 0, &value, SKEP_F_LOCK),
			0);
		halves += value.a != value.b;
		memset(&value, 0, sizeof(value));
		assert_int_equal(
			elem(&s, SKEP_MAP_UPDATE_ELEM, "array", 0, &value, SKEP_F_LOCK),
			0);
		run(&s, "slowly", out);
	}
	assert_true(halves > 10); /* they did die with it */
	skep_object_close(s.obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_locked),
		cmocka_unit_test(who_has_the_lock_is_alone),
		cmocka_unit_test(the_dead_keep_no_lock),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
