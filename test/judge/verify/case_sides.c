/* case_sides.c - see case_sides.h */
#include "case_sides.h"
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include "case_verify.h"
#include "last_words.h"
#include "log.h"
#include "mem.h"

enum { LOG = 64 << 10, VERBOSE_LOG = 256 << 20, LEVEL_VERBOSE = 2 | 4, LEVEL_STATS = 4 };

/* All that one case needs while it is asked. */
struct asking {
	struct vcase c;
	struct case_fds fds;
	struct case_verify v;
	u32 target_id;
	u32 level;
	char *log;
	size_t room;
	const struct case_options *o;
};

static void take(struct side *s, const struct case_answer *a, u64 ns, char *log)
{
	if (!s->asked || ns < s->ns)
		s->ns = ns;
	s->asked = true;
	s->err = a->err;
	s->processed = a->processed;
	s->states = a->states;
	s->peak = a->peak;
	s->max_per_insn = a->max_per_insn;
	snprintf(s->stack, sizeof(s->stack), "%s", !a->err && a->stack ? a->stack : "");
	snprintf(s->message, sizeof(s->message), "%s",
		 a->err && log ? last_words(log) : "");
}

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* The kernel's own figure counts the time that others ran as well; the call's CPU time
 * counts all that it does besides. The lesser is nearer. */
static void ask_kernel(struct asking *k, struct side *s)
{
	struct skep_log log = {.buf = k->log, .size = k->room};
	struct case_answer a;
	u64 start = cpu_ns(), ns;

	case_load(&k->c, &k->fds, k->target_id, k->level, &log, &a);
	ns = cpu_ns() - start;
	if (k->o->verbose)
		printf("---- kernel: %s\n%s", a.err ? strerror(a.err) : "accepted",
		       k->log);
	case_statistics(k->log, &a);
	take(s, &a, MIN(ns, a.usec * 1000), k->log);
}

static void ask_skep(struct asking *k, struct side *s)
{
	struct skep_log log = {.buf = k->log, .size = k->room};
	struct verify_result r = {0};
	struct case_answer a = {0};
	u64 start = cpu_ns(), ns;

	k->log[0] = 0;
	a.err = -verify(&k->v.prog, &k->v.profile, k->level, &log, &r);
	ns = cpu_ns() - start;
	if (k->o->verbose)
		printf("---- skep: %s\n%s", a.err ? strerror(a.err) : "accepted", k->log);
	case_statistics(k->log, &a);
	a.processed = r.processed;
	a.states = r.states;
	a.peak = r.peak_states;
	a.max_per_insn = r.max_states_per_insn;
	take(s, &a, ns, k->log);
	s->bytes = r.bytes;
}

static void ask_both(struct asking *k, struct case_result *r)
{
	u32 i, all = case_caps();

	for (i = 0; i < k->o->repeats; i++) {
		if (k->o->kernel) {
			case_set_caps(k->c.caps);
			ask_kernel(k, &r->kernel);
			case_set_caps(all);
		}
		if (k->o->skep)
			ask_skep(k, &r->skep);
	}
}

/* A map is made for a loader: without CAP_PERFMON, with room for guarded indexes. What
 * that one may not make was given to it. */
static int open_as_loader(struct asking *k, struct skep_log *log)
{
	u32 all = case_caps();
	int err;

	case_set_caps(k->c.caps);
	err = case_open(&k->c, &k->fds, log);
	case_set_caps(all);
	if (err == -EPERM && k->c.caps != all) {
		case_close(&k->c, &k->fds);
		log->len = 0;
		*log->buf = 0;
		err = case_open(&k->c, &k->fds, log);
	}
	return err;
}

/* Without an expectation: as one that the kernel did not judge. */
static void become_nobody(struct vcase *c)
{
	c->caps = 0;
	c->answer = c->has_unpriv ? c->unpriv : (struct case_answer){.err = EPERM};
}

static int prepare(struct asking *k, struct case_result *r, struct skep_log *log)
{
	struct vcase *c = &k->c;
	int err = 0;

	snprintf(r->name, sizeof(r->name), "%s", c->name);
	snprintf(r->group, sizeof(r->group), "%s", c->group);
	if (k->o->unprivileged)
		become_nobody(c);
	if (k->o->caps >= 0)
		c->caps = (u32)k->o->caps;
	take(&r->recorded, &c->answer, c->answer.usec * 1000, c->answer.message);
	case_resolve(c, case_vmlinux(), &k->target_id);
	if (k->o->kernel)
		err = open_as_loader(k, log);
	if (!err && k->o->skep)
		err = case_verify_open(&k->v, c, k->target_id, log);
	return err;
}

void case_ask(const char *path, const struct case_options *o, struct case_result *r)
{
	struct asking k = {.o = o};
	struct skep_log log = {.buf = r->broken, .size = sizeof(r->broken)};

	k.level = o->verbose ? LEVEL_VERBOSE : LEVEL_STATS;
	k.room = o->verbose ? VERBOSE_LOG : LOG;
	k.log = mem_alloc(k.room, 1);
	if (!k.log)
		log_printf(&log, "no memory\n");
	else if (!case_read(&k.c, path, &log) && !prepare(&k, r, &log))
		ask_both(&k, r);
	case_verify_close(&k.v);
	case_close(&k.c, &k.fds);
	case_free(&k.c);
	mem_free(k.log);
}
