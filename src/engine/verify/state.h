/* state.h - what the verifier knows at one point of one path
 *
 * A state is the call frames with their registers and stack slots, what the path holds
 * (references, locks) and where it came from. There is one that is worked on; the others
 * (branches still to be walked, checkpoints to compare with) are packed, see path.h.
 * The words are those of Linux 6.18's verifier, since users read them in its log.
 */
#ifndef STATE_H
#define STATE_H

#include "scalar.h"
#include "verify.h"

enum reg_type {
	reg_none, /* never written, or not readable any more */
	reg_scalar,
	reg_ctx,
	reg_map,   /* const pointer to a map */
	reg_value, /* into a map's value */
	reg_key,
	reg_stack,
	reg_packet_meta,
	reg_packet,
	reg_packet_end,
	reg_flow_keys,
	reg_socket,
	reg_sock_common,
	reg_tcp_sock,
	reg_tp_buffer,
	reg_xdp_sock,
	reg_btf, /* to a kernel's or a program's type */
	reg_mem,
	reg_arena,
	reg_buf,
	reg_func, /* a function of the program, for callbacks */
	reg_dynptr,
	reg_types,
};

/* What is known of a pointer beside its type; the log's prefixes. */
enum reg_flag {
	flag_null = 1 << 0, /* may be NULL */
	flag_rdonly = 1 << 1,
	flag_ringbuf = 1 << 2,
	flag_user = 1 << 3,
	flag_percpu = 1 << 4,
	flag_untrusted = 1 << 5,
	flag_trusted = 1 << 6,
	flag_rcu = 1 << 7,
	flag_alloc = 1 << 8,
	flag_non_own = 1 << 9, /* a reference that is not its owner's */
	flag_fixed_size = 1 << 10,
	flag_uninit = 1 << 11,
};

/* In a scalar's id: it is off more than the others of its id (BPF_ADD_CONST). */
#define ID_ADD_CONST64 (1u << 31)
#define ID_ADD_CONST32 (1u << 30) /* by an addition of 32 bits */
#define ID_ADD_CONST   (ID_ADD_CONST64 | ID_ADD_CONST32)

/* reg_packet's range when the pointer is known to be at, or behind, the packet's end. */
enum { RANGE_AT_END = -1, RANGE_BEYOND_END = -2 };

enum dynptr_kind {
	dynptr_none,
	dynptr_local,
	dynptr_ringbuf,
	dynptr_skb,
	dynptr_xdp,
	dynptr_skb_meta,
	dynptr_file,
};

enum iter_state { iter_none, iter_active, iter_drained };

struct reg {
	struct scalar n; /* the number; of a pointer, the variable part of its offset */
	u8 type;	 /* enum reg_type */
	bool precise;	 /* of a scalar: its exact value decided something */
	u8 frame;	 /* reg_stack: whose; 0 is the main function's */
	u8 dynptr;	 /* enum dynptr_kind, of reg_dynptr and of a slot */
	u32 flags;	 /* enum reg_flag */
	s32 off;	 /* of a pointer: the fixed part. of a scalar: see ID_ADD_CONST */
	u32 id;	  /* others with it are the same number, or null together, or have the
		     same variable part. 0: none */
	u32 ref;  /* the reference that it stands for; 0: none */
	u32 form; /* path.c's own: what it was packed as the last time */
	union {
		struct {
			u32 map; /* reg_map, reg_value, reg_key: index of the program's
				    maps */
			u32 map_uid;			/* of a lookup of an inner map */
			const struct verify_map *inner; /* reg_map and reg_value of an
							   inner map; NULL: maps[map] */
		};
		s32 range; /* reg_packet, reg_packet_meta: bytes from off that are there
			    */
		struct {
			u32 size;      /* reg_mem */
			u32 dynptr_id; /* of the dynptr that it is a slice of; 0: none */
		};
		struct {
			const struct skep_btf *btf; /* reg_btf */
			u32 btf_id;
		};
		u32 func;	 /* reg_func: index of the function */
		bool first_slot; /* of a dynptr's two */
		struct {
			const struct skep_btf *iter_btf; /* of a slot of an iterator */
			u32 iter_btf_id;
			u8 iter; /* enum iter_state */
			u32 depth;
		};
		u64 raw[3];
	};
};

/* A byte of the stack. */
enum slot_kind {
	slot_invalid,
	slot_spill, /* of a register: struct slot's reg, from its low end */
	slot_misc,  /* some number */
	slot_zero,
	slot_dynptr,
	slot_iter,
	slot_irq,
};

/* Eight bytes. kind[i] is the byte at fp - 8 * slot - 1 - i: downwards, as the kernel's
 * log has them, so kind[7] is the lowest byte. It is slot_spill exactly when reg holds a
 * spilled register, of 8, 4, 2 or 1 bytes: those are kind[7], kind[6]... */
struct slot {
	u8 kind[8];
	struct reg reg;
};

enum { REGS = 11, FP = 10, SLOTS = SKEP_MAX_STACK / 8 };

struct frame {
	struct reg r[REGS];
	u32 callsite; /* the call instruction, in the caller's; ~0: the main function */
	u32 number;   /* 0: main */
	u32 func;     /* index of the function */
	u32 async_entries;
	s32 ret_min, ret_max; /* what a callback may return */
	bool callback, async_callback, exception_callback;
	u32 callback_depth;
	u32 nslots; /* of slot[] that were ever touched: slot[i] is fp - 8 * (i + 1) */
	struct slot slot[SLOTS];
};

enum ref_kind {
	ref_pointer = 1,
	ref_irq = 2,
	ref_lock = 4,
	ref_res_lock = 8,
	ref_res_lock_irq = 16
};

struct ref {
	enum ref_kind kind;
	u32 id;
	u32 insn;	  /* that acquired it */
	const void *lock; /* of a lock: which map or type it lies in */
};

enum { REFS = 256 };

struct state {
	struct frame *frame[SKEP_MAX_FRAMES]; /* [0, depth]; the rest NULL or unused */
	u32 depth;			      /* of the frame that runs */
	u32 insn;			      /* that is looked at next */
	u32 first_insn;			      /* since the last checkpoint */
	u32 last_insn;			      /* before `insn`; ~0: none */
	struct checkpoint *parent;	      /* the last checkpoint; NULL */
	struct history *history; /* since then: the newest entry, see path.h */
	u32 nhistory;
	struct ref refs[REFS];
	u32 nrefs;
	u32 locks, preempt_locks, irq_id, lock_id; /* as the kernel's active_* */
	const void *lock_ptr;
	u32 rcu_locks;
	bool speculative, sleepable;
	u32 dfs_depth, callback_unroll, may_goto_depth;
};

static inline struct frame *frame_of(struct state *s)
{
	return s->frame[s->depth];
}

static inline bool slot_is_spilled(const struct slot *s)
{
	return s->kind[7] == slot_spill;
}

static inline bool slot_is_spilled_scalar(const struct slot *s)
{
	return slot_is_spilled(s) && s->reg.type == reg_scalar;
}

#endif
