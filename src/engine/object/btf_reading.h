/* btf_reading.h - a blob that BPF_BTF_LOAD got, as Linux reads it
 *
 * btf_log.c reads the header, the strings and each type alone; btf_resolve.c what types
 * refer to. Both write Linux's log, and stop at the first fault. The blob may be
 * anything.
 */
#ifndef BTF_READING_H
#define BTF_READING_H

#include "btf.h"
#include "log.h"

/* types[] are those that have been read. */
struct reading {
	struct skep_log *log; /* NULL: nobody reads it */
	const u8 *data;
	u32 len;
	struct skep_btf_header h;
	const u8 *types;
	const char *strs;
	u32 *at, n;	  /* offsets of types 1 to n */
	bool unsupported; /* what is wrong is an encoding that Linux does not have */
};

#define say(r, ...) log_printf((r)->log, __VA_ARGS__)

static inline const struct skep_btf_type *reading_type(const struct reading *r, u32 id)
{
	return (const struct skep_btf_type *)(r->types + r->at[id - 1]);
}

/* A type's line, without its end; `id` stands before it. */
void reading_say_type(const struct reading *r, u32 id, const struct skep_btf_type *t,
		      bool details);

/* A member's line, likewise; `type` is what it says of its type. */
void reading_say_member(const struct reading *r, const struct skep_btf_type *t,
			const struct skep_btf_member *m, u32 type);

/* What all types refer to, in Linux's order: 0, or the errno of the first fault. room:
 * for each type three numbers, zero. */
int reading_resolve(const struct reading *r, u32 *room);

#endif
