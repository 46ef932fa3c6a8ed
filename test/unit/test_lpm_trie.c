/* lpm_trie against a model that looks at every prefix; beside writers; after kills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include "killed.h"
#include "map_fixture.h"

enum { MOST = 300, DATA = 256 };

struct key {
	u32 len;
	u8 data[DATA];
};

struct model {
	struct key key[MOST];
	u64 value[MOST];
	u32 n, max, bytes;
};

static bool bit(const struct key *k, u32 i)
{
	return k->data[i / 8] >> (7 - i % 8) & 1;
}

static bool same(const struct key *a, const struct key *b, u32 len)
{
	for (u32 i = 0; i < len; i++)
		if (bit(a, i) != bit(b, i))
			return false;
	return true;
}

static u32 model_find(const struct model *m, const struct key *k)
{
	for (u32 i = 0; i < m->n; i++)
		if (m->key[i].len == k->len && same(&m->key[i], k, k->len))
			return i;
	return m->n;
}

static u32 model_match(const struct model *m, const struct key *k)
{
	u32 best = m->n;

	for (u32 i = 0; i < m->n; i++)
		if (m->key[i].len <= k->len && same(&m->key[i], k, m->key[i].len) &&
		    (best == m->n || m->key[i].len > m->key[best].len))
			best = i;
	return best;
}

/* What is below comes before what is above, 0 before 1. */
static bool before(const struct key *a, const struct key *b)
{
	u32 len = MIN(a->len, b->len);

	for (u32 i = 0; i < len; i++)
		if (bit(a, i) != bit(b, i))
			return bit(b, i);
	return a->len > b->len;
}

static int model_update(struct model *m, const struct key *k, u64 value, u64 flags)
{
	u32 i = model_find(m, k);

	if (i < m->n && flags == SKEP_NOEXIST)
		return -EEXIST;
	if (i == m->n && flags == SKEP_EXIST)
		return -ENOENT;
	if (i == m->n && m->n == m->max)
		return -ENOSPC;
	m->key[i] = *k;
	m->value[i] = value;
	m->n += i == m->n;
	return 0;
}

static int model_remove(struct model *m, const struct key *k)
{
	u32 i = model_find(m, k);

	if (i == m->n)
		return -ENOENT;
	m->n--;
	m->key[i] = m->key[m->n];
	m->value[i] = m->value[m->n];
	return 0;
}

/* Bits that are often the same, lengths of all sizes. */
static void random_key(u64 *rng, u32 bytes, struct key *k)
{
	static const u8 some[] = {0, 0x80, 0xff, 0x81};

	memset(k, 0, sizeof(*k));
	for (u32 i = 0; i < bytes; i++)
		k->data[i] = map_random(rng) % 3 ? some[map_random(rng) % 4]
						 : (u8)map_random(rng);
	k->len = map_random(rng) % (8 * bytes + 1);
	if (map_random(rng) % 3 == 0)
		k->len %= 12;
}

static void check_order(struct map *map, const struct model *m)
{
	struct key key, next;
	u32 n = 0, i;

	for (void *at = NULL; !map->ops->next_key(map, at, &next); at = &key) {
		assert_true(!at || before(&key, &next));
		key = next;
		i = model_find(m, &key);
		assert_true(i < m->n);
		assert_memory_equal(&key, &m->key[i], 4 + m->bytes);
		assert_true(++n <= m->n);
	}
	assert_int_equal(n, m->n);
}

static void check_lookup(struct map *map, const struct model *m, struct key *k, bool full)
{
	u64 *p, value = 0;
	u32 i;

	if (full)
		k->len = 8 * m->bytes;
	i = model_match(m, k);
	p = map->ops->lookup(map, k, 0);
	assert_int_equal(p != NULL, i < m->n);
	assert_true(!p || *p == m->value[i]);
	assert_int_equal(map->ops->read(map, k, &value), i < m->n ? 0 : -ENOENT);
	assert_true(!p || value == m->value[i]);
	assert_true(!p ||
		    ((u64_of(p) - map->values.lo - map->values.at) % map->values.stride ==
			     0 &&
		     u64_of(p) < map->values.hi));
}

static void against_model(struct store *store, u32 bytes, u32 max, u32 rounds)
{
	static struct model m;
	u64 rng = bytes * 1000003ull + max, value;
	struct key key;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_LPM_TRIE, 4 + bytes, 8, max, &fd);

	m.n = 0;
	m.max = max;
	m.bytes = bytes;
	for (u32 i = 0; i < rounds; i++) {
		u32 flags = map_random(&rng) % 8;

		random_key(&rng, bytes, &key);
		value = map_random(&rng);
		if (m.n && map_random(&rng) % 4 == 0)
			key = m.key[map_random(&rng) % m.n];
		flags = flags < 3 ? flags : SKEP_ANY;
		if (map_random(&rng) % 3)
			assert_int_equal(map->ops->update(map, &key, &value, flags, 0),
					 model_update(&m, &key, value, flags));
		else
			assert_int_equal(map->ops->remove(map, &key),
					 model_remove(&m, &key));
		check_lookup(map, &m, &key, i % 2);
		random_key(&rng, bytes, &key);
		check_lookup(map, &m, &key, i % 2);
		if (i % 100 == 0)
			check_order(map, &m);
	}
	while (m.n) {
		key = m.key[map_random(&rng) % m.n];
		assert_int_equal(map->ops->remove(map, &key), 0);
		model_remove(&m, &key);
		check_order(map, &m);
	}
	map_drop(map, fd);
}

static void test_model(void **state)
{
	static const u32 bytes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 20, 256};
	struct store *store = map_store();

	for (u32 i = 0; i < ARRAY_SIZE(bytes); i++) {
		against_model(store, bytes[i], 1, 500);
		against_model(store, bytes[i], 7, 2000);
		against_model(store, bytes[i], MOST, 3000);
	}
	store_close(store);
}

/* ---- kills ---- */

enum { MAX = 60, WORDS = 6, KILLS = 200 };

/* Few enough prefixes that all meet: 0 to 5 bits, 14 to 18, 30 to 32. */
static void few_keys(u64 *rng, struct key *k)
{
	u32 r = map_random(rng);

	memset(k, 0, sizeof(*k));
	k->len = r % 3 == 0 ? r / 3 % 6 : r % 3 == 1 ? 14 + r / 3 % 5 : 30 + r / 3 % 3;
	k->data[0] = r >> 8 & 0x88;
	k->data[1] = r >> 16 & 0x0f;
	k->data[3] = r >> 24 & 0x03;
}

/* Longer ones have greater numbers. */
static u32 key_number(const struct key *k)
{
	u32 n = 1;

	for (u32 i = 0; i < k->len; i++)
		n = n * 31 + bit(k, i);
	return k->len << 24 | (n & 0xffffff);
}

/* A value tells of which prefix it is, and whether it is whole. */
static void value_make(u64 *value, const struct key *k, u64 nonce)
{
	for (u32 i = 0; i < WORDS; i++)
		value[i] = (nonce << 32 | key_number(k)) * (2 * i + 1);
}

static bool value_whole(const u64 *value)
{
	for (u32 i = 1; i < WORDS; i++)
		if (value[i] != value[0] * (2 * i + 1))
			return false;
	return true;
}

/* Whether a value is of a prefix of `k`. */
static bool value_fits(const u64 *value, const struct key *k)
{
	struct key at = *k;

	for (at.len = 0; at.len <= k->len; at.len++)
		if ((u32)value[0] == key_number(&at))
			return value_whole(value);
	return false;
}

static bool work(void *thing, u64 *rng)
{
	struct map *map = thing;
	struct key key;
	u64 value[WORDS];

	few_keys(rng, &key);
	value_make(value, &key, map_random(rng));
	if (map_random(rng) % 2)
		map->ops->update(map, &key, value, SKEP_ANY, 0);
	else
		map->ops->remove(map, &key);
	return true;
}

/* What others can see at any time. */
static void check_any_time(struct map *map, u64 *rng)
{
	u64 value[WORDS];
	struct key key;

	for (int i = 0; i < 50; i++) {
		int err;

		few_keys(rng, &key);
		key.len = 32;
		err = map->ops->read(map, &key, value);
		assert_true(!err || err == -ENOENT);
		assert_true(err || value_fits(value, &key));
	}
}

static void check_matches(struct map *map, const struct model *m, u64 *rng)
{
	u64 value[WORDS];
	struct key key;

	for (int n = 0; n < 500; n++) {
		u32 i;

		few_keys(rng, &key);
		key.len = 32;
		i = model_match(m, &key);
		assert_int_equal(map->ops->read(map, &key, value),
				 i < m->n ? 0 : -ENOENT);
		assert_true(i == m->n || value[0] == m->value[i]);
	}
}

/* With nobody else at work: an iteration gives what lookups find, and nothing is lost. */
static void check_complete(struct map *map, u64 *rng)
{
	static struct model m;
	struct key key, next = {0};
	u64 value[WORDS];

	m = (struct model){.max = MAX, .bytes = 4};
	for (void *at = NULL; !map->ops->next_key(map, at, &next); at = &key) {
		key = next;
		assert_true(m.n < MAX);
		assert_int_equal(map->ops->read(map, &key, value), 0);
		assert_true((u32)value[0] == key_number(&key) && value_whole(value));
		assert_int_equal(model_update(&m, &key, value[0], SKEP_NOEXIST), 0);
	}
	check_matches(map, &m, rng); /* before anybody has mended anything */
	for (u32 step = 0; step < 2000; step++) {
		few_keys(rng, &key);
		value_make(value, &key, step);
		if (map_random(rng) % 2)
			assert_int_equal(map->ops->update(map, &key, value, SKEP_ANY, 0),
					 model_update(&m, &key, value[0], SKEP_ANY));
		else
			assert_int_equal(map->ops->remove(map, &key),
					 model_remove(&m, &key));
	}
	check_matches(map, &m, rng);
}

static void check_now(void *thing)
{
	u64 rng = 7;

	check_any_time(thing, &rng);
}

static void check_at_rest(void *thing)
{
	u64 rng = 9;

	check_complete(thing, &rng);
}

static void test_survives(void **state)
{
	static const struct killed lpm = {
		.work = work, .check = check_now, .complete = check_at_rest};
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_LPM_TRIE, 8, WORDS * 8, MAX, &fd);

	killed_beside_others(&lpm, map, killed_times(KILLS), 3);
	map_drop(map, fd);
	store_close(store);
}

/* Dies in the middle of a change, with everything half that may be: lpm_trie.c says where
 * it stands. */
static void die_halfway(struct map *map, u32 nindex)
{
	u64 *seq = (u64 *)map->storage, *index = (u64 *)(map->storage + 128);
	pid_t pid = fork();

	if (!pid) {
		lock_take(map->obj.store, (u32 *)(map->storage + 64));
		++*seq;
		for (u32 i = 0; i < nindex; i++)
			index[i] = i % 3 ? i : 0;
		memset(map->storage + 68, 0, 28); /* how many; what is free */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void test_death_halfway(void **state)
{
	struct store *store = map_store();
	u64 rng = 8, value[WORDS];
	struct key key;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_LPM_TRIE, 8, WORDS * 8, MAX, &fd);

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 20; i++) {
			few_keys(&rng, &key);
			value_make(value, &key, i);
			map->ops->update(map, &key, value, SKEP_ANY, 0);
		}
		die_halfway(map, 256);
		check_complete(map, &rng);
	}
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

/* 10.1/16 stays, with values that grow; everything around it comes and goes. */
static struct key stable = {16, {10, 1}};

static void *race_write(void *arg)
{
	struct race *r = arg;
	u64 rng = r->seed, value[WORDS];

	for (u64 n = 1; !__atomic_load_n(&r->stop, __ATOMIC_RELAXED); n++) {
		struct key key = {map_random(&rng) % 33,
				  {10, 1, map_random(&rng) & 3, 7}};
		const struct map_ops *ops = r->map->ops;

		if (r->seed % 4 == 1) { /* one writer's, so that the order is known */
			value_make(value, &stable, n);
			r->wrong +=
				ops->update(r->map, &stable, value, SKEP_EXIST, 0) != 0;
		}
		if (key.len == stable.len)
			continue;
		value_make(value, &key, n);
		if (map_random(&rng) % 2)
			ops->update(r->map, &key, value, SKEP_ANY, 0);
		else
			ops->remove(r->map, &key);
	}
	return NULL;
}

static void *race_read(void *arg)
{
	struct race *r = arg;
	u64 rng = r->seed, value[WORDS], seen = 0;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		struct key key = {32, {10, 1, map_random(&rng) & 7, 7}}, next;
		const struct map_ops *ops = r->map->ops;

		/* never less than the one that stays */
		r->wrong += !ops->lookup(r->map, &key, 0);
		r->wrong += ops->read(r->map, &key, value) || !value_fits(value, &key) ||
			    (u32)value[0] < key_number(&stable);
		r->wrong += ops->read(r->map, &stable, value) || !value_whole(value) ||
			    (u32)value[0] != key_number(&stable) || value[0] < seen;
		seen = value[0];
		/* the one behind the stable one is above it, or the last */
		if (!ops->next_key(r->map, &stable, &next))
			r->wrong += next.len >= stable.len || next.data[0] != 10;
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
	struct map *map = map_make(store, SKEP_MAP_TYPE_LPM_TRIE, 8, WORDS * 8, 6, &fd);

	value_make(value, &stable, 0);
	assert_int_equal(map->ops->update(map, &stable, value, SKEP_NOEXIST, 0), 0);
	for (int i = 0; i < 4; i++) {
		race[i] = (struct race){.map = map, .seed = 16 + i};
		pthread_create(&threads[i], NULL, i % 2 ? race_write : race_read,
			       &race[i]);
	}
	usleep(900000);
	for (int i = 0; i < 4; i++) {
		__atomic_store_n(&race[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
		assert_int_equal(race[i].wrong, 0);
	}
	assert_true(race[0].reads > 1000);
	map_drop(map, fd);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_survives),
		cmocka_unit_test(test_death_halfway),
		cmocka_unit_test(test_readers_beside_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
