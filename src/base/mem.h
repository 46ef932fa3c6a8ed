/* mem.h - the one door to the allocator
 *
 * Everything that skep allocates on the heap comes through here, so that a test
 * can make the n-th allocation fail. Memory comes back zeroed.
 */
#ifndef MEM_H
#define MEM_H

#include "bits.h"

/* NULL when there is no memory. `n` elements of `size` bytes, overflow checked. */
void *mem_alloc(size_t n, size_t size);

/* Grows or shrinks; new bytes are not zeroed. NULL leaves `p` as it was. */
void *mem_resize(void *p, size_t n, size_t size);

void mem_free(void *p);

/* A copy of `len` bytes of `s` with a 0 byte behind it. */
char *mem_strndup(const char *s, size_t len);

/* For tests: the allocation after `n` more fails, once, in this thread; -1: none. Returns
 * how many were still to come before the one that was to fail, -1: it has failed. */
long mem_fail_after(long n);

#endif
