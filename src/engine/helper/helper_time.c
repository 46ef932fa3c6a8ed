#include "helper_fn.h"
#include <time.h>

/* A world with a clock has that one only. */
static u64 clock_ns(struct run *run, clockid_t id)
{
	struct timespec t;

	if (run_world(run)->clock)
		return run_clock(run);
	clock_gettime(id, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

HELPER_FN(ktime_get_ns)
{
	return run_clock(run);
}

HELPER_FN(ktime_get_boot_ns)
{
	return clock_ns(run, CLOCK_BOOTTIME);
}

HELPER_FN(ktime_get_coarse_ns)
{
	return clock_ns(run, CLOCK_MONOTONIC_COARSE);
}

HELPER_FN(ktime_get_tai_ns)
{
	return clock_ns(run, CLOCK_TAI);
}

/* Linux begins to count 300 s before the 32-bit counter overflows. A program cannot see
 * the kernel's CONFIG_HZ otherwise, and libbpf takes it from the kernel's config: 250 is
 * what distributions build. The kernel's count may stand some ticks beside ours. */
HELPER_FN(jiffies64)
{
	const u64 hz = 250, start = (u32)(-300 * (s32)hz);

	return start + clock_ns(run, CLOCK_MONOTONIC_COARSE) / (1000000000 / hz);
}

HELPER_FN(get_prandom_u32)
{
	return run_random(run);
}

HELPER_FN(get_smp_processor_id)
{
	return run->slot;
}

/* CPU slots belong to no node. */
HELPER_FN(get_numa_node_id)
{
	return 0;
}
