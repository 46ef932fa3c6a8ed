/* Any bytes as a program, through BPF_PROG_LOAD and a run.
 *
 * The first byte chooses the program type (its low half) and whether BPF_PROG_TEST_RUN or
 * skep_run() runs it; instructions follow. Map references by index into fd_array find a
 * map of each type. Whatever the program does, the run ends within its budget, with a
 * result or a sentence.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <skep/engine.h>
#include "insn_mutate.h"

enum { BUDGET = 20000, MAPS = 8, PAGE = 4096, RING = 5, PROGS = 7, TEST_RUN = 16 };

static const u32 types[] = {SKEP_PROG_TYPE_XDP,	      SKEP_PROG_TYPE_SOCKET_FILTER,
			    SKEP_PROG_TYPE_SCHED_CLS, SKEP_PROG_TYPE_TRACEPOINT,
			    SKEP_PROG_TYPE_SYSCALL,   SKEP_PROG_TYPE_RAW_TRACEPOINT,
			    SKEP_PROG_TYPE_PERF_EVENT};
enum { TYPES = ARRAY_SIZE(types) };

/* In the order of fd_array; the last is one prog_array for each program type. */
static const struct {
	u32 type, key, value, entries;
} kinds[MAPS] = {
	{SKEP_MAP_TYPE_ARRAY, 4, 20, 4},      {SKEP_MAP_TYPE_ARRAY, 4, 64, 1},
	{SKEP_MAP_TYPE_HASH, 4, 12, 8},	      {SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2},
	{SKEP_MAP_TYPE_LRU_HASH, 8, 16, 8},   {SKEP_MAP_TYPE_RINGBUF, 0, 0, PAGE},
	{SKEP_MAP_TYPE_PERCPU_HASH, 4, 8, 4}, {SKEP_MAP_TYPE_PROG_ARRAY, 4, 4, 2},
};

static struct skep_engine *engine;
static struct skep_sys *bpf;
static s32 maps[TYPES][MAPS];
static s32 *fd_array;
static u64 *consumer, *producer;
static struct {
	u64 inputs, loaded, returned, fault, budget, refused;
} count;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz_interp: %s\n", what);
	abort();
}

static s32 map_create(u32 i)
{
	union skep_attr attr = {.map_type = kinds[i].type,
				.key_size = kinds[i].key,
				.value_size = kinds[i].value,
				.max_entries = kinds[i].entries};
	s32 fd = bpf->bpf(bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));

	must(fd >= 0, "a map cannot be made");
	return fd;
}

static void say(void)
{
	printf("%llu programs: %llu loaded; of the runs %llu returned, %llu were stopped, "
	       "%llu used up the budget, %llu were refused\n",
	       (unsigned long long)count.inputs, (unsigned long long)count.loaded,
	       (unsigned long long)count.returned, (unsigned long long)count.fault,
	       (unsigned long long)count.budget, (unsigned long long)count.refused);
	skep_engine_close(engine);
}

/* A program may name any index of fd_array, which has no end: nothing is mapped behind.
 */
static void open_fd_array(void)
{
	size_t all = (sizeof(s32) << 32) + PAGE;
	void *at = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	must(at != MAP_FAILED && !mprotect(at, PAGE, PROT_READ | PROT_WRITE),
	     "no room for fd_array");
	memset(at, 255, PAGE);
	fd_array = at;
}

static void start(void)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .budget = BUDGET, .slots = 2, .unverified = true};
	void *at = NULL;

	open_fd_array();
	must(!skep_engine_open(&opts, &engine), "no engine");
	bpf = skep_engine_sys(engine);
	for (u32 i = 0; i < MAPS; i++)
		for (u32 type = 0; type < TYPES; type++)
			maps[type][i] = type && i != PROGS ? maps[0][i] : map_create(i);
	must(!bpf->mmap(bpf, &at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, maps[0][RING],
			0),
	     "the ring buffer's consumer cannot be mapped");
	consumer = at;
	at = NULL;
	must(!bpf->mmap(bpf, &at, PAGE, PROT_READ, MAP_SHARED, maps[0][RING], PAGE),
	     "the ring buffer's producer cannot be mapped");
	producer = at;
	atexit(say);
}

static int load(u32 type, const void *code, u32 n, char *log, u32 size)
{
	union skep_attr attr = {
		.prog_type = types[type],
		.insn_cnt = n,
		.insns = (uintptr_t)code,
		.license = (uintptr_t) "GPL",
		.prog_flags =
			types[type] == SKEP_PROG_TYPE_SYSCALL ? SKEP_F_SLEEPABLE : 0,
		.log_level = 1,
		.log_buf = (uintptr_t)log,
		.log_size = size,
		.fd_array = (uintptr_t)fd_array,
	};

	memcpy(fd_array, maps[type], sizeof(maps[type]));
	return bpf->bpf(bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

/* The program itself is entry 0 of its prog_array, the one before it entry 1. */
static void make_reachable(u32 type, int fd)
{
	static u32 turn;
	u32 key = turn++ & 1, value = (u32)fd;
	union skep_attr attr = {.map_fd = (u32)maps[type][PROGS],
				.key = (uintptr_t)&key,
				.value = (uintptr_t)&value};

	bpf->bpf(bpf, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

static void tally(int err)
{
	switch (err) {
	case 0: count.returned++; break;
	case -EFAULT: count.fault++; break;
	case -ELOOP: count.budget++; break;
	default: count.refused++;
	}
}

static void print(void *arg, const char *line, size_t len)
{
	must(strnlen(line, len + 1) <= len, "a printed line has no end");
}

/* Blocks of the heap, so that ASan sees what lies beside them. */
static void run(int fd, bool packet)
{
	enum { ROOM = 96, CTX = 72 };
	static const u8 bytes[] = {1, 2, 3, [12] = 8, 0, 0x45, 0, 0, 40, [23] = 6};
	u8 *data = calloc(1, ROOM), *ctx = calloc(1, CTX), *more = calloc(1, 16);
	struct skep_packet pkt = {
		.head = data, .data = data + 16, .tail = data + 80, .end = data + ROOM};
	struct skep_region region = {.at = more, .len = 16, .probe = true};
	struct skep_world world = {.print = print};
	struct skep_event event = {.world = &world, .regions = &region, .nregions = 1};
	char text[1024] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_prog *prog;
	struct skep_cpu *cpu;
	u64 ret;
	int err;

	must(data && ctx && more && !skep_prog_get(engine, fd, &prog), "no program");
	memcpy(pkt.data, bytes, sizeof(bytes));
	if (packet) {
		event.packet = &pkt;
	} else {
		memcpy(ctx + 8, &more, sizeof(more));
		event.ctx = ctx;
		event.ctx_len = CTX;
	}
	cpu = skep_enter(engine);
	err = skep_run(cpu, prog, &event, &ret, &log);
	must(!err || log.len, "a run was stopped without a sentence");
	skep_leave(cpu);
	skep_prog_put(prog);
	tally(err);
	free(data);
	free(ctx);
	free(more);
}

/* The program is its own packet and context. */
static void test_run(int fd, const u8 *in, size_t len, bool packet)
{
	u32 size = (u32)MIN(len, (size_t)200), ctx_size = in[0] & 128 ? 72 : 0;
	u8 *data = malloc(size), *out = calloc(1, 600), *ctx = calloc(1, 256);
	union skep_attr attr = {0};

	must(data && out && ctx, "no memory");
	memcpy(data, in, size);
	attr.test.prog_fd = (u32)fd;
	if (packet) {
		attr.test.data_in = u64_of(data);
		attr.test.data_size_in = size;
		attr.test.data_out = u64_of(out);
		attr.test.data_size_out = 600;
		attr.test.repeat = in[0] & 64 ? 3 : 0;
		ctx_size = in[0] & 128 ? 24 : 0; /* struct xdp_md */
	}
	if (ctx_size) {
		for (u32 i = 0; i < ctx_size && i < size; i++)
			ctx[i] = in[size - 1 - i];
		attr.test.ctx_in = u64_of(ctx);
		attr.test.ctx_size_in = ctx_size;
	}
	tally(bpf->bpf(bpf, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)));
	free(data);
	free(out);
	free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	char log[1024] = "";
	u32 type, n;
	int fd;

	if (!engine)
		start();
	if (len < 1 + sizeof(struct skep_insn))
		return 0;
	count.inputs++;
	type = (in[0] & 15) % TYPES;
	n = (u32)((len - 1) / sizeof(struct skep_insn));
	fd = load(type, in + 1, n, log, sizeof(log));
	if (fd < 0) {
		must(log[0], "a program was refused without a sentence");
		return 0;
	}
	count.loaded++;
	make_reachable(type, fd);
	if (in[0] & TEST_RUN)
		test_run(fd, in, len, type < 3);
	else
		run(fd, type < 3);
	bpf->close(bpf, fd);
	*consumer = *producer;
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
			       unsigned int seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	static struct skep_insn code[2 * MUTATE_MOST];
	u64 state = ((u64)seed << 32 | seed) * 2 + 1;
	u32 n = (u32)MIN((size - MIN(size, 1)) / sizeof(code[0]), (size_t)MUTATE_MOST);

	memcpy(code, data + MIN(size, 1), n * sizeof(code[0]));
	n = insn_mutate(code, n, &state);
	if (!n || 1 + n * sizeof(code[0]) > most)
		return 0;
	if (seed % 8 == 0)
		data[0] = (u8)(seed >> 8);
	memcpy(data + 1, code, n * sizeof(code[0]));
	return 1 + n * sizeof(code[0]);
}
