/* stack_trace.h - stacks by id
 *
 * A stack's id is where its hash says that it stands, so that each stack stands there
 * once and two that want the same place collide. Programs put stacks in; user space reads
 * them by id, removes them, walks over the ids.
 *
 * Who only finds a stack takes no lock. What is written is an element that no id leads
 * to, and one store gives it its id, or takes it away; elements have a sequence number,
 * so that a reader whose stack has gone under its hands knows. Writers hold the map's
 * lock; who gets a dead owner's finds all free elements anew.
 */
#ifndef STACK_TRACE_H
#define STACK_TRACE_H

#include "map.h"

/* The deepest stack: the kernel's perf_event_max_stack, if nobody changed it. */
enum { STACK_TRACE_DEPTH = 127 };

static inline bool stack_trace_has_build_ids(const struct map *map)
{
	return map->info.flags & SKEP_F_STACK_BUILD_ID;
}

/* How many addresses, or build ids, a stack of this map has at most. */
static inline u32 stack_trace_depth(const struct map *map)
{
	return map->info.value_size / (stack_trace_has_build_ids(map)
					       ? (u32)sizeof(struct skep_stack_build_id)
					       : (u32)sizeof(u64));
}

/* Where addresses lie in files; out[] has n. */
typedef void stack_trace_name(void *arg, const u64 *ips, u32 n,
			      struct skep_stack_build_id *out);

/* The id of the stack of `n` addresses, 1 to stack_trace_depth(), which is put in if it
 * is not there. flags: SKEP_F_FAST_STACK_CMP, SKEP_F_REUSE_STACKID. `name` is called in
 * maps with build ids. -EEXIST: another one stands there; -ENOMEM: no room. */
s64 stack_trace_put(struct map *map, const u64 *ips, u32 n, u64 flags,
		    stack_trace_name *name, void *arg);

#endif
