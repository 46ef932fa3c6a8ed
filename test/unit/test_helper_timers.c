/* test/bpf/timers.bpf.c on the engine and on the kernel: both give the same answers, and
 * the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sides.h"

#define TIMERS TEST_BPF "/timers.bpf.c"

/* Where these variables stand in .bss. */
enum { FIRED = OUT, EARLY };

struct elem {
	u64 n, timer[2], more;
};

static void nap(u32 ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};

	nanosleep(&ts, NULL);
}

static u64 fired(const struct side *s)
{
	return __atomic_load_n((u64 *)s->bss->data + FIRED, __ATOMIC_ACQUIRE);
}

static void wait_for(const struct side *s, u64 times)
{
	for (u32 i = 0; fired(s) < times; i++) {
		if (i == 5000)
			fail_msg("%s: fired %llu times, not %llu", s->sys->name,
				 (unsigned long long)fired(s), (unsigned long long)times);
		nap(1);
	}
}

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

static int elem(struct side *s, enum skep_cmd cmd, const char *map, u32 key, void *value)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, map)->fd;
	attr.key = u64_of(&key);
	if (cmd != SKEP_MAP_DELETE_ELEM)
		attr.value = u64_of(value);
	return s->sys->bpf(s->sys, cmd, &attr, sizeof(attr));
}

#define EACH_SIDE(s) \
	for (u32 i_ = 0, end_ = sides(__func__, TIMERS); i_ < end_; \
	     skep_object_close((s)->obj), i_++) \
		if (side_open(s, i_), true)

static void helpers_answer(void **state)
{
	static const s64 want[] = {-EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL,
				   0,	    -EBUSY,  -EINVAL, 0,       0,	-EINVAL,
				   0,	    0,	     1,	      -EINVAL, 0,	0,
				   0,	    0,	     -EINVAL, 0,       3};
	static const s64 hashes[] = {0, 0, 0, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0};
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "answers", out);
		same(&s, "answers", out, want, ARRAY_SIZE(want));
		run(&s, "hashes", out);
		same(&s, "hashes", out, hashes, ARRAY_SIZE(hashes));
		same(&s, "hashes", out + 20, hashes, ARRAY_SIZE(hashes));
		assert_int_equal(fired(&s), 0);
	}
}

static void they_fire(void **state)
{
	static const s64 ok[] = {0, 0, 0}, own[] = {-EDEADLK, 9, 0, -EBUSY};
	u64 out[OUT];
	struct elem e;
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "five", out);
		same(&s, "five", out, ok, ARRAY_SIZE(ok));
		wait_for(&s, 1);
		same(&s, "five", (u64 *)s.bss->data + 20, own, ARRAY_SIZE(own));
		assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "hash", 9, &e), 0);
		assert_int_equal(e.n, 5);
		assert_int_equal(e.timer[0] | e.timer[1], 0);
		assert_int_equal(e.more, 7);
		run(&s, "at", out);
		wait_for(&s, 1);
		nap(5);
		assert_int_equal(fired(&s), 1);
		assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "array", 0, &e), 0);
		assert_int_equal(e.n, 1);
	}
}

static void on_every_clock(void **state)
{
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "on_clocks", out);
		wait_for(&s, 3);
	}
}

static void at_once_after_all(void **state)
{
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "sooner", out);
		assert_int_equal(out[3], 0);
		wait_for(&s, 1);
	}
}

static void on_the_cpu_that_started_it(void **state)
{
	struct elem e;
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "pinned", out);
		wait_for(&s, 1);
		assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "array", 0, &e), 0);
		assert_int_equal(e.n, out[3]);
	}
}

/* A descriptor that stays one, of something else. */
static void become_null(struct side *s, int fd)
{
	int null = open("/dev/null", O_RDONLY);

	assert_int_equal(s->sys->close(s->sys, fd), 0);
	assert_int_equal(fcntl(null, F_DUPFD, fd), fd);
	close(null);
}

static void the_element_ends_it(void **state)
{
	struct elem e = {0};
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "soon", out);
		assert_int_equal(elem(&s, SKEP_MAP_UPDATE_ELEM, "array", 0, &e), 0);
		nap(60);
		assert_int_equal(fired(&s), 0);
	}
}

static void the_last_descriptor_ends_it(void **state)
{
	static const s64 no[] = {-EPERM, -EINVAL, -EINVAL};
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "soon", out);
		become_null(&s, skep_object_find_map(s.obj, "array")->fd);
		nap(60);
		assert_int_equal(fired(&s), 0);
		run(&s, "soon", out);
		same(&s, "soon", out, no, ARRAY_SIZE(no));
	}
}

static void a_timer_keeps_its_program(void **state)
{
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "soon", out);
		become_null(&s, skep_object_find_prog(s.obj, "soon")->fd);
		wait_for(&s, 1);
	}
}

static void in_a_map_of_a_map(void **state)
{
	static const s64 ok[] = {0, 0, 0};
	struct elem e;
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "in_a_map", out);
		same(&s, "in_a_map", out, ok, ARRAY_SIZE(ok));
		wait_for(&s, 1);
		assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "inner", 0, &e), 0);
		assert_int_equal(e.n, 1);
	}
}

/* A child of a process that has a thread starts its own. */
static void skip_where_no_child_may(const char *name)
{
#ifdef __SANITIZE_THREAD__
	test_skip(name, "ThreadSanitizer ends a child that starts a thread when its "
			"parent had one");
#endif
}

/* Timers are those of the process that started them. */
static void a_child_has_none(void **state)
{
	u64 out[OUT];
	struct side s;
	int status;
	pid_t pid;

	skip_where_no_child_may(__func__);
	sides(__func__, TIMERS);
	side_open(&s, 0);
	run(&s, "soon", out);
	pid = fork();
	if (!pid) {
		run(&s, "sooner", out); /* in a process of its own */
		wait_for(&s, 1);
		skep_object_close(s.obj);
		skep_engine_close(engine);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	wait_for(&s, 1);
	skep_object_close(s.obj);
}

/* The kernel makes a timer in memory that it may not have just then, the engine has it.
 */
static void many_fire_when_they_are_due(void **state)
{
	enum { MANY = 500, CANCELLED = 56 };
	struct {
		u64 due, times, timer[2];
	} late;
	u64 out[OUT], times;
	struct side s;

	EACH_SIDE(&s)
	{
		run(&s, "start_many", out);
		wait_for(&s, out[1]);
		nap(5);
		assert_int_equal(fired(&s), out[1]);
		assert_int_equal(((u64 *)s.bss->data)[EARLY], 0);
		if (s.sys != skep_sys_kernel()) {
			assert_int_equal(out[0], CANCELLED);
			assert_int_equal(out[1], MANY);
		}
		times = 0;
		for (u32 i = 0; i < MANY; i++) {
			assert_int_equal(elem(&s, SKEP_MAP_LOOKUP_ELEM, "many", i, &late),
					 0);
			assert_in_range(late.times, 0, 1);
			times += late.times;
		}
		assert_int_equal(times, out[1]);
	}
}

static void *churn(void *arg)
{
	for (int i = 0; i < 1000; i++)
		run(arg, "churn", NULL);
	return NULL;
}

static void elements_come_and_go(void **state)
{
	pthread_t threads[2];
	struct elem e = {0};
	u64 out[OUT];
	struct side s;

	EACH_SIDE(&s)
	{
		for (u32 i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, churn, &s);
		for (u32 i = 0; i < 1000; i++) {
			elem(&s, SKEP_MAP_DELETE_ELEM, "hash", i % 6, NULL);
			elem(&s, SKEP_MAP_UPDATE_ELEM, "array", i % 3, &e);
		}
		for (u32 i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		run(&s, "sooner", out);
		wait_for(&s, 1);
	}
}

/* What a process did not finish keeps no other from its timers. */
static void the_dead_keep_no_timer(void **state)
{
	u64 out[OUT];
	struct side s;

	skip_where_no_child_may(__func__);
	sides(__func__, TIMERS);
	side_open(&s, 0);
	for (u32 i = 0; i < 50; i++) {
		struct timespec ts = {.tv_nsec = 1000000 + 53000 * (long)i};
		pid_t pid = fork();

		while (!pid)
			run(&s, "churn", out);
		nanosleep(&ts, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		for (int k = 0; k < 6; k++)
			run(&s, "churn", out);
		run(&s, "sooner", out);
		wait_for(&s, 1);
	}
	skep_object_close(s.obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(helpers_answer),
		cmocka_unit_test(they_fire),
		cmocka_unit_test(on_every_clock),
		cmocka_unit_test(at_once_after_all),
		cmocka_unit_test(on_the_cpu_that_started_it),
		cmocka_unit_test(the_element_ends_it),
		cmocka_unit_test(the_last_descriptor_ends_it),
		cmocka_unit_test(a_timer_keeps_its_program),
		cmocka_unit_test(in_a_map_of_a_map),
		cmocka_unit_test(a_child_has_none),
		cmocka_unit_test(many_fire_when_they_are_due),
		cmocka_unit_test(elements_come_and_go),
		cmocka_unit_test(the_dead_keep_no_timer),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
