/* skep/log.h - where messages go
 *
 * libskep never prints. A function that can explain itself takes a struct
 * skep_log * and appends whole sentences to it, one a line; NULL throws them
 * away. The caller owns the buffer. A message that does not fit is cut at the
 * end of the buffer, the buffer always ends with a 0 byte, and `len` keeps
 * growing, so that a caller can see what it missed.
 */
#ifndef SKEP_LOG_H
#define SKEP_LOG_H

#include <stddef.h>

struct skep_log_window;

struct skep_log {
	char *buf;   /* the caller's memory, `size` bytes; may be NULL if size is 0 */
	size_t size; /* in bytes, the final 0 included */
	size_t len;  /* bytes written or missed so far, without the final 0 */
	struct skep_log_window *window; /* skep's own; NULL */
};

#endif
