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
	INDEX_MOST = 20, /* bits */
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
	struct pool nodes, cells;
	u8 pad1[8];
};

struct node {
	u32 child[2];
	u32 cell;   /* 0: no prefix, only where two part */
	u32 len;    /* bits */
	u64 bits[]; /* the first bit is the highest; those behind `len` mean nothing */
};

/* A cell is the value, then the key's data, which keeps the bits behind the prefix. */

struct trie {
	struct head *head;
	u64 *index; /* longest prefix << 32 | first node */
	u8 *nodes, *cells;
	u32 *free_nodes, *free_cells;
	u32 nnodes, ncells;
	u32 node_size, cell_size, key_at;
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
	u64 index, nodes, cells, free_nodes, free_cells, size;
	u64 nnodes, ncells;
	u32 node_size, cell_size, index_bits;
};

static struct layout layout(const struct map_info *info)
{
	struct layout l = {.index = sizeof(struct head)};
	u32 bytes = info->key_size - 4, data = round_up(bytes, 8);

	l.index_bits = 64 - __builtin_clzll(info->max_entries);
	l.index_bits = MIN(l.index_bits, MIN(8 * bytes, INDEX_MOST));
	l.nnodes = 2ull * info->max_entries + HELD;
	l.ncells = info->max_entries + 1ull + HELD; /* one to replace another with */
	l.node_size = sizeof(struct node) + data;
	l.cell_size = round_up(info->value_size, 8) + data;
	l.nodes = round_up(l.index + (8ull << l.index_bits), 64);
	l.cells = l.nodes + l.nnodes * l.node_size;
	l.free_nodes = l.cells + l.ncells * l.cell_size;
	l.free_cells = l.free_nodes + l.nnodes * 4;
	l.size = l.free_cells + l.ncells * 4;
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

	if (l.nnodes >= UINT32_MAX)
		return -ENOMEM;
	t = mem_alloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = (struct trie){
		.head = (struct head *)map->storage,
		.index = (u64 *)(map->storage + l.index),
		.nodes = map->storage + l.nodes,
		.cells = map->storage + l.cells,
		.free_nodes = (u32 *)(map->storage + l.free_nodes),
		.free_cells = (u32 *)(map->storage + l.free_cells),
		.nnodes = (u32)l.nnodes,
		.ncells = (u32)l.ncells,
		.node_size = l.node_size,
		.cell_size = l.cell_size,
		.key_at = map->stride,
		.bytes = map->info.key_size - 4,
		.most = 8 * (map->info.key_size - 4),
		.index_bits = l.index_bits,
	};
	map->priv = t;
	map->values = (struct map_values){
		.lo = u64_of(t->cells),
		.hi = u64_of(t->cells) + l.ncells * l.cell_size,
		.stride = l.cell_size,
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
	return link - 1 < t->nnodes
		       ? (struct node *)(t->nodes + (u64)(link - 1) * t->node_size)
		       : NULL;
}

static u32 link_of(const struct trie *t, const struct node *e)
{
	return (u32)(((const u8 *)e - t->nodes) / t->node_size) + 1;
}

static u8 *cell_of(const struct trie *t, u32 link)
{
	return link - 1 < t->ncells ? t->cells + (u64)(link - 1) * t->cell_size : NULL;
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
static u32 same_bits(const u64 *a, const u64 *b, u32 most)
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

/* The cell of the longest prefix of `p` from a node on, or `cell` if there is none. */
static u32 walk(const struct trie *t, const struct prefix *p, u32 link, u32 cell)
{
	struct node *e;
	u32 len, c;

	for (s32 last = -1; (e = node_of(t, link)); last = (s32)len) {
		len = len_of(e);
		if ((s32)len <= last || !begins(e, len, p))
			break;
		c = get(&e->cell);
		cell = c ? c : cell;
		if (len == p->len)
			break;
		link = get(&e->child[bit(p->bits, len)]);
	}
	return cell;
}

static u32 find_by_index(const struct trie *t, const struct prefix *p)
{
	u64 slot = __atomic_load_n(&t->index[slot_of(t, p)], __ATOMIC_ACQUIRE);
	struct node *best = node_of(t, slot >> 32);
	u32 cell = best ? get(&best->cell) : 0;

	if (best && !cell) /* just taken out */
		return walk(t, p, get(&t->head->root), 0);
	return walk(t, p, (u32)slot, cell);
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

static u32 find(const struct trie *t, const struct prefix *p, u64 seq)
{
	return seq & 1 || p->len < t->index_bits ? walk(t, p, get(&t->head->root), 0)
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
		u32 cell = find(t, &p, seq);

		if (likely(read_ok(t, seq, tries)))
			return cell_of(t, cell);
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
		u8 *cell = cell_of(t, find(t, &p, seq));

		if (cell)
			map_copy(value, cell, map->info.value_size);
		if (read_ok(t, seq, tries))
			return cell ? 0 : -ENOENT;
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
		if (len == p->len && get(&e->cell))
			return next;
		if (len == p->len)
			break;
		side = bit(p->bits, len);
		right = get(&e->child[1]);
		if (!side && right)
			next = first_below(t, right);
		else if (get(&e->cell))
			next = link;
		link = side ? right : get(&e->child[0]);
	}
	return first_below(t, root);
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
		u8 *cell = e ? cell_of(t, get(&e->cell)) : NULL;

		if (cell) {
			store32(next, e->len);
			memcpy((u8 *)next + 4, cell + t->key_at, t->bytes);
		}
		if (read_ok(t, seq, tries) && (cell || !e))
			return cell ? 0 : -ENOENT;
	}
	return -EAGAIN;
}

/* ---- what is free; from here on under the lock ---- */

static u32 take(struct pool *pool, const u32 *queue, u32 n)
{
	u32 i;

	if (pool->fresh < n)
		return ++pool->fresh;
	if (pool->back - pool->front <= HELD)
		return 0;
	i = queue[pool->front++ % n];
	return i < n ? i + 1 : 0;
}

static void give(struct pool *pool, u32 *queue, u32 n, u32 link)
{
	if (link)
		queue[pool->back++ % n] = link - 1;
}

static void give_node(const struct trie *t, u32 link)
{
	give(&t->head->nodes, t->free_nodes, t->nnodes, link);
}

static void give_cell(const struct trie *t, u32 link)
{
	give(&t->head->cells, t->free_cells, t->ncells, link);
}

static u32 new_cell(const struct map *map, const u8 *key, const void *value)
{
	const struct trie *t = map->priv;
	u32 link = take(&t->head->cells, t->free_cells, t->ncells);
	u8 *cell = cell_of(t, link);

	if (!cell)
		return 0;
	map_copy(cell, value, map->info.value_size);
	memcpy(cell + t->key_at, key + 4, t->bytes);
	return link;
}

/* Stands for the first `len` bits of `p`. */
static u32 new_node(const struct trie *t, const struct prefix *p, u32 len, u32 cell)
{
	u32 link = take(&t->head->nodes, t->free_nodes, t->nnodes);
	struct node *e = node_of(t, link);

	if (!e)
		return 0;
	e->child[0] = e->child[1] = 0;
	e->cell = cell;
	e->len = len;
	memcpy(e->bits, p->bits, t->node_size - sizeof(*e));
	return link;
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
		best = e->cell ? link : best;
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
	u32 cell;

	if (!e || t->free_nodes[at - 1] || len_of(e) > t->most ||
	    (from && (len_of(e) <= above || bit(e->bits, above) != side ||
		      same_bits(e->bits, from->bits, above) < above))) {
		put(link, 0);
		return NULL;
	}
	t->free_nodes[at - 1] = 1;
	cell = get(&e->cell);
	if (!cell_of(t, cell) || t->free_cells[cell - 1]) {
		put(&e->cell, 0);
	} else {
		t->free_cells[cell - 1] = 1;
		t->head->n++;
	}
	return e;
}

/* A node's part in the index, after that of the nodes above it. */
static void index_node(const struct trie *t, const struct node *e, u32 link,
		       const struct node *from)
{
	u32 len = len_of(e);
	u64 *slot = &t->index[e->bits[0] >> (64 - t->index_bits)];

	if (len < t->index_bits && e->cell)
		index_best(t, e->bits, len, link);
	if (len >= t->index_bits && (!from || len_of(from) < t->index_bits))
		*slot = (*slot >> 32 << 32) | link;
}

static void claim_all(const struct trie *t)
{
	struct edge
		todo[BITS_MOST + 4]; /* a way down, and what is beside each step of it */
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
static void free_unclaimed(struct pool *pool, u32 *queue, u32 n)
{
	u32 free = 0;

	for (u32 i = 0; i < n; i++)
		if (!queue[i])
			queue[free++] = i;
	*pool = (struct pool){.fresh = n, .back = free};
}

static void recover(const struct trie *t)
{
	struct head *head = t->head;

	change_begin(t);
	memset(t->index, 0, 8ull << t->index_bits);
	memset(t->free_nodes, 0, t->nnodes * 4ull);
	memset(t->free_cells, 0, t->ncells * 4ull);
	head->n = 0;
	claim_all(t);
	free_unclaimed(&head->nodes, t->free_nodes, t->nnodes);
	free_unclaimed(&head->cells, t->free_cells, t->ncells);
	/* the queues have a new order: who reads now begins anew */
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
		at.best = e->cell ? *at.link : at.best;
		at.over_link = at.link;
		at.over = e;
		at.link = &e->child[bit(p->bits, len)];
	}
	at.node = e;
	return at;
}

/* A new node for `p` into the trie, with another one where it parts from what is there.
 */
static u32 insert_node(const struct trie *t, const struct prefix *p,
		       const struct place *at, u32 cell)
{
	u32 link = new_node(t, p, p->len, cell), fork;
	struct node *e = node_of(t, link), *f;

	if (!e || !at->node || at->same == p->len) {
		if (e && at->node)
			e->child[bit(at->node->bits, p->len)] = *at->link;
		if (e)
			put(at->link, link);
		return link;
	}
	fork = new_node(t, p, at->same, 0);
	f = node_of(t, fork);
	if (!f)
		return 0;
	f->child[bit(p->bits, at->same)] = link;
	f->child[!bit(p->bits, at->same)] = *at->link;
	put(at->link, fork);
	return link;
}

static int insert(struct map *map, const u8 *key, const struct prefix *p,
		  const struct place *at, const void *value)
{
	const struct trie *t = map->priv;
	u32 cell, link;

	if (t->head->n >= map->info.max_entries)
		return -ENOSPC;
	cell = new_cell(map, key, value);
	if (!cell)
		return -ENOMEM; /* not an honest process's work, as below */
	change_begin(t);
	if (at->exact) {
		link = *at->link;
		put(&at->node->cell, cell);
	} else {
		link = insert_node(t, p, at, cell);
	}
	t->head->n++;
	index_update(t, p, link);
	change_end(t);
	return link ? 0 : -ENOMEM;
}

static int replace(struct map *map, const u8 *key, struct node *e, const void *value)
{
	const struct trie *t = map->priv;
	u32 cell = new_cell(map, key, value), old = e->cell;

	if (!cell)
		return -ENOMEM;
	change_begin(t);
	put(&e->cell, cell);
	give_cell(t, old);
	change_end(t);
	return 0;
}

static int update_locked(struct map *map, const u8 *key, const struct prefix *p,
			 const void *value, u64 flags)
{
	struct place at = place_of(map->priv, p);

	if (at.exact && at.node->cell)
		return flags == SKEP_NOEXIST ? -EEXIST
					     : replace(map, key, at.node, value);
	return flags == SKEP_EXIST ? -ENOENT : insert(map, key, p, &at, value);
}

/* Takes a node out that has not two below it, and a fork above it that has only one then.
 */
static void remove_node(const struct trie *t, const struct place *at)
{
	u32 link = *at->link, child = at->node->child[0], fork;

	child = child ? child : at->node->child[1];
	if (child || !at->over || at->over->cell) {
		put(at->link, child);
	} else {
		fork = *at->over_link;
		put(at->over_link, at->over->child[at->link == &at->over->child[0]]);
		give_node(t, fork);
	}
	give_node(t, link);
}

static int remove_locked(struct map *map, const struct prefix *p)
{
	const struct trie *t = map->priv;
	struct place at = place_of(t, p);
	u32 cell;

	if (!at.exact || !at.node->cell)
		return -ENOENT;
	cell = at.node->cell;
	change_begin(t);
	if (at.node->child[0] && at.node->child[1])
		put(&at.node->cell, 0);
	else
		remove_node(t, &at);
	t->head->n--;
	index_update(t, p, at.best);
	give_cell(t, cell);
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
	err = update_locked(map, key, &p, value, flags);
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
};
