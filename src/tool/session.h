/* session.h - what one `skep run` knows: its parts are run.c, watch.c, replay.c and
 * readers.c */
#ifndef SESSION_H
#define SESSION_H

#include <signal.h>
#include <skep/load.h>
#include "bits.h"
#include "side.h"

struct session {
	const char *path, *on, *pcap, *prog, *map;
	uint64_t pid;
	bool verbose, json, all, show_events, unprivileged;
	char **command; /* NULL: none */
	struct side side;
	struct skep_object *obj;
	struct skep_link **links;
	uint32_t nlinks;
	struct readers *readers;
	uint64_t events; /* that the engine fired, or packets */
	double seconds;
	int status; /* of the command: an exit code, 128 + a signal */
};

/* Set by Ctrl-C: finish and print. */
extern volatile sig_atomic_t stop_asked;

/* A line of -v: the stage's name, then what it did. */
void stage(const struct session *s, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs the command, or watches the process, or waits for Ctrl-C, while the attached
 * programs run. exit_ok, or an exit code after a sentence. */
int watch(struct session *s);

static inline bool is_iter(const struct skep_object_prog *p)
{
	return p->type == SKEP_PROG_TYPE_TRACING && p->attach_type == SKEP_TRACE_ITER;
}

/* Prints what the object's iterators say. */
int iterate(struct session *s);

/* Feeds the capture to the packet programs, through BPF_PROG_TEST_RUN on either side. */
int replay(struct session *s);

#endif
