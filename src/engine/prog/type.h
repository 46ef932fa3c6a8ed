/* type.h - program types: what a context is, and how a test run makes one
 *
 * A program type is a row of type.def. Contexts have the kernel's layouts. What a program
 * may read and write there, and which helpers it has, are verify's tables (rules.h). A
 * context with fields is read and written field by field, since what the program sees as
 * a 32-bit field may be a pointer; __sk_buff and xdp_md are a shadow that the run fills
 * in from the event's packet. The others are the event's memory; a plain one, which has
 * no fields, is touched directly.
 */
#ifndef TYPE_H
#define TYPE_H

#include <skep/abi.h>
#include "bits.h"

struct run;
struct skep_packet;
struct skep_event;

/* BPF_PROG_TEST_RUN. What it is given decides which parts of the attr it looks at. */
enum test_kind {
	test_packet, /* data_in and ctx_in */
	test_frame,  /* the same, as XDP's; perhaps many at a time */
	test_fields, /* ctx_in */
	test_args,   /* ctx_in, the arguments; on a CPU of the caller's choice */
	test_call,   /* ctx_in, which the program may change */
	test_traced, /* nothing: it runs if the kernel's test functions do */
};

struct prog_test {
	enum test_kind kind;
	u32 least, most; /* of data_size_in, but for fragments */
	u32 frags;	 /* most bytes in fragments; with more it is -ENOMEM */
	u32 pull;	 /* first bytes of it that the program does not see */
	u32 head, room;	 /* usable bytes before data, and of [head, end) */
	u32 ctx_size;	 /* of ctx_in and ctx_out, filled up with 0 */
	bool keeps;	 /* ctx_out is not written */
	/* How much of data_in is the packet's linear part, the first bytes of which stand
	 * `before` the place of data; 0 or -errno. NULL: all is, least to most. */
	int (*fit)(const void *ctx, u32 size, u32 *linear, u32 *before);
	/* Takes over ctx_in, or NULL: none; data and tail of the packet are those of
	 * data_in. 0 or -errno. */
	int (*in)(const void *ctx, struct skep_packet *packet);
	/* After each run: what the kernel makes of what the program did. */
	void (*ran)(struct run *run);
	/* With BPF_F_TEST_SKB_CHECKSUM_COMPLETE: whether it still is what it says. NULL:
	 * the flag is not known. */
	bool (*sums)(const struct run *run);
	/* Turns ctx_in into ctx_out. NULL: it is given back as it came. */
	void (*out)(const struct run *run, void *ctx);
	/* data_out, where that is not the packet: how much. */
	u32 (*data)(const struct run *run, const void **at);
};

struct prog_type {
	const char *name;     /* as bpftool prints it: "xdp", "sched_cls" */
	const char *ctx_name; /* "struct xdp_md" */
	u32 ctx_size;	      /* the kernel's struct, or the most of plain memory */
	bool packet;	      /* runs on a packet */
	bool skb;	      /* which it sees as struct __sk_buff */
	/* Fills run->shadow and points run->ctx at it. NULL: the context is event->ctx.
	 */
	void (*setup)(struct run *run);
	const struct prog_test *test; /* NULL: none (-ENOTSUPP) */
};

/* By type number; NULL: the engine does not have it. */
const struct prog_type *prog_type(u32 type);

/* Why not, a sentence; NULL: it has, or Linux has not. */
const char *prog_type_refusal(u32 type);

/* Of type.def's rows, a file by context each. */
extern const struct prog_test skb_test, skb_test_net, xdp_test, flow_test, lookup_test,
	nf_test, args_test, call_test, traced_test;
void skb_setup(struct run *run);
void xdp_setup(struct run *run);
void flow_setup(struct run *run);
void lookup_setup(struct run *run);
void nf_setup(struct run *run);

#endif
