#include "interrupt.h"
#include "os.h"
#include <pthread.h>

enum {
	EVERY = 16,	   /* calls; the first ones too, for work of few long pieces */
	INTERVAL = 100000, /* ns */
};

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

void interrupt_begin(struct interrupt *in)
{
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_BLOCK, &all, &in->before);
	in->next = os_clock_ns() + INTERVAL;
	in->calls = 0;
}

/* signal(7): those that do nothing unless there is a handler. What waits is not thrown
 * away, although nobody would handle it. */
static bool is_ignored(int sig)
{
	struct sigaction act;

	if (sigaction(sig, NULL, &act))
		return true;
	if (act.sa_flags & SA_SIGINFO)
		return false;
	if (act.sa_handler == SIG_DFL)
		return sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH ||
		       sig == SIGCONT;
	return act.sa_handler == SIG_IGN;
}

static bool is_pending(const struct interrupt *in)
{
	sigset_t now;

	sigpending(&now);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&now, sig) == 1 && !sigismember(&in->before, sig) &&
		    !is_ignored(sig))
			return true;
	return false;
}

bool interrupt_wanted(struct interrupt *in)
{
	u64 now;

	if (++in->calls % EVERY && in->calls > 4 * EVERY)
		return false;
	now = os_clock_ns();
	if (now < in->next)
		return false;
	in->next = now + INTERVAL;
	return is_pending(in);
}

void interrupt_end(const struct interrupt *in)
{
	pthread_sigmask(SIG_SETMASK, &in->before, NULL);
}
