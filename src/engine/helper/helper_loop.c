#include "helper_fn.h"
#include <errno.h>

enum { LOOPS = 8 << 20, TAIL_CALLS = 33 };

HELPER_FN(loop)
{
	u32 n = (u32)a;

	if (d)
		return (u64)-EINVAL;
	if (n > LOOPS)
		return (u32)-E2BIG; /* Linux expands the call to code that sets w0 */
	for (u32 i = 0; i < n; i++) {
		const u64 args[5] = {i, c};
		u64 stop = run->callback(run, b, args);

		if (stop || run->fault)
			return i + 1;
	}
	return n;
}

/* Has no effect where there is no program, and none after 33 of them. */
HELPER_FN(tail_call)
{
	struct map *map = ptr_of(b);
	struct prog *prog;

	if ((u32)c >= map->info.max_entries || run->tail_calls >= TAIL_CALLS)
		return 0;
	prog = run->find_prog(run, map, (u32)c);
	if (!prog)
		return 0;
	run->tail_calls++;
	run->tail_target = prog;
	return 0;
}
