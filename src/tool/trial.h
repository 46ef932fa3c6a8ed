/* trial.h - skep verify's programs, and what became of each
 *
 * verify.c finds them and lets threads try them, trial_raw.c is for bytes that lie in no
 * object file, trial_say.c writes what came out.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "section.h"
#include "tool.h"
#include "vec.h"
#include <pthread.h>
#include <skep/load.h>
#include <skep/verify.h>

struct raw; /* trial_raw.c */

/* Of the kernel, before anything can be said of a program. */
enum need { need_nothing, need_types, need_symbols };

struct trial {
	const char *path, *name;
	u32 index; /* among the object's programs */
	enum need need;
	int err;
	struct skep_verifier_stats stats;
	struct skep_log log;
	bool cut;			/* the log is only its end */
	struct skep_verifier *verifier; /* has the words and costs; NULL */
};

struct trials {
	vec(struct trial) list;
	const char *prog, *type; /* what was asked for; NULL */
	u64 level;
	bool json, unprivileged, source;
	struct raw *raw; /* the only trial is of it; NULL */
	bool bad;	 /* something could not be judged */
	size_t next;	 /* that no worker has taken */
	pthread_mutex_t lock;
	struct skep_btf *vmlinux; /* the running kernel's types; NULL: none, or not yet */
	bool variables;		  /* it tells its variables by name */
	bool looked, asked;	  /* for vmlinux, for variables; with the lock held */
};

enum verdict { accepted, refused, unknown, failed };

/* ---- verify.c ---- */

enum verdict trial_verdict(const struct trial *t);

/* False after a sentence. */
bool trial_add(struct trials *all, const char *path, const char *name, u32 index,
	       enum need need);

/* ---- trial_raw.c ---- */

/* Adds the trial of the instructions in a file; false after a sentence. */
bool raw_add(struct trials *all, const char *path);
void raw_free(struct raw *raw);
/* BPF_PROG_LOAD of it: 0 or -errno. vmlinux: NULL, none. */
int raw_judge(const struct trials *all, struct trial *t, struct skep_verifier *v,
	      const struct skep_btf *vmlinux);

/* ---- trial_say.c ---- */

void trials_table(const struct trials *all);
void trials_json(const struct trials *all);

#endif
