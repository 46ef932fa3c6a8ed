/* The loader on a private engine: the same objects as on the kernel, without root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/engine.h>
#include "load_side.h"
#include "skip.h"

enum { CALLS = 5 };

static struct skep_engine *new_engine(void)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .log = fresh_log()};
	struct skep_engine *engine;

	if (skep_engine_open(&opts, &engine))
		fail_msg("%s", text);
	return engine;
}

static void each_compiler(const char *name,
			  void (*fn)(struct skep_engine *e, const char *cc))
{
	int n = 0;

	for (int i = 0; i < N_BPF_COMPILERS; i++) {
		struct skep_engine *engine;

		if (!has_compiler(bpf_compilers[i]))
			continue;
		engine = new_engine();
		fn(engine, bpf_compilers[i]);
		skep_engine_close(engine);
		n++;
	}
	if (!n)
		test_skip(name, NO_CLANG);
}

static void run(struct skep_engine *engine, const char *cc)
{
	run_one(skep_engine_sys(engine), cc);
}

static void programs_run_with_their_globals(void **state)
{
	each_compiler(__func__, run);
}

/* This program again, as a command that makes CALLS calls. */
static void trace_calls(struct skep_engine *engine)
{
	char *argv[] = {"/proc/self/exe", "calls", NULL};
	struct skep_trace_opts opts = {.size = sizeof(opts), .log = fresh_log()};
	char self[256] = "";
	int status = -1, err;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
		argv[0] = self;
	err = skep_trace_command(engine, argv, &opts, &status);
	if (err)
		fail_msg("%d: %s", err, text);
	assert_int_equal(status, 0);
}

static void trace(struct skep_engine *engine, const char *cc)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	struct skep_object *obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	struct seen seen = {.btf = skep_object_btf(obj),
			    .map = skep_object_find_map(obj, "counts")};
	struct skep_ringbuf *rb;
	struct skep_link *link;

	unlink(path);
	assert_int_equal(skep_ringbuf_open(sys, skep_object_find_map(obj, "events")->fd,
					   see_record, &seen, &rb, fresh_log()),
			 0);
	if (skep_object_attach(obj, skep_object_find_prog(obj, "count"), NULL, &link,
			       &said))
		fail_msg("%s", text);
	assert_true(skep_link_fd(link) >= 0);
	trace_calls(engine);
	skep_link_detach(link);
	trace_calls(engine);
	assert_int_equal(skep_map_each(sys, seen.map->fd, see, &seen, &said), 0);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.value, "{ \"count\": 5, \"color\": \"GREEN\", \"name\": "
					"\"getppid\", \"low\": 5, \"high\": 6 }");
	assert_int_equal(skep_ringbuf_poll(rb, 0), CALLS);
	assert_int_equal(*(long *)global(obj, ".data", "total"), 40 + CALLS * 4);
	skep_ringbuf_close(rb);
	skep_object_close(obj);
}

static void tracepoints_count_and_tell(void **state)
{
	each_compiler(__func__, trace);
}

static void what_the_engine_refuses_is_said(void **state)
{
	static const char source[] =
		"__attribute__((section(\"lirc_mode2\"), used)) int bad(int *p) { return 0; }";
	const char *cc = any_clang();
	struct skep_engine *engine;
	struct skep_object *obj;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	engine = new_engine();
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	assert_true(skep_object_load(obj, skep_engine_sys(engine), NULL, &said) < 0);
	assert_non_null(strstr(text, "program 'bad': the engine refused it: "));
	skep_object_close(obj);
	skep_engine_close(engine);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_run_with_their_globals),
		cmocka_unit_test(tracepoints_count_and_tell),
		cmocka_unit_test(what_the_engine_refuses_is_said),
	};

	for (int i = 0; argc > 1 && i < CALLS; i++)
		syscall(SYS_getppid);
	if (argc > 1)
		_exit(0); /* a leak check at exit would want ptrace for itself */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
