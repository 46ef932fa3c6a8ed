/* The iterator's object, and a read(2) of it. */
#include "iter.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "mem.h"

enum {
	MOST_OBJECTS = 1000000, /* of one read, as in Linux */
	IMAGE_ROOM = 65536,
};

/* Stands in object_head.data; the buffer is the region's storage. */
struct iter_info {
	u32 prog_id;
	struct iter_over over;
	u32 lock; /* of who reads */
	/* Which state holds: a reader fills in the other one, then changes this, so that
	 * one that dies has done nothing. */
	u32 now;
	struct iter_state state[2];
};

struct iter {
	struct object obj;
	struct iter_info *info;
	u8 *buf;
};

/* ---- the object ---- */

static int open_view(struct object *obj)
{
	struct iter *iter = container_of(obj, struct iter, obj);

	if (obj->size < OBJECT_HEAD_SIZE + ITER_BUF)
		return -EINVAL;
	iter->info = (struct iter_info *)obj->head->data;
	iter->buf = (u8 *)obj->head + OBJECT_HEAD_SIZE;
	return 0;
}

static void refs(const struct object_head *head, void (*fn)(void *arg, u32 id), void *arg)
{
	const struct iter_info *info = (const struct iter_info *)head->data;

	fn(arg, info->prog_id);
	if (info->over.map_id)
		fn(arg, info->over.map_id);
}

const struct object_ops iter_object_ops = {
	.view_size = sizeof(struct iter),
	.open = open_view,
	.refs = refs,
};

/* Who reads the descriptor's bytes without the engine finds nothing. */
int iter_open(struct store *store, u32 prog_id, const struct iter_over *over)
{
	struct iter_info *info;
	struct object *obj;
	int fd = object_create(store, OBJECT_ITER, OBJECT_HEAD_SIZE + ITER_BUF, &obj);

	if (fd)
		return fd;
	info = (struct iter_info *)obj->head->data;
	info->prog_id = prog_id;
	info->over = *over;
	fd = object_ready(obj, O_RDONLY);
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* ---- the targets ---- */

static const struct iter_row {
	const char *name;
	const struct iter_target *target; /* NULL: refused */
	bool sleeps;
} rows[] = {
#define ITER(name, shows)	   {#name, &iter_##name, false},
#define REFUSED(name, sleeps, why) {#name, NULL, sleeps},
#include "iter.def"
#undef ITER
#undef REFUSED
};

const struct iter_target *iter_target(u32 number)
{
	return number < ARRAY_SIZE(rows) ? rows[number].target : NULL;
}

const char *iter_name(u32 number)
{
	return number < ARRAY_SIZE(rows) ? rows[number].name : NULL;
}

int iter_find(const char *name, u32 *number, bool *sleeps)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct iter_target *t = rows[i].target;

		if (strcmp(rows[i].name, name))
			continue;
		*number = i;
		*sleeps = t ? t->sleeps : rows[i].sleeps;
		return t ? 0 : -EOPNOTSUPP;
	}
	return -ENOENT;
}

/* ---- a read ---- */

struct reading {
	struct iter_walk w;
	const struct iter_target *target;
	struct skep_cpu *cpu;
	u64 session;
};

static bool overflowed(const struct iter_walk *w)
{
	return w->seq.count == w->seq.size;
}

/* The images that every object has, and the context's first argument. */
static void begin_images(struct reading *r)
{
	struct iter_walk *w = &r->w;
	struct iter_struct file, meta;

	w->image.used = 0;
	file = iter_struct(&w->image, "seq_file");
	iter_set(file, "size", w->seq.size);
	iter_set(file, "count", w->seq.count);
	meta = iter_struct(&w->image, "bpf_iter_meta");
	iter_set(meta, "seq", u64_of(file.at));
	iter_set(meta, "session_id", r->session);
	iter_set(meta, "seq_num", w->now.seq_num);
	w->seq.image = u64_of(file.at);
	memset(w->args, 0, sizeof(w->args));
	w->args[0] = u64_of(meta.at);
	w->nregions = 1;
}

/* What a program returned: 0, or -EAGAIN: the object is to be shown again. */
static int run(struct reading *r)
{
	struct iter_walk *w = &r->w;
	const struct skep_event event = {
		.ctx = w->args,
		.ctx_len = r->target->nargs * sizeof(w->args[0]),
		.regions = w->regions,
		.nregions = w->nregions,
	};
	u64 ret;
	int err;

	w->regions[0] = (struct skep_region){.at = w->image.mem, .len = w->image.used};
	r->cpu->run.seq = &w->seq;
	err = skep_run(r->cpu, (struct skep_prog *)w->prog, &event, &ret, NULL);
	r->cpu->run.seq = NULL;
	return err ? err : ret ? -EAGAIN : 0;
}

static int show(struct reading *r)
{
	int err;

	begin_images(r);
	err = r->target->show(&r->w);
	if (!err)
		err = run(r);
	if (r->w.shown)
		object_put(r->w.shown);
	r->w.shown = NULL;
	return err;
}

/* The program is told once that there are no more objects, if it can say what it says. */
static int finish(struct reading *r)
{
	struct iter_walk *w = &r->w;
	u32 before = w->seq.count;

	if (!w->now.done) {
		begin_images(r);
		if (r->target->last)
			r->target->last(w);
		run(r);
	}
	w->now.done = !overflowed(w);
	if (w->now.done)
		return 0;
	w->seq.count = before;
	return before ? 0 : -E2BIG;
}

/* Shows objects until there is as much as the user wants. An error counts when there is
 * nothing before it, else the next read comes to it. */
static int gather(struct reading *r, size_t len)
{
	struct iter_walk *w = &r->w;
	int found = r->target->find(w);

	for (u32 n = 1; found > 0; n++) {
		u32 before = w->seq.count;
		int err = show(r);

		if (err > 0) {
			w->seq.count = before;
			w->now.seq_num--;
		} else if (err || overflowed(w)) {
			w->seq.count = before;
			return before ? 0 : err ? err : -E2BIG;
		}
		r->target->pass(w);
		found = r->target->find(w);
		if (found <= 0)
			break;
		w->now.seq_num++;
		if (w->seq.count >= len)
			return 0;
		if (n == MOST_OBJECTS)
			return w->seq.count ? 0 : -EAGAIN;
	}
	if (found < 0)
		return w->seq.count ? 0 : found;
	return finish(r);
}

static int get(struct store *store, enum object_kind kind, u32 id, struct object **out)
{
	int err = object_get_id(store, kind, id, out);

	return err == -ENOENT ? -EIO : err; /* who wrote into the region lied */
}

static int reading_begin(struct reading *r, const struct iter *iter)
{
	struct store *store = iter->obj.store;
	struct iter_walk *w = &r->w;
	struct object *obj;
	int err;

	w->store = store;
	w->over = iter->info->over;
	w->seq = (struct run_seq){.buf = iter->buf, .size = ITER_BUF};
	r->session = iter->obj.id;
	r->target = iter_target(w->over.target);
	w->image.types = runs_vmlinux(store_runs(store));
	w->image.size = IMAGE_ROOM;
	w->image.mem = mem_alloc(1, IMAGE_ROOM);
	if (!w->image.mem)
		return -ENOMEM;
	if (!r->target || !w->image.types)
		return -EIO;
	err = get(store, OBJECT_PROG, iter->info->prog_id, &obj);
	if (err)
		return err;
	w->prog = container_of(obj, struct prog, obj);
	if (w->prog->info->type != SKEP_PROG_TYPE_TRACING)
		return -EIO;
	if (w->over.map_id) {
		err = get(store, OBJECT_MAP, w->over.map_id, &obj);
		if (err)
			return err;
		w->map = container_of(obj, struct map, obj);
	}
	/* In a run of its own a thread cannot run others. */
	r->cpu = runs_enter(store_runs(store));
	return r->cpu ? 0 : -EBUSY;
}

static void reading_end(struct reading *r)
{
	if (r->cpu)
		skep_leave(r->cpu);
	if (r->w.map)
		object_put(&r->w.map->obj);
	if (r->w.prog)
		object_put(&r->w.prog->obj);
	mem_free(r->w.keys);
	mem_free(r->w.values);
	vec_free(&r->w.numbers);
	vec_free(&r->w.parts);
	mem_free(r->w.image.mem);
}

/* Fills the buffer, from an empty one. */
static int fill(const struct iter *iter, struct iter_state *now, size_t len)
{
	struct reading r = {.w.now = *now};
	int err = reading_begin(&r, iter);

	if (!err) {
		err = gather(&r, len);
		*now = r.w.now;
		now->from = 0;
		now->count = r.w.seq.count;
	}
	reading_end(&r);
	return err;
}

static ssize_t read_locked(const struct iter *iter, void *buf, size_t len)
{
	struct iter_info *info = iter->info;
	u32 number = info->now & 1;
	struct iter_state now = info->state[number];
	int err = 0;
	size_t n;

	if (now.from > ITER_BUF || now.count > ITER_BUF - now.from)
		return -EIO;
	if (!now.count)
		err = fill(iter, &now, len);
	n = err ? 0 : MIN(now.count, len);
	if (n && user_copy_out(u64_of(buf), iter->buf + now.from, n)) {
		err = -EFAULT;
		n = 0;
	}
	now.from += (u32)n;
	now.count -= (u32)n;
	info->state[!number] = now;
	__atomic_store_n(&info->now, !number, __ATOMIC_RELEASE);
	return err ? err : (ssize_t)n;
}

ssize_t iter_read(struct object *obj, void *buf, size_t len)
{
	struct iter *iter = container_of(obj, struct iter, obj);
	ssize_t n;

	lock_take(obj->store, &iter->info->lock);
	n = read_locked(iter, buf, len);
	lock_give(&iter->info->lock);
	return n;
}
