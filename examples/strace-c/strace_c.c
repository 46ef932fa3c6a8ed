/* strace_c.c - prints what `strace -c -f COMMAND` prints, from a BPF program's maps
 *
 *	strace_c [--on kernel|engine] COMMAND...
 *
 * Uses libskep's public headers alone. The same object runs on both sides; what differs
 *is who sees to it that only the command's tasks are counted: in the kernel the program
 * itself, on the engine nobody, since the engine sees no others. The seconds are those
 * between the entry and the exit of the calls. Exits as the command does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <skep/engine.h>
#include <skep/load.h>
#include "strace_c.h"

extern const unsigned char object_start[], object_end[]; /* object.S */

static const char *const names[MAX_SYSCALLS] = {
#include "syscall_names.inc"
};

struct row {
	uint32_t nr;
	struct sum sum;
};

static char log_text[65536];
static struct skep_log log_ = {.buf = log_text, .size = sizeof(log_text)};

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "strace_c: %s: %s\n%s", what, strerror(-err), log_text);
	exit(1);
}

/* ---- the table ---- */

struct table {
	struct row rows[MAX_SYSCALLS];
	uint32_t n, ncpus;
};

static int add_row(void *arg, const void *key, const void *value)
{
	struct table *t = arg;
	struct row *r = &t->rows[t->n];
	const struct sum *per_cpu = value;

	memset(r, 0, sizeof(*r));
	memcpy(&r->nr, key, sizeof(r->nr));
	for (uint32_t i = 0; i < t->ncpus; i++) {
		r->sum.ns += per_cpu[i].ns;
		r->sum.calls += per_cpu[i].calls;
		r->sum.errors += per_cpu[i].errors;
	}
	t->n += r->sum.calls > 0;
	return 0;
}

/* As strace: the most time first, then by number. */
static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->sum.ns != y->sum.ns)
		return x->sum.ns < y->sum.ns ? 1 : -1;
	return x->nr < y->nr ? -1 : 1;
}

static void print_row(const struct sum *s, uint64_t total_ns, const char *name)
{
	char errors[24] = "";

	if (s->errors)
		snprintf(errors, sizeof(errors), "%llu", s->errors);
	fprintf(stderr, "%6.2f %11.6f %11llu %9llu %9s %s\n",
		total_ns ? 100.0 * (double)s->ns / (double)total_ns : 0.0,
		(double)s->ns / 1e9, s->calls ? s->ns / 1000 / s->calls : 0, s->calls,
		errors, name);
}

static const char *name_of(uint32_t nr)
{
	static char number[32];

	if (names[nr])
		return names[nr];
	snprintf(number, sizeof(number), "syscall_%#x", nr);
	return number;
}

static void print_table(struct table *t)
{
	static const char dashes[] = "------ ----------- ----------- --------- --------- "
				     "--------------------------------";
	struct sum total = {0};
	int width = 16; /* of the last column, which grows with the names */

	qsort(t->rows, t->n, sizeof(t->rows[0]), by_time);
	for (uint32_t i = 0; i < t->n; i++) {
		int len = (int)strlen(name_of(t->rows[i].nr)) + 1;

		width = len > width ? len : width;
		total.ns += t->rows[i].sum.ns;
		total.calls += t->rows[i].sum.calls;
		total.errors += t->rows[i].sum.errors;
	}
	fprintf(stderr, "%% time     seconds  usecs/call     calls    errors syscall\n");
	fprintf(stderr, "%.*s\n", 51 + width, dashes);
	for (uint32_t i = 0; i < t->n; i++)
		print_row(&t->rows[i].sum, total.ns, name_of(t->rows[i].nr));
	fprintf(stderr, "%.*s\n", 51 + width, dashes);
	print_row(&total, total.ns ? total.ns : 1, "total");
}

/* ---- the kernel's side: the command is our child, the program must know which ---- */

static void *read_all(const char *path, size_t *len)
{
	enum { MOST = 64 << 20 };
	char *data = malloc(MOST);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	*len = 0;
	while (data && fd >= 0 && (n = read(fd, data + *len, MOST - *len)) > 0)
		*len += (size_t)n;
	if (!data || fd < 0 || n < 0)
		die(path, -errno);
	close(fd);
	return data;
}

/* Where the running kernel's struct task_struct has pid: its own types say so. */
static uint32_t pid_offset(void)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	const struct skep_btf_type *task;
	const struct skep_btf_member *m;
	struct skep_btf *btf;
	uint32_t offset = 0;
	size_t len;
	void *data = read_all(path, &len);
	int err = skep_btf_parse(&btf, data, len, NULL, path, &log_);

	if (err)
		die(path, err);
	task = skep_btf_type_by_id(
		btf, skep_btf_find(btf, "task_struct", SKEP_BTF_KIND_STRUCT));
	m = (const struct skep_btf_member *)(task + 1);
	for (uint32_t i = 0; task && i < SKEP_BTF_INFO_VLEN(task->info); i++)
		if (!strcmp(skep_btf_string(btf, m[i].name_off), "pid"))
			offset = (m[i].offset & 0xffffff) /
				 8; /* without a bit-field's width */
	skep_btf_free(btf);
	free(data);
	return offset;
}

/* Where PATH has the command. execvp(3) would try one folder after the other, and each
 * attempt is a system call of the command. */
static const char *find_command(const char *name)
{
	static char path[4096];
	const char *dirs = getenv("PATH");
	size_t len;

	if (strchr(name, '/') || !dirs)
		return name;
	for (; *dirs; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)len, dirs, name);
		if (!access(path, X_OK))
			return path;
	}
	return name;
}

/* A child that becomes the command once `go` is closed; *failed brings exec's errno. */
static pid_t start(char **argv, int *go, int *failed)
{
	const char *path = find_command(argv[0]);
	int go_pipe[2], failed_pipe[2], err;
	pid_t pid;
	char c;

	if (pipe2(go_pipe, O_CLOEXEC) || pipe2(failed_pipe, O_CLOEXEC))
		die("pipe", -errno);
	pid = fork();
	if (pid < 0)
		die("fork", -errno);
	if (pid == 0) {
		close(go_pipe[1]);
		if (read(go_pipe[0], &c, 1) == 0)
			execv(path, argv);
		err = errno;
		if (write(failed_pipe[1], &err, sizeof(err)) < 0)
			_exit(126);
		_exit(127);
	}
	close(go_pipe[0]);
	close(failed_pipe[1]);
	*go = go_pipe[1];
	*failed = failed_pipe[0];
	return pid;
}

/* What the program must know of the command, and that it shall follow its children. */
static void tell_program(struct skep_object *obj, pid_t pid)
{
	struct config *config = skep_object_find_map(obj, ".rodata")->data;
	struct skep_object_prog *p;
	struct stat ns;
	uint32_t n;

	if (stat("/proc/self/ns/pid", &ns))
		die("/proc/self/ns/pid", -errno);
	config->command = (uint32_t)pid;
	config->pid_offset = pid_offset();
	config->ns_device = ns.st_dev;
	config->ns_inode = ns.st_ino;
	p = skep_object_progs(obj, &n);
	for (uint32_t i = 0; i < n; i++)
		p[i].skip = false;
}

static int run_under_kernel(const char *name, pid_t pid, int go, int failed)
{
	int status, err;

	close(go);
	if (read(failed, &err, sizeof(err)) > 0)
		die(name, -err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int run_under_engine(struct skep_engine *engine, char **argv)
{
	struct skep_trace_opts opts = {.size = sizeof(opts), .log = &log_};
	int status, err = skep_trace_command(engine, argv, &opts, &status);

	if (err)
		die(argv[0], err);
	return status;
}

/* ---- both sides ---- */

/* Ctrl-C ends the command, then we print. A handler is not inherited, SIG_IGN would be.
 */
static void stay(int signal_number)
{
}

static void load_and_attach(struct skep_object *obj, struct skep_sys *sys,
			    struct skep_link *links[], uint32_t *n)
{
	struct skep_object_prog *p = skep_object_progs(obj, n);
	int err = skep_object_load(obj, sys, NULL, &log_);

	for (uint32_t i = 0; !err && i < *n; i++)
		if (!p[i].skip)
			err = skep_object_attach(obj, &p[i], NULL, &links[i], &log_);
	if (err)
		die("loading the programs", err);
}

static int usage(void)
{
	fprintf(stderr, "usage: strace_c [--on kernel|engine] COMMAND...\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct table table;
	struct skep_engine *engine = NULL;
	struct skep_link *links[8] = {0};
	struct skep_sys *sys = skep_sys_kernel();
	struct skep_object *obj;
	uint32_t nlinks;
	int go = -1, failed = -1, status, err;
	pid_t pid = 0; /* on the kernel's side */

	if (argc > 2 && !strcmp(argv[1], "--on")) {
		if (strcmp(argv[2], "kernel") && strcmp(argv[2], "engine"))
			return usage();
		if (!strcmp(argv[2], "engine") && (err = skep_engine_open(NULL, &engine)))
			die("the engine", err);
		argv += 2, argc -= 2;
	}
	if (argc < 2 || argv[1][0] == '-')
		return usage();
	sigaction(SIGINT, &(struct sigaction){.sa_handler = stay, .sa_flags = SA_RESTART},
		  NULL);
	err = skep_object_open_memory(object_start, (size_t)(object_end - object_start),
				      "strace_c.bpf.o", &obj, &log_);
	if (err)
		die("strace_c.bpf.o", err);
	if (engine) {
		sys = skep_engine_sys(engine);
		/* room for its threads, and the map of tasks is not used */
		skep_object_find_map(obj, "starts")->max_entries = 4096;
		skep_object_find_map(obj, "tasks")->max_entries = 1;
	} else {
		pid = start(argv + 1, &go, &failed);
		tell_program(obj, pid);
	}
	load_and_attach(obj, sys, links, &nlinks);
	status = engine ? run_under_engine(engine, argv + 1)
			: run_under_kernel(argv[1], pid, go, failed);
	for (uint32_t i = 0; i < nlinks; i++)
		if (links[i])
			skep_link_detach(links[i]);
	table.ncpus = (uint32_t)skep_possible_cpus(sys);
	err = skep_map_each(sys, skep_object_find_map(obj, "stats")->fd, add_row, &table,
			    &log_);
	if (err)
		die("the map of sums", err);
	print_table(&table);
	skep_object_close(obj);
	if (engine)
		skep_engine_close(engine);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
