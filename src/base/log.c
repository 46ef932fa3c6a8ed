#include "log.h"
#include <stdio.h>

/* The kernel's: of bpf_verifier_vlog(). */
enum { WINDOW_MESSAGE = 1024 };

/* The first part, of which a longer text's last byte is 0. */
static void fixed_put(struct skep_log *log, const char *text, size_t n)
{
	if (log->len >= log->size)
		return;
	n = MIN(n + 1, log->size - log->len);
	memcpy(log->buf + log->len, text, n);
	log->buf[log->len + n - 1] = '\0';
}

/* The last part. */
static void ring_put(struct skep_log *log, const char *text, size_t n)
{
	size_t all = n + 1, end = log->len + all, len = MIN(all, log->size), at, first;

	if (!log->size)
		return;
	if (end - log->window->start > log->size)
		log->window->start = end - log->size;
	at = (end - len) % log->size;
	first = MIN(len, log->size - at);
	memcpy(log->buf + at, text + all - len, first);
	memcpy(log->buf, text + all - len + first, len - first);
}

static void window_vprintf(struct skep_log *log, const char *fmt, va_list ap)
{
	char text[WINDOW_MESSAGE];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		return;
	n = MIN(n, WINDOW_MESSAGE - 1);
	(log->window->fixed ? fixed_put : ring_put)(log, text, (size_t)n);
	log->len += (size_t)n;
	log->window->longest = MAX(log->window->longest, log->len + 1);
}

void log_vprintf(struct skep_log *log, const char *fmt, va_list ap)
{
	size_t at;
	int n;

	if (!log)
		return;
	if (log->window) {
		window_vprintf(log, fmt, ap);
		return;
	}
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

void log_reset(struct skep_log *log, size_t len)
{
	struct skep_log_window *w = log->window;
	bool ring = w && !w->fixed;

	log->len = len;
	if (w)
		w->start = MIN(w->start, len);
	if (ring && log->size)
		log->buf[len % log->size] = '\0';
	else if (len < log->size)
		log->buf[len] = '\0';
}
