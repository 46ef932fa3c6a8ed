#include "helper_dynptr.h"
#include "helper_fn.h"
#include "msg.h"
#include "user_ringbuf.h"
#include <errno.h>

HELPER_FN(ringbuf_reserve)
{
	struct map *map = ptr_of(a);
	void *sample = c ? NULL : ringbuf_reserve(map, b);

	if (!sample || run_give(run, sample, (u32)b, access_read | access_write, map))
		return u64_of(sample);
	ringbuf_commit(map, sample, SKEP_RB_NO_WAKEUP, true);
	run_fault(run, E2BIG, msg_helper_given, "ringbuf_reserve", RUN_GIVEN);
	return 0;
}

static u64 commit(struct run *run, u64 sample, u64 flags, bool discard)
{
	struct region region;

	if (run_take(run, sample, &region))
		ringbuf_commit(region.map, ptr_of(sample), flags, discard);
	return 0;
}

HELPER_FN(ringbuf_submit)
{
	return commit(run, a, b, false);
}

HELPER_FN(ringbuf_discard)
{
	return commit(run, a, b, true);
}

HELPER_FN(ringbuf_output)
{
	return (u64)(s64)ringbuf_output(ptr_of(a), ptr_of(b), c, d);
}

HELPER_FN(ringbuf_query)
{
	return ringbuf_query(ptr_of(a), b);
}

/* Calls back with a dynptr of the sample; what it answered, not 0: stop. */
static u64 each(struct run *run, u8 *sample, u32 size, u64 func, u64 ctx)
{
	struct dynptr dynptr;
	const u64 args[5] = {u64_of(&dynptr), ctx};
	struct region region;
	u64 stop = 1;

	dynptr_set(&dynptr, dynptr_local, u64_of(sample), size);
	if (!run_give(run, &dynptr, sizeof(dynptr), access_read | access_write, NULL)) {
		run_fault(run, E2BIG, msg_helper_given, "user_ringbuf_drain", RUN_GIVEN);
		return stop;
	}
	if (run_give(run, sample, size, access_read | access_write, NULL)) {
		stop = run->callback(run, func, args);
		run_take(run, u64_of(sample), &region);
	} else {
		run_fault(run, E2BIG, msg_helper_given, "user_ringbuf_drain", RUN_GIVEN);
	}
	run_take(run, u64_of(&dynptr), &region);
	return stop;
}

HELPER_FN(user_ringbuf_drain)
{
	struct map *map = ptr_of(a);
	u32 taken = 0, seen;
	int err = 0;
	u64 stop = 0;

	if (d & ~(u64)(SKEP_RB_NO_WAKEUP | SKEP_RB_FORCE_WAKEUP))
		return (u64)-EINVAL;
	if (!user_ringbuf_begin(map))
		return (u64)-EBUSY;
	for (seen = 0; seen < USER_RINGBUF_SAMPLES && !stop && !run->fault; seen++) {
		u8 *sample;
		u32 size;

		run_pay(run, RUN_INSN);
		err = user_ringbuf_peek(map, &sample, &size);
		if (err == -EAGAIN)
			continue;
		if (err)
			break;
		stop = each(run, sample, size, b, c);
		user_ringbuf_release(map, size);
		taken++;
	}
	user_ringbuf_end(map,
			 d & SKEP_RB_FORCE_WAKEUP || (seen && !(d & SKEP_RB_NO_WAKEUP)));
	return err && err != -ENODATA && err != -EAGAIN ? (u64)(s64)err : taken;
}

void helper_take_back(struct run *run)
{
	helper_unlock(run);
	for (u32 i = 0; i < run->ngiven; i++) {
		const struct region *r = &run->given[i];

		if (r->map)
			ringbuf_commit(r->map, ptr_of(r->lo), SKEP_RB_NO_WAKEUP, true);
	}
	run->ngiven = 0;
}
