#include "doctor.h"
#include "mem.h"
#include "os.h"
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

const char help_doctor[] =
	"usage: skep doctor [--json]\n"
	"\n"
	"Says for the kernel and for skep's own engine what works on this machine as this\n"
	"user and, where something does not, why and what would change that. Every line was\n"
	"tried just now: a program was loaded, an event was counted, a process was traced.\n"
	"\n"
	"  --json  the same for programs\n"
	"\n"
	"Exit code: 0 if programs can run on either side, 1 if on neither.\n";

static const struct check {
	const char *side, *name, *title;
	void (*run)(struct finding *f);
} checks[] = {
#define CHECK(side, name, title) {#side, #name, title, check_##side##_##name},
#include "doctor.def"
#undef CHECK
};

static const struct {
	const char *name;
	enum color color;
} verdicts[] = {
	[verdict_no] = {"no", color_bad},
	[verdict_partly] = {"partly", color_warn},
	[verdict_yes] = {"yes", color_good},
};

void found(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	f->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

void advise(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->change, sizeof(f->change), fmt, ap);
	va_end(ap);
}

long file_number(const char *path, long otherwise)
{
	void *data;
	size_t len;
	long n = otherwise;
	char *end;

	if (os_read_file(path, 4096, &data, &len))
		return otherwise;
	n = strtol(data, &end, 10);
	if (end == data)
		n = otherwise;
	mem_free(data);
	return n;
}

u64 status_number(const char *key, int base)
{
	void *data;
	size_t len;
	u64 n = 0;
	char *at;

	if (os_read_file("/proc/self/status", 1 << 16, &data, &len))
		return 0;
	at = strstr(data, key);
	if (at)
		n = strtoull(at + strlen(key) + 1, NULL, base);
	mem_free(data);
	return n;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(fn(arg));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static void show_text(const struct check *c, const struct finding *f)
{
	printf("  %s%-6s%s  %-30s %s\n", color_on(stdout, verdicts[f->verdict].color),
	       verdicts[f->verdict].name, color_on(stdout, color_none), c->title, f->why);
	if (*f->change)
		printf("%42s%s\n", "to change that: ", f->change);
}

static void show_json(const struct check *c, const struct finding *f)
{
	printf("%s    { \"side\": \"%s\", \"name\": \"%s\", \"works\": \"%s\",\n      \"why\": ",
	       c == checks ? "" : ",\n", c->side, c->name, verdicts[f->verdict].name);
	json_string(stdout, f->why);
	printf(",\n      \"change\": ");
	json_string(stdout, f->change);
	printf(" }");
}

/* Programs run on the kernel where bpf(2) works, on the engine where objects do. */
static bool decides(const struct check *c)
{
	return !strcmp(c->name, "bpf") || !strcmp(c->name, "objects");
}

enum { WAIT_MS = 4000, IMPATIENT_MS = 300 };

/* Whether the child ended in that time. One that hangs in the kernel stays there: no
 * signal ends it. */
static bool ended(pid_t pid, u32 ms)
{
	u64 until = os_clock_ns() + ms * 1000000ull;
	pid_t got;

	while ((got = waitpid(pid, NULL, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (os_clock_ns() > until) {
			kill(pid, SIGKILL);
			return false;
		}
		usleep(500);
	}
	return true;
}

/* Who reads it must not wait for a child that hangs. */
static void leave_output(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(1);
	close(fd);
}

/* In a child, so that a kernel that never answers is a finding. Having waited once for
 * nothing, it waits less. `f` is shared with the child. */
static void run_check(const struct check *c, struct finding *f, bool *hangs)
{
	u32 ms = *hangs ? IMPATIENT_MS : WAIT_MS;
	pid_t pid;

	memset(f, 0, sizeof(*f));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		leave_output();
		c->run(f);
		_exit(0);
	}
	if (pid < 0) {
		found(f, verdict_no, "it could not be tried: %s", strerror(errno));
	} else if (!ended(pid, ms)) {
		*hangs = true;
		found(f, verdict_no, "no answer within %u ms", ms);
		advise(f,
		       "process %d hangs in the kernel: /proc/%d/stack says where; what "
		       "holds it is a fault of the kernel's, and a reboot mends it",
		       pid, pid);
	}
}

static bool look(bool json)
{
	struct finding *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool hangs = false;
	const char *side = "";
	bool can_run = false;

	if (f == MAP_FAILED)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		run_check(&checks[i], f, &hangs);
		if (f->verdict != verdict_yes && !*f->change)
			advise(f, "nothing that skep knows of");
		can_run |= decides(&checks[i]) && f->verdict != verdict_no;
		if (!json && strcmp(side, checks[i].side))
			printf("%s%s%s\n", color_on(stdout, color_strong), checks[i].side,
			       color_on(stdout, color_none));
		side = checks[i].side;
		if (json)
			show_json(&checks[i], f);
		else
			show_text(&checks[i], f);
	}
	munmap(f, sizeof(*f));
	return can_run;
}

int cmd_doctor(int argc, char **argv)
{
	bool json = false, can_run;
	const struct opt opts[] = {{"json", 0, opt_flag, &json}, {0}};
	struct args args;
	struct utsname un;
	int code = opt_parse(&args, argc, argv, opts, 0, 0);

	if (code >= 0)
		return code;
	uname(&un);
	if (json)
		printf("{ \"skep\": \"%s\", \"kernel\": \"%s\", \"machine\": \"%s\","
		       " \"uid\": %u,\n  \"checks\": [\n",
		       SKEP_VERSION, un.release, un.machine, geteuid());
	else
		printf("skep %s, Linux %s, %s, uid %u\n", SKEP_VERSION, un.release,
		       un.machine, geteuid());
	can_run = look(json);
	if (json)
		puts("\n  ] }");
	return can_run ? exit_ok : exit_failed;
}
