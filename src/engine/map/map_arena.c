#include "map_arena.h"
#include "arena_watch.h"
#include "mem.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Storage: a head; for each page a bit that it is taken and one that it is there; a
 * number for each page; then, from a page on, the pages. A taken page that is not there
 * is reserved. Free pages form ranges, and a range's first page has the number of its
 * last change: of the smallest ranges that are large enough Linux takes the last changed.
 */
struct head {
	u32 lock;
	u32 changes;
	u64 start, end; /* in user space; start 0: nowhere yet */
	u32 shown;	/* user space has had it mapped, and may touch pages */
	u32 written;	/* ... and written to: see was_written() */
	/* Pages that are being taken or freed: a dead owner's are free. */
	u32 busy, nbusy;
};

struct view {
	struct head *head;
	u64 *taken, *there;
	u32 *changed;
	u8 *pages;
	u64 at; /* of pages in the file */
	u64 n, page;
};

enum { FLAGS = SKEP_F_MMAPABLE | SKEP_F_SEGV_ON_FAULT | SKEP_F_NO_USER_CONV };

#define MOST	((u64)1 << 32)
#define LOW(at) ((at)&UINT32_MAX)

static u64 high(u64 at)
{
	return at - LOW(at);
}

static u64 page_size(void)
{
	return (u64)sysconf(_SC_PAGESIZE);
}

static int check(const union skep_attr *attr)
{
	u64 len = attr->max_entries * page_size(), at = attr->map_extra;

	if (attr->key_size || attr->value_size || !attr->max_entries ||
	    !(attr->map_flags & SKEP_F_MMAPABLE) || attr->map_flags & ~(u32)FLAGS ||
	    at % page_size())
		return -EINVAL;
	if (len > MOST)
		return -E2BIG;
	return at >> 32 == (at + len - 1) >> 32 ? 0 : -ERANGE;
}

/* ---- the view ---- */

static u64 bitmap_size(u64 n)
{
	return round_up(n, 64) / 8;
}

/* Of all that stands before the pages. */
static u64 reserved(const struct map_info *info)
{
	u64 n = info->max_entries;
	u64 size = sizeof(struct head) + 2 * bitmap_size(n) + n * sizeof(u32);

	return round_up(OBJECT_HEAD_SIZE + size, page_size()) - OBJECT_HEAD_SIZE;
}

static u64 size(const struct map_info *info)
{
	return reserved(info) + info->max_entries * page_size();
}

static int open_view(struct map *map)
{
	struct view *v = mem_alloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->n = map->info.max_entries;
	v->page = page_size();
	v->head = (struct head *)map->storage;
	v->taken = (u64 *)(v->head + 1);
	v->there = v->taken + bitmap_size(v->n) / 8;
	v->changed = (u32 *)(v->there + bitmap_size(v->n) / 8);
	v->at = OBJECT_HEAD_SIZE + reserved(&map->info);
	v->pages = (u8 *)map->obj.head + v->at;
	/* A huge page would be there as a whole as soon as a part of it is touched. */
	madvise(v->pages, v->n * v->page, MADV_NOHUGEPAGE);
	map->priv = v;
	return 0;
}

static void close_view(struct map *map)
{
	struct view *v = map->priv;

	mem_free(v);
}

static int init(struct map *map)
{
	struct head *head = (struct head *)map->storage;

	head->start = map->info.extra;
	if (head->start)
		head->end = head->start + map->info.max_entries * page_size();
	return 0;
}

static u64 load64_shared(const u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

u64 map_arena_start(const struct map *map)
{
	const struct view *v = map->priv;

	return __atomic_load_n(&v->head->start, __ATOMIC_ACQUIRE);
}

/* ---- pages ---- */

static bool has(const u64 *bits, u64 page)
{
	return load64_shared(&bits[page / 64]) >> page % 64 & 1;
}

static void put(u64 *bits, u64 page, u64 n, bool value)
{
	for (u64 end = page + n; page < end; page++) {
		u64 bit = 1ull << page % 64;

		if (value)
			__atomic_fetch_or(&bits[page / 64], bit, __ATOMIC_RELEASE);
		else
			__atomic_fetch_and(&bits[page / 64], ~bit, __ATOMIC_RELEASE);
	}
}

/* The first page from `page` on whose bit is `value`, or `end`. */
static u64 next(const u64 *bits, u64 page, u64 end, bool value)
{
	while (page < end) {
		u64 word = load64_shared(&bits[page / 64]);
		u64 found = (value ? word : ~word) >> page % 64;

		if (found)
			return MIN(page + (u64)__builtin_ctzll(found), end);
		page = round_up(page + 1, 64);
	}
	return end;
}

/* Of the free range that `page` is in. */
static u64 first_of(const struct view *v, u64 page)
{
	while (page) {
		u64 last = page - 1;
		u64 word = load64_shared(&v->taken[last / 64]) << (63 - last % 64);

		if (word)
			return page - (u64)__builtin_clzll(word);
		page = last / 64 * 64;
	}
	return 0;
}

static void note_change(struct view *v, u64 page)
{
	v->changed[page] = ++v->head->changes;
}

/* They were free: what is left of the range becomes one or two. */
static void take(struct view *v, u64 page, u64 n)
{
	u64 end = page + n;

	put(v->taken, page, n, true);
	if (page && !has(v->taken, page - 1))
		note_change(v, first_of(v, page - 1));
	if (end < v->n && !has(v->taken, end))
		note_change(v, end);
}

static off_t offset_of(const struct view *v, u64 page)
{
	return (off_t)(v->at + page * v->page);
}

/* Gives the memory back, to all who have it mapped. */
static void give_back(struct map *map, u64 page, u64 n)
{
	const struct view *v = map->priv;

	put(v->there, page, n, false);
	fallocate(map->obj.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  offset_of(v, page), (off_t)(n * v->page));
}

static void set_free(struct map *map, u64 page, u64 n)
{
	struct view *v = map->priv;
	bool some = next(v->taken, page, page + n, true) < page + n;

	give_back(map, page, n);
	put(v->taken, page, n, false);
	if (some)
		note_change(v, first_of(v, page));
}

static void set_busy(struct view *v, u64 page, u64 n)
{
	v->head->busy = (u32)page;
	__atomic_store_n(&v->head->nbusy, (u32)n, __ATOMIC_RELEASE);
}

/* What was not finished is undone. */
static void mend(struct map *map)
{
	struct view *v = map->priv;
	u64 page = MIN((u64)v->head->busy, v->n),
	    n = MIN((u64)v->head->nbusy, v->n - page);

	if (n)
		set_free(map, page, n);
	set_busy(v, 0, 0);
}

/* False: this thread is inside already. */
static bool lock(struct map *map)
{
	struct view *v = map->priv;

	if (!map_enter())
		return false;
	lock_take(map->obj.store, &v->head->lock);
	if (v->head->nbusy)
		mend(map);
	return true;
}

static void unlock(struct map *map)
{
	struct view *v = map->priv;

	lock_give(&v->head->lock);
	map_leave();
}

/* ---- what user space touched ---- */

/* Whether user space makes pages by touching them. */
static bool is_shown(const struct map *map)
{
	const struct view *v = map->priv;

	return __atomic_load_n(&v->head->shown, __ATOMIC_RELAXED);
}

/* The first page from `page` on that has data (or, SEEK_HOLE, none), or `end`. */
static u64 seek(const struct map *map, u64 page, u64 end, int whence)
{
	const struct view *v = map->priv;
	off_t at = lseek(map->obj.fd, offset_of(v, page), whence);

	return at < 0 ? end : MIN(((u64)at - v->at) / v->page, end);
}

/* With the lock: the bitmaps learn what is in [page, end), which is free. */
static void learn(struct map *map, u64 page, u64 end)
{
	struct view *v = map->priv;

	while ((page = seek(map, page, end, SEEK_DATA)) < end) {
		u64 last = MAX(seek(map, page, end, SEEK_HOLE), page + 1);

		take(v, page, last - page);
		put(v->there, page, last - page, true);
		page = last;
	}
}

/* A page that the bitmaps do not have; if nobody is at work there, they have it then. */
static __attribute__((noinline)) bool touched(struct map *map, u64 page)
{
	struct view *v = map->priv;
	bool found = true, dead;

	if (!is_shown(map) || seek(map, page, page + 1, SEEK_DATA) != page)
		return false;
	if (!map_enter())
		return true;
	if (lock_try(map->obj.store, &v->head->lock, &dead)) {
		found = seek(map, page, page + 1, SEEK_DATA) == page;
		if (found && !v->head->nbusy) { /* else who has time mends it */
			if (!has(v->taken, page))
				take(v, page, 1);
			put(v->there, page, 1, true);
		}
		lock_give(&v->head->lock);
	}
	map_leave();
	return found;
}

static bool is_there(struct map *map, u64 page)
{
	const struct view *v = map->priv;

	return has(v->there, page) || touched(map, page);
}

void *map_arena_at(struct map *map, u64 addr, u32 size)
{
	const struct view *v = map->priv;
	u64 at = addr - LOW(map_arena_start(map)), len = v->n * v->page;
	u64 page = at / v->page;

	if (at >= len || size > len - at || !is_there(map, page))
		return NULL;
	if (at % v->page + size > v->page && !is_there(map, page + 1))
		return NULL;
	return v->pages + at;
}

/* ---- what programs ask for ---- */

/* The page at an address, as Linux counts: anything for what is no address there. */
static u64 page_of(const struct view *v, u64 addr)
{
	return LOW(addr - LOW(v->head->start)) / v->page;
}

static u64 most_pages(const struct view *v)
{
	return (v->head->end - v->head->start) / v->page;
}

static bool all_free(const struct view *v, u64 page, u64 n)
{
	return page + n <= v->n && next(v->taken, page, page + n, true) == page + n;
}

/* The range of at least n pages that fits best; v->n: none. */
static u64 find(const struct view *v, u64 n)
{
	u64 best = v->n, most = UINT64_MAX;

	for (u64 page = 0, end; (page = next(v->taken, page, v->n, false)) < v->n;
	     page = end) {
		end = next(v->taken, page, v->n, true);
		if (end - page < n || end - page > most ||
		    (end - page == most && v->changed[page] < v->changed[best]))
			continue;
		best = page;
		most = end - page;
	}
	return best;
}

static void learn_all(struct map *map)
{
	struct view *v = map->priv;

	if (!is_shown(map))
		return;
	for (u64 page = 0, end; (page = next(v->taken, page, v->n, false)) < v->n;
	     page = end) {
		end = next(v->taken, page, v->n, true);
		learn(map, page, end);
	}
}

/* With the lock. */
static bool make_pages(struct map *map, u64 page, u64 n)
{
	struct view *v = map->priv;
	int err;

	set_busy(v, page, n);
	take(v, page, n);
	if (!is_shown(map)) /* what a program wrote that was late */
		give_back(map, page, n);
	do
		err = fallocate(map->obj.fd, 0, offset_of(v, page), (off_t)(n * v->page));
	while (err && errno == EINTR);
	if (err)
		set_free(map, page, n);
	else
		put(v->there, page, n, true);
	set_busy(v, 0, 0);
	return !err;
}

u64 map_arena_alloc(struct map *map, u64 addr, u32 n)
{
	struct view *v = map->priv;
	u64 page, ret = 0;

	if (!n || n > most_pages(v) || addr % v->page ||
	    (addr && page_of(v, addr) > most_pages(v) - n) || !lock(map))
		return 0;
	learn_all(map);
	page = addr ? page_of(v, addr) : find(v, n);
	if (all_free(v, page, n) && make_pages(map, page, n))
		ret = high(v->head->start) + LOW(v->head->start + page * v->page);
	unlock(map);
	return ret;
}

void map_arena_free(struct map *map, u64 addr, u32 n)
{
	struct view *v = map->priv;
	u64 start = map_arena_start(map), page, end;

	addr = high(start) + LOW(addr) / v->page * v->page;
	end = MIN(v->head->end, addr + n * v->page);
	if (addr < start || addr >= end || !lock(map))
		return;
	page = MIN(page_of(v, addr), v->n);
	n = (u32)MIN((end - addr) / v->page, v->n - page);
	if (n) {
		set_busy(v, page, n);
		set_free(map, page, n);
		set_busy(v, 0, 0);
	}
	unlock(map);
}

int map_arena_reserve(struct map *map, u64 addr, u32 n)
{
	struct view *v = map->priv;
	u64 page = page_of(v, addr);
	int err = 0;

	if (!n || addr % v->page)
		return 0;
	if (page + n > most_pages(v))
		return -EINVAL;
	if (!lock(map))
		return -EBUSY;
	learn_all(map);
	if (all_free(v, page, n)) {
		set_busy(v, page, n);
		take(v, page, n);
		set_busy(v, 0, 0);
	} else {
		err = -EBUSY;
	}
	unlock(map);
	return err;
}

/* ---- user space ---- */

/* What Linux asks of a place before it looks at anything else. */
static int check_place(struct map *map, u64 addr, u64 len, off_t off)
{
	const struct view *v = map->priv;
	u64 start = map_arena_start(map), all = v->head->end - start;

	if (off)
		return -EINVAL;
	if (len > MOST || (start && len > all))
		return -E2BIG;
	return start && (len != all || addr != start) ? -EINVAL : 0;
}

/* A place of that length whose addresses differ in the low half only, near `addr`: mapped
 * without access. */
static int find_place(u64 addr, u64 len, u64 *out)
{
	int flags = MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE;
	u8 *room = mmap(ptr_of(addr), 2 * len, PROT_NONE, flags, -1, 0);
	u64 at = u64_of(room);

	if (room == MAP_FAILED)
		return -errno;
	if (at >> 32 != (at + len - 1) >> 32)
		at = round_up(at, MOST);
	if (at > u64_of(room))
		munmap(room, at - u64_of(room));
	if (at < u64_of(room) + len)
		munmap(ptr_of(at + len), u64_of(room) + len - at);
	*out = at;
	return 0;
}

/* With the lock: all mappings are where the first one is. */
static int settle(struct map *map, u64 at, u64 len, int prot)
{
	struct head *head = ((struct view *)map->priv)->head;

	if (head->start && (head->start != at || head->end != at + len))
		return -EBUSY;
	if (!(map->info.flags & SKEP_F_SEGV_ON_FAULT))
		__atomic_store_n(&head->shown, 1, __ATOMIC_RELAXED);
	if (prot & PROT_WRITE)
		__atomic_store_n(&head->written, 1, __ATOMIC_RELEASE);
	head->end = at + len;
	__atomic_store_n(&head->start, at, __ATOMIC_RELEASE);
	return 0;
}

static int map_pages(struct map *map, int fd, u64 addr, u64 len, int prot, int flags,
		     void **out)
{
	struct view *v = map->priv;
	void *at = mmap(ptr_of(addr), len, prot, flags, fd, (off_t)v->at);
	int err = at == MAP_FAILED ? -errno : 0;

	if (err)
		return err;
	err = lock(map) ? settle(map, u64_of(at), len, prot) : -EDEADLK;
	if (err != -EDEADLK)
		unlock(map);
	if (err) {
		munmap(at, len);
		return err;
	}
	madvise(at, len, MADV_NOHUGEPAGE);
	madvise(at, len, MADV_DONTFORK); /* a child of Linux has no such mapping either */
	if (map->info.flags & SKEP_F_SEGV_ON_FAULT)
		arena_watch(at, len, fd, v->at);
	*out = at;
	return 0;
}

static int map_user(struct map *map, int fd, void **out, size_t size, int prot, int flags,
		    off_t off)
{
	u64 addr = u64_of(*out), len = round_up(size, page_size());
	int err = check_place(map, addr, len, off);

	if (err)
		return err;
	if (map_arena_start(map) || flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr >> 32 != (addr + len - 1) >> 32)
			addr = round_up(addr, MOST);
	} else {
		err = find_place(addr, len, &addr);
		flags |= MAP_FIXED;
	}
	return err ? err : map_pages(map, fd, addr, len, prot, flags, out);
}

/* Linux 6.18 never forgets that somebody could write to an arena. */
static bool was_written(const struct map *map)
{
	const struct view *v = map->priv;

	return __atomic_load_n(&v->head->written, __ATOMIC_ACQUIRE);
}

static int no_elem(struct map *map, const void *key, void *value)
{
	return -EINVAL;
}

static int no_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return -EOPNOTSUPP;
}

static int no_remove(struct map *map, const void *key)
{
	return -EOPNOTSUPP;
}

static int no_key(struct map *map, const void *key, void *value)
{
	return -EOPNOTSUPP;
}

const struct map_ops map_arena = {
	.name = "arena",
	.late_check = true,
	.no_value_ptr = true,
	.extra = true,
	.check = check,
	.size = size,
	.reserved = reserved,
	.init = init,
	.open = open_view,
	.close = close_view,
	.read = no_elem,
	.write = no_write,
	.remove = no_remove,
	.next_key = no_key,
	.mmap = map_user,
	.place = check_place,
	.busy = was_written,
};
