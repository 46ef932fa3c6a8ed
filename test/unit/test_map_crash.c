/* Processes that die in the middle of a change, threads that read what others write,
 * signal handlers: nothing is wedged, lost, or seen half. test_kill_maps.c and its
 * neighbours kill at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include "map_fixture.h"
#include "htab_core.h"
#include "ringbuf.h"
#include "whole_value.h"

enum { MAX = 50, KEYS = 80 };

/* ---- hash ---- */

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
				 key < MAX ? 0 : -E2BIG);
	}
	assert_int_equal(hash_check(map), MAX);
	for (key = 0; key < KEYS; key++)
		assert_int_equal(map->ops->update(map, &key, value, SKEP_EXIST, 0),
				 key < MAX ? 0 : -ENOENT);
	for (key = 0; key < KEYS; key++)
		map->ops->remove(map, &key);
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
	u32 *link = &t->buckets[bucket].link[0];

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

/* Insertions up to the stores of links, of which the bytes of hash tell. */
static void half_insert(struct htab *t, u32 bucket)
{
	t->head->fresh++;
	t->buckets[bucket].tags = ~0ull;
}

/* Nobody wants the dead one's lock; what it took is found when there is nothing else. In
 * its bucket there is no slot until then, but the chain. */
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
	for (u32 b = 0; b <= t->mask; b++)
		for (u32 i = 0; i < HTAB_SLOTS; i++)
			assert_int_equal(!(t->buckets[b].tags >> 8 * i & 255),
					 !t->buckets[b].link[i]);
	map_drop(map, fd);
	store_close(store);
}

static void no_slots(struct htab *t, u32 bucket)
{
	for (u32 b = 0; b <= t->mask; b++)
		t->buckets[b].tags = ~0ull;
}

/* Where no bucket has a slot, all is as ever. */
static void test_chains_alone(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_HASH, 4, WORDS * 8, MAX, &fd);

	for (u32 round = 0; round < 3; round++) {
		u64 value[WORDS];

		die_locked(map, round, no_slots);
		for (u32 key = 0; key < MAX; key++) {
			value_make(value, key, round);
			assert_int_equal(map->ops->update(map, &key, value, SKEP_ANY, 0),
					 0);
		}
		assert_int_equal(hash_check(map), MAX);
		hash_complete(map);
	}
	map_drop(map, fd);
	store_close(store);
}

/* ---- ringbuf ---- */

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
		usleep(100000);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_update),
		cmocka_unit_test(test_half_insert),
		cmocka_unit_test(test_chains_alone),
		cmocka_unit_test(test_ringbuf_full_of_dead),
		cmocka_unit_test(test_readers_beside_writers),
		cmocka_unit_test(test_nested_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
