/* Each map type by its ops, against a model; what storage does to us when it is hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include "map_arena.h"
#include "map_fixture.h"
#include "htab.h"
#include "local_storage.h"
#include "stack_trace.h"
#include "user_ringbuf.h"

static void test_type_table(void **state)
{
	assert_null(map_type(0));
	assert_null(map_type(SKEP_MAP_TYPE_DEVMAP));
	assert_null(map_type(UINT32_MAX));
	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++) {
		const char *why;

		assert_int_equal(map_refusal(type, &why), -EINVAL);
		assert_int_equal(!why, !!map_type(type)); /* one or the other */
	}
	assert_string_equal(map_type(SKEP_MAP_TYPE_LRU_HASH)->name, "lru_hash");
	assert_string_equal(map_type(SKEP_MAP_TYPE_PROG_ARRAY)->name, "prog_array");
}

/* ---- array and percpu_array ---- */

static void test_array(void **state)
{
	struct store *store = map_store();
	u32 key = 2;
	u8 value[12] = "hello world", *p;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_ARRAY, 4, 12, 3, &fd);

	assert_int_equal(map->ops->update(map, &key, value, SKEP_ANY, 0), 0);
	p = map->ops->lookup(map, &key, 0);
	assert_memory_equal(p, value, 12);
	assert_int_equal(u64_of(p),
			 map->values.lo + 2 * map->values.stride + map->values.at);
	assert_int_equal(map->values.hi - map->values.lo, 48);
	assert_int_equal(map->ops->update(map, &key, value, SKEP_NOEXIST, 0), -EEXIST);
	assert_int_equal(map->ops->update(map, &key, value, 3, 0), -EINVAL);
	assert_int_equal(map->ops->update(map, &key, value, SKEP_F_LOCK, 0), -EINVAL);
	assert_int_equal(map->ops->remove(map, &key), -EINVAL);
	key = 3;
	assert_null(map->ops->lookup(map, &key, 0));
	assert_int_equal(map->ops->update(map, &key, value, SKEP_F_LOCK, 0), -E2BIG);
	assert_int_equal(map->ops->update(map, &key, value, SKEP_ANY, 0), -E2BIG);
	map_drop(map, fd);
	store_close(store);
}

static void test_percpu(void **state)
{
	static const u32 types[] = {SKEP_MAP_TYPE_PERCPU_ARRAY, SKEP_MAP_TYPE_PERCPU_HASH,
				    SKEP_MAP_TYPE_LRU_PERCPU_HASH};
	struct store *store = map_store();
	u32 slots = store_slots(store);
	u64 all[1024 * 2], *p, seven = 7;

	for (u32 t = 0; t < ARRAY_SIZE(types); t++) {
		u32 key = 1;
		int fd;
		struct map *map = map_make(store, types[t], 4, 8, 3, &fd);

		assert_int_equal(map_user_value_size(map), 8 * slots);
		for (u32 i = 0; i < slots; i++)
			all[i] = 100 + i;
		assert_int_equal(map->ops->write(map, &key, all, SKEP_ANY), 0);
		for (u32 i = 0; i < slots; i++) {
			p = map->ops->lookup(map, &key, i);
			assert_int_equal(*p, 100 + i);
			assert_true(u64_of(p) >= map->values.lo &&
				    u64_of(p) < map->values.hi);
			assert_int_equal(
				(u64_of(p) - map->values.lo) % map->values.stride, 0);
		}
		assert_null(map->ops->lookup(map, &key, slots));
		assert_int_equal(map->ops->update(map, &key, &seven, SKEP_ANY, slots),
				 -EINVAL);
		assert_int_equal(map->ops->update(map, &key, &seven, SKEP_ANY, slots - 1),
				 0);
		assert_int_equal(map->ops->read(map, &key, all), 0);
		assert_int_equal(all[slots - 1], 7);
		assert_int_equal(all[0], slots == 1 ? 7 : 100);
		/* another program's new element: the other copies are 0 */
		key = 2;
		assert_int_equal(map->ops->update(map, &key, &seven, SKEP_ANY, 0), 0);
		assert_int_equal(map->ops->read(map, &key, all), 0);
		assert_int_equal(all[0], 7);
		for (u32 i = 1; i < slots; i++)
			assert_int_equal(all[i], 0);
		map_drop(map, fd);
	}
	store_close(store);
}

/* ---- hash against a model ---- */

enum { KEYS = 64 };

struct model {
	bool there[KEYS];
	u64 value[KEYS];
	u32 n;
};

static int model_update(struct model *m, u32 k, u64 value, u64 flags, u32 max)
{
	if (m->there[k] && flags == SKEP_NOEXIST)
		return -EEXIST;
	if (!m->there[k] && flags == SKEP_EXIST)
		return -ENOENT;
	if (!m->there[k] && m->n == max)
		return -E2BIG;
	m->n += !m->there[k];
	m->there[k] = true;
	m->value[k] = value;
	return 0;
}

static int model_remove(struct model *m, u32 k)
{
	if (!m->there[k])
		return -ENOENT;
	m->there[k] = false;
	m->n--;
	return 0;
}

/* All that an iteration gives is what the model has, once each. */
static void check_keys(struct map *map, const struct model *m, const u8 *keys,
		       u32 key_size)
{
	u8 key[64], next[64];
	u32 n = 0, k;

	for (void *at = NULL; !map->ops->next_key(map, at, next); at = key) {
		memcpy(key, next, key_size);
		for (k = 0; k < KEYS && memcmp(keys + k * key_size, key, key_size); k++)
			;
		assert_true(k < KEYS && m->there[k]);
		assert_true(++n <= m->n);
	}
	assert_int_equal(n, m->n);
}

static void hash_against_model(struct store *store, u32 type, u32 key_size, u32 max)
{
	struct model m = {0};
	u64 rng = 1 + key_size * 1000003ull + max, all[1024];
	u8 keys[KEYS * 64];
	int fd;
	struct map *map = map_make(store, type, key_size, 8, max, &fd);

	for (u32 i = 0; i < sizeof(keys); i++)
		keys[i] = (u8)map_random(&rng);
	for (u32 i = 0; i < KEYS && key_size < 4; i++) /* all different */
		keys[i * key_size] = (u8)i;
	for (int i = 0; i < 20000; i++) {
		u32 k = map_random(&rng) % KEYS, flags = map_random(&rng) % 3;
		u8 *key = keys + k * key_size;
		u64 value = map_random(&rng), *p;

		switch (map_random(&rng) % 5) {
		case 0:
		case 1:
			assert_int_equal(map->ops->update(map, key, &value, flags, 0),
					 model_update(&m, k, value, flags, max));
			break;
		case 2:
			assert_int_equal(map->ops->remove(map, key), model_remove(&m, k));
			break;
		case 3:
			p = map->ops->lookup(map, key, 0);
			assert_int_equal(p != NULL, m.there[k]);
			assert_true(!p || *p == m.value[k]);
			break;
		default:
			value = m.value[k];
			assert_int_equal(map->ops->take(map, key, all),
					 model_remove(&m, k));
			break;
		}
		if (i % 500 == 0)
			check_keys(map, &m, keys, key_size);
	}
	map_drop(map, fd);
}

static void test_hash_model(void **state)
{
	static const u32 key_sizes[] = {1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 24, 31, 40, 64};
	static const u32 sizes[] = {1, 2, 7, 40, 64, 100};
	struct store *store = map_store();

	for (u32 i = 0; i < ARRAY_SIZE(key_sizes); i++)
		for (u32 j = 0; j < ARRAY_SIZE(sizes); j++) {
			hash_against_model(store, SKEP_MAP_TYPE_HASH, key_sizes[i],
					   sizes[j]);
			if (sizes[j] >= KEYS) /* else it evicts */
				hash_against_model(store, SKEP_MAP_TYPE_LRU_HASH,
						   key_sizes[i], sizes[j]);
		}
	hash_against_model(store, SKEP_MAP_TYPE_PERCPU_HASH, 4, 40);
	hash_against_model(store, SKEP_MAP_TYPE_LRU_PERCPU_HASH, 4, KEYS);
	store_close(store);
}

/* Keys that differ in one bit, or count, must not gather in few buckets. */
static void test_hash_spreads(void **state)
{
	struct store *store = map_store();
	u8 seen[4096];
	u32 used;

	for (u32 len = 1; len <= 40; len++) {
		memset(seen, 0, sizeof(seen));
		used = 0;
		for (u32 i = 0; i < 4096 && i < 1u << MIN(8 * len, 12); i++) {
			u8 key[40] = {0};

			memcpy(key + (len > 4 ? len - 4 : 0), &i, MIN(len, 4));
			used += !seen[htab_hash(77, key, len) & 4095]++;
		}
		/* of n keys in n buckets 63 in 100 are the first in theirs */
		assert_true(used >= (len == 1 ? 230 : 2400));
	}
	store_close(store);
}

/* ---- LRU ---- */

static void evicts(u32 type)
{
	struct store *store = map_store();
	u64 value = 1, all[1024];
	u32 n = 0, key, next, hot = 0;
	int fd;
	struct map *map = map_make(store, type, 4, 8, 100, &fd);

	for (key = 0; key < 10000; key++) {
		assert_int_equal(map->ops->update(map, &key, &value, SKEP_NOEXIST, 0), 0);
		assert_non_null(map->ops->lookup(map, &hot, 0)); /* used: never evicted */
	}
	for (u32 *at = NULL; !map->ops->next_key(map, at, &next); at = &key, key = next)
		n++;
	assert_int_equal(n, 100);
	/* user space's reads do not count as use */
	for (key = 20000; key < 20300; key++) {
		map->ops->read(map, &hot, all);
		assert_int_equal(map->ops->update(map, &key, &value, SKEP_ANY, 0), 0);
	}
	assert_null(map->ops->lookup(map, &hot, 0));
	map_drop(map, fd);
	store_close(store);
}

static void test_lru(void **state)
{
	evicts(SKEP_MAP_TYPE_LRU_HASH);
	evicts(SKEP_MAP_TYPE_LRU_PERCPU_HASH);
}

/* ---- stack_trace ---- */

static void no_names(void *arg, const u64 *ips, u32 n, struct skep_stack_build_id *out)
{
	memset(out, 0, n * sizeof(*out));
	for (u32 i = 0; i < n; i++)
		out[i].ip = ips[i];
}

/* Different stacks until one wants the place of `id`. */
static void collide(const struct map *map, s64 id, u64 ips[2])
{
	u32 mask = (u32)pow2_ceil(map->info.max_entries) - 1;

	do
		ips[0]++;
	while ((htab_hash(0, (u8 *)ips, 16) & mask) != id);
}

static void stacks(u32 flags, u32 size)
{
	const bool named = flags;
	struct store *store = map_store();
	int fd = map_make_fd(store, SKEP_MAP_TYPE_STACK_TRACE, 4, 2 * size, 3, flags);
	u64 ips[2] = {1, 2}, value[8];
	struct object *obj;
	struct map *map;
	u32 key;
	s64 id;

	assert_int_equal(object_get(store, fd, OBJECT_MAP, &obj, NULL), 0);
	map = (struct map *)obj;
	id = stack_trace_put(map, ips, 2, 0, no_names, NULL);
	assert_in_range(id, 0, 3);
	assert_int_equal(stack_trace_put(map, ips, 2, 0, no_names, NULL), id);
	collide(map, id, ips);
	assert_int_equal(stack_trace_put(map, ips, 2, 0, no_names, NULL), -EEXIST);
	assert_int_equal(
		stack_trace_put(map, ips, 2, SKEP_F_FAST_STACK_CMP, no_names, NULL),
		-EEXIST);
	assert_int_equal(
		stack_trace_put(map, ips, 2, SKEP_F_REUSE_STACKID, no_names, NULL), id);
	key = (u32)id;
	assert_int_equal(map->ops->read(map, &key, value), 0);
	assert_int_equal(value[named ? 3 : 0], ips[0]);
	assert_int_equal(value[named ? 7 : 1], 2);
	/* two more stand elsewhere: then there is room for no other */
	for (s64 k = 1; k < 3; k++) {
		collide(map, (id + k) % 4, ips);
		assert_int_equal(stack_trace_put(map, ips, 2, 0, no_names, NULL),
				 (id + k) % 4);
	}
	assert_int_equal(stack_trace_put(map, ips, 2, 0, no_names, NULL),
			 named ? -ENOMEM : (id + 2) % 4);
	collide(map, id, ips);
	assert_int_equal(stack_trace_put(map, ips, 2, 0, no_names, NULL),
			 named ? -ENOMEM : -EEXIST);
	assert_int_equal(
		stack_trace_put(map, ips, 2, SKEP_F_REUSE_STACKID, no_names, NULL),
		-ENOMEM);
	assert_int_equal(map->ops->remove(map, &key), 0);
	assert_int_equal(stack_trace_put(map, ips, 1, 0, no_names, NULL) >= 0, 1);
	map_drop(map, fd);
	store_close(store);
}

static void test_stack_trace(void **state)
{
	stacks(0, 8);
	stacks(SKEP_F_STACK_BUILD_ID, 32);
}

/* ---- task_storage, cgrp_storage ---- */

static bool gone_are_even(const struct local_owner *owner)
{
	return owner->who % 2 == 0;
}

static const struct local_kind kind_of_numbers = {.gone = gone_are_even};

static u64 *local_get(struct map *map, u64 who, bool create)
{
	struct local_owner owner = {.who = who, .since = 1};

	return local_storage_get(map, &kind_of_numbers, &owner, &who, create);
}

/* There is room for as many as there may be threads; a full map takes back the room of
 * owners that are gone, and of those alone. */
static void test_local_storage(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_TASK_STORAGE, 4, 8, 0, &fd);
	const u64 n = map->info.owners;
	struct local_owner last = {2 * n - 1, 1}, other = {2, 2};
	u64 *value;

	assert_in_range(n, 4096, LOCAL_OWNERS);
	for (u64 who = 1; who < 2 * n; who += 2) {
		assert_null(local_get(map, who, false));
		assert_int_equal(*local_get(map, who, true), who);
	}
	assert_null(local_get(map, 0, true));
	for (u64 who = 1; who < n; who += 2)
		assert_int_equal(*local_get(map, who, false), who);
	assert_int_equal(local_storage_delete(map, &last), 0);
	assert_int_equal(local_storage_delete(map, &last), -ENOENT);
	value = local_storage_get(map, &kind_of_numbers, &other, NULL, true);
	assert_int_equal(*value, 0);
	assert_non_null(local_get(map, 4, true)); /* in the place of `other` */
	assert_null(local_storage_get(map, &kind_of_numbers, &other, NULL, false));
	map_drop(map, fd);
	store_close(store);
}

/* Each new owner takes back the room of some that are gone: few stay. */
static void test_local_storage_gone(void **state)
{
	struct store *store = map_store();
	int fd, left = 0;
	struct map *map = map_make(store, SKEP_MAP_TYPE_CGRP_STORAGE, 4, 8, 0, &fd);

	for (u64 who = 0; who < 20000; who += 2)
		assert_int_equal(*local_get(map, who, true), who);
	for (u64 who = 0; who < 20000; who += 2)
		left += !!local_get(map, who, false);
	assert_in_range(left, 1, 1000);
	map_drop(map, fd);
	store_close(store);
}

/* ---- prog_array ---- */

static int make_prog(struct store *store, u32 type, u32 attach_type, u32 flags, u32 *id)
{
	struct object *obj;
	u32 kind[3] = {type, attach_type, flags};

	assert_int_equal(object_create(store, OBJECT_PROG, OBJECT_HEAD_SIZE, &obj), 0);
	memcpy(obj->head->data, kind, sizeof(kind));
	*id = obj->id;
	return object_ready(obj, O_RDWR);
}

static void test_prog_array(void **state)
{
	struct store *store = map_store();
	u32 key = 1, id, other_id, got;
	int fd, other, xdp = make_prog(store, SKEP_PROG_TYPE_XDP, 0, 0, &id);
	struct map *map = map_make(store, SKEP_MAP_TYPE_PROG_ARRAY, 4, 4, 4, &fd);

	assert_null(map->ops->lookup);
	assert_int_equal(map->ops->read(map, &key, &got), -ENOENT);
	assert_int_equal(map->ops->write(map, &key, &fd, SKEP_ANY), -EINVAL);
	assert_int_equal(map->ops->write(map, &key, &xdp, SKEP_EXIST), -EINVAL);
	assert_int_equal(map->ops->write(map, &key, &xdp, SKEP_ANY), 0);
	assert_int_equal(map->ops->read(map, &key, &got), 0);
	assert_int_equal(got, id);
	other = make_prog(store, SKEP_PROG_TYPE_SOCKET_FILTER, 0, 0, &other_id);
	assert_int_equal(map->ops->write(map, &key, &other, SKEP_ANY), -EINVAL);
	close(other);
	other = make_prog(store, SKEP_PROG_TYPE_XDP, 0, SKEP_F_XDP_HAS_FRAGS, &other_id);
	assert_int_equal(map->ops->write(map, &key, &other, SKEP_ANY), -EINVAL);
	close(other);
	assert_true(prog_array_fits(map, SKEP_PROG_TYPE_XDP, 0, false));
	assert_false(prog_array_fits(map, SKEP_PROG_TYPE_XDP, 0, true));
	assert_false(prog_array_fits(map, SKEP_PROG_TYPE_SCHED_CLS, 0, false));
	/* the map keeps its program, as long as it is in there */
	close(xdp);
	store_sweep(store);
	xdp = object_open_id(store, OBJECT_PROG, id, O_RDWR);
	assert_true(xdp >= 0);
	close(xdp);
	assert_int_equal(map->ops->remove(map, &key), 0);
	assert_int_equal(map->ops->remove(map, &key), -ENOENT);
	store_sweep(store);
	assert_int_equal(object_open_id(store, OBJECT_PROG, id, O_RDWR), -ENOENT);
	map_drop(map, fd);
	store_close(store);
}

/* ---- queue, stack, bloom_filter ---- */

/* Against a model that moves everything. */
static void queue_against_model(struct store *store, bool stack, u32 max)
{
	u64 rng = max, model[8], value, got;
	u32 n = 0;
	int fd;
	struct map *map = map_make(
		store, stack ? SKEP_MAP_TYPE_STACK : SKEP_MAP_TYPE_QUEUE, 0, 8, max, &fd);

	for (int i = 0; i < 20000; i++) {
		u64 flags = map_random(&rng) % 4 ? SKEP_ANY : SKEP_EXIST;
		u32 at = stack ? n - 1 : 0;

		value = map_random(&rng);
		if (map_random(&rng) % 2) {
			assert_int_equal(map->ops->write(map, NULL, &value, flags),
					 n == max && !flags ? -E2BIG : 0);
			if (n == max && flags)
				memmove(model, model + 1, 8 * --n);
			if (n < max)
				model[n++] = value;
			continue;
		}
		got = 1;
		assert_int_equal(map->ops->read(map, NULL, &got), n ? 0 : -ENOENT);
		assert_int_equal(got, n ? model[at] : 0);
		assert_int_equal(map->ops->take(map, NULL, &got), n ? 0 : -ENOENT);
		assert_int_equal(got, n ? model[at] : 0);
		if (n && !stack)
			memmove(model, model + 1, 8 * (n - 1));
		n -= n > 0;
	}
	map_drop(map, fd);
}

static void test_queue_model(void **state)
{
	struct store *store = map_store();

	for (u32 max = 1; max <= 8; max++) {
		queue_against_model(store, false, max);
		queue_against_model(store, true, max);
	}
	store_close(store);
}

/* What was pushed is always found; what was not as rarely as the bits allow. */
static void test_bloom_filter(void **state)
{
	struct store *store = map_store();
	union skep_attr attr;
	struct object *obj;
	struct map *map;
	u32 value[3] = {0}, wrong, n = 10000;
	int fd;

	for (u32 hashes = 0; hashes < 16; hashes++) {
		memset(&attr, 0, sizeof(attr));
		attr.map_type = SKEP_MAP_TYPE_BLOOM_FILTER;
		attr.value_size = sizeof(value);
		attr.max_entries = n;
		attr.map_extra = hashes;
		fd = cmd_map_create(store, &attr);
		assert_true(fd >= 0);
		assert_int_equal(object_get(store, fd, OBJECT_MAP, &obj, NULL), 0);
		map = (struct map *)obj;
		for (value[1] = 0; value[1] < n; value[1]++)
			assert_int_equal(map->ops->write(map, NULL, value, 0), 0);
		for (value[1] = 0; value[1] < n; value[1]++)
			assert_int_equal(map->ops->read(map, NULL, value), 0);
		for (wrong = 0; value[1] < 3 * n; value[1]++)
			wrong += !map->ops->read(map, NULL, value);
		/* half of the bits are set, or less: one in 2^hashes is wrong */
		assert_true(wrong <= 2 * n * 1.3 / (1 << (hashes ? hashes : 5)) + 5);
		map_drop(map, fd);
	}
	store_close(store);
}

/* Four billion entries have the 2^32 bits that a hash can name. */
static void test_bloom_filter_sizes(void **state)
{
	const struct map_ops *ops = map_type(SKEP_MAP_TYPE_BLOOM_FILTER);
	struct map_info info = {.value_size = 4, .max_entries = 1};

	assert_int_equal(ops->size(&info), 64 + 8);
	info.max_entries = 100;
	assert_int_equal(ops->size(&info), 64 + 1024 / 8);
	for (info.extra = 1; info.extra < 16; info.extra++) {
		info.max_entries = UINT32_MAX;
		assert_int_equal(ops->size(&info), 64 + (1ull << 29));
	}
}

/* ---- ringbuf ---- */

struct consumer {
	u64 *pos, *produced;
	u8 *data;
	u64 size;
	void *at[2];
};

static void consumer_open(struct map *map, struct consumer *c)
{
	u64 page = sysconf(_SC_PAGESIZE);

	memset(c, 0, sizeof(*c));
	c->size = map->info.max_entries;
	assert_int_equal(map_mmap(map, O_RDWR, &c->at[0], page, PROT_READ | PROT_WRITE,
				  MAP_SHARED, 0),
			 0);
	assert_int_equal(map_mmap(map, O_RDWR, &c->at[1], page + 2 * c->size, PROT_READ,
				  MAP_SHARED, page),
			 0);
	c->pos = c->at[0];
	c->produced = c->at[1];
	c->data = (u8 *)c->at[1] + page;
}

static void consumer_close(struct consumer *c)
{
	u64 page = sysconf(_SC_PAGESIZE);

	munmap(c->at[0], page);
	munmap(c->at[1], page + 2 * c->size);
}

/* The next sample as libbpf's consumer finds it: its length, -1 for one that was
 * discarded, -2 if there is none. */
static int consume(struct consumer *c, const u8 **sample)
{
	u64 pos = *c->pos;
	u32 len;

	if (pos >= __atomic_load_n(c->produced, __ATOMIC_ACQUIRE))
		return -2;
	len = __atomic_load_n((u32 *)(c->data + (pos & (c->size - 1))), __ATOMIC_ACQUIRE);
	if (len & SKEP_RINGBUF_BUSY_BIT)
		return -2;
	*sample = c->data + (pos & (c->size - 1)) + SKEP_RINGBUF_HDR_SZ;
	__atomic_store_n(
		c->pos,
		pos + round_up((len & ~SKEP_RINGBUF_DISCARD_BIT) + SKEP_RINGBUF_HDR_SZ,
			       8),
		__ATOMIC_RELEASE);
	return len & SKEP_RINGBUF_DISCARD_BIT ? -1 : (int)len;
}

/* All sizes, so that records wrap at every place; every byte is looked at. */
static void test_ringbuf_wraps(void **state)
{
	struct store *store = map_store();
	struct consumer c;
	const u8 *got;
	u8 sample[300];
	u64 rng = 5;
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096, &fd);

	consumer_open(map, &c);
	for (u32 i = 0; i < 100000; i++) {
		u32 len = map_random(&rng) % sizeof(sample);
		bool discard = map_random(&rng) % 8 == 0;
		u8 *p = ringbuf_reserve(map, len);

		assert_non_null(p);
		memset(sample, (int)i, len);
		memcpy(p, sample, len);
		assert_int_equal(consume(&c, &got), -2); /* busy */
		ringbuf_commit(map, p, 0, discard);
		assert_int_equal(consume(&c, &got), discard ? -1 : (int)len);
		assert_true(discard || !memcmp(got, sample, len));
	}
	assert_int_equal(ringbuf_query(map, SKEP_RB_AVAIL_DATA), 0);
	assert_int_equal(ringbuf_query(map, SKEP_RB_CONS_POS), *c.pos);
	assert_int_equal(ringbuf_query(map, SKEP_RB_RING_SIZE), 4096);
	assert_int_equal(ringbuf_query(map, 17), 0);
	consumer_close(&c);
	map_drop(map, fd);
	store_close(store);
}

/* Positions that no honest process makes: a walk that wraps comes to its end. */
static void test_ringbuf_hostile_positions(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096, &fd);
	struct ring *ring = map->priv;

	for (u64 back = 0; back < 64; back++) {
		*ring->producer = UINT64_MAX;
		ring->head->pending = UINT64_MAX - back;
		ringbuf_reserve(map, 8);
	}
	map_drop(map, fd);
	store_close(store);
}

static void test_ringbuf_full(void **state)
{
	struct store *store = map_store();
	struct consumer c;
	const u8 *got;
	u8 *first, *second;
	u64 big[600] = {0};
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096, &fd);

	consumer_open(map, &c);
	assert_null(ringbuf_reserve(map, 4096));
	assert_null(ringbuf_reserve(
		map, 4096 - 8)); /* one byte less than all, as the kernel */
	assert_null(ringbuf_reserve(map, UINT64_MAX));
	assert_int_equal(map_poll(map), 0);
	assert_int_equal(ringbuf_output(map, big, 4080, 8), -EINVAL);
	assert_int_equal(ringbuf_output(map, big, 4080, 0), 0);
	assert_int_equal(ringbuf_output(map, big, 8, 0), -EAGAIN);
	assert_int_equal(map_poll(map), POLLIN | POLLRDNORM);
	assert_int_equal(consume(&c, &got), 4080);
	assert_int_equal(map_poll(map), 0);
	/* a record that is busy holds the place of those behind it, whatever was consumed
	 */
	first = ringbuf_reserve(map, 2000);
	second = ringbuf_reserve(map, 1000);
	ringbuf_commit(map, second, 0, false);
	*c.pos = *c.produced;
	assert_null(ringbuf_reserve(map, 2000));
	ringbuf_commit(map, first, 0, false);
	assert_non_null(ringbuf_reserve(map, 2000));
	consumer_close(&c);
	map_drop(map, fd);
	store_close(store);
}

/* Samples that only our side can put where no producer may: behind 4 GB of them, and one
 * that is larger than a dynptr. */
static void test_user_ringbuf(void **state)
{
	struct store *store = map_store();
	int fd;
	struct map *map = map_make(store, SKEP_MAP_TYPE_USER_RINGBUF, 0, 0, 1 << 25, &fd);
	struct ring *ring = map->priv;
	u64 at = (1ull << 33) - 16;
	u32 size;
	u8 *p;

	assert_true(user_ringbuf_begin(map));
	assert_false(user_ringbuf_begin(map));
	assert_int_equal(user_ringbuf_peek(map, &p, &size), -ENODATA);
	*ring->consumer = at;
	*ring->producer = at + 32;
	memcpy(ring_at(ring, at), &(u32){24}, 4);
	memcpy(ring_at(ring, at) + 8, "its bytes go around it", 23);
	assert_int_equal(user_ringbuf_peek(map, &p, &size), 0);
	assert_int_equal(size, 24);
	assert_string_equal((char *)p, "its bytes go around it");
	assert_memory_equal(ring->data, p + 8, 16);
	user_ringbuf_release(map, size);
	assert_int_equal(*ring->consumer, *ring->producer);
	*ring->producer += 1 << 25;
	memcpy(ring_at(ring, at + 32), &(u32){USER_RINGBUF_MOST + 1}, 4);
	assert_int_equal(user_ringbuf_peek(map, &p, &size), -E2BIG);
	memcpy(ring_at(ring, at + 32), &(u32){USER_RINGBUF_MOST}, 4);
	assert_int_equal(user_ringbuf_peek(map, &p, &size), 0);
	user_ringbuf_end(map, false);
	assert_true(user_ringbuf_begin(map));
	map_drop(map, fd);
	store_close(store);
}

/* ---- mmap and freeze ---- */

static void test_freeze(void **state)
{
	struct store *store = map_store();
	union skep_attr attr;
	struct object *obj;
	struct map *map;
	u64 page = sysconf(_SC_PAGESIZE);
	void *p = NULL;
	int fd = map_make_fd(store, SKEP_MAP_TYPE_ARRAY, 4, 8, 4, SKEP_F_MMAPABLE);

	assert_int_equal(object_get(store, fd, OBJECT_MAP, &obj, NULL), 0);
	map = (struct map *)obj;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	assert_int_equal(
		map_mmap(map, O_RDWR, &p, page, PROT_READ | PROT_WRITE, MAP_SHARED, 0),
		0);
	assert_int_equal(cmd_map_freeze(store, &attr), -EBUSY);
	((u64 *)p)[1] = 77;
	munmap(p, page);
	p = NULL;
	assert_int_equal(map_mmap(map, O_RDWR, &p, page, PROT_READ, MAP_SHARED, 0), 0);
	assert_int_equal(mprotect(p, page, PROT_READ | PROT_WRITE), -1);
	assert_int_equal(cmd_map_freeze(store, &attr), 0);
	assert_int_equal(((u64 *)p)[1], 77);
	munmap(p, page);
	p = NULL;
	assert_int_equal(map_mmap(map, O_RDWR, &p, page, PROT_WRITE, MAP_SHARED, 0),
			 -EPERM);
	map_drop(map, fd);
	store_close(store);
}

/* A mapping holds its map, as in the kernel. */
static void test_mapping_holds(void **state)
{
	struct store *store = map_store();
	u64 page = sysconf(_SC_PAGESIZE);
	struct object *obj;
	void *p = NULL;
	u32 id;
	int fd = map_make_fd(store, SKEP_MAP_TYPE_ARRAY, 4, 8, 4, SKEP_F_MMAPABLE);

	assert_int_equal(object_get(store, fd, OBJECT_MAP, &obj, NULL), 0);
	id = obj->id;
	assert_int_equal(
		map_mmap((struct map *)obj, O_RDWR, &p, page, PROT_READ, MAP_SHARED, 0),
		0);
	object_put(obj);
	close(fd);
	store_sweep(store);
	fd = object_open_id(store, OBJECT_MAP, id, O_RDWR);
	assert_true(fd >= 0);
	close(fd);
	munmap(p, page);
	store_sweep(store);
	assert_int_equal(object_open_id(store, OBJECT_MAP, id, O_RDWR), -ENOENT);
	store_close(store);
}

/* ---- failing allocation ---- */

static void test_no_memory(void **state)
{
	struct store *store = map_store();
	union skep_attr attr;
	u8 key[300] = {1}, value[3000] = {2};
	int fd, failed = 0;

	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++) {
		if (!map_type(type))
			continue;
		for (long n = 0; n < 20; n++) {
			mem_fail_after(n);
			fd = map_make_fd(store, type, map_key_size(type),
					 map_value_size(type), 4096, map_flags(type));
			mem_fail_after(-1);
			assert_true(fd >= 0 || fd == -ENOMEM);
			failed += fd < 0;
			if (fd >= 0)
				close(fd);
			store_sweep(store);
		}
	}
	assert_true(failed >= 4); /* four types have a view of their own */
	fd = map_make_fd(store, SKEP_MAP_TYPE_HASH, 300, 3000, 4, 0);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = u64_of(key);
	attr.value = u64_of(value);
	for (long n = 0; n < 2; n++) {
		mem_fail_after(n);
		assert_int_equal(cmd_map_update_elem(store, &attr), -ENOMEM);
		mem_fail_after(-1);
	}
	assert_int_equal(cmd_map_update_elem(store, &attr), 0);
	close(fd);
	store_close(store);
}

/* ---- hostile storage ---- */

static void abuse_ring(struct map *map, u64 *rng)
{
	void *p = ringbuf_reserve(map, map_random(rng) % 300);

	if (p)
		ringbuf_commit(map, p, 0, false);
}

static void abuse_user_ring(struct map *map)
{
	u32 size;
	u8 *p;

	if (!user_ringbuf_begin(map))
		return;
	for (u32 i = 0; i < 4; i++) {
		if (user_ringbuf_peek(map, &p, &size))
			continue;
		memset(p, 1, size);
		user_ringbuf_release(map, size);
	}
	user_ringbuf_end(map, true);
}

static void abuse_bucket(struct map *map, u64 *rng)
{
	u32 room = map_random(rng) % 8, size = 8 * map_user_value_size(map);
	u8 keys[8 * 16], *values = malloc(size);

	map->ops->bucket(map, map_random(rng) % 20, room, map_random(rng) % 2, keys,
			 values);
	free(values);
}

static void abuse_stacks(struct map *map, u64 *rng)
{
	u64 ips[STACK_TRACE_DEPTH];

	for (u32 i = 0; i < stack_trace_depth(map); i++)
		ips[i] = map_random(rng) % 8;
	stack_trace_put(map, ips, 1 + map_random(rng) % stack_trace_depth(map),
			map_random(rng) & (SKEP_F_REUSE_STACKID | SKEP_F_FAST_STACK_CMP),
			no_names, NULL);
}

static void abuse_local(struct map *map, u64 *rng)
{
	struct local_owner owner = {map_random(rng) % 8, 1};

	if (local_get(map, map_random(rng) % 8, map_random(rng) % 2))
		local_storage_delete(map, &owner);
}

static void ignore_id(void *arg, u32 id)
{
}

/* Addresses in and around the arena, whatever the storage says of where it is. */
static void abuse_arena(struct map *map, u64 *rng)
{
	u64 addr = map_arena_start(map) + (u64)(map_random(rng) % 8) * 4096 - 8192;
	u32 n = map_random(rng) % 4;
	u8 *p;

	switch (map_random(rng) % 4) {
	case 0: map_arena_alloc(map, addr, n); break;
	case 1: map_arena_free(map, addr, n); break;
	case 2: map_arena_reserve(map, addr, n); break;
	default:
		p = map_arena_at(map, (u32)addr + map_random(rng) % 4096, 8);
		if (p)
			memset(p, 1, 8);
	}
}

/* Every operation, on storage whose words others change as they please: no crash, no end
 * of time. What they return does not matter. */
static void abuse(struct map *map, u64 *rng)
{
	static u8 value[1024 * 64];
	const struct map_ops *ops = map->ops;
	u8 key[16];
	void *p;

	for (int i = 0; i < 12; i++) {
		u32 k = map_random(rng) % 8;

		memset(key, 0, sizeof(key));
		memcpy(key, &k, sizeof(k));
		switch (map_random(rng) % 8) {
		case 0:
			p = ops->lookup ? ops->lookup(map, key, 0) : NULL;
			if (p)
				memset(p, 1, map->info.value_size);
			break;
		case 1:
		case 2:
			if (ops->update)
				ops->update(map, key, value, map_random(rng) % 3, 0);
			break;
		case 3: ops->remove ? ops->remove(map, key) : 0; break;
		case 4: ops->read ? ops->read(map, key, value) : 0; break;
		case 5:
			ops->pushes ? ops->write(map, key, value, map_random(rng) % 3)
				    : 0;
			break;
		case 6:
			ops->next_key ? ops->next_key(map, k ? key : NULL, value) : 0;
			break;
		default: ops->take ? ops->take(map, key, value) : 0; break;
		}
		if (ops->bucket)
			abuse_bucket(map, rng);
		if (ops->refs)
			ops->refs(&map->info, map->storage, ignore_id, NULL);
		if (map->info.type == SKEP_MAP_TYPE_RINGBUF)
			abuse_ring(map, rng);
		else if (map->info.type == SKEP_MAP_TYPE_USER_RINGBUF)
			abuse_user_ring(map);
		else if (map->info.type == SKEP_MAP_TYPE_ARENA)
			abuse_arena(map, rng);
		else if (map->info.type == SKEP_MAP_TYPE_STACK_TRACE)
			abuse_stacks(map, rng);
		else if (map_is_local(map->info.type))
			abuse_local(map, rng);
		map_poll(map);
	}
}

/* Words near the limits are what breaks bounds. */
static u32 odd_word(u64 *rng, u32 n)
{
	switch (map_random(rng) % 4) {
	case 0: return map_random(rng);
	case 1: return map_random(rng) % (n + 2);
	case 2: return 0;
	default: return UINT32_MAX - map_random(rng) % 3;
	}
}

static void test_hostile_storage(void **state)
{
	struct store *store = map_store();
	u64 rng = 99;

	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++) {
		bool ring = map_is_ring(type), arena = type == SKEP_MAP_TYPE_ARENA;
		int rounds = map_is_local(type) ? 50 : 3000; /* those are large */
		struct map *map;
		int fd;

		if (!map_type(type))
			continue;
		map = map_make(store, type, map_key_size(type), map_value_size(type),
			       ring    ? 4096
			       : arena ? 2
				       : 6,
			       &fd);
		for (int round = 0; round < rounds; round++) {
			u32 *words = (u32 *)map->storage, n = map->info.size / 4;
			u32 changes = round % 10 ? 1 + map_random(&rng) % 20 : n;

			for (u32 i = 0; i < changes; i++) {
				u32 at = changes == n ? i : map_random(&rng) % n;

				words[at] = odd_word(&rng, 12);
			}
			/* lock words of owners that live would be waited for, and rightly
			 */
			for (u32 i = 0; i < n; i++)
				if (words[i] && store_alive(store, words[i]))
					words[i] = 0;
			abuse(map, &rng);
		}
		map_drop(map, fd);
	}
	store_close(store);
}

struct scribbler {
	struct map *map;
	bool stop;
};

/* No honest process does: nothing here is for ThreadSanitizer to judge. */
static reads_racing void *scribble(void *arg)
{
	struct scribbler *s = arg;
	u32 *words = (u32 *)s->map->storage, n = s->map->info.size / 4;
	u64 rng = 3;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		u32 word = odd_word(&rng, 12);

		/* in a lock, a process without number: one that never counts as dead */
		if ((word & 0xfff) == 0xfff)
			word--;
		__atomic_store_n(&words[map_random(&rng) % n], word, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The same while another thread changes the words, between any check and its use. */
static void test_storage_changes_meanwhile(void **state)
{
	struct store *store = map_store();
	u64 rng = 42;

	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++) {
		bool ring = map_is_ring(type), arena = type == SKEP_MAP_TYPE_ARENA;
		struct scribbler s = {0};
		pthread_t thread;
		int fd;

		if (!map_type(type))
			continue;
		s.map = map_make(store, type, map_key_size(type), map_value_size(type),
				 ring	 ? 4096
				 : arena ? 2
					 : 6,
				 &fd);
		pthread_create(&thread, NULL, scribble, &s);
		for (u64 end = os_clock_ns() + 200000000; os_clock_ns() < end;)
			abuse(s.map, &rng);
		__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		map_drop(s.map, fd);
	}
	store_close(store);
}

/* A region whose struct map_info was changed is refused or bounded, never believed. */
static void test_hostile_info(void **state)
{
	struct store *store = map_store();
	u64 rng = 7;

	for (int round = 0; round < 3000; round++) {
		struct map_info info = {0};
		struct object *obj;
		int fd;

		assert_int_equal(
			object_create(store, OBJECT_MAP, OBJECT_HEAD_SIZE + 65536, &obj),
			0);
		info.type = map_random(&rng) % 30;
		info.key_size = map_random(&rng) % 3 ? 4 : odd_word(&rng, 8);
		info.value_size = map_random(&rng) % 3 ? 8 : odd_word(&rng, 8);
		info.max_entries = map_random(&rng) % 3 ? 4 : odd_word(&rng, 100);
		info.slots = map_random(&rng) % 3 ? 2 : odd_word(&rng, 1024);
		info.size = map_random(&rng) % 65536;
		if (map_type(info.type) && map_random(&rng) % 2)
			info.size = map_type(info.type)->size(&info);
		memcpy(obj->head->data, &info, sizeof(info));
		fd = object_ready(obj, O_RDWR);
		if (fd < 0)
			continue;
		assert_int_equal(object_get(store, fd, OBJECT_MAP, &obj, NULL), 0);
		if (info.key_size <= 16 && info.value_size <= 64)
			abuse((struct map *)obj, &rng);
		map_drop((struct map *)obj, fd);
	}
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type_table),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_percpu),
		cmocka_unit_test(test_hash_model),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_lru),
		cmocka_unit_test(test_stack_trace),
		cmocka_unit_test(test_local_storage),
		cmocka_unit_test(test_local_storage_gone),
		cmocka_unit_test(test_prog_array),
		cmocka_unit_test(test_queue_model),
		cmocka_unit_test(test_bloom_filter),
		cmocka_unit_test(test_bloom_filter_sizes),
		cmocka_unit_test(test_ringbuf_wraps),
		cmocka_unit_test(test_ringbuf_full),
		cmocka_unit_test(test_ringbuf_hostile_positions),
		cmocka_unit_test(test_user_ringbuf),
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_mapping_holds),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_hostile_storage),
		cmocka_unit_test(test_storage_changes_meanwhile),
		cmocka_unit_test(test_hostile_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
