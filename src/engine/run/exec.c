/* CPU slots and the start and end of a run. */
#include "exec.h"
#include "helper_fn.h"
#include "map_timer.h"
#include "mem.h"
#include "native.h"
#include "msg.h"
#include "os.h"
#include <errno.h>
#include <skep/btf.h>
#include <sys/mman.h>

#define DEFAULT_BUDGET ((u64)1 << 27)
#define MOST_BUDGET    ((u64)1 << 56)

enum { VMLINUX_MOST = 64 << 20, SLOT_WAIT = 1000 /* ms */ };

struct runs {
	struct store *store;
	struct runs_opts opts;
	s64 budget; /* in RUN_INSN */
	u32 slots;
	const u32 *stats;	  /* not 0: runs are counted and timed */
	u64 recursions;		  /* refused nested runs */
	struct skep_btf *vmlinux; /* NULL: not asked for, or none */
	struct skep_cpu *cpus[];  /* by slot; made when first taken */
};

/* The slots that this thread holds, one an engine at most. */
static _Thread_local struct skep_cpu *held;

int runs_open(struct store *store, const struct runs_opts *opts, struct runs **out)
{
	u32 slots = store_slots(store);
	struct runs *runs = mem_alloc(1, sizeof(*runs) + slots * sizeof(runs->cpus[0]));

	if (!runs)
		return -ENOMEM;
	runs->store = store;
	runs->opts = *opts;
	runs->slots = slots;
	runs->stats = store_stats(store);
	runs->budget =
		(s64)MIN(opts->budget ? opts->budget : DEFAULT_BUDGET, MOST_BUDGET) *
		RUN_INSN;
	*out = runs;
	return 0;
}

const struct runs_opts *runs_opts(const struct runs *runs)
{
	return &runs->opts;
}

static void perf_forget(struct object **at)
{
	if (*at)
		object_put(*at);
	*at = NULL;
}

static void cpu_free(struct skep_cpu *cpu)
{
	for (u32 i = 0; i < TAILS; i++)
		if (cpu->tails[i].id)
			object_put(&cpu->tails[i].prog->obj);
	for (u32 i = 0; i < PERFS; i++) {
		perf_forget(&cpu->perfs.event[i]);
		perf_forget(&cpu->perfs.ring[i]);
	}
	while (cpu->run.ninners)
		object_put(&cpu->inners[--cpu->run.ninners].map->obj);
	munmap(cpu, sizeof(*cpu));
}

void runs_close(struct runs *runs)
{
	for (u32 i = 0; i < runs->slots; i++)
		if (runs->cpus[i])
			cpu_free(runs->cpus[i]);
	skep_btf_free(runs->vmlinux);
	mem_free(runs);
}

const struct skep_btf *runs_vmlinux(struct runs *runs)
{
	struct skep_btf *mine = __atomic_load_n(&runs->vmlinux, __ATOMIC_ACQUIRE),
			*old = NULL;
	size_t len;
	void *data;

	if (mine || os_read_file("/sys/kernel/btf/vmlinux", VMLINUX_MOST, &data, &len))
		return mine;
	if (skep_btf_parse(&mine, data, len, NULL, "vmlinux", NULL))
		mine = NULL;
	mem_free(data);
	if (!mine || __atomic_compare_exchange_n(&runs->vmlinux, &old, mine, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return mine;
	skep_btf_free(mine); /* another thread was first */
	return old;
}

/* Globals are values that a program reaches without a lookup. */
static void give_globals(struct run *run, const struct prog *prog)
{
	for (u32 i = 0; i < prog->nglobals; i++) {
		struct map *map = prog->maps[prog->globals[i]];

		run_give_value(run, map, ptr_of(map->values.lo + map->values.at),
			       map->values.size);
	}
}

/* What an honest prog_array holds are programs of one type: another type's context and
 * packet are not this run's. */
static struct prog *if_fits(struct run *run, struct prog *prog)
{
	if (prog->type != run->prog->type)
		return NULL;
	give_globals(run, prog);
	return prog;
}

/* struct run's find_prog. The first call for a program opens its view, which may
 * allocate; the view then stays with the slot until another program takes its place. */
static struct prog *find_prog(struct run *run, struct map *map, u32 index)
{
	struct skep_cpu *cpu = container_of(run, struct skep_cpu, run);
	struct object *obj;
	struct tail *tail;
	u32 id;

	if (map->ops->read(map, &index, &id) || !id)
		return NULL;
	run->state |= RUN_DIRTY;
	tail = &cpu->tails[id % TAILS];
	if (tail->id == id)
		return if_fits(run, tail->prog);
	if (cpu->nretired == SKEP_MAX_TAIL_CALLS ||
	    object_get_id(run->store, OBJECT_PROG, id, &obj))
		return NULL;
	if (tail->id)
		cpu->retired[cpu->nretired++] = tail->prog;
	*tail = (struct tail){id, container_of(obj, struct prog, obj)};
	native_prepare(cpu->runs, tail->prog);
	return if_fits(run, tail->prog);
}

/* struct run's find_perf. The first call for an id opens its view, which may allocate. */
static struct object *find_perf(struct run *run, enum object_kind kind, u32 id)
{
	struct perfs *perfs = &container_of(run, struct skep_cpu, run)->perfs;
	struct object **at =
		&(kind == OBJECT_PERF ? perfs->event : perfs->ring)[id % PERFS];

	if (*at && ((*at)->id != id || object_gone(*at)))
		perf_forget(at);
	if (!*at && id && object_get_id(run->store, kind, id, at))
		*at = NULL;
	return *at;
}

static struct run_inner *held_inner(struct skep_cpu *cpu, u32 id)
{
	struct run *run = &cpu->run;
	u16 *hint = &cpu->inner_hint[id % INNERS_KEPT];

	if (*hint < run->ninners && cpu->inners[*hint].id == id)
		return &cpu->inners[*hint];
	for (u32 i = 0; i < run->ninners; i++) {
		if (cpu->inners[i].id != id)
			continue;
		*hint = (u16)i;
		return &cpu->inners[i];
	}
	return NULL;
}

/* The first lookup of a map opens its view, which may allocate. */
static struct run_inner *hold_inner(struct skep_cpu *cpu, u32 id)
{
	struct run *run = &cpu->run;
	struct run_inner *inner = &cpu->inners[run->ninners];
	struct object *obj;
	int err = run->ninners == RUN_INNERS
			  ? -E2BIG
			  : object_get_id(run->store, OBJECT_MAP, id, &obj);

	if (err && err != -ENOENT)
		run_fault(run, -err, msg_exec_inner, id, RUN_INNERS, strerror(-err));
	if (err)
		return NULL;
	*inner = (struct run_inner){container_of(obj, struct map, obj), id};
	cpu->inner_hint[id % INNERS_KEPT] = (u16)run->ninners++;
	return inner;
}

/* struct run's find_map. What another process has put there may be any map. One that is
 * gone has just made way for another: that one is found. */
static u64 find_map(struct run *run, struct map *map, const void *key)
{
	struct skep_cpu *cpu = container_of(run, struct skep_cpu, run);
	struct run_inner *inner = NULL;
	u32 id, last = 0;

	run->state |= RUN_DIRTY;
	for (int tries = 0; !inner && !run->fault && tries < 8; last = id, tries++) {
		if (map->ops->read(map, key, &id) || !id || id == last)
			return 0;
		inner = held_inner(cpu, id);
		if (!inner)
			inner = hold_inner(cpu, id);
	}
	return inner && map_inner_fits(map, inner->map) ? u64_of(inner) : 0;
}

/* After a run: what is gone, or too much to keep. */
static void put_inners(struct skep_cpu *cpu)
{
	struct run *run = &cpu->run;
	bool all = run->ninners > INNERS_KEPT;

	for (u32 i = run->ninners; i--;) {
		struct object *obj = &cpu->inners[i].map->obj;

		if (!all && !object_gone(obj))
			continue;
		object_put(obj);
		cpu->inners[i] = cpu->inners[--run->ninners];
	}
}

/* struct run's callback. */
static u64 run_callback(struct run *run, u64 func, const u64 args[5])
{
	return run->prog->native ? native_callback(run, func, args)
				 : interp_callback(run, func, args);
}

/* struct run's types. */
static const struct skep_btf *run_types(struct run *run)
{
	return runs_vmlinux(container_of(run, struct skep_cpu, run)->runs);
}

static struct skep_cpu *cpu_make(struct runs *runs, u32 slot)
{
	struct skep_cpu *cpu = os_map_anon(sizeof(*cpu));

	if (!cpu)
		return NULL;
	cpu->runs = runs;
	cpu->run.store = runs->store;
	cpu->run.slot = slot;
	cpu->run.number = 1;
	cpu->budget = runs->budget;
	cpu->run.random = os_clock_ns() * 2 + 1;
	cpu->run.values = cpu->values;
	cpu->run.callback = run_callback;
	cpu->run.find_prog = find_prog;
	cpu->run.find_perf = find_perf;
	cpu->run.find_map = find_map;
	cpu->run.types = run_types;
	cpu->run.bpf = runs->opts.bpf;
	cpu->run.inners = cpu->inners;
	cpu->run.areas = cpu->areas;
	for (u32 i = 0; i < 2 * WINDOWS; i++)
		cpu->windows[i] = (struct window){.lo = ~0ull, .hi = 8};
	return cpu;
}

/* The memory of a slot that this thread has just taken. */
static struct skep_cpu *enter_slot(struct runs *runs, u32 slot)
{
	struct skep_cpu *cpu;

	if (!runs->cpus[slot])
		runs->cpus[slot] = cpu_make(runs, slot);
	cpu = runs->cpus[slot];
	if (!cpu) {
		store_slot_give(runs->store, slot);
		return NULL;
	}
	cpu->run.thread = (struct run_thread){0};
	helper_drop_objects(&cpu->run); /* of who died on the slot */
	cpu->run.state =
		__atomic_load_n(runs->stats, __ATOMIC_RELAXED) ? RUN_COUNTING : 0;
	cpu->outer = held;
	held = cpu;
	return cpu;
}

/* Whether this thread has a slot already, which is counted. */
static bool is_nested(struct runs *runs)
{
	for (struct skep_cpu *cpu = held; cpu; cpu = cpu->outer)
		if (cpu->runs == runs) {
			__atomic_fetch_add(&runs->recursions, 1, __ATOMIC_RELAXED);
			return true;
		}
	return false;
}

struct skep_cpu *runs_enter(struct runs *runs)
{
	return is_nested(runs) ? NULL : enter_slot(runs, store_slot_take(runs->store));
}

struct skep_cpu *runs_enter_at(struct runs *runs, u32 slot)
{
	if (is_nested(runs) || !store_slot_wait(runs->store, slot, SLOT_WAIT))
		return NULL;
	return enter_slot(runs, slot);
}

void skep_leave(struct skep_cpu *cpu)
{
	struct skep_cpu **at = &held;

	while (*at && *at != cpu)
		at = &(*at)->outer;
	if (!*at)
		return;
	*at = cpu->outer;
	store_slot_give(cpu->runs->store, cpu->run.slot);
}

static inline void bind(struct skep_cpu *cpu, struct prog *prog,
			const struct skep_event *event, struct skep_log *log)
{
	struct run *run = &cpu->run;

	run->prog = prog;
	run->event = event;
	run->ctx = event->ctx;
	run->log = log;
}

/* Forgets what the run remembered and takes back what it was handed. */
static void forget(struct skep_cpu *cpu)
{
	if (cpu->run.ngiven || cpu->run.lock)
		helper_take_back(&cpu->run);
	helper_drop_objects(&cpu->run);
	put_inners(cpu);
	while (cpu->nretired)
		object_put(&cpu->retired[--cpu->nretired]->obj);
	if (!++cpu->run.number) {
		memset(cpu->values, 0, sizeof(cpu->values));
		cpu->run.number = 1;
	}
}

int run_end(struct skep_cpu *cpu)
{
	struct run *run = &cpu->run;
	int fault = run->fault;

	windows_clear(cpu);
	if (run->state & RUN_DIRTY) {
		forget(cpu);
		run_reset(run);
	}
	run->state &= RUN_FULL | RUN_COUNTING;
	return fault;
}

static void count(struct prog *prog, u64 begun)
{
	__atomic_fetch_add(&prog->info->run_ns, os_clock_ns() - begun, __ATOMIC_RELAXED);
	__atomic_fetch_add(&prog->info->run_cnt, 1, __ATOMIC_RELAXED);
}

/* What the program did to the packet's bounds is the caller's to see. */
static void give_bounds(const struct run *run)
{
	struct skep_packet *p = run->event->packet;

	p->data = run->packet.data;
	p->tail = run->packet.tail;
	p->meta = run->packet.meta;
	p->rest = run->packet.rest;
	p->rest_len = run->packet.rest_len;
	p->rest_room = run->packet.rest_room;
	p->csum = run->packet.csum;
	p->has_csum = run->packet.has_csum;
}

static inline int run_it(struct skep_cpu *cpu, const struct prog *prog, u64 *ret)
{
	return prog->native ? native_run(cpu, ret)
			    : interp(cpu, prog->code, cpu->budget, ret, NULL);
}

/* All that a run may need: a packet, a context to be filled in, globals, a stack that is
 * read, statistics. */
static __attribute__((noinline)) int run_in_full(struct skep_cpu *cpu, struct prog *prog,
						 const struct skep_event *event, u64 *ret,
						 struct skep_log *log)
{
	u64 begun = cpu->run.state & RUN_COUNTING ? os_clock_ns() : 0;
	int fault;

	*ret = 0;
	if (cpu->run.state & (RUN_ON | RUN_FULL)) {
		__atomic_fetch_add(&prog->info->recursion_misses, 1, __ATOMIC_RELAXED);
		return -EBUSY;
	}
	if (prog->type->packet && !event->packet)
		return -EINVAL;
	cpu->run.state |= RUN_ON | RUN_FULL;
	bind(cpu, prog, event, log);
	run_begin(&cpu->run);
	give_globals(&cpu->run, prog);
	frame_clear(&cpu->run, &prog->funcs[0]);
	fault = run_it(cpu, prog, ret);
	if (prog->type->packet)
		give_bounds(&cpu->run);
	if (begun)
		count(prog, begun);
	cpu->run.state &= RUN_COUNTING;
	return fault;
}

int skep_run(struct skep_cpu *cpu, struct skep_prog *handle,
	     const struct skep_event *event, uint64_t *ret, struct skep_log *log)
{
	struct prog *prog = (struct prog *)handle;

	if (cpu->run.state | prog->prepares)
		return run_in_full(cpu, prog, event, ret, log);
	cpu->run.state = RUN_ON;
	bind(cpu, prog, event, log);
	return run_it(cpu, prog, ret);
}

static int run_natively(struct skep_cpu *cpu, struct prog *prog,
			const struct skep_event *event, u64 *ret, struct skep_log *log)
{
	cpu->run.state = RUN_ON;
	bind(cpu, prog, event, log);
	return native_run(cpu, ret);
}

/* Runs a program that needs no preparation on as many events as it takes without a fault;
 * returns the fault, and how many runs there were. */
static int run_some(struct skep_cpu *cpu, struct prog *prog,
		    const struct skep_event *events, u32 n, u64 *rets,
		    struct skep_log *log, u32 *runs)
{
	int fault;

	cpu->run.state = RUN_ON;
	cpu->run.more = n - 1;
	cpu->run.first = prog;
	bind(cpu, prog, events, log);
	fault = interp(cpu, prog->code, cpu->budget, rets, NULL);
	*runs = n - cpu->run.more;
	cpu->run.more = 0;
	return fault;
}

int skep_run_batch(struct skep_cpu *cpu, struct skep_prog *handle,
		   const struct skep_event *events, uint32_t n, uint64_t *rets,
		   struct skep_log *log)
{
	struct prog *prog = (struct prog *)handle;
	u32 runs = 1;
	int first = 0, fault;

	for (u32 i = 0; i < n; i += runs) {
		if (cpu->run.state | prog->prepares)
			fault = run_in_full(cpu, prog, &events[i], &rets[i], log);
		else if (prog->native)
			fault = run_natively(cpu, prog, &events[i], &rets[i], log);
		else
			fault = run_some(cpu, prog, &events[i], n - i, &rets[i], log,
					 &runs);
		first = first ? first : fault;
	}
	return first;
}

/* ---- callbacks of timers ---- */

static void *timer_enter(void *arg, s64 slot)
{
	struct runs *runs = arg;

	if (slot < 0)
		return runs_enter(runs);
	return store_slot_try(runs->store, (u32)slot) ? enter_slot(runs, (u32)slot)
						      : NULL;
}

static void timer_leave(void *cpu)
{
	skep_leave(cpu);
}

/* The map as the program sees it: one of its own, or one that it found in a map. */
static u64 map_handle(struct skep_cpu *cpu, struct map *map)
{
	u64 handle = helper_map_handle(&cpu->run, map);
	struct run_inner *inner = handle ? NULL : hold_inner(cpu, map->obj.id);

	return inner ? u64_of(inner) : handle;
}

/* The key of an array's value is its index; of a hash's it stands before it. */
static void call_timer(struct skep_cpu *cpu, u32 func, struct map *map, void *value)
{
	u32 index = (u32)((u64_of(value) - map->values.lo) / map->values.stride);
	bool array = map->info.type == SKEP_MAP_TYPE_ARRAY;
	u8 *key = array ? (u8 *)&index : (u8 *)value - round_up(map->info.key_size, 8);
	u64 args[5] = {map_handle(cpu, map), u64_of(key), u64_of(value)};

	run_give_value(&cpu->run, map, value, map->info.value_size);
	run_give(&cpu->run, key, map->info.key_size, access_read, NULL);
	cpu->run.budget = cpu->budget;
	cpu->run.callback(&cpu->run, PROG_FUNC_BASE + func, args);
}

static void timer_run(void *arg, u32 id, u32 func, struct map *map, void *value)
{
	static struct skep_packet none;
	const struct skep_event event = {.packet = &none};
	struct skep_cpu *cpu = arg;
	struct object *obj;
	struct prog *prog;

	if (!object_get_id(map->obj.store, OBJECT_PROG, id, &obj)) {
		prog = container_of(obj, struct prog, obj);
		cpu->run.state |= RUN_ON | RUN_FULL | RUN_DIRTY;
		bind(cpu, prog, &event, NULL);
		cpu->run.packet = none;
		give_globals(&cpu->run, prog);
		call_timer(cpu, func, map, value);
		run_end(cpu);
		object_put(obj);
	}
	skep_leave(cpu);
}

const struct timer_ops runs_timer_ops = {
	.enter = timer_enter,
	.run = timer_run,
	.leave = timer_leave,
};
