/* coverage.h - which errnos and flags of which commands the scripts reach
 *
 * coverage.def lists them, from Linux 6.18's source: what it lists and no script reaches
 * is a failure, and so is an errno that it does not list. */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <skep/abi.h>

enum coverage_suite { suite_engine, suite_kernel, suite_user };

/* A call that was made, and what it returned. */
void coverage_note(int cmd, const union skep_attr *attr, long ret);

/* Says on standard output, as TAP comments, what differs from the table; how much. */
int coverage_check(enum coverage_suite suite);

#endif
