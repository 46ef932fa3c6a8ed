/* case_replay.c - replay: asks skep's verifier, or the kernel again, about recorded cases
 *
 * Cases are asked in child processes, one after the other, so that a crash or a hang
 * costs one case, which is named.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "case_files.h"
#include "case_tally.h"
#include "mem.h"

enum { SECONDS = 60, JOBS_MOST = 64, REPEATS_TIMED = 3 };

static const char usage[] =
	"usage: replay [--kernel | --time] [--caps LIST] [--list] [--jobs N] [--seconds N] DIR|FILE...\n"
	"       replay [--caps LIST] --one FILE\n"
	"Asks skep's verifier about each case and compares with the kernel's recorded\n"
	"answer. Exits with 1 if it accepts what the kernel refuses, or a case is broken.\n"
	"  --kernel     ask the running kernel again instead, compare with the record\n"
	"  --time       ask both, one after the other, the best of 3, in one process; only\n"
	"               then the ratio of times says something\n"
	"  --list       name each difference, with both messages\n"
	"  --details    also where they agree, but with another errno, last line or stack\n"
	"  --unprivileged  ask skep as a user without capabilities, and compare with what\n"
	"               the tests of Linux 6.1 expect for such: out of date in places\n"
	"  --caps LIST  ask both, with these capabilities (bpf,perfmon,net_admin,admin or\n"
	"               none) instead of those that the case was recorded with\n"
	"  --one FILE   print what both say at log level 2\n"
	"  --jobs N     processes at a time (2)\n"
	"  --seconds N  most time for a case (60)\n";

/* What all processes share. */
struct board {
	atomic_size_t next;
	size_t now[JOBS_MOST]; /* case + 1 that a worker is at; 0: none */
	struct case_result results[];
};

struct replay {
	struct case_options o;
	bool list, details, one;
	u32 jobs, seconds;
	struct case_files files;
	struct board *board;
	pid_t workers[JOBS_MOST];
};

/* ---- workers ---- */

static void work(struct replay *r, u32 slot)
{
	struct board *b = r->board;
	size_t i;

	while ((i = atomic_fetch_add(&b->next, 1)) < r->files.paths.n) {
		b->now[slot] = i + 1;
		alarm(r->seconds);
		case_ask(r->files.paths.at[i], &r->o, &b->results[i]);
		b->now[slot] = 0;
	}
}

static bool start(struct replay *r, u32 slot)
{
	pid_t pid = fork();

	if (!pid) {
		work(r, slot);
		_exit(0);
	}
	r->workers[slot] = pid > 0 ? pid : 0;
	return pid > 0;
}

static void name_death(struct replay *r, u32 slot, int status)
{
	size_t at = r->board->now[slot];
	struct case_result *res;
	const char *path;

	if (!at)
		return;
	res = &r->board->results[at - 1];
	path = r->files.paths.at[at - 1];
	if (!*res->name)
		snprintf(res->name, sizeof(res->name), "%s", path);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(res->broken, sizeof(res->broken),
			 "took over %u seconds (%.150s)", r->seconds, path);
	else
		snprintf(res->broken, sizeof(res->broken), "died: %s (%.150s)",
			 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit",
			 path);
	r->board->now[slot] = 0;
}

/* Until all cases are asked; a worker that died is replaced. */
static void run(struct replay *r)
{
	u32 slot, alive = 0;
	int status;
	pid_t pid;

	for (slot = 0; slot < r->jobs; slot++)
		alive += start(r, slot);
	while (alive && (pid = wait(&status)) > 0) {
		for (slot = 0; slot < r->jobs && r->workers[slot] != pid; slot++)
			;
		if (slot == r->jobs)
			continue;
		alive--;
		name_death(r, slot, status);
		if (status)
			alive += start(r, slot);
	}
}

static int ask_all(struct replay *r)
{
	size_t size = sizeof(*r->board) + r->files.paths.n * sizeof(struct case_result);
	struct tally_sides sides = {.by_kernel = r->o.kernel,
				    .judge_kernel = !r->o.skep,
				    .details = r->details};
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	bool fine;

	if (at == MAP_FAILED) {
		perror("replay");
		return 1;
	}
	r->board = at;
	case_vmlinux(); /* once for all workers */
	run(r);
	if (r->list)
		tally_list(r->board->results, r->files.paths.n, sides);
	fine = tally_print(r->board->results, r->files.paths.n, sides);
	munmap(at, size);
	return fine ? 0 : 1;
}

static int ask_one(struct replay *r)
{
	static struct case_result result;
	struct tally_sides sides = {0};

	r->o.kernel = r->o.verbose = true;
	case_ask(r->files.paths.at[0], &r->o, &result);
	tally_list(&result, 1, sides);
	return *result.broken ? 1 : 0;
}

/* ---- options ---- */

static int options(struct replay *r, int argc, char **argv)
{
	static const struct option longs[] = {
		{"kernel", no_argument, NULL, 'k'},
		{"time", no_argument, NULL, 't'},
		{"list", no_argument, NULL, 'l'},
		{"details", no_argument, NULL, 'd'},
		{"unprivileged", no_argument, NULL, 'u'},
		{"one", no_argument, NULL, '1'},
		{"caps", required_argument, NULL, 'c'},
		{"jobs", required_argument, NULL, 'j'},
		{"seconds", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	r->jobs = 2;
	r->seconds = SECONDS;
	r->o = (struct case_options){.skep = true, .repeats = 1, .caps = -1};
	while ((c = getopt_long(argc, argv, "ktldu1c:j:s:h", longs, NULL)) != -1) {
		switch (c) {
		case 'k': r->o.kernel = true, r->o.skep = false; break;
		case 't':
			r->o.kernel = true, r->o.repeats = REPEATS_TIMED, r->jobs = 1;
			break;
		case 'l': r->list = true; break;
		case 'd': r->list = r->details = true; break;
		case 'u': r->o.unprivileged = true; break;
		case '1': r->one = true; break;
		case 'c':
			r->o.caps = case_parse_caps(optarg);
			r->o.kernel = true;
			break;
		case 'j': r->jobs = (u32)atoi(optarg); break;
		case 's': r->seconds = (u32)atoi(optarg); break;
		default: fputs(usage, c == 'h' ? stdout : stderr); exit(c == 'h' ? 0 : 2);
		}
	}
	if (optind == argc || !r->jobs || r->jobs > JOBS_MOST || r->o.caps < -1) {
		fputs(usage, stderr);
		return -1;
	}
	return case_files(argv + optind, &r->files);
}

int main(int argc, char **argv)
{
	struct replay r = {0};
	char **path;
	int err;

	if (options(&r, argc, argv))
		return 2;
	err = r.one ? ask_one(&r) : ask_all(&r);
	vec_each(path, &r.files.paths)
		mem_free(*path);
	vec_free(&r.files.paths);
	return err;
}
