/* readers.h - the ring buffers of a `skep run` */
#ifndef READERS_H
#define READERS_H

#include "session.h"

struct readers;

/* Opens them; with `thread`, a thread of its own reads them as records come, without it
 * the caller drains them. NULL after a sentence. */
struct readers *readers_start(const struct session *s, bool thread);
void readers_drain(struct readers *readers);

/* Reads what is left and says how much there was; NULL is allowed. */
void readers_end(struct readers *readers);

#endif
