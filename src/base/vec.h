/* vec.h - a growing array of any element type
 *
 *     vec(struct reloc) relocs = {0};
 *     struct reloc *r = vec_push(&relocs);    // zeroed, or NULL: no memory
 *     vec_each(r, &relocs) ...
 *     vec_free(&relocs);
 *
 * Pointers into a vec live until the next push.
 */
#ifndef VEC_H
#define VEC_H

#include "mem.h"

#define vec(type) \
	struct { \
		type *at; \
		size_t n, room; \
	}

#define vec_push(v) \
	((__typeof__((v)->at))(vec_room((void **)&(v)->at, &(v)->room, (v)->n, \
					sizeof(*(v)->at)) \
				       ? memset(&(v)->at[(v)->n++], 0, sizeof(*(v)->at)) \
				       : NULL))

#define vec_each(p, v) for (p = (v)->at; p && p < (v)->at + (v)->n; p++)

#define vec_free(v) (mem_free((v)->at), (v)->at = NULL, (v)->n = (v)->room = 0)

/* Room for one more element; false: no memory, nothing changed. */
bool vec_room(void **at, size_t *room, size_t n, size_t size);

#endif
