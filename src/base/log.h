/* log.h - how a message is written into a struct skep_log
 *
 * A message is made once, where the fault is found. Its text and its stable code
 * stand in a msg.def table of the layer that says it:
 *
 *     MSG(asm_unknown_op, "A001", "unknown instruction '%s'; ...")
 *
 * which msg.h of that layer turns into `static const char msg_asm_unknown_op[]`, so
 * that the compiler checks the arguments. The code ends the line: "... [A001]".
 */
#ifndef LOG_H
#define LOG_H

#include <skep/log.h>
#include <stdarg.h>
#include "bits.h"

/* One MSG row becomes one checked format string; see the msg.h of each layer. */
#define MSG_STRING(name, code, text) \
	static const char msg_##name[] __attribute__((unused)) = text " [" code "]\n";

/* Appends; log may be NULL. */
void log_printf(struct skep_log *log, const char *fmt, ...) PRINTF(2, 3);
void log_vprintf(struct skep_log *log, const char *fmt, va_list ap) PRINTF(2, 0);

/* Takes back what stands behind the first `len` bytes. */
void log_reset(struct skep_log *log, size_t len);

/* A log with a window keeps of a text that is longer than `size` what the kernel's does:
 * the last part, `buf` being a ring, or if `fixed` the first. A message ends after 1,023
 * bytes. */
struct skep_log_window {
	bool fixed;
	size_t start;	/* where in the text the part begins that is kept; it ends with
			   len, and is less than `size` */
	size_t longest; /* that the text ever was, with its 0; 0: nothing was said */
};

#endif
