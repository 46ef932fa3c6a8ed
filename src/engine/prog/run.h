/* run.h - one run of a program: what the interpreter and the helpers share
 *
 * A run may touch only memory that it was given: its context, its packet, its own stack
 * frames, map values that it looked up (one value, not its neighbour), what a helper
 * handed out. run_mem() is the only way to turn a program's number into a pointer. A
 * fault is said once, by run_fault(); after it the run ends, whatever the helper returns.
 * Nothing here allocates or takes a lock.
 */
#ifndef RUN_H
#define RUN_H

#include <skep/engine.h>
#include "prog.h"
#include "run_mem.h"

enum {
	RUN_STACK = SKEP_MAX_FRAMES * SKEP_MAX_STACK,
	RUN_CTX = 256,	   /* the largest shadow context */
	RUN_GIVEN = 64,	   /* areas that helpers handed out and did not take back */
	RUN_ETHERNET = 14, /* bytes of the header before the network header */
	RUN_VALUES = 1024, /* map values known one by one, a power of two */
	RUN_INNERS = 1024, /* maps that a run has found in maps */
	RUN_AREAS = 64,	   /* pieces of memory that helpers may take during a run */
	RUN_AREA = 4096,   /* bytes of each */
};

/* Bits of struct run's state; below them are the interpreter's, one for each bound that
 * it remembers. */
enum {
	RUN_DIRTY = 1 << 24,	/* the end of the run has to reset the run, forget what
				   was remembered, take back what was handed out */
	RUN_ON = 1 << 25,	/* a program runs */
	RUN_FULL = 1 << 26,	/* so does what skep_run() does before it and after it */
	RUN_COUNTING = 1 << 27, /* BPF_ENABLE_STATS was on when the slot was taken */
};

/* Why native code that called something is to return what that returned. */
enum run_leave {
	RUN_STAY,
	RUN_LEAVE_FUNC, /* the function that called, and no other */
	RUN_LEAVE_ALL,	/* the program: run->fault */
};

/* The thread that took the slot, and what was asked about it since. */
struct run_thread {
	u32 process; /* store_self() when that was; another one after fork(2) */
	u32 tid;     /* 0: not asked */
	u64 since;   /* when it began; 0: not asked */
	bool asked;  /* the cgroup is known, or that it cannot be */
	u64 cgroup;  /* id; 0: not known */
};

/* What an iterator's program writes: its `struct seq_file` is the address of this one's
 * image. count == size: it did not fit. */
struct run_seq {
	u64 image;
	u8 *buf;
	u32 size, count;
};

/* bpf(2), whole. */
typedef int run_bpf(struct store *store, enum skep_cmd cmd, union skep_attr *attr,
		    u32 size);

/* The first lines of cache are what the begin of a run writes. */
struct run {
	struct prog *prog __attribute__((aligned(64))); /* changes with a tail call */
	const struct skep_event *event;
	struct skep_log *log;
	u8 *ctx;    /* shadow[] or the event's memory */
	u32 state;  /* RUN_* bits; RUN_COUNTING or 0 between two runs */
	s64 budget; /* what is left of it, see RUN_INSN; the interpreter's own while it
		       runs instructions */
	u32 more;   /* events of a batch that stand behind this one */
	u32 number; /* of the run on this slot, never 0 */
	u32 slot;   /* CPU slot: bpf_get_smp_processor_id() */
	u32 pc;	    /* of the instruction that runs a helper or faulted */

	/* All 0 at the begin of a run. */
	u32 frame; /* 0 to 7 */
	u32 base;  /* the frame of the callback that runs; 0: none does */
	u32 tail_calls;
	u32 loops[SKEP_MAX_FRAMES]; /* of may_goto, in each live frame */
	s32 fault;		    /* 0, or -errno: the run ends */
	u32 leave;		    /* native code: enum run_leave */
	u32 ngiven;
	bool casts;	 /* it has pointers to anywhere: where nothing is it reads 0 */
	u32 *lock;	 /* the bpf_spin_lock that it has */
	u64 areas_taken; /* a bit for each */
	u64 values_lost; /* not 0: more values than values[] holds, every value of
			    the program's maps counts as looked up */
	/* Replaces the program: bpf_tail_call. The interpreter acts on it when the helper
	 * returns. NULL: none asked for. */
	struct prog *tail_target;

	struct prog *first; /* of each run of a batch */
	/* Where the calling thread, if it is the current task, was left by its own code:
	 * a frame pointer and a return address. NULL: not known, it has no stack. */
	const u64 *caller;
	struct store *store;
	u64 random; /* state of bpf_get_prandom_u32 */
	u64 secret; /* of SYN cookies; 0: not asked for */
	u32 spread; /* the CPU that bpf_cpumask_any_distribute() gave last */
	struct run_thread thread;
	bool moved; /* memory was taken back: bounds that the interpreter remembers are no
		       longer good; it sets this to false again */

	/* the event's, adjusted by helpers; meta and mac set */
	struct skep_packet packet __attribute__((aligned(64)));
	u8 *net;       /* the packet's network header */
	s8 csum_level; /* checksums known to be good, less one; -1: none is */
	u8 encap;      /* bytes of the IP header that skb_adjust_room put
			  around it; 0: none */

	struct region given[RUN_GIVEN];
	u8 *areas;		  /* RUN_AREAS */
	struct run_value *values; /* RUN_VALUES, hashed by lo */
	struct run_inner *inners; /* ninners; stay until a run is over */
	u32 ninners;

	/* Calls a function of the program (PSEUDO_FUNC number) with up to five arguments,
	 * in a frame of its own. Returns its r0; check run->fault. */
	u64 (*callback)(struct run *run, u64 func, const u64 args[5]);
	/* The program that stands at an index of a prog_array, held as long as the run
	 * lasts; NULL: none. */
	struct prog *(*find_prog)(struct run *run, struct map *map, u32 index);
	/* A perf event or its pages by their id, held until the next one is looked for.
	 */
	struct object *(*find_perf)(struct run *run, enum object_kind kind, u32 id);
	/* The map that stands in a map of maps, held likewise, as the program sees it; 0:
	 * none. */
	u64 (*find_map)(struct run *run, struct map *map, const void *key);
	/* The types of the running kernel; NULL: it tells none. The first call reads
	 * them.
	 */
	const struct skep_btf *(*types)(struct run *run);
	run_bpf *bpf;
	struct run_seq *seq; /* of an iterator's program; NULL */

	u8 shadow[RUN_CTX] __attribute__((aligned(64)));
	u8 stack[RUN_STACK] __attribute__((aligned(64)));
};

/* What every run begins with and may change. */
static inline void run_reset(struct run *run)
{
	run->frame = run->base = run->tail_calls = run->ngiven = 0;
	run->loops[0] = 0;
	run->fault = 0;
	run->leave = RUN_STAY;
	run->casts = false;
	run->areas_taken = 0;
	run->values_lost = 0;
	run->tail_target = NULL;
}

/* Bytes of the context: the shadow is the type's, whole. */
static inline u32 run_ctx_len(const struct run *run)
{
	u32 size = run->prog->type->ctx_size;

	return run->ctx == run->shadow ? size : MIN(run->event->ctx_len, size);
}

/* Begins a run: from run->event and run->prog it fills in the packet and the context. The
 * caller has set store, prog, event, log, slot, number and values. */
static inline void run_begin(struct run *run)
{
	const struct prog_type *type = run->prog->type;

	run_reset(run);
	run->ctx = run->event->ctx;
	if (type->packet) {
		/* In two parts: gcc makes a slow `rep movs` of one. */
		memcpy(&run->packet, run->event->packet, 48);
		memcpy((u8 *)&run->packet + 48, (u8 *)run->event->packet + 48,
		       sizeof(run->packet) - 48);
		if (!run->packet.meta)
			run->packet.meta = run->packet.data;
		if (!run->packet.mac)
			run->packet.mac = run->packet.data;
		run->net = run->packet.mac + RUN_ETHERNET;
	}
	if (type->setup)
		type->setup(run);
}

/* Whether that is all in live stack frames, where most of what helpers get lies. */
static inline bool run_in_stack(const struct run *run, u64 addr, u64 len)
{
	u64 size = (run->frame + 1) * SKEP_MAX_STACK;
	u64 off = addr - (u64_of(run->stack) + RUN_STACK - size);

	return off < size && len <= size - off;
}

/* Whether addr lies in a context that has fields: it is accessed with ctx_load()
 * and ctx_store() only. */
static inline bool run_in_ctx(const struct run *run, u64 addr)
{
	return addr - u64_of(run->ctx) < run_ctx_len(run) && run->prog->fields;
}

/* What a program sees as a `struct bpf_map *`: one of its own, or one that it has found
 * in a map. NULL: neither. */
static inline struct map *run_map(const struct run *run, u64 handle)
{
	struct map *map = prog_map(run->prog, handle);
	u64 at = handle - u64_of(run->inners);

	if (map || at % sizeof(run->inners[0]) ||
	    at / sizeof(run->inners[0]) >= run->ninners)
		return map;
	return run->inners[at / sizeof(run->inners[0])].map;
}

/* The run's i-th map: the program's own, then those found in maps. NULL: no more. */
static inline struct map *run_nth_map(const struct run *run, u32 i)
{
	u32 own = run->prog->nmaps;

	if (i < own)
		return run->prog->maps[i];
	return i - own < run->ninners ? run->inners[i - own].map : NULL;
}

/* What one instruction takes from the budget: its bytes in struct insn, so that a place
 * in the program counts what it cost to come there. What a helper does byte by byte is
 * paid as instructions, 16 bytes each: a budget bounds the time. */
enum { RUN_INSN = sizeof(struct insn) };

static inline void run_pay(struct run *run, u64 bytes)
{
	run->budget -= (s64)bytes;
}

/* The event's, or one that has nothing. */
extern const struct skep_world run_plain_world;

static inline const struct skep_world *run_world(const struct run *run)
{
	return run->event->world ? run->event->world : &run_plain_world;
}

/* The world's clock, in ns, and its randomness. */
u64 run_clock(struct run *run);
u32 run_random(struct run *run);

#endif
