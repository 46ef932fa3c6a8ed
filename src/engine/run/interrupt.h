/* interrupt.h - work that a signal ends with -EINTR, as Linux ends a long test run
 *
 * As long as the work lasts the thread's signals wait, which is how it learns of them;
 * they are handled before the caller returns. The library's own faults do not wait.
 * Signals that the process ignores, or the thread blocks itself, end nothing.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <signal.h>
#include "bits.h"

struct interrupt {
	sigset_t before;
	u64 next; /* when to look again, ns */
	u32 calls;
};

void interrupt_begin(struct interrupt *in);

/* Between two pieces of the work: whether it is to end. Looks about every 0.1 ms. */
bool interrupt_wanted(struct interrupt *in);

void interrupt_end(const struct interrupt *in);

#endif
