/* prog_stream.h - what a program writes to its two streams, for output and for errors
 *
 * A program that writes has both behind its code, in the region that its processes share.
 * Each is a ring of bytes, with a mark where a text ends: how much room there is depends
 * on it, since a text that was read in part takes all of its room, as on Linux. A writer
 * that is killed leaves its text out.
 */
#ifndef PROG_STREAM_H
#define PROG_STREAM_H

#include "prog.h"

enum {
	STREAMS = 2,
	STREAM_MOST = 100000, /* bytes in one are always fewer */
	STREAM_TEXT = 1024,   /* most bytes of a text */
	STREAM_RING = (STREAM_MOST + 63) / 64 * 64,
};

struct prog_stream {
	u32 lock;
	u32 lost; /* bytes of texts that were too long: their room is gone for good */
	/* Positions, which only grow: where the text begins that is read, how far that
	 * is, where all ends. */
	u64 begin, read, end;
	u64 ends[STREAM_RING / 64]; /* a bit for each byte: a text ends with it */
	u8 data[STREAM_RING];
};

/* Adds a text. 0, -ENOENT: no such stream (enum skep_stream_id), -ENOSPC: it is full,
 * -ENOMEM: the text is too long. */
int prog_stream_write(struct prog *prog, u32 id, const char *text, u32 len);

#endif
