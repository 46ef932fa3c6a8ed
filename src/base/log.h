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

#endif
