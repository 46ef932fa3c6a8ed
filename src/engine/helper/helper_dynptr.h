/* helper_dynptr.h - dynptrs: memory or a packet whose size is known when the program runs
 *
 * A dynptr is 16 bytes on the program's stack, laid out as the kernel's. Nothing in it is
 * trusted, since a program that was not verified writes what it likes there: whoever goes
 * through one finds the memory among the run's (run_mem), or in the run's packet.
 */
#ifndef HELPER_DYNPTR_H
#define HELPER_DYNPTR_H

#include "run.h"

enum dynptr_type {
	dynptr_none,
	dynptr_local,
	dynptr_ringbuf,
	dynptr_skb,
	dynptr_xdp,
	dynptr_skb_meta,
};

enum {
	DYNPTR_MOST = (1 << 24) - 1, /* bytes that one may have */
	DYNPTR_TYPE = 28,	     /* the type's place in `what` */
};
#define DYNPTR_RDONLY (1u << 31)

struct dynptr {
	u64 data; /* 0: none; a packet's: anything else */
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

/* The bytes at `off` of it, where they lie in one piece. NULL: they do not, or it has no
 * such bytes, or (access_write) is read-only; or, after run_fault(), they are not the
 * run's to touch. */
void *dynptr_at(struct run *run, const struct dynptr *d, u32 off, u32 len,
		enum access access);

/* Copies from it and into it, with the flags and errors of bpf_dynptr_read() and
 * _write(): -EINVAL, -E2BIG, what a packet's own functions say, or 0. */
int dynptr_load(struct run *run, const struct dynptr *d, u32 off, void *to, u32 len);
int dynptr_store(struct run *run, const struct dynptr *d, u32 off, const void *from,
		 u32 len, u64 flags);

#endif
