/* Kernel functions on the engine and on the kernel, by programs of
 * test/bpf/kfunc_*.bpf.c: both give the same answers, and they are the ones that stand
 * here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "sides.h"

static const char text_programs[] = TEST_BPF "/kfunc_text.bpf.c";
static const char dynptr_programs[] = TEST_BPF "/kfunc_dynptr.bpf.c";
static const char read_programs[] = TEST_BPF "/kfunc_read.bpf.c";
static const char memory_programs[] = TEST_BPF "/kfunc_memory.bpf.c";
static const char cpumask_programs[] = TEST_BPF "/kfunc_cpumask.bpf.c";
static const char stream_programs[] = TEST_BPF "/kfunc_stream.bpf.c";
static const char ask_programs[] = TEST_BPF "/helper_ask.bpf.c";

/* Runs one program once, on a packet whose bytes are 0, 1, 2... */
/* 4,096 bytes behind which nothing is: as kfunc_read.bpf.c has them. */
static u8 *make_user(void)
{
	u8 *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);

	assert_true(at != MAP_FAILED);
	for (u32 i = 2048; i < 4096; i++)
		at[i] = (u8)('A' + i % 8);
	at[2048 + 1000] = 0;
	mprotect(at + 4096, 4096, PROT_NONE);
	return at;
}

/* What programs find behind `out`: where that is, and another number. */
static u64 given[2];

static void both_on(const char *test, const char *file, const char *name, u32 len,
		    const s64 *want, u32 n)
{
	u8 packet[10000];
	union skep_attr attr;
	u64 out[OUT];
	struct side s;

	for (u32 i = 0; i < len; i++)
		packet[i] = (u8)i;
	for (u32 i = 0, end = sides(test, file); i < end; i++) {
		side_open(&s, i);
		memset(&attr, 0, sizeof(attr));
		if (given[0] || given[1])
			memcpy(s.bss->data + OUT * sizeof(u64), given, sizeof(given));
		attr.test.data_in = len ? u64_of(packet) : 0;
		attr.test.data_size_in = len;
		assert_int_equal(side_run(&s, name, &attr, out), 0);
		skep_object_close(s.obj);
		same(&s, name, out, want, n);
	}
}

#define ON(len, file, name, ...) \
	both_on(__func__, file, name, len, (const s64[]){__VA_ARGS__}, \
		sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))
#define BOTH(file, name, ...) ON(64, file, name, __VA_ARGS__)

static void strings_are_compared(void **state)
{
	BOTH(text_programs, "compare", 0, -1, 1, -1, 0, 1, -1, 0, 1, -1, 0, -1, -1,
	     -E2BIG, 1, 0, -E2BIG, -ERANGE, -ERANGE, -ERANGE, -ERANGE, -EFAULT, -ERANGE,
	     -EFAULT);
}

static void characters_are_found(void **state)
{
	BOTH(text_programs, "look", 2, -ENOENT, 6, -ENOENT, 0, -E2BIG, -ENOENT, 65535,
	     -ERANGE, -EFAULT, -ENOENT, 2, 3, -ENOENT, -ENOENT, -ERANGE, -ENOENT, -E2BIG,
	     -ENOENT, -E2BIG, 1, 3, -E2BIG, 65535, -ERANGE, -EFAULT, 4, -ENOENT, 6,
	     -ENOENT, 0, -ENOENT, -E2BIG, 65534, -ERANGE, -EFAULT);
}

static void strings_are_measured(void **state)
{
	BOTH(text_programs, "measure", 3, 0, 5, 65535, -E2BIG, -ERANGE, -ERANGE, -EFAULT,
	     -ERANGE, 2, 3, 3, 0, 3, 65535, 65535, -E2BIG, -E2BIG, -ERANGE, 0, -EFAULT, 3,
	     3, 0, 0, 0, -ERANGE, -EFAULT, 65535, -E2BIG, -E2BIG, -EFAULT, 3, 3, 0, 3, 0,
	     0, -ERANGE, -EFAULT, 65535, -E2BIG, -E2BIG);
}

static void strings_are_found(void **state)
{
	BOTH(text_programs, "within", 4, -ENOENT, 0, -ENOENT, 0, 0, -ENOENT, 1, -ENOENT,
	     -E2BIG, 0, -ENOENT, -E2BIG, -ERANGE, -ERANGE, -EFAULT, 0, -EFAULT, 4,
	     -ENOENT, 4, -ENOENT, 4, 0, -ENOENT, 0, -ENOENT, -EFAULT, 0, -ENOENT, -ERANGE,
	     -ENOENT, -E2BIG);
}

/* ---- dynptrs ---- */

static void dynptrs_have_parts(void **state)
{
	BOTH(dynptr_programs, "parts", 64, 0, 0, (u32)-EINVAL, 1, 0, -EINVAL, -EINVAL,
	     -ERANGE, -ERANGE, 0, 48, 8, 0, 0, 0, 48, 1000, 48, 1000, 55, 0, 170, 170, 51,
	     -E2BIG, 0, -E2BIG, 0, -6148914693240901328, -E2BIG, 48, -EINVAL, 1, 1000);
}

static void dynptrs_are_copied(void **state)
{
	BOTH(dynptr_programs, "copies", -E2BIG, -E2BIG, 0, 20, 31, 0, -E2BIG, 0, 1,
	     -EINVAL, -EINVAL, 0, -E2BIG, 0, 0, 1);
}

static void dynptrs_are_of_packets(void **state)
{
	BOTH(dynptr_programs, "packet", -EINVAL, (u32)-EINVAL, 0, 64, 0, 5, 48, 1000, 0,
	     0, 387365652, -E2BIG, 0, -E2BIG, 0, -EINVAL, 4, 0, 20, 0, 0, 7, 18, 0, 18,
	     -EINVAL, 1, 0, 0, 1000, -E2BIG, 0, 0, 46, 39, 1000, -EFAULT, 0, -EFAULT,
	     -EFAULT);
	BOTH(dynptr_programs, "packet_read_only", 0, 50, 1, 20, -EINVAL, 0, 690497318,
	     -EINVAL, -EINVAL, -EINVAL, 0, 17);
	BOTH(dynptr_programs, "hooked", 0, 64, 1, 6, 0, 1061043516);
	BOTH(dynptr_programs, "frame", -EINVAL, 0, 64, 0, 48, 1000, 0, 387365652, -EINVAL,
	     0, 187, 0, 0, 7, 0, 50, 39, 1000, -EINVAL, -EINVAL);
	ON(10000, dynptr_programs, "fragments", 0, 10000, 190, 1000, 192, 190, 1000, 192,
	   191, 192, 1, 0, 191, 0, 3267084479, 0, 0, 186, 204, 204, 204, 204, 204, 204,
	   204, 204, 195, 0, 0, 0, 0, -E2BIG, -E2BIG, 1000, 6);
}

/* ---- what may not be there ---- */

static void what_is_not_there_is_said(void **state)
{
	given[0] = u64_of(make_user());
	BOTH(read_programs, "probe", 0, (s64)0x44434241eeeeeeee, (s64)0xeeeeeeee48474645,
	     -E2BIG, 0, 0, -EFAULT, (s64)0xeeeeeeeeeeeeeeee, -EFAULT,
	     (s64)0x4847464544434241, (s64)0xeeeeeeeeeeeeeeee, -EFAULT, -EFAULT,
	     (s64)0xeeeeeeeeeeeeeeee, 0, -E2BIG, 0, (s64)0x6b6b6b6beeeeeeee,
	     (s64)0xeeeeeeee6c6c6c00, -E2BIG, -ERANGE, (s64)0xeeeeeeeeeeeeeeee, -EFAULT,
	     -E2BIG);
	BOTH(read_programs, "probe_str", 8, (s64)0x44434241eeeeeeee,
	     (s64)0xeeeeeeee00474645, 4, 4736838, (s64)0xeeeeeeeeeeeeeeee, -E2BIG, 0, 0,
	     -EFAULT, (s64)0xeeeeeeeeeeeeeeee, -EFAULT, (s64)0xeeeeee4847464544,
	     (s64)0xeeeeeeeeeeeeeeee, -EFAULT, 0, -E2BIG, 8, (s64)0x6b6b6b6beeeeeeee,
	     (s64)0xeeeeeeee006b6b6b, 4, (s64)0xeeeeeeee006b6b6b, -E2BIG, 0, 0, -EFAULT,
	     (s64)0xeeeeeeeeeeeeee00, -ERANGE, (s64)0xeeeeeeeeeeeeeeee);
	ON(0, read_programs, "sleeping", 0, (s64)0x44434241eeeeeeee,
	   (s64)0xeeeeeeee48474645, -E2BIG, 0, -EFAULT, 0, -EFAULT,
	   (s64)0x4847464544434241, 0, -EFAULT, 0, -E2BIG, 8, (s64)0x44434241eeeeeeee,
	   (s64)0xeeeeeeee00474645, 4, 4736838, (s64)0xeeeeeeeeeeeeeeee, -E2BIG, 0,
	   -EFAULT, (s64)0xeeeeeeeeeeeeeeee, -EFAULT, (s64)0xeeeeee4847464544,
	   (s64)0xeeeeeeeeeeeeeeee, -E2BIG);
	ON(0, read_programs, "strings", 8, (s64)0x47464544434241, 4, 4736838,
	   (s64)0xeeeeeeeeeeeeeeee, 4, 4736838, 0, (s64)0xeeeeeeeeeeeeeeee, -EINVAL, 1, 8,
	   (s64)0x47464544434241, -EFAULT, (s64)0xeeeeeeeeeeeeeeee, -EFAULT, 0, -EFAULT,
	   (s64)0xeeeeee4847464544, (s64)0xeeeeeeeeeeeeeeee, -EFAULT, 0, 0, 6, 5, -EFAULT,
	   9, (s64)0x4847464544434241, (s64)0xeeeeeeeeeeeeee00);
	ON(10000, read_programs, "pieces", 0, 0, 0, (s64)0x4443420048474645, -E2BIG,
	   -EFAULT, -EFAULT, 0, (s64)0x4847464544434241, 0, 0, (s64)0x6c6c6c006b6b6b6b,
	   1001, 0, (s64)0x6b6b6b0048474645, 500, 0, (s64)0x4746450043424148, 2, 256, 511,
	   512, 511, 1001, 600);
	munmap(ptr_of(given[0]), 8192);
	given[0] = 0;
}

/* ---- memory as bits, elements, other types, packets ---- */

static void bits_are_counted(void **state)
{
	BOTH(memory_programs, "bits", 0, 0, 3, 65, 0, 0, 4, 193, 0, 0, 5, 32896, -E2BIG,
	     0, 0, 0, -EINVAL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 10, 221, -EINVAL, 0,
	     0, 0, -EFAULT, 0, 0, 0, -ERANGE, 0, 0, 0, -EFAULT, 0, 0, 0, -EFAULT);
	BOTH(memory_programs, "bits_in_bits", 0, 0, 3, 280579, 4);
}

static void elements_are_counted(void **state)
{
	BOTH(memory_programs, "elements", 10, 0, 7, 7, 7);
}

static void casts_read_what_is_there(void **state)
{
	BOTH(memory_programs, "casts", 11, 13, 0, 0, 0, 0, 0, 78, 79);
}

static void fragments_are_pulled(void **state)
{
	ON(10000, memory_programs, "pull", 0, 3520, 10000, 160, 0, -EINVAL, 0, 3600,
	   10000, 160, -EINVAL, 0, 3728, 10000, 160, 90, 15, -EINVAL, 0, 0, 3728, 11702,
	   160, 0, 3702, 3702, 0, 0, -EINVAL, 3702, 3702);
}

/* ---- sets of CPUs ---- */

static void cpus_are_in_sets(void **state)
{
	ON(0, cpumask_programs, "single", 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 2, -1,
	   0, 1, 0, 1, 0, 0, 1, 1, 0, 1);
	ON(0, cpumask_programs, "two", 0, 0, 2, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	   1, 1, 0, 0, 1, 1);
	ON(0, cpumask_programs, "held", 1, 1, 0, 2);
	ON(0, cpumask_programs, "populated", 0, 1, 2, 1, -EACCES, 0, 1, -1);
}

/* ---- streams ---- */

static void write_streams(struct side *s, const char *name, u64 out[OUT])
{
	u8 packet[64] = {0};
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(side_run(s, name, &attr, out), 0);
}

static int read_stream(const struct side *s, const char *name, u32 id, char *to, u32 len)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_stream_read.prog_fd = (u32)skep_object_find_prog(s->obj, name)->fd;
	attr.prog_stream_read.stream_id = id;
	attr.prog_stream_read.stream_buf = u64_of(to);
	attr.prog_stream_read.stream_buf_len = len;
	return s->sys->bpf(s->sys, SKEP_PROG_STREAM_READ_BY_FD, &attr, sizeof(attr));
}

/* 99 texts of 1,000 bytes fit, and 999 bytes. A text gives its room back when all of it
 * was read. */
static void streams_are_full(void **state)
{
	static const s64 first[] = {99, -ENOSPC, 0, -ENOSPC, 0, 0},
			 then[] = {0, -ENOSPC, -ENOSPC, -ENOSPC, 0, 0},
			 again[] = {1, -ENOSPC, -ENOSPC, -ENOSPC, 0, 0};
	static char got[200000];
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(__func__, stream_programs); i < end; i++) {
		side_open(&s, i);
		write_streams(&s, "fill", out);
		same(&s, "first", out, first, ARRAY_SIZE(first));
		assert_int_equal(read_stream(&s, "fill", 1, got, 500), 500);
		write_streams(&s, "fill", out);
		same(&s, "then", out, then, ARRAY_SIZE(then));
		assert_int_equal(read_stream(&s, "fill", 1, got + 500, 501), 501);
		write_streams(&s, "fill", out);
		same(&s, "again", out, again, ARRAY_SIZE(again));
		assert_int_equal(read_stream(&s, "fill", 1, got + 1001, 199000), 99998);
		assert_int_equal(read_stream(&s, "fill", 1, got, 199000), 0);
		for (u32 k = 0; k < 100999; k++)
			assert_int_equal(got[k], k < 99000 || k >= 99999 ? 'a' : 'b');
		assert_int_equal(read_stream(&s, "fill", 2, got, 100), 3);
		assert_memory_equal(got, "ccc", 3);
		skep_object_close(s.obj);
	}
}

/* A text of 1,024 bytes has its 0 in it. */
static void streams_take_formats(void **state)
{
	static const s64 want[] = {-ENOENT, -ENOENT, -ENOENT, 0,       -EINVAL,
				   -EINVAL, -EINVAL, -ENOENT, -ENOMEM, 0};
	char got[2048];
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(__func__, stream_programs); i < end; i++) {
		side_open(&s, i);
		write_streams(&s, "odd", out);
		same(&s, "odd", out, want, ARRAY_SIZE(want));
		assert_int_equal(read_stream(&s, "odd", 1, got, 100), 0);
		assert_int_equal(read_stream(&s, "odd", 2, got, 13), 13);
		assert_memory_equal(got, "-5, ff and c\n", 13);
		assert_int_equal(read_stream(&s, "odd", 2, got, 2048), 1024);
		assert_int_equal(got[1022], 'e');
		assert_int_equal(got[1023], 0);
		skep_object_close(s.obj);
	}
}

/* ---- types, tasks, where packets come from ---- */

/* btf_find_by_name_kind */
static void types_have_ids(void **state)
{
	ON(0, ask_programs, "types", 1, 1, 1, -ENOENT, -ENOENT, -EINVAL, -EINVAL, -EINVAL,
	   -ENOENT, -ENOENT, 1);
}

/* get_current_ancestor_cgroup_id: one of them is its own */
static void cgroups_have_levels(void **state)
{
	ON(0, ask_programs, "cgroups", 1, 1, 0, 0);
}

/* get_current_task, copy_from_user_task */
static void the_current_task_is_one(void **state)
{
	given[0] = u64_of(make_user());
	memcpy(ptr_of(given[0] + 4000), "a text of a task....", 20);
	ON(0, ask_programs, "current", 1, 1, 0, (s64)0x6f20747865742061, -EINVAL, 0,
	   -EFAULT);
	ON(0, ask_programs, "task_strings", -EINVAL, 64, (s64)0x6f20747865742061, 8,
	   (s64)0x20747865742061, -EINVAL, 0, -EFAULT, 0, 0, (s64)0x6f20747865742061,
	   -E2BIG, -EFAULT, 6, (s64)0x7865742061, 48, -EFAULT);
	munmap(ptr_of(given[0]), 8192);
	given[0] = 0;
}

/* skb_get_tunnel_key, skb_get_tunnel_opt, skb_get_xfrm_state, get_netns_cookie */
static void packets_come_from_nowhere(void **state)
{
	socklen_t len = sizeof(given[1]);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, 71, &given[1], &len), 0);
	close(fd);
	BOTH(ask_programs, "origin", -EINVAL, 0, 238, -ENOENT, 0, -EINVAL);
	BOTH(ask_programs, "netns", 1, 1);
	given[1] = 0;
}

/* tcp_raw_gen_syncookie_ipv4, tcp_raw_gen_syncookie_ipv6, tcp_raw_check_syncookie_ipv4,
 * tcp_raw_check_syncookie_ipv6 */
static void cookies_come_back(void **state)
{
	BOTH(ask_programs, "cookies", 536, -EINVAL, -EINVAL, 1220, 0, -EACCES, -EACCES,
	     -EACCES, 0, -EACCES);
	BOTH(ask_programs, "cookie_sizes", 1300, 1220, 536, 536, 536, 536, 1460, 8940,
	     -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_compared),
		cmocka_unit_test(characters_are_found),
		cmocka_unit_test(strings_are_measured),
		cmocka_unit_test(strings_are_found),
		cmocka_unit_test(dynptrs_have_parts),
		cmocka_unit_test(dynptrs_are_copied),
		cmocka_unit_test(dynptrs_are_of_packets),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(bits_are_counted),
		cmocka_unit_test(elements_are_counted),
		cmocka_unit_test(casts_read_what_is_there),
		cmocka_unit_test(fragments_are_pulled),
		cmocka_unit_test(cpus_are_in_sets),
		cmocka_unit_test(cookies_come_back),
		cmocka_unit_test(types_have_ids),
		cmocka_unit_test(cgroups_have_levels),
		cmocka_unit_test(the_current_task_is_one),
		cmocka_unit_test(packets_come_from_nowhere),
		cmocka_unit_test(streams_are_full),
		cmocka_unit_test(streams_take_formats),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
