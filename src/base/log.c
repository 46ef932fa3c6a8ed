#include "log.h"
#include <stdio.h>

void log_vprintf(struct skep_log *log, const char *fmt, va_list ap)
{
	size_t at;
	int n;

	if (!log)
		return;
	at = MIN(log->len, log->size);
	n = vsnprintf(log->size ? log->buf + at : NULL, log->size - at, fmt, ap);
	if (n > 0)
		log->len += (size_t)n;
}

void log_printf(struct skep_log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(log, fmt, ap);
	va_end(ap);
}
