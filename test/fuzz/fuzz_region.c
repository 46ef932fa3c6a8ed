/* Bytes that another process of the user writes into regions, anywhere and at any time,
 * between the calls of one that uses them: whatever stands there, calls end, with an
 * errno or without, and touch only what is mapped.
 *
 * Eight bytes of the input are a step: what, which object, where (16 bits), a number (32
 * bits). A shared engine is made anew for each input; its files are written to directly.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "bits.h"

enum {
	MAPS = 10,
	PROG_ARRAY = 6,
	LPM_TRIE = 9,
	PROGS = 2,
	OBJECTS = MAPS + PROGS,
	STEPS = 64,
	HEAD = 4096
};

static const struct {
	u32 type, key, value, entries;
} kinds[MAPS] = {
	{SKEP_MAP_TYPE_ARRAY, 4, 16, 4},       {SKEP_MAP_TYPE_HASH, 4, 12, 8},
	{SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2}, {SKEP_MAP_TYPE_LRU_HASH, 8, 16, 8},
	{SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096},   {SKEP_MAP_TYPE_PERCPU_HASH, 4, 8, 4},
	{SKEP_MAP_TYPE_PROG_ARRAY, 4, 4, 2},   {SKEP_MAP_TYPE_QUEUE, 0, 8, 3},
	{SKEP_MAP_TYPE_BLOOM_FILTER, 0, 8, 9}, {SKEP_MAP_TYPE_LPM_TRIE, 8, 8, 6},
};

/* Touches each map, and calls what the prog_array has. */
static const char source[] =
	"r6 = r1\n*(u64 *)(r10 - 8) = 1\n*(u64 *)(r10 - 16) = 7\n*(u64 *)(r10 - 24) = 7\n"
	"r1 = map[idx:1]\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -24\nr4 = 0\n"
	"call map_update_elem\n"
	"r1 = map[idx:1]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
	"if r0 == 0 goto a\n*(u64 *)(r0 + 0) = 5\na:\n"
	"r1 = map[idx:3]\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -24\nr4 = 0\n"
	"call map_update_elem\n"
	"r1 = map[idx:5]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
	"if r0 == 0 goto b\n*(u64 *)(r0 + 0) = 5\nb:\n"
	"r1 = map[idx:2]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
	"if r0 == 0 goto c\n*(u64 *)(r0 + 0) = 5\nc:\n"
	"r1 = map[idx:4]\nr2 = r10\nr2 += -24\nr3 = 24\nr4 = 0\ncall ringbuf_output\n"
	"r1 = map[idx:1]\nr2 = subprog[f]\nr3 = 0\nr4 = 0\ncall for_each_map_elem\n"
	"r1 = map[idx:1]\nr2 = r10\nr2 += -8\ncall map_delete_elem\n"
	"r1 = map[idx:7]\nr2 = r10\nr2 += -8\nr3 = 0\ncall map_push_elem\n"
	"r1 = map[idx:8]\nr2 = r10\nr2 += -8\nr3 = 0\ncall map_push_elem\n"
	"r1 = map[idx:7]\nr2 = r10\nr2 += -8\ncall map_pop_elem\n"
	"*(u32 *)(r10 - 8) = 8\n"
	"r1 = map[idx:9]\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -24\nr4 = 0\n"
	"call map_update_elem\n"
	"r1 = map[idx:9]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
	"if r0 == 0 goto d\n*(u64 *)(r0 + 0) = 5\nd:\n"
	"r1 = r6\nr2 = map[idx:6]\nr3 = 0\ncall tail_call\nr0 = 2\nexit\n"
	"f: r0 = 0\nexit\n";

static char dir[64];
static struct skep_insn code[128];
static u32 ncode;

static struct victim {
	struct skep_engine *engine;
	struct skep_sys *sys;
	int fd[OBJECTS];
	u32 id[OBJECTS];
} maker, user; /* of the objects; of the engine that reads what was written */

static u64 counts[2]; /* calls, those that went well */

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz_region: %s\n", what);
	abort();
}

/* ---- the engine ---- */

static void open_victim(struct victim *v)
{
	struct skep_engine_opts opts = {.size = sizeof(opts),
					.shared = true,
					.dir = dir,
					.slots = 2,
					.budget = 100000,
					.unverified = true};

	if (skep_engine_open(&opts, &v->engine))
		v->engine = NULL;
	v->sys = v->engine ? skep_engine_sys(v->engine) : NULL;
	for (u32 i = 0; i < OBJECTS; i++)
		v->fd[i] = -1;
}

static void close_victim(struct victim *v)
{
	for (u32 i = 0; v->engine && i < OBJECTS; i++)
		if (v->fd[i] >= 0)
			v->sys->close(v->sys, v->fd[i]);
	skep_engine_close(v->engine);
	v->engine = NULL;
}

static int call(struct victim *v, enum skep_cmd cmd, union skep_attr *attr)
{
	int err = v->sys->bpf(v->sys, cmd, attr, sizeof(*attr));

	counts[0]++;
	counts[1] += err >= 0;
	return err;
}

static int make_map(u32 i)
{
	union skep_attr attr = {.map_type = kinds[i].type,
				.key_size = kinds[i].key,
				.value_size = kinds[i].value,
				.max_entries = kinds[i].entries,
				.map_flags = i == LPM_TRIE ? SKEP_F_NO_PREALLOC : 0};

	return call(&maker, SKEP_MAP_CREATE, &attr);
}

static int make_prog(void)
{
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_XDP,
				.insn_cnt = ncode,
				.insns = u64_of(code),
				.license = u64_of("GPL"),
				.fd_array = u64_of(maker.fd)};

	return call(&maker, SKEP_PROG_LOAD, &attr);
}

static u32 id_of(struct victim *v, int fd)
{
	u32 info[64] = {0};
	union skep_attr attr = {0};

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = 8; /* every info begins with type and id */
	attr.info.info = u64_of(info);
	return call(v, SKEP_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info[1];
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void open_by_id(u32 i)
{
	union skep_attr attr = {.map_id = maker.id[i]};

	if (user.fd[i] >= 0)
		user.sys->close(user.sys, user.fd[i]);
	user.fd[i] = call(
		&user, i < MAPS ? SKEP_MAP_GET_FD_BY_ID : SKEP_PROG_GET_FD_BY_ID, &attr);
}

static void begin(void)
{
	u32 key = 0;
	union skep_attr attr = {.key = u64_of(&key)};

	open_victim(&maker);
	must(maker.engine, "no engine");
	for (u32 i = 0; i < OBJECTS; i++) {
		maker.fd[i] = i < MAPS ? make_map(i) : make_prog();
		must(maker.fd[i] >= 0, "no object");
		maker.id[i] = id_of(&maker, maker.fd[i]);
	}
	attr.map_fd = (u32)maker.fd[PROG_ARRAY];
	attr.value = u64_of(&maker.fd[OBJECTS - 1]);
	must(!call(&maker, SKEP_MAP_UPDATE_ELEM, &attr), "the prog_array is not filled");
	open_victim(&user);
	for (u32 i = 0; user.engine && i < OBJECTS; i++)
		open_by_id(i);
}

static void say(void)
{
	printf("%llu calls, %llu went well\n", (unsigned long long)counts[0],
	       (unsigned long long)counts[1]);
}

static void start(void)
{
	struct skep_log log = {0};
	const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	int n = skep_asm(source, sizeof(source) - 1, NULL, code, 128, &log);

	must(n > 0, "the program does not assemble");
	ncode = (u32)n;
	snprintf(dir, sizeof(dir), "%s/skep-fuzz-XXXXXX", base);
	must(mkdtemp(dir), "no directory");
	atexit(say);
}

/* ---- steps ---- */

/* The head, the storage's first part, or anywhere. */
static void write_region(u32 object, u32 where, u32 number)
{
	char path[128];
	u64 at = where & 0x4000 ? HEAD + (where & 0x3ff) : where & 0x3ff;
	int fd;

	if (where & 0x8000)
		at = where & 0x7fff;
	snprintf(path, sizeof(path), "%s/objects/%u", dir, maker.id[object]);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return;
	if (lseek(fd, 0, SEEK_END) >= (off_t)at + 4)
		pwrite(fd, &number, 1u << (where % 3), (off_t)at);
	close(fd);
}

static bool keyless(u32 object)
{
	return object < MAPS && !kinds[object].key;
}

/* A region that was written to may ask for a larger key or value than its map was made
 * with. */
static void element(enum skep_cmd cmd, u32 object, u32 number)
{
	u64 key[4096] = {object == LPM_TRIE ? number % 40 | (u64)number << 24
					    : number % 8};
	u64 value[4096] = {number};
	union skep_attr attr = {.map_fd = (u32)user.fd[object],
				.key = keyless(object) ? 0 : u64_of(key),
				.value = u64_of(value)};

	call(&user, cmd, &attr);
}

static void test_run(u32 object)
{
	u8 data[64] = {0};
	union skep_attr attr = {0};

	attr.test.prog_fd = (u32)user.fd[object];
	attr.test.data_in = u64_of(data);
	attr.test.data_size_in = sizeof(data);
	call(&user, SKEP_PROG_TEST_RUN, &attr);
}

static void poll_ring(void)
{
	struct pollfd pfd = {.fd = user.fd[4], .events = POLLIN};

	user.sys->poll(user.sys, &pfd, 1, 0);
}

static void step(const u8 *in)
{
	static const enum skep_cmd cmds[] = {SKEP_MAP_UPDATE_ELEM, SKEP_MAP_LOOKUP_ELEM,
					     SKEP_MAP_DELETE_ELEM, SKEP_MAP_GET_NEXT_KEY,
					     SKEP_MAP_LOOKUP_AND_DELETE_ELEM};
	u32 object = in[1] % OBJECTS, what = in[0] % 16;

	if (what < 6) {
		write_region(object, load16(in + 2), load32(in + 4));
	} else if (what < 11) {
		element(cmds[what - 6], object, load32(in + 4));
	} else if (what < 13) {
		test_run(MAPS + object % PROGS);
	} else if (what == 13) {
		poll_ring();
	} else if (what == 14) {
		id_of(&user, user.fd[object]);
		open_by_id(object);
	} else { /* views are opened anew */
		close_victim(&user);
		open_victim(&user);
		for (u32 i = 0; user.engine && i < OBJECTS; i++)
			open_by_id(i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	if (!dir[0])
		start();
	begin();
	for (size_t i = 0; i < STEPS && (i + 1) * 8 <= len && user.engine; i++)
		step(in + i * 8);
	close_victim(&user);
	close_victim(&maker);
	remove_dir();
	return 0;
}

/* Steps that are new, with numbers that offsets, links and counts go wrong at. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
			       unsigned int seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	static const u32 numbers[] = {0,    1,	  2,  3,  4,	  5,
				      7,    8,	  9,  16, 0x1000, 0xffff,
				      1000, 4095, -1, -2, -8,	  1u << 31};
	u64 state = (u64)seed * 2 + 1;
	size_t steps = 1 + seed % STEPS;

	if (steps * 8 > most)
		return 0;
	for (size_t i = 0; i < steps; i++) {
		u8 *at = data + 8 * i;

		state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth */
		if (8 * i < size && state >> 61)
			continue;
		store64(at, state >> 8 ^ state << 29);
		at[0] = (u8)(state >> 33);
		if (state >> 20 & 1)
			store32(at + 4, numbers[(state >> 40) % ARRAY_SIZE(numbers)]);
	}
	return steps * 8;
}
