/* Sets of CPUs that programs make. CPUs are the CPU slots. A mask is an object of the
 * heap, laid out as the kernel's struct bpf_cpumask: words of bits, then its references,
 * which the kernel counts there. */
#include "heap.h"
#include "helper_fn.h"
#include <errno.h>

struct mask {
	u64 *bits;
	u32 *usage;
	u32 cpus, words; /* of the kernel's words those that have CPUs */
	u32 last;	 /* the highest bits that count, as a shift: 0 to 63 */
};

/* False: there is no such object any more, which only happens to programs that do not
 * hold it. */
static bool mask_at(const struct run *run, u64 addr, struct mask *m)
{
	const struct heap_type *type = heap_object(run->store, addr);
	const u32 words = type ? type->size / 8 - 1 : 0;

	m->bits = type ? heap_at(run->store, addr, words * 8 + 8, true) : NULL;
	if (!m->bits || !words)
		return false;
	m->usage = (u32 *)(m->bits + words);
	m->cpus = MIN(store_slots(run->store), words * 64);
	m->words = (m->cpus + 63) / 64;
	m->last = (m->cpus - 1) % 64;
	return true;
}

/* Those bits of a word that are CPUs. */
static u64 cpus_of(const struct mask *m, u32 word)
{
	return word + 1 < m->words ? ~0ull : ~0ull >> (63 - m->last);
}

static u64 get(const struct mask *m, u32 word)
{
	return __atomic_load_n(&m->bits[word], __ATOMIC_RELAXED) & cpus_of(m, word);
}

/* ---- having one ---- */

KFUNC_FN(cpumask_create)
{
	const u32 type = helper_made_type(run, PROG_CPUMASK);
	u64 addr;
	struct mask m;

	run->state |= RUN_DIRTY;
	addr = type ? heap_new(run->store, run->slot, type) : 0;
	if (addr && mask_at(run, addr, &m))
		*m.usage = 1;
	return addr;
}

KFUNC_FN(cpumask_acquire)
{
	struct mask m;

	run->state |= RUN_DIRTY;
	if (!mask_at(run, a, &m) || !heap_hold(run->store, run->slot, a))
		return 0;
	__atomic_fetch_add(m.usage, 1, __ATOMIC_RELAXED);
	return a;
}

KFUNC_FN(cpumask_release)
{
	struct mask m;

	if (mask_at(run, a, &m))
		__atomic_fetch_sub(m.usage, 1, __ATOMIC_RELAXED);
	heap_drop(run->store, run->slot, a);
	return 0;
}

/* ---- one CPU ---- */

/* Whether its bit was set, before it is set or cleared, if one of these is asked for. */
static bool one(struct run *run, u64 cpu, u64 addr, bool set, bool clear)
{
	const u64 bit = 1ull << (cpu % 64);
	struct mask m;
	u64 *word;

	if (!mask_at(run, addr, &m) || (u32)cpu >= m.cpus)
		return false;
	word = &m.bits[(u32)cpu / 64];
	if (set)
		return __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit;
	if (clear)
		return __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit;
	return __atomic_load_n(word, __ATOMIC_RELAXED) & bit;
}

KFUNC_FN(cpumask_set_cpu)
{
	return one(run, a, b, true, false);
}

KFUNC_FN(cpumask_clear_cpu)
{
	return one(run, a, b, false, true);
}

KFUNC_FN(cpumask_test_cpu)
{
	return one(run, a, b, false, false);
}

KFUNC_FN(cpumask_test_and_set_cpu)
{
	return one(run, a, b, true, false);
}

KFUNC_FN(cpumask_test_and_clear_cpu)
{
	return one(run, a, b, false, true);
}

/* ---- all ---- */

/* Whole words are set, and copied: those are CPUs that there are none of. */
static u64 fill(struct run *run, u64 addr, u8 with)
{
	struct mask m;

	if (mask_at(run, addr, &m))
		memset(m.bits, with, m.words * 8);
	return 0;
}

KFUNC_FN(cpumask_setall)
{
	return fill(run, a, 0xff);
}

KFUNC_FN(cpumask_clear)
{
	return fill(run, a, 0);
}

KFUNC_FN(cpumask_copy)
{
	struct mask to, from;

	if (mask_at(run, a, &to) && mask_at(run, b, &from))
		memmove(to.bits, from.bits, MIN(to.words, from.words) * 8);
	return 0;
}

KFUNC_FN(cpumask_populate)
{
	struct mask m;

	if (!mask_at(run, a, &m) || c < m.words * 8)
		return (u32)-EACCES;
	memmove(m.bits, ptr_of(b), m.words * 8);
	return 0;
}

/* ---- two ---- */

enum way { way_and, way_or, way_xor };

static u64 combine(struct run *run, u64 to_addr, u64 a_addr, u64 b_addr, enum way way)
{
	struct mask to, a, b;
	u64 any = 0;

	if (!mask_at(run, to_addr, &to) || !mask_at(run, a_addr, &a) ||
	    !mask_at(run, b_addr, &b))
		return 0;
	for (u32 i = 0; i < MIN(to.words, MIN(a.words, b.words)); i++) {
		const u64 x = a.bits[i], y = b.bits[i];

		to.bits[i] = way == way_and  ? x & y & cpus_of(&to, i)
			     : way == way_or ? x | y
					     : x ^ y;
		any |= to.bits[i];
	}
	return any != 0;
}

KFUNC_FN(cpumask_and)
{
	return combine(run, a, b, c, way_and);
}

KFUNC_FN(cpumask_or)
{
	return combine(run, a, b, c, way_or);
}

KFUNC_FN(cpumask_xor)
{
	return combine(run, a, b, c, way_xor);
}

/* The bits of x that y has, or has not. */
static bool shares(struct run *run, u64 x_addr, u64 y_addr, u64 not )
{
	struct mask x, y;

	if (!mask_at(run, x_addr, &x) || !mask_at(run, y_addr, &y))
		return false;
	for (u32 i = 0; i < MIN(x.words, y.words); i++)
		if (get(&x, i) & (y.bits[i] ^ not ))
			return true;
	return false;
}

KFUNC_FN(cpumask_intersects)
{
	return shares(run, a, b, 0);
}

KFUNC_FN(cpumask_subset)
{
	return !shares(run, a, b, ~0ull);
}

KFUNC_FN(cpumask_equal)
{
	return !shares(run, a, b, ~0ull) && !shares(run, b, a, ~0ull);
}

/* ---- counting and finding ---- */

/* From `from` on, the first CPU that both have, after each word is turned by `not`; as
 * many as there are CPUs: none. */
static u32 next(struct run *run, u64 a_addr, u64 b_addr, u64 not, u32 from)
{
	struct mask a, b;

	if (!mask_at(run, a_addr, &a) || !mask_at(run, b_addr, &b))
		return store_slots(run->store);
	for (u32 i = from; i < MIN(a.cpus, b.cpus); i = round_up(i + 1, 64)) {
		u64 word =
			((a.bits[i / 64] & b.bits[i / 64]) ^ not ) & cpus_of(&a, i / 64);

		word &= ~0ull << i % 64;
		if (word)
			return i / 64 * 64 + (u32)__builtin_ctzll(word);
	}
	return a.cpus;
}

KFUNC_FN(cpumask_first)
{
	return next(run, a, a, 0, 0);
}

KFUNC_FN(cpumask_first_zero)
{
	return next(run, a, a, ~0ull, 0);
}

KFUNC_FN(cpumask_first_and)
{
	return next(run, a, b, 0, 0);
}

/* Another one each time, as far as there are others. */
static u32 spread(struct run *run, u64 a, u64 b)
{
	const u32 none = next(run, a, b, 0, UINT32_MAX);
	u32 cpu = next(run, a, b, 0, run->spread + 1);

	if (cpu == none)
		cpu = next(run, a, b, 0, 0);
	if (cpu != none)
		run->spread = cpu;
	return cpu;
}

KFUNC_FN(cpumask_any_distribute)
{
	return spread(run, a, a);
}

KFUNC_FN(cpumask_any_and_distribute)
{
	return spread(run, a, b);
}

static u32 weigh(struct run *run, u64 addr, u32 *cpus)
{
	struct mask m;
	u32 n = 0;

	*cpus = 0;
	if (!mask_at(run, addr, &m))
		return 0;
	*cpus = m.cpus;
	for (u32 i = 0; i < m.words; i++)
		n += (u32)__builtin_popcountll(get(&m, i));
	return n;
}

KFUNC_FN(cpumask_weight)
{
	u32 cpus;

	return weigh(run, a, &cpus);
}

KFUNC_FN(cpumask_empty)
{
	u32 cpus;

	return !weigh(run, a, &cpus);
}

KFUNC_FN(cpumask_full)
{
	u32 cpus, n = weigh(run, a, &cpus);

	return n == cpus;
}
