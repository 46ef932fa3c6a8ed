/* test/bpf/map_types.bpf.c on the engine and on the kernel: both give the same answers,
 * and the engine's are the ones that stand here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "sides.h"

#define TYPES TEST_BPF "/map_types.bpf.c"

enum { DEPTH = 127 };

/* The programs' memory. */
struct all {
	u64 out[OUT];
	u64 stack[DEPTH];
	struct skep_stack_build_id named[DEPTH];
	u64 reg_offset, magic;
};

static struct all *memory(const struct side *s)
{
	return s->bss->data;
}

static int prog_fd(struct side *s, const char *name)
{
	return skep_object_find_prog(s->obj, name)->fd;
}

/* Runs a program once; what it returned. */
static u32 run(struct side *s, const char *name)
{
	union skep_attr attr;
	u64 out[OUT];

	memset(memory(s), 0, sizeof(struct all));
	memset(&attr, 0, sizeof(attr));
	return side_run(s, name, &attr, out);
}

#define SAME(s, name, ...) \
	same(s, name, memory(s)->out, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

static void lru_percpu(void **state)
{
	for (u32 i = 0, n = sides(__func__, TYPES); i < n; i++) {
		struct side s;

		side_open(&s, i);
		assert_int_equal(run(&s, "lru_percpu"), 0);
		SAME(&s, "lru_percpu", 1, -ENOENT, 0, -EEXIST, -EINVAL, 7, 1, 1, 2,
		     3 * 10 + 4 * 7, 0, -ENOENT, 1);
		skep_object_close(s.obj);
	}
}

/* ---- stack_trace ---- */

static int lookup(struct side *s, const char *map, u64 id, void *value)
{
	u32 key = (u32)id;
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, map)->fd;
	attr.key = u64_of(&key);
	attr.value = u64_of(value);
	return s->sys->bpf(s->sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

/* The maps have what get_stack() gave. */
static void check_maps(struct side *s)
{
	struct skep_stack_build_id named[DEPTH];
	const u64 *out = memory(s)->out;
	u64 stack[DEPTH];

	assert_true((s64)out[0] >= 3 * 8 && out[0] <= sizeof(stack));
	assert_int_equal(out[1], out[0] * 4);
	assert_true(out[2] < 1024 && out[3] < 1024);
	assert_int_equal(lookup(s, "stacks", out[2], stack), 0);
	assert_memory_equal(stack, memory(s)->stack, sizeof(stack));
	assert_int_equal(lookup(s, "named_stacks", out[3], named), 0);
	assert_memory_equal(named, memory(s)->named, sizeof(named));
}

static __attribute__((noinline)) u32 run_deep(struct side *s, u32 depth)
{
	u32 ret = depth ? run_deep(s, depth - 1) : run(s, "own_stack");

	__asm__ volatile("" ::: "memory"); /* no tail call */
	return ret;
}

/* A test run sees the stack of who asked for it: this function calls itself four times
 * from one place, which the stack has somewhere. */
static void own_stack(void **state)
{
	for (u32 i = 0, n = sides(__func__, TYPES); i < n; i++) {
		u64 at = u64_of(run_deep), *stack;
		struct side s;
		u32 k = 0;

		side_open(&s, i);
		assert_int_equal(run_deep(&s, 4), 0);
		stack = memory(&s)->stack;
		check_maps(&s);
		while (k < 20 && !(stack[k] - at < 256 && stack[k] == stack[k + 1]))
			k++;
		assert_true(k < 20 && stack[k] == stack[k + 2]);
		assert_true(stack[k] != stack[k + 4]);
		assert_int_equal(memory(&s)->out[4], 1);
		memmove(memory(&s)->out, memory(&s)->out + 5, 17 * sizeof(u64));
		SAME(&s, "own_stack", 24, 1, -EINVAL, 0, -EINVAL, -EINVAL, -EFAULT, 0,
		     -EFAULT, -EINVAL, 0, -EEXIST, -ENOMEM, 24, 1, -EINVAL, -EFAULT);
		skep_object_close(s.obj);
	}
}

#if defined(__x86_64__)
enum { FIRST_ARGUMENT = 14 * 8 };
#else
enum { FIRST_ARGUMENT = 0 };
#endif
enum { MAGIC = 0x5ca1ab1e };

/* What is traced: nothing else asks for the group of that process. */
static __attribute__((noinline)) long leaf(void)
{
#if defined(__x86_64__)
	long ret = SYS_getpgid;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(MAGIC) : "rcx", "r11", "memory");
	return ret;
#else
	return syscall(SYS_getpgid, MAGIC);
#endif
}

static __attribute__((noinline)) long branch(void)
{
	return leaf() + 1;
}

static int attach(struct side *s, const char *name)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = u64_of("sys_enter");
	attr.raw_tracepoint.prog_fd = (u32)prog_fd(s, name);
	return s->sys->bpf(s->sys, SKEP_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
}

static int run_leaf(bool traced)
{
	char *argv[] = {"/proc/self/exe", "--leaf", NULL};
	int status = -1;
	pid_t pid;

	if (traced)
		return skep_trace_command(engine, argv, NULL, &status) ? -1 : status;
	pid = fork();
	if (!pid) {
		execv(argv[0], argv);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* Runs run_leaf() with that program at the entry of system calls. */
static void trace_with(struct side *s, const char *name, bool traced)
{
	int link;

	memory(s)->reg_offset = FIRST_ARGUMENT;
	memory(s)->magic = MAGIC;
	link = attach(s, name);
	assert_true(link >= 0);
	assert_int_equal(run_leaf(traced), 0);
	s->sys->close(s->sys, link);
}

static void trace(u32 i, struct all *got)
{
	struct side s;

	side_open(&s, i);
	trace_with(&s, "call_stack", !i);
	check_maps(&s);
	*got = *memory(&s);
	skep_object_close(s.obj);
}

/* The same process, traced by the engine and by the kernel, at the same addresses: one
 * stack. */
static void call_stack(void **state)
{
	static struct all got[2];
	u32 n = sides(__func__, TYPES);
	int persona = personality(0xffffffff);

	if (personality((unsigned)persona | ADDR_NO_RANDOMIZE) < 0)
		test_skip(__func__, "addresses cannot be made the same (personality)");
	for (u32 i = 0; i < n; i++)
		trace(i, &got[i]);
	personality((unsigned)persona);
	assert_int_equal(got[0].named[1].status, SKEP_STACK_BUILD_ID_VALID);
	assert_int_equal(got[0].named[1].offset % 4096, got[0].stack[1] % 4096);
	if (n < 2)
		return;
	assert_int_equal(got[0].out[0], got[1].out[0]);
	assert_memory_equal(got[0].stack, got[1].stack, sizeof(got[0].stack));
	assert_memory_equal(got[0].named, got[1].named, sizeof(got[0].named));
}

/* ---- task_storage ---- */

static void task_local(void **state)
{
	for (u32 i = 0, n = sides(__func__, TYPES); i < n; i++) {
		int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
		struct side s;
		u64 value = 0;

		assert_true(fd >= 0);
		side_open(&s, i);
		assert_int_equal(run(&s, "task_local"), 0);
		SAME(&s, "task_local", 1, -ENOENT, 7, 8, 8, 1, 1, -EINVAL, 0, -ENOENT, 0);
		assert_int_equal(lookup(&s, "tasks", (u64)fd, &value), 0);
		assert_int_equal(value, 42);
		skep_object_close(s.obj);
		close(fd);
	}
}

/* Two processes make the call twice each: both count to two. */
static void task_calls(void **state)
{
	for (u32 i = 0, n = sides(__func__, TYPES); i < n; i++) {
		struct side s;

		side_open(&s, i);
		trace_with(&s, "task_calls", !i);
		trace_with(&s, "task_calls", !i);
		SAME(&s, "task_calls", 2, 2, 0);
		skep_object_close(s.obj);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_percpu), cmocka_unit_test(own_stack),
		cmocka_unit_test(call_stack), cmocka_unit_test(task_local),
		cmocka_unit_test(task_calls),
	};

	if (argc == 2 && !strcmp(argv[1], "--leaf"))
		/* LeakSanitizer cannot look at a process that is traced */
		_exit(branch() != -ESRCH + 1 || branch() != -ESRCH + 1);
	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
