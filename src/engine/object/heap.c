#include "heap.h"
#include "heap_graph.h"
#include "mem.h"
#include "store.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	CHUNK = 1 << 16, /* of blocks of one size */
	CHUNKS = HEAP_SIZE / CHUNK,
	TYPES = 1024,
	HELD = 1023, /* references of a slot */
	UNIT = 16,   /* blocks begin at multiples; of links */
	LAYOUT = 1,
	KERNEL_MOST = 4088, /* bytes that bpf_mem_alloc() has blocks for */
};
#define MAGIC 0x31504145484b53ull /* "SKHEAP1" */

static const u32 sizes[] = {32,	  48,	64,   80,   96,	   128,	  160,	192,  256,
			    320,  384,	512,  640,  768,   1024,  1280, 1536, 2048,
			    2560, 3072, 4112, 8192, 16384, 32768, CHUNK};

/* Before each object. A link is a block's offset in units plus one; 0: none. */
struct block {
	u32 type, refs;
	u32 next;
	u32 pad;
};

struct held {
	u32 n;
	u32 at[HELD]; /* addresses in units; 0: none any more */
};

struct heap_head {
	u64 magic;
	u32 layout;
	u32 chunks; /* that are in use */
	u32 lock;   /* for types */
	u32 ntypes;
	u64 free[ARRAY_SIZE(sizes)];  /* stacks: changes << 32 | link of the first */
	u64 fresh[ARRAY_SIZE(sizes)]; /* chunk + 1 << 32 | bytes of it that were used */
	u8 class[CHUNKS];	      /* index into sizes, plus one; 0: not there */
	struct heap_type types[TYPES];
	struct held held[STORE_SLOTS];
};

struct heap {
	struct heap_head *head;
	u8 *data;
	int fd;
};

enum { DATA = (sizeof(struct heap_head) + CHUNK - 1) / CHUNK * CHUNK };

/* ---- the region ---- */

static int open_file(struct store *store)
{
	int fd;

	if (store->dir < 0)
		fd = memfd_create("skep-heap", MFD_CLOEXEC);
	else
		fd = openat(store->dir, "heap", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			    0600);
	return fd < 0 ? -errno : fd;
}

static int reserve(int fd, u64 at, u64 len)
{
	int err;

	do
		err = posix_fallocate(fd, (off_t)at, (off_t)len);
	while (err == EINTR);
	return -err;
}

/* Who makes it has the store's lock; a dead maker's half is made whole. */
static int make(const struct store *store, int fd, struct heap *h)
{
	const u64 len =
		offsetof(struct heap_head, held) + store->slots * sizeof(struct held);
	int err = ftruncate(fd, DATA + HEAP_SIZE) ? -errno : reserve(fd, 0, len);

	if (err)
		return err == -ENOSPC || err == -EFBIG ? -ENOMEM : err;
	h->head = mmap(NULL, DATA + HEAP_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (h->head == MAP_FAILED)
		return -ENOMEM;
	h->data = (u8 *)h->head + DATA;
	h->fd = fd;
	if (!h->head->magic) {
		h->head->layout = LAYOUT;
		h->head->ntypes = 1;
		__atomic_store_n(&h->head->magic, MAGIC, __ATOMIC_RELEASE);
	}
	if (h->head->magic == MAGIC && h->head->layout == LAYOUT)
		return 0;
	munmap(h->head, DATA + HEAP_SIZE);
	return -EPROTO;
}

static int open_locked(struct store *store)
{
	struct heap *h;
	int fd, err;

	if (store->heap)
		return 0;
	h = mem_alloc(1, sizeof(*h));
	fd = h ? open_file(store) : -ENOMEM;
	err = fd < 0 ? fd : make(store, fd, h);
	if (!err) {
		__atomic_store_n(&store->heap, h, __ATOMIC_RELEASE);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	mem_free(h);
	return err;
}

int heap_open(struct store *store, bool locked)
{
	int err;

	if (__atomic_load_n(&store->heap, __ATOMIC_ACQUIRE))
		return 0;
	if (locked)
		return open_locked(store);
	store_lock(store);
	err = open_locked(store);
	store_unlock(store);
	return err;
}

void heap_close(struct store *store)
{
	struct heap *h = store->heap;

	if (!h)
		return;
	munmap(h->head, DATA + HEAP_SIZE);
	close(h->fd);
	mem_free(h);
	store->heap = NULL;
}

/* ---- types ---- */

u32 heap_add_type(struct store *store, const struct heap_type *type)
{
	struct heap_head *head = store->heap->head;
	u32 n, i;

	lock_take(store, &head->lock);
	n = MIN(head->ntypes, (u32)TYPES);
	for (i = 1; i < n && memcmp(&head->types[i], type, sizeof(*type)); i++)
		;
	if (i == n && n < TYPES) {
		head->types[n] = *type;
		__atomic_store_n(&head->ntypes, n + 1, __ATOMIC_RELEASE);
	}
	lock_give(&head->lock);
	return i < TYPES ? i : 0;
}

/* ---- addresses ---- */

static struct block *block_at(const struct heap *h, u32 unit)
{
	return (struct block *)(h->data + (u64)unit * UNIT);
}

/* The block that an offset of the region lies in, and where in it. */
static struct block *find(const struct heap *h, u64 off, u32 *in, u32 *size)
{
	const u32 class = __atomic_load_n(&h->head->class[off / CHUNK], __ATOMIC_ACQUIRE);
	u32 at = off % CHUNK;

	if (!class || class > ARRAY_SIZE(sizes))
		return NULL;
	*size = sizes[class - 1];
	*in = at % *size;
	at -= *in;
	return at + *size <= CHUNK ? (struct block *)(h->data + off / CHUNK * CHUNK + at)
				   : NULL;
}

static const struct heap_type *type_of(const struct heap *h, const struct block *b)
{
	const u32 type = __atomic_load_n(&b->type, __ATOMIC_RELAXED);

	return &h->head->types[type < TYPES ? type : 0];
}

/* Bytes of an object, never more than its block has. */
static u32 bytes_of(const struct heap_type *t, u32 block)
{
	return (u32)MIN((u64)t->size * t->copies, block - sizeof(struct block));
}

static bool lives(const struct block *b)
{
	return __atomic_load_n(&b->refs, __ATOMIC_RELAXED);
}

void *heap_at(struct store *store, u64 addr, u32 size, bool write)
{
	const struct heap *h = store->heap;
	const u32 begin = sizeof(struct block);
	struct block *b;
	u32 in, room;

	if (!h || !heap_is_address(addr))
		return NULL;
	b = find(h, addr - HEAP_BASE, &in, &room);
	if (!b || in < begin)
		return NULL;
	if (write)
		room = lives(b) ? begin + bytes_of(type_of(h, b), room) : 0;
	return size <= room && in <= room - size ? (u8 *)b + in : NULL;
}

u64 heap_object_of(struct store *store, u64 addr)
{
	const struct heap *h = store->heap;
	struct block *b;
	u32 in, room;

	if (!h || !heap_is_address(addr))
		return 0;
	b = find(h, addr - HEAP_BASE, &in, &room);
	return b && in >= sizeof(*b) && lives(b) ? addr - in + sizeof(*b) : 0;
}

static struct block *living(struct store *store, u64 addr)
{
	if (!addr || heap_object_of(store, addr) != addr)
		return NULL;
	return (struct block *)(store->heap->data + (addr - HEAP_BASE)) - 1;
}

const struct heap_type *heap_object(struct store *store, u64 addr)
{
	const struct block *b = living(store, addr);

	return b ? type_of(store->heap, b) : NULL;
}

static u32 unit_of(u64 addr)
{
	return (u32)((addr - HEAP_BASE) / UNIT);
}

static u64 address_of(u32 unit)
{
	return HEAP_BASE + (u64)unit * UNIT;
}

/* ---- blocks ---- */

static void give_block(const struct heap *h, u32 class, u32 unit)
{
	u64 *top = &h->head->free[class], old = __atomic_load_n(top, __ATOMIC_RELAXED);

	do
		__atomic_store_n(&block_at(h, unit)->next, (u32)old, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(top, &old,
					    ((old >> 32) + 1) << 32 | (unit + 1), true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static bool is_block(const struct heap *h, u32 class, u64 unit)
{
	struct block *b;
	u32 in, size;

	if (unit >= HEAP_SIZE / UNIT)
		return false;
	b = find(h, unit * UNIT, &in, &size);
	return b && !in && size == sizes[class];
}

static bool take_free(const struct heap *h, u32 class, u32 *unit)
{
	u64 *top = &h->head->free[class], old = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	u32 next;

	while ((u32)old) {
		*unit = (u32)old - 1;
		if (!is_block(h, class, *unit))
			return false;
		next = __atomic_load_n(&block_at(h, *unit)->next, __ATOMIC_RELAXED);
		if (__atomic_compare_exchange_n(top, &old, ((old >> 32) + 1) << 32 | next,
						true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

/* A chunk that is sure to be there; CHUNKS: none is left. */
static u32 take_chunk(const struct heap *h, u32 class)
{
	u32 at = __atomic_load_n(&h->head->chunks, __ATOMIC_RELAXED);

	do {
		if (at >= CHUNKS)
			return CHUNKS;
	} while (!__atomic_compare_exchange_n(&h->head->chunks, &at, at + 1, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (reserve(h->fd, DATA + (u64)at * CHUNK, CHUNK))
		return CHUNKS;
	__atomic_store_n(&h->head->class[at], class + 1, __ATOMIC_RELEASE);
	return at;
}

/* The rest of a chunk that somebody else was faster with. */
static void give_chunk(const struct heap *h, u32 class, u32 chunk, u32 from)
{
	for (; from + sizes[class] <= CHUNK; from += sizes[class])
		give_block(h, class, (u32)(((u64)chunk * CHUNK + from) / UNIT));
}

static bool take_fresh(const struct heap *h, u32 class, u32 *unit)
{
	u64 *fresh = &h->head->fresh[class], old, new;
	const u32 size = sizes[class];
	u32 at, chunk;

	old = __atomic_load_n(fresh, __ATOMIC_ACQUIRE);
	do {
		chunk = (u32)(old >> 32) - 1;
		at = (u32)old;
		if (chunk >= CHUNKS || at > CHUNK - size)
			break;
		new = old + size;
		if (__atomic_compare_exchange_n(fresh, &old, new, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
			*unit = (u32)(((u64)chunk * CHUNK + at) / UNIT);
			return is_block(h, class, *unit);
		}
	} while (true);
	chunk = take_chunk(h, class);
	if (chunk == CHUNKS)
		return false;
	*unit = (u32)((u64)chunk * CHUNK / UNIT);
	new = (u64)(chunk + 1) << 32 | size;
	if (!__atomic_compare_exchange_n(fresh, &old, new, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		give_chunk(h, class, chunk, size);
	return true;
}

static u32 class_for(u64 size)
{
	u32 class = 0;

	while (class < ARRAY_SIZE(sizes) && sizes[class] < size)
		class ++;
	return class;
}

/* ---- what a slot holds ---- */

static struct held *held_by(const struct store *store, u32 slot)
{
	return &store->heap->head->held[slot % STORE_SLOTS];
}

static u32 count_held(const struct held *l)
{
	return MIN(__atomic_load_n(&l->n, __ATOMIC_RELAXED), (u32)HELD);
}

static bool has_room(const struct held *l)
{
	return count_held(l) < HELD;
}

static void add_held(struct held *l, u64 addr)
{
	const u32 n = count_held(l);

	if (n == HELD)
		return; /* another process's doing: it was looked at */
	l->at[n] = unit_of(addr);
	__atomic_store_n(&l->n, n + 1, __ATOMIC_RELEASE);
}

bool heap_unhold(struct store *store, u32 slot, u64 addr)
{
	struct held *l = held_by(store, slot);
	const u32 unit = unit_of(addr);
	u32 n = count_held(l), i = n;

	while (i && l->at[i - 1] != unit)
		i--;
	if (!i || !unit || address_of(unit) != addr)
		return false;
	__atomic_store_n(&l->at[i - 1], 0, __ATOMIC_RELEASE);
	while (n && !l->at[n - 1])
		n--;
	__atomic_store_n(&l->n, n, __ATOMIC_RELEASE);
	return true;
}

bool heap_holds(const struct store *store, u32 slot)
{
	return store->heap && held_by(store, slot)->n;
}

/* ---- references ---- */

/* Objects that nothing refers to any more, linked by their blocks. */
struct dead {
	struct store *store;
	u32 first; /* a link */
};

static void unref(struct dead *d, u64 addr)
{
	struct block *b = living(d->store, addr);
	u32 refs = b ? __atomic_load_n(&b->refs, __ATOMIC_RELAXED) : 0;

	do {
		if (!refs)
			return;
	} while (!__atomic_compare_exchange_n(&b->refs, &refs, refs - 1, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (refs > 1)
		return;
	b->next = d->first;
	d->first = (u32)((u64)((u8 *)b - d->store->heap->data) / UNIT) + 1;
}

/* All that is in a list or tree; counted, since others may have made a circle of it. */
static void empty_root(struct dead *d, struct heap_root *root)
{
	u64 node = graph_detach(root);

	for (u32 i = 0; node && i < HEAP_SIZE / UNIT; i++) {
		const u64 object = heap_object_of(d->store, node);

		node = graph_leave(d->store, node);
		unref(d, object);
	}
}

static void empty_field(struct dead *d, u32 kind, void *at)
{
	if (FIELD_KPTRS >> kind & 1)
		unref(d, __atomic_exchange_n((u64 *)at, 0, __ATOMIC_ACQ_REL));
	else if (FIELD_ROOTS >> kind & 1)
		empty_root(d, at);
}

static bool fits(const struct heap_type *t, u32 i, u32 bytes)
{
	const u32 kind = t->at[i].kind, off = t->at[i].off;

	return kind < FIELD_KINDS && HEAP_OWNERS >> kind & 1 && off % 8 == 0 &&
	       (u64)off + btf_size_of_field((enum field_kind)kind) <= bytes;
}

static void bury(struct dead *d)
{
	const struct heap *h = d->store->heap;
	const struct heap_type *t;
	struct block *b;
	u32 unit, in, size;

	while (d->first) {
		unit = d->first - 1;
		b = find(h, (u64)unit * UNIT, &in, &size);
		if (!b || in)
			return;
		d->first = b->next;
		t = type_of(h, b);
		for (u32 i = 0; i < MIN(t->n, (u32)BTF_FIELDS); i++)
			if (fits(t, i, bytes_of(t, size)))
				empty_field(d, t->at[i].kind,
					    (u8 *)(b + 1) + t->at[i].off);
		give_block(h, class_for(size), unit);
	}
}

void heap_free_field(struct store *store, u32 kind, void *at)
{
	struct dead d = {.store = store};

	if (!store->heap)
		return;
	empty_field(&d, kind, at);
	bury(&d);
}

static void drop(struct store *store, u64 addr)
{
	struct dead d = {.store = store};

	unref(&d, addr);
	bury(&d);
}

/* ---- in a run ---- */

u64 heap_new(struct store *store, u32 slot, u32 type)
{
	const struct heap *h = store->heap;
	struct held *l = held_by(store, slot);
	struct block *b;
	u32 unit, class;
	u64 size;

	if (type >= TYPES)
		return 0;
	size = (u64)h->head->types[type].size * h->head->types[type].copies;
	class = class_for(size + sizeof(*b));
	if (class == ARRAY_SIZE(sizes) || h->head->types[type].size > KERNEL_MOST ||
	    !has_room(l) || (!take_free(h, class, &unit) && !take_fresh(h, class, &unit)))
		return 0;
	b = block_at(h, unit);
	memset(b + 1, 0, size);
	b->type = type;
	__atomic_store_n(&b->refs, 1, __ATOMIC_RELEASE);
	add_held(l, address_of(unit + 1));
	return address_of(unit + 1);
}

bool heap_hold(struct store *store, u32 slot, u64 addr)
{
	struct held *l = held_by(store, slot);
	struct block *b = living(store, addr);
	u32 refs = b && has_room(l) ? __atomic_load_n(&b->refs, __ATOMIC_RELAXED) : 0;

	do {
		if (!refs || refs == UINT32_MAX)
			return false;
	} while (!__atomic_compare_exchange_n(&b->refs, &refs, refs + 1, true,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	add_held(l, addr);
	return true;
}

bool heap_take(struct store *store, u32 slot, u64 addr)
{
	struct held *l = held_by(store, slot);

	if (!has_room(l))
		return false;
	add_held(l, addr);
	return true;
}

u64 heap_address(struct store *store, const void *p)
{
	const struct heap *h = store->heap;

	return h && (const u8 *)p >= h->data && (const u8 *)p < h->data + HEAP_SIZE
		       ? HEAP_BASE + (u64)((const u8 *)p - h->data)
		       : 0;
}

bool heap_drop(struct store *store, u32 slot, u64 addr)
{
	if (!heap_unhold(store, slot, addr))
		return false;
	drop(store, addr);
	return true;
}

bool heap_exchange(struct store *store, u32 slot, u64 *field, u64 addr, u64 *old)
{
	if (addr ? !heap_unhold(store, slot, addr) : !has_room(held_by(store, slot)))
		return false;
	*old = __atomic_exchange_n(field, addr, __ATOMIC_ACQ_REL);
	if (!living(store, *old)) /* nothing that an honest process has put there */
		*old = 0;
	if (*old)
		add_held(held_by(store, slot), *old);
	return true;
}

void heap_release(struct store *store, u32 slot)
{
	struct held *l = held_by(store, slot);
	u32 n;

	while ((n = count_held(l))) {
		const u32 unit = l->at[n - 1];

		__atomic_store_n(&l->n, n - 1, __ATOMIC_RELEASE);
		if (unit && unit < HEAP_SIZE / UNIT)
			drop(store, address_of(unit));
	}
	l->n = 0;
}
