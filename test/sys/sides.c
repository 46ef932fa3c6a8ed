/* sides.c - bpf(2) scripts on one side of the seam:
 *
 *     script [--coverage] engine|shared|kernel|user-engine|user-kernel FILE...
 *
 * A private engine, a shared one, the running kernel; "user-" is a user without
 * capabilities: the engine's unprivileged profile, and a child of another user.
 * --coverage: the files are all that there are, and coverage.h's table is checked. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <skep/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "coverage.h"
#include "own_bpffs.h"
#include "script.h"

enum { NOBODY = 65534 };

struct side {
	const char *name, *text;
	bool kernel, shared, user, coverage;
};

static const struct side sides[] = {
	{"engine", "engine", .kernel = false},
	{"shared", "shared engine", .shared = true},
	{"kernel", "kernel", .kernel = true},
	{"user-engine", "engine, unprivileged", .user = true},
	{"user-kernel", "kernel, as a user", .kernel = true, .user = true},
};

/* ---- the kernel ---- */

/* A bpffs (and a tracefs) that nobody else sees; NULL, or why there is none. */
static const char *kernel_ready(void)
{
	const char *why = own_bpffs();

	if (!why)
		mount("none", "/sys/kernel/tracing", "tracefs", 0, NULL);
	return why;
}

/* ---- bpf(2) for everybody ---- */

static const char setting[] = "/proc/sys/kernel/unprivileged_bpf_disabled";

/* While the lock is held nobody else of these tests sets it back. -1: there is none. */
static int lock_setting(char *was)
{
	int fd = open(setting, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) || pread(fd, was, 1, 0) != 1)
		return -1;
	return fd;
}

static bool set_setting(char to)
{
	int fd = open(setting, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, &to, 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void become_user(void)
{
	if (geteuid())
		return;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		exit(99);
	prctl(PR_SET_DUMPABLE, 1); /* so that /proc/self is ours */
}

/* ---- running ---- */

/* What the script left open. */
static void close_all(void)
{
	for (int fd = 3; fd < 256; fd++)
		close(fd);
}

static struct skep_engine *open_engine(const char *dir, bool user)
{
	struct skep_engine_opts opts = {.size = sizeof(opts),
					.shared = dir != NULL,
					.dir = dir,
					.unprivileged = user};
	struct skep_engine *engine;
	int err = skep_engine_open(&opts, &engine);

	if (err) {
		printf("Bail out! no engine: %s\n", strerror(-err));
		exit(99);
	}
	return engine;
}

/* A directory of its own for each script, so that no other sees its pins; on tmpfs, as
 * that of an engine is wherever there is one. */
static int run_on_engine(const struct side *side, const char *file, const char **skip)
{
	bool shm = !access("/dev/shm", W_OK);
	char dir[64], command[80];
	struct skep_engine *engine;
	int failed;

	snprintf(dir, sizeof(dir), "%s/skep-sys-XXXXXX", shm ? "/dev/shm" : "/tmp");
	if (side->shared && !mkdtemp(dir))
		exit(99);
	engine = open_engine(side->shared ? dir : NULL, side->user);
	failed = script_run(skep_engine_sys(engine), file, skip);
	skep_engine_close(engine);
	if (side->shared) {
		snprintf(command, sizeof(command), "rm -rf %s", dir);
		if (system(command))
			failed++;
	}
	return failed;
}

/* Only what all scripts together reach can be held against the table. */
static int check_coverage(const struct side *side, int number, bool all)
{
	int wrong = !all	   ? 0
		    : side->user   ? coverage_check(suite_user)
		    : side->kernel ? coverage_check(suite_kernel)
				   : coverage_check(suite_engine);

	printf("%s %d - coverage on the %s%s\n", wrong ? "not ok" : "ok", number,
	       side->text, all ? "" : " # SKIP a script was not run");
	return wrong;
}

static int run_all(const struct side *side, int n, char **files)
{
	bool all = true;
	int failed = 0;

	for (int i = 0; i < n; i++) {
		const char *slash = strrchr(files[i], '/'), *why;
		int wrong = side->kernel ? script_run(skep_sys_kernel(), files[i], &why)
					 : run_on_engine(side, files[i], &why);

		close_all();
		printf("%s %d - %s on the %s%s%s\n", wrong ? "not ok" : "ok", i + 1,
		       slash ? slash + 1 : files[i], side->text, why ? " # SKIP " : "",
		       why ? why : "");
		failed += wrong;
		all &= !why;
	}
	if (side->coverage)
		failed += check_coverage(side, n + 1, all);
	return failed != 0;
}

/* In a child, which gives its rights up; we put the setting back, whatever becomes of
 * it, or of us if we are asked to end. */
static int run_as_user(const struct side *side, int n, char **files)
{
	char was = 0;
	int lock = lock_setting(&was), status = 0;
	pid_t child;

	if (lock < 0 || (was != '0' && !set_setting('0'))) {
		printf("1..0 # SKIP kernel.unprivileged_bpf_disabled is %c, and cannot be "
		       "set to 0\n",
		       was ? was : '?');
		return 0;
	}
	printf("1..%d\n", n + side->coverage);
	fflush(stdout);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(lock);
		become_user();
		exit(run_all(side, n, files));
	}
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	waitpid(child, &status, 0);
	if (was != '0')
		set_setting(was);
	return !WIFEXITED(status) || WEXITSTATUS(status);
}

static const struct side *find_side(const char *name)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (!strcmp(sides[i].name, name))
			return &sides[i];
	return NULL;
}

int main(int argc, char **argv)
{
	bool coverage = argc > 1 && !strcmp(argv[1], "--coverage");
	const struct side *named =
		argc > 2 + coverage ? find_side(argv[1 + coverage]) : NULL;
	char **files = argv + 2 + coverage;
	int n = argc - 2 - coverage;
	struct side side;
	const char *why;

	if (!named)
		return 99;
	side = *named;
	side.coverage = coverage;
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = !side.kernel ? NULL : side.user ? no_bpf() : kernel_ready();
	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	if (side.kernel && side.user)
		return run_as_user(&side, n, files);
	printf("1..%d\n", n + coverage);
	return run_all(&side, n, files);
}
