#include "pass.h"
#include <errno.h>

int pass_end(struct pass *p)
{
	arena_free(&p->arena);
	return p->err;
}

void pass_throw(struct pass *p, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(p->log, fmt, ap);
	va_end(ap);
	p->err = -err;
	longjmp(p->env, 1);
}

void *pass_alloc(struct pass *p, size_t n, size_t size)
{
	void *mem = arena_alloc(&p->arena, n, size);

	if (!mem)
		pass_throw(p, ENOMEM, "out of memory\n");
	return mem;
}
