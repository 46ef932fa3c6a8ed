/* fire.h - which programs run on which event
 *
 * A table made from hook_attachments(), so that an event finds its programs in a few
 * loads. It is of one moment: fire_refresh() looks again, at most every FIRE_PERIOD_NS,
 * because a link of another process, or one whose last descriptor was closed, tells
 * nobody.
 */
#ifndef FIRE_H
#define FIRE_H

#include <skep/engine.h>
#include "event.h"
#include "hook.h"

#define FIRE_PERIOD_NS 100000000ull

/* A program on an event. */
struct fire_prog {
	struct prog *prog;
	u64 cookie;
	u32 event;
	u32 size;  /* of the event's record that it may read */
	bool said; /* what went wrong in its runs */
};

struct fire {
	struct skep_engine *engine;
	struct attachments now;
	u64 again_ns;		     /* when to look again */
	vec(struct fire_prog) progs; /* by event, then in the order of attaching */
	u32 first[EVENTS + 1];	     /* programs of event e: [first[e], first[e + 1]) */
};

/* Looks again if it is time, the first time always. 1: the table changed; 0: it did not;
 * or -errno. */
int fire_refresh(struct fire *f);
void fire_free(struct fire *f);

static inline bool fire_any(const struct fire *f, u32 event)
{
	return f->first[event] < f->first[event + 1];
}

#endif
