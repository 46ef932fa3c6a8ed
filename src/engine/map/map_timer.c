#include "map_timer.h"
#include "map_field.h"
#include "mem.h"
#include "os.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMER_FUNC = (1 << 20) - 1, /* first instruction of the callback */
	TIMER_CLOCK = 15,	    /* above that: a clockid_t */
	TIMER_CLOCK_SHIFT = 20,
	TIMER_MADE = 1 << 28, /* bpf_timer_init() was called */
	TIMER_ARMED = 1 << 29,
	TIMER_RUNS = 1 << 30, /* its callback */
};

enum {
	SECOND = 1000000000, /* other clocks than CLOCK_MONOTONIC are looked at that often
			      */
	SLOT_NAP = 100000,   /* ns until a CPU slot may be free */
	END_NAP = 20000,     /* ns until a callback may be over */
};

/* When this process looks after a timer. A pairing heap: the parent is earlier. */
struct alarm {
	struct alarm *child, *next;
	struct alarm *prev; /* the parent, of a first child */
	struct map *map;    /* NULL: it is not set */
	u64 when;	    /* CLOCK_MONOTONIC */
	s64 at;		    /* on the timer's clock */
	s32 slot;	    /* of the CPU that it is pinned to; -1 */
	u32 clock;
};

/* What does not survive fork(2): memory that the kernel zeroes in the child. */
struct live {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread;
	bool started, stop;
	struct alarm *first;
	struct alarm *now; /* whose callback the thread runs */
};

struct timers {
	struct store *store;
	const struct timer_ops *ops;
	void *arg;
	struct live *live;
};

/* ---- the heap ---- */

static struct alarm *merge(struct alarm *a, struct alarm *b)
{
	struct alarm *later;

	if (!a || !b)
		return a ? a : b;
	later = a->when <= b->when ? b : a;
	a = later == b ? a : b;
	later->prev = a;
	later->next = a->child;
	if (a->child)
		a->child->prev = later;
	a->child = later;
	return a;
}

/* All siblings of a first child: in pairs, then one by one. */
static struct alarm *merge_siblings(struct alarm *a)
{
	struct alarm *pairs = NULL, *all = NULL;

	while (a) {
		struct alarm *b = a->next, *rest = b ? b->next : NULL, *pair;

		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		pair = merge(a, b);
		pair->next = pairs;
		pairs = pair;
		a = rest;
	}
	while (pairs) {
		struct alarm *next = pairs->next;

		pairs->next = NULL;
		all = merge(all, pairs);
		pairs = next;
	}
	return all;
}

static void heap_remove(struct live *l, struct alarm *a)
{
	struct alarm *children;

	if (!a->map)
		return;
	children = merge_siblings(a->child);
	if (a == l->first) {
		l->first = children;
	} else {
		if (a->prev->child == a)
			a->prev->child = a->next;
		else
			a->prev->next = a->next;
		if (a->next)
			a->next->prev = a->prev;
		l->first = merge(l->first, children);
	}
	a->child = a->next = a->prev = NULL;
	a->map->alarms_set--;
	a->map = NULL;
}

static void heap_insert(struct live *l, struct map *map, struct alarm *a)
{
	a->map = map;
	map->alarms_set++;
	l->first = merge(l->first, a);
}

/* ---- clocks ---- */

static s64 now_on(u32 clock)
{
	struct timespec t;

	clock_gettime((clockid_t)clock, &t);
	return (s64)t.tv_sec * SECOND + t.tv_nsec;
}

/* The thread sleeps on CLOCK_MONOTONIC; others may be set meanwhile. */
static u64 look_at(const struct alarm *a)
{
	s64 left = a->at - now_on(a->clock);

	if (a->clock != CLOCK_MONOTONIC)
		left = MIN(left, (s64)SECOND);
	return os_clock_ns() + (u64)MAX(left, 0);
}

/* ---- what stands in the value ---- */

static struct timers *timers_of(const struct map *map)
{
	return store_timers(map->obj.store);
}

/* A value may have a timer and a work queue. */
static u32 kinds_in(const struct map_fields *f)
{
	return (u32)__builtin_popcount(f->kinds & MAP_TIMERS);
}

/* Of the first or second of them. */
static u32 timer_off(const struct map_fields *f, u64 which)
{
	u32 i = 0;

	while (!(MAP_TIMERS >> f->at[i].kind & 1) || which--)
		i++;
	return f->at[i].off;
}

/* Of the alarm. */
static u64 number_of(const struct map *map, const struct map_timer *t)
{
	const struct map_fields *f = &map->info.fields;
	const u64 off = u64_of(t) - map->values.lo;
	const bool second = off % map->values.stride != map->values.at + timer_off(f, 0);

	return off / map->values.stride * kinds_in(f) + second;
}

static void *value_of(const struct map *map, u64 number)
{
	const u64 value = number / kinds_in(&map->info.fields);

	return ptr_of(map->values.lo + value * map->values.stride + map->values.at);
}

static struct map_timer *timer_of(const struct map *map, u64 number)
{
	const struct map_fields *f = &map->info.fields;

	return (struct map_timer *)((u8 *)value_of(map, number) +
				    timer_off(f, number % kinds_in(f)));
}

static void lock(const struct map *map, struct map_timer *t)
{
	lock_take(map->obj.store, &t->lock);
}

static void unlock(struct map_timer *t)
{
	lock_give(&t->lock);
}

static bool has(const struct map_timer *t, u32 bit)
{
	return t->state & bit;
}

/* What a process did that is gone has ended with it. */
static bool lives(const struct map *map, const struct map_timer *t, u32 bit)
{
	return has(t, bit) && store_alive(map->obj.store, t->owner);
}

void map_timer_free(const struct map *map, struct map_timer *t)
{
	lock(map, t);
	t->prog = t->state = t->owner = 0;
	unlock(t);
}

static struct map_info *live_info(const struct map *map)
{
	return (struct map_info *)map->obj.head->data;
}

void map_timers_end(struct map *map)
{
	if (!map->alarms || !__atomic_load_n(&live_info(map)->timers, __ATOMIC_RELAXED) ||
	    !map_enter())
		return;
	for (u64 i = 0; i < map->nalarms; i++)
		map_timer_free(map, timer_of(map, i));
	map_leave();
}

static void report(const struct map_timer *t, void (*fn)(void *arg, u32 id), void *arg)
{
	u32 id = __atomic_load_n(&t->prog, __ATOMIC_RELAXED);

	if (id)
		fn(arg, id);
}

void map_timers_refs(const struct map_info *info, const void *storage,
		     void (*fn)(void *arg, u32 id), void *arg)
{
	struct map_values v = map_type(info->type)->places(info);

	for (u32 i = 0; i < kinds_in(&info->fields); i++) {
		const u32 off = timer_off(&info->fields, i);

		for (u64 at = v.lo + v.at + off; at < v.hi; at += v.stride)
			report(ptr_of(u64_of(storage) + at), fn, arg);
	}
}

/* ---- the thread ---- */

/* Its callback begins, if it is still to: what stands in the value is the truth. */
static bool begin(struct live *l, struct map *map, struct alarm *a, struct map_timer *t,
		  u32 *prog, u32 *func)
{
	bool go;

	pthread_mutex_lock(&l->mutex);
	lock(map, t);
	*prog = t->prog;
	*func = t->state & TIMER_FUNC;
	go = !a->map && has(t, TIMER_ARMED) && t->prog &&
	     t->owner == store_self(map->obj.store);
	if (go)
		t->state = (t->state & ~(u32)TIMER_ARMED) | TIMER_RUNS;
	unlock(t);
	l->now = go ? a : NULL;
	pthread_mutex_unlock(&l->mutex);
	return go;
}

static void end(struct live *l, struct map *map, struct map_timer *t)
{
	pthread_mutex_lock(&l->mutex);
	l->now = NULL;
	lock(map, t);
	if (t->owner == store_self(map->obj.store))
		t->state &= ~(u32)TIMER_RUNS;
	unlock(t);
	pthread_mutex_unlock(&l->mutex);
}

static void fire(struct timers *ts, struct map *map, struct alarm *a, void *cpu)
{
	const u64 number = (u64)(a - map->alarms);
	void *value = value_of(map, number);
	struct map_timer *t = timer_of(map, number);
	u32 prog, func;

	if (!object_wanted(&map->obj))
		map_timers_end(map);
	if (!begin(ts->live, map, a, t, &prog, &func)) {
		ts->ops->leave(cpu);
		return;
	}
	ts->ops->run(cpu, prog, func, map, value);
	end(ts->live, map, t);
}

/* With the mutex, which it gives while the callback runs. The alarm is the map's, whose
 * view is there as long as its use. */
static void ring(struct timers *ts, struct alarm *a)
{
	struct map *map = a->map;
	s32 slot = a->slot;
	struct object *obj;
	void *cpu;

	heap_remove(ts->live, a);
	if (now_on(a->clock) < a->at) {
		a->when = look_at(a);
		heap_insert(ts->live, map, a);
		return;
	}
	if (object_get_id(ts->store, OBJECT_MAP, map->obj.id, &obj))
		return;
	pthread_mutex_unlock(&ts->live->mutex);
	cpu = ts->ops->enter(ts->arg, slot);
	if (cpu)
		fire(ts, map, a, cpu);
	pthread_mutex_lock(&ts->live->mutex);
	if (!cpu && !a->map) {
		a->when = os_clock_ns() + SLOT_NAP;
		heap_insert(ts->live, map, a);
	}
	pthread_mutex_unlock(&ts->live->mutex);
	object_put(obj);
	pthread_mutex_lock(&ts->live->mutex);
}

static void sleep_until(struct live *l, u64 when)
{
	struct timespec t = {.tv_sec = (time_t)(when / SECOND),
			     .tv_nsec = (long)(when % SECOND)};

	pthread_cond_clockwait(&l->changed, &l->mutex, CLOCK_MONOTONIC, &t);
}

static void *serve(void *arg)
{
	struct timers *ts = arg;
	struct live *l = ts->live;

	pthread_mutex_lock(&l->mutex);
	while (!l->stop) {
		if (!l->first)
			pthread_cond_wait(&l->changed, &l->mutex);
		else if (l->first->when > os_clock_ns())
			sleep_until(l, l->first->when);
		else
			ring(ts, l->first);
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

/* With the mutex. The thread has no business with signals. */
static int start_thread(struct timers *ts)
{
	struct live *l = ts->live;
	sigset_t all, before;
	int err;

	if (l->started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&l->thread, NULL, serve, ts);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->started = !err;
	return -err;
}

/* Memory that is zero, and again in a child of fork(2). */
static void *map_wiped(size_t len)
{
	void *p = os_map_anon(len);

	if (p && madvise(p, len, MADV_WIPEONFORK)) {
		munmap(p, len);
		return NULL;
	}
	return p;
}

static size_t pages(u64 len)
{
	return round_up(len, (u64)sysconf(_SC_PAGESIZE));
}

int timers_open(struct store *store, const struct timer_ops *ops, void *arg)
{
	struct timers *ts = mem_alloc(1, sizeof(*ts));

	if (!ts)
		return -ENOMEM;
	*ts = (struct timers){.store = store, .ops = ops, .arg = arg};
	ts->live = map_wiped(pages(sizeof(*ts->live)));
	if (!ts->live) {
		mem_free(ts);
		return -ENOMEM;
	}
	store_set_timers(store, ts);
	return 0;
}

void timers_close(struct store *store)
{
	struct timers *ts = store_timers(store);
	struct live *l = ts->live;

	pthread_mutex_lock(&l->mutex);
	l->stop = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->mutex);
	if (l->started)
		pthread_join(l->thread, NULL);
	store_set_timers(store, NULL);
	munmap(l, pages(sizeof(*l)));
	mem_free(ts);
}

int map_timers_open(struct map *map)
{
	const struct map_values *v = &map->values;

	map->nalarms = (v->hi - v->lo) / v->stride * kinds_in(&map->info.fields);
	map->alarms = map_wiped(pages(map->nalarms * sizeof(struct alarm)));
	return map->alarms ? 0 : -ENOMEM;
}

static void forget(struct live *l, struct map *map)
{
	pthread_mutex_lock(&l->mutex);
	for (u64 i = 0; map->alarms_set && i < map->nalarms; i++)
		heap_remove(l, &map->alarms[i]);
	pthread_mutex_unlock(&l->mutex);
}

void map_timers_close(struct map *map)
{
	struct timers *ts = timers_of(map);

	if (!map->alarms)
		return;
	if (ts)
		forget(ts->live, map);
	munmap(map->alarms, pages(map->nalarms * sizeof(struct alarm)));
}

/* ---- the helpers ---- */

int map_timer_init(struct map *map, struct map_timer *t, u64 flags)
{
	int err = 0;

	if (flags != CLOCK_REALTIME && flags != CLOCK_MONOTONIC &&
	    flags != CLOCK_BOOTTIME)
		return -EINVAL;
	if (!map_enter())
		return -EOPNOTSUPP;
	lock(map, t);
	if (has(t, TIMER_MADE))
		err = -EBUSY;
	else if (!object_wanted(&map->obj))
		err = -EPERM;
	else
		t->state = TIMER_MADE | (u32)flags << TIMER_CLOCK_SHIFT;
	unlock(t);
	map_leave();
	return err;
}

int map_timer_set_callback(struct map *map, struct map_timer *t, u32 prog, u32 func)
{
	int err = 0;

	if (!map_enter())
		return -EOPNOTSUPP;
	lock(map, t);
	if (!has(t, TIMER_MADE)) {
		err = -EINVAL;
	} else if (!object_wanted(&map->obj)) {
		err = -EPERM;
	} else {
		t->state = (t->state & ~(u32)TIMER_FUNC) | func;
		t->prog = prog;
		__atomic_store_n(&live_info(map)->timers, 1, __ATOMIC_RELAXED);
	}
	unlock(t);
	map_leave();
	return err;
}

/* With the mutex. */
static int arm(struct map *map, struct map_timer *t, u64 ns, u64 flags, u32 slot)
{
	struct timers *ts = timers_of(map);
	struct alarm *a = &map->alarms[number_of(map, t)];
	s64 most = INT64_MAX, now;
	int err;

	lock(map, t);
	err = !has(t, TIMER_MADE) || !t->prog ? -EINVAL : start_thread(ts);
	if (!err) {
		heap_remove(ts->live, a);
		a->clock = t->state >> TIMER_CLOCK_SHIFT & TIMER_CLOCK;
		now = flags & SKEP_F_TIMER_ABS ? 0 : now_on(a->clock);
		a->at = (s64)ns < 0 ? 0 : (s64)ns > most - now ? most : (s64)ns + now;
		a->slot = flags & SKEP_F_TIMER_CPU_PIN ? (s32)slot : -1;
		a->when = look_at(a);
		heap_insert(ts->live, map, a);
		if (ts->live->first == a)
			pthread_cond_signal(&ts->live->changed);
		if (t->owner != store_self(map->obj.store))
			t->state &= ~(u32)TIMER_RUNS;
		t->state |= TIMER_ARMED;
		t->owner = store_self(map->obj.store);
	}
	unlock(t);
	return err;
}

int map_timer_start(struct map *map, struct map_timer *t, u64 ns, u64 flags, u32 slot)
{
	struct live *l = timers_of(map)->live;
	int err;

	if (flags & ~(u64)(SKEP_F_TIMER_ABS | SKEP_F_TIMER_CPU_PIN))
		return -EINVAL;
	if (!map_enter())
		return -EOPNOTSUPP;
	pthread_mutex_lock(&l->mutex);
	err = arm(map, t, ns, flags, slot);
	pthread_mutex_unlock(&l->mutex);
	map_leave();
	return err;
}

/* With the mutex. 1: it was armed; *wait: its callback runs, for another to wait for. */
static int disarm(struct map *map, struct map_timer *t, bool *wait)
{
	struct live *l = timers_of(map)->live;
	struct alarm *a = &map->alarms[number_of(map, t)];
	bool ours = l->started && pthread_equal(l->thread, pthread_self());
	int ret = -EINVAL;

	lock(map, t);
	if (has(t, TIMER_MADE) && ours && l->now == a) {
		ret = -EDEADLK;
	} else if (has(t, TIMER_MADE)) {
		heap_remove(l, a);
		ret = lives(map, t, TIMER_ARMED);
		*wait = !ours && lives(map, t, TIMER_RUNS);
		t->state &= ~(u32)(TIMER_ARMED | TIMER_FUNC);
		t->prog = 0;
	}
	unlock(t);
	return ret;
}

static bool runs(const struct map *map, struct map_timer *t)
{
	bool still;

	lock(map, t);
	still = lives(map, t, TIMER_RUNS);
	unlock(t);
	return still;
}

int map_timer_cancel(struct map *map, struct map_timer *t)
{
	struct live *l = timers_of(map)->live;
	struct timespec nap = {.tv_nsec = END_NAP};
	bool wait = false;
	int ret;

	if (!map_enter())
		return -EOPNOTSUPP;
	pthread_mutex_lock(&l->mutex);
	ret = disarm(map, t, &wait);
	pthread_mutex_unlock(&l->mutex);
	while (wait && runs(map, t))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	map_leave();
	return ret;
}
