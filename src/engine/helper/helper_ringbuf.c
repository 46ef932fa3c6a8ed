#include "helper_fn.h"
#include "msg.h"
#include "ringbuf.h"
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

void helper_take_back(struct run *run)
{
	for (u32 i = 0; i < run->ngiven; i++) {
		const struct region *r = &run->given[i];

		if (r->map)
			ringbuf_commit(r->map, ptr_of(r->lo), SKEP_RB_NO_WAKEUP, true);
	}
	run->ngiven = 0;
}
