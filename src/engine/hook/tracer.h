/* tracer.h - follows the system calls of processes through ptrace(2)
 *
 * Starts a command, or attaches to a process with all its threads, follows every thread
 * and child that they make, and calls back at the entry and at the exit of the system
 * calls in `want`. Needs no privilege beyond ptrace's. A command gets a seccomp filter,
 * so that calls that nobody wants run at full speed; an attached process stops at every
 * call, since nobody can give it a filter.
 *
 * Guarantees: a wanted call is reported once at entry and once at exit, in the order in
 * which its thread made it; the exit of a call that does not return (exit_group) is not
 * reported; a new thread or child reports the exit of the call that made it, with 0, as
 * the kernel's tracepoints do. Signals, job control and exit status of the processes are
 * what they would be without. A started command never outlives the tracer; an attached
 * process is let go unharmed. Nothing is allocated for an event.
 *
 * Does not follow 32-bit programs (their calls have other numbers): it says so. A process
 * that is traced already, or that itself traces others, cannot be followed. Nor can
 * children made with CLONE_UNTRACED: the filter that they inherit makes their wanted
 * calls fail with ENOSYS. comm is kept up to date across exec and prctl, not when written
 * through /proc.
 *
 * The calling thread must have no other children while it traces: wait4(2) would take
 * their exits.
 */
#ifndef TRACER_H
#define TRACER_H

#include <sched.h>
#include <signal.h>
#include <sys/types.h>
#include <skep/engine.h>
#include "bits.h"

enum {
	TRACER_CALLS = 512, /* entries of `want`; the last stands for all numbers above */
	TRACER_BUCKETS = 256,
};

enum { tracer_enter = 1, tracer_exit = 2 };

/* TRACER_REGS: how many registers of 8 bytes the kernel's struct pt_regs (user_pt_regs)
 * has; TRACER_REG_NR: the one that holds the call's number; _IP: the instruction; _FP:
 * the frame pointer. */
#if defined(__x86_64__)
#define TRACER_ARCH AUDIT_ARCH_X86_64
enum { TRACER_REGS = 21, TRACER_REG_NR = 15, TRACER_REG_IP = 16, TRACER_REG_FP = 4 };
#elif defined(__aarch64__)
#define TRACER_ARCH AUDIT_ARCH_AARCH64
enum { TRACER_REGS = 34, TRACER_REG_NR = 8, TRACER_REG_IP = 32, TRACER_REG_FP = 29 };
#else
#error "say here what this machine's struct pt_regs looks like"
#endif

/* A thread that is followed. Valid during the callback only. */
struct tracee {
	struct skep_task task;
	u64 nr, args[6]; /* of the call that it makes */
	s64 ret;	 /* at exit: result or -errno; -512 to -516: will be restarted */
	bool in_call;	 /* between the entry and the exit of a call that was seen */
	bool want_exit;	 /* this call's exit is waited for */
	bool first;	 /* has not stopped yet */
	bool child;	 /* made by a thread that is followed, not by us */
	bool foreign;	 /* a 32-bit program */
	struct tracee *next;
};

/* The thread that is kept on the tracer's CPU, see tracer_pin.c. */
struct pin {
	pid_t tid;		/* 0: none */
	pid_t last;		/* who stopped last, */
	u32 streak;		/* how often in a row */
	cpu_set_t theirs, ours; /* the affinities to be given back */
};

struct tracer {
	/* ---- the caller's ---- */
	void (*enter)(void *arg, struct tracee *t);
	void (*exit)(void *arg, struct tracee *t);
	void *arg;
	/* tracer_enter | tracer_exit of each call. After a change in a callback, call
	 * tracer_want_changed(). */
	u8 want[TRACER_CALLS];
	/* How often the user asked to stop, may be NULL. A signal handler installed
	 * without SA_RESTART counts it up; it should repeat itself (setitimer), for a
	 * signal that comes just before a wait does not end it. Attached processes are
	 * let go at once. A command, which the terminal's Ctrl-C reaches by itself, is
	 * waited for at 1, gets SIGTERM at 2 and SIGKILL at 3, with all that it started.
	 */
	const volatile sig_atomic_t *stop;
	struct skep_log *log;

	/* ---- what happened ---- */
	u64 stops;   /* all kinds */
	u64 threads; /* followed */
	u64 foreign; /* 32-bit programs that were not followed */

	/* ---- the tracer's own ---- */
	struct tracee *buckets[TRACER_BUCKETS];
	struct tracee *last; /* that was looked up */
	u32 ntracees;
	pid_t command; /* the process that we started; 0: attached */
	int status;    /* of the command */
	int heeded;    /* value of *stop that was acted on */
	bool filter;   /* the command has a seccomp filter for filtered[] */
	bool all;      /* stop at every call */
	bool begun;    /* the command's execve was seen */
	bool leaving;  /* detaching */
	struct pin pin;
	int err;
	u8 filtered[TRACER_CALLS];
};

/* Runs argv[0], searched in PATH, and returns when it and all that it started have ended.
 * *status is its wait status. 0, or -errno with a sentence in t->log: -ENOENT, -EACCES,
 * ... of the command, -EPERM where ptrace is forbidden. */
int tracer_command(struct tracer *t, char *const argv[], int *status);

/* Follows process `pid` until it and its children have ended or *stop. -ESRCH, -EPERM. */
int tracer_attach(struct tracer *t, pid_t pid);

/* The registers of a thread, in a callback. 0, or -ESRCH when it has been killed. */
int tracer_regs(struct tracee *t, u64 regs[TRACER_REGS]);

/* Calls that were not wanted when the command began are caught by stopping at every call,
 * each thread from its next stop on. */
void tracer_want_changed(struct tracer *t);

/* The event loop behind both: until no thread is left, or an error. */
int tracer_loop(struct tracer *t);

/* Ends what is left after an error: kills the command, lets an attached process go. */
void tracer_give_up(struct tracer *t);

/* ---- tracee.c ---- */

/* By thread id; NULL: not followed. */
struct tracee *tracee_find(struct tracer *t, pid_t tid);

/* Adds a thread; reads its ids and name from /proc. NULL: no memory. */
struct tracee *tracee_add(struct tracer *t, pid_t tid);
void tracee_remove(struct tracer *t, pid_t tid);
void tracee_free_all(struct tracer *t);

/* Reads ids and name again. */
void tracee_refresh(struct tracee *t);

/* Whether a call changes what tracee_refresh reads. */
bool tracee_renames(u64 nr);

/* ---- tracer_pin.c ---- */

void pin_stop(struct tracer *t, struct tracee *p); /* it has stopped */
void pin_child(struct tracer *t, pid_t child);	   /* it was made, and has not run yet */
void pin_release(struct tracer *t);

/* Whether a call shows or sets affinities. */
bool pin_is_seen_by(u64 nr);

#define tracee_each(p, t, i) \
	for (i = 0; i < TRACER_BUCKETS; i++) \
		for (p = (t)->buckets[i]; p; p = p->next)

#endif
