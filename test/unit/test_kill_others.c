/* Maps without keys, maps whose values are objects, arenas: processes change them through
 * bpf(2) and through programs while they are killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include "kill_engine.h"
#include "killed.h"
#include "local_storage.h"
#include "map_arena.h"
#include "skip.h"
#include "stack_trace.h"
#include "two_types.h"

enum { MAX = 20, KEYS = 40, KILLS = 40 };

struct kind {
	const char *name, *text;
	u32 type;
	const struct killed *killed;
};

struct victim {
	const struct kind *kind;
	int map, prog, spare;
	struct map *view;
	/* queue, stack: what is in it, from the oldest on */
	u32 n;
	u64 old[MAX][WORDS];
	/* bloom_filter: what was pushed, shared by all */
	struct pushed *pushed;
	/* of objects: two that are put in, one that is left to the map */
	int fd[2];
	u32 id[2], kept, was[KEYS];
	void *window; /* of an arena */
};

static void victim_open(struct victim *v)
{
	v->view = map_view(v->map);
	v->prog = load_prog(v->kind->text, v->map);
}

static void victim_close(struct victim *v)
{
	object_put(&v->view->obj);
	close(v->prog);
	close(v->map);
}

/* ---- queue, stack ---- */

enum { do_push, do_pop, do_peek, do_push_over, PUSH_OPS };

static const char queue_text[] = PACKET "r1 = map[fd:%d]\n"
					"r2 = r6\n"
					"r2 += 16\n"
					"r3 = 0\n"
					"if r8 == 0 goto push\n"
					"r3 = 2\n"
					"if r8 == 3 goto push\n"
					"r2 = r10\n"
					"r2 += -64\n"
					"if r8 == 2 goto peek\n"
					"call bpf_map_pop_elem\n"
					"exit\n"
					"peek: call bpf_map_peek_elem\n"
					"exit\n"
					"push: call bpf_map_push_elem\n"
					"out: exit\n";

static bool queue_work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	struct packet packet = {.what = rnd(rng) % PUSH_OPS};
	bool prog = rnd(rng) % 2;
	u32 key = rnd(rng) % KEYS;
	u64 *value = packet.value;
	int cmd = packet.what == do_pop	   ? SKEP_MAP_LOOKUP_AND_DELETE_ELEM
		  : packet.what == do_peek ? SKEP_MAP_LOOKUP_ELEM
					   : SKEP_MAP_UPDATE_ELEM;
	bool pushes = cmd == SKEP_MAP_UPDATE_ELEM;

	value_make(value, key, *rng);
	if (prog)
		return run_prog(v->prog, &packet) != -EBUSY;
	return element(cmd, v->map, NULL, value,
		       packet.what == do_push_over ? SKEP_EXIST : 0) ||
	       pushes || value_whole(value, value_key(value));
}

static bool queue_step(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	const struct map_ops *ops = v->view->ops;
	u32 what = rnd(rng) % PUSH_OPS, key;
	u64 value[WORDS];

	rnd(rng);
	key = rnd(rng) % KEYS;
	value_make(value, key, *rng);
	if (what == do_peek)
		ops->read(v->view, NULL, value);
	else if (what == do_pop)
		ops->take(v->view, NULL, value);
	else
		ops->write(v->view, NULL, value, what == do_push_over ? SKEP_EXIST : 0);
	return true;
}

static void queue_check(void *thing)
{
	const struct victim *v = thing;
	u64 value[WORDS];

	if (!element(SKEP_MAP_LOOKUP_ELEM, v->map, NULL, value, 0))
		assert_true(value_whole(value, value_key(value)));
}

static u32 queue_empty(const struct victim *v, u64 values[MAX][WORDS])
{
	u64 value[WORDS];
	u32 n = 0;

	while (!element(SKEP_MAP_LOOKUP_AND_DELETE_ELEM, v->map, NULL, value, 0)) {
		assert_true(n < MAX && value_whole(value, value_key(value)));
		memcpy(values[n++], value, sizeof(value));
	}
	return n;
}

static void queue_complete(void *thing)
{
	const struct victim *v = thing;
	u64 values[MAX][WORDS];

	queue_empty(v, values);
	for (u32 i = 0; i <= MAX; i++) {
		value_make(values[0], i, i);
		assert_int_equal(
			element(SKEP_MAP_UPDATE_ELEM, v->map, NULL, values[0], 0),
			i < MAX ? 0 : -E2BIG);
	}
	for (u32 i = 0; i < 3; i++)
		element(SKEP_MAP_LOOKUP_AND_DELETE_ELEM, v->map, NULL, values[0], 0);
}

static void queue_before(void *thing, u64 seed)
{
	struct victim *v = thing;

	queue_empty(v, v->old);
	v->n = (u32)(seed >> 3) % (MAX + 1);
	for (u32 i = 0; i < v->n; i++) {
		value_make(v->old[i], i, seed);
		assert_int_equal(
			element(SKEP_MAP_UPDATE_ELEM, v->map, NULL, v->old[i], 0), 0);
	}
}

/* The same piece of work, on the model. */
static void queue_model(struct victim *v, u64 seed)
{
	u32 what = rnd(&seed) % PUSH_OPS;
	bool stack = v->kind->type == SKEP_MAP_TYPE_STACK, full = v->n == MAX;
	u64 value[WORDS];
	u32 key;

	rnd(&seed);
	key = rnd(&seed) % KEYS;
	value_make(value, key, seed);
	if (what == do_peek || (what == do_pop && !v->n) || (what == do_push && full))
		return;
	if ((what == do_push_over && full) || (what == do_pop && !stack))
		memmove(v->old[0], v->old[1], (MAX - 1) * sizeof(v->old[0]));
	if (what == do_pop || full)
		v->n--;
	if (what != do_pop)
		memcpy(v->old[v->n++], value, sizeof(value));
}

static bool queue_is(const struct victim *v, u32 n, u64 now[MAX][WORDS])
{
	bool stack = v->kind->type == SKEP_MAP_TYPE_STACK, same = n == v->n;

	for (u32 i = 0; i < n && same; i++)
		same = !memcmp(now[i], v->old[stack ? n - 1 - i : i], sizeof(now[i]));
	return same;
}

static void queue_after(void *thing, u64 seed)
{
	struct victim *v = thing;
	u64 now[MAX][WORDS];
	u32 n = queue_empty(v, now);

	if (queue_is(v, n, now))
		return;
	queue_model(v, seed);
	assert_true(queue_is(v, n, now));
}

/* ---- bloom_filter ---- */

struct pushed {
	u32 n, keys[1 << 14];
};

static const char bloom_text[] = PACKET "r1 = map[fd:%d]\n"
					"r2 = r6\n"
					"r2 += 16\n"
					"r3 = 0\n"
					"call bpf_map_push_elem\n"
					"out: exit\n";

static void was_pushed(const struct victim *v, u32 key)
{
	u32 at = __atomic_fetch_add(&v->pushed->n, 1, __ATOMIC_RELAXED);

	if (at < ARRAY_SIZE(v->pushed->keys))
		__atomic_store_n(&v->pushed->keys[at], key, __ATOMIC_RELAXED);
}

static bool bloom_work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	struct packet packet = {0};
	u32 key = rnd(rng);
	int err;

	value_make(packet.value, key & 0xff, key >> 8);
	err = key % 2 ? run_prog(v->prog, &packet)
		      : element(SKEP_MAP_UPDATE_ELEM, v->map, NULL, packet.value, 0);
	was_pushed(v, key);
	return !err;
}

static bool bloom_step(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	u32 key = rnd(rng);
	u64 value[WORDS];
	int err;

	value_make(value, key & 0xff, key >> 8);
	err = v->view->ops->write(v->view, NULL, value, 0);
	was_pushed(v, key);
	return !err;
}

static bool bloom_has(const struct victim *v, u32 key)
{
	u64 value[WORDS];

	value_make(value, key & 0xff, key >> 8);
	return !element(SKEP_MAP_LOOKUP_ELEM, v->map, NULL, value, 0);
}

static void bloom_check(void *thing)
{
	struct victim *v = thing;
	u32 n = MIN(v->pushed->n, (u32)ARRAY_SIZE(v->pushed->keys)), key;

	for (u32 i = 0; i < n; i++) {
		key = __atomic_load_n(&v->pushed->keys[i], __ATOMIC_RELAXED);
		assert_true(!key || bloom_has(v, key));
	}
}

/* A new one, so that it never gets full: a full one has all. */
static void bloom_complete(void *thing)
{
	struct victim *v = thing;

	bloom_check(v);
	memset(v->pushed, 0, sizeof(*v->pushed));
	victim_close(v);
	v->map = make_map(v->kind->type, 0, WORDS * 8, 1 << 14, 0);
	victim_open(v);
	assert_false(bloom_has(v, 1) && bloom_has(v, 2) && bloom_has(v, 3));
}

/* ---- objects as values ---- */

static const char tail_text[] = PACKET "r2 = map[fd:%d]\n"
				       "r3 = *(u32 *)(r6 +8)\n"
				       "call bpf_tail_call\n"
				       "r0 = 0\n"
				       "out: exit\n";

static const char inner_text[] = PACKET "r1 = map[fd:%d]\n"
					"r2 = r6\n"
					"r2 += 8\n"
					"call bpf_map_lookup_elem\n"
					"if r0 == 0 goto out\n"
					"*(u32 *)(r10 -4) = 0\n"
					"r1 = r0\n"
					"r2 = r10\n"
					"r2 += -4\n"
					"r3 = r6\n"
					"r3 += 16\n"
					"r4 = 0\n"
					"call bpf_map_update_elem\n"
					"r0 = 0\n"
					"out: exit\n";

static const char end_text[] = PACKET "r0 = 1\n"
				      "out: exit\n";

/* The last key is nobody's. */
static bool objects_work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	struct packet packet = {0};
	u32 what = rnd(rng) % 3, key = rnd(rng) % (KEYS - 1);

	value_make(packet.value, key, *rng);
	store32(packet.key, key);
	if (what == 0)
		return run_prog(v->prog, &packet) >= 0;
	element(what == 1 ? SKEP_MAP_UPDATE_ELEM : SKEP_MAP_DELETE_ELEM, v->map, &key,
		&v->fd[key & 1], 0);
	return true;
}

static bool objects_step(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	const struct map_ops *ops = v->view->ops;
	u32 what = rnd(rng) % 3, key = rnd(rng) % (KEYS - 1), id;

	if (what == 0)
		ops->read(v->view, &key, &id);
	else if (what == 1)
		ops->write(v->view, &key, &v->fd[key & 1], 0);
	else
		ops->remove(v->view, &key);
	return true;
}

static u32 object_at(const struct victim *v, u32 key)
{
	u32 id = 0;
	int err = element(SKEP_MAP_LOOKUP_ELEM, v->map, &key, &id, 0);

	assert_true(!err || err == -ENOENT);
	assert_true(err || id == (key == KEYS - 1 ? v->kept : v->id[key & 1]));
	return err ? 0 : id;
}

static void objects_check(void *thing)
{
	const struct victim *v = thing;
	int fd = v->kind->type == SKEP_MAP_TYPE_PROG_ARRAY
			 ? CALL(PROG_GET_FD_BY_ID, .prog_id = v->kept)
			 : CALL(MAP_GET_FD_BY_ID, .map_id = v->kept);

	for (u32 key = 0; key < KEYS; key++)
		object_at(v, key);
	assert_true(fd >= 0);
	close(fd);
}

static void objects_before(void *thing, u64 seed)
{
	struct victim *v = thing;

	for (u32 key = 0; key < KEYS; key++)
		v->was[key] = object_at(v, key);
}

static void objects_after(void *thing, u64 seed)
{
	struct victim *v = thing;
	u32 what = rnd(&seed) % 3, touched = rnd(&seed) % (KEYS - 1);

	for (u32 key = 0; key < KEYS; key++) {
		u32 is = object_at(v, key);

		assert_true(is == v->was[key] ||
			    (key == touched && what && (what == 2) == !is));
	}
}

static int id_of(int fd, bool prog)
{
	struct skep_prog_info p = {0};
	struct skep_map_info m = {0};

	assert_int_equal(CALL(OBJ_GET_INFO_BY_FD, .info.bpf_fd = (u32)fd,
			      .info.info = prog ? u64_of(&p) : u64_of(&m),
			      .info.info_len = prog ? sizeof(p) : sizeof(m)),
			 0);
	return (int)(prog ? p.id : m.id);
}

static int object_make(const struct victim *v)
{
	return v->kind->type == SKEP_MAP_TYPE_PROG_ARRAY
		       ? load_prog(end_text, 0)
		       : make_map(SKEP_MAP_TYPE_ARRAY, 4, WORDS * 8, 1, 0);
}

static void objects_open(struct victim *v)
{
	bool prog = v->kind->type == SKEP_MAP_TYPE_PROG_ARRAY;
	u32 last = KEYS - 1;
	int kept = object_make(v);

	for (u32 i = 0; i < 2; i++) {
		v->fd[i] = object_make(v);
		v->id[i] = (u32)id_of(v->fd[i], prog);
	}
	v->kept = (u32)id_of(kept, prog);
	v->map = CALL(MAP_CREATE, .map_type = v->kind->type, .key_size = 4,
		      .value_size = 4, .max_entries = KEYS,
		      .inner_map_fd = prog ? 0 : (u32)kept);
	assert_true(v->map >= 0);
	assert_int_equal(element(SKEP_MAP_UPDATE_ELEM, v->map, &last, &kept, 0), 0);
	close(kept);
	victim_open(v);
}

/* What the map alone kept ends with its element. */
static void objects_close(struct victim *v)
{
	bool prog = v->kind->type == SKEP_MAP_TYPE_PROG_ARRAY;

	for (u32 key = 0; key < KEYS; key++)
		element(SKEP_MAP_DELETE_ELEM, v->map, &key, NULL, 0);
	for (u32 i = 0; i < 2; i++)
		close(v->fd[i]);
	for (u32 i = 0; i < 3; i++) {
		u32 id = i < 2 ? v->id[i] : v->kept;

		assert_int_equal(prog ? CALL(PROG_GET_FD_BY_ID, .prog_id = id)
				      : CALL(MAP_GET_FD_BY_ID, .map_id = id),
				 -ENOENT);
	}
}

/* ---- arena ---- */

/* Pages that were given are 0, and nobody else's until they are freed. */
static bool arena_work(void *thing, u64 *rng)
{
	struct map *map = ((struct victim *)thing)->view;
	u32 n = rnd(rng) % 3 + 1, token = rnd(rng) | 1;
	u64 at = map_arena_alloc(map, 0, n), last = (u32)at + n * 4096 - 4;
	u32 *p = at ? map_arena_at(map, last, 4) : NULL;

	if (!at)
		return true;
	if (!p || *p)
		return false;
	*p = token;
	if (map_arena_reserve(map, at, n) != -EBUSY || *p != token)
		return false;
	map_arena_free(map, at, n);
	return true;
}

static void arena_complete(void *thing)
{
	struct map *map = ((struct victim *)thing)->view;
	u64 start = map_arena_start(map);

	map_arena_free(map, start, MAX);
	for (u32 i = 0; i < MAX; i++)
		assert_null(map_arena_at(map, (u32)start + i * 4096, 1));
	assert_int_equal(map_arena_alloc(map, 0, MAX), start);
	for (u32 i = 0; i < MAX; i++)
		assert_int_equal(*(u8 *)map_arena_at(map, (u32)start + i * 4096, 1), 0);
	map_arena_free(map, start, MAX);
}

static void arena_open(struct victim *v)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	v->map = make_map(v->kind->type, 0, 0, MAX, SKEP_F_MMAPABLE);
	assert_int_equal(sys->mmap(sys, &v->window, MAX * 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED, v->map, 0),
			 0);
	v->view = map_view(v->map);
	v->prog = load_prog(end_text, 0);
}

static void arena_close(struct victim *v)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	sys->munmap(sys, v->window, MAX * 4096);
}

/* ---- stack_trace ---- */

enum { STACK_IDS = 32 };

static s64 stack_put(const struct victim *v, u32 key, u64 nonce, u64 flags)
{
	u64 value[WORDS];

	value_make(value, key, nonce);
	return stack_trace_put(v->view, value, WORDS, flags, NULL, NULL);
}

static bool stack_work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	u32 what = rnd(rng) % 4, key = rnd(rng) % STACK_IDS;
	s64 id;

	if (!what)
		return element(SKEP_MAP_DELETE_ELEM, v->map, &key, NULL, 0) <= 0;
	id = stack_put(v, key, rnd(rng), what == 1 ? SKEP_F_REUSE_STACKID : 0);
	return (id >= 0 && id < STACK_IDS) || id == -EEXIST || id == -ENOMEM;
}

static u32 stack_count(const struct victim *v)
{
	u64 value[WORDS];
	u32 n = 0;

	for (u32 id = 0; id < STACK_IDS; id++) {
		int err = element(SKEP_MAP_LOOKUP_ELEM, v->map, &id, value, 0);

		assert_true(err ? err == -ENOENT : value_whole(value, value_key(value)));
		n += !err;
	}
	return n;
}

static void stack_check(void *thing)
{
	stack_count(thing);
}

/* As many stacks as there is room for, and no more. */
static void stack_complete(void *thing)
{
	const struct victim *v = thing;
	u64 nonce = 0;
	s64 id;

	for (u32 n = 0; n < STACK_IDS; n++)
		element(SKEP_MAP_DELETE_ELEM, v->map, &n, NULL, 0);
	assert_int_equal(stack_count(v), 0);
	for (u32 n = 0; n < MAX;) {
		id = stack_put(v, 1, nonce++, 0);
		assert_true(id >= 0 || id == -EEXIST);
		n += id >= 0;
	}
	assert_int_equal(stack_count(v), MAX);
	do
		id = stack_put(v, 1, nonce++, 0);
	while (id == -EEXIST);
	assert_int_equal(id, -ENOMEM);
	for (u32 n = 0; n < STACK_IDS; n += 2)
		element(SKEP_MAP_DELETE_ELEM, v->map, &n, NULL, 0);
}

static void stack_open(struct victim *v)
{
	v->map = make_map(v->kind->type, 4, WORDS * 8, MAX, 0);
	v->view = map_view(v->map);
	v->prog = load_prog(end_text, 0);
}

/* ---- task_storage: by owners of ours ---- */

static bool never_gone(const struct local_owner *owner)
{
	return false;
}

static const struct local_kind locals_kind = {.gone = never_gone};

static u64 *local_get(const struct victim *v, u32 who, const u64 *value)
{
	struct local_owner owner = {.who = who, .since = 1};

	return local_storage_get(v->view, &locals_kind, &owner, value, value);
}

static bool local_work(void *thing, u64 *rng)
{
	const struct victim *v = thing;
	struct local_owner owner = {.who = rnd(rng) % KEYS, .since = 1};
	u64 value[WORDS];

	value_make(value, (u32)owner.who, rnd(rng));
	if (rnd(rng) % 2)
		return local_get(v, (u32)owner.who, value) || rnd(rng);
	return local_storage_delete(v->view, &owner) <= 0;
}

enum { MANY = 4096 };

/* Values are whole, and there is room for many more. */
static void local_complete(void *thing)
{
	const struct victim *v = thing;
	struct local_owner owner = {.since = 1};
	u64 value[WORDS], *at;

	for (u32 who = 0; who < KEYS; who++) {
		at = local_get(v, who, NULL);
		assert_true(!at || value_whole(at, who));
	}
	value_make(value, 0, 0);
	for (u32 who = 0; who < MANY; who++)
		assert_non_null(local_get(v, who, value));
	for (owner.who = 0; owner.who < MANY; owner.who++)
		assert_int_equal(local_storage_delete(v->view, &owner), 0);
}

static void local_open(struct victim *v)
{
	struct two_types btf = two_types(WORDS * 8);
	int fd = CALL(BTF_LOAD, .btf = u64_of(&btf), .btf_size = TWO_TYPES);

	v->map = CALL(MAP_CREATE, .map_type = v->kind->type, .key_size = 4,
		      .value_size = WORDS * 8, .map_flags = SKEP_F_NO_PREALLOC,
		      .btf_fd = (u32)fd, .btf_key_type_id = 1, .btf_value_type_id = 2);
	assert_true(fd >= 0 && v->map >= 0);
	close(fd);
	v->view = map_view(v->map);
	v->prog = load_prog(end_text, 0);
}

/* ---- all ---- */

static void warm(void *thing)
{
	const struct victim *v = thing;

	element(SKEP_MAP_UPDATE_ELEM, v->spare, "key", "value  ", 0);
}

enum { WORK, STEP };

static const struct killed queues[] = {
	{.work = queue_work, .check = queue_check, .complete = queue_complete},
	{.work = queue_step,
	 .complete = queue_complete,
	 .warm = warm,
	 .before = queue_before,
	 .after = queue_after}};
static const struct killed blooms[] = {
	{.work = bloom_work, .check = bloom_check, .complete = bloom_complete},
	{.work = bloom_step, .complete = bloom_complete, .warm = warm}};
static const struct killed objects[] = {
	{.work = objects_work, .check = objects_check, .complete = objects_check},
	{.work = objects_step,
	 .complete = objects_check,
	 .warm = warm,
	 .before = objects_before,
	 .after = objects_after}};

static const struct killed arenas[] = {
	{.work = arena_work, .complete = arena_complete},
	{.work = arena_work, .complete = arena_complete, .warm = warm}};

static const struct killed stacks[] = {
	{.work = stack_work, .check = stack_check, .complete = stack_complete},
	{.work = stack_work, .complete = stack_complete, .warm = warm}};

static const struct killed locals[] = {
	{.work = local_work, .complete = local_complete},
	{.work = local_work, .complete = local_complete, .warm = warm}};

static const struct kind kinds[] = {
	{"queue", queue_text, SKEP_MAP_TYPE_QUEUE, queues},
	{"stack", queue_text, SKEP_MAP_TYPE_STACK, queues},
	{"bloom_filter", bloom_text, SKEP_MAP_TYPE_BLOOM_FILTER, blooms},
	{"prog_array", tail_text, SKEP_MAP_TYPE_PROG_ARRAY, objects},
	{"array_of_maps", inner_text, SKEP_MAP_TYPE_ARRAY_OF_MAPS, objects},
	{"hash_of_maps", inner_text, SKEP_MAP_TYPE_HASH_OF_MAPS, objects},
	{"arena", NULL, SKEP_MAP_TYPE_ARENA, arenas},
	{"task_storage", NULL, SKEP_MAP_TYPE_TASK_STORAGE, locals},
	{"stack_trace", NULL, SKEP_MAP_TYPE_STACK_TRACE, stacks},
};

static void kill_all(const struct kind *k, bool steps)
{
	struct victim *v = calloc(1, sizeof(*v));
	bool could = true;

	v->kind = k;
	v->spare = make_map(SKEP_MAP_TYPE_HASH, 4, 8, 4, 0);
	v->pushed = mmap(NULL, sizeof(*v->pushed), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (k->killed == objects) {
		objects_open(v);
	} else if (k->killed == arenas) {
		arena_open(v);
	} else if (k->killed == stacks) {
		stack_open(v);
	} else if (k->killed == locals) {
		local_open(v);
	} else {
		v->map = make_map(k->type, 0, WORDS * 8, MAX, 0);
		victim_open(v);
	}
	if (steps)
		could = killed_at_steps(&k->killed[STEP], v, killed_times(KILLS),
					k->type);
	else
		killed_beside_others(&k->killed[WORK], v, killed_times(KILLS), k->type);
	if (k->killed == objects)
		objects_close(v);
	if (k->killed == arenas)
		arena_close(v);
	munmap(v->pushed, sizeof(*v->pushed));
	victim_close(v);
	close(v->spare);
	free(v);
	if (!could)
		test_skip(k->name, NO_PTRACE);
}

static void beside_others(void **state)
{
	kill_all(*state, false);
}

static void at_steps(void **state)
{
	kill_all(*state, true);
}

int main(int argc, char **argv)
{
	return kill_run(argc, argv, kinds, sizeof(kinds[0]), ARRAY_SIZE(kinds),
			beside_others, at_steps, open_engine, close_engine);
}
