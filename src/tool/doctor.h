/* doctor.h - what a check of `skep doctor` finds
 *
 * A check tries the thing itself, in a child where it would leave traces, and leaves
 * nothing behind. It writes one finding and never prints.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "bits.h"

enum verdict { verdict_no, verdict_partly, verdict_yes };

struct finding {
	enum verdict verdict;
	char why[256];	  /* what was seen: a sentence without capital and full stop */
	char change[256]; /* what would change it; empty if nothing needs to */
};

#define CHECK(side, name, title) void check_##side##_##name(struct finding *f);
#include "doctor.def"
#undef CHECK

/* Writes the verdict and what was seen; the advice is written by advise(). */
void found(struct finding *f, enum verdict verdict, const char *fmt, ...) PRINTF(3, 4);
void advise(struct finding *f, const char *fmt, ...) PRINTF(2, 3);

/* The number in the file (/proc/sys/...), or `otherwise`. */
long file_number(const char *path, long otherwise);

/* The number behind "key:" in /proc/self/status, in the given base; 0 if there is none.
 */
u64 status_number(const char *key, int base);

/* Runs fn(arg) in a child process: its result, 0 to 255, or -errno if there is none. */
int in_child(int (*fn)(void *arg), void *arg);

#endif
