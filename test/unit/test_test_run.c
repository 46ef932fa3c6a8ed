/* BPF_PROG_TEST_RUN, what is not a matter of arguments (test/sys/test_run_*.sys): signals
 * that end it, and the CPU that it runs on; on the engine and on the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <skep/engine.h>
#include "bits.h"
#include "no_bpf.h"
#include "skip.h"

static struct skep_engine *engine;
static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	handled++;
}

static int open_engine(void **state)
{
	return skep_engine_open(NULL, &engine);
}

static int close_engine(void **state)
{
	skep_engine_close(engine);
	return 0;
}

static struct skep_sys *side(u32 i)
{
	return i ? skep_sys_kernel() : skep_engine_sys(engine);
}

static u32 sides(void)
{
	return no_bpf() ? 1 : 2;
}

static int load(struct skep_sys *sys, u32 type, const struct skep_insn *code, u32 n)
{
	union skep_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = u64_of(code);
	attr.insn_cnt = n;
	attr.license = u64_of("GPL");
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	return fd;
}

/* ---- signals ---- */

static const struct skep_insn pass[] = {{.code = 0xb7, .imm = 2}, {.code = 0x95}};

static int repeat(struct skep_sys *sys, int fd, u32 flags, u32 times)
{
	static const u8 data[64];
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(data);
	attr.test.data_size_in = sizeof(data);
	attr.test.repeat = times;
	attr.test.flags = flags;
	return sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
}

static void alarm_in(u32 ms)
{
	const struct itimerval when = {.it_value = {.tv_usec = ms * 1000}};

	assert_int_equal(setitimer(ITIMER_REAL, &when, NULL), 0);
}

/* How often it can at all is more than a minute's work. */
static void handled_signals_end_it(void **state)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	for (u32 i = 0, n = sides(); i < n; i++) {
		int fd = load(side(i), SKEP_PROG_TYPE_XDP, pass, 2);

		for (int k = 0; k < 3; k++) {
			handled = 0;
			alarm_in(20);
			assert_int_equal(repeat(side(i), fd, 0, UINT32_MAX), -EINTR);
			assert_int_equal(handled, 1);
		}
		alarm_in(20);
		assert_int_equal(
			repeat(side(i), fd, SKEP_F_TEST_XDP_LIVE_FRAMES, UINT32_MAX),
			-EINTR);
		close(fd);
	}
}

/* Long enough for one to come. */
static void lasts(u32 i, int fd)
{
	alarm_in(5);
	assert_int_equal(repeat(side(i), fd, 0, 1000000), 0);
	usleep(10000);
}

static void ignored_and_blocked_signals_do_not(void **state)
{
	struct sigaction act = {.sa_handler = SIG_IGN},
			 handle = {.sa_handler = on_signal};
	sigset_t set, before, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	for (u32 i = 0, n = sides(); i < n; i++) {
		int fd = load(side(i), SKEP_PROG_TYPE_XDP, pass, 2);

		handled = 0;
		sigaction(SIGALRM, &act, NULL);
		lasts(i, fd);
		sigaction(SIGALRM, &handle, NULL);
		pthread_sigmask(SIG_BLOCK, &set, &before);
		lasts(i, fd);
		assert_int_equal(handled, 0);
		sigpending(&pending);
		assert_true(sigismember(&pending, SIGALRM));
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		assert_int_equal(handled, 1);
		close(fd);
	}
}

/* ---- the CPU ---- */

static int run_on(struct skep_sys *sys, int fd, u32 cpu, u32 *ret)
{
	union skep_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)fd;
	attr.test.flags = SKEP_F_TEST_RUN_ON_CPU;
	attr.test.cpu = cpu;
	err = sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	*ret = attr.test.retval;
	return err;
}

static void programs_see_the_cpu(void **state)
{
	static const struct skep_insn code[] = {
		{.code = 0x85, .imm = SKEP_FUNC_get_smp_processor_id}, {.code = 0x95}};
	u32 cpus = (u32)sysconf(_SC_NPROCESSORS_ONLN), ret;

	for (u32 i = 0, n = sides(); i < n; i++) {
		int fd = load(side(i), SKEP_PROG_TYPE_RAW_TRACEPOINT, code, 2);

		for (u32 cpu = 0; cpu < cpus; cpu++) {
			assert_int_equal(run_on(side(i), fd, cpu, &ret), 0);
			assert_int_equal(ret, cpu);
		}
		assert_int_equal(run_on(side(i), fd, 1 << 20, &ret), -ENXIO);
		close(fd);
	}
}

/* A slot that another thread has is waited for. */
static void *leave_late(void *cpu_of_other)
{
	struct skep_cpu *cpu = skep_enter(engine);

	__atomic_store_n((u32 *)cpu_of_other, 1, __ATOMIC_RELEASE);
	usleep(20000);
	skep_leave(cpu);
	return NULL;
}

static void a_slot_is_waited_for(void **state)
{
	static const struct skep_insn code[] = {
		{.code = 0x85, .imm = SKEP_FUNC_get_smp_processor_id}, {.code = 0x95}};
	int fd = load(side(0), SKEP_PROG_TYPE_RAW_TRACEPOINT, code, 2);
	u32 cpus = (u32)sysconf(_SC_NPROCESSORS_ONLN), ret, ready = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, leave_late, &ready), 0);
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		usleep(100);
	for (u32 cpu = 0; cpu < cpus; cpu++) {
		assert_int_equal(run_on(side(0), fd, cpu, &ret), 0);
		assert_int_equal(ret, cpu);
	}
	pthread_join(thread, NULL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handled_signals_end_it),
		cmocka_unit_test(ignored_and_blocked_signals_do_not),
		cmocka_unit_test(programs_see_the_cpu),
		cmocka_unit_test(a_slot_is_waited_for),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
