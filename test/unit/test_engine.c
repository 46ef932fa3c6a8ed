/* The engine through its public door: opening, the calls around bpf(2), lack of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <skep/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "mem.h"
#include "ringbuf.h"

static const u8 int_btf[] = {
	0x9f, 0xeb, 1, 0, 24, 0, 0,  0, 0, 0, 0, 0,   16,  0,	0,
	0,    16,   0, 0, 0,  5, 0,  0, 0, 1, 0, 0,   0,   0,	0,
	0,    1,    4, 0, 0,  0, 32, 0, 0, 1, 0, 'i', 'n', 't', 0,
};

static const struct skep_insn ret7[] = {
	{.code = 0xb7, .imm = 7},
	{.code = 0x95},
};

static struct skep_engine *new_engine(void)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = 3};
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	return engine;
}

static int load_btf(struct skep_sys *sys)
{
	union skep_attr attr = {.btf = (uintptr_t)int_btf, .btf_size = sizeof(int_btf)};

	return sys->bpf(sys, SKEP_BTF_LOAD, &attr, sizeof(attr));
}

static int load_prog(struct skep_sys *sys)
{
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_XDP,
				.insn_cnt = 2,
				.insns = (uintptr_t)ret7,
				.license = (uintptr_t) "GPL"};

	return sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static int next_prog(struct skep_sys *sys)
{
	union skep_attr attr = {.start_id = 0};
	int err = sys->bpf(sys, SKEP_PROG_GET_NEXT_ID, &attr, sizeof(attr));

	return err ? err : (int)attr.next_id;
}

static void the_directory_has_a_default(void **state)
{
	char buf[64];

	setenv("SKEP_DIR", "/a/b", 1);
	assert_int_equal(skep_engine_dir(buf, sizeof(buf)), 4);
	assert_string_equal(buf, "/a/b");
	assert_int_equal(skep_engine_dir(buf, 3), 4);
	unsetenv("SKEP_DIR");
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	skep_engine_dir(buf, sizeof(buf));
	assert_string_equal(buf, "/run/user/1/skep");
	unsetenv("XDG_RUNTIME_DIR");
	skep_engine_dir(buf, sizeof(buf));
	assert_memory_equal(buf, "/dev/shm/skep-", 14);
}

static void options_may_be_missing_or_short(void **state)
{
	struct skep_engine_opts opts = {.size = offsetof(struct skep_engine_opts, dir)};
	char text[256];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_engine *engine;

	assert_int_equal(skep_engine_open(NULL, &engine), 0);
	skep_engine_close(engine);
	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	skep_engine_close(engine);
	opts = (struct skep_engine_opts){
		.size = sizeof(opts), .slots = 1025, .log = &log};
	assert_int_equal(skep_engine_open(&opts, &engine), -EINVAL);
	assert_null(engine);
	assert_non_null(strstr(text, "1025 CPU slots"));
	skep_engine_close(NULL);
}

static void it_has_as_many_cpus_as_slots(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	int fd = sys->open(sys, "/sys/devices/system/cpu/possible");
	char buf[16] = "";

	assert_true(fd >= 0);
	assert_int_equal(sys->read(sys, fd, buf, sizeof(buf)), 4);
	assert_string_equal(buf, "0-2\n");
	assert_int_equal(sys->close(sys, fd), 0);
	assert_int_equal(sys->open(sys, "/etc/passwd"), -ENOENT);
	skep_engine_close(engine);
}

static void objects_are_no_files(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	int fd = load_prog(sys), pipes[2];
	void *at = NULL;
	char buf[8];

	assert_true(fd >= 0);
	assert_int_equal(sys->read(sys, fd, buf, 8), -EINVAL);
	assert_int_equal(sys->ioctl(sys, fd, 0x5401, 0), -ENOTTY);
	assert_int_equal(sys->mmap(sys, &at, 4096, PROT_READ, MAP_SHARED, fd, 0),
			 -ENODEV);
	assert_int_equal(
		sys->mmap(sys, &at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		0);
	assert_int_equal(sys->munmap(sys, at, 4096), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(sys->read(sys, pipes[0], buf, 8), 1);
	assert_int_equal(sys->close(sys, pipes[0]), 0);
	assert_int_equal(sys->close(sys, pipes[1]), 0);
	assert_int_equal(sys->close(sys, pipes[1]), -EBADF);
	assert_true(next_prog(sys) > 0);
	assert_int_equal(sys->close(sys, fd), 0);
	assert_int_equal(next_prog(sys), -ENOENT);
	skep_engine_close(engine);
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static void *write_later(void *arg)
{
	usleep(20000);
	assert_int_equal(write(*(int *)arg, "x", 1), 1);
	return NULL;
}

static void poll_waits_for_both_kinds(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	int prog = load_prog(sys), pipes[2];
	pthread_t thread;
	u64 start;

	assert_int_equal(pipe(pipes), 0);
	struct pollfd fds[] = {
		{prog, POLLPRI, 7}, {pipes[0], POLLIN, 7}, {-1, POLLIN, 7}};

	assert_int_equal(sys->poll(sys, fds, 3, 0), 0);
	assert_int_equal(fds[0].revents | fds[1].revents | fds[2].revents, 0);
	start = now_ms();
	assert_int_equal(sys->poll(sys, fds, 3, 30), 0);
	assert_in_range(now_ms() - start, 30, 3000);
	pthread_create(&thread, NULL, write_later, &pipes[1]);
	assert_int_equal(sys->poll(sys, fds, 3, -1), 1);
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(fds[0].revents, 0);
	pthread_join(thread, NULL);
	fds[0].events =
		POLLIN; /* a file without poll is always readable, as in the kernel */
	assert_int_equal(sys->poll(sys, fds, 1, -1), 1);
	close(prog);
	assert_int_equal(sys->poll(sys, fds, 1, 0), 1);
	assert_int_equal(fds[0].revents, POLLNVAL);
	close(pipes[0]);
	close(pipes[1]);
	skep_engine_close(engine);
}

/* What a program in another process does. */
static int produce(struct skep_engine *engine, int ring)
{
	struct object *obj;
	int err = object_get(engine->store, ring, OBJECT_MAP, &obj, NULL);

	return err ? err
		   : ringbuf_output(container_of(obj, struct map, obj), "12345678", 8, 0);
}

/* Alone (n 1), and beside an fd of the system's. */
static void poll_ring(struct skep_engine *engine, int other, nfds_t n)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr = {.map_type = SKEP_MAP_TYPE_RINGBUF, .max_entries = 4096};
	int ring = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr)), status;
	struct pollfd fds[] = {{ring, POLLIN, 0}, {other, POLLIN, 0}};
	u64 start = now_ms();
	pid_t pid;

	assert_true(ring >= 0);
	assert_int_equal(sys->poll(sys, fds, n, 0), 0);
	pid = fork();
	if (!pid) {
		usleep(30000);
		_exit(produce(engine, ring) != 0);
	}
	assert_int_equal(sys->poll(sys, fds, n, 10000), 1);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_in_range(now_ms() - start, 30, 5000);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	sys->close(sys, ring);
}

static void poll_sees_a_ring_buffer_of_another_process(void **state)
{
	struct skep_engine *engine = new_engine();
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	poll_ring(engine, pipes[0], 1);
	poll_ring(engine, pipes[0], 2);
	close(pipes[0]);
	close(pipes[1]);
	skep_engine_close(engine);
}

static void a_program_runs(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	u8 bytes[64] = {0};
	struct skep_packet packet = {
		.head = bytes, .data = bytes, .tail = bytes + 64, .end = bytes + 64};
	struct skep_event event = {.packet = &packet};
	struct skep_prog *prog;
	struct skep_cpu *cpu;
	uint64_t ret = 0;
	int fd = load_prog(sys), btf = load_btf(sys);

	assert_int_equal(skep_prog_get(engine, btf, &prog), -EINVAL);
	assert_int_equal(skep_prog_get(engine, -1, &prog), -EBADF);
	assert_int_equal(skep_prog_get(engine, fd, &prog), 0);
	sys->close(sys, fd);
	cpu = skep_enter(engine);
	assert_null(skep_enter(engine));
	assert_int_equal(skep_run(cpu, prog, &event, &ret, NULL), 0);
	assert_int_equal(ret, 7);
	skep_leave(cpu);
	skep_prog_put(prog);
	close(btf);
	skep_engine_close(engine);
}

static void a_fork_in_a_batch_keeps_the_parents_slot(void **state)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = 1};
	struct skep_engine *engine;
	struct skep_cpu *cpu;
	int status;
	pid_t pid;

	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	cpu = skep_enter(engine);
	pid = fork();
	if (!pid) {
		skep_leave(cpu); /* the parent has the one slot still */
		alarm(1);
		skep_enter(engine);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	skep_leave(cpu);
	skep_engine_close(engine);
}

static void every_allocation_may_fail(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	int (*const calls[])(struct skep_sys *) = {load_btf, load_prog, next_prog};

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		for (long n = 0; n < 40; n++) {
			int ret;

			mem_fail_after(n);
			ret = calls[c](sys);
			mem_fail_after(-1);
			assert_true(ret >= 0 || ret == -ENOMEM || ret == -ENOENT);
			if (ret >= 0 && calls[c] != next_prog)
				assert_int_equal(sys->close(sys, ret), 0);
		}
	assert_int_equal(next_prog(sys), -ENOENT);
	skep_engine_close(engine);
	for (long n = 0; n < 10; n++) {
		int err;

		mem_fail_after(n);
		err = skep_engine_open(NULL, &engine);
		mem_fail_after(-1);
		assert_true(err == -ENOMEM || !err);
		skep_engine_close(err ? NULL : engine);
	}
}

static void a_full_fd_table_is_an_error(void **state)
{
	struct skep_engine *engine = new_engine();
	struct skep_sys *sys = skep_engine_sys(engine);
	struct rlimit most = {256, 256};
	int first = dup(0), fd, failed = 0;

	close(first);
	setrlimit(RLIMIT_NOFILE, &most);
	while ((fd = dup(0)) >= 0)
		;
	for (int room = 0; room < 8; room++) {
		if (room)
			close(255 - room);
		fd = load_btf(sys);
		failed += fd < 0;
		assert_true(fd >= 0 || fd == -EMFILE);
		if (fd >= 0)
			sys->close(sys, fd);
	}
	assert_in_range(failed, 1, 7);
	for (fd = first; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) == 0) /* dup(0)'s: not closed on exec */
			close(fd);
	fd = load_btf(sys);
	assert_true(fd >= 0);
	close(fd);
	skep_engine_close(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_directory_has_a_default),
		cmocka_unit_test(options_may_be_missing_or_short),
		cmocka_unit_test(it_has_as_many_cpus_as_slots),
		cmocka_unit_test(objects_are_no_files),
		cmocka_unit_test(poll_waits_for_both_kinds),
		cmocka_unit_test(poll_sees_a_ring_buffer_of_another_process),
		cmocka_unit_test(a_program_runs),
		cmocka_unit_test(a_fork_in_a_batch_keeps_the_parents_slot),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_full_fd_table_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
