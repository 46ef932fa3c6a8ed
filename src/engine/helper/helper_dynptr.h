/* helper_dynptr.h - dynptrs: memory whose size is known when the program runs
 *
 * A dynptr is 16 bytes on the program's stack, laid out as the kernel's. Nothing in it is
 * trusted, since a program that was not verified writes what it likes there: whoever goes
 * through one finds the memory among the run's (run_mem).
 */
#ifndef HELPER_DYNPTR_H
#define HELPER_DYNPTR_H

#include "run.h"

enum dynptr_type { dynptr_none, dynptr_local, dynptr_ringbuf, dynptr_skb, dynptr_xdp };

enum {
	DYNPTR_MOST = (1 << 24) - 1, /* bytes that one may have */
	DYNPTR_TYPE = 28,	     /* the type's place in `what` */
};
#define DYNPTR_RDONLY (1u << 31)

struct dynptr {
	u64 data; /* 0: none */
	u32 what; /* size, enum dynptr_type, DYNPTR_RDONLY */
	u32 offset;
} __attribute__((packed, may_alias)); /* may stand anywhere */

static inline u32 dynptr_size(const struct dynptr *d)
{
	return d->what & DYNPTR_MOST;
}

static inline enum dynptr_type dynptr_type(const struct dynptr *d)
{
	return (enum dynptr_type)(d->what >> DYNPTR_TYPE & 7);
}

static inline void dynptr_set(struct dynptr *d, enum dynptr_type type, u64 data, u32 size)
{
	*d = (struct dynptr){.data = data, .what = size | (u32)type << DYNPTR_TYPE};
}

static inline void dynptr_clear(struct dynptr *d)
{
	*d = (struct dynptr){.data = 0};
}

/* Whether it has these bytes. */
static inline bool dynptr_holds(const struct dynptr *d, u32 offset, u32 len)
{
	u32 size = dynptr_size(d);

	return len <= size && offset <= size - len;
}

#endif
