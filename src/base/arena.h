/* arena.h - memory with one lifetime
 *
 * An arena belongs to a unit of work (a parse, an assembly, a verification). What
 * it gives out is zeroed, aligned to 16 bytes, and freed all at once. Nothing in an
 * arena is freed on its own. An arena is used by one thread.
 */
#ifndef ARENA_H
#define ARENA_H

#include "bits.h"

struct arena {
	struct arena_block *head;
	size_t used; /* bytes taken from the head block */
	size_t held; /* bytes of all blocks */
	size_t most; /* of held; 0: no limit. As good as no memory beyond it. */
};

/* A zeroed struct arena is empty and ready. NULL when there is no memory. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);

/* Frees everything; the arena is then empty and ready again. */
void arena_free(struct arena *a);

#endif
