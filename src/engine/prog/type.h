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

enum ctx_kind {
	ctx_plain, /* reads of an aligned part are allowed, writes only whole */
	ctx_whole, /* whole only */
	ctx_bytes, /* any aligned access that lies within */
	/* 32 bits wide, read whole as a pointer into the packet: its first byte, behind
	 * its last byte, its metadata */
	ctx_data,
	ctx_data_end,
	ctx_data_meta,
	ctx_len,   /* the packet's length; like ctx_plain */
	ctx_low16, /* like ctx_plain, but keeps the low 16 bits of what is stored */
	ctx_queue, /* the same, but ignores 0xffff and above */
};

struct ctx_field {
	u16 off, size; /* in the kernel's struct; an array is one field per element */
	u8 kind;       /* enum ctx_kind */
	bool write;
	const char *name;
};

/* Helper groups, a bit each: a row of helper.def names those that have it. */
enum helper_group {
	group_base = 1,	  /* every program type */
	group_trace = 2,  /* may read kernel memory */
	group_attach = 4, /* of these, the ones that are attached to something */
	group_net = 8,	  /* see packets */
	group_skb = 16,	  /* as struct __sk_buff, */
	group_tc = 32,	  /* and may change them */
	group_xdp = 64,
	group_perf_event = 128,
	group_syscall = 256,
};

struct run;
struct skep_packet;

struct prog_type {
	const char *name;     /* as bpftool prints it: "xdp", "sched_cls" */
	const char *ctx_name; /* "struct xdp_md" */
	const struct ctx_field *fields;
	u32 nfields;	   /* 0: the context is plain memory */
	u32 ctx_size;	   /* the kernel's struct, or the most of plain memory */
	u32 ctx_hidden;	   /* first bytes of plain memory that are out of reach */
	bool ctx_write;	   /* plain memory may be written */
	bool packet;	   /* runs on a packet */
	bool packet_write; /* may store into it directly */
	bool ld_abs;	   /* has the legacy packet loads */
	bool sleepable;	   /* may only be loaded with SKEP_F_SLEEPABLE */
	u32 groups;	   /* enum helper_group bits */
	/* Fills run->shadow and points run->ctx at it. NULL: the context is event->ctx.
	 */
	void (*setup)(struct run *run);

	/* BPF_PROG_TEST_RUN, false: the kernel has none (-ENOTSUPP). For packet types: */
	bool test_run;
	u32 test_least,
		test_most;	  /* of data_size_in; XDP's is what is not in fragments */
	u32 test_frags;		  /* most bytes in fragments; with more it is -ENOMEM */
	u32 test_pull;		  /* first bytes of it that the program does not see */
	u32 test_head, test_room; /* usable bytes before data, and of [head, end) */
	/* Takes over ctx_in, ctx_size bytes filled up with 0, or NULL: none; data and
	 * tail of the packet are those of data_in. 0 or -errno. */
	int (*test_in)(const void *ctx, struct skep_packet *packet);
	/* Turns ctx_in into ctx_out. */
	void (*test_out)(const struct run *run, void *ctx);
};

/* By type number; NULL: the engine does not have it. */
const struct prog_type *prog_type(u32 type);

#endif
