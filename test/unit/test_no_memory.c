/* Every n-th allocation fails, for every n: what is done then says -ENOMEM or succeeds
 * without, loses no memory (`make asan`) and no descriptor, and works the next time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <skep/btf.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include <skep/load.h>
#include "explain.h"
#include "mem.h"
#include "verify.h"

enum { ROOM = 4096, BLOB = 1 << 16 };

static struct skep_sys *sys;
static char text[ROOM];

static struct skep_log new_log(void)
{
	return (struct skep_log){.buf = text, .size = sizeof(text)};
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Runs `fn` until no allocation was left to fail. */
static void without_each(int (*fn)(void), long least)
{
	int fds, err;
	long n, left;

	assert_int_equal(fn(), 0); /* what is made once stays */
	fds = open_fds();
	for (n = 0;; n++) {
		mem_fail_after(n);
		err = fn();
		left = mem_fail_after(-1);
		if (left >= 0)
			break;
		if (err && err != -ENOMEM)
			fail_msg("error %d without allocation %ld: %s", -err, n, text);
		if (open_fds() != fds)
			fail_msg("%d descriptors more without allocation %ld",
				 open_fds() - fds, n);
	}
	assert_int_equal(err, 0);
	assert_true(n >= least);
}

/* ---- text ---- */

static int assemble(void)
{
	static const char source[] =
		"r1 = 5\nagain: r1 += -1\nif r1 != 0 goto again\nexit";
	struct skep_log log = new_log();
	struct skep_insn code[8];
	int n = skep_asm(source, sizeof(source) - 1, NULL, code, 8, &log);

	if (n > 0)
		n = skep_disasm(code, (u32)n, NULL, text, sizeof(text), NULL);
	return n < 0 ? n : 0;
}

static void asm_and_disasm(void **state)
{
	without_each(assemble, 1);
}

static int translate(void)
{
	static const char source[] =
		"(000) ldh [12]\n(001) jeq #0x800 jt 2 jf 3\n(002) ret #1\n(003) ret #0\n";
	struct skep_log log = new_log();
	struct skep_filter filter[8];
	struct skep_insn code[64];
	int n = skep_cbpf_parse(source, sizeof(source) - 1, filter, 8, &log), err;

	if (n < 0)
		return n;
	err = skep_cbpf_print(filter, (u32)n, text, sizeof(text), NULL);
	if (err >= 0)
		err = skep_cbpf_translate(filter, (u32)n, code, 64, &log);
	return err < 0 ? err : 0;
}

static void classic_filters(void **state)
{
	without_each(translate, 1);
}

/* ---- BTF ---- */

static u8 blob[BLOB];
static size_t blob_len;

static void read_blob(void)
{
	FILE *f = fopen(EXAMPLES "/../test/fuzz/corpus/btf/clang14.btf", "r");

	assert_non_null(f);
	blob_len = fread(blob, 1, sizeof(blob), f);
	fclose(f);
	assert_true(blob_len > 0 && blob_len < sizeof(blob));
}

static int parse_btf(void)
{
	struct skep_log log = new_log();
	struct skep_btf *btf;
	int err = skep_btf_parse(&btf, blob, blob_len, NULL, "blob", &log);

	if (err)
		return err;
	for (u32 id = 0; id < skep_btf_end(btf); id++)
		skep_btf_print_type(btf, id, "x", true, text, sizeof(text));
	skep_btf_free(btf);
	return 0;
}

static void btf(void **state)
{
	read_blob();
	without_each(parse_btf, 2);
}

/* ---- the engine ---- */

/* In an engine of its own, since views of objects stay until the next sweep. */
static int in_engine(int (*fn)(void))
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = 2};
	struct skep_engine *engine;
	int err = skep_engine_open(&opts, &engine);

	if (err)
		return err;
	sys = skep_engine_sys(engine);
	err = fn ? fn() : 0;
	skep_engine_close(engine);
	return err;
}

static int open_engine(void)
{
	return in_engine(NULL);
}

static void opening_an_engine(void **state)
{
	without_each(open_engine, 2);
}

static const struct {
	u32 type, key, value, entries;
} kinds[] = {
	{SKEP_MAP_TYPE_ARRAY, 4, 16, 4},       {SKEP_MAP_TYPE_HASH, 4, 8, 8},
	{SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2}, {SKEP_MAP_TYPE_PERCPU_HASH, 4, 8, 4},
	{SKEP_MAP_TYPE_LRU_HASH, 4, 16, 8},    {SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096},
	{SKEP_MAP_TYPE_PROG_ARRAY, 4, 4, 2},   {SKEP_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 4},
	{SKEP_MAP_TYPE_STACK_TRACE, 4, 8, 2},
};

static int map_create(u32 i)
{
	union skep_attr attr = {.map_type = kinds[i].type,
				.key_size = kinds[i].key,
				.value_size = kinds[i].value,
				.max_entries = kinds[i].entries};

	return sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
}

/* Update, look up, walk, delete; what a type does not have is no error here. */
static int use_map(int fd)
{
	static const enum skep_cmd cmds[] = {SKEP_MAP_UPDATE_ELEM, SKEP_MAP_LOOKUP_ELEM,
					     SKEP_MAP_GET_NEXT_KEY, SKEP_MAP_DELETE_ELEM};
	u64 value[1024] = {0};
	u32 key = 1;
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(cmds) && err != -ENOMEM; i++) {
		union skep_attr attr = {
			.map_fd = (u32)fd, .key = u64_of(&key), .value = u64_of(value)};

		err = sys->bpf(sys, cmds[i], &attr, sizeof(attr));
	}
	return err == -ENOMEM ? err : 0;
}

static int use_maps(void)
{
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(kinds) && !err; i++) {
		int fd = map_create(i);

		err = fd < 0 ? fd : use_map(fd);
		if (fd >= 0)
			sys->close(sys, fd);
	}
	return err;
}

static int make_maps(void)
{
	return in_engine(use_maps);
}

static void maps(void **state)
{
	without_each(make_maps, ARRAY_SIZE(kinds));
}

/* ---- programs ---- */

static int load(const int *fd_array)
{
	static const char source[] =
		"r6 = r1\nr1 = map[idx:0]\nr2 = r10\nr2 += -4\n*(u32 *)(r10 - 4) = 1\n"
		"call map_lookup_elem\nr1 = r6\nr2 = map[idx:1]\nr3 = 0\ncall tail_call\n"
		"r1 = 3\ncall local f\nr0 = 2\nexit\n"
		"f: r0 = 0\nexit\n";
	struct skep_log log = new_log();
	struct skep_insn code[64];
	int n = skep_asm(source, sizeof(source) - 1, NULL, code, 64, &log);
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_XDP,
				.insns = u64_of(code),
				.insn_cnt = (u32)n,
				.license = u64_of("GPL"),
				.fd_array = u64_of(fd_array)};

	return n < 0 ? n : sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static int ask_info(int fd)
{
	struct skep_prog_info info = {.xlated_prog_len = sizeof(text)};
	union skep_attr attr = {0};

	info.xlated_prog_insns = u64_of(text);
	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = u64_of(&info);
	return sys->bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

static int test_run(int fd)
{
	u8 data[64] = {0};
	struct skep_xdp_md ctx = {.data_end = sizeof(data)};
	union skep_attr attr = {0};

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(data);
	attr.test.data_size_in = sizeof(data);
	attr.test.ctx_in = u64_of(&ctx);
	attr.test.ctx_size_in = sizeof(ctx);
	return sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
}

/* A program that calls another, which no view is open of: it is opened in the run. */
static int run_program(const int *fd_array)
{
	u32 key = 0, callee;
	union skep_attr attr = {.map_fd = (u32)fd_array[1],
				.key = u64_of(&key),
				.value = u64_of(&callee)};
	int fd = load(fd_array), err;

	if (fd < 0)
		return fd;
	callee = (u32)load(fd_array);
	err = (int)callee < 0 ? (int)callee
			      : sys->bpf(sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr));
	if ((int)callee >= 0)
		sys->close(sys, (int)callee);
	if (!err)
		err = ask_info(fd);
	if (!err)
		err = test_run(fd);
	sys->close(sys, fd);
	return err;
}

static int use_programs(void)
{
	int fd_array[2] = {map_create(0), -1}, err = fd_array[0];

	if (err < 0)
		return err;
	err = fd_array[1] = map_create(6);
	if (err >= 0) {
		err = run_program(fd_array);
		sys->close(sys, fd_array[1]);
	}
	sys->close(sys, fd_array[0]);
	return err;
}

static int load_and_run(void)
{
	return in_engine(use_programs);
}

static void programs(void **state)
{
	without_each(load_and_run, 15);
}

/* ---- the verifier ---- */

static const struct {
	const char *source;
	u32 level;
	int err;
} verified[] = {
	/* loops, a function, an entry of a map, spilled numbers */
	{"*(u32 *)(r10 - 4) = 1\nr2 = r10\nr2 += -4\nr1 = map[idx:0]\n"
	 "call map_lookup_elem\nif r0 == 0 goto out\nr6 = r0\nr7 = 0\n"
	 "again: r1 = r6\ncall local f\n*(u64 *)(r10 - 16) = r0\nr7 += 1\n"
	 "if r7 < 5 goto again\n"
	 "more: may_goto out\nr8 = r7\ngoto more\nout: r0 = 0\nexit\n"
	 "f: r0 = *(u64 *)(r1 + 0)\nif r0 > 9 goto big\nr0 = 1\nbig: exit\n",
	 2, 0},
	/* as many states as rounds, and numbers that decide */
	{"r7 = *(u32 *)(r1 + 0)\nr6 = 0\nr8 = 0\n"
	 "again: r6 += 1\nif r7 == 5 goto skip\nr8 += 1\n"
	 "skip: if r6 < 500 goto again\nr1 = r10\nr1 += -8\n*(u64 *)(r1 + 0) = r8\n"
	 "r0 = 0\nexit\n",
	 1, 0},
	/* frames eight deep, with full stacks */
	{"r6 = r1\ncall local f1\nexit\nf1: *(u64 *)(r10 - 64) = r1\ncall local f2\nexit\n"
	 "f2: *(u64 *)(r10 - 64) = r1\ncall local f3\nexit\n"
	 "f3: *(u64 *)(r10 - 64) = r1\ncall local f4\nexit\n"
	 "f4: *(u64 *)(r10 - 64) = r1\ncall local f5\nexit\n"
	 "f5: *(u64 *)(r10 - 64) = r1\ncall local f6\nexit\n"
	 "f6: *(u64 *)(r10 - 64) = r1\ncall local f7\nexit\n"
	 "f7: *(u64 *)(r10 - 64) = r1\nr0 = 0\nexit\n",
	 2, 0},
	/* refused: in the walk, before it, after it */
	{"r2 = *(u32 *)(r1 + 0)\nr3 = r10\nr3 += r2\nr0 = *(u8 *)(r3 - 8)\nexit\n", 1,
	 -EACCES},
	{"r0 = 0\nexit\nr0 = 1\nexit\n", 2, -EINVAL},
	{"*(u64 *)(r10 - 512) = r1\ncall local f\nexit\n"
	 "f: *(u64 *)(r10 - 8) = r1\nr0 = 0\nexit\n",
	 0, -EACCES},
};

static u32 which;

/* The answer that is right is 0. */
static int verify_program(void)
{
	static struct skep_insn code[64];
	static const struct verify_map map = {.type = SKEP_MAP_TYPE_ARRAY,
					      .key_size = 4,
					      .value_size = 16,
					      .max_entries = 4};
	const struct profile profile = {.admin = true};
	const char *source = verified[which].source;
	int n = skep_asm(source, strlen(source), NULL, code, 64, NULL), err, right;
	struct skep_log log = new_log();
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_SCHED_CLS,
					 .gpl = true,
					 .code = code,
					 .n = (u32)n,
					 .maps = &map,
					 .nmaps = 1};
	struct verify_result result;
	struct explained e = {0};

	if (n < 0)
		return n;
	right = verified[which].err;
	err = verify(&prog, &profile, verified[which].level, &log, &result);
	if (err != right)
		return err ? err : right;
	err = right ? verify_explain(&prog, &profile, &e) : 0;
	arena_free(&e.arena);
	return err;
}

static void verifier(void **state)
{
	for (which = 0; which < ARRAY_SIZE(verified); which++)
		without_each(verify_program, 3);
}

/* ---- object files ---- */

static int use_object(void)
{
	struct skep_log log = new_log();
	struct skep_object *obj;
	int err = skep_object_open(EXAMPLES "/prebuilt/pktcount.bpf.o", &obj, &log);

	if (err)
		return err;
	err = skep_object_load(obj, sys, NULL, &log);
	skep_object_close(obj);
	return err;
}

static int load_object(void)
{
	return in_engine(use_object);
}

static void object_files(void **state)
{
	without_each(load_object, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asm_and_disasm),
		cmocka_unit_test(classic_filters),
		cmocka_unit_test(btf),
		cmocka_unit_test(opening_an_engine),
		cmocka_unit_test(maps),
		cmocka_unit_test(programs),
		cmocka_unit_test(verifier),
		cmocka_unit_test(object_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
