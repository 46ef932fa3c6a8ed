/* legacy.h - attaching where the system has no links
 *
 * What is attached here stays only as long as a descriptor of this process is open, or
 * until it is detached by hand; callers tell the user so.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include <skep/sys.h>

/* A program on a perf event, before Linux 5.15. Detached when perf_fd is closed. */
int legacy_perf_attach(struct skep_sys *sys, int perf_fd, int prog_fd);

#endif
