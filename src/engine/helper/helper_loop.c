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

/* ---- iterators of numbers ---- */

/* Stands on the program's stack, laid out as the kernel's: the number that was given
 * last, where it points for the program, and the first that will not be given. */
struct iter_num {
	s32 cur, end;
} __attribute__((may_alias));

KFUNC_FN(iter_num_new)
{
	struct iter_num *it = ptr_of(a);
	s32 start = (s32)b, end = (s32)c;
	s64 n = (s64)end - start;

	*it = (struct iter_num){0};
	if (n < 0 || n > LOOPS)
		return (u64)(n < 0 ? -EINVAL : -E2BIG);
	*it = (struct iter_num){.cur = (s32)((u32)start - 1), .end = end};
	return 0;
}

KFUNC_FN(iter_num_next)
{
	struct iter_num *it = ptr_of(a);

	if ((s64)it->cur + 1 >= it->end) {
		*it = (struct iter_num){0};
		return 0;
	}
	it->cur++;
	return u64_of(&it->cur);
}

KFUNC_FN(iter_num_destroy)
{
	*(struct iter_num *)ptr_of(a) = (struct iter_num){0};
	return 0;
}

/* ---- tail calls ---- */

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
