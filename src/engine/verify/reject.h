/* reject.h - why a program is refused
 *
 * Every rejection is a row of a reject_*.def table: a stable code, the errno that the
 * kernel gives, and the text of the kernel's log, a format that ends without a newline.
 * One row is one reason; reject.def says which file has which codes. A row is used as
 * `&reject_NAME`.
 *
 * verify_refuse() leaves in a struct refusal why, so whoever explains the rejection later
 * need not read the log.
 */
#ifndef REJECT_H
#define REJECT_H

#include "pass.h"

struct reject {
	const char *name; /* the row's */
	const char *code; /* "V001" */
	int err;	  /* positive errno */
	const char *text;
};

#define REJECT(name, code, err, text) extern const struct reject reject_##name;
#include "reject.def"

/* All rows, in the order of their codes' files; ends with NULL. */
extern const struct reject *const reject_rows[];

struct refusal {
	const struct reject *why; /* NULL: not refused, or out of memory */
};

/* Writes the kernel's text (none if it is empty) and a newline to p->log, remembers
 * `why` and throws. */
_Noreturn void verify_refuse(struct pass *p, struct refusal *refusal,
			     const struct reject *why, ...);

/* It says that skep cannot judge the program, not what is wrong with it. */
bool reject_is_later(const struct reject *why);

#endif
