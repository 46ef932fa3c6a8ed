/* bench_map.c - what operations on maps cost, on the engine and on the running kernel
 *
 * Columns: the engine's map, called from C as helpers call it; the kernel's, called by a
 * program in BPF_PROG_TEST_RUN (as root); their ratio; the same program on the engine.
 * ns an operation, net of the loop. What user space does goes through bpf(2) on both
 * sides, and through the library's direct call. See map_bench.h.
 *
 *   bench_map [--large] [--rounds N] [WORD...]
 *
 * --large: 10 million entries, too (2 GB). WORD: only what has it in its title.
 */
#include <skep/engine.h>
#include <skep/sys.h>
#include <stdio.h>
#include <stdlib.h>
#include "map_bench.h"
#include "map_pair.h"

enum { VALUE = 8, SLOTS = 1024, RING = 512 << 10, MOST_WAYS = 3 };

struct bench {
	struct skep_engine *engine;
	struct skep_sys *sys[2]; /* the engine, the kernel or NULL */
	u32 rounds;
	bool large;
	char **words;
	int nwords;
	u32 seed;
};

/* The same map on both sides. */
struct maps {
	struct bench *bench;
	struct skep_map *direct;
	struct map *map;
	int fd[2]; /* the kernel's: -1 without */
	struct bench_keys keys;
	struct map_ring ring[2];
};

/* ---- maps ---- */

static int create(struct skep_sys *sys, u32 type, const struct bench_keys *keys)
{
	bool ring = type == SKEP_MAP_TYPE_RINGBUF;
	union skep_attr attr = {.map_type = type,
				.key_size = ring ? 0 : keys->size,
				.value_size = ring ? 0 : VALUE,
				.max_entries = ring ? RING : keys->n};
	int fd;

	if (type == SKEP_MAP_TYPE_LPM_TRIE)
		attr.map_flags = SKEP_F_NO_PREALLOC;
	if (type == SKEP_MAP_TYPE_LRU_HASH) /* the kernel's evicts before it is full */
		attr.max_entries *= 2;
	fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		bench_fail("a map is refused");
	return fd;
}

/* Prefix i: as many of each length as routers have. */
static u32 prefix_len(u32 i)
{
	static const u8 lens[] = {24, 24, 24, 24, 24, 24, 24, 24, 24, 23, 23,
				  22, 22, 22, 21, 20, 20, 19, 18, 17, 16};

	return i % 1009 ? lens[i % sizeof(lens)] : 8 + i / 1009 % 8;
}

static void fill(struct skep_sys *sys, int fd, struct map *map,
		 const struct bench_keys *keys)
{
	u64 *value = calloc(SLOTS, sizeof(*value));
	u32 key[16] = {0};

	for (u32 i = 0; i < keys->n; i++) {
		u32 word = bench_word(keys, i);
		union skep_attr attr = {
			.map_fd = (u32)fd, .key = u64_of(key), .value = u64_of(value)};

		bench_set_key(keys, word, key);
		if (keys->lpm)
			key[0] = prefix_len(i);
		for (u32 s = 0; s < SLOTS && (!s || map->ops->per_cpu); s++)
			value[s] = bench_value(word, 0);
		if (sys ? sys->bpf(sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr))
			: map->ops->write(map, key, value, SKEP_ANY))
			bench_fail("a map is not filled");
	}
	free(value);
}

static struct maps maps_make(struct bench *bench, u32 type, struct bench_keys keys)
{
	struct maps maps = {.bench = bench, .keys = keys, .fd = {-1, -1}};
	bool ring = type == SKEP_MAP_TYPE_RINGBUF;
	struct object *obj;

	for (int s = 0; s < 2 && bench->sys[s]; s++)
		maps.fd[s] = create(bench->sys[s], type, &keys);
	if (skep_map_get(bench->engine, maps.fd[0], &maps.direct) ||
	    object_get(bench->engine->store, maps.fd[0], OBJECT_MAP, &obj, NULL))
		bench_fail("a map is not found");
	maps.map = container_of(obj, struct map, obj);
	for (int s = 0; s < 2 && bench->sys[s]; s++) {
		if (!ring)
			fill(s ? bench->sys[s] : NULL, maps.fd[s], maps.map, &keys);
		else
			map_ring_open(bench->sys[s], maps.fd[s], RING, &maps.ring[s]);
	}
	return maps;
}

static void maps_end(struct maps *maps)
{
	struct skep_sys **sys = maps->bench->sys;

	object_put(&maps->map->obj);
	skep_map_put(maps->direct);
	for (int s = 0; s < 2 && sys[s]; s++) {
		if (maps->ring[s].data)
			map_ring_close(sys[s], &maps->ring[s]);
		sys[s]->close(sys[s], maps->fd[s]);
	}
}

/* ---- rows ---- */

static bool wanted(const struct bench *bench, const char *title)
{
	for (int i = 0; i < bench->nwords; i++)
		if (!strstr(title, bench->words[i]))
			return false;
	return true;
}

static void check(const struct bench_way *way, u32 sum, u32 bare_sum, u32 first)
{
	if (way->work->sum == bench_sum_values ? sum != bare_sum
	    : way->work->sum == bench_sum_same ? !sum || sum != first
					       : sum != 0)
		bench_fail("WRONG RESULTS");
}

/* All of it was written: the consumer takes it. */
static void drain(const struct maps *maps, const struct bench_way *way)
{
	const struct map_ring *ring =
		&maps->ring[way->sys && way->sys == maps->bench->sys[1]];

	if (!ring->data)
		return;
	if (*ring->producer - *ring->consumer != way->ops * (BENCH_SAMPLE + 8ull))
		bench_fail("WRONG RESULTS: not all is in the ring");
	__atomic_store_n(ring->consumer, *ring->producer, __ATOMIC_RELEASE);
}

/* Net ns of each of the ways. */
static void measure(struct maps *maps, const struct bench_way *ways, u32 n, double *out)
{
	double ns[2][MOST_WAYS][BENCH_ROUNDS];
	u32 rounds = maps->bench->rounds, sum, bare, first = 0;

	for (u32 round = 0; round < rounds; round++) {
		u32 seed = ++maps->bench->seed;

		for (u32 w = 0; w < n; w++) {
			const struct bench_way *way = &ways[w];

			ns[0][w][round] = (double)way->go(way, true, seed, &bare);
			ns[1][w][round] = (double)way->go(way, false, seed, &sum);
			first = w ? first : sum;
			check(way, sum, bare, first);
			drain(maps, way);
		}
	}
	for (u32 w = 0; w < n; w++)
		out[w] = (bench_median(ns[1][w], rounds) -
			  bench_median(ns[0][w], rounds)) /
			 ways[w].ops;
}

static void print_row(const char *name, const double *ns, u32 n, bool kernel)
{
	printf("  %-26s %8.1f", name, ns[0]);
	if (kernel)
		printf(" %8.1f %6.2f", ns[1], ns[0] / ns[1]);
	else
		printf(" %8s %6s", "-", "-");
	if (n == 2u + kernel)
		printf(" %8.1f", ns[n - 1]);
	printf("\n");
	fflush(stdout);
}

/* What was just written is there: the keys of the last round. */
static void check_written(const struct maps *maps, const struct bench_way *way)
{
	struct bench_draw draw = bench_start(maps->bench->seed);
	int s = way->sys && way->sys == maps->bench->sys[1];
	struct skep_sys *sys = maps->bench->sys[s];

	for (u32 i = 0; i < 100; i++) {
		u64 value[SLOTS];
		union skep_attr attr = {.map_fd = (u32)maps->fd[s],
					.key = u64_of(draw.key),
					.value = u64_of(value)};

		bench_next(&maps->keys, &draw);
		if (sys->bpf(sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) ||
		    *value != bench_value(draw.word, maps->bench->seed))
			bench_fail("WRONG RESULTS: what was written is not there");
	}
}

static void row_keys(struct maps *maps, const struct bench_work *work,
		     const struct bench_keys *keys, const char *name)
{
	struct skep_sys **sys = maps->bench->sys;
	struct bench_way ways[MOST_WAYS];
	double ns[MOST_WAYS];
	u32 n = 0;

	ways[n++] = bench_way_c(maps->map, keys, work);
	if (sys[1])
		ways[n++] = bench_way_prog(sys[1], maps->fd[1], keys, work);
	ways[n++] = bench_way_prog(sys[0], maps->fd[0], keys, work);
	measure(maps, ways, n, ns);
	for (u32 w = 0; w < n; w++) {
		if ((work == &bench_update || work == &bench_delete_insert) &&
		    keys->n == maps->keys.n && !maps->map->ops->per_cpu)
			check_written(maps, &ways[w]);
		bench_way_end(&ways[w]);
	}
	print_row(name, ns, n, sys[1]);
}

static void row(struct maps *maps, const struct bench_work *work)
{
	row_keys(maps, work, &maps->keys, work->name);
}

static void row_miss(struct maps *maps)
{
	struct bench_keys keys = maps->keys;

	keys.first = keys.n;
	row_keys(maps, &bench_miss, &keys, bench_miss.name);
}

/* Of so many keys that hardly one is there. */
static void row_evict(struct maps *maps)
{
	struct bench_keys keys = maps->keys;

	keys.n = INT32_MAX;
	row_keys(maps, &bench_update, &keys, "update with eviction");
}

static void row_user(struct maps *maps, const struct bench_work *work, bool direct)
{
	struct skep_sys **sys = maps->bench->sys;
	struct bench_way ways[2];
	double ns[2];
	char name[64];
	u32 n = 0;

	ways[n++] = direct ? bench_way_direct(maps->direct, &maps->keys, work)
			   : bench_way_bpf(sys[0], maps->fd[0], &maps->keys, work);
	if (sys[1])
		ways[n++] = bench_way_bpf(sys[1], maps->fd[1], &maps->keys, work);
	measure(maps, ways, n, ns);
	snprintf(name, sizeof(name), "%s: %s", direct ? "direct call" : "bpf(2)",
		 work->name);
	print_row(name, ns, n, sys[1]);
}

/* ---- two threads ---- */

static void row_pair(struct maps *maps)
{
	for (int s = 0; s < 2 && maps->bench->sys[s]; s++) {
		struct bench_way way =
			s ? bench_way_prog(maps->bench->sys[s], maps->fd[s], &maps->keys,
					   &bench_mixed)
			  : bench_way_c(maps->map, &maps->keys, &bench_mixed);
		struct map_pair pair;

		map_pair_run(&way, maps->bench->rounds, &maps->bench->seed, &pair);
		printf("  two threads, %s: %5.1f ns with one, %5.1f with two; %.2f times "
		       "the work, at best %.2f\n",
		       maps->bench->sys[s]->name, pair.one, pair.two, pair.gain,
		       pair.best);
		bench_way_end(&way);
	}
}

static void row_reader(struct maps *maps)
{
	double rate, best;

	for (int s = 0; s < 2 && maps->bench->sys[s]; s++) {
		struct skep_sys *sys = maps->bench->sys[s];
		struct bench_way way =
			s ? bench_way_prog(sys, maps->fd[s], &maps->keys,
					   &bench_reserve_all)
			  : bench_way_c(maps->map, &maps->keys, &bench_reserve_all);

		rate = map_ring_run(&way, &maps->ring[s], maps->bench->rounds,
				    &maps->bench->seed, &best);
		printf("  with a reader, %s: %.1f million records/s, at best %.1f\n",
		       sys->name, rate, best);
		bench_way_end(&way);
	}
}

/* ---- groups ---- */

static bool begin(struct bench *bench, const char *what, u32 type, struct bench_keys keys,
		  struct maps *maps)
{
	char title[96];

	if (type == SKEP_MAP_TYPE_RINGBUF)
		snprintf(title, sizeof(title), "%s, %u KiB", what, RING >> 10);
	else
		snprintf(title, sizeof(title), "%s, %u byte keys, %u", what, keys.size,
			 keys.n);
	if (!wanted(bench, title))
		return false;
	printf("%s\n", title);
	*maps = maps_make(bench, type, keys);
	return true;
}

static void arrays(struct bench *bench)
{
	struct bench_keys keys = {.n = 1000, .size = 4, .plain = true};
	struct maps maps;

	if (begin(bench, "array", SKEP_MAP_TYPE_ARRAY, keys, &maps)) {
		row(&maps, &bench_lookup);
		row(&maps, &bench_update);
		maps_end(&maps);
	}
	if (begin(bench, "percpu_array", SKEP_MAP_TYPE_PERCPU_ARRAY, keys, &maps)) {
		row(&maps, &bench_lookup);
		row(&maps, &bench_update);
		maps_end(&maps);
	}
}

static void hash(struct bench *bench, const char *what, u32 type, u32 n, u32 size)
{
	struct bench_keys keys = {.n = n, .size = size};
	struct maps maps;

	if (!begin(bench, what, type, keys, &maps))
		return;
	row(&maps, &bench_lookup);
	row_miss(&maps);
	row(&maps, &bench_update);
	row(&maps, &bench_delete_insert);
	if (type == SKEP_MAP_TYPE_LRU_HASH)
		row_evict(&maps);
	if (type == SKEP_MAP_TYPE_HASH && size == 4) {
		row_user(&maps, &bench_lookup, false);
		row_user(&maps, &bench_lookup, true);
		row_user(&maps, &bench_update, false);
		row_user(&maps, &bench_update, true);
		row_pair(&maps);
	}
	maps_end(&maps);
}

static void lpm(struct bench *bench, u32 n)
{
	struct bench_work work = bench_lookup;
	struct maps maps;

	if (!begin(bench, "lpm_trie", SKEP_MAP_TYPE_LPM_TRIE,
		   (struct bench_keys){.n = n, .size = 8, .lpm = true}, &maps))
		return;
	work.sum = bench_sum_same; /* the longest prefix is often another's */
	row(&maps, &work);
	maps_end(&maps);
}

static void ringbuf(struct bench *bench)
{
	struct maps maps;

	if (!begin(bench, "ringbuf", SKEP_MAP_TYPE_RINGBUF,
		   (struct bench_keys){.n = 1, .size = 4}, &maps))
		return;
	row(&maps, &bench_reserve);
	row_reader(&maps);
	maps_end(&maps);
}

static void groups(struct bench *bench)
{
	static const u32 sizes[] = {1000, 100000, 1000000, 10000000}, key[] = {4, 16, 64};
	u32 nsizes = bench->large ? 4 : 3;

	arrays(bench);
	for (u32 s = 0; s < nsizes; s++)
		for (u32 k = 0; k < ARRAY_SIZE(key); k++)
			hash(bench, "hash", SKEP_MAP_TYPE_HASH, sizes[s], key[k]);
	hash(bench, "percpu_hash", SKEP_MAP_TYPE_PERCPU_HASH, 1000, 4);
	for (u32 s = 0; s < nsizes; s++)
		hash(bench, "lru_hash", SKEP_MAP_TYPE_LRU_HASH, sizes[s], 4);
	for (u32 s = 0; s < 3; s++)
		lpm(bench, sizes[s]);
	ringbuf(bench);
}

static bool serves(struct skep_sys *sys)
{
	union skep_attr attr = {.map_type = SKEP_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 8,
				.max_entries = 1};
	int fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));

	if (fd >= 0)
		sys->close(sys, fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {.rounds = 31};

	for (argc--, argv++; argc && **argv == '-'; argc--, argv++) {
		if (!strcmp(*argv, "--large"))
			bench.large = true;
		else if (!strcmp(*argv, "--rounds") && argc-- > 1)
			bench.rounds = (u32)strtoul(*++argv, NULL, 10);
		else
			bench_fail("bench_map [--large] [--rounds N] [WORD...]");
	}
	bench.words = argv;
	bench.nwords = argc;
	bench.rounds = MIN(MAX(bench.rounds, 1u), (u32)BENCH_ROUNDS);
	if (skep_engine_open(NULL, &bench.engine))
		bench_fail("no engine");
	bench.sys[0] = skep_engine_sys(bench.engine);
	bench.sys[1] = skep_sys_kernel();
	if (!serves(bench.sys[1])) {
		printf("the kernel's bpf(2) does not serve here: its part is skipped\n");
		bench.sys[1] = NULL;
	}
	printf("%-28s %8s %8s %6s %8s\n", "ns", "engine", "kernel", "ratio", "program");
	groups(&bench);
	skep_engine_close(bench.engine);
	return 0;
}
