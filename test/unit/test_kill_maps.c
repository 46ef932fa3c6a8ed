/* Maps that processes change through bpf(2) and through programs while they are killed:
 * nothing is wedged or lost. Elements of hash-like maps are as before or as after, of
 * others each word is; and of what was not touched nothing has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kill_engine.h"
#include "killed.h"
#include "skip.h"
#include "whole_value.h"

enum { MAX = 50, KEYS = 80, KILLS = 40, BATCH = 3 };

/* ---- types with keys ---- */

struct kind {
	const char *name;
	u32 type, key_size, flags;
	bool words;  /* values are written in their place, word by word */
	bool fixed;  /* all keys are there always */
	bool evicts; /* what is there may make place */
	bool batches;
	u32 copies; /* of a value, that user space sees */
	int full;
};

static const struct kind kinds[] = {
	{"hash", SKEP_MAP_TYPE_HASH, 4, .batches = true, .copies = 1, .full = -E2BIG},
	{"hash_no_prealloc", SKEP_MAP_TYPE_HASH, 4, SKEP_F_NO_PREALLOC, .batches = true,
	 .copies = 1, .full = -E2BIG},
	{"percpu_hash", SKEP_MAP_TYPE_PERCPU_HASH, 4, .words = true, .batches = true,
	 .copies = SLOTS, .full = -E2BIG},
	{"lru_hash", SKEP_MAP_TYPE_LRU_HASH, 4, .evicts = true, .batches = true,
	 .copies = 1},
	{"lru_percpu_hash", SKEP_MAP_TYPE_LRU_PERCPU_HASH, 4, .words = true,
	 .evicts = true, .batches = true, .copies = SLOTS},
	{"lpm_trie", SKEP_MAP_TYPE_LPM_TRIE, 8, SKEP_F_NO_PREALLOC, .batches = true,
	 .copies = 1, .full = -ENOSPC},
	{"array", SKEP_MAP_TYPE_ARRAY, 4, .words = true, .fixed = true, .batches = true,
	 .copies = 1},
	{"percpu_array", SKEP_MAP_TYPE_PERCPU_ARRAY, 4, .words = true, .fixed = true,
	 .batches = true, .copies = SLOTS},
};

struct element {
	bool there;
	u64 value[SLOTS * WORDS];
};

struct victim {
	const struct kind *kind;
	int map, prog, spare;
	struct map *view;
	struct element old[KEYS];
};

enum what {
	do_update,
	do_delete,
	do_take,
	do_update_batch,
	do_delete_batch,
	do_take_batch,
	do_prog_update,
	do_prog_delete,
	do_prog_find,
	WHATS
};

struct op {
	enum what what;
	u32 key, n; /* and the n - 1 keys behind it */
	u64 nonce;
};

static const char keyed_text[] = PACKET "r1 = map[fd:%d]\n"
					"r2 = r6\n"
					"r2 += 8\n"
					"if r8 == 1 goto delete\n"
					"if r8 == 2 goto find\n"
					"r3 = r6\n"
					"r3 += 16\n"
					"r4 = 0\n"
					"call bpf_map_update_elem\n"
					"exit\n"
					"delete: call bpf_map_delete_elem\n"
					"exit\n"
					"find: call bpf_map_lookup_elem\n"
					"if r0 == 0 goto out\n"
					"r0 = *(u64 *)(r0 +0)\n"
					"out: exit\n";

static void key_make(const struct kind *k, u8 key[8], u32 n)
{
	memset(key, 0, 8);
	if (k->key_size == 4) {
		store32(key, n);
	} else { /* a prefix of 8 bits or more: that it is the only one that fits is
		    seen by the first byte */
		store32(key, 8 + n % 25);
		key[4] = (u8)n;
	}
}

static struct op op_pick(const struct kind *k, u64 *rng)
{
	struct op op = {.what = rnd(rng) % WHATS, .n = 1};

	op.key = rnd(rng) % KEYS;
	op.nonce = rnd(rng);
	if (op.what >= do_update_batch && op.what <= do_take_batch)
		op.n = BATCH;
	return op;
}

static u32 op_key(const struct op *op, u32 i)
{
	return (op->key + i) % KEYS;
}

static bool op_writes(const struct op *op)
{
	return op->what == do_update || op->what == do_update_batch ||
	       op->what == do_prog_update;
}

/* All copies of a new value, each of its own. */
static void copies_make(const struct kind *k, u64 *value, u32 key, u64 nonce)
{
	for (u32 c = 0; c < k->copies; c++)
		value_make(value + c * WORDS, key, nonce + c);
}

static void do_batch(const struct victim *v, const struct op *op)
{
	static const int cmd[] = {SKEP_MAP_UPDATE_BATCH, SKEP_MAP_DELETE_BATCH,
				  SKEP_MAP_LOOKUP_AND_DELETE_BATCH};
	u64 values[KEYS * SLOTS * WORDS], next;
	u8 keys[KEYS * 8], key[8];
	union skep_attr attr = {0};

	for (u32 i = 0; i < op->n; i++) {
		key_make(v->kind, key, op_key(op, i));
		memcpy(keys + i * v->kind->key_size, key, v->kind->key_size);
		copies_make(v->kind, values + i * v->kind->copies * WORDS, op_key(op, i),
			    op->nonce);
	}
	attr.batch.map_fd = (u32)v->map;
	attr.batch.keys = u64_of(keys);
	attr.batch.values = u64_of(values);
	attr.batch.out_batch = u64_of(&next);
	attr.batch.count = op->what == do_take_batch ? KEYS : op->n;
	call(cmd[op->what - do_update_batch], attr);
}

static void do_prog(const struct victim *v, const struct op *op)
{
	struct packet packet = {.what = op->what - do_prog_update};

	key_make(v->kind, packet.key, op->key);
	value_make(packet.value, op->key, op->nonce);
	run_prog(v->prog, &packet);
}

static bool work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	struct op op = op_pick(v->kind, rng);
	u64 value[SLOTS * WORDS];
	u8 key[8];

	key_make(v->kind, key, op.key);
	copies_make(v->kind, value, op.key, op.nonce);
	switch (op.what) {
	case do_update: element(SKEP_MAP_UPDATE_ELEM, v->map, key, value, 0); break;
	case do_delete: element(SKEP_MAP_DELETE_ELEM, v->map, key, NULL, 0); break;
	case do_take:
		element(SKEP_MAP_LOOKUP_AND_DELETE_ELEM, v->map, key, value, 0);
		break;
	case do_update_batch:
	case do_delete_batch:
	case do_take_batch: do_batch(v, &op); break;
	default: do_prog(v, &op);
	}
	return true;
}

/* The same by the type's own functions, so that what is stepped through is the change. */
static bool step(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	const struct map_ops *ops = v->view->ops;
	struct op op = op_pick(v->kind, rng);
	u64 value[SLOTS * WORDS], values[KEYS * SLOTS * WORDS];
	u8 key[8], keys[KEYS * 8];

	for (u32 i = 0; i < op.n; i++) {
		key_make(v->kind, key, op_key(&op, i));
		copies_make(v->kind, value, op_key(&op, i), op.nonce);
		if (op.what == do_prog_update)
			ops->update(v->view, key, value, 0, op.nonce % v->kind->copies);
		else if (op_writes(&op))
			ops->write(v->view, key, value, 0);
		else if (op.what == do_take_batch && ops->bucket)
			ops->bucket(v->view, op.key % 8, KEYS, true, keys, values);
		else if (op.what == do_take && ops->take)
			ops->take(v->view, key, value);
		else if (op.what != do_prog_find)
			ops->remove(v->view, key);
	}
	return true;
}

static struct element see(const struct victim *v, u32 n)
{
	const struct kind *k = v->kind;
	struct element e = {0};
	u8 key[8];
	int err;

	key_make(k, key, n);
	err = element(SKEP_MAP_LOOKUP_ELEM, v->map, key, e.value, 0);
	assert_true(!err || (err == -ENOENT && !k->fixed));
	e.there = !err;
	for (u32 i = 0; e.there && i < k->copies * WORDS; i++)
		assert_true((k->words && !e.value[i]) ||
			    value_word(e.value[i], i % WORDS, n));
	assert_true(!e.there || k->words || value_whole(e.value, n));
	return e;
}

static u32 count(const struct victim *v)
{
	u32 n = 0;

	for (u32 key = 0; key < KEYS; key++)
		n += see(v, key).there;
	return n;
}

static void check(void *thing)
{
	count(thing);
}

/* ---- with nobody at work ---- */

static u32 iterate(const struct victim *v)
{
	u8 key[8], next[8];
	u32 n = 0;

	while (!element(SKEP_MAP_GET_NEXT_KEY, v->map, n ? key : NULL, next, 0)) {
		memcpy(key, next, sizeof(key));
		assert_true(n++ < KEYS);
	}
	return n;
}

static void empty(const struct victim *v)
{
	u8 key[8];

	for (u32 n = 0; n < KEYS; n++) {
		key_make(v->kind, key, n);
		element(SKEP_MAP_DELETE_ELEM, v->map, key, NULL, 0);
	}
	assert_int_equal(count(v), 0);
}

static void complete(void *thing)
{
	const struct victim *v = thing;
	const struct kind *k = v->kind;
	u64 value[SLOTS * WORDS];
	u8 key[8];
	int err;

	assert_int_equal(iterate(v), count(v));
	if (k->fixed)
		return;
	assert_true(count(v) <= MAX);
	empty(v);
	for (u32 n = 0; n < KEYS; n++) {
		key_make(k, key, n);
		copies_make(k, value, n, n);
		err = element(SKEP_MAP_UPDATE_ELEM, v->map, key, value, SKEP_NOEXIST);
		assert_int_equal(err, n < MAX || k->evicts ? 0 : k->full);
	}
	assert_int_equal(count(v), MAX);
	for (u32 n = 0; n < MAX && !k->evicts; n++) {
		key_make(k, key, n);
		copies_make(k, value, n, n + 1);
		assert_int_equal(
			element(SKEP_MAP_UPDATE_ELEM, v->map, key, value, SKEP_EXIST), 0);
	}
	for (u32 n = 0; n < KEYS; n += 3) {
		key_make(k, key, n);
		element(SKEP_MAP_DELETE_ELEM, v->map, key, NULL, 0);
	}
}

/* ---- one alone: as before, or as after ---- */

static void before(void *thing, u64 seed)
{
	struct victim *v = thing;

	for (u32 key = 0; key < KEYS; key++)
		v->old[key] = see(v, key);
}

/* Words are of the old value, of the new one, or 0 of an element that was not there. */
static bool is_between(const struct kind *k, const struct element *old,
		       const struct element *now, const u64 *new)
{
	for (u32 i = 0; i < k->copies * WORDS; i++)
		if (now->value[i] != new[i] && now->value[i] != new[i % WORDS] &&
		    now->value[i] != (old->there ? old->value[i] : 0))
			return false;
	return true;
}

static bool is_same(const struct kind *k, const struct element *a,
		    const struct element *b)
{
	return a->there == b->there &&
	       (!a->there || !memcmp(a->value, b->value, k->copies * WORDS * 8));
}

static bool may_be(const struct victim *v, const struct op *op, u32 key,
		   const struct element *now)
{
	const struct kind *k = v->kind;
	const struct element *old = &v->old[key];
	struct element new = {.there = true};
	bool touched = op->what == do_take_batch;

	if (is_same(k, old, now))
		return true;
	if (!now->there && k->evicts && op_writes(op))
		return true;
	for (u32 i = 0; i < op->n; i++)
		touched |= op_key(op, i) == key;
	if (!touched || op->what == do_prog_find)
		return false;
	if (!op_writes(op))
		return !now->there;
	copies_make(k, new.value, key, op->nonce);
	return now->there &&
	       (k->words ? is_between(k, old, now, new.value) : is_same(k, now, &new));
}

static void after(void *thing, u64 seed)
{
	struct victim *v = thing;
	struct op op = op_pick(v->kind, &seed);

	for (u32 key = 0; key < KEYS; key++) {
		struct element now = see(v, key);

		if (!may_be(v, &op, key, &now))
			fail_msg("operation %d of key %u left key %u wrong", op.what,
				 op.key, key);
	}
}

/* A process's first change gives it a name in the store. */
static void warm(void *thing)
{
	element(SKEP_MAP_UPDATE_ELEM, ((struct victim *)thing)->spare, "key", "value  ",
		0);
}

static struct victim keyed_open(const struct kind *k)
{
	struct victim v = {.kind = k, .spare = make_map(SKEP_MAP_TYPE_HASH, 4, 8, 4, 0)};

	v.map = make_map(k->type, k->key_size, WORDS * 8, k->fixed ? KEYS : MAX,
			 k->flags);
	v.view = map_view(v.map);
	v.prog = load_prog(keyed_text, v.map);
	do_prog(&v, &(struct op){.what = do_prog_update, .key = 7, .nonce = 9});
	assert_true(see(&v, 7).value[0] || see(&v, 7).value[WORDS]);
	do_prog(&v, &(struct op){.what = do_prog_delete, .key = 7});
	assert_true(see(&v, 7).there == k->fixed);
	return v;
}

static void keyed_close(struct victim *v)
{
	object_put(&v->view->obj);
	close(v->prog);
	close(v->map);
	close(v->spare);
}

static const struct killed workers = {.work = work, .check = check, .complete = complete};
static const struct killed steppers = {.work = step,
				       .complete = complete,
				       .warm = warm,
				       .before = before,
				       .after = after};

static void keyed_beside_others(void **state)
{
	struct victim v = keyed_open(*state);

	killed_beside_others(&workers, &v, killed_times(KILLS), v.kind->type);
	keyed_close(&v);
}

static void keyed_at_steps(void **state)
{
	struct victim v = keyed_open(*state);
	bool could = killed_at_steps(&steppers, &v, killed_times(KILLS), v.kind->type);

	keyed_close(&v);
	if (!could)
		test_skip(__func__, NO_PTRACE);
}

int main(int argc, char **argv)
{
	return kill_run(argc, argv, kinds, sizeof(kinds[0]), ARRAY_SIZE(kinds),
			keyed_beside_others, keyed_at_steps, open_engine, close_engine);
}
