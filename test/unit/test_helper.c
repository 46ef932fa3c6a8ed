#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "helper_bench.h"
#include "helper_dynptr.h"

/* ---- rows ---- */

static bool has_values(u32 arg)
{
	return arg == arg_map || arg == arg_map_of_any || arg == arg_queue ||
	       arg == arg_task_storage || arg == arg_cgrp_storage;
}

static void rows_are_whole(void **state)
{
	u32 n = 0;

	for (u32 id = 0; id < 1000; id++) {
		const struct helper *h = helper_of(id);

		if (!h)
			continue;
		n++;
		assert_non_null(h->name);
		assert_non_null(strchr(h->since, '.'));
		for (u32 i = 0; i < 5; i++) {
			bool sized = h->arg[i] == arg_mem || h->arg[i] == arg_out ||
				     h->arg[i] == arg_mem_null ||
				     h->arg[i] == arg_out_null;

			if (sized && h->arg[i + 1] != arg_size &&
			    h->arg[i + 1] != arg_size0)
				fail_msg("%s: argument %u has no size", h->name, i + 1);
			if ((h->arg[i] == arg_key || h->arg[i] == arg_value ||
			     h->arg[i] == arg_value_null || h->arg[i] == arg_value_out) &&
			    !has_values(h->arg[0]))
				fail_msg("%s: argument %u has no map", h->name, i + 1);
		}
		assert_true(h->ret != ret_value || has_values(h->arg[0]));
		assert_null(helper_refusal(id));
	}
	assert_true(n > 30);
	assert_non_null(helper_refusal(SKEP_FUNC_fib_lookup));
}

/* ---- arguments ---- */

static void faults(struct bench *b, s64 result, const char *text)
{
	assert_int_equal(result, 0);
	assert_true(b->run.fault);
	assert_string_equal(b->text, text);
}

static void bad_arguments_get_a_sentence(void **state)
{
	struct bench *b = *state;

	b->run.pc = 5;
	faults(b, bench_call(b, 9999, (const u64[5]){0}),
	       "instruction 5: calls a helper that the engine does not have [H001]\n");
	faults(b, call(b, SKEP_FUNC_map_lookup_elem, 4, P(b->mem)),
	       "instruction 5: argument 1 of bpf_map_lookup_elem is 0x4, which is no map of "
	       "this program; pass the map's address [H002]\n");
	faults(b, call(b, SKEP_FUNC_get_current_comm, P(b->mem), 0),
	       "instruction 5: argument 2 of bpf_get_current_comm, a size, is 0; it must be 1 "
	       "to 536870912 [H007]\n");
	faults(b, call(b, SKEP_FUNC_get_current_comm, P(b->mem), (u64)-1),
	       "instruction 5: argument 2 of bpf_get_current_comm, a size, is -1; it must be 1 "
	       "to 536870912 [H007]\n");
	faults(b, call(b, SKEP_FUNC_get_current_comm, P(b->mem) + 1020, 16),
	       "instruction 5: writes 16 bytes at argument 1 of bpf_get_current_comm, 12 bytes "
	       "beyond the end of the event's memory (1024 bytes) [R002]\n");
	faults(b, call(b, SKEP_FUNC_get_hash_recalc, 0x77),
	       "instruction 5: argument 1 of bpf_get_hash_recalc is 0x77, which is not the "
	       "context; pass the pointer that the program got in r1 [H006]\n");
	faults(b, call(b, SKEP_FUNC_loop, 1, 77, 0, 0),
	       "instruction 5: argument 2 of bpf_loop is 0x4d, which is no function of this "
	       "program [H009]\n");
	memset(b->mem + 1000, 'x', 24);
	faults(b, call(b, SKEP_FUNC_strncmp, P(b->mem), 4, P(b->mem + 1000)), b->text);
	assert_non_null(
		strstr(b->text, "without a 0 byte before its memory ends [H010]"));
	faults(b, call(b, SKEP_FUNC_snprintf, 0, 8, P(b->mem), 0, 0),
	       "instruction 5: writes 8 bytes at argument 1 of bpf_snprintf, which is NULL + 0; "
	       "check what a map lookup or a reserve returned against NULL before using it "
	       "[R001]\n");
}

static s64 kfunc(struct bench *b, const char *name, const u64 args[5])
{
	b->run.fault = 0;
	b->log.len = 0;
	return (s64)helper_call(&b->run, helper_kfunc(helper_kfunc_number(name)), args);
}

/* What is not verified may call them with anything. */
static void kernel_functions_check_their_arguments(void **state)
{
	struct bench *b = *state;
	const u64 range[5] = {P(b->mem), 3, 5}, none[5] = {4, 3, 5},
		  map[5] = {P(b->mem), 0, 1};
	s32 *next;

	faults(b, kfunc(b, "bpf_iter_num_new", none), b->text);
	assert_non_null(strstr(b->text, "argument 1 of bpf_iter_num_new"));
	faults(b, kfunc(b, "bpf_arena_alloc_pages", map), b->text);
	assert_non_null(strstr(b->text, "argument 1 of bpf_arena_alloc_pages is 0x"));
	faults(b, kfunc(b, "bpf_no_such_function", none), b->text);
	assert_int_equal(kfunc(b, "bpf_iter_num_new", range), 0);
	for (s32 i = 3; i < 5; i++) {
		next = ptr_of((u64)kfunc(b, "bpf_iter_num_next", range));
		assert_int_equal(*next, i);
	}
	assert_int_equal(kfunc(b, "bpf_iter_num_next", range), 0);
	assert_false(b->run.fault);
	assert_int_equal(helper_kfunc_number("iter_num_new"), 0);
	assert_null(helper_kfunc_refusal("bpf_iter_num_new"));
	assert_non_null(helper_kfunc_refusal("tcp_slow_start"));
}

static void forged_dynptrs_reach_nothing(void **state)
{
	struct bench *b = *state;
	const struct dynptr forged[] = {{.data = 8, .what = 64},
					{.data = P(b->mem) + 1000, .what = 64},
					{.data = P(b->mem), .what = 64, .offset = ~0u},
					{.data = P(b), .what = DYNPTR_MOST}};

	for (u32 i = 0; i < ARRAY_SIZE(forged); i++) {
		bench_begin(b, SKEP_PROG_TYPE_XDP);
		memcpy(b->mem + 3, &forged[i],
		       sizeof(forged[i])); /* aligned to nothing */
		faults(b,
		       call(b, SKEP_FUNC_dynptr_read, P(b->mem) + 64, 32, P(b->mem) + 3,
			    0, 0),
		       b->text);
		assert_non_null(strstr(b->text, "at a dynptr's memory"));
		bench_begin(b, SKEP_PROG_TYPE_XDP);
		call(b, SKEP_FUNC_dynptr_write, P(b->mem) + 3, 0, P(b->mem) + 64, 32, 0);
		assert_int_equal(b->run.fault, -EFAULT);
		bench_begin(b, SKEP_PROG_TYPE_XDP);
		faults(b, call(b, SKEP_FUNC_ringbuf_submit_dynptr, P(b->mem) + 3, 0),
		       b->text);
		assert_non_null(strstr(b->text, "no ring-buffer record"));
	}
}

/* Of a packet's it says the size, but which bytes there are says the packet. */
static void forged_packets_have_no_more_bytes(void **state)
{
	struct bench *b = *state;

	bench_begin(b, SKEP_PROG_TYPE_XDP);
	for (u32 type = dynptr_skb; type < 8; type++) {
		struct dynptr d = {.data = P(b), .what = DYNPTR_MOST | type << 28};

		for (u32 i = 0; i < 2; i++, d.offset = ~0u - 20) {
			memcpy(b->mem + 3, &d, sizeof(d));
			assert_true(call(b, SKEP_FUNC_dynptr_read, P(b->mem) + 64, 32,
					 P(b->mem) + 3, 0xfffff, 0) < 0);
			assert_true(call(b, SKEP_FUNC_dynptr_write, P(b->mem) + 3,
					 0xfffff, P(b->mem) + 64, 32, 0) < 0);
			assert_false(b->run.fault);
		}
	}
}

/* ---- task ---- */

static void task_is_the_event_s(void **state)
{
	struct bench *b = *state;

	b->task = (struct skep_task){.pid = 11,
				     .tgid = 10,
				     .uid = 1000,
				     .gid = 100,
				     .comm = "observed",
				     .cgroup = 42};
	assert_int_equal(call(b, SKEP_FUNC_get_current_pid_tgid), 10ll << 32 | 11);
	assert_int_equal(call(b, SKEP_FUNC_get_current_uid_gid), 100ll << 32 | 1000);
	assert_int_equal(call(b, SKEP_FUNC_get_current_cgroup_id), 42);
	memset(b->mem, 1, 32);
	assert_int_equal(call(b, SKEP_FUNC_get_current_comm, P(b->mem), 16), 0);
	assert_memory_equal(b->mem, "observed\0\0\0\0\0\0\0\0\1", 17);
	assert_int_equal(call(b, SKEP_FUNC_get_current_comm, P(b->mem), 4), 0);
	assert_memory_equal(b->mem, "obs\0rved", 8);
}

static void task_is_the_caller_without_an_event_s(void **state)
{
	struct bench *b = *state;
	char comm[16];

	b->world.task = NULL;
	assert_int_equal(call(b, SKEP_FUNC_get_current_pid_tgid),
			 (u64)getpid() << 32 | (u64)syscall(SYS_gettid));
	assert_int_equal(call(b, SKEP_FUNC_get_current_uid_gid),
			 (u64)getgid() << 32 | getuid());
	prctl(PR_GET_NAME, comm);
	assert_int_equal(call(b, SKEP_FUNC_get_current_comm, P(b->mem), 16), 0);
	assert_string_equal(b->mem, comm);
}

static void pids_are_of_our_namespace(void **state)
{
	struct bench *b = *state;
	struct stat st;

	b->task.pid = 11;
	b->task.tgid = 10;
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	assert_int_equal(call(b, SKEP_FUNC_get_ns_current_pid_tgid, st.st_dev, st.st_ino,
			      P(b->mem), 8),
			 0);
	assert_int_equal(load32(b->mem), 11);
	assert_int_equal(load32(b->mem + 4), 10);
	assert_int_equal(call(b, SKEP_FUNC_get_ns_current_pid_tgid, st.st_dev,
			      st.st_ino + 1, P(b->mem), 8),
			 -EINVAL);
	assert_int_equal(load64(b->mem), 0);
	assert_int_equal(call(b, SKEP_FUNC_get_ns_current_pid_tgid, st.st_dev, st.st_ino,
			      P(b->mem), 9),
			 -EINVAL);
}

/* ---- probe reads ---- */

/* A task with 64 bytes at 0x10000. */
static int task_read(struct skep_task *task, uint64_t addr, void *dst, uint32_t len)
{
	if (addr < 0x10000 || addr + len > 0x10040)
		return -EFAULT;
	memcpy(dst, (char *)task->arg + (addr - 0x10000), len);
	return 0;
}

static void probe_reads_reach_the_task_and_the_run(void **state)
{
	static char memory[64] = "user memory";
	struct bench *b = *state;

	b->task.read = task_read;
	b->task.arg = memory;
	put(b, 100, "kernel", 7);
	bench_begin(b, SKEP_PROG_TYPE_RAW_TRACEPOINT);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 5, 0x10000), 0);
	assert_memory_equal(b->mem, "user ", 5);
	assert_int_equal(call(b, SKEP_FUNC_copy_from_user, P(b->mem), 6, 0x10005), 0);
	assert_memory_equal(b->mem, "memory", 6);
	assert_int_equal(
		call(b, SKEP_FUNC_probe_read_kernel, P(b->mem), 6, P(b->mem + 100)), 0);
	assert_memory_equal(b->mem, "kernel", 6);
	assert_int_equal(call(b, SKEP_FUNC_probe_read, P(b->mem), 4, 0x10000), 0);
	assert_memory_equal(b->mem, "user", 4);
	assert_int_equal(call(b, SKEP_FUNC_probe_read, P(b->mem), 4, P(b->mem + 100)), 0);
	assert_memory_equal(b->mem, "kern", 4);
	assert_int_equal(
		call(b, SKEP_FUNC_probe_read_user, P(b->mem), 4, P(b->mem + 100)),
		-EFAULT);
	assert_memory_equal(b->mem, "\0\0\0\0", 4);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_kernel, P(b->mem), 4, 0x10000),
			 -ERANGE);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 64, 0x10004),
			 -EFAULT);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 0, 1), 0);
	b->task.read = NULL;
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 4, 0x10000),
			 -EFAULT);
	b->world.task = NULL;
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 4, P(memory)), 0);
	assert_memory_equal(b->mem, "user", 4);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user, P(b->mem), 4, 8), -EFAULT);
}

static void strings_end_with_a_0(void **state)
{
	static char memory[64] = "user memory";
	struct bench *b = *state;

	b->task.read = task_read;
	b->task.arg = memory;
	bench_begin(b, SKEP_PROG_TYPE_RAW_TRACEPOINT);
	memset(b->mem, 'x', 64);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user_str, P(b->mem), 32, 0x10005),
			 7);
	assert_memory_equal(b->mem, "memory\0\0x", 9);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user_str, P(b->mem), 3, 0x10000),
			 3);
	assert_memory_equal(b->mem, "us\0", 3);
	memset(memory, 'y', 64);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_user_str, P(b->mem), 32, 0x10030),
			 -EFAULT);
	put(b, 100, "kernel", 7);
	memset(b->mem, 'x', 64);
	assert_int_equal(
		call(b, SKEP_FUNC_probe_read_kernel_str, P(b->mem), 32, P(b->mem + 100)),
		7);
	assert_memory_equal(b->mem, "kernel\0x", 8);
	assert_int_equal(call(b, SKEP_FUNC_probe_read_str, P(b->mem), 4, P(b->mem + 101)),
			 4);
	assert_string_equal(b->mem, "ern");
	assert_int_equal(call(b, SKEP_FUNC_probe_read_str, P(b->mem), 0, 0x10000), 0);
}

/* ---- time, chance, place ---- */

static u64 tick(void *arg)
{
	return 7000000000;
}

static void time_is_the_world_s_or_the_machine_s(void **state)
{
	static const u32 ids[] = {SKEP_FUNC_ktime_get_ns, SKEP_FUNC_ktime_get_boot_ns,
				  SKEP_FUNC_ktime_get_coarse_ns,
				  SKEP_FUNC_ktime_get_tai_ns};
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_MONOTONIC_COARSE, CLOCK_TAI};
	struct bench *b = *state;

	for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
		struct timespec t;
		s64 now = call(b, ids[i]), then;

		clock_gettime(clocks[i], &t);
		then = t.tv_sec * 1000000000ll + t.tv_nsec;
		assert_true(now <= then && now > then - 1000000000);
	}
	b->world.clock = tick;
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(call(b, ids[i]), 7000000000);
	assert_int_equal(call(b, SKEP_FUNC_jiffies64), (u32)-75000 + 1750ll);
}

static void place_and_chance(void **state)
{
	struct bench *b = *state;

	assert_int_equal(call(b, SKEP_FUNC_get_smp_processor_id), 3);
	assert_int_equal(call(b, SKEP_FUNC_get_numa_node_id), 0);
	assert_true(call(b, SKEP_FUNC_get_prandom_u32) !=
		    call(b, SKEP_FUNC_get_prandom_u32));
	b->event.cookie = 1234567890123;
	bench_begin(b, SKEP_PROG_TYPE_RAW_TRACEPOINT);
	assert_int_equal(call(b, SKEP_FUNC_get_attach_cookie, P(b->run.ctx)),
			 1234567890123);
}

/* ---- callbacks ---- */

static u64 count_to(struct run *run, u64 func, const u64 args[5])
{
	struct bench *b = container_of(run, struct bench, run);

	assert_int_equal(func, PROG_FUNC_BASE);
	assert_int_equal(args[0], b->calls);
	assert_int_equal(args[1], 99);
	return ++b->calls == 5;
}

static void loop_counts_its_calls(void **state)
{
	struct bench *b = *state;

	b->run.callback = count_to;
	assert_int_equal(call(b, SKEP_FUNC_loop, 3, PROG_FUNC_BASE, 99, 0), 3);
	b->calls = 0;
	assert_int_equal(call(b, SKEP_FUNC_loop, 1000, PROG_FUNC_BASE, 99, 0), 5);
	assert_int_equal(call(b, SKEP_FUNC_loop, 0, PROG_FUNC_BASE, 99, 0), 0);
	assert_int_equal(call(b, SKEP_FUNC_loop, 1, PROG_FUNC_BASE, 99, 1), -EINVAL);
	assert_int_equal(call(b, SKEP_FUNC_loop, (8 << 20) + 1, PROG_FUNC_BASE, 99, 0),
			 (u32)-E2BIG);
}

static struct prog *find_prog(struct run *run, struct map *map, u32 index)
{
	return index == 2 ? run->prog : NULL;
}

static void tail_calls_are_33(void **state)
{
	struct bench *b = *state;
	static const struct map_ops ops = {.name = "prog_array", .no_value_ptr = true};

	b->map.ops = &ops;
	b->map.info.type = SKEP_MAP_TYPE_PROG_ARRAY;
	b->map.info.max_entries = 4;
	b->prog.nmaps = 1;
	b->prog.maps[0] = &b->map;
	b->run.find_prog = find_prog;
	call(b, SKEP_FUNC_tail_call, P(b->run.ctx), P(b->prog.maps), 1);
	assert_null(b->run.tail_target);
	call(b, SKEP_FUNC_tail_call, P(b->run.ctx), P(b->prog.maps), 4);
	assert_null(b->run.tail_target);
	for (u32 i = 0; i < 33; i++) {
		b->run.tail_target = NULL;
		call(b, SKEP_FUNC_tail_call, P(b->run.ctx), P(b->prog.maps), 2);
		assert_ptr_equal(b->run.tail_target, &b->prog);
	}
	b->run.tail_target = NULL;
	call(b, SKEP_FUNC_tail_call, P(b->run.ctx), P(b->prog.maps), 2);
	assert_null(b->run.tail_target);
	assert_int_equal(b->run.fault, 0);
	faults(b, call(b, SKEP_FUNC_map_lookup_elem, P(b->prog.maps), P(b->mem)),
	       "instruction 0: argument 1 of bpf_map_lookup_elem is map '' of type prog_array, "
	       "with which it does not work [H003]\n");
}

/* A map of two values by hand; what it must refuse never gets to its ops. */
static void a_map_s_flags_bind_helpers(void **state)
{
	static const struct map_ops ops = {.name = "array"};
	struct bench *b = *state;

	b->map.ops = &ops;
	b->map.info.key_size = b->map.info.value_size = 4;
	b->map.info.flags = SKEP_F_RDONLY_PROG;
	memcpy(b->map.info.name, "table", 6);
	b->prog.nmaps = 1;
	b->prog.maps[0] = &b->map;
	faults(b,
	       call(b, SKEP_FUNC_map_update_elem, P(b->prog.maps), P(b->mem), P(b->mem),
		    0),
	       "instruction 0: bpf_map_update_elem: map 'table' is read-only for programs "
	       "(BPF_F_RDONLY_PROG) [H005]\n");
	faults(b, call(b, SKEP_FUNC_map_delete_elem, P(b->prog.maps), P(b->mem)),
	       "instruction 0: bpf_map_delete_elem: map 'table' is read-only for programs "
	       "(BPF_F_RDONLY_PROG) [H005]\n");
	b->map.info.flags = SKEP_F_WRONLY_PROG;
	faults(b,
	       call(b, SKEP_FUNC_for_each_map_elem, P(b->prog.maps), PROG_FUNC_BASE, 0,
		    0),
	       "instruction 0: bpf_for_each_map_elem: map 'table' is write-only for programs "
	       "(BPF_F_WRONLY_PROG) [H004]\n");
	faults(b,
	       call(b, SKEP_FUNC_map_lookup_percpu_elem, P(b->prog.maps), P(b->mem), 0),
	       "instruction 0: argument 1 of bpf_map_lookup_percpu_elem is map 'table' of type "
	       "array, with which it does not work [H003]\n");
	faults(b, call(b, SKEP_FUNC_map_peek_elem, P(b->prog.maps), P(b->mem)),
	       "instruction 0: argument 1 of bpf_map_peek_elem is map 'table' of type array, "
	       "with which it does not work [H003]\n");
	faults(b, call(b, SKEP_FUNC_ringbuf_reserve, P(b->prog.maps), 8, 0),
	       "instruction 0: argument 1 of bpf_ringbuf_reserve is map 'table' of type array, "
	       "with which it does not work [H003]\n");
}

static void only_records_can_be_given_back(void **state)
{
	struct bench *b = *state;

	faults(b, call(b, SKEP_FUNC_ringbuf_submit, 0x1000, 0),
	       "instruction 0: argument 1 of bpf_ringbuf_submit is 0x1000, which is no "
	       "ring-buffer record that this run has reserved and still holds [H008]\n");
	run_give(&b->run, b->mem, 8, access_read, NULL);
	faults(b, call(b, SKEP_FUNC_ringbuf_discard, P(b->mem), 0), b->text);
	assert_non_null(strstr(b->text, "[H008]"));
	helper_take_back(&b->run);
	assert_int_equal(b->run.ngiven, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_are_whole),
		TEST(bad_arguments_get_a_sentence),
		TEST(kernel_functions_check_their_arguments),
		TEST(forged_dynptrs_reach_nothing),
		TEST(forged_packets_have_no_more_bytes),
		TEST(task_is_the_event_s),
		TEST(task_is_the_caller_without_an_event_s),
		TEST(pids_are_of_our_namespace),
		TEST(probe_reads_reach_the_task_and_the_run),
		TEST(strings_end_with_a_0),
		TEST(time_is_the_world_s_or_the_machine_s),
		TEST(place_and_chance),
		TEST(loop_counts_its_calls),
		TEST(tail_calls_are_33),
		TEST(a_map_s_flags_bind_helpers),
		TEST(only_records_can_be_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
