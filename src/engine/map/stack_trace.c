#include "stack_trace.h"
#include "htab.h"
#include "mem.h"

enum {
	FLAGS = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_STACK_BUILD_ID,
	TRIES = 4096, /* reads that writers may spoil */
};

/* Links are element numbers plus one, 0 is none, so that zeroed storage is empty. */
struct head {
	u32 lock;
	u32 free;  /* link: elements that have been used and are no more */
	u32 fresh; /* elements below have been used */
	u8 pad[52];
};

struct elem {
	u32 next; /* link: of the free ones */
	u32 seq;  /* odd while it is written */
	u32 hash;
	u32 n;	  /* addresses or build ids */
	u32 mark; /* an id leads to it: collect() */
	u32 pad;
	u8 data[];
};

/* This process's view; sizes from map->info. */
struct stacks {
	struct head *head;
	u32 *links; /* by id */
	u8 *elems;
	u32 mask; /* ids - 1 */
	u32 n, elem_size;
};

struct layout {
	u64 elems, size;
	u32 elem_size;
};

static struct layout layout(const struct map_info *info)
{
	struct layout l = {.elem_size = sizeof(struct elem) + info->value_size};
	u64 ids = pow2_ceil(info->max_entries);

	l.elems = sizeof(struct head) + round_up(ids * sizeof(u32), 64);
	l.size = l.elems + (u64)info->max_entries * l.elem_size;
	return l;
}

static int check(const union skep_attr *attr)
{
	u32 size = attr->value_size, unit = sizeof(u64);

	if (attr->map_flags & ~(u32)FLAGS || !attr->max_entries || attr->key_size != 4)
		return -EINVAL;
	if (attr->map_flags & SKEP_F_STACK_BUILD_ID)
		unit = sizeof(struct skep_stack_build_id);
	if (!size || size % unit || size / unit > STACK_TRACE_DEPTH)
		return -EINVAL;
	return attr->max_entries > 1u << 31 ? -E2BIG : 0;
}

static u64 size(const struct map_info *info)
{
	return layout(info).size;
}

static int open_view(struct map *map)
{
	struct layout l = layout(&map->info);
	struct stacks *s = mem_alloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct stacks){
		.head = (struct head *)map->storage,
		.links = (u32 *)(map->storage + sizeof(struct head)),
		.elems = map->storage + l.elems,
		.mask = pow2_ceil(map->info.max_entries) - 1,
		.n = map->info.max_entries,
		.elem_size = l.elem_size,
	};
	map->priv = s;
	return 0;
}

static void close_view(struct map *map)
{
	mem_free(map->priv);
}

static u32 get(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void put(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static struct elem *elem(const struct stacks *s, u32 i)
{
	return (struct elem *)(s->elems + (u64)i * s->elem_size);
}

/* Bytes of the data of n entries, whatever an element says that it has. */
static u32 data_size(const struct map *map, u32 n)
{
	u32 most = stack_trace_depth(map);

	return map->info.value_size / most * MIN(n, most);
}

/* ---- under the lock ---- */

/* A dead process had the lock: what no id leads to is free. */
static void collect(const struct stacks *s)
{
	s->head->free = 0;
	s->head->fresh = s->n;
	for (u32 i = 0; i < s->n; i++)
		elem(s, i)->mark = 0;
	for (u64 id = 0; id <= s->mask; id++) {
		u32 i = get(&s->links[id]) - 1;

		if (i >= s->n || elem(s, i)->mark) /* not an honest process's work */
			put(&s->links[id], 0);
		else
			elem(s, i)->mark = 1;
	}
	for (u32 i = 0; i < s->n; i++) {
		if (elem(s, i)->mark)
			continue;
		elem(s, i)->next = s->head->free;
		s->head->free = i + 1;
	}
}

static int lock(struct map *map)
{
	struct stacks *s = map->priv;

	if (!map_enter())
		return -EDEADLK;
	if (unlikely(lock_take(map->obj.store, &s->head->lock)))
		collect(s);
	return 0;
}

static void unlock(struct map *map)
{
	struct stacks *s = map->priv;

	lock_give(&s->head->lock);
	map_leave();
}

static bool has_free(const struct stacks *s)
{
	return get(&s->head->free) - 1 < s->n || get(&s->head->fresh) < s->n;
}

/* The same, when a dead process's have been found as well. */
static bool has_free_after_all(struct map *map)
{
	bool has = false;

	if (!lock(map)) {
		has = has_free(map->priv);
		unlock(map);
	}
	return has;
}

static bool take_free(const struct stacks *s, u32 *i)
{
	u32 first = s->head->free - 1;

	if (first < s->n) {
		s->head->free = elem(s, first)->next;
		*i = first;
		return true;
	}
	*i = s->head->fresh;
	if (*i >= s->n)
		return false;
	s->head->fresh++;
	return true;
}

/* That id leads to `link` now; what it led to before is free. */
static void lead(const struct stacks *s, u32 id, u32 link)
{
	u32 old = get(&s->links[id]) - 1;

	put(&s->links[id], link);
	if (old >= s->n)
		return;
	elem(s, old)->next = s->head->free;
	s->head->free = old + 1;
}

static void fill(struct elem *e, u32 hash, const void *data, u32 n, u32 len)
{
	u32 seq = (e->seq + 1) | 1;

	__atomic_store_n(&e->seq, seq, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	e->hash = hash;
	e->n = n;
	memcpy(e->data, data, len);
	put(&e->seq, seq + 1);
}

/* ---- without ---- */

/* The element that an id leads to, and its seq; NULL: none. */
static struct elem *find(const struct stacks *s, u32 id, u32 *seq)
{
	u32 i = id <= s->mask ? get(&s->links[id]) - 1 : UINT32_MAX;

	if (i >= s->n)
		return NULL;
	*seq = get(&elem(s, i)->seq);
	return elem(s, i);
}

/* Whether what was read of an element was that id's. */
static bool stood_still(const struct stacks *s, u32 id, const struct elem *e, u32 seq)
{
	u32 i;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	i = __atomic_load_n(&s->links[id], __ATOMIC_RELAXED) - 1;
	return !(seq & 1) && i < s->n && elem(s, i) == e &&
	       __atomic_load_n(&e->seq, __ATOMIC_RELAXED) == seq;
}

/* Whether that stack stands there; data NULL: one with that hash. */
static bool stands(const struct map *map, u32 id, u32 hash, const void *data, u32 n)
{
	const struct stacks *s = map->priv;
	u32 seq;
	struct elem *e = find(s, id, &seq);

	return e && e->hash == hash &&
	       (!data || (e->n == n && !memcmp(e->data, data, data_size(map, n)))) &&
	       stood_still(s, id, e, seq);
}

/* ---- a program's side ---- */

static s64 insert(struct map *map, u32 id, u32 hash, const void *data, u32 n, bool reuse)
{
	struct stacks *s = map->priv;
	u32 len = data_size(map, n), i;

	if (stands(map, id, hash, data, n))
		return id;
	if (!reuse && get(&s->links[id]) - 1 < s->n)
		return -EEXIST;
	if (!take_free(s, &i))
		return -ENOMEM;
	fill(elem(s, i), hash, data, n, len);
	lead(s, id, i + 1);
	return id;
}

s64 stack_trace_put(struct map *map, const u64 *ips, u32 n, u64 flags,
		    stack_trace_name *name, void *arg)
{
	struct skep_stack_build_id named[STACK_TRACE_DEPTH];
	struct stacks *s = map->priv;
	u32 hash = htab_hash(0, (const u8 *)ips, n * (u32)sizeof(*ips)), id;
	const void *data = ips;
	s64 ret;

	id = hash & s->mask;
	if (flags & SKEP_F_FAST_STACK_CMP && stands(map, id, hash, NULL, n))
		return id;
	if (stack_trace_has_build_ids(map)) {
		/* The kernel asks before it compares. */
		if (!has_free(s) && !has_free_after_all(map))
			return -ENOMEM;
		name(arg, ips, n, named);
		data = named;
	}
	if (stands(map, id, hash, data, n))
		return id;
	ret = lock(map);
	if (ret)
		return ret;
	ret = insert(map, id, hash, data, n, flags & SKEP_F_REUSE_STACKID);
	unlock(map);
	return ret;
}

/* ---- user space's side ---- */

static int user_read(struct map *map, const void *key, void *value)
{
	const struct stacks *s = map->priv;
	u32 id = load32(key), seq, len;

	for (int tries = 0; tries < TRIES; tries++) {
		struct elem *e = find(s, id, &seq);

		if (!e)
			return -ENOENT;
		len = data_size(map, __atomic_load_n(&e->n, __ATOMIC_RELAXED));
		memcpy(value, e->data, len);
		memset((u8 *)value + len, 0, map->info.value_size - len);
		if (stood_still(s, id, e, seq))
			return 0;
	}
	return -EAGAIN; /* somebody writes it without end */
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return -EINVAL;
}

/* value NULL: only remove. */
static int take(struct map *map, const void *key, void *value)
{
	struct stacks *s = map->priv;
	u32 id = load32(key);
	int err = lock(map);

	if (err)
		return err;
	err = get(&s->links[id & s->mask]) ? 0 : -ENOENT;
	if (!err && value)
		err = user_read(map, key, value);
	if (!err)
		lead(s, id, 0);
	unlock(map);
	return err;
}

static int user_take(struct map *map, const void *key, void *value)
{
	const struct stacks *s = map->priv;

	return load32(key) > s->mask ? -ENOENT : take(map, key, value);
}

static int user_remove(struct map *map, const void *key)
{
	const struct stacks *s = map->priv;

	return load32(key) > s->mask ? -E2BIG : take(map, key, NULL);
}

/* From an id that is not there, the walk begins again. */
static int next_key(struct map *map, const void *key, void *next)
{
	const struct stacks *s = map->priv;
	u32 seq;
	u64 id = key && find(s, load32(key), &seq) ? load32(key) + 1ull : 0;

	for (; id <= s->mask; id++) {
		if (find(s, (u32)id, &seq)) {
			store32(next, (u32)id);
			return 0;
		}
	}
	return -ENOENT;
}

const struct map_ops map_stack_trace = {
	.name = "stack_trace",
	.late_check = true,
	.no_value_ptr = true,
	.btf = map_btf_never,
	.check = check,
	.size = size,
	.open = open_view,
	.close = close_view,
	.read = user_read,
	.write = user_write,
	.take = user_take,
	.remove = user_remove,
	.next_key = next_key,
};
