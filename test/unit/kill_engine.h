/* kill_engine.h - an engine for writers that are killed: bpf(2) on it, and programs of
 * theirs that work on a map through helpers; include after cmocka.h
 */
#ifndef KILL_ENGINE_H
#define KILL_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "map.h"
#include "whole_value.h"

enum { SLOTS = 2 };

static struct skep_engine *engine;

static int call(int cmd, union skep_attr attr)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	return sys->bpf(sys, cmd, &attr, sizeof(attr));
}

#define CALL(cmd, ...) call(SKEP_##cmd, (union skep_attr){__VA_ARGS__})

static inline int element(int cmd, int map, const void *key, const void *value, u64 flags)
{
	return call(cmd, (union skep_attr){.map_fd = (u32)map,
					   .key = u64_of(key),
					   .value = u64_of(value),
					   .flags = flags});
}

static inline int make_map(u32 type, u32 key_size, u32 value_size, u32 max, u32 flags)
{
	int fd = CALL(MAP_CREATE, .map_type = type, .key_size = key_size,
		      .value_size = value_size, .max_entries = max, .map_flags = flags);

	assert_true(fd >= 0);
	return fd;
}

/* To be put. */
static inline struct map *map_view(int fd)
{
	struct object *obj;

	assert_int_equal(object_get(engine->store, fd, OBJECT_MAP, &obj, NULL), 0);
	return container_of(obj, struct map, obj);
}

/* What a program gets. */
struct packet {
	u32 what, pad;
	u8 key[8];
	u64 value[WORDS];
};

/* How its text begins: r6 is the packet, r8 what it is to do. Its text has an `out`,
 * where r0 is returned. */
#define PACKET \
	"r6 = *(u32 *)(r1 +0)\n" \
	"r7 = *(u32 *)(r1 +4)\n" \
	"r0 = 0\n" \
	"r2 = r6\n" \
	"r2 += 80\n" \
	"if r2 > r7 goto out\n" \
	"r8 = *(u32 *)(r6 +0)\n"

/* An XDP program from text in which %d is the map's fd. */
static inline int load_prog(const char *text, int map)
{
	static char log[1 << 14];
	struct skep_insn code[128];
	char source[2048];
	int n, fd;

	snprintf(source, sizeof(source), text, map);
	n = skep_asm(source, strlen(source), NULL, code, ARRAY_SIZE(code), NULL);
	assert_true(n > 0);
	fd = CALL(PROG_LOAD, .prog_type = SKEP_PROG_TYPE_XDP, .insns = u64_of(code),
		  .insn_cnt = (u32)n, .license = u64_of("GPL"), .log_level = 1,
		  .log_buf = u64_of(log), .log_size = sizeof(log));
	if (fd < 0)
		fail_msg("%s\n%s", source, log);
	return fd;
}

/* What it returned, or the error. */
static inline int run_prog(int prog, const struct packet *packet)
{
	union skep_attr attr = {0};
	struct skep_sys *sys = skep_engine_sys(engine);
	int err;

	attr.test.prog_fd = (u32)prog;
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(*packet);
	err = sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	return err ? err : (int)attr.test.retval;
}

#define NO_PTRACE "ptrace(2) is forbidden here"

/* The two tests of each of `n` rows of `size` bytes, which begin with their names. What
 * main() returns; its argument filters. */
static inline int kill_run(int argc, char **argv, const void *rows, size_t size, u32 n,
			   CMUnitTestFunction beside_others, CMUnitTestFunction at_steps,
			   CMFixtureFunction setup, CMFixtureFunction teardown)
{
	struct CMUnitTest tests[64] = {0};
	char names[64][64];

	assert_true(2 * n <= ARRAY_SIZE(tests));
	for (u32 i = 0; i < 2 * n; i++) {
		const void *row = (const u8 *)rows + i / 2 * size;
		bool steps = i % 2;

		snprintf(names[i], sizeof(names[i]), "%s_killed_%s", *(char *const *)row,
			 steps ? "at_steps" : "beside_others");
		tests[i] =
			(struct CMUnitTest){.name = names[i],
					    .test_func = steps ? at_steps : beside_others,
					    .initial_state = (void *)row};
	}
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("kinds", tests, 2 * n, setup, teardown);
}

static inline int open_engine(void **state)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = SLOTS};

	return skep_engine_open(&opts, &engine);
}

static inline int close_engine(void **state)
{
	skep_engine_close(engine);
	return 0;
}

#endif
