#include "run.h"
#include "msg.h"
#include "os.h"
#include "rules.h"
#include <errno.h>
#include <stdio.h>

enum {
	PROBES = 32,	/* how far a value may stand from its place in the table */
	NEAR = 1 << 16, /* a miss by more is called nowhere */
};

static bool holds(const struct region *r, u64 addr, u64 len)
{
	return addr >= r->lo && addr <= r->hi && len <= r->hi - addr;
}

/* Field by field: a struct copied as a whole right after its fields were written costs
 * more than the search. */
static inline void set(struct region *r, u64 lo, u64 hi, enum region_kind kind, u8 access,
		       struct map *map)
{
	r->lo = lo;
	r->hi = hi;
	r->kind = kind;
	r->access = access;
	r->map = map;
}

/* Live frames are one piece: callees get pointers into their callers' frames. */
static u64 stack_bottom(const struct run *run)
{
	return u64_of(run->stack) + RUN_STACK - (run->frame + 1) * SKEP_MAX_STACK;
}

static void set_ctx(const struct run *run, struct region *r)
{
	const struct rule_field *plain = run->prog->plain; /* NULL: all, to be read */
	u64 lo = u64_of(run->ctx) + (plain ? plain->off : 0),
	    hi = u64_of(run->ctx) + run_ctx_len(run);

	if (run->prog->fields || !run->ctx || lo >= hi)
		lo = ~(u64)0, hi = 0;
	set(r, lo, hi, region_ctx,
	    access_read | access_probe | (plain && plain->write ? access_write : 0),
	    NULL);
}

static void set_packet(const struct run *run, struct region *r)
{
	const struct prog_type *type = run->prog->type;
	bool any = type->packet;

	set(r, any ? u64_of(run->packet.meta) : ~(u64)0,
	    any ? u64_of(run->packet.tail) : 0, region_packet,
	    access_read | access_probe | (run->prog->packet_write ? access_write : 0),
	    NULL);
}

/* What programs may only probe, typed pointers of others lead to. */
static void set_event(const struct run *run, const struct skep_region *e,
		      struct region *r)
{
	bool typed = run->prog->type_bit >> SKEP_PROG_TYPE_TRACING & 1;
	u8 access = access_probe;

	if (!e->probe || typed)
		access |= access_read | (e->write ? access_write : 0);
	set(r, u64_of(e->at), u64_of(e->at) + e->len, region_event, access, NULL);
}

/* The regions that every run has: stack, packet, context, the event's. They are made when
 * they are asked for, so that a run which touches nothing pays nothing. */
enum { place_stack, place_packet, place_ctx, place_event, MOST_EVENT_REGIONS = 4 };

static u32 places(const struct run *run)
{
	return place_event + MIN(run->event->nregions, (u32)MOST_EVENT_REGIONS);
}

static void place(const struct run *run, u32 i, struct region *r)
{
	if (i == place_stack)
		set(r, stack_bottom(run), u64_of(run->stack) + RUN_STACK, region_stack,
		    access_read | access_write | access_probe, NULL);
	else if (i == place_packet)
		set_packet(run, r);
	else if (i == place_ctx)
		set_ctx(run, r);
	else
		set_event(run, &run->event->regions[i - place_event], r);
}

static u8 map_access(const struct map *map)
{
	u8 access = access_probe;

	if (!(map->info.flags & SKEP_F_RDONLY_PROG))
		access |= access_write;
	if (!(map->info.flags & SKEP_F_WRONLY_PROG))
		access |= access_read;
	return access;
}

/* ---- map values ---- */

static u32 value_hash(u64 lo)
{
	return (u32)((lo * 0x9e3779b97f4a7c15ull) >> 54) % RUN_VALUES;
}

static struct run_value *value_of(const struct run *run, u64 lo)
{
	for (u32 i = 0, at = value_hash(lo); i < PROBES;
	     i++, at = (at + 1) % RUN_VALUES) {
		struct run_value *v = &run->values[at];

		if (v->run != run->number)
			return NULL;
		if (v->lo == lo)
			return v;
	}
	return NULL;
}

void run_give_value(struct run *run, struct map *map, void *value, u32 size)
{
	u64 lo = u64_of(value);

	run->state |= RUN_DIRTY;
	for (u32 i = 0, at = value_hash(lo); i < PROBES;
	     i++, at = (at + 1) % RUN_VALUES) {
		struct run_value *v = &run->values[at];

		if (v->run == run->number && v->lo != lo)
			continue;
		*v = (struct run_value){
			.lo = lo, .run = run->number, .size = size, .map = map};
		return;
	}
	run->values_lost = 1;
}

/* The map of the program among whose values addr lies, and the number of the value. */
static struct map *value_map(const struct run *run, u64 addr, u64 *number)
{
	struct map *map;

	for (u32 i = 0; (map = run_nth_map(run, i)); i++) {
		const struct map_values *v = &map->values;

		if (!v->stride || addr < v->lo || addr >= v->hi)
			continue;
		*number = (addr - v->lo) / v->stride;
		return map;
	}
	return NULL;
}

static u64 value_at(const struct map *map, u64 number)
{
	return map->values.lo + number * map->values.stride + map->values.at;
}

static void set_value(struct map *map, u64 number, struct region *r)
{
	u64 lo = value_at(map, number);

	set(r, lo, lo + map->values.size, region_value, map_access(map), map);
}

static bool find_value(const struct run *run, u64 addr, u64 len, struct region *out)
{
	u64 number;
	struct map *map = value_map(run, addr, &number);

	if (!map)
		return false;
	set_value(map, number, out);
	return holds(out, addr, len) &&
	       (run->values_lost || run->prog->native || value_of(run, out->lo));
}

/* ---- finding ---- */

/* The region that holds it all, whatever its access. */
static bool find(const struct run *run, u64 addr, u64 len, struct region *out)
{
	for (u32 i = 0, n = places(run); i < n; i++) {
		place(run, i, out);
		if (holds(out, addr, len))
			return true;
	}
	if (find_value(run, addr, len, out))
		return true;
	for (u32 i = 0; i < run->ngiven; i++) {
		*out = run->given[i];
		if (holds(out, addr, len))
			return true;
	}
	return false;
}

/* What the event puts off until a program looks. */
static bool fill_event(const struct run *run, const struct region *r)
{
	for (u32 i = place_event; i < places(run); i++) {
		const struct skep_region *e = &run->event->regions[i - place_event];

		if (u64_of(e->at) == r->lo && e->fill)
			return !e->fill(e);
	}
	return true;
}

bool run_find(struct run *run, u64 addr, u64 len, enum access access, struct region *out)
{
	if (!find(run, addr, len, out) || (out->access & access) != access)
		return false;
	return out->kind != region_event || fill_event(run, out);
}

void *run_mem(struct run *run, u64 addr, u64 len, enum access access, const char *what)
{
	struct region r;

	if (!len)
		return run->stack;
	if (run_find(run, addr, len, access, &r))
		return ptr_of(addr);
	run_fault_access(run, addr, len, access, what);
	return NULL;
}

/* ---- giving and taking ---- */

bool run_give(struct run *run, void *at, u32 len, enum access access, struct map *map)
{
	if (run->ngiven == RUN_GIVEN)
		return false;
	run->state |= RUN_DIRTY;
	run->given[run->ngiven++] = (struct region){.lo = u64_of(at),
						    .hi = u64_of(at) + len,
						    .kind = region_given,
						    .access = access | access_probe,
						    .map = map};
	return true;
}

bool run_take(struct run *run, u64 addr, struct region *out)
{
	for (u32 i = 0; i < run->ngiven; i++) {
		if (run->given[i].lo != addr)
			continue;
		*out = run->given[i];
		run->given[i] = run->given[--run->ngiven];
		run->moved = true;
		return true;
	}
	return false;
}

void *run_area_take(struct run *run)
{
	u32 i = (u32)__builtin_ctzll(~run->areas_taken);

	_Static_assert(RUN_AREAS == 64, "a bit for each");
	if (!~run->areas_taken)
		return NULL;
	run->state |= RUN_DIRTY;
	run->areas_taken |= 1ull << i;
	return run->areas + (size_t)i * RUN_AREA;
}

void run_area_give(struct run *run, const void *area)
{
	run->areas_taken &= ~(1ull << (u64_of(area) - u64_of(run->areas)) / RUN_AREA);
}

void *run_area_at(const struct run *run, u64 addr)
{
	u64 off = addr - u64_of(run->areas), i = off / RUN_AREA;

	return off % RUN_AREA || i >= RUN_AREAS || !(run->areas_taken >> i & 1)
		       ? NULL
		       : ptr_of(addr);
}

void run_packet_changed(struct run *run)
{
	run->moved = true;
}

/* ---- faults ---- */

void run_fault(struct run *run, int err, const char *fmt, ...)
{
	va_list ap;

	if (run->fault)
		return;
	run->fault = -err;
	run->leave = RUN_LEAVE_ALL;
	run->state |= RUN_DIRTY;
	log_printf(run->log, "instruction %u: ", run->pc);
	va_start(ap, fmt);
	log_vprintf(run->log, fmt, ap);
	va_end(ap);
}

struct miss {
	u64 addr, len;
	enum access access;
	const char *what, *verb;
	u64 best; /* distance of the nearest region so far */
	struct region near;
};

static u64 distance(const struct region *r, const struct miss *m)
{
	if (r->lo >= r->hi)
		return ~(u64)0;
	if (m->addr < r->lo)
		return r->lo - m->addr;
	return m->addr < r->hi ? 0 : m->addr - r->hi;
}

static void consider(struct miss *m, const struct region *r)
{
	u64 d = distance(r, m);

	if (d >= m->best)
		return;
	m->best = d;
	m->near = *r;
}

/* The value that addr lies in, or, when that was not looked up, behind or before: the
 * storage of a map has no gaps, so the neighbours are all there is. */
static void consider_values(const struct run *run, struct miss *m)
{
	struct map *map;

	for (u32 i = 0; (map = run_nth_map(run, i)); i++) {
		const struct map_values *v = &map->values;
		u64 past, n;

		if (!v->stride || m->addr + NEAR < v->lo || m->addr > v->hi + NEAR)
			continue;
		past = m->addr > v->lo ? m->addr - v->lo : 0;
		n = past / v->stride;
		for (u64 k = n ? n - 1 : 0; k <= n + 1; k++) {
			struct region r;

			set_value(map, k, &r);
			if (value_of(run, r.lo))
				consider(m, &r);
		}
	}
}

static void consider_all(struct run *run, struct miss *m)
{
	m->best = NEAR;
	for (u32 i = 0, n = places(run); i < n; i++) {
		struct region r;

		place(run, i, &r);
		consider(m, &r);
	}
	for (u32 i = 0; i < run->ngiven; i++)
		consider(m, &run->given[i]);
	consider_values(run, m);
}

static const char *region_name(const struct region *r, char *buf, size_t size)
{
	static const char *const names[] = {
		[region_none] = "nothing",
		[region_stack] = "the stack",
		[region_ctx] = "the context",
		[region_packet] = "the packet",
		[region_given] = "the memory that a helper handed out",
		[region_event] = "the event's memory",
	};

	if (!r->map)
		return names[r->kind];
	snprintf(buf, size, "the %s of map '%.16s'",
		 r->kind == region_value ? "value" : "record", r->map->info.name);
	return buf;
}

/* It lies in one region, but that does not allow it. */
static void fault_access(struct run *run, const struct miss *m, const struct region *r)
{
	char buf[64];
	const char *name = region_name(r, buf, sizeof(buf));
	unsigned long long len = m->len;

	if (m->access & ~r->access & access_write)
		run_fault(run, EFAULT, msg_run_read_only, len, m->what, name);
	else if (r->kind == region_value)
		run_fault(run, EFAULT, msg_run_write_only, len, m->what, name);
	else
		run_fault(run, EFAULT, msg_run_probe_only, len, m->what, name);
}

static void fault_near(struct run *run, const struct miss *m)
{
	const struct region *r = &m->near;
	char buf[64];
	const char *name = region_name(r, buf, sizeof(buf));
	unsigned long long size = r->hi - r->lo, len = m->len;

	if (m->addr < r->lo)
		run_fault(run, EFAULT, msg_run_before, m->verb, len, m->what,
			  (unsigned long long)(r->lo - m->addr), name, size);
	else
		run_fault(run, EFAULT, msg_run_beyond, m->verb, len, m->what,
			  (unsigned long long)(m->addr + m->len - r->hi), name, size);
}

/* Memory that is the engine's own, of which a better sentence can be said. */
static bool fault_special(struct run *run, const struct miss *m)
{
	u64 stack = u64_of(run->stack), live = stack_bottom(run), number;
	unsigned long long len = m->len;
	struct map *map;

	if (m->addr < 4096) {
		run_fault(run, EFAULT, msg_run_null, m->verb, len, m->what,
			  (unsigned long long)m->addr);
	} else if (run_in_ctx(run, m->addr)) {
		run_fault(run, EFAULT, msg_run_ctx_fields, m->verb, len, m->what,
			  run->prog->type->ctx_name);
	} else if (m->addr >= stack && m->addr < live) {
		run_fault(run, EFAULT, msg_run_dead_frame, m->verb, len, m->what,
			  (unsigned long long)(live - m->addr));
	} else if ((map = value_map(run, m->addr, &number)) &&
		   !value_of(run, value_at(map, number))) {
		run_fault(run, EFAULT, msg_run_neighbour, m->verb, len, m->what,
			  (unsigned long long)number, map->info.name, map->values.size);
	}
	return run->fault;
}

static bool fault_in_map(struct run *run, const struct miss *m)
{
	for (u32 i = 0; i < run->prog->nmaps; i++) {
		const struct map *map = run->prog->maps[i];

		if (m->addr - u64_of(map->storage) >= map->info.size)
			continue;
		run_fault(run, EFAULT, msg_run_map_inside, m->verb,
			  (unsigned long long)m->len, m->what, map->info.name);
		return true;
	}
	return false;
}

void run_fault_access(struct run *run, u64 addr, u64 len, enum access access,
		      const char *what)
{
	struct miss m = {.addr = addr,
			 .len = len,
			 .access = access,
			 .what = what,
			 .verb = access & access_write ? "writes" : "reads"};
	struct region r;

	if (find(run, addr, len, &r)) {
		fault_access(run, &m, &r);
		return;
	}
	if (fault_special(run, &m))
		return;
	consider_all(run, &m);
	if (m.best < NEAR)
		fault_near(run, &m);
	else if (!fault_in_map(run, &m))
		run_fault(run, EFAULT, msg_run_nowhere, m.verb, (unsigned long long)len,
			  what, (unsigned long long)addr);
}

/* ---- the world ---- */

const struct skep_world run_plain_world;

u64 run_clock(struct run *run)
{
	const struct skep_world *world = run_world(run);

	return world->clock ? world->clock(world->arg) : os_clock_ns();
}

u32 run_random(struct run *run)
{
	const struct skep_world *world = run_world(run);

	if (world->random)
		return world->random(world->arg);
	if (!run->random)
		run->random = os_clock_ns() | 1;
	/* xorshift64*, Vigna 2016 */
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return (u32)((run->random * 0x2545f4914f6cdd1dull) >> 32);
}
