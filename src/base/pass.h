/* pass.h - throw and catch for pure passes
 *
 * A pass (assembler, parser, verifier, compiler) owns an arena and a log and throws
 * to its entry point when it cannot go on. Legal only where all memory is the pass's
 * arena and no lock is held. The entry point:
 *
 *     struct pass p = { .log = log };
 *
 *     if (!pass_try(&p))              // comes back here with p.err set
 *             return pass_end(&p);    // frees the arena, returns -errno
 *     ...
 *     return pass_end(&p);            // 0
 *
 * Locals that change after pass_try and are read after a throw must be volatile; keep
 * such state in the struct that embeds the pass.
 */
#ifndef PASS_H
#define PASS_H

#include <setjmp.h>
#include "arena.h"
#include "log.h"

struct pass {
	jmp_buf env;
	struct arena arena;
	struct skep_log *log; /* may be NULL */
	int err;	      /* 0 or -errno */
};

#define pass_try(p) (setjmp((p)->env) == 0)

/* Frees the arena and returns p->err. */
int pass_end(struct pass *p);

/* Writes the message and jumps to pass_try. `err` is a positive errno. */
_Noreturn void pass_throw(struct pass *p, int err, const char *fmt, ...) PRINTF(3, 4);

/* arena_alloc that throws ENOMEM. */
void *pass_alloc(struct pass *p, size_t n, size_t size);

#endif
