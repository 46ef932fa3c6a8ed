/* helper_bench.h - a run by hand, for tests of helpers
 *
 * A program that does nothing but call helpers: call(b, SKEP_FUNC_x, args...) checks the
 * arguments by the helper's row as the interpreter would. b->mem is memory that the
 * program may touch, b->text what the run said. Include it after cmocka.h.
 */
#ifndef HELPER_BENCH_H
#define HELPER_BENCH_H

#include <errno.h>
#include <stdlib.h>
#include "helper.h"

enum { BENCH_ROOM = 1024 };

struct bench {
	struct run run;
	struct prog prog;
	struct map map;
	struct skep_event event;
	struct skep_world world;
	struct skep_task task;
	struct skep_packet packet;
	struct skep_region region;
	struct run_value values[RUN_VALUES];
	struct prog_func func;
	struct skep_log log;
	char text[512];
	char printed[2048];
	u8 mem[1024];
	u8 data[BENCH_ROOM];
	u32 calls;	  /* of callbacks */
	const u8 *lowest; /* that the packet's data has been in this run */
};

static inline void bench_print(void *arg, const char *line, size_t len)
{
	strncat(((struct bench *)arg)->printed, line, len);
}

static inline void bench_begin(struct bench *b, u32 type)
{
	assert_int_equal(prog_set_type(&b->prog, type, 0), 0);
	b->run.number++;
	b->text[0] = 0;
	b->log.len = 0;
	run_begin(&b->run);
}

static inline int bench_setup(void **state)
{
	static const struct object_ops *const none[OBJECT_KINDS];
	struct bench *b = calloc(1, sizeof(*b));

	assert_int_equal(store_open(NULL, none, NULL, &b->run.store), 0);
	b->log = (struct skep_log){.buf = b->text, .size = sizeof(b->text)};
	b->packet = (struct skep_packet){.head = b->data,
					 .data = b->data + 256,
					 .tail = b->data + 256 + 74,
					 .end = b->data + BENCH_ROOM};
	b->region =
		(struct skep_region){.at = b->mem, .len = sizeof(b->mem), .write = true};
	b->world.task = &b->task;
	b->world.print = bench_print;
	b->world.arg = b;
	b->event.packet = &b->packet;
	b->event.regions = &b->region;
	b->event.nregions = 1;
	b->event.world = &b->world;
	b->prog.nfuncs = 1;
	b->prog.funcs = &b->func;
	b->func = (struct prog_func){0, 10, 0};
	b->run.prog = &b->prog;
	b->run.event = &b->event;
	b->event.world = &b->world;
	b->run.values = b->values;
	b->run.log = &b->log;
	b->run.slot = 3;
	bench_begin(b, SKEP_PROG_TYPE_SCHED_CLS);
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	store_close(b->run.store);
	free(b);
	return 0;
}

/* Five numbers or pointers; what the helper returned. */
#define call(b, id, ...) bench_call(b, id, (const u64[5]){__VA_ARGS__})
#define P(x)		 u64_of(x)

static inline s64 bench_call(struct bench *b, u32 id, const u64 args[5])
{
	b->run.fault = 0;
	b->log.len = 0;
	b->text[0] = 0;
	return (s64)helper_call(&b->run, helper_of(id), args);
}

/* Puts bytes into the program's memory. */
static inline void *put(struct bench *b, u32 at, const void *data, size_t len)
{
	return memcpy(b->mem + at, data, len);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

#endif
