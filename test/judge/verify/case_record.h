/* case_record.h - what a process loads into the kernel, as case files
 *
 * record.so, preloaded, stands before syscall(2) and writes a case for each BPF_PROG_LOAD
 * below the folder that SKEP_RECORD names. A process that knows more than what it passes
 * to the kernel (whose program, which of its attempts) says so here; it refers to these
 * weakly, so that it runs without the library as well.
 */
#ifndef CASE_RECORD_H
#define CASE_RECORD_H

/* From now on programs of that name (NULL: of any) belong to that case; a second attempt
 * replaces the first. A NULL case: nothing is written. */
void record_case(const char *group, const char *name, const char *prog_name)
	__attribute__((weak));

#endif
