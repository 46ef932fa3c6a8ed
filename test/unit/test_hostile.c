/* What a hostile program, a hostile attr or another process that writes into regions can
 * do to a run: nothing but a sentence. Most of it shows under ASan only (`make asan`). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "object.h"

enum { BUDGET = 20000, SLOTS = 4096, PAGE = 4096 };

static struct skep_engine *engine;
static struct skep_sys *sys;
static char text[2048];

static int map_create(u32 type, u32 value_size, u32 entries)
{
	union skep_attr attr = {.map_type = type,
				.key_size = 4,
				.value_size = value_size,
				.max_entries = entries};
	int fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));

	assert_true(fd >= 0);
	return fd;
}

static void update(int fd, u32 key, const void *value)
{
	union skep_attr attr = {
		.map_fd = (u32)fd, .key = u64_of(&key), .value = u64_of(value)};

	assert_int_equal(sys->bpf(sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr)), 0);
}

/* `maps` is what map[idx:N] finds. */
static int load(u32 type, const struct skep_insn *code, u32 n, const int *maps)
{
	union skep_attr attr = {.prog_type = type,
				.insn_cnt = n,
				.insns = u64_of(code),
				.license = u64_of("GPL"),
				.log_level = 1,
				.log_buf = u64_of(text),
				.log_size = sizeof(text),
				.fd_array = u64_of(maps)};
	int fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		fail_msg("%s", text);
	return fd;
}

static int load_text(u32 type, const char *source, const int *maps)
{
	struct skep_insn code[64];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	int n = skep_asm(source, strlen(source), NULL, code, 64, &log);

	if (n < 0)
		fail_msg("%s", text);
	return load(type, code, (u32)n, maps);
}

static int run(int fd, const struct skep_event *event, u64 *ret)
{
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_prog *prog;
	struct skep_cpu *cpu = skep_enter(engine);
	int err;

	assert_non_null(cpu);
	assert_int_equal(skep_prog_get(engine, fd, &prog), 0);
	err = skep_run(cpu, prog, event, ret, &log);
	skep_prog_put(prog);
	skep_leave(cpu);
	return err;
}

/* The region behind a descriptor, as another process of the user can map it. */
static u8 *region_of(int fd, size_t size)
{
	u8 *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static u32 id_of(int fd)
{
	struct skep_prog_info info = {0};
	union skep_attr attr = {0};

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = u64_of(&info);
	assert_int_equal(sys->bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	return info.id;
}

/* Somebody writes a packet program into the prog_array of tracepoint programs. It must
 * not run: the last packet of this slot is long gone. */
static void a_tail_call_reaches_only_its_own_type(void **state)
{
	int map = map_create(SKEP_MAP_TYPE_PROG_ARRAY, 4, 1), xdp, trace, honest;
	u8 *data = calloc(1, 64), ctx[16] = {0};
	struct skep_packet packet = {
		.head = data, .data = data, .tail = data + 64, .end = data + 64};
	struct skep_event event = {.packet = &packet};
	u8 *region = region_of(map, 2 * PAGE);
	u64 ret = 0;
	u32 found = 0;

	xdp = load_text(SKEP_PROG_TYPE_XDP,
			"r2 = *(u32 *)(r1 + 0)\nr0 = *(u64 *)(r2 + 8)\nr0 = 2\nexit\n",
			NULL);
	trace = load_text(SKEP_PROG_TYPE_TRACEPOINT,
			  "r2 = map[idx:0]\nr3 = 0\ncall tail_call\nr0 = 5\nexit\n",
			  &map);
	honest = load_text(SKEP_PROG_TYPE_TRACEPOINT, "r0 = 6\nexit\n", NULL);
	assert_int_equal(run(xdp, &event, &ret), 0);
	free(data);
	event = (struct skep_event){.ctx = ctx, .ctx_len = sizeof(ctx)};
	update(map, 0, &honest);
	assert_int_equal(run(trace, &event, &ret), 0);
	assert_int_equal(ret, 6);
	for (u32 at = OBJECT_HEAD_SIZE; at < 2 * PAGE; at += 4)
		if (load32(region + at) == id_of(honest) && ++found)
			store32(region + at, id_of(xdp));
	assert_int_equal(found, 1);
	assert_int_equal(run(trace, &event, &ret), 0);
	assert_int_equal(ret, 5);
	assert_int_equal(run(trace, &event, &ret), 0); /* now it is remembered */
	assert_int_equal(ret, 5);
	munmap(region, 2 * PAGE);
	sys->close(sys, xdp);
	sys->close(sys, trace);
	sys->close(sys, honest);
	sys->close(sys, map);
}

/* Metadata goes before the packet, where there is room for 216 bytes. */
static void test_runs_metadata_stays_in_its_room(void **state)
{
	int fd = load_text(SKEP_PROG_TYPE_XDP, "r0 = 2\nexit\n", NULL);
	u8 data[400] = {0};

	for (u32 meta = 200; meta < 300; meta++) {
		struct skep_xdp_md ctx = {.data = meta, .data_end = sizeof(data)};
		union skep_attr attr = {0};

		attr.test.prog_fd = (u32)fd;
		attr.test.data_in = u64_of(data);
		attr.test.data_size_in = sizeof(data);
		attr.test.ctx_in = u64_of(&ctx);
		attr.test.ctx_size_in = sizeof(ctx);
		assert_int_equal(sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)),
				 meta % 4 || meta > 216 ? -EINVAL : 0);
	}
	sys->close(sys, fd);
}

/* A callback of many instructions and no jump is called eight million times. */
static void callbacks_pay_for_what_they_run(void **state)
{
	static struct skep_insn code[SLOTS];
	u8 ctx[16] = {0};
	struct skep_event event = {.ctx = ctx, .ctx_len = sizeof(ctx)};
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	const char *main =
		"r1 = 8000000\nr2 = subprog[f]\nr3 = 0\nr4 = 0\ncall loop\nexit\n"
		"f: r0 = 0\nexit\n";
	int n = skep_asm(main, strlen(main), NULL, code, SLOTS, &log), fd;
	u64 ret;

	assert_true(n > 0);
	for (; n < SLOTS; n++)
		code[n] = code[n - 1];
	for (n = n - 2; code[n].code == code[SLOTS - 1].code; n--)
		code[n] = (struct skep_insn){.code = 0xb7};
	fd = load(SKEP_PROG_TYPE_TRACEPOINT, code, SLOTS, NULL);
	assert_int_equal(run(fd, &event, &ret), -ELOOP);
	assert_non_null(strstr(text, "instruction budget"));
	sys->close(sys, fd);
}

/* A megabyte is compared with itself, again and again. */
static void helpers_pay_for_what_they_read(void **state)
{
	int map = map_create(SKEP_MAP_TYPE_ARRAY, 1 << 20, 1);
	int fd = load_text(
		SKEP_PROG_TYPE_SCHED_CLS,
		"r6 = 1000\nagain:\nr1 = map[idx:0][0]+0\nr2 = 1048576\nr3 = r1\n"
		"r4 = r2\nr5 = 0\ncall csum_diff\nr6 += -1\nif r6 != 0 goto again\n"
		"r0 = 0\nexit\n",
		&map);
	u8 data[64] = {0};
	struct skep_packet packet = {
		.head = data, .data = data, .tail = data + 64, .end = data + 64};
	struct skep_event event = {.packet = &packet};
	u64 ret;

	assert_int_equal(run(fd, &event, &ret), -ELOOP);
	sys->close(sys, fd);
	sys->close(sys, map);
}

/* Memory of the task; reading it is the moment when the format loses its end. */
static int end_is_lost(struct skep_task *task, uint64_t addr, void *dst, uint32_t len)
{
	memset(task->arg, 'x', 16);
	memset(dst, 0, len);
	return 0;
}

static void a_format_that_changes_ends_with_its_value(void **state)
{
	int maps[2] = {map_create(SKEP_MAP_TYPE_ARRAY, 16, 2),
		       map_create(SKEP_MAP_TYPE_ARRAY, 128, 1)};
	u8 *region = region_of(maps[0], 2 * PAGE), ctx[16] = {0}, *at = NULL;
	struct skep_task task = {.read = end_is_lost};
	struct skep_world world = {.task = &task};
	struct skep_event event = {.ctx = ctx, .ctx_len = sizeof(ctx), .world = &world};
	char out[128] = "";
	union skep_attr attr = {.map_fd = (u32)maps[1], .value = u64_of(out)};
	u32 key = 0;
	u64 ret;
	int fd =
		load_text(SKEP_PROG_TYPE_TRACEPOINT,
			  "*(u32 *)(r10 - 4) = 0\n*(u64 *)(r10 - 16) = 4096\n"
			  "r1 = map[idx:0]\nr2 = r10\nr2 += -4\ncall map_lookup_elem\n"
			  "if r0 == 0 goto out\nr3 = r0\nr1 = map[idx:1][0]+0\nr2 = 128\n"
			  "r4 = r10\nr4 += -16\nr5 = 8\ncall snprintf\nout: exit\n",
			  maps);

	update(maps[0], 0, "[%pus] \0\0\0\0\0\0\0\0");
	update(maps[0], 1, "SECRET SECRET!!");
	for (u32 i = OBJECT_HEAD_SIZE; i + 16 < 2 * PAGE && !at; i += 4)
		if (!memcmp(region + i, "[%pus]", 6))
			at = region + i;
	assert_non_null(at);
	task.arg = at;
	/* The first pass loses the end, the second finds a format without conversions. */
	assert_int_equal(run(fd, &event, &ret), 0);
	attr.key = u64_of(&key);
	assert_int_equal(sys->bpf(sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), 0);
	assert_string_equal(out, "xxxxxxxxxxxxxxxx");
	munmap(region, 2 * PAGE);
	sys->close(sys, fd);
	sys->close(sys, maps[0]);
	sys->close(sys, maps[1]);
}

static void a_license_without_end_is_cut(void **state)
{
	struct skep_insn code[] = {{0x85, 0, 0, 0, SKEP_FUNC_trace_printk},
				   {0x95, 0, 0, 0, 0}};
	char license[300];
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_TRACEPOINT,
				.insn_cnt = 2,
				.insns = u64_of(code),
				.license = u64_of(license),
				.log_level = 1,
				.log_buf = u64_of(text),
				.log_size = sizeof(text)};

	memset(license, 'G', sizeof(license));
	assert_int_equal(sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr)), -EINVAL);
	assert_non_null(strstr(text, "GGG'"));
	assert_null(strstr(text,
			   "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG"
			   "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG"
			   "GGGGGG"));
}

static int setup(void **state)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .budget = BUDGET, .unverified = true};

	if (skep_engine_open(&opts, &engine))
		return -1;
	sys = skep_engine_sys(engine);
	return 0;
}

static int teardown(void **state)
{
	skep_engine_close(engine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tail_call_reaches_only_its_own_type),
		cmocka_unit_test(test_runs_metadata_stays_in_its_room),
		cmocka_unit_test(callbacks_pay_for_what_they_run),
		cmocka_unit_test(helpers_pay_for_what_they_read),
		cmocka_unit_test(a_format_that_changes_ends_with_its_value),
		cmocka_unit_test(a_license_without_end_is_cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
