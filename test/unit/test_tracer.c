/* The tracer on workloads that this program itself plays when it is called with one. */
#include "tracer.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>
#include "skip.h"

/* ---- workloads ---- */

static void *call_getppid(void *n)
{
	for (long i = 0; i < (long)n; i++)
		syscall(SYS_getppid);
	return NULL;
}

static int in_child(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int work_threads(void)
{
	pthread_t ids[4];

	for (long i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, call_getppid, (void *)(100 * (i + 1)));
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

static int work_children(void)
{
	pid_t pid = fork();

	if (!pid) {
		call_getppid((void *)7);
		_exit(3);
	}
	if (in_child(pid) != 3)
		return 1;
	pid = vfork();
	if (!pid)
		_exit(4);
	return in_child(pid) == 4 ? 0 : 1;
}

static volatile sig_atomic_t caught;

static void count_signal(int sig)
{
	caught++;
}

static int work_signals(void)
{
	int status;
	pid_t pid;

	signal(SIGUSR1, count_signal);
	signal(SIGTRAP, count_signal);
	raise(SIGUSR1);
	raise(SIGTRAP);
	raise(SIGUSR1);
	pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		_exit(5);
	}
	waitpid(pid, &status, WUNTRACED);
	if (!WIFSTOPPED(status))
		return 2;
	kill(pid, SIGCONT);
	return caught == 3 && in_child(pid) == 5 ? 0 : 1;
}

static void *exec_true(void *path)
{
	syscall(SYS_getppid);
	execl("/bin/true", "true", NULL);
	return NULL;
}

static int work_exec(void)
{
	pthread_t id;

	pthread_create(&id, NULL, exec_true, NULL);
	pause();
	return 1;
}

static int work_rename(void)
{
	syscall(SYS_getppid);
	prctl(PR_SET_NAME, "renamed");
	syscall(SYS_getppid);
	return 0;
}

static void *same_affinity(void *set)
{
	cpu_set_t now;

	if (sched_getaffinity(0, sizeof(now), &now))
		return NULL;
	return CPU_EQUAL(&now, (cpu_set_t *)set) ? set : NULL;
}

/* Talks long enough to be kept on a CPU, and looks whether it can see that: itself, a
 * child and a thread that are made meanwhile. */
static int work_affinity(void)
{
	cpu_set_t set;
	pthread_t id;
	void *same;
	pid_t pid;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	call_getppid((void *)200);
	pid = fork();
	if (!pid)
		_exit(same_affinity(&set) ? 0 : 2);
	if (in_child(pid))
		return 2;
	call_getppid((void *)200);
	pthread_create(&id, NULL, same_affinity, &set);
	pthread_join(id, &same);
	if (!same)
		return 3;
	call_getppid((void *)200);
	return same_affinity(&set) ? 0 : 4;
}

/* A 32-bit program that makes one call: exit(9). */
static int work_foreign(void)
{
	/* clang-format off */
	static const u8 elf[] = {
		0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 0x04, 0x08, 0x34, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x04, 0x08, 0, 0x80, 0x04, 0x08,
		0x60, 0, 0, 0, 0x60, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
		0xb8, 1, 0, 0, 0,       /* mov $1, %eax */
		0xbb, 9, 0, 0, 0,       /* mov $9, %ebx */
		0xcd, 0x80,             /* int $0x80 */
	};
	/* clang-format on */
	char *argv[] = {"foreign", NULL};
	int fd = (int)syscall(SYS_memfd_create, "foreign", 0);

	if (write(fd, elf, sizeof(elf)) != sizeof(elf))
		return 98;
	fexecve(fd, argv, environ);
	return 77;
}

/* Calls until its input ends. */
static int work_serve(void)
{
	pthread_t id;
	char c;

	pthread_create(&id, NULL, call_getppid, (void *)100000000l);
	while (read(0, &c, 1) > 0)
		write(1, &c, 1);
	return 6;
}

static int work(const char *name)
{
	static const struct {
		const char *name;
		int (*fn)(void);
	} all[] = {
		{"threads", work_threads},   {"children", work_children},
		{"signals", work_signals},   {"exec", work_exec},
		{"rename", work_rename},     {"serve", work_serve},
		{"affinity", work_affinity}, {"foreign", work_foreign},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i].name))
			return all[i].fn();
	return 99;
}

/* ---- what the tracer saw ---- */

struct seen {
	struct tracer t;
	struct skep_log log;
	char text[512];
	u32 enters[TRACER_CALLS], exits[TRACER_CALLS], errors[TRACER_CALLS];
	u32 births; /* exits with 0 of calls that nobody entered */
	u32 tids[16], ntids, tgids[16], ntgids;
	char comms[8][16];
	u32 ncomms;
	bool nowhere; /* openat("/nowhere/") was seen */
	u64 regs_ok, stop_at;
	volatile sig_atomic_t stop;
	u32 kept; /* times that a getppid was on the one CPU of its thread */
};

static void note(u32 *set, u32 *n, u32 value)
{
	for (u32 i = 0; i < *n; i++)
		if (set[i] == value)
			return;
	if (*n < 16)
		set[(*n)++] = value;
}

static void on_enter(void *arg, struct tracee *t)
{
	struct seen *s = arg;
	u64 regs[TRACER_REGS];
	cpu_set_t cpus;
	char path[10];

	s->enters[MIN(t->nr, TRACER_CALLS - 1)]++;
	note(s->tids, &s->ntids, t->task.pid);
	note(s->tgids, &s->ntgids, t->task.tgid);
	if (!s->ncomms || strcmp(s->comms[s->ncomms - 1], t->task.comm))
		memcpy(s->comms[s->ncomms++ % 8], t->task.comm, 16);
	if (t->nr == SYS_openat && !t->task.read(&t->task, t->args[1], path, 10))
		s->nowhere = s->nowhere || !memcmp(path, "/nowhere/", 10);
	if (t->nr == SYS_getppid && !tracer_regs(t, regs))
		s->regs_ok += regs[TRACER_REG_NR] == SYS_getppid;
	if (t->nr == SYS_getppid &&
	    !sched_getaffinity((pid_t)t->task.pid, sizeof(cpus), &cpus))
		s->kept += CPU_COUNT(&cpus) == 1;
	if (s->stop_at && s->enters[SYS_getppid] == s->stop_at)
		s->stop = 1;
}

static void on_exit_call(void *arg, struct tracee *t)
{
	struct seen *s = arg;
	u64 nr = MIN(t->nr, TRACER_CALLS - 1);

	s->exits[nr]++;
	s->errors[nr] += t->ret < 0 && t->ret > -4096;
	s->births += !t->ret && (nr == SYS_clone || nr == SYS_clone3 || nr == SYS_vfork);
}

static void prepare(struct seen *s)
{
	memset(s, 0, sizeof(*s));
	s->log = (struct skep_log){.buf = s->text, .size = sizeof(s->text)};
	s->t.enter = on_enter;
	s->t.exit = on_exit_call;
	s->t.arg = s;
	s->t.log = &s->log;
	s->t.stop = &s->stop;
}

static void want(struct seen *s, u64 nr)
{
	s->t.want[nr] = tracer_enter | tracer_exit;
}

static void want_all(struct seen *s)
{
	for (int i = 0; i < TRACER_CALLS; i++)
		want(s, i);
}

static int run(struct seen *s, const char *workload, int *status)
{
	char *argv[] = {"/proc/self/exe", (char *)workload, NULL};

	return tracer_command(&s->t, argv, status);
}

static bool allowed;

static void need_ptrace(const char *test)
{
	if (!allowed)
		test_skip(test, "ptrace of a child is refused here");
}

/* ---- tests ---- */

static void threads(const char *test, bool everything)
{
	struct seen s;
	int status = -1;

	need_ptrace(test);
	prepare(&s);
	if (everything)
		want_all(&s);
	want(&s, SYS_getppid);
	assert_int_equal(run(&s, "threads", &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(s.enters[SYS_getppid], 1000);
	assert_int_equal(s.exits[SYS_getppid], 1000);
	assert_int_equal(s.regs_ok, 1000);
	assert_int_equal(s.ntids, everything ? 5 : 4);
	assert_int_equal(s.ntgids, 1);
	assert_int_equal(s.t.threads, 5);
	assert_int_equal(s.births, everything ? 4 : 0);
	if (!everything && s.t.filter)
		assert_in_range(s.t.stops, 2000, 2040);
}

static void wanted_calls_of_threads_are_seen(void **state)
{
	threads(__func__, false);
}

static void entries_alone_need_no_exits(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	s.t.want[SYS_getppid] = tracer_enter;
	assert_int_equal(run(&s, "threads", &status), 0);
	assert_int_equal(s.enters[SYS_getppid], 1000);
	assert_int_equal(s.exits[SYS_getppid], 0);
	if (s.t.filter)
		assert_in_range(s.t.stops, 1000, 1040);
	prepare(&s);
	s.t.want[SYS_getppid] = tracer_exit;
	assert_int_equal(run(&s, "threads", &status), 0);
	assert_int_equal(s.enters[SYS_getppid], 0);
	assert_int_equal(s.exits[SYS_getppid], 1000);
}

static void all_calls_of_threads_are_seen(void **state)
{
	threads(__func__, true);
}

static void children_are_followed(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	want_all(&s);
	assert_int_equal(run(&s, "children", &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(s.t.threads, 3);
	assert_int_equal(s.ntgids, 3);
	assert_int_equal(s.enters[SYS_getppid], 7);
	assert_int_equal(s.enters[SYS_execve], 1);
	assert_int_equal(s.exits[SYS_execve], 1);
	assert_int_equal(s.enters[SYS_exit_group], 3);
	assert_int_equal(s.exits[SYS_exit_group], 0);
	assert_int_equal(s.births, 2);
}

static void signals_and_job_control_work(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	for (int everything = 0; everything < 2; everything++) {
		prepare(&s);
		if (everything)
			want_all(&s);
		assert_int_equal(run(&s, "signals", &status), 0);
		assert_int_equal(status, 0);
	}
}

static void exit_status_comes_back(void **state)
{
	char *one[] = {"sh", "-c", "exit 7", NULL};
	char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	assert_int_equal(tracer_command(&s.t, one, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	prepare(&s);
	assert_int_equal(tracer_command(&s.t, killed, &status), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_thread_that_executes_becomes_the_leader(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	want_all(&s);
	assert_int_equal(run(&s, "exec", &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(s.enters[SYS_execve], 2);
	assert_int_equal(s.exits[SYS_execve], 2);
	assert_int_equal(s.ntgids, 1);
	assert_string_equal(s.comms[s.ncomms - 1], "true");
}

static void comm_follows_exec_and_prctl(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	want(&s, SYS_getppid);
	assert_int_equal(run(&s, "rename", &status), 0);
	assert_int_equal(s.ncomms, 2);
	assert_string_equal(s.comms[0], "exe");
	assert_string_equal(s.comms[1], "renamed");
}

static void memory_is_readable(void **state)
{
	char *argv[] = {"cat", "/nowhere/", NULL};
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	prepare(&s);
	want(&s, SYS_openat);
	assert_int_equal(tracer_command(&s.t, argv, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(s.nowhere);
	assert_true(s.errors[SYS_openat] >= 1);
}

static void bad_commands_get_a_sentence(void **state)
{
	static const struct {
		const char *name;
		int err;
		const char *says;
	} bad[] = {
		{"", -EINVAL, "no command"},
		{"no-such-command", -ENOENT, "cannot find the command 'no-such-command'"},
		{"/no/such", -ENOENT, "cannot run '/no/such': No such file"},
		{"/etc", -EACCES, "cannot run '/etc': Permission denied"},
	};
	struct seen s;
	int status;

	need_ptrace(__func__);
	for (size_t i = 0; i < ARRAY_SIZE(bad) * 2; i++) {
		char *argv[] = {(char *)bad[i / 2].name, NULL};

		prepare(&s);
		if (i % 2)
			want_all(&s);
		assert_int_equal(tracer_command(&s.t, argv, &status), bad[i / 2].err);
		assert_non_null(strstr(s.text, bad[i / 2].says));
	}
}

static void nobody_sees_that_a_thread_is_kept_on_a_cpu(void **state)
{
	cpu_set_t before, after;
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	if (CPU_COUNT(&before) == 1)
		test_skip(__func__, "there is one CPU only");
	for (int everything = 0; everything < 2; everything++) {
		prepare(&s);
		if (everything)
			want_all(&s);
		want(&s, SYS_getppid);
		assert_int_equal(run(&s, "affinity", &status), 0);
		assert_int_equal(status, 0);
		assert_in_range(s.kept, 300, 599);
		assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
		assert_true(CPU_EQUAL(&before, &after));
	}
}

static void a_32_bit_program_is_named(void **state)
{
	struct seen s;
	int status = -1;

	need_ptrace(__func__);
	for (int everything = 0; everything < 2; everything++) {
		prepare(&s);
		if (everything)
			want_all(&s);
		want(&s, SYS_write);
		assert_int_equal(run(&s, "foreign", &status), 0);
		if (WEXITSTATUS(status) == 77)
			test_skip(__func__, "this machine runs no 32-bit programs");
		assert_int_equal(WEXITSTATUS(status), 9);
		assert_int_equal(s.t.foreign, 1);
		assert_non_null(strstr(s.text, "32-bit"));
		/* Call 1 is write elsewhere; the exit must not be taken for one. */
		assert_int_equal(s.enters[SYS_write], 1);
	}
}

static pid_t serve(int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/proc/self/exe", "exe", "serve", NULL);
		_exit(98);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

static void attached_process_goes_on_unharmed(void **state)
{
	struct seen s;
	int to, from;
	pid_t pid;
	char c;

	need_ptrace(__func__);
	pid = serve(&to, &from);
	assert_int_equal(write(to, "a", 1), 1);
	assert_int_equal(read(from, &c, 1), 1); /* it has its thread now */
	prepare(&s);
	want(&s, SYS_getppid);
	s.stop_at = 50;
	assert_int_equal(tracer_attach(&s.t, pid), 0);
	assert_in_range(s.enters[SYS_getppid], 50, 60);
	assert_int_equal(s.t.threads, 2);
	assert_int_equal(s.tgids[0], pid);
	assert_string_equal(s.comms[0], "exe");
	/* It goes on unharmed. */
	assert_int_equal(write(to, "b", 1), 1);
	assert_int_equal(read(from, &c, 1), 1);
	assert_int_equal(c, 'b');
	close(to);
	assert_int_equal(in_child(pid), 6);
	close(from);
	prepare(&s);
	assert_int_equal(tracer_attach(&s.t, pid), -ESRCH);
	assert_non_null(strstr(s.text, "no process"));
	prepare(&s);
	assert_int_equal(tracer_attach(&s.t, getpid()), -EINVAL);
}

static void stop_ends_a_command(void **state)
{
	char *argv[] = {"sh", "-c", "while :; do :; done & sleep 100", NULL};
	struct seen s;
	int status;

	need_ptrace(__func__);
	prepare(&s);
	want(&s, SYS_execve);
	s.stop = 2; /* seen at the first stop */
	assert_int_equal(tracer_command(&s.t, argv, &status), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static bool may_ptrace(void)
{
	pid_t pid = fork();
	bool ok;

	if (!pid) {
		pause();
		_exit(0);
	}
	ok = !ptrace(PTRACE_SEIZE, pid, 0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted_calls_of_threads_are_seen),
		cmocka_unit_test(entries_alone_need_no_exits),
		cmocka_unit_test(all_calls_of_threads_are_seen),
		cmocka_unit_test(children_are_followed),
		cmocka_unit_test(signals_and_job_control_work),
		cmocka_unit_test(exit_status_comes_back),
		cmocka_unit_test(a_thread_that_executes_becomes_the_leader),
		cmocka_unit_test(comm_follows_exec_and_prctl),
		cmocka_unit_test(memory_is_readable),
		cmocka_unit_test(bad_commands_get_a_sentence),
		cmocka_unit_test(nobody_sees_that_a_thread_is_kept_on_a_cpu),
		cmocka_unit_test(a_32_bit_program_is_named),
		cmocka_unit_test(attached_process_goes_on_unharmed),
		cmocka_unit_test(stop_ends_a_command),
	};

	/* Not exit(): the leak check of ASan cannot work under ptrace. */
	if (argc == 2)
		_exit(work(argv[1]));
	allowed = may_ptrace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
