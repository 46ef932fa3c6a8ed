#include "mem.h"
#include <stdlib.h>

/* Test state only; -1 in every other thread and program. */
static _Thread_local long fail_after = -1;

long mem_fail_after(long n)
{
	long left = fail_after;

	fail_after = n;
	return left;
}

static bool must_fail(void)
{
	return unlikely(fail_after >= 0) && fail_after-- == 0;
}

void *mem_alloc(size_t n, size_t size)
{
	return must_fail() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *mem_resize(void *p, size_t n, size_t size)
{
	return must_fail() ? NULL : reallocarray(p, n ? n : 1, size ? size : 1);
}

void mem_free(void *p)
{
	free(p);
}

char *mem_strndup(const char *s, size_t len)
{
	char *copy = len < SIZE_MAX ? mem_alloc(len + 1, 1) : NULL;

	if (copy)
		memcpy(copy, s, len);
	return copy;
}
