/* str.h - a text under construction
 *
 * Grows on the heap and always ends with a 0 byte. When memory runs out the text is
 * cut and `failed` stays set: check it once, at the end.
 */
#ifndef STR_H
#define STR_H

#include <stdarg.h>
#include "bits.h"

struct str {
	char *s;    /* never NULL after the first append that worked */
	size_t len; /* without the final 0 */
	size_t room;
	bool failed;
};

void str_printf(struct str *s, const char *fmt, ...) PRINTF(2, 3);
void str_vprintf(struct str *s, const char *fmt, va_list ap) PRINTF(2, 0);
void str_append(struct str *s, const void *data, size_t len);
void str_free(struct str *s);

/* Copies what fits into buf, with a final 0, and frees the text; returns its whole
 * length, as snprintf does. For public functions that write text. */
size_t str_give(struct str *s, char *buf, size_t size);

#endif
