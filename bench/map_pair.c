/* Two threads at once. */
#include "map_pair.h"
#include <pthread.h>
#include <sched.h>
#include <skep/sys.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "os.h"
#include "sample.h"

enum {
	TRIES = 10, /* for a round in which nobody else had a processor */
	MOMENT_NS = 2000,
};

double bench_median(double *ns, u32 n)
{
	double median = median_of(ns, n);

	return getenv("BENCH_LOW") ? ns[n / 10] : median;
}

/* ---- starting together ---- */

struct worker {
	const struct bench_way *way;
	u32 seed;
	u64 *mine, *other; /* when each was last seen to wait; other NULL: alone */
	int cpu;
	u64 start, end; /* on the wall */
	u64 busy;	/* of the processor's time between them */
	u32 sum;
	struct reader *reader; /* it reads instead */
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_fail("two processors are needed");
}

/* Returns when the other thread runs, too: it was here a moment ago, or has gone on. */
static void meet(struct worker *w)
{
	u64 now, seen;

	do {
		now = os_clock_ns();
		__atomic_store_n(w->mine, now, __ATOMIC_SEQ_CST);
		seen = w->other ? __atomic_load_n(w->other, __ATOMIC_SEQ_CST) : now;
	} while (now > seen + MOMENT_NS);
	__atomic_store_n(w->mine, UINT64_MAX - MOMENT_NS, __ATOMIC_SEQ_CST);
}

static void read_all(struct reader *reader);

static void *work(void *arg)
{
	struct worker *w = arg;

	stay_on(w->cpu);
	meet(w);
	w->start = os_clock_ns();
	w->busy = bench_clock();
	if (w->reader)
		read_all(w->reader);
	else
		w->way->go(w->way, false, w->seed, &w->sum);
	w->busy = bench_clock() - w->busy;
	w->end = os_clock_ns();
	return NULL;
}

/* Whether others had its processor meanwhile. */
static bool disturbed(const struct worker *w)
{
	return w->end - w->start > w->busy + w->busy / 16 + 1000;
}

/* ns from the first's start to the last's end. */
static double together(struct worker *workers, u32 n)
{
	pthread_t threads[2];
	u64 start = UINT64_MAX, end = 0, here[2] = {0};

	for (u32 i = 0; i < n; i++) {
		workers[i].mine = &here[i];
		workers[i].other = n > 1 ? &here[!i] : NULL;
		workers[i].cpu = (int)i;
		if (pthread_create(&threads[i], NULL, work, &workers[i]))
			bench_fail("no thread");
	}
	for (u32 i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		start = MIN(start, workers[i].start);
		end = MAX(end, workers[i].end);
	}
	return (double)(end - start);
}

/* Of the engine's map alone: the kernel's update links the new element before it unlinks
 * the old, in a list that readers walk, so that one of them may miss both. A reader that
 * is interrupted between the lookup and the load may find another key's value there, on
 * both sides: `right` has to hold in one round, not in all. */
static double run_once(const struct bench_way *way, u32 n, u32 *seed, bool *good,
		       bool *right)
{
	struct worker workers[2] = {{.way = way, .seed = ++*seed},
				    {.way = way, .seed = ++*seed}};
	double ns = together(workers, n);
	bool same = true;
	u32 sum;

	*good = !disturbed(&workers[0]) && (n < 2 || !disturbed(&workers[1]));
	for (u32 i = 0; i < n; i++) {
		way->go(way, true, workers[i].seed, &sum);
		same &= !way->map || sum == workers[i].sum;
	}
	*right |= same;
	*good &= same;
	return ns / way->ops;
}

static double run_threads(const struct bench_way *way, u32 n, u32 *seed)
{
	bool good = false, right = false;
	double ns = 0;

	for (u32 tries = 0; !good && tries < TRIES; tries++)
		ns = run_once(way, n, seed, &good, &right);
	if (!right)
		bench_fail("WRONG RESULTS: with two threads");
	return ns;
}

void map_pair_run(const struct bench_way *way, u32 rounds, u32 *seed,
		  struct map_pair *out)
{
	double one[BENCH_ROUNDS], two[BENCH_ROUNDS];

	for (u32 i = 0; i < rounds; i++) {
		one[i] = run_threads(way, 1, seed);
		two[i] = run_threads(way, 2, seed);
	}
	out->one = bench_median(one, rounds);
	out->two = bench_median(two, rounds);
	out->gain = 2 * out->one / out->two;
	out->best = 2 * one[0] / two[0]; /* they are in order now */
}

/* ---- a ring ---- */

void map_ring_open(struct skep_sys *sys, int fd, u32 size, struct map_ring *out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer = NULL, *shown = NULL;

	if (sys->mmap(sys, &consumer, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ||
	    sys->mmap(sys, &shown, page + 2ull * size, PROT_READ, MAP_SHARED, fd,
		      (off_t)page))
		bench_fail("a ring buffer is not mapped");
	*out = (struct map_ring){.consumer = consumer,
				 .producer = shown,
				 .data = (u8 *)shown + page,
				 .size = size};
}

void map_ring_close(struct skep_sys *sys, struct map_ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	sys->munmap(sys, ring->consumer, page);
	sys->munmap(sys, (void *)ring->producer, page + 2ull * ring->size);
}

struct reader {
	const struct map_ring *ring;
	u32 records; /* to be read; they count down to 1 */
};

static void read_all(struct reader *reader)
{
	const struct map_ring *ring = reader->ring;
	u64 pos = *ring->consumer;

	for (u32 left = reader->records; left;) {
		const u32 *record = (u32 *)(ring->data + (pos & (ring->size - 1)));

		if (pos == __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) ||
		    __atomic_load_n(record, __ATOMIC_ACQUIRE) & SKEP_RINGBUF_BUSY_BIT)
			continue;
		if (record[0] != BENCH_SAMPLE || record[2] != left)
			bench_fail("WRONG RESULTS: a record is not what was written");
		pos += BENCH_SAMPLE + SKEP_RINGBUF_HDR_SZ;
		left--;
		__atomic_store_n(ring->consumer, pos, __ATOMIC_RELEASE);
	}
}

static double ring_once(const struct bench_way *way, struct reader *reader, u32 seed,
			bool *good)
{
	struct worker workers[2] = {{.way = way, .seed = seed}, {.reader = reader}};
	double ns = together(workers, 2);

	*good = !disturbed(&workers[0]) && !disturbed(&workers[1]);
	return ns;
}

double map_ring_run(const struct bench_way *way, const struct map_ring *ring, u32 rounds,
		    u32 *seed, double *best)
{
	struct reader reader = {.ring = ring, .records = way->ops};
	double rate[BENCH_ROUNDS];

	for (u32 i = 0; i < rounds; i++) {
		bool good = false;

		for (u32 tries = 0; !good && tries < TRIES; tries++)
			rate[i] =
				way->ops * 1e3 / ring_once(way, &reader, ++*seed, &good);
	}
	bench_median(rate, rounds); /* puts them in order */
	*best = rate[rounds - 1];
	return rate[rounds / 2];
}
