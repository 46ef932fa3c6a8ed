/* event.h - the events of system calls: numbers, names, and what tracefs says of them
 *
 * An event is a number, the one that perf_event_open's config and the event's `id` file
 * name: one for each system call's entry and exit (tracepoints syscalls/sys_enter_NAME
 * and sys_exit_NAME), one each for raw_syscalls/sys_enter and sys_exit, and one each for
 * the raw tracepoints sys_enter and sys_exit, which have no file. The numbers are this
 * engine's own: a kernel's differ from boot to boot too.
 */
#ifndef EVENT_H
#define EVENT_H

#include "bits.h"
#include "str.h"

enum {
	EVENT_CALLS = 512, /* system calls that have events of their own: 0 to 511 */

	EVENT_NONE = 0,
	EVENT_RAW_TP_ENTER,
	EVENT_RAW_TP_EXIT,
	EVENT_RAW_ENTER,
	EVENT_RAW_EXIT,
	EVENT_XDP, /* at the engine's one port */
	EVENT_TCX_INGRESS,
	EVENT_TCX_EGRESS,
	EVENT_FIRST_CALL = 16,
	EVENTS = EVENT_FIRST_CALL + 2 * EVENT_CALLS,
};

static inline u32 event_call_enter(u64 nr)
{
	return (u32)(EVENT_FIRST_CALL + 2 * nr);
}

static inline u32 event_call_exit(u64 nr)
{
	return (u32)(EVENT_FIRST_CALL + 2 * nr + 1);
}

/* The number of the event "sys_enter_openat" of category "syscalls", or of "sys_enter" of
 * "raw_syscalls"; EVENT_NONE: there is none. */
u32 event_find(const char *category, const char *name);

/* Of a raw tracepoint: "sys_enter", "sys_exit". */
u32 event_find_raw_tp(const char *name);

/* Whether perf_event_open may name it. */
bool event_is_tracepoint(u64 event);

/* Appends "sys_enter_openat". */
void event_name(struct str *out, u32 event);

/* Bytes of the record that a program attached to it may read. */
u32 event_size(u32 event);

/* Appends the event's format file. */
void event_format(struct str *out, u32 event);

#endif
