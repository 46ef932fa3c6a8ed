#include "reject.h"
#include <errno.h>

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* the kernel's own, which user space has no name for */
#endif

#define REJECT(name, code, err, text) \
	const struct reject reject_##name = {#name, code, err, text};
#include "reject.def"

const struct reject *const reject_rows[] = {
#define REJECT(name, ...) &reject_##name,
#include "reject.def"
	NULL,
};

void verify_refuse(struct pass *p, struct refusal *refusal, const struct reject *why, ...)
{
	va_list ap;

	va_start(ap, why);
	log_vprintf(p->log, why->text, ap);
	va_end(ap);
	if (*why->text)
		log_printf(p->log, "\n");
	refusal->why = why;
	p->err = -why->err;
	longjmp(p->env, 1);
}

bool reject_is_later(const struct reject *why)
{
	return why && !strncmp(why->text, "not supported yet", 17);
}
