#include "helper_dynptr.h"
#include "helper_fn.h"
#include "msg.h"
#include "ringbuf.h"
#include <errno.h>

static u64 answer(int err)
{
	return (u64)(s64)err;
}

/* `len` bytes at `offset` of it; NULL after a fault. */
static void *memory(struct run *run, const struct dynptr *d, u32 offset, u32 len,
		    enum access access)
{
	return run_mem(run, d->data + d->offset + offset, len, access,
		       "a dynptr's memory");
}

/* ---- any memory ---- */

HELPER_FN(dynptr_from_mem)
{
	struct dynptr *new = ptr_of(d);
	int err = (u32)b > DYNPTR_MOST ? -E2BIG : c ? -EINVAL : 0;

	dynptr_clear(new);
	if (!err)
		dynptr_set(new, dynptr_local, a, (u32)b);
	return answer(err);
}

HELPER_FN(dynptr_read)
{
	const struct dynptr from = *(struct dynptr *)ptr_of(c);
	void *at;

	if (!from.data || e)
		return answer(-EINVAL);
	if (!dynptr_holds(&from, (u32)d, (u32)b))
		return answer(-E2BIG);
	at = memory(run, &from, (u32)d, (u32)b, access_read);
	if (at)
		memmove(ptr_of(a), at, b);
	return 0;
}

HELPER_FN(dynptr_write)
{
	const struct dynptr to = *(struct dynptr *)ptr_of(a);
	void *at;

	if (!to.data || to.what & DYNPTR_RDONLY)
		return answer(-EINVAL);
	if (!dynptr_holds(&to, (u32)b, (u32)d))
		return answer(-E2BIG);
	if (e)
		return answer(-EINVAL);
	at = memory(run, &to, (u32)b, (u32)d, access_write);
	if (at)
		memmove(at, ptr_of(c), d);
	return 0;
}

HELPER_FN(dynptr_data)
{
	const struct dynptr *from = ptr_of(a);

	if (!from->data || !dynptr_holds(from, (u32)b, (u32)c) ||
	    from->what & DYNPTR_RDONLY)
		return 0;
	return from->data + from->offset + (u32)b;
}

/* ---- records of ring buffers ---- */

HELPER_FN(ringbuf_reserve_dynptr)
{
	struct dynptr *new = ptr_of(d);
	struct map *map = ptr_of(a);
	void *sample;

	dynptr_clear(new);
	if (c || (u32)b > DYNPTR_MOST)
		return answer(c ? -EINVAL : -E2BIG);
	sample = ringbuf_reserve(map, (u32)b);
	if (!sample)
		return answer(-EINVAL);
	if (run_give(run, sample, (u32)b, access_read | access_write, map)) {
		dynptr_set(new, dynptr_ringbuf, u64_of(sample), (u32)b);
		return 0;
	}
	ringbuf_commit(map, sample, SKEP_RB_NO_WAKEUP, true);
	run_fault(run, E2BIG, msg_helper_given, "ringbuf_reserve_dynptr", RUN_GIVEN);
	return 0;
}

static u64 commit(struct run *run, struct dynptr *d, u64 flags, bool discard)
{
	struct region region;

	if (!d->data)
		return 0;
	if (!helper_is_record(run, d->data)) {
		run_fault(run, EFAULT, msg_helper_record, 1,
			  discard ? "ringbuf_discard_dynptr" : "ringbuf_submit_dynptr",
			  (unsigned long long)d->data);
		return 0;
	}
	run_take(run, d->data, &region);
	ringbuf_commit(region.map, ptr_of(d->data), flags, discard);
	dynptr_clear(d);
	return 0;
}

HELPER_FN(ringbuf_submit_dynptr)
{
	return commit(run, ptr_of(a), b, false);
}

HELPER_FN(ringbuf_discard_dynptr)
{
	return commit(run, ptr_of(a), b, true);
}
