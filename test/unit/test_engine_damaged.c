/* Files of an engine's directory with wrong bytes in them, as a fault of the machine or
 * another program of the same user leaves them: whatever a command then answers, the
 * process that asks goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <skep/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "object.h"

enum { ROUNDS = 500, FILES = 16 };

struct file {
	char path[300], pin[300];
	u8 *bytes;
	size_t len, intact; /* intact: what opening checks and refuses */
};

struct env {
	char dir[64];
	struct file files[FILES];
	u32 nfiles, seed, opened;
};

static struct env *current; /* nftw(3) passes nothing on */

static u32 rnd(struct env *env)
{
	env->seed = env->seed * 1664525 + 1013904223;
	return env->seed >> 8;
}

static struct skep_engine *open_engine(struct env *env)
{
	struct skep_engine_opts opts = {.size = sizeof(opts),
					.shared = true,
					.dir = env->dir,
					.slots = 2,
					.budget = 100000};
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	return engine;
}

static int call(struct skep_engine *engine, int cmd, union skep_attr *attr)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	return sys->bpf(sys, cmd, attr, sizeof(*attr));
}

/* ---- what there is to damage ---- */

static void pin(struct skep_engine *engine, int fd, const char *name)
{
	char path[64];
	union skep_attr attr = {.pathname = u64_of(path), .bpf_fd = (u32)fd};

	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/sys/fs/bpf/%s", name);
	assert_int_equal(call(engine, SKEP_OBJ_PIN, &attr), 0);
}

static int make_map(struct skep_engine *engine, u32 type)
{
	bool ring = type == SKEP_MAP_TYPE_RINGBUF;
	union skep_attr attr = {
		.map_type = type,
		.key_size = ring ? 0 : 4,
		.value_size = ring				 ? 0
			      : type == SKEP_MAP_TYPE_PROG_ARRAY ? 4
								 : 8,
		.max_entries = ring ? 4096 : 16,
	};
	int fd = call(engine, SKEP_MAP_CREATE, &attr);

	for (u32 key = 0; key < 12 && !ring; key++) {
		u64 values[16] = {key};
		union skep_attr put = {
			.map_fd = (u32)fd, .key = u64_of(&key), .value = u64_of(values)};

		call(engine, SKEP_MAP_UPDATE_ELEM, &put);
	}
	return fd;
}

/* r0 = *lookup(map, 3), or 0 */
static int make_prog(struct skep_engine *engine, int map, u32 type)
{
	struct skep_insn code[] = {
		{.code = 0x62, .dst_reg = 10, .off = -4, .imm = 3},
		{.code = 0x18, .dst_reg = 1, .src_reg = SKEP_PSEUDO_MAP_FD, .imm = map},
		{.code = 0},
		{.code = 0xbf, .dst_reg = 2, .src_reg = 10},
		{.code = 0x07, .dst_reg = 2, .imm = -4},
		{.code = 0x85, .imm = SKEP_FUNC_map_lookup_elem},
		{.code = 0x15, .off = 1},
		{.code = 0x79, .src_reg = 0},
		{.code = 0x95},
	};
	union skep_attr attr = {.prog_type = type,
				.insn_cnt = ARRAY_SIZE(code),
				.insns = u64_of(code),
				.license = u64_of("GPL")};

	return call(engine, SKEP_PROG_LOAD, &attr);
}

static int make_link(struct skep_engine *engine, int prog)
{
	union skep_attr attr = {
		.raw_tracepoint = {.name = u64_of("sys_enter"), .prog_fd = (u32)prog}};

	return call(engine, SKEP_RAW_TRACEPOINT_OPEN, &attr);
}

static void make_all(struct env *env)
{
	static const u32 types[] = {
		SKEP_MAP_TYPE_ARRAY,	    SKEP_MAP_TYPE_HASH,
		SKEP_MAP_TYPE_PERCPU_ARRAY, SKEP_MAP_TYPE_PERCPU_HASH,
		SKEP_MAP_TYPE_LRU_HASH,	    SKEP_MAP_TYPE_PROG_ARRAY,
		SKEP_MAP_TYPE_RINGBUF,	    SKEP_MAP_TYPE_LRU_PERCPU_HASH,
		SKEP_MAP_TYPE_STACK_TRACE,
	};
	struct skep_engine *engine = open_engine(env);
	char name[16];
	int prog;

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		snprintf(name, sizeof(name), "map%u", i);
		pin(engine, make_map(engine, types[i]), name);
	}
	pin(engine, make_prog(engine, make_map(engine, SKEP_MAP_TYPE_HASH), 6), "prog");
	prog = make_prog(engine, make_map(engine, SKEP_MAP_TYPE_ARRAY),
			 SKEP_PROG_TYPE_RAW_TRACEPOINT);
	pin(engine, make_link(engine, prog), "link");
	skep_engine_close(engine);
	closefrom(3);
}

static int read_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct file *f = &current->files[current->nfiles];
	int fd;
	bool state = strstr(path, "/state");

	if (type != FTW_F || (!strstr(path, "/objects/") && !state))
		return 0;
	assert_true(current->nfiles++ < FILES);
	snprintf(f->path, sizeof(f->path), "%s", path);
	strcpy(f->pin, path);
	if (!state) {
		snprintf(strstr(f->pin, "/objects/"), 64, "/pins/keep-%.20s",
			 strrchr(path, '/') + 1);
		assert_int_equal(link(f->path, f->pin), 0);
	}
	f->intact = state ? 24 : 0;
	f->len = (size_t)st->st_size;
	f->bytes = malloc(f->len);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, f->bytes, f->len), f->len);
	close(fd);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	*state = current = env;
	env->seed = getenv("SEED") ? (u32)atoi(getenv("SEED")) : 7; /* for longer hunts */
	strcpy(env->dir, "/tmp/skep-test-XXXXXX");
	assert_non_null(mkdtemp(env->dir));
	make_all(env);
	nftw(env->dir, read_one, 8, FTW_PHYS);
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	nftw(env->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	for (u32 i = 0; i < env->nfiles; i++)
		free(env->files[i].bytes);
	free(env);
	return 0;
}

/* ---- use ---- */

static void use_map(struct skep_engine *engine, int fd)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	u64 key[64] = {3}, next[64] = {0}, value[64] = {0};
	union skep_attr attr = {
		.map_fd = (u32)fd, .key = u64_of(key), .value = u64_of(value)};
	struct pollfd poll = {fd, POLLIN, 0};
	void *at = NULL;

	call(engine, SKEP_MAP_LOOKUP_ELEM, &attr);
	call(engine, SKEP_MAP_UPDATE_ELEM, &attr);
	attr.key = 0;
	attr.next_key = u64_of(next);
	for (int i = 0; i < 40 && !call(engine, SKEP_MAP_GET_NEXT_KEY, &attr); i++) {
		attr.key = u64_of(key);
		memcpy(key, next, sizeof(key));
	}
	attr.key = u64_of(key);
	attr.value = 0;
	call(engine, SKEP_MAP_DELETE_ELEM, &attr);
	sys->poll(sys, &poll, 1, 0);
	if (!sys->mmap(sys, &at, 4096, PROT_READ, MAP_SHARED, fd, 0))
		munmap(at, 4096);
}

static void use_prog(struct skep_engine *engine, int fd)
{
	u8 data[64] = {0};
	union skep_attr attr = {.test = {.prog_fd = (u32)fd,
					 .data_in = u64_of(data),
					 .data_size_in = 64}};

	call(engine, SKEP_PROG_TEST_RUN, &attr);
	attr.test.data_in = attr.test.data_size_in = 0;
	call(engine, SKEP_PROG_TEST_RUN, &attr);
}

static void use_kind(struct skep_engine *engine, int next, int open,
		     void (*use)(struct skep_engine *engine, int fd))
{
	union skep_attr attr = {0};
	u64 info[64];

	while (!call(engine, next, &attr)) {
		union skep_attr id = {.map_id = attr.next_id};
		int fd = call(engine, open, &id);
		union skep_attr ask = {.info = {.bpf_fd = (u32)fd, .info = u64_of(info)}};

		memset(info, 0, sizeof(info));
		ask.info.info_len = sizeof(info);
		call(engine, SKEP_OBJ_GET_INFO_BY_FD, &ask);
		current->opened += fd >= 0;
		if (use && fd >= 0)
			use(engine, fd);
		if (fd >= 0)
			close(fd);
		attr.start_id = attr.next_id;
		attr.next_id = 0;
	}
}

static void use_all(struct skep_engine *engine)
{
	use_kind(engine, SKEP_MAP_GET_NEXT_ID, SKEP_MAP_GET_FD_BY_ID, use_map);
	use_kind(engine, SKEP_PROG_GET_NEXT_ID, SKEP_PROG_GET_FD_BY_ID, use_prog);
	use_kind(engine, SKEP_LINK_GET_NEXT_ID, SKEP_LINK_GET_FD_BY_ID, NULL);
}

/* ---- damage ---- */

static const u64 values[] = {0, 1, 0xff, 0x7fffffff, 0xffffffff, 1ull << 63, UINT64_MAX};

/* The head, the kind's own part of it, or anywhere. */
static void damage(struct env *env, u8 *bytes, size_t len)
{
	for (u32 n = 1 + rnd(env) % 4; n; n--) {
		u64 value = values[rnd(env) % ARRAY_SIZE(values)];
		u32 size = 1u << rnd(env) % 4;
		size_t range = rnd(env) % 3 ? 48 + 400 : rnd(env) % 2 ? 4096 + 512 : len;
		size_t at = rnd(env) % (MIN(range, len) - 8);

		if (rnd(env) % 3 == 0)
			value = rnd(env);
		memcpy(bytes + at / size * size, &value, size);
	}
}

/* The pin stays even if a sweep found the object not ready, and its maker dead. */
static void write_file(const struct file *f, const u8 *bytes)
{
	int fd = open(f->pin, O_WRONLY);

	assert_true(fd >= 0);
	if (access(f->path, F_OK))
		assert_int_equal(link(f->pin, f->path), 0);
	assert_int_equal(pwrite(fd, bytes, f->len, 0), f->len);
	close(fd);
}

static void damaged_regions_harm_nothing(void **state)
{
	struct env *env = *state;

	alarm(100); /* nor do they hang */
	for (int round = 0; round < ROUNDS; round++) {
		struct file *f = &env->files[rnd(env) % env->nfiles];
		u8 *bytes = malloc(f->len);
		struct skep_engine *engine;

		memcpy(bytes, f->bytes, f->len);
		damage(env, bytes + f->intact, f->len - f->intact);
		write_file(f, bytes);
		free(bytes);
		engine = open_engine(env);
		use_all(engine);
		skep_engine_close(engine);
		for (u32 i = 0; i < env->nfiles; i++)
			write_file(&env->files[i], env->files[i].bytes);
	}
	assert_true(env->opened > ROUNDS * (env->nfiles - 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(damaged_regions_harm_nothing, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
