#include "tracer.h"
#include "msg.h"
#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BATCH = 64,
	FAIR = 16, /* stops between two times when all reports are taken */
};

struct report {
	pid_t tid;
	int status;
};

static u8 wanted(const struct tracer *t, u64 nr)
{
	return t->want[MIN(nr, TRACER_CALLS - 1)];
}

void tracer_want_changed(struct tracer *t)
{
	for (int i = 0; i < TRACER_CALLS; i++)
		if (t->want[i] && !t->filtered[i])
			t->all = true;
}

static void resume(struct tracer *t, struct tracee *p, int sig)
{
	pid_t tid = (pid_t)p->task.pid;

	p->first = false;
	if (t->leaving) {
		ptrace(PTRACE_DETACH, tid, 0, sig);
		tracee_remove(t, tid);
		return;
	}
	/* Without a stop at its exit, the call is over for us. */
	p->in_call = p->in_call && (t->all || p->want_exit);
	/* ESRCH: it has been killed meanwhile, and its end will be reported. */
	ptrace(t->all || p->want_exit ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0, sig);
}

static void call_enter(struct tracer *t, struct tracee *p, u64 nr, const void *args)
{
	u8 want = wanted(t, nr);

	if (!t->begun) {
		t->begun = nr == SYS_execve;
		if (!t->begun)
			return;
	}
	if (pin_is_seen_by(nr))
		pin_release(t);
	p->nr = nr;
	memcpy(p->args, args, sizeof(p->args)); /* six of 8 bytes */
	p->in_call = true;
	p->want_exit = (want & tracer_exit) || tracee_renames(nr);
	if (want & tracer_enter)
		t->enter(t->arg, p);
}

static void call_exit(struct tracer *t, struct tracee *p, s64 ret)
{
	if (!p->in_call)
		return;
	p->ret = ret;
	if (tracee_renames(p->nr))
		tracee_refresh(p);
	if (wanted(t, p->nr) & tracer_exit)
		t->exit(t->arg, p);
	p->in_call = p->want_exit = false;
}

/* Where the thread is, in one request. False: nothing to see there. */
static bool look(struct tracer *t, struct tracee *p, struct __ptrace_syscall_info *info)
{
	if (ptrace(PTRACE_GET_SYSCALL_INFO, (pid_t)p->task.pid, sizeof(*info), info) < 0)
		return false; /* killed meanwhile */
	if (info->arch == TRACER_ARCH)
		return true;
	if (!p->foreign) {
		p->foreign = true;
		t->foreign++;
		log_printf(t->log, msg_hook_foreign, (int)p->task.pid, p->task.comm);
	}
	p->in_call = p->want_exit = false;
	return false;
}

static void on_call(struct tracer *t, struct tracee *p)
{
	struct __ptrace_syscall_info info;

	if (!look(t, p, &info))
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		call_exit(t, p, info.exit.rval);
	else if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		call_enter(t, p, info.entry.nr, info.entry.args);
	else if (info.op == PTRACE_SYSCALL_INFO_SECCOMP && !p->in_call)
		call_enter(t, p, info.seccomp.nr, info.seccomp.args);
}

/* When a thread that is not the leader executes a program, it takes the leader's id and
 * the leader is gone without a report (ptrace(2), "execve(2) under ptrace"). */
static void take_leader(struct tracer *t, struct tracee *p, pid_t former)
{
	struct tracee *old = tracee_find(t, former);

	if (!old || old == p)
		return;
	p->nr = old->nr;
	memcpy(p->args, old->args, sizeof(p->args));
	p->in_call = old->in_call;
	p->want_exit = old->want_exit;
	tracee_remove(t, former);
}

static void on_exec(struct tracer *t, struct tracee *p)
{
	struct __ptrace_syscall_info info;
	unsigned long former;

	t->begun = true;
	if (!ptrace(PTRACE_GETEVENTMSG, (pid_t)p->task.pid, 0, &former))
		take_leader(t, p, (pid_t)former);
	tracee_refresh(p);
	p->foreign = false;
	look(t, p, &info);
}

static void on_clone(struct tracer *t, struct tracee *p)
{
	unsigned long child;

	if (!ptrace(PTRACE_GETEVENTMSG, (pid_t)p->task.pid, 0, &child))
		pin_child(t, (pid_t)child);
}

/* A new thread or child comes out of the call that made it, with 0. The kernel's sys_exit
 * tracepoints fire for it; ptrace reports no such stop. */
static void on_birth(struct tracer *t, struct tracee *p)
{
	u64 regs[TRACER_REGS];

	if (!t->begun || tracer_regs(p, regs) < 0)
		return;
	if (!(wanted(t, regs[TRACER_REG_NR]) & tracer_exit))
		return;
	p->nr = regs[TRACER_REG_NR];
	p->in_call = true;
	call_exit(t, p, 0);
}

/* PTRACE_EVENT_STOP: a group stop, the first stop, or one that we asked for. */
static void on_stop(struct tracer *t, struct tracee *p, int sig)
{
	bool group = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;

	if (p->first && p->child)
		on_birth(t, p);
	if (group && !t->leaving) {
		p->first = false;
		/* Stays stopped, as it should be, until SIGCONT. */
		ptrace(PTRACE_LISTEN, (pid_t)p->task.pid, 0, 0);
		return;
	}
	resume(t, p, 0);
}

static void on_stopped(struct tracer *t, struct tracee *p, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	t->stops++;
	pin_stop(t, p);
	if (event == PTRACE_EVENT_STOP) {
		on_stop(t, p, sig);
		return;
	}
	if (event == PTRACE_EVENT_SECCOMP || (!event && sig == (SIGTRAP | 0x80)))
		on_call(t, p);
	else if (event == PTRACE_EVENT_EXEC)
		on_exec(t, p);
	else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
		 event == PTRACE_EVENT_VFORK)
		on_clone(t, p);
	else if (!event) {
		resume(t, p, sig); /* a signal on its way to the thread */
		return;
	}
	resume(t, p, 0);
}

static void on_report(struct tracer *t, const struct report *r)
{
	struct tracee *p = tracee_find(t, r->tid);

	if (WIFEXITED(r->status) || WIFSIGNALED(r->status)) {
		if (r->tid == t->command)
			t->status = r->status;
		if (r->tid == t->pin.tid)
			pin_release(t);
		tracee_remove(t, r->tid);
		return;
	}
	if (!WIFSTOPPED(r->status))
		return;
	if (!p) {
		p = tracee_add(t, r->tid);
		if (!p) {
			log_printf(t->log, msg_hook_no_memory, t->ntracees);
			t->err = -ENOMEM;
			kill(r->tid, SIGKILL);
			return;
		}
		p->child = true;
		pin_child(t, r->tid);
	}
	on_stopped(t, p, r->status);
}

static void signal_all(struct tracer *t, int sig)
{
	struct tracee *p;
	int i;

	tracee_each(p, t, i)
	{
		if (p->task.pid != p->task.tgid)
			continue;
		kill((pid_t)p->task.pid, sig);
		kill((pid_t)p->task.pid, SIGCONT);
	}
}

/* Threads stop one by one and are let go in resume(). */
static void leave(struct tracer *t)
{
	struct tracee *p;
	int i;

	t->leaving = true;
	pin_release(t);
	tracee_each(p, t, i) ptrace(PTRACE_INTERRUPT, (pid_t)p->task.pid, 0, 0);
}

static void heed_stop(struct tracer *t)
{
	t->heeded = *t->stop;
	if (!t->command) {
		if (!t->leaving)
			leave(t);
	} else if (t->heeded >= 2) {
		signal_all(t, t->heeded == 2 ? SIGTERM : SIGKILL);
	}
}

/* The next report; now and then all that are there, so that a busy thread does not starve
 * the others: wait4 looks through the threads in a fixed order. Returns how many, or
 * -errno. */
static int collect(struct tracer *t, struct report *batch)
{
	/* __WNOTHREAD leaves the children of the caller's other threads alone. */
	const int flags = (int)(__WALL | __WNOTHREAD);
	int n = 0, status;
	pid_t tid;

	while (n < BATCH) {
		tid = wait4(-1, &status, flags | (n ? WNOHANG : 0), NULL);
		if (tid <= 0)
			break;
		batch[n++] = (struct report){tid, status};
		if (t->ntracees == 1 || t->stops % FAIR)
			break;
	}
	return n ? n : -errno;
}

int tracer_loop(struct tracer *t)
{
	struct report batch[BATCH];
	int n, i;

	while (t->ntracees && !t->err) {
		n = collect(t, batch);
		if (n == -ECHILD)
			break;
		if (n < 0 && n != -EINTR) {
			log_printf(t->log, msg_hook_wait, strerror(-n));
			t->err = n;
		}
		for (i = 0; i < n; i++)
			on_report(t, &batch[i]);
		if (t->stop && *t->stop > t->heeded)
			heed_stop(t);
	}
	pin_release(t);
	return t->err;
}

void tracer_give_up(struct tracer *t)
{
	if (!t->ntracees)
		return;
	if (t->command)
		signal_all(t, SIGKILL);
	else
		leave(t);
	t->stop = NULL;
	t->err = 0;
	tracer_loop(t);
	tracee_free_all(t);
}
