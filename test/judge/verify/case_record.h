/* case_record.h - what a process loads into the kernel, as case files
 *
 * record.so, preloaded, stands before syscall(2) and writes a case for each BPF_PROG_LOAD
 * below the folder that SKEP_RECORD names. A process that knows more than what it passes
 * to the kernel (whose program, which of its attempts) says so here; it refers to these
 * weakly, so that it runs without the library as well.
 */
#ifndef CASE_RECORD_H
#define CASE_RECORD_H

/* From now on programs belong to that case; a second attempt replaces the first. A NULL
 * name: nothing is written. */
void record_case(const char *group, const char *name) __attribute__((weak));

/* What users without capabilities are said to be told of that case: 0 or an errno, and a
 * part of the message. */
void record_unprivileged(int err, const char *message) __attribute__((weak));

/* From now on a program belongs to the first case whose name begins as its own (the
 * kernel's names have 15 characters); that name becomes NULL. If it does not load, the
 * process is told that it did. Other programs go through. `names` stays the caller's. */
void record_names(const char *group, char **names, int n) __attribute__((weak));

#endif
