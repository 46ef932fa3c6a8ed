/* test/bpf/map_types.bpf.c on the engine and on the kernel: both give the same answers,
 * and the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/engine.h>
#include <skep/load.h>
#include "bits.h"
#include "bpfcc.h"
#include "skip.h"

enum { OUT = 64 };

static struct skep_engine *engine;
static char path[64], text[1 << 16];
static struct skep_log said = {.buf = text, .size = sizeof(text)};

struct side {
	struct skep_sys *sys;
	struct skep_object *obj;
	u64 *out;
};

static void side_open(struct side *s, u32 i)
{
	said.len = 0;
	s->sys = i ? skep_sys_kernel() : skep_engine_sys(engine);
	if (skep_object_open(path, &s->obj, &said) ||
	    skep_object_load(s->obj, s->sys, NULL, &said))
		fail_msg("%s: %s", s->sys->name, text);
	s->out = skep_object_find_map(s->obj, ".bss")->data;
}

static u32 sides(const char *name)
{
	const char *cc = any_clang();

	if (!cc)
		test_skip(name, NO_CLANG);
	if (!path[0] && !bpf_compile(cc, TEST_BPF "/map_types.bpf.c", NULL, path))
		fail_msg("%s does not compile map_types.bpf.c", cc);
	return no_bpf() ? 1 : 2;
}

/* Runs a program once; what it returned. */
static u32 run(struct side *s, const char *name)
{
	union skep_attr attr;
	int err;

	memset(s->out, 0, OUT * sizeof(*s->out));
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)skep_object_find_prog(s->obj, name)->fd;
	err = s->sys->bpf(s->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err)
		fail_msg("%s on the %s: error %d", name, s->sys->name, err);
	return attr.test.retval;
}

static void same(const struct side *s, const char *name, const s64 *want, u32 n)
{
	for (u32 k = 0; k < n; k++) {
		if ((s64)s->out[k] != want[k])
			fail_msg("%s on the %s: out[%u] is %lld, not %lld", name,
				 s->sys->name, k, (long long)s->out[k],
				 (long long)want[k]);
	}
}

#define SAME(s, name, ...) \
	same(s, name, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

static void lru_percpu(void **state)
{
	for (u32 i = 0, n = sides(__func__); i < n; i++) {
		struct side s;

		side_open(&s, i);
		assert_int_equal(run(&s, "lru_percpu"), 0);
		SAME(&s, "lru_percpu", 1, -ENOENT, 0, -EEXIST, -EINVAL, 7, 1, 1, 2,
		     3 * 10 + 4 * 7, 0, -ENOENT, 1);
		skep_object_close(s.obj);
	}
}

static int open_engine(void **state)
{
	return skep_engine_open(NULL, &engine);
}

static int close_engine(void **state)
{
	skep_engine_close(engine);
	if (path[0])
		unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_percpu),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
