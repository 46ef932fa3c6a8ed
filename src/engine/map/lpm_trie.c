/* lpm_trie: a binary trie with its paths compressed, and an index of its upper part.
 *
 * What is there is what the trie reaches from its root; every change of it is one store.
 * The index has, for each value of a key's first bits, the longest prefix that is shorter
 * than those bits and the first node that is not, so that a lookup skips most levels. It
 * follows the trie a few stores later: while it does, `seq` is odd and readers begin at
 * the root.
 *
 * Readers take no lock. What they stand on may be taken out and used again; so what is
 * free waits in a queue until HELD more were freed, and a reader that was overtaken by
 * that many changes begins anew. If it was overtaken by two, too: then what it found is
 * what was there before, between or after one change.
 *
 * A process that dies with the lock leaves a right trie, with seq odd; the next writer
 * makes everything else from it. Links are numbers plus one, 0: none. Storage is other
 * processes' to write: each link is bounded, and prefixes get longer on each way down. */
#include "map.h"
#include "mem.h"

enum {
	BYTES_MOST = 256, /* of a key's data */
	WORDS_MOST = BYTES_MOST / 8,
	BITS_MOST = BYTES_MOST * 8,
	INDEX_MOST = 22, /* bits */
	HELD = 64,	 /* free ones that are not used yet */
	PATIENCE = 64,	 /* how often a reader insists on a quiet moment, */
	TRIES = 4096,	 /* and on one in which nothing is used again */
	KERNEL_NODE = 24,
	KMALLOC = 4 << 20, /* the kernel's KMALLOC_MAX_SIZE */
};

/* What is free, in the order in which it was freed. */
struct pool {
	u32 fresh; /* above: never used */
	u32 pad;
	u64 front, back;
};

struct head {
	u64 seq; /* changes begun and ended */
	u32 root;
	u8 pad0[52];
	u32 lock;
	u32 n; /* prefixes */
	struct pool pool;
	u8 pad1[32];
};

/* Not changed while the trie reaches it but for `child`, and `used`, which may become 0:
 * then it is only where two part. The value follows `bits`. */
struct node {
	u32 child[2];
	u32 used;   /* a prefix with a value */
	u32 len;    /* bits of it */
	u64 bits[]; /* the first bit is the highest; behind `len`: what the user gave */
};

struct trie {
	struct head *head;
	u64 *index; /* longest prefix << 32 | first node */
	u8 *nodes;
	u32 *free;
	u32 n; /* nodes */
	u32 node_size, value_at;
	u32 bytes, most; /* bytes and bits of a key's data */
	u32 index_bits;
};

struct prefix {
	u32 len;
	u64 bits[WORDS_MOST];
};

/* ---- layout ---- */

static int check(const union skep_attr *attr)
{
	u32 allowed = SKEP_F_NO_PREALLOC | SKEP_F_NUMA_NODE | SKEP_F_RDONLY |
		      SKEP_F_WRONLY | SKEP_F_RDONLY_PROG | SKEP_F_WRONLY_PROG;

	return !attr->max_entries || !(attr->map_flags & SKEP_F_NO_PREALLOC) ||
			       attr->map_flags & ~allowed || attr->key_size < 4 + 1 ||
			       attr->key_size > 4 + BYTES_MOST || !attr->value_size ||
			       attr->value_size > KMALLOC - BYTES_MOST - KERNEL_NODE
		       ? -EINVAL
		       : 0;
}

struct layout {
	u64 index, nodes, free, size, n;
	u32 node_size, value_at, index_bits;
};

static struct layout layout(const struct map_info *info)
{
	struct layout l = {.index = sizeof(struct head)};
	u32 bytes = info->key_size - 4;

	/* four entries for each prefix: most lookups see one node then */
	l.index_bits = 66 - __builtin_clzll(info->max_entries | 1);
	l.index_bits = MIN(l.index_bits, MIN(8 * bytes, INDEX_MOST));
	l.n = 2ull * info->max_entries + 1 + HELD; /* one to replace another with */
	l.value_at = sizeof(struct node) + round_up(bytes, 8);
	l.node_size = l.value_at + round_up(info->value_size, 8);
	l.nodes = round_up(l.index + (8ull << l.index_bits), 64);
	l.free = l.nodes + l.n * l.node_size;
	l.size = l.free + l.n * 4;
	return l;
}

static u64 size(const struct map_info *info)
{
	return layout(info).size;
}

static int open_view(struct map *map)
{
	struct layout l = layout(&map->info);
	struct trie *t;

	if (l.n >= UINT32_MAX)
		return -ENOMEM;
	t = mem_alloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = (struct trie){
		.head = (struct head *)map->storage,
		.index = (u64 *)(map->storage + l.index),
		.nodes = map->storage + l.nodes,
		.free = (u32 *)(map->storage + l.free),
		.n = (u32)l.n,
		.node_size = l.node_size,
		.value_at = l.value_at,
		.bytes = map->info.key_size - 4,
		.most = 8 * (map->info.key_size - 4),
		.index_bits = l.index_bits,
	};
	map->priv = t;
	map->values = (struct map_values){
		.lo = u64_of(t->nodes),
		.hi = u64_of(t->nodes) + l.n * l.node_size,
		.stride = l.node_size,
		.at = l.value_at,
		.size = map->info.value_size,
	};
	return 0;
}

static void close_view(struct map *map)
{
	mem_free(map->priv);
}

/* ---- nodes, prefixes ---- */

static u32 get(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void put(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* NULL: no link, or none that an honest process made. */
static struct node *node_of(const struct trie *t, u32 link)
{
	return link - 1 < t->n
		       ? (struct node *)(t->nodes + (u64)(link - 1) * t->node_size)
		       : NULL;
}

static u32 link_of(const struct trie *t, const struct node *e)
{
	return (u32)(((const u8 *)e - t->nodes) / t->node_size) + 1;
}

static u8 *value_of(const struct trie *t, struct node *e)
{
	return (u8 *)e + t->value_at;
}

/* To be read once: who writes it may be hostile. */
static u32 len_of(const struct node *e)
{
	return get(&e->len);
}

static u32 bit(const u64 *bits, u32 i)
{
	return bits[i / 64] >> (63 - i % 64) & 1;
}

static bool read_prefix(const struct trie *t, const u8 *key, struct prefix *p)
{
	u32 i = 0, shift = 64;
	u64 w = 0;

	p->len = load32(key);
	for (key += 4; i < t->bytes / 8; i++, key += 8)
		p->bits[i] = __builtin_bswap64(load64(key));
	if (t->bytes & 4) {
		w = (u64)__builtin_bswap32(load32(key)) << (shift -= 32);
		key += 4;
	}
	for (u32 k = 0; k < (t->bytes & 3); k++)
		w |= (u64)key[k] << (shift -= 8);
	if (t->bytes & 7)
		p->bits[i] = w;
	return p->len <= t->most;
}

/* How many bits of two prefixes are the same; `most`: of the shorter one. */
static reads_racing u32 same_bits(const u64 *a, const u64 *b, u32 most)
{
	for (u32 w = 0; w * 64 < most; w++) {
		u64 diff = a[w] ^ b[w];

		if (diff)
			return MIN(most, w * 64 + __builtin_clzll(diff));
	}
	return most;
}

/* Whether what `e` stands for, `len` bits, is how `p` begins. */
static bool begins(const struct node *e, u32 len, const struct prefix *p)
{
	return len <= p->len && same_bits(e->bits, p->bits, len) == len;
}

/* ---- reading ---- */

static u32 slot_of(const struct trie *t, const struct prefix *p)
{
	return p->bits[0] >> (64 - t->index_bits);
}

/* The longest prefix of `p` from a node on, or `best` if there is none. */
static struct node *walk(const struct trie *t, const struct prefix *p, u32 link,
			 struct node *best)
{
	struct node *e;
	u32 len;

	for (s32 last = -1; (e = node_of(t, link)); last = (s32)len) {
		len = len_of(e);
		if ((s32)len <= last || !begins(e, len, p))
			break;
		best = get(&e->used) ? e : best;
		if (len == p->len)
			break;
		link = get(&e->child[bit(p->bits, len)]);
	}
	return best;
}

static struct node *find_by_index(const struct trie *t, const struct prefix *p)
{
	u64 slot = __atomic_load_n(&t->index[slot_of(t, p)], __ATOMIC_ACQUIRE);
	struct node *e = walk(t, p, (u32)slot, NULL), *best;

	if (e || !(slot >> 32))
		return e;
	best = node_of(t, slot >> 32);
	if (best && get(&best->used))
		return best;
	return walk(t, p, get(&t->head->root), NULL); /* it was just taken out */
}

static u64 read_begin(const struct trie *t)
{
	return __atomic_load_n(&t->head->seq, __ATOMIC_ACQUIRE);
}

/* Whether what was read since `seq` is good: at most one change was on its way. */
static bool read_ok(const struct trie *t, u64 seq, u32 tries)
{
	u64 now;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	now = __atomic_load_n(&t->head->seq, __ATOMIC_RELAXED);
	return now - seq <= (tries < PATIENCE ? 2 - (seq & 1) : HELD - 2);
}

static struct node *find(const struct trie *t, const struct prefix *p, u64 seq)
{
	return seq & 1 || p->len < t->index_bits ? walk(t, p, get(&t->head->root), NULL)
						 : find_by_index(t, p);
}

static void *lookup(struct map *map, const void *key, u32 slot)
{
	const struct trie *t = map->priv;
	struct prefix p;

	if (!read_prefix(t, key, &p))
		return NULL;
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 seq = read_begin(t);
		struct node *e = find(t, &p, seq);

		if (likely(read_ok(t, seq, tries)))
			return e ? value_of(t, e) : NULL;
	}
	return NULL;
}

static int read_value(struct map *map, const void *key, void *value)
{
	const struct trie *t = map->priv;
	struct prefix p;

	if (!read_prefix(t, key, &p))
		return -ENOENT;
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 seq = read_begin(t);
		struct node *e = find(t, &p, seq);

		if (e)
			map_copy(value, value_of(t, e), map->info.value_size);
		if (read_ok(t, seq, tries))
			return e ? 0 : -ENOENT;
	}
	return -EAGAIN; /* somebody writes without end */
}

/* ---- order: what is below comes before what is above it, 0 before 1 ---- */

static u32 first_below(const struct trie *t, u32 link)
{
	struct node *e = node_of(t, link);
	u32 len = e ? len_of(e) : 0, last = len, next;

	while (e && len < t->most) {
		next = get(&e->child[0]);
		next = next ? next : get(&e->child[1]);
		e = node_of(t, next);
		len = e ? len_of(e) : 0;
		if (len <= last)
			break;
		link = next;
		last = len;
	}
	return link;
}

/* The node that comes after the prefix; the first if the prefix is not there. */
static u32 node_after(const struct trie *t, const struct prefix *p)
{
	u32 root = get(&t->head->root), link = root, next = 0, len, right, side;
	struct node *e;

	for (s32 last = -1; (e = node_of(t, link)); last = (s32)len) {
		len = len_of(e);
		if ((s32)len <= last || !begins(e, len, p))
			break;
		if (len == p->len && get(&e->used))
			return next;
		if (len == p->len)
			break;
		side = bit(p->bits, len);
		right = get(&e->child[1]);
		if (!side && right)
			next = first_below(t, right);
		else if (get(&e->used))
			next = link;
		link = side ? right : get(&e->child[0]);
	}
	return first_below(t, root);
}

static reads_racing void write_key(const struct trie *t, const struct node *e, u8 *key)
{
	store32(key, e->len);
	for (u32 i = 0; i < t->bytes; i++)
		key[4 + i] = (u8)(e->bits[i / 8] >> (56 - i % 8 * 8));
}

static int next_key(struct map *map, const void *key, void *next)
{
	const struct trie *t = map->priv;
	struct prefix p;
	bool first = !key || !read_prefix(t, key, &p);

	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 seq = read_begin(t);
		u32 link =
			first ? first_below(t, get(&t->head->root)) : node_after(t, &p);
		struct node *e = node_of(t, link);

		if (e)
			write_key(t, e, next);
		if (read_ok(t, seq, tries))
			return e ? 0 : -ENOENT;
	}
	return -EAGAIN;
}

/* ---- what is free; from here on under the lock ---- */

static u32 take(const struct trie *t)
{
	struct pool *pool = &t->head->pool;
	u32 i;

	if (pool->fresh < t->n)
		return ++pool->fresh;
	if (pool->back - pool->front <= HELD)
		return 0;
	i = t->free[pool->front++ % t->n];
	return i < t->n ? i + 1 : 0;
}

static void give(const struct trie *t, u32 link)
{
	t->free[t->head->pool.back++ % t->n] = link - 1;
}

/* Stands for the first `len` bits of `p`; value NULL: only a fork. */
static struct node *new_node(const struct map *map, const struct prefix *p, u32 len,
			     const void *value)
{
	const struct trie *t = map->priv;
	struct node *e = node_of(t, take(t));

	if (!e)
		return NULL;
	/* who stands on it since it was taken out may read it still */
	put(&e->child[0], 0);
	put(&e->child[1], 0);
	put(&e->used, value != NULL);
	put(&e->len, len);
	map_copy(e->bits, p->bits, t->value_at - sizeof(*e));
	if (value)
		map_copy(value_of(t, e), value, map->info.value_size);
	return e;
}

/* ---- the index ---- */

/* For a prefix that has all of the index's bits: what stands there. */
static u64 index_entry(const struct trie *t, const struct prefix *p)
{
	u32 link = t->head->root, best = 0, len;
	struct node *e;

	for (s32 last = -1; (e = node_of(t, link)); last = (s32)len) {
		len = len_of(e);
		if (len >= t->index_bits)
			break;
		if ((s32)len <= last || !begins(e, len, p))
			return (u64)best << 32;
		best = e->used ? link : best;
		link = e->child[bit(p->bits, len)];
	}
	if (!e || same_bits(e->bits, p->bits, t->index_bits) < t->index_bits)
		link = 0;
	return (u64)best << 32 | link;
}

/* `best` is the longest prefix for all that begins with `p`'s first `len` bits and has
 * none that is longer. */
static void index_best(const struct trie *t, const u64 *bits, u32 len, u32 best)
{
	u32 n = 1u << (t->index_bits - len);
	u64 *slot = &t->index[bits[0] >> (64 - t->index_bits) & ~(u64)(n - 1)];

	for (u32 i = 0; i < n; i++) {
		struct node *old = node_of(t, slot[i] >> 32);

		if (!old || old->len <= len)
			__atomic_store_n(&slot[i], (u64)best << 32 | (u32)slot[i],
					 __ATOMIC_RELEASE);
	}
}

/* After a change of prefix `p`; `best`: the longest one that `p` begins with now. */
static void index_update(const struct trie *t, const struct prefix *p, u32 best)
{
	if (p->len < t->index_bits)
		index_best(t, p->bits, p->len, best);
	else
		__atomic_store_n(&t->index[slot_of(t, p)], index_entry(t, p),
				 __ATOMIC_RELEASE);
}

static void change_begin(const struct trie *t)
{
	u64 *seq = &t->head->seq;

	__atomic_store_n(seq, (*seq + 1) | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void change_end(const struct trie *t)
{
	__atomic_store_n(&t->head->seq, t->head->seq + 1, __ATOMIC_RELEASE);
}

/* ---- after a death ---- */

struct edge {
	u32 from, side;
};

/* The node that a link leads to; a link that no honest process made ends here. */
static struct node *claim(const struct trie *t, u32 *link, const struct node *from,
			  u32 side)
{
	u32 at = get(link), above = from ? MIN(len_of(from), t->most - 1) : 0;
	struct node *e = node_of(t, at);

	if (!e || t->free[at - 1] || len_of(e) > t->most ||
	    (from && (len_of(e) <= above || bit(e->bits, above) != side ||
		      same_bits(e->bits, from->bits, above) < above))) {
		put(link, 0);
		return NULL;
	}
	t->free[at - 1] = 1;
	t->head->n += e->used != 0;
	return e;
}

/* A node's part in the index, after that of the nodes above it. */
static void index_node(const struct trie *t, const struct node *e, u32 link,
		       const struct node *from)
{
	u32 len = len_of(e);
	u64 *slot = &t->index[e->bits[0] >> (64 - t->index_bits)];

	if (len < t->index_bits && e->used)
		index_best(t, e->bits, len, link);
	if (len >= t->index_bits && (!from || len_of(from) < t->index_bits))
		*slot = (*slot >> 32 << 32) | link;
}

static void claim_all(const struct trie *t)
{
	struct edge todo[BITS_MOST + 4]; /* a way down, and what is beside it */
	u32 n = 0, *link = &t->head->root;
	struct node *from = NULL, *e;
	struct edge edge = {0, 0};

	for (;;) {
		e = claim(t, link, from, edge.side);
		if (e && n + 2 <= ARRAY_SIZE(todo)) {
			index_node(t, e, link_of(t, e), from);
			todo[n++] = (struct edge){link_of(t, e), 1};
			todo[n++] = (struct edge){link_of(t, e), 0};
		}
		if (!n)
			break;
		edge = todo[--n];
		from = node_of(t, edge.from);
		link = &from->child[edge.side];
	}
}

/* The marks of what is used become the queue of what is free. */
static void free_unclaimed(const struct trie *t)
{
	u32 n = 0;

	for (u32 i = 0; i < t->n; i++)
		if (!t->free[i])
			t->free[n++] = i;
	t->head->pool = (struct pool){.fresh = t->n, .back = n};
}

static void recover(const struct trie *t)
{
	struct head *head = t->head;

	change_begin(t);
	memset(t->index, 0, 8ull << t->index_bits);
	memset(t->free, 0, t->n * 4ull);
	head->n = 0;
	claim_all(t);
	free_unclaimed(t);
	/* the queue has a new order: who reads now begins anew */
	__atomic_store_n(&head->seq, head->seq + HELD, __ATOMIC_RELEASE);
	change_end(t);
}

/* ---- writing ---- */

/* Where a prefix is, or would be. */
struct place {
	u32 *link;	   /* to `node` */
	struct node *node; /* NULL: none */
	u32 same;	   /* bits of it and the prefix */
	bool exact;	   /* it is the prefix's own */
	u32 *over_link;	   /* to the node above */
	struct node *over;
	u32 best; /* the prefix above */
};

static struct place place_of(const struct trie *t, const struct prefix *p)
{
	struct place at = {.link = &t->head->root};
	struct node *e;
	u32 len;

	for (s32 last = -1; (e = node_of(t, get(at.link))); last = (s32)len) {
		len = len_of(e);
		at.same = same_bits(e->bits, p->bits, MIN(len, p->len));
		at.exact = at.same == len && len == p->len;
		if (at.exact || at.same < len || (s32)len <= last)
			break;
		at.best = e->used ? *at.link : at.best;
		at.over_link = at.link;
		at.over = e;
		at.link = &e->child[bit(p->bits, len)];
	}
	at.node = e;
	return at;
}

/* A new node for `p` into the trie: in the place of one that stands for the same bits,
 * above a longer one, or beside one, with a fork above both. */
static int put_node(struct map *map, const struct prefix *p, const struct place *at,
		    const void *value)
{
	const struct trie *t = map->priv;
	bool apart = at->node && at->same < p->len;
	struct node *e = new_node(map, p, p->len, value), *top = e;
	u32 old = get(at->link), side;

	if (apart)
		top = new_node(map, p, at->same, NULL);
	if (!e || !top)
		return -ENOMEM; /* not an honest process's work */
	if (at->exact) {
		put(&e->child[0], at->node->child[0]);
		put(&e->child[1], at->node->child[1]);
	} else if (apart) {
		side = bit(p->bits, at->same);
		put(&top->child[side], link_of(t, e));
		put(&top->child[!side], old);
	} else if (at->node) {
		put(&e->child[bit(at->node->bits, p->len)], old);
	}
	change_begin(t);
	put(at->link, link_of(t, top));
	index_update(t, p, link_of(t, e));
	if (at->exact)
		give(t, old);
	change_end(t);
	return 0;
}

static int update_locked(struct map *map, const struct prefix *p, const void *value,
			 u64 flags)
{
	struct trie *t = map->priv;
	struct place at = place_of(t, p);
	bool there = at.exact && at.node->used;
	int err;

	if (there && flags == SKEP_NOEXIST)
		return -EEXIST;
	if (!there && flags == SKEP_EXIST)
		return -ENOENT;
	if (!there && t->head->n >= map->info.max_entries)
		return -ENOSPC;
	err = put_node(map, p, &at, value);
	t->head->n += !err && !there;
	return err;
}

/* Takes a node out that has not two below it, and a fork above it that has only one then.
 */
static void remove_node(const struct trie *t, const struct place *at)
{
	u32 link = *at->link, child = at->node->child[0], fork;

	child = child ? child : at->node->child[1];
	if (child || !at->over || at->over->used) {
		put(at->link, child);
	} else {
		fork = *at->over_link;
		put(at->over_link, at->over->child[at->link == &at->over->child[0]]);
		give(t, fork);
	}
	give(t, link);
}

static int remove_locked(struct map *map, const struct prefix *p)
{
	const struct trie *t = map->priv;
	struct place at = place_of(t, p);

	if (!at.exact || !at.node->used)
		return -ENOENT;
	change_begin(t);
	if (at.node->child[0] && at.node->child[1])
		put(&at.node->used, 0);
	else
		remove_node(t, &at);
	t->head->n--;
	index_update(t, p, at.best);
	change_end(t);
	return 0;
}

static bool lock(struct map *map)
{
	const struct trie *t = map->priv;

	if (!map_enter())
		return false;
	if (lock_take(map->obj.store, &t->head->lock))
		recover(t);
	return true;
}

static void unlock(struct map *map)
{
	lock_give(&((struct trie *)map->priv)->head->lock);
	map_leave();
}

static int update(struct map *map, const void *key, const void *value, u64 flags,
		  u32 slot)
{
	struct prefix p;
	int err;

	if (map_check_update(flags) || !read_prefix(map->priv, key, &p))
		return -EINVAL;
	if (!lock(map))
		return -EDEADLK;
	err = update_locked(map, &p, value, flags);
	unlock(map);
	return err;
}

static int user_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return update(map, key, value, flags, 0);
}

static int remove_prefix(struct map *map, const void *key)
{
	struct prefix p;
	int err;

	if (!read_prefix(map->priv, key, &p))
		return -EINVAL;
	if (!lock(map))
		return -EDEADLK;
	err = remove_locked(map, &p);
	unlock(map);
	return err;
}

const struct map_ops map_lpm_trie = {
	.name = "lpm_trie",
	.late_check = true,
	.btf = map_btf_struct,
	.check = check,
	.size = size,
	.open = open_view,
	.close = close_view,
	.lookup = lookup,
	.update = update,
	.remove = remove_prefix,
	.read = read_value,
	.write = user_write,
	.next_key = next_key,
	.batch = map_batch_lookup | map_batch_update | map_batch_delete,
};
