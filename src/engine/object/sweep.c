/* The sweep: what a lock, a pin or a living referrer holds stays, the rest goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "store.h"

struct candidate {
	u32 id, kind;
	u64 size;
	bool ready, foreign, held, seen;
};

struct sweep {
	struct store *store;
	vec(struct candidate) list; /* by id */
	vec(u32) work;		    /* held, references not followed yet */
	bool failed;		    /* no memory: nothing may be removed */
};

/* A description without lock: the view's own, or a new one. */
static int open_probe(struct store *store, u32 id, bool *ours)
{
	struct object *obj;
	int fd = -1;

	views_lock(store);
	obj = view_of_id(store, id);
	if (obj)
		fd = obj->fd;
	views_unlock(store);
	*ours = fd < 0;
	return fd < 0 ? store->keep->open(store, id, O_RDONLY) : fd;
}

static void probe(struct store *store, struct candidate *c)
{
	struct object_head head;
	struct stat st;
	bool ours;
	int fd = open_probe(store, c->id, &ours);
	enum file_kind kind;

	c->foreign = true;
	if (fd < 0)
		return;
	kind = head_read(store, fd, c->id, &head, &st, NULL);
	c->foreign = kind == file_foreign;
	c->ready = kind == file_good;
	c->kind = head.kind;
	c->size = head.size;
	if (kind == file_unready)
		c->held = head.maker && store_alive(store, head.maker);
	else if (kind == file_good)
		c->held = store->keep->pinned(store, c->id, &st) || file_held(fd);
	if (ours)
		close(fd);
}

/* ---- marking ---- */

static int compare_ids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

int ids_list(struct store *store, struct ids *out)
{
	int err = store->keep->list(store, out);

	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), compare_ids);
	return err;
}

static struct candidate *find(struct sweep *s, u32 id)
{
	size_t low = 0, high = s->list.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->list.at[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->list.n && s->list.at[low].id == id ? &s->list.at[low] : NULL;
}

static void push(struct sweep *s, u32 id)
{
	u32 *at = vec_push(&s->work);

	if (at)
		*at = id;
	else
		s->failed = true;
}

static void mark(void *arg, u32 id)
{
	struct sweep *s = arg;
	struct candidate *c = find(s, id);

	if (!c || c->seen)
		return;
	c->seen = c->held = true;
	push(s, id);
}

static void follow(struct sweep *s, const struct candidate *c)
{
	const struct object_ops *ops = c->ready ? s->store->kinds[c->kind] : NULL;
	bool ours;
	void *map;
	int fd;

	if (!ops || !ops->refs)
		return;
	fd = open_probe(s->store, c->id, &ours);
	map = fd < 0 ? MAP_FAILED : mmap(NULL, c->size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0 && ours)
		close(fd);
	if (map == MAP_FAILED) {
		s->failed = true;
		return;
	}
	ops->refs(map, mark, s);
	munmap(map, c->size);
}

/* Reading a region costs a mapping, so only if some object may hang on a reference. */
static void mark_all(struct sweep *s)
{
	struct candidate *c;
	bool loose = false;

	vec_each(c, &s->list)
		loose |= !c->held && !c->foreign;
	if (!loose)
		return;
	vec_each(c, &s->list)
		if (c->held && !c->seen)
			mark(s, c->id);
	while (s->work.n && !s->failed)
		follow(s, find(s, s->work.at[--s->work.n]));
}

/* ---- the whole ---- */

static void collect(struct sweep *s)
{
	struct ids ids = {0};
	struct candidate *c;
	u32 *id;

	s->failed = ids_list(s->store, &ids) != 0;
	vec_each(id, &ids) {
		c = s->failed ? NULL : vec_push(&s->list);
		if (!c) {
			s->failed = true;
			break;
		}
		c->id = *id;
		probe(s->store, c);
	}
	vec_free(&ids);
}

/* Views whose object somebody, here or elsewhere, has removed. */
static void find_gone(struct store *store)
{
	struct stat st;

	if (store->dir < 0)
		return;
	views_lock(store);
	for (u32 i = 0; i < VIEW_BUCKETS; i++)
		for (struct object *obj = store->by_file[i]; obj; obj = obj->next)
			if (!obj->gone && (fstat(obj->fd, &st) || !st.st_nlink))
				__atomic_store_n(&obj->gone, true, __ATOMIC_RELAXED);
	views_unlock(store);
}

static void tell_removed(struct store *store, const struct candidate *c)
{
	const struct object_ops *ops = c->ready ? store->kinds[c->kind] : NULL;
	int fd = ops && ops->removed ? store->keep->open(store, c->id, O_RDWR) : -1;

	if (fd < 0)
		return;
	ops->removed(store, fd);
	close(fd);
}

static void remove_dead(struct sweep *s)
{
	struct candidate *c;
	bool stats = false;
	u32 live = 0;

	vec_each(c, &s->list) {
		if (!c->held && !c->foreign) {
			tell_removed(s->store, c);
			s->store->keep->remove(s->store, c->id);
			continue;
		}
		live++;
		stats |= c->ready && c->kind == OBJECT_STATS;
	}
	__atomic_store_n(s->store->stats, stats, __ATOMIC_RELAXED);
	s->store->live = live;
	s->store->made = 0;
	s->store->made_bytes = 0;
}

void sweep_locked(struct store *store)
{
	struct sweep s = {.store = store};

	collect(&s);
	if (!s.failed)
		mark_all(&s);
	if (!s.failed)
		remove_dead(&s);
	vec_free(&s.list);
	vec_free(&s.work);
	find_gone(store);
}

void store_sweep(struct store *store)
{
	store_lock(store);
	sweep_locked(store);
	store_unlock(store);
	views_drop(store);
}
