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

/* ---- iterators of bits ---- */

/* The kernel's 16 bytes: the bits, or, if they are more than a word's, where they are. */
struct iter_bits {
	u64 bits;
	s32 n, bit;
} __attribute__((may_alias));

enum { WORDS = 511 };

KFUNC_FN(iter_bits_new)
{
	struct iter_bits *it = ptr_of(a);
	u32 words = (u32)c;
	void *area;
	s64 err;

	_Static_assert(WORDS * 8 <= RUN_AREA, "an area holds them");
	*it = (struct iter_bits){.bit = -1};
	if (!b || !words)
		return (u32)-EINVAL;
	if (words > WORDS)
		return (u32)-E2BIG;
	area = words == 1 ? &it->bits : run_area_take(run);
	if (!area)
		return (u32)-ENOMEM;
	run_pay(run, words * 8);
	err = (s64)helper_probe_read_kernel(run, u64_of(area), words * 8, b, 0, 0);
	if (err) {
		if (words > 1)
			run_area_give(run, area);
		return words > 1 ? (u32)err : (u32)-EFAULT;
	}
	if (words > 1)
		it->bits = u64_of(area);
	it->n = (s32)words * 64;
	return 0;
}

KFUNC_FN(iter_bits_next)
{
	struct iter_bits *it = ptr_of(a);
	const u64 *bits = it->n == 64 ? &it->bits : run_area_at(run, it->bits);
	u32 bit = (u32)it->bit + 1, n = MIN((u32)it->n, (u32)WORDS * 64);

	if (!bits || bit > n)
		return 0;
	while (bit < n && !(bits[bit / 64] >> bit % 64))
		bit = round_up(bit + 1, 64);
	if (bit < n)
		bit += (u32)__builtin_ctzll(bits[bit / 64] >> bit % 64);
	it->bit = (s32)bit;
	return bit < n ? u64_of(&it->bit) : 0;
}

KFUNC_FN(iter_bits_destroy)
{
	struct iter_bits *it = ptr_of(a);

	if (it->n > 64 && run_area_at(run, it->bits))
		run_area_give(run, ptr_of(it->bits));
	*it = (struct iter_bits){0};
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
