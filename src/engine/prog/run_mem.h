/* run_mem.h - the memory that a run may touch, and how it is said that it touched other
 *
 * Regions are found when they are asked for (region.c). run_mem() is the only way to turn
 * a program's number into a pointer.
 */
#ifndef RUN_MEM_H
#define RUN_MEM_H

#include "prog.h"

struct run;

enum access { access_read = 1, access_write = 2, access_probe = 4 };

enum region_kind {
	region_none,
	region_stack,
	region_ctx,
	region_packet,
	region_value,
	region_given,
	region_event,
};

/* [lo, hi) of this process's memory. Empty: lo is ~0, hi is 0. */
struct region {
	u64 lo, hi;
	u8 kind, access;
	struct map *map; /* region_value, region_given: whose it is; NULL: no map's */
};

/* A map value that this run has looked up. */
struct run_value {
	u64 lo;
	u32 run; /* the run's number: others' entries are empty */
	u32 size;
	struct map *map;
};

/* A map that was found in a map, held. A program sees the address of its `map`. */
struct run_inner {
	struct map *map;
	u32 id;
};

/* The `len` bytes at a program's number `addr`, or NULL after run_fault_access(). len 0
 * gives a non-NULL pointer. */
void *run_mem(struct run *run, u64 addr, u64 len, enum access access, const char *what);

/* The region that holds all of [addr, addr + len) with that access; false: none. No
 * fault. */
bool run_find(struct run *run, u64 addr, u64 len, enum access access, struct region *out);

/* A program may now touch this value of `map`. */
void run_give_value(struct run *run, struct map *map, void *value, u32 size);

/* It may touch this area, a record of `map` or a helper's own (NULL), until it is taken;
 * false: too many are out. run_take removes the area that begins at addr; false: none. */
bool run_give(struct run *run, void *at, u32 len, enum access access, struct map *map);
bool run_take(struct run *run, u64 addr, struct region *out);

/* Memory for a helper, until it gives it back or the run is over; its bytes are anything.
 * NULL: all is taken. */
void *run_area_take(struct run *run);
void run_area_give(struct run *run, const void *area);

/* The area that begins at addr and is taken; NULL: there is none. */
void *run_area_at(const struct run *run, u64 addr);

/* run->packet changed: bounds of it that somebody remembers are no longer good. */
void run_packet_changed(struct run *run);

/* Loads or stores a field of a context that has fields, size 1, 2, 4 or 8. False
 * after a fault: no such field, or not so. */
bool ctx_load(struct run *run, u64 addr, u32 size, bool sign, u64 *out);
bool ctx_store(struct run *run, u64 addr, u32 size, u64 value);

/* For compiled programs, what these two do with an access that the verifier has let
 * pass: the context's own memory, a word of struct run (its offset), or more than that.
 */
enum { CTX_DIRECT = -1, CTX_CALL = -2 };
int ctx_place(const struct prog *prog, u64 off, u32 size, bool write);

/* Ends the run with -err (a positive errno) and a sentence, "instruction N: " before it.
 * Only the first fault of a run is said. `fmt` is a MSG of a msg.def. */
void run_fault(struct run *run, int err, const char *fmt, ...) PRINTF(3, 4);

/* The same for an access that run_find() refused: says which region is nearest and by how
 * much the access misses it, or why it is not allowed. `what` names the address: "r1+14",
 * "argument 2 of bpf_map_lookup_elem (key)". */
void run_fault_access(struct run *run, u64 addr, u64 len, enum access access,
		      const char *what);

#endif
