/* side.h - which side of the seam a command works on
 *
 * --on kernel: the running kernel; --on engine: the user's shared engine. Without the
 * option it is the kernel where bpf(2) lets this user, else the engine, and root is told
 * why (a container without bpf(2)).
 */
#ifndef SIDE_H
#define SIDE_H

#include <skep/engine.h>

struct side {
	struct skep_sys *sys;
	struct skep_engine *engine; /* NULL: the kernel */
};

/* `on` is the option's text or NULL; unprivileged: the engine as users without
 * capabilities have it. exit_ok, or an exit code after a sentence. */
int side_open(struct side *side, const char *on, bool unprivileged);
void side_close(struct side *side);

#endif
