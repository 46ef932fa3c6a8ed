/* perf_output.h - perf events that programs write records to, and the pages users map
 *
 * What a user maps is the kernel's byte for byte: a struct perf_event_mmap_page, then
 * data pages that hold PERF_RECORD_SAMPLE and PERF_RECORD_LOST. The pages are an object
 * of their own, which lives as long as it is mapped; what only the writer needs stands in
 * its head. Nothing counts before data_head says so: a writer that dies leaves nothing.
 */
#ifndef PERF_OUTPUT_H
#define PERF_OUTPUT_H

#include <sys/types.h>
#include "object.h"

struct perf_event_mmap_page;

/* Stands in object_head.data of a perf event: what perf_event_open(2) was told. */
struct perf_info {
	u32 event;   /* a tracepoint, see event.h; 0: the output of programs */
	u32 prog_id; /* PERF_EVENT_IOC_SET_BPF; 0: none */
	s32 cpu;     /* -1: every one */
	u32 tid;     /* 0: every task */
	u32 enabled;
	u32 inherit;
	u32 ring_id; /* of the pages that are mapped, or were; 0: never */
	u32 id_all;  /* records that are no samples tell whose they are, too */
	u32 wakeup;  /* after so many records; 0: after `watermark` bytes */
	u32 watermark;
	u64 sample_type;
	u64 since_ns; /* when it was enabled */
};

struct perf {
	struct object obj;
	struct perf_info *info;
};

struct perf_ring_state;

struct perf_ring {
	struct object obj;
	struct perf_ring_state *state; /* object_head.data */
	struct perf_event_mmap_page *page;
	u8 *data;
	u64 size; /* 0 or a power of two */
};

extern const struct object_ops perf_ring_object_ops;

/* The PERF_SAMPLE_* bits that a sample can have here. */
bool perf_output_knows(u64 sample_type);

enum { PERF_PARTS = 3 };

struct perf_sample {
	struct {
		const void *at;
		u32 len;
	} part[PERF_PARTS]; /* of the raw data */
	u64 id;		    /* of the event */
	u64 time;
	u32 tgid, tid, cpu;
};

/* 0; -ENOSPC: there is no room, which the next sample will tell; -E2BIG: more than a
 * record can hold; -EBUSY: this thread is inside a map. */
int perf_output(struct perf_ring *ring, const struct perf_info *info,
		const struct perf_sample *sample);

/* mmap(2) and poll(2) of a perf event's fd. */
int perf_mmap(struct perf *perf, void **out, size_t len, int prot, int flags, off_t off);
short perf_poll(struct perf *perf);

#endif
