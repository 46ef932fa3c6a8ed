/* killed.h - processes that work on something until they are killed, and what holds then
 *
 * Two work at once and one of them is killed at some moment; or one alone is killed after
 * a random number of its instructions, counted by ptrace(2), so that each of them is as
 * likely as any other. SKEP_KILLS says how often; include after cmocka.h.
 */
#ifndef KILLED_H
#define KILLED_H

#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "random_number.h"

struct killed {
	/* A piece of work, in a process of its own. False: it saw what must not be. */
	bool (*work)(void *thing, u64 *rng);
	void (*check)(void *thing);    /* what holds at any time; may be NULL */
	void (*complete)(void *thing); /* what holds with nobody at work */
	/* Of killed_at_steps(), all may be NULL. What a process does once; around the
	 * piece of work with that seed, for who compares. */
	void (*warm)(void *thing);
	void (*before)(void *thing, u64 seed);
	void (*after)(void *thing, u64 seed);
	bool calls; /* steps are the beginnings and ends of system calls */
};

/* How often something is killed: `often`, unless SKEP_KILLS says it. */
static inline u32 killed_times(u32 often)
{
	const char *times = getenv("SKEP_KILLS");

	return times ? (u32)atoi(times) : often;
}

static inline void killed_nap(u32 us)
{
	struct timespec ts = {.tv_nsec = us * 1000l};

	nanosleep(&ts, NULL);
}

static pid_t killed_start(const struct killed *k, void *thing, u64 rng)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the next test */
	while (k->work(thing, &rng))
		;
	_exit(1);
}

static void killed_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Two at work; every now and then both are killed, and everything is counted. */
static inline void killed_beside_others(const struct killed *k, void *thing, u32 times,
					u64 rng)
{
	pid_t pid[2];

	for (u32 i = 0; i < 2; i++)
		pid[i] = killed_start(k, thing, rnd(&rng));
	for (u32 i = 0; i < times; i++) {
		killed_nap(rnd(&rng) % 2000);
		killed_end(pid[i % 2]);
		if (k->check)
			k->check(thing);
		if (i % 25 == 24) {
			killed_end(pid[1 - i % 2]);
			k->complete(thing);
			pid[1 - i % 2] = killed_start(k, thing, rnd(&rng));
		}
		pid[i % 2] = killed_start(k, thing, rnd(&rng));
	}
	for (u32 i = 0; i < 2; i++)
		killed_end(pid[i]);
	k->complete(thing);
}

/* Does the piece of work with that seed for `steps` instructions at most and is killed
 * then. How many it did; UINT32_MAX: none, since ptrace(2) is forbidden here. */
static u32 killed_walk(const struct killed *k, void *thing, u64 seed, u32 steps)
{
	int status;
	u32 done = 0;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		if (k->warm && (seed >> 4) % 8)
			k->warm(thing);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(2);
		raise(SIGSTOP);
		_exit(k->work(thing, &seed) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		return UINT32_MAX;
	while (WIFSTOPPED(status) && done < steps &&
	       !ptrace(k->calls ? PTRACE_SYSCALL : PTRACE_SINGLESTEP, pid, NULL, NULL)) {
		waitpid(pid, &status, 0);
		done++;
	}
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
					: !WEXITSTATUS(status));
	return done;
}

/* One at work, killed after a random number of instructions, `times` times. False:
 * ptrace(2) is forbidden here. */
static inline bool killed_at_steps(const struct killed *k, void *thing, u32 times,
				   u64 rng)
{
	const u32 least = k->calls ? 20 : 200;
	u32 most =
		2 * least; /* about as many as a piece of work has: grows and shrinks */

	for (u32 i = 0; i < times;) {
		u32 steps = rnd(&rng) % most, done;
		u64 seed = rnd(&rng);

		if (k->before)
			k->before(thing, seed);
		done = killed_walk(k, thing, seed, steps);
		if (done == UINT32_MAX)
			return false;
		if (k->after)
			k->after(thing, seed);
		if (done == steps && steps > most / 8 * 7 && most < 50000)
			most += most / 4;
		else if (done < steps)
			most = MAX(most - most / 16, least);
		if (done < steps)
			continue; /* it had less to do */
		k->complete(thing);
		i++;
	}
	return true;
}

#endif
