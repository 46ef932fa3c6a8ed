/* Programs on the system calls of a command: what they see in context, registers and
 * memory, told through bpf_trace_printk. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <skep/btf.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "bits.h"
#include "skip.h"
#include "store.h"

#define EVENTS_DIR "/sys/kernel/tracing/events/"

struct test {
	struct skep_engine *engine;
	struct skep_sys *sys;
	struct skep_log log;
	char text[4096];
	char lines[8192];
	struct skep_trace_stats stats;
	volatile sig_atomic_t stop;
	u32 tracepoint; /* of programs of tracing: its type's id in the kernel's BTF */
};

/* Prints r3 and r4; r8: a format of up to 7 bytes, the first one lowest. */
#define PRINT \
	"*(u64 *)(r10 - 8) = r8\n r1 = r10\n r1 += -8\n r2 = 8\n" \
	"call bpf_trace_printk\n"
#define END "r0 = 0\n exit\n"

static int load(struct test *t, u32 type, const char *text)
{
	static const char license[] = "GPL";
	struct skep_insn code[64];
	int n = skep_asm(text, strlen(text), NULL, code, 64, &t->log);
	union skep_attr attr;
	int fd;

	if (n < 0)
		fail_msg("%s", t->text);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)n;
	attr.license = u64_of(license);
	if (type == SKEP_PROG_TYPE_TRACING) {
		attr.expected_attach_type = SKEP_TRACE_RAW_TP;
		attr.attach_btf_id = t->tracepoint;
	}
	fd = t->sys->bpf(t->sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	return fd;
}

static int perf(struct test *t, const char *event)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT,
				       .size = sizeof(attr)};
	char path[128], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), EVENTS_DIR "%s/id", event);
	fd = t->sys->open(t->sys, path);
	assert_true(fd >= 0);
	assert_true(t->sys->read(t->sys, fd, text, sizeof(text) - 1) > 0);
	t->sys->close(t->sys, fd);
	attr.config = strtoul(text, NULL, 10);
	fd = t->sys->perf_event_open(t->sys, &attr, -1, 0, -1, 8);
	assert_true(fd >= 0);
	return fd;
}

static int link_perf(struct test *t, int prog, int perf_fd)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (u32)prog;
	attr.link_create.target_fd = (u32)perf_fd;
	attr.link_create.attach_type = SKEP_PERF_EVENT;
	attr.link_create.perf_event.bpf_cookie = 4711;
	return t->sys->bpf(t->sys, SKEP_LINK_CREATE, &attr, sizeof(attr));
}

/* Loads, opens, links. The link's fd; the others are closed. */
static int on_tracepoint(struct test *t, const char *event, const char *text)
{
	int prog = load(t, SKEP_PROG_TYPE_TRACEPOINT, text), p = perf(t, event);
	int link = link_perf(t, prog, p);

	assert_true(link >= 0);
	t->sys->close(t->sys, prog);
	t->sys->close(t->sys, p);
	return link;
}

static int on_raw(struct test *t, const char *name, const char *text)
{
	union skep_attr attr;
	int link, prog = load(t, SKEP_PROG_TYPE_RAW_TRACEPOINT, text);

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = u64_of(name);
	attr.raw_tracepoint.prog_fd = (u32)prog;
	attr.raw_tracepoint.cookie = 42;
	link = t->sys->bpf(t->sys, SKEP_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	assert_true(link >= 0);
	t->sys->close(t->sys, prog);
	return link;
}

static void keep_line(void *arg, const char *line, size_t len)
{
	struct test *t = arg;

	strncat(t->lines, line, sizeof(t->lines) - strlen(t->lines) - 1);
	if (strstr(t->lines, "stop"))
		t->stop = 1;
}

static struct skep_trace_opts opts(struct test *t)
{
	return (struct skep_trace_opts){
		.size = sizeof(struct skep_trace_opts),
		.stop = &t->stop,
		.print = keep_line,
		.arg = t,
		.stats = &t->stats,
		.log = &t->log,
	};
}

static void run(struct test *t, const char *command, int want)
{
	char *argv[] = {"/bin/sh", "-c", (char *)command, NULL};
	struct skep_trace_opts o = opts(t);
	int status = -1, err = skep_trace_command(t->engine, argv, &o, &status);

	if (err)
		fail_msg("%d: %s", err, t->text);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	if (skep_engine_open(NULL, &t->engine))
		return -1;
	t->sys = skep_engine_sys(t->engine);
	t->log = (struct skep_log){.buf = t->text, .size = sizeof(t->text)};
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	skep_engine_close(t->engine);
	free(t);
	return 0;
}

/* ---- tests ---- */

static bool may_ptrace(void)
{
	pid_t pid = fork();
	bool ok;

	if (!pid)
		for (;;)
			pause();
	ok = !ptrace(PTRACE_SEIZE, pid, 0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ok;
}

static struct test *begin(void **state, const char *test)
{
	if (!may_ptrace())
		test_skip(test, "ptrace of a child is refused here");
	return *state;
}

static void entry_has_arguments_and_memory(void **state)
{
	struct test *t = begin(state, __func__);
	int link = on_tracepoint(t, "syscalls/sys_enter_openat",
				 "r6 = r1\n"
				 "r3 = *(u64 *)(r6 + 24)\n"
				 "r1 = r10\n r1 += -64\n r2 = 48\n"
				 "call bpf_probe_read_user_str\n"
				 "r8 = 0x0a7325206425 ll\n" /* "%d %s\n" */
				 "r3 = *(s32 *)(r6 + 8)\n"
				 "r4 = r10\n r4 += -64\n" PRINT END);

	run(t, "exec cat /nowhere/file 2>/dev/null", 1);
	assert_non_null(strstr(t->lines, "257 /nowhere/file\n"));
	assert_true(t->stats.events >= 2);
	assert_int_equal(t->stats.runs, t->stats.events);
	assert_int_equal(t->stats.faults, 0);
	t->sys->close(t->sys, link);
	/* Without the link nobody listens. */
	run(t, "exec true", 0);
	assert_int_equal(t->stats.events, 0);
}

static void exit_has_the_result(void **state)
{
	struct test *t = begin(state, __func__);
	int link = on_tracepoint(t, "syscalls/sys_exit_chdir",
				 "r3 = *(s32 *)(r1 + 8)\n"
				 "r4 = *(u64 *)(r1 + 16)\n"
				 "r8 = 0x0a646c25206425 ll\n" /* "%d %ld\n" */
				 PRINT END);

	run(t, "cd /nowhere 2>/dev/null; cd /; exit 3", 3);
	assert_string_equal(t->lines, "80 -2\n80 0\n");
	t->sys->close(t->sys, link);
}

static void raw_tracepoints_have_registers(void **state)
{
	struct test *t = begin(state, __func__);
	const char *enter = "r6 = r1\n"
			    "r3 = *(u64 *)(r6 + 0)\n r3 += 120\n" /* orig_ax */
			    "r1 = r10\n r1 += -16\n r2 = 8\n"
			    "call bpf_probe_read_kernel\n"
			    "r3 = *(u64 *)(r10 - 16)\n"
			    "r4 = *(u64 *)(r6 + 8)\n"
			    "if r4 != 80 goto out\n"
			    "r8 = 0x0a646c25206425 ll\n" PRINT
			    "r1 = r6\n call bpf_get_attach_cookie\n"
			    "r3 = r0\n r8 = 0x0a6425 ll\n" PRINT "out: " END;
	const char *leave = "r6 = r1\n"
			    "r3 = *(u64 *)(r6 + 0)\n r3 += 80\n" /* ax */
			    "r1 = r10\n r1 += -16\n r2 = 8\n"
			    "call bpf_probe_read_kernel\n"
			    "r3 = *(u64 *)(r10 - 16)\n"
			    "r4 = *(u64 *)(r6 + 8)\n"
			    "if r4 != -2 goto out\n"
			    "r8 = 0x0a646c25206425 ll\n" PRINT "out: " END;
	int a = on_raw(t, "sys_enter", enter), b;

	run(t, "cd /", 0);
	assert_string_equal(t->lines, "80 80\n42\n");
	t->sys->close(t->sys, a);
	t->lines[0] = '\0';
	b = on_raw(t, "sys_exit", leave);
	run(t, "cd /nowhere 2>/dev/null || :", 0);
	assert_non_null(strstr(t->lines, "-2 -2\n"));
	t->sys->close(t->sys, b);
}

static u32 kernel_typedef(const char *name)
{
	const size_t most = 64 << 20;
	FILE *f = fopen("/sys/kernel/btf/vmlinux", "r");
	char *data = f ? malloc(most) : NULL;
	struct skep_btf *btf;
	u32 id = 0;

	if (data &&
	    !skep_btf_parse(&btf, data, fread(data, 1, most, f), NULL, "vmlinux", NULL)) {
		id = skep_btf_find(btf, name, SKEP_BTF_KIND_TYPEDEF);
		skep_btf_free(btf);
	}
	free(data);
	if (f)
		fclose(f);
	return id;
}

/* Their registers are a struct, which they read as one. */
static void typed_tracepoints_read_registers(void **state)
{
	struct test *t = begin(state, __func__);
	union skep_attr attr = {0};
	int prog, link;

	t->tracepoint = kernel_typedef("btf_trace_sys_enter");
	if (!t->tracepoint)
		test_skip(__func__, "the kernel does not tell its types "
				    "(/sys/kernel/btf/vmlinux)");
	prog = load(t, SKEP_PROG_TYPE_TRACING,
		    "r2 = *(u64 *)(r1 + 0)\n"
		    "r3 = *(u64 *)(r2 + 120)\n" /* orig_ax */
		    "r4 = *(u64 *)(r1 + 8)\n"
		    "if r4 != 80 goto out\n"
		    "r8 = 0x0a646c25206425 ll\n" PRINT "out: " END);
	attr.raw_tracepoint.prog_fd = (u32)prog;
	link = t->sys->bpf(t->sys, SKEP_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	assert_true(link >= 0);
	t->sys->close(t->sys, prog);
	run(t, "cd /", 0);
	assert_string_equal(t->lines, "80 80\n");
	assert_int_equal(t->stats.faults, 0);
	t->sys->close(t->sys, link);
}

static void raw_syscalls_see_every_call(void **state)
{
	struct test *t = begin(state, __func__);
	const char *text = "r3 = *(u64 *)(r1 + 8)\n"
			   "if r3 != 80 goto out\n"
			   "r4 = *(u64 *)(r1 + 16)\n"
			   "r8 = 0x0a646c25206425 ll\n" PRINT "out: " END;
	int a = on_tracepoint(t, "raw_syscalls/sys_exit", text);
	u64 exits;

	run(t, "cd /", 0);
	assert_string_equal(t->lines, "80 0\n");
	exits = t->stats.events;
	assert_true(exits > 10);
	t->sys->close(t->sys, a);
	a = on_tracepoint(t, "raw_syscalls/sys_enter", END);
	run(t, "cd /", 0);
	/* exit_group does not return. */
	assert_int_equal(t->stats.events, exits + 1);
	t->sys->close(t->sys, a);
}

static void current_task_is_the_events(void **state)
{
	struct test *t = begin(state, __func__);
	int link = on_tracepoint(
		t, "syscalls/sys_enter_chdir",
		"call bpf_get_current_pid_tgid\n"
		"r3 = r0\n r3 <<= 32\n r3 >>= 32\n r4 = r0\n r4 >>= 32\n"
		"r8 = 0x0a6425206425 ll\n" PRINT "call bpf_get_current_uid_gid\n"
		"r3 = r0\n r3 <<= 32\n r3 >>= 32\n r8 = 0x0a6425 ll\n" PRINT
		"r1 = r10\n r1 += -32\n r2 = 16\n"
		"call bpf_get_current_comm\n"
		"r3 = r10\n r3 += -32\n r8 = 0x0a7325 ll\n" PRINT END);
	unsigned pid = 0, tgid = 1, uid = 1;
	char comm[16] = "";

	run(t, "cd /", 0);
	assert_int_equal(sscanf(t->lines, "%u %u\n%u\n%15s", &pid, &tgid, &uid, comm), 4);
	assert_int_equal(pid, tgid);
	assert_int_not_equal(pid, getpid());
	assert_int_equal(uid, getuid());
	assert_string_equal(comm, "sh");
	t->sys->close(t->sys, link);
}

/* SIGUSR1 to the process and SIGUSR2 to the thread; there is no signal 65. The task does
 * not do what it was about to before it has them. */
static void a_program_sends_the_task_signals(void **state)
{
	struct test *t = begin(state, __func__);
	int link = on_tracepoint(t, "syscalls/sys_enter_chdir",
				 "r1 = 10\n call bpf_send_signal\n r7 = r0\n"
				 "r1 = 12\n call bpf_send_signal_thread\n r7 += r0\n"
				 "r1 = 65\n call bpf_send_signal\n"
				 "r3 = r7\n r4 = r0\n"
				 "r8 = 0x0a6425206425 ll\n" PRINT END);

	run(t, "trap 'n=$((n + 1))' USR1; trap 'n=$((n + 2))' USR2; cd /; exit $n", 3);
	assert_string_equal(t->lines, "0 -22\n");
	t->sys->close(t->sys, link);
}

static void a_fault_is_said_once_and_counted(void **state)
{
	struct test *t = begin(state, __func__);
	/* close has one argument: its record ends at 24. */
	int link = on_tracepoint(t, "syscalls/sys_enter_close",
				 "r3 = *(u64 *)(r1 + 24)\n" END);
	char *first;

	run(t, "exec 5</dev/null 5<&- 6</dev/null 6<&-", 0);
	assert_true(t->stats.faults >= 2);
	assert_int_equal(t->stats.faults, t->stats.runs);
	first = strchr(t->text, '\n');
	assert_non_null(first);
	assert_null(strchr(first + 1, '\n'));
	t->sys->close(t->sys, link);
}

static void several_programs_run_on_one_event(void **state)
{
	struct test *t = begin(state, __func__);
	int a = on_tracepoint(t, "syscalls/sys_enter_chdir",
			      "r3 = 1\n r8 = 0x0a6425 ll\n" PRINT END);
	int prog = load(t, SKEP_PROG_TYPE_TRACEPOINT,
			"r3 = 2\n r8 = 0x0a6425 ll\n" PRINT END);
	int p = perf(t, "syscalls/sys_enter_chdir");

	assert_int_equal(
		t->sys->ioctl(t->sys, p, PERF_EVENT_IOC_SET_BPF, (unsigned long)prog), 0);
	run(t, "cd /", 0);
	assert_int_equal(strlen(t->lines), 4);
	assert_non_null(strstr(t->lines, "1\n"));
	assert_non_null(strstr(t->lines, "2\n"));
	t->sys->close(t->sys, a);
	t->sys->close(t->sys, p);
	t->sys->close(t->sys, prog);
}

static void a_running_process_is_traced(void **state)
{
	struct test *t = begin(state, __func__);
	int link = on_tracepoint(t, "syscalls/sys_enter_getppid",
				 "r3 = *(s32 *)(r1 + 8)\n"
				 "r8 = 0x0a706f7473206425 ll\n" /* "%d stop\n", cut */
				 "*(u64 *)(r10 - 16) = r8\n"
				 "r8 = 0\n *(u64 *)(r10 - 8) = r8\n"
				 "r1 = r10\n r1 += -16\n r2 = 9\n"
				 "call bpf_trace_printk\n" END);
	struct skep_trace_opts o = opts(t);
	pid_t pid = fork();

	if (!pid)
		for (;;)
			syscall(SYS_getppid);
	assert_int_equal(skep_trace_process(t->engine, pid, &o), 0);
	assert_true(t->stats.events >= 1);
	assert_non_null(strstr(t->lines, "110 stop\n"));
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	t->sys->close(t->sys, link);
}

static void what_cannot_start_gets_a_sentence(void **state)
{
	struct test *t = begin(state, __func__);
	char *argv[] = {"no-such-command", NULL};
	struct skep_trace_opts o = opts(t);
	int status;

	assert_int_equal(skep_trace_command(t->engine, argv, &o, &status), -ENOENT);
	assert_non_null(strstr(t->text, "no-such-command"));
	assert_int_equal(skep_trace_process(t->engine, 0x7ffffff, NULL), -ESRCH);
}

/* A command that works on the engine it is traced on, and is stopped with the lock of the
 * store in its hands. */
static int hold_the_lock(const char *dir)
{
	const struct skep_engine_opts o = {.size = sizeof(o), .shared = true, .dir = dir};
	struct skep_engine *engine;

	if (skep_engine_open(&o, &engine))
		return 1;
	store_lock(engine->store);
	for (int i = 0; i < 30; i++)
		usleep(10000); /* FIRE_PERIOD_NS, three times */
	store_unlock(engine->store);
	skep_engine_close(engine);
	return 7;
}

static void who_works_on_the_engine_is_not_waited_for(void **state)
{
	struct test *t = begin(state, __func__);
	char dir[] = "/tmp/skep-trace-XXXXXX", remove[64];
	char *argv[] = {"/proc/self/exe", NULL};
	const struct skep_engine_opts o = {.size = sizeof(o), .shared = true, .dir = dir};
	struct skep_trace_opts with = opts(t);
	int status = -1, link;

	assert_non_null(mkdtemp(dir));
	skep_engine_close(t->engine);
	assert_int_equal(skep_engine_open(&o, &t->engine), 0);
	t->sys = skep_engine_sys(t->engine);
	link = on_raw(t, "sys_enter", END);
	setenv("SKEP_TEST_HOLD", dir, 1);
	alarm(60); /* instead of a hang */
	assert_int_equal(skep_trace_command(t->engine, argv, &with, &status), 0);
	alarm(0);
	unsetenv("SKEP_TEST_HOLD");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	t->sys->close(t->sys, link);
	snprintf(remove, sizeof(remove), "rm -r %s", dir);
	assert_int_equal(system(remove), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(entry_has_arguments_and_memory),
		TEST(exit_has_the_result),
		TEST(raw_tracepoints_have_registers),
		TEST(typed_tracepoints_read_registers),
		TEST(raw_syscalls_see_every_call),
		TEST(current_task_is_the_events),
		TEST(a_program_sends_the_task_signals),
		TEST(a_fault_is_said_once_and_counted),
		TEST(several_programs_run_on_one_event),
		TEST(a_running_process_is_traced),
		TEST(what_cannot_start_gets_a_sentence),
		TEST(who_works_on_the_engine_is_not_waited_for),
	};
	const char *dir = getenv("SKEP_TEST_HOLD");

	if (dir) /* LeakSanitizer cannot look at a process that is traced */
		_exit(hold_the_lock(dir));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
