/* map_timer.h - timers in values
 *
 * What a bpf_timer is stands in the value, for all processes: its clock, its callback,
 * whether it is armed. It fires in the process that started it last, while that lives: on
 * a thread that the first start makes, with all signals blocked, which closing the engine
 * ends and which a child of fork(2) has not. Who deletes the element or writes a new
 * value ends the timer by what then stands there; so does who gives up the map's last
 * descriptor or pin. The map keeps the programs of its timers.
 *
 * A map's view has an alarm for every element, so that starting allocates nothing. Errnos
 * are those of Linux 6.18's helpers; -EOPNOTSUPP, which it gives to a program that
 * interrupts its timers (NMI), is a program's that a signal handler runs inside them.
 */
#ifndef MAP_TIMER_H
#define MAP_TIMER_H

#include "map.h"

/* The fields that are one: a bpf_wq is a timer that is always due. */
enum { MAP_TIMERS = 1 << field_timer | 1 << field_wq };

/* The 16 bytes of a struct bpf_timer or bpf_wq. */
struct map_timer {
	u32 lock;  /* a lock word, for the rest */
	u32 prog;  /* id of the callback's program; 0: none is set */
	u32 state; /* TIMER_* and what they mask */
	u32 owner; /* process that has it armed or runs its callback */
};

/* How a callback is run; the run layer's. */
struct timer_ops {
	/* A CPU slot for it: any (-1), or that one if it is free. NULL: none. */
	void *(*enter)(void *arg, s64 slot);
	/* Runs function `func` of the program with that id, for the value; leaves. */
	void (*run)(void *cpu, u32 prog, u32 func, struct map *map, void *value);
	void (*leave)(void *cpu);
};

/* An engine's timers in this process. `ops` and `arg` stay. */
int timers_open(struct store *store, const struct timer_ops *ops, void *arg);
void timers_close(struct store *store);

/* What the helpers of these names do. */
int map_timer_init(struct map *map, struct map_timer *t, u64 flags);
int map_timer_set_callback(struct map *map, struct map_timer *t, u32 prog, u32 func);
int map_timer_start(struct map *map, struct map_timer *t, u64 ns, u64 flags, u32 slot);
int map_timer_cancel(struct map *map, struct map_timer *t);

/* The element is gone, or has a new value. */
void map_timer_free(const struct map *map, struct map_timer *t);

/* ---- for map.c ---- */

/* A view of a map with timers is opened, and closed. */
int map_timers_open(struct map *map);
void map_timers_close(struct map *map);

/* Nobody has the map any more: all its timers end. */
void map_timers_end(struct map *map);

/* Calls fn for the programs of a region's timers. */
void map_timers_refs(const struct map_info *info, const void *storage,
		     void (*fn)(void *arg, u32 id), void *arg);

#endif
