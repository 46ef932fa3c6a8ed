/* type.h - program types: what a context is and which helpers may be called
 *
 * A program type is one file that defines a const struct prog_type and one row in
 * type.def. Contexts have the kernel's layouts. A context with a field table is read and
 * written field by field, since what the program sees as a 32-bit field may be a pointer;
 * most are a shadow that the run fills in from the event's packet. A context without one
 * is the event's memory, touched directly.
 */
#ifndef TYPE_H
#define TYPE_H

#include <skep/abi.h>
#include "bits.h"

struct run;

enum ctx_kind {
	ctx_plain,    /* reads of an aligned part are allowed, writes only whole */
	ctx_whole,    /* whole only */
	ctx_bytes,    /* any aligned access that lies within */
	/* 32 bits wide, read whole as a pointer into the packet: its first byte, behind its
	 * last byte, its metadata */
	ctx_data, ctx_data_end, ctx_data_meta,
	ctx_len,      /* the packet's length; like ctx_plain */
};

struct ctx_field {
	u16 off, size; /* in the kernel's struct; an array is one field per element */
	u8 kind;       /* enum ctx_kind */
	bool write;
	const char *name;
};

/* Helper groups, a bit each; a row of helper.def names those that have it. */
enum helper_group {
	group_base = 1,      /* every program type */
	group_trace = 2,     /* programs that observe: current task, probe reads */
	group_skb = 4,       /* packets as struct __sk_buff, read */
	group_skb_edit = 8,  /* and changed: traffic control */
	group_xdp = 16,
	group_perf_event = 32,
	group_syscall = 64,
};

struct prog_type {
	const char *name;             /* as bpftool prints it: "xdp", "sched_cls" */
	const char *ctx_name;         /* "struct xdp_md" */
	const struct ctx_field *fields;
	u32 nfields;                  /* 0: the context is plain memory */
	u32 ctx_size;                 /* of the shadow, or the most that plain memory may have */
	u32 ctx_hidden;               /* first bytes of plain memory that are out of reach */
	bool ctx_write;               /* plain memory may be written */
	bool packet;                  /* runs on a packet: direct access, LD_ABS */
	bool packet_write;            /* may store into it */
	u32 groups;                   /* enum helper_group bits */
	u32 min_test_data;            /* BPF_PROG_TEST_RUN: least data_size_in */
	bool test_run;                /* the kernel has a test run for it */
	/* Fills run->ctx from run->event. NULL: the context is event->ctx. */
	void (*setup)(struct run *run);
};

/* By type number; NULL: the engine does not have it. */
const struct prog_type *prog_type(u32 type);

#endif
