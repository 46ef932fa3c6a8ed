/* bench_trace: what it costs to follow a command's system calls, next to strace -c -f.
 *
 * Each command runs plain, under `strace -c -f`, and under the engine with the programs
 *of strace_c.bpf.o on raw_tp/sys_enter and sys_exit: as whole processes, in turn, all on
 *one CPU, because a wake-up across CPUs costs more than anything measured here. Medians.
 * Fails when the two count different calls or errors, beyond what differs between runs of
 * strace itself, or when the engine is slower than strace by more than SLACK.
 *
 *	bench_trace OBJECT             measures
 *	bench_trace run OBJECT OUT CMD...   runs CMD on the engine; counts go to OUT
 *	bench_trace spin THREADS CALLS      a command
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <skep/engine.h>
#include <skep/load.h>
#include "sample.h"

enum { SAMPLES = 11, CALLS = 512, ARGS = 8, SKIP = 77, MANY = 1000 };
#define SLACK 1.05

enum side { PLAIN, STRACE, ENGINE, SIDES };

/* Of one run. */
struct counts {
	long calls[CALLS], errors[CALLS];
};

/* Of all runs on one side. */
struct range {
	struct counts least, most;
	double ms[SAMPLES];
};

/* ---- names of system calls ---- */

static const struct {
	const char *name;
	int nr;
} names[] = {
#define CALL(name, x86_64, arm64, arguments) {#name, x86_64},
#include "syscall.def"
#undef CALL
	/* tracepoints that have another name than their call */
	{"fstat", 5},  {"stat", 4},	 {"lstat", 6},
	{"uname", 63}, {"sendfile", 40}, {"umount2", 166},
};

static int call_number(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, name))
			return names[i].nr;
	return -1;
}

static const char *call_name(int nr)
{
	const char *name = "?";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == nr)
			name = names[i].name;
	return name;
}

/* ---- "run": the engine's side, a process of its own ---- */

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_trace: %s: %s\n", what, why);
	exit(1);
}

struct sum {
	uint64_t ns, calls, errors;
};

struct report {
	FILE *to;
	int cpus;
};

static int print_sum(void *arg, const void *key, const void *value)
{
	const struct report *report = arg;
	const struct sum *sums = value;
	struct sum all = {0};
	uint32_t nr;

	memcpy(&nr, key, 4);
	for (int i = 0; i < report->cpus; i++) {
		all.calls += sums[i].calls;
		all.errors += sums[i].errors;
	}
	if (all.calls)
		fprintf(report->to, "%u %lu %lu\n", nr, (unsigned long)all.calls,
			(unsigned long)all.errors);
	return 0;
}

static void attach(struct skep_object *obj, const char *name, struct skep_log *log)
{
	struct skep_object_prog *prog = skep_object_find_prog(obj, name);
	struct skep_link *link;

	if (!prog || skep_object_attach(obj, prog, NULL, &link, log))
		die(name, log->buf);
}

static int run_on_engine(const char *object, const char *out, char **command)
{
	static char text[4096];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_trace_opts opts = {.size = sizeof(opts), .log = &log};
	struct skep_engine *engine;
	struct skep_object *obj;
	struct skep_sys *sys;
	struct report report = {.to = fopen(out, "w")};
	int status;

	if (!report.to || skep_engine_open(NULL, &engine))
		die("opening", strerror(errno));
	sys = skep_engine_sys(engine);
	if (skep_object_open(object, &obj, &log))
		die(object, text);
	/* as strace_c does it on the engine */
	skep_object_find_map(obj, "starts")->max_entries = 4096;
	skep_object_find_map(obj, "tasks")->max_entries = 1;
	if (skep_object_load(obj, sys, NULL, &log))
		die(object, text);
	attach(obj, "sys_enter", &log);
	attach(obj, "sys_exit", &log);
	if (skep_trace_command(engine, command, &opts, &status))
		die(command[0], text);
	report.cpus = skep_possible_cpus(sys);
	skep_map_each(sys, skep_object_find_map(obj, "stats")->fd, print_sum, &report,
		      &log);
	fclose(report.to);
	if (log.len)
		die("messages", text);
	skep_object_close(obj);
	skep_engine_close(engine);
	return 0;
}

/* ---- "spin": a command with threads ---- */

static void *spin(void *calls)
{
	for (long i = 0; i < (long)calls; i++)
		syscall(SYS_getppid);
	return NULL;
}

static int run_spin(int threads, long calls)
{
	pthread_t ids[64];

	for (int i = 0; i < threads && i < 64; i++)
		pthread_create(&ids[i], NULL, spin, (void *)calls);
	for (int i = 0; i < threads && i < 64; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

/* ---- measuring ---- */

static double run(char *const argv[])
{
	double start = now_ns();
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status))
		die(argv[0], "does not run");
	return (now_ns() - start) / 1e6;
}

/* `NR CALLS ERRORS` lines, or strace's table: `% seconds usecs/call calls [errors] name`.
 */
static void read_counts(const char *path, bool strace, struct counts *c)
{
	char line[256], name[64];
	FILE *f = fopen(path, "r");
	long calls, errors;
	int nr;

	memset(c, 0, sizeof(*c));
	while (f && fgets(line, sizeof(line), f)) {
		errors = 0;
		if (!strace && sscanf(line, "%d %ld %ld", &nr, &calls, &errors) != 3)
			continue;
		if (strace &&
		    sscanf(line, "%*f %*f %*d %ld %ld %63s", &calls, &errors, name) !=
			    3 &&
		    sscanf(line, "%*f %*f %*d %ld %63s", &calls, name) != 2)
			continue;
		if (strace && !strcmp(name, "total"))
			continue;
		if (strace)
			nr = call_number(name);
		if (nr < 0 || nr >= CALLS)
			die("unknown system call", line);
		c->calls[nr] = calls;
		c->errors[nr] = errors;
	}
	if (f)
		fclose(f);
}

static void add(struct range *r, const struct counts *c, int sample)
{
	for (int i = 0; i < CALLS; i++) {
		if (!sample || c->calls[i] < r->least.calls[i])
			r->least.calls[i] = c->calls[i];
		if (!sample || c->errors[i] < r->least.errors[i])
			r->least.errors[i] = c->errors[i];
		if (!sample || c->calls[i] > r->most.calls[i])
			r->most.calls[i] = c->calls[i];
		if (!sample || c->errors[i] > r->most.errors[i])
			r->most.errors[i] = c->errors[i];
	}
}

static bool apart(long least, long most, long other_least, long other_most)
{
	return least > other_most || most < other_least;
}

static int compare(const struct range *a, const struct range *b)
{
	int wrong = 0;

	for (int i = 0; i < CALLS; i++) {
		if (!apart(a->least.calls[i], a->most.calls[i], b->least.calls[i],
			   b->most.calls[i]) &&
		    !apart(a->least.errors[i], a->most.errors[i], b->least.errors[i],
			   b->most.errors[i]))
			continue;
		printf("  %s: strace %ld to %ld calls, %ld to %ld errors; engine %ld to %ld, "
		       "%ld to %ld\n",
		       call_name(i), a->least.calls[i], a->most.calls[i],
		       a->least.errors[i], a->most.errors[i], b->least.calls[i],
		       b->most.calls[i], b->least.errors[i], b->most.errors[i]);
		wrong++;
	}
	return wrong;
}

static long total(const struct counts *c)
{
	long sum = 0;

	for (int i = 0; i < CALLS; i++)
		sum += c->calls[i];
	return sum;
}

static int measure(const char *self, const char *object, const char *name, char **command,
		   bool one_cpu)
{
	static struct range sides[SIDES];
	char out[] = "/tmp/skep-bench-XXXXXX";
	char *strace[ARGS + 6] = {"strace", "-c", "-f", "-o", out};
	char *engine[ARGS + 6] = {(char *)self, "run", (char *)object, out};
	double ms[SIDES];
	struct counts counts;
	int n = 0, wrong;

	close(mkstemp(out));
	for (; command[n]; n++) {
		strace[5 + n] = command[n];
		engine[4 + n] = command[n];
	}
	for (int i = 0; i < SAMPLES; i++) {
		sides[PLAIN].ms[i] = run(command);
		sides[STRACE].ms[i] = run(strace);
		read_counts(out, true, &counts);
		add(&sides[STRACE], &counts, i);
		sides[ENGINE].ms[i] = run(engine);
		read_counts(out, false, &counts);
		add(&sides[ENGINE], &counts, i);
	}
	unlink(out);
	for (int i = 0; i < SIDES; i++)
		ms[i] = median_of(sides[i].ms, SAMPLES);
	n = (int)total(&sides[STRACE].most);
	printf("%-9s %6d calls  plain %7.1f ms  strace -c -f %7.1f (%5.2f us a call)  "
	       "engine %7.1f (%5.2f)  overhead %.2f of strace's\n",
	       name, n, ms[PLAIN], ms[STRACE], (ms[STRACE] - ms[PLAIN]) * 1e3 / n,
	       ms[ENGINE], (ms[ENGINE] - ms[PLAIN]) * 1e3 / n,
	       (ms[ENGINE] - ms[PLAIN]) / (ms[STRACE] - ms[PLAIN]));
	wrong = compare(&sides[STRACE], &sides[ENGINE]);
	if (wrong)
		printf("  different counts\n");
	if (n >= MANY && one_cpu &&
	    ms[ENGINE] - ms[PLAIN] > SLACK * (ms[STRACE] - ms[PLAIN]))
		printf("  slower than strace, %d\n", ++wrong);
	return wrong;
}

/* ---- */

static void use_one_cpu(const cpu_set_t *all)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && !CPU_COUNT(&one); cpu--)
		if (CPU_ISSET(cpu, all))
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

int main(int argc, char **argv)
{
	char self[4096], load[64] = "";
	char *spin_command[] = {self, "spin", "4", "5000", NULL};
	char *dd[] = {"dd",   "if=/dev/zero", "of=/dev/null",
		      "bs=1", "count=5000",   "status=none",
		      NULL};
	char *pipeline[] = {"sh", "-c", "ls -R /usr/share/doc | sort | uniq -c | tail -1",
			    NULL};
	char *echo[] = {"/bin/echo", "hello", NULL};
	cpu_set_t all;
	FILE *f;
	int wrong = 0;

	if (argc == 4 && !strcmp(argv[1], "spin"))
		return run_spin(atoi(argv[2]), atol(argv[3]));
	if (argc > 4 && !strcmp(argv[1], "run"))
		return run_on_engine(argv[2], argv[3], argv + 4);
	if (argc != 2)
		return 99;
	if (system("command -v strace >/dev/null")) {
		printf("SKIP: strace is missing (Debian: strace)\n");
		return SKIP;
	}
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';
	sched_getaffinity(0, sizeof(all), &all);
	use_one_cpu(&all);
	f = fopen("/proc/loadavg", "r");
	if (f && fscanf(f, "%63s", load) == 1)
		printf("medians of %d, on one CPU, in turn; load %s\n", SAMPLES, load);
	wrong += measure(self, argv[1], "echo", echo, true);
	wrong += measure(self, argv[1], "dd", dd, true);
	wrong += measure(self, argv[1], "threads", spin_command, true);
	wrong += measure(self, argv[1], "pipeline", pipeline, true);
	sched_setaffinity(0, sizeof(all), &all);
	wrong += measure(self, argv[1], "all CPUs", dd, false);
	return wrong != 0;
}
