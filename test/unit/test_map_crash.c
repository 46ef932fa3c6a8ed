/* Maps that several processes change while some of them are killed, and threads that read
 * what others write: nothing is wedged, lost, or seen half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include "map_arena.h"
#include "map_fixture.h"
#include "htab.h"
#include "user_ringbuf.h"

enum { MAX = 50, KEYS = 80, WORDS = 8, KILLS = 150 };

/* A value tells of which key it is, and whether it is whole. */
static void value_make(u64 *value, u32 key, u64 nonce)
{
	for (u32 i = 0; i < WORDS; i++)
		value[i] = (nonce << 8 | key) * (2 * i + 1);
}

static bool value_whole(const u64 *value, u32 key)
{
	for (u32 i = 1; i < WORDS; i++)
		if (value[i] != value[0] * (2 * i + 1))
			return false;
	return (value[0] & 0xff) == key;
}

static void nap(u32 us)
{
	struct timespec ts = {.tv_nsec = us * 1000l};

	nanosleep(&ts, NULL);
}

/* ---- hash, LRU ---- */

static void take_bucket(struct map *map, u32 bucket)
{
	u64 values[MAX * WORDS];
	u32 keys[MAX];
	s64 n = map->ops->bucket(map, bucket, MAX, true, keys, values);

	for (s64 i = 0; i < n; i++)
		assert_true(value_whole(values + i * WORDS, keys[i]));
}

static void hash_work(struct map *map, u64 rng)
{
	for (;;) {
		u32 key = map_random(&rng) % KEYS;
		u64 value[WORDS];

		value_make(value, key, map_random(&rng));
		if (map_random(&rng) % 50 == 0)
			take_bucket(map, key);
		else if (map_random(&rng) % 3)
			map->ops->update(map, &key, value, SKEP_ANY, 0);
		else
			map->ops->remove(map, &key);
	}
}

/* What others can see at any time. */
static u32 hash_check(struct map *map)
{
	u64 value[WORDS];
	u32 key, n = 0;

	for (key = 0; key < KEYS; key++) {
		int err = map->ops->read(map, &key, value);

		assert_true(!err || err == -ENOENT);
		assert_true(err || value_whole(value, key));
		n += !err;
	}
	return n;
}

/* With nobody else at work: every element is in the table or free. */
static void hash_complete(struct map *map)
{
	bool lru = map->info.type == SKEP_MAP_TYPE_LRU_HASH;
	u64 value[WORDS];
	u32 key, next, n = 0;

	assert_true(hash_check(map) <= MAX);
	for (u32 *at = NULL; !map->ops->next_key(map, at, &next); at = &key, n++) {
		key = next;
		assert_true(key < KEYS && n < MAX);
	}
	assert_int_equal(n, hash_check(map));
	for (key = 0; key < KEYS; key++)
		map->ops->remove(map, &key);
	assert_int_equal(hash_check(map), 0);
	for (key = 0; key < KEYS; key++) {
		value_make(value, key, key);
		assert_int_equal(map->ops->update(map, &key, value, SKEP_NOEXIST, 0),
				 key < MAX || lru ? 0 : -E2BIG);
	}
	assert_int_equal(hash_check(map), MAX);
	for (key = 0; key < KEYS && !lru; key++)
		assert_int_equal(map->ops->update(map, &key, value, SKEP_EXIST, 0),
				 key < MAX ? 0 : -ENOENT);
	for (key = 0; key < KEYS; key++)
		map->ops->remove(map, &key);
}

static pid_t start(struct map *map, void (*work)(struct map *map, u64 rng), u64 rng)
{
	pid_t pid = fork();

	if (!pid) {
		work(map, rng | 1);
		_exit(0);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One is killed while another works on; now and then all are, and everything is counted.
 */
static void hash_survives(u32 type, u32 seed)
{
	struct store *store = map_store();
	u64 rng = seed;
	pid_t workers[2];
	int fd;
	struct map *map = map_make(store, type, 4, WORDS * 8, MAX, &fd);

	for (int i = 0; i < 2; i++)
		workers[i] = start(map, hash_work, map_random(&rng));
	for (int i = 0; i < KILLS; i++) {
		nap(map_random(&rng) % 2000);
		end(workers[i % 2]);
		hash_check(map);
		if (i % 25 == 24) {
			end(workers[1 - i % 2]);
			hash_complete(map);
			workers[1 - i % 2] = start(map, hash_work, map_random(&rng));
		}
		workers[i % 2] = start(map, hash_work, map_random(&rng));
	}
	for (int i = 0; i < 2; i++)
		end(workers[i]);
	hash_complete(map);
	map_drop(map, fd);
	store_close(store);
}

static void test_hash_survives(void **state)
{
	hash_survives(SKEP_MAP_TYPE_HASH, 3);
}

static void test_lru_hash_survives(void **state)
{
	hash_survives(SKEP_MAP_TYPE_LRU_HASH, 4);
}

/* ---- hash of maps ---- */

static int inner_fds[2];
static u32 inner_ids[2];

static void inner_work(struct map *map, u64 rng)
{
	for (;;) {
		u32 key = map_random(&rng) % KEYS;

		if (map_random(&rng) % 3)
			map->ops->write(map, &key, &inner_fds[key & 1], SKEP_ANY);
		else
			map->ops->remove(map, &key);
	}
}

static void count_id(void *arg, u32 id)
{
	assert_true(id == inner_ids[0] || id == inner_ids[1]);
	++*(u32 *)arg;
}

/* What the sweep sees are the ids in the table: each, and once it is at rest no other. */
static u32 inner_check(struct map *map, bool at_rest)
{
	u32 key, id, n = 0, kept = 0;

	for (key = 0; key < KEYS; key++) {
		int err = map->ops->read(map, &key, &id);

		assert_true(!err || err == -ENOENT);
		assert_true(err || id == inner_ids[key & 1]);
		n += !err;
	}
	map->ops->refs(&map->info, map->storage, count_id, &kept);
	assert_true(!at_rest || kept == n);
	return n;
}

static void test_hash_of_maps_survives(void **state)
{
	struct store *store = map_store();
	union skep_attr attr = {0};
	struct object *obj;
	struct map *inner[2], *map;
	u64 rng = 5;
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		inner[i] = map_make(store, SKEP_MAP_TYPE_ARRAY, 4, 8, 1, &inner_fds[i]);
		inner_ids[i] = inner[i]->obj.id;
	}
	attr.map_type = SKEP_MAP_TYPE_HASH_OF_MAPS;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = MAX;
	attr.inner_map_fd = (u32)inner_fds[0];
	attr.map_fd = (u32)cmd_map_create(store, &attr);
	assert_int_equal(object_get(store, (int)attr.map_fd, OBJECT_MAP, &obj, NULL), 0);
	map = (struct map *)obj;
	for (int i = 0; i < KILLS; i++) {
		pid = start(map, inner_work, map_random(&rng));
		nap(map_random(&rng) % 2000);
		inner_check(map, false);
		end(pid);
		inner_check(map, true);
	}
	for (u32 key = 0; key < KEYS; key++)
		map->ops->remove(map, &key);
	assert_int_equal(inner_check(map, true), 0);
	map_drop(map, (int)attr.map_fd);
	for (int i = 0; i < 2; i++)
		map_drop(inner[i], inner_fds[i]);
	store_close(store);
}

/* Runs fn in a process that then dies with the lock of a key's stripe. */
static void die_locked(struct map *map, u32 key, void (*fn)(struct htab *t, u32 bucket))
{
	struct htab *t = map->priv;
	u32 bucket = htab_hash(t->seed, (u8 *)&key, 4) & t->mask;
	pid_t pid = fork();

	if (!pid) {
		lock_take(map->obj.store, &t->stripes[bucket & t->stripe_mask].lock);
		fn(t, bucket);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* An update up to the store that puts the spare in the place of the only element. */
static void half_update(struct htab *t, u32 bucket)
{
	struct htab_stripe *s = &t->stripes[bucket & t->stripe_mask];
	u32 *link = &t->buckets[bucket].head;

	memcpy(htab_elem(t, s->spare - 1), htab_elem(t, *link - 1), t->elem_size);
	*link = s->spare;
}

static void test_half_update(void **state)
{
	struct store *store = map_store();
	u64 value[WORDS];
	u32 key = 7, other = 8;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_HASH, 4, WORDS * 8, MAX, &fd);
	struct htab *t = map->priv;

	while ((htab_hash(t->seed, (u8 *)&other, 4) ^ htab_hash(t->seed, (u8 *)&key, 4)) &
	       t->stripe_mask)
		other++;
	value_make(value, key, 1);
	assert_int_equal(map->ops->update(map, &key, value, SKEP_ANY, 0), 0);
	die_locked(map, key, half_update);
	assert_int_equal(hash_check(map), 1);
	/* the spare is in use; for another key's update one that is free must be found */
	value_make(value, 1, 1);
	assert_int_equal(map->ops->update(map, &other, value, SKEP_NOEXIST, 0), 0);
	assert_int_equal(map->ops->update(map, &other, value, SKEP_EXIST, 0), 0);
	assert_int_equal(map->ops->read(map, &key, value), 0);
	assert_true(value_whole(value, key));
	assert_int_equal(map->ops->remove(map, &other), 0);
	hash_complete(map);
	map_drop(map, fd);
	store_close(store);
}

static void half_insert(struct htab *t, u32 bucket)
{
	t->head->fresh++;
}

/* Nobody wants the dead one's lock; what it took is found when there is nothing else. */
static void test_half_insert(void **state)
{
	struct store *store = map_store();
	u64 value[WORDS] = {0};
	u32 dead = 7, key, n = 0;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_HASH, 4, WORDS * 8, MAX, &fd);
	struct htab *t = map->priv;
	u32 stripe = htab_hash(t->seed, (u8 *)&dead, 4) & t->stripe_mask;

	assert_true(t->stripe_mask > 0);
	die_locked(map, dead, half_insert);
	for (key = 0; n < MAX; key++) {
		if ((htab_hash(t->seed, (u8 *)&key, 4) & t->stripe_mask) == stripe)
			continue;
		assert_int_equal(map->ops->update(map, &key, value, SKEP_NOEXIST, 0), 0);
		n++;
	}
	map_drop(map, fd);
	store_close(store);
}

/* ---- ringbuf ---- */

static void ring_work(struct map *map, u64 rng)
{
	for (;;) {
		u32 words = 1 + map_random(&rng) % 30;
		u64 *sample = ringbuf_reserve(map, words * 8);

		for (u32 i = 0; sample && i < words; i++)
			sample[i] = words * 1000 + i;
		if (sample)
			ringbuf_commit(map, sample, 0, map_random(&rng) % 10 == 0);
	}
}

/* Takes what is there, as libbpf does. Returns how many samples were whole. */
static u32 ring_consume(struct map *map)
{
	u64 page = sysconf(_SC_PAGESIZE), size = map->info.max_entries, *consumer;
	u8 *at = NULL;
	u32 n = 0;

	assert_int_equal(map_mmap(map, O_RDWR, (void **)&consumer, page,
				  PROT_READ | PROT_WRITE, MAP_SHARED, 0),
			 0);
	assert_int_equal(map_mmap(map, O_RDWR, (void **)&at, page + 2 * size, PROT_READ,
				  MAP_SHARED, page),
			 0);
	for (u64 pos = *consumer; pos < __atomic_load_n((u64 *)at, __ATOMIC_ACQUIRE);) {
		u8 *rec = at + page + (pos & (size - 1));
		u32 len = __atomic_load_n((u32 *)rec, __ATOMIC_ACQUIRE);
		u64 *sample = (u64 *)(rec + SKEP_RINGBUF_HDR_SZ);

		if (len & SKEP_RINGBUF_BUSY_BIT)
			break;
		for (u32 i = 0; !(len & SKEP_RINGBUF_DISCARD_BIT) && i < len / 8; i++)
			assert_int_equal(sample[i], len / 8 * 1000 + i);
		n += !(len & SKEP_RINGBUF_DISCARD_BIT);
		pos += round_up((len & ~SKEP_RINGBUF_DISCARD_BIT) + SKEP_RINGBUF_HDR_SZ,
				8);
		__atomic_store_n(consumer, pos, __ATOMIC_RELEASE);
	}
	munmap(consumer, page);
	munmap(at, page + 2 * size);
	return n;
}

static void test_ringbuf_survives(void **state)
{
	struct store *store = map_store();
	u64 rng = 11;
	u32 samples = 0;
	pid_t workers[2];
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_RINGBUF, 0, 0, 65536, &fd);

	for (int i = 0; i < 2; i++)
		workers[i] = start(map, ring_work, map_random(&rng));
	for (int i = 0; i < KILLS; i++) {
		nap(map_random(&rng) % 2000);
		end(workers[i % 2]);
		map_poll(map);
		samples += ring_consume(map);
		if (i % 25 == 24) {
			/* nobody is left to commit: a poll frees all, the ring gets empty
			 */
			end(workers[1 - i % 2]);
			assert_true(!ringbuf_query(map, SKEP_RB_AVAIL_DATA) ||
				    map_poll(map) & POLLIN);
			samples += ring_consume(map);
			assert_int_equal(ringbuf_query(map, SKEP_RB_AVAIL_DATA), 0);
			workers[1 - i % 2] = start(map, ring_work, map_random(&rng));
		}
		workers[i % 2] = start(map, ring_work, map_random(&rng));
	}
	for (int i = 0; i < 2; i++)
		end(workers[i]);
	assert_true(samples > KILLS);
	map_drop(map, fd);
	store_close(store);
}

/* A producer that finds the ring full of a dead one's record discards it by itself. */
static void test_ringbuf_full_of_dead(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096, &fd);
	u64 *consumer = (u64 *)((u8 *)map->obj.head + 2 * sysconf(_SC_PAGESIZE));
	pid_t pid = fork();

	if (!pid)
		_exit(ringbuf_reserve(map, 3000) ? 0 : 1);
	waitpid(pid, NULL, 0);
	*consumer = ringbuf_query(map, SKEP_RB_PROD_POS);
	assert_int_equal(*consumer, 3008);
	assert_non_null(ringbuf_reserve(map, 3000));
	map_drop(map, fd);
	store_close(store);
}

/* ---- queue, stack ---- */

static void queue_work(struct map *map, u64 rng)
{
	for (;;) {
		u64 value[WORDS];

		value_make(value, map_random(&rng) % KEYS, map_random(&rng));
		if (map_random(&rng) % 2)
			map->ops->write(map, NULL, value,
					map_random(&rng) % 2 * SKEP_EXIST);
		else if (!map->ops->take(map, NULL, value) &&
			 !value_whole(value, value[0] & 0xff))
			_exit(1);
	}
}

static void end_well(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
}

static void queue_complete(struct map *map)
{
	u64 value[WORDS];
	u32 n = 0;

	while (!map->ops->take(map, NULL, value)) {
		assert_true(value_whole(value, value[0] & 0xff));
		assert_true(++n <= MAX);
	}
	for (n = 0; n <= MAX; n++)
		assert_int_equal(map->ops->write(map, NULL, value, 0),
				 n < MAX ? 0 : -E2BIG);
}

static void queue_survives(u32 type)
{
	struct store *store = map_store();
	u64 rng = type, value[WORDS];
	pid_t workers[2];
	int fd;
	struct map *map = map_make(store, type, 0, WORDS * 8, MAX, &fd);

	for (int i = 0; i < 2; i++)
		workers[i] = start(map, queue_work, map_random(&rng));
	for (int i = 0; i < KILLS; i++) {
		nap(map_random(&rng) % 2000);
		end_well(workers[i % 2]);
		if (!map->ops->read(map, NULL, value))
			assert_true(value_whole(value, value[0] & 0xff));
		if (i % 25 == 24) {
			end_well(workers[1 - i % 2]);
			queue_complete(map);
			workers[1 - i % 2] = start(map, queue_work, map_random(&rng));
		}
		workers[i % 2] = start(map, queue_work, map_random(&rng));
	}
	for (int i = 0; i < 2; i++)
		end_well(workers[i]);
	queue_complete(map);
	map_drop(map, fd);
	store_close(store);
}

static void test_queue_survives(void **state)
{
	queue_survives(SKEP_MAP_TYPE_QUEUE);
	queue_survives(SKEP_MAP_TYPE_STACK);
}

/* ---- arena ---- */

/* Pages that were given are 0, and nobody else's until they are freed. */
static void arena_work(struct map *map, u64 rng)
{
	for (;;) {
		u32 n = map_random(&rng) % 3 + 1, token = map_random(&rng);
		u64 at = map_arena_alloc(map, 0, n), last = (u32)at + n * 4096 - 4;
		u32 *p = at ? map_arena_at(map, last, 4) : NULL;

		if (!at)
			continue;
		if (!p || *p)
			_exit(1);
		*p = token;
		if (map_arena_reserve(map, at, n) != -EBUSY || *p != token)
			_exit(1);
		map_arena_free(map, at, n);
	}
}

static void arena_complete(struct map *map)
{
	u64 start = map_arena_start(map);

	map_arena_free(map, start, MAX);
	for (u32 i = 0; i < MAX; i++)
		assert_null(map_arena_at(map, (u32)start + i * 4096, 1));
	assert_int_equal(map_arena_alloc(map, 0, MAX), start);
	for (u32 i = 0; i < MAX; i++)
		assert_int_equal(*(u8 *)map_arena_at(map, (u32)start + i * 4096, 1), 0);
	map_arena_free(map, start, MAX);
}

static void test_arena_survives(void **state)
{
	struct store *store = map_store();
	u64 rng = SKEP_MAP_TYPE_ARENA;
	pid_t workers[2];
	void *at = NULL;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_ARENA, 0, 0, MAX, &fd);

	assert_int_equal(map_mmap(map, O_RDWR, &at, MAX * 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED, 0),
			 0);
	for (int i = 0; i < 2; i++)
		workers[i] = start(map, arena_work, map_random(&rng));
	for (int i = 0; i < KILLS; i++) {
		nap(map_random(&rng) % 2000);
		end_well(workers[i % 2]);
		if (i % 5 == 4) {
			end_well(workers[1 - i % 2]);
			arena_complete(map);
			workers[1 - i % 2] = start(map, arena_work, map_random(&rng));
		}
		workers[i % 2] = start(map, arena_work, map_random(&rng));
	}
	for (int i = 0; i < 2; i++)
		end_well(workers[i]);
	arena_complete(map);
	munmap(at, MAX * 4096);
	map_drop(map, fd);
	store_close(store);
}

/* ---- readers beside writers ---- */

struct race {
	struct map *map;
	bool stop;
	u32 seed;
	u64 reads, wrong; /* counted: a thread may not fail a test by itself */
};

enum { STABLE = 4, CHURN = 40 };

/* Updates what stays, inserts and deletes what does not, in the same few buckets. */
static void *race_write(void *arg)
{
	struct race *r = arg;
	u64 rng = r->seed, value[WORDS];

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		u32 key = map_random(&rng) % STABLE;

		value_make(value, key, map_random(&rng));
		r->wrong += r->map->ops->update(r->map, &key, value, SKEP_EXIST, 0) != 0;
		key = STABLE + map_random(&rng) % CHURN;
		value_make(value, key, map_random(&rng));
		if (map_random(&rng) % 2)
			r->map->ops->update(r->map, &key, value, SKEP_ANY, 0);
		else
			r->map->ops->remove(r->map, &key);
	}
	return NULL;
}

static void *race_read(void *arg)
{
	struct race *r = arg;
	u64 rng = r->seed, value[WORDS];

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		u32 key = map_random(&rng) % STABLE;

		/* there all the time, so a reader never misses it */
		r->wrong += !r->map->ops->lookup(r->map, &key, 0);
		r->wrong += r->map->ops->read(r->map, &key, value) ||
			    !value_whole(value, key);
		key = STABLE + map_random(&rng) % CHURN;
		if (!r->map->ops->read(r->map, &key, value))
			r->wrong += !value_whole(value, key);
		r->reads++;
	}
	return NULL;
}

static void test_readers_beside_writers(void **state)
{
	struct store *store = map_store();
	struct race race[4];
	pthread_t threads[4];
	u64 value[WORDS];
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_HASH, 4, WORDS * 8, 16, &fd);

	for (u32 key = 0; key < STABLE; key++) {
		value_make(value, key, 1);
		assert_int_equal(map->ops->update(map, &key, value, SKEP_NOEXIST, 0), 0);
	}
	for (int i = 0; i < 4; i++) {
		race[i] = (struct race){.map = map, .seed = 17 + i};
		pthread_create(&threads[i], NULL, i % 2 ? race_write : race_read,
			       &race[i]);
	}
	for (int i = 0; i < 10; i++)
		nap(100000);
	for (int i = 0; i < 4; i++) {
		__atomic_store_n(&race[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
		assert_int_equal(race[i].wrong, 0);
	}
	assert_true(race[0].reads > 1000);
	map_drop(map, fd);
	store_close(store);
}

/* ---- signal handlers ---- */

static struct map *signal_map;
static int signal_seen[2];

static void on_signal(int sig)
{
	u32 key = 1;
	u64 value = 2;
	int err = signal_map->ops->update(signal_map, &key, &value, SKEP_ANY, 0);

	signal_seen[err == -EDEADLK]++;
	if (err && err != -EDEADLK)
		abort();
}

/* A handler that updates the map that its own thread is updating gives up; it must not
 * wait for itself. */
static void test_nested_update(void **state)
{
	struct store *store = map_store();
	struct itimerval every = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
	u64 value = 1;
	u32 key = 1;
	int fd;

	signal_map = map_make(store, SKEP_MAP_TYPE_HASH, 4, 8, 16, &fd);
	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &every, NULL);
	for (u64 end = os_clock_ns() + 5000000000;
	     !signal_seen[1] && os_clock_ns() < end;)
		for (int i = 0; i < 1000; i++)
			assert_int_equal(
				signal_map->ops->update(signal_map, &key, &value, 0, 0),
				0);
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
	assert_true(signal_seen[1] > 0);
	map_drop(signal_map, fd);
	store_close(store);
}

/* ---- user_ringbuf ---- */

/* Drains for ever; what it takes is there again if it dies over it. */
static void drain_work(struct map *map, u64 rng)
{
	for (;;) {
		u32 size;
		u8 *p;

		if (!user_ringbuf_begin(map))
			continue;
		if (!user_ringbuf_peek(map, &p, &size))
			user_ringbuf_release(map, size);
		user_ringbuf_end(map, true);
	}
}

static void test_drain_survives(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, &fd);
	struct ring *ring = map->priv;
	u32 len = 8, size;
	u64 rng = 3;
	u8 *p;

	for (u64 i = 0; i < 256; i++)
		memcpy(ring_at(ring, 16 * i), &len, sizeof(len));
	for (u32 i = 0; i < KILLS; i++) {
		pid_t pid = start(map, drain_work, i);

		for (u32 k = 0; k < 20; k++) {
			u64 room = *ring->consumer + ring->size;

			__atomic_store_n(ring->producer, room & ~15ull, __ATOMIC_RELEASE);
			nap(map_random(&rng) % 50);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(user_ringbuf_begin(map));
		while (!user_ringbuf_peek(map, &p, &size)) {
			assert_int_equal(size, 8);
			user_ringbuf_release(map, size);
		}
		assert_int_equal(*ring->consumer, *ring->producer);
		user_ringbuf_end(map, true);
	}
	map_drop(map, fd);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_survives),
		cmocka_unit_test(test_lru_hash_survives),
		cmocka_unit_test(test_hash_of_maps_survives),
		cmocka_unit_test(test_half_update),
		cmocka_unit_test(test_half_insert),
		cmocka_unit_test(test_ringbuf_survives),
		cmocka_unit_test(test_ringbuf_full_of_dead),
		cmocka_unit_test(test_queue_survives),
		cmocka_unit_test(test_arena_survives),
		cmocka_unit_test(test_readers_beside_writers),
		cmocka_unit_test(test_nested_update),
		cmocka_unit_test(test_drain_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
