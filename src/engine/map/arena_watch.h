/* arena_watch.h - SKEP_F_SEGV_ON_FAULT: a touch of a page that no program has made is
 * SIGSEGV
 *
 * Only the kernel of the machine sees such a touch, and can tell it by userfaultfd(2): to
 * a thread, which sends the signal with the address, as Linux's arena does (but for
 * si_code, which is SI_QUEUE), or lets the touch go on if the page is there by now. The
 * thread and all that it has end with the mapping. Nobody is told of a mapping that
 * cannot be written to, or where the store's directory is not in memory (tmpfs): a touch
 * makes the page.
 */
#ifndef ARENA_WATCH_H
#define ARENA_WATCH_H

#include "bits.h"

/* The `len` bytes at `at` are a mapping of the file `fd` from `off` on. */
void arena_watch(void *at, u64 len, int fd, u64 off);

#endif
