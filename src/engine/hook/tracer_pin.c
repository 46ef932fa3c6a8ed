/* Two wake-ups between tracer and tracee for each stop: on one CPU they cost a few
 * microseconds, across CPUs up to ten times that (most in virtual machines). So a thread
 * that makes PIN_AFTER stops while no other makes one is kept on the tracer's CPU. As
 * soon as another thread stops, it gets the affinity back that it had, before anything
 * that it or its children do can see it: sched_getaffinity(2) and sched_setaffinity(2)
 * are always stopped at, and a new thread is given what its maker had. /proc shows the
 * difference. */
#include "tracer.h"
#include <sys/syscall.h>

enum { PIN_AFTER = 64 };

bool pin_is_seen_by(u64 nr)
{
	return nr == SYS_sched_getaffinity || nr == SYS_sched_setaffinity;
}

static void pin_thread(struct tracer *t, struct tracee *p)
{
	struct pin *pin = &t->pin;
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_SET(cpu, &one);
	if (sched_getaffinity((pid_t)p->task.pid, sizeof(pin->theirs), &pin->theirs) ||
	    sched_getaffinity(0, sizeof(pin->ours), &pin->ours))
		return;
	if (!CPU_ISSET(cpu, &pin->theirs) || CPU_COUNT(&pin->theirs) == 1 ||
	    sched_setaffinity((pid_t)p->task.pid, sizeof(one), &one))
		return;
	sched_setaffinity(0, sizeof(one), &one);
	pin->tid = (pid_t)p->task.pid;
}

void pin_release(struct tracer *t)
{
	struct pin *pin = &t->pin;

	pin->streak = 0;
	if (!pin->tid)
		return;
	sched_setaffinity(pin->tid, sizeof(pin->theirs), &pin->theirs);
	sched_setaffinity(0, sizeof(pin->ours), &pin->ours);
	pin->tid = 0;
}

void pin_stop(struct tracer *t, struct tracee *p)
{
	struct pin *pin = &t->pin;

	if (pin->last != (pid_t)p->task.pid)
		pin_release(t);
	pin->last = (pid_t)p->task.pid;
	if (++pin->streak == PIN_AFTER)
		pin_thread(t, p);
}

void pin_child(struct tracer *t, pid_t child)
{
	if (t->pin.tid)
		sched_setaffinity(child, sizeof(t->pin.theirs), &t->pin.theirs);
}
