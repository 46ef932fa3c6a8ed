/* Programs that make objects, keep them and put them into lists and trees are killed at
 * it: nobody waits for the dead, what is there is whole, and what they held is free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/load.h>
#include "bpfcc.h"
#include "kill_engine.h"
#include "killed.h"
#include "skip.h"

enum { KILLS = 40 };

struct victim {
	int churn, settle;
};

static bool run(int prog)
{
	static const struct packet packet;

	return !run_prog(prog, &packet);
}

static bool work(void *thing, u64 *rng)
{
	const struct victim *v = thing;

	return run(v->churn);
}

static void check(void *thing)
{
	const struct victim *v = thing;

	assert_true(run(v->churn));
}

static void complete(void *thing)
{
	const struct victim *v = thing;

	assert_int_equal(run_prog(v->settle, &(struct packet){0}), 0);
}

static const struct killed objects = {.work = work, .check = check, .complete = complete};

static struct skep_object *load(const char *who, struct victim *v)
{
	static char text[1 << 16];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_object *obj;
	char path[64];

	if (!tag_clang())
		test_skip(who, NO_TAG_CLANG);
	assert_true(bpf_compile(tag_clang(), TEST_BPF "/objects_kill.bpf.c", NULL, path));
	if (skep_object_open(path, &obj, &log) ||
	    skep_object_load(obj, skep_engine_sys(engine), NULL, &log))
		fail_msg("%s", text);
	unlink(path);
	v->churn = skep_object_find_prog(obj, "churn")->fd;
	v->settle = skep_object_find_prog(obj, "settle")->fd;
	return obj;
}

static void beside_others(void **state)
{
	struct victim v;
	struct skep_object *obj = load(__func__, &v);

	killed_beside_others(&objects, &v, killed_times(KILLS), 1);
	skep_object_close(obj);
}

static void at_steps(void **state)
{
	struct victim v;
	struct skep_object *obj = load(__func__, &v);

	if (!killed_at_steps(&objects, &v, killed_times(KILLS), 2))
		test_skip(__func__, NO_PTRACE);
	skep_object_close(obj);
}

int main(int argc, char **argv)
{
	static const char *const rows[] = {"objects"};

	return kill_run(argc, argv, rows, sizeof(rows[0]), 1, beside_others, at_steps,
			open_engine, close_engine);
}
