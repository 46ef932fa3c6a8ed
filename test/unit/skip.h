/* skip.h - how a unit test says why it does not run
 *
 * `./check` counts a test that was skipped without a reason as failed; HACKING.md has
 * the whole protocol. Include it after cmocka.h.
 */
#ifndef SKIP_H
#define SKIP_H

#include <stdarg.h>
#include "no_bpf.h"

/* Ends the running test: test_skip(__func__, "no such device here"). */
__attribute__((format(printf, 2, 3), unused)) static void test_skip(const char *name,
								    const char *fmt, ...)
{
	va_list ap;

	print_message("SKIP %s: ", name);
	va_start(ap, fmt);
	vprint_message(fmt, ap);
	va_end(ap);
	print_message("\n");
	skip();
}

#endif
