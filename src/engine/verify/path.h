/* path.h - the paths that are not walked right now
 *
 * One state is worked on, v->cur. The others are packed: branches still to be walked, in
 * a stack, and checkpoints, what was known where a path came by, which later paths are
 * compared with. A register that is packed is a number, its form, and its id: registers
 * of one form differ in nothing but ids and precision, so most comparisons are of two
 * numbers. Forms are never forgotten; a register keeps the number of its last one.
 *
 * Memory is the pass's arena; what is given back is used again.
 */
#ifndef PATH_H
#define PATH_H

#include "verifier.h"

/* ---- form.c ---- */

enum { FORM_NONE }; /* of reg_none */

struct forms {
	struct reg **chunks; /* of FORM_CHUNK each; id and precise are 0 */
	u32 n, room;	     /* forms; chunks */
	struct form_slot {
		u32 hash, form;
	} * table;
	u32 mask;
};

enum { FORM_CHUNK = 512 };

void forms_init(struct forms *f, struct pass *pass);
u32 form_of(struct forms *f, struct pass *pass, struct reg *r);
static inline const struct reg *form_reg(const struct forms *f, u32 form)
{
	return &f->chunks[form / FORM_CHUNK][form % FORM_CHUNK];
}

/* ---- packed states ---- */

struct packed_reg {
	u32 form, id;
};

struct packed_slot {
	struct packed_reg reg;
	u32 kinds; /* four bits each, kind[0] in the lowest */
};

struct packed_frame {
	struct packed_reg r[FP];
	u32 callsite, func, async_entries, callback_depth;
	s32 ret_min, ret_max;
	bool callback, async_callback, exception_callback;
	u8 nslots;
	u32 slots;	  /* where they begin, in bytes from the packed state */
	u64 precise;	  /* slots; in a checkpoint */
	u32 precise_regs; /* the same, registers */
};

struct packed {
	u32 bytes; /* all of it */
	u32 depth, insn, first_insn, last_insn, nhistory;
	struct checkpoint *parent;
	struct history *history;
	u32 dfs_depth, callback_unroll, may_goto_depth;
	u32 nrefs, locks, preempt_locks, irq_id, lock_id, rcu_locks;
	const void *lock_ptr;
	bool speculative, sleepable;
	u32 refs; /* as slots in struct packed_frame */
	struct packed_frame frame[];
};

static inline struct packed_slot *packed_slots(const struct packed *s, u32 frame)
{
	return (struct packed_slot *)((char *)s + s->frame[frame].slots);
}

static inline struct ref *packed_refs(const struct packed *s)
{
	return (struct ref *)((char *)s + s->refs);
}

/* The instruction that a frame is at: of one that is not the last, its call. */
static inline u32 packed_insn(const struct packed *s, u32 frame)
{
	return frame == s->depth ? s->insn : s->frame[frame + 1].callsite;
}

struct checkpoint {
	struct checkpoint *next; /* in its list, or among the free ones */
	u32 branches;		 /* paths through it that are not at their end */
	u32 hits, misses;
	bool evicted;	     /* no longer in a list, but paths still lead back to it */
	bool cleaned;	     /* what is dead is reg_none and slot_invalid */
	u8 class;	     /* of its size */
	struct visit *visit; /* backedge.c: it lies in a loop */
	struct packed s;
};

/* Where a path came from: an instruction that was not reached from the one above it, or
 * that says more than its opcode. */
struct history {
	struct history *prev;
	u32 users;
	u32 insn, from;
	u8 flags, frame, slot;
	u64 linked; /* six registers or slots of ten bits, their count in the lowest four
		     */
};

/* Ids of an old state and those of another that stand for them. */
struct idmap {
	u32 n, next;
	struct {
		u32 old, cur;
	} pair[(SLOTS + REGS) * SKEP_MAX_FRAMES];
};

/* What is known of chains of calls, of which hostile programs have many: a node is the
 * first member of what is found. */
struct node {
	struct node *next;
	u32 hash;
};

struct node_table {
	struct node **at; /* NULL: still empty */
	u32 mask, n;
};

void node_add(struct verifier *v, struct node_table *t, struct node *node);
static inline struct node *node_first(const struct node_table *t, u32 hash)
{
	return t->at ? t->at[hash & t->mask] : NULL;
}
/* Of the first n calls of a chain. */
u32 node_hash(u32 seed, const u32 *call, u32 n);

struct paths {
	struct forms forms;
	u32 unknown; /* the form of a scalar that may be all; 0: not met yet */
	struct idmap ids;
	struct checkpoint **lists; /* n, by instruction and call */
	u32 *nlist;
	void *free[32]; /* checkpoints given back, by class of size */
	struct history *free_history;
	struct history *open;	  /* the entry of the running instruction; NULL */
	struct node_table visits; /* backedge.c */
	struct trodden *trodden;  /* precise.c: ways back from places on v->cur's path
				     since its last checkpoint, oldest first */
	u32 ntrodden, trodden_room;
	struct stack_live *live;

	char *pending; /* packed states, one after the other */
	size_t pending_used, pending_room;
	u32 *pending_size, npending;
	size_t *pending_log; /* where the log was: level 1 goes back there */
	struct state *fork;  /* the last one, until it is packed */
	bool forked;
	struct state *shown;
	struct packed *scratch; /* v->cur when it is compared */

	u32 jumps, jumps_before, processed_before; /* at the last checkpoint */
	u32 nexplored, nevicted, nbackedges;
	bool all_numbers; /* whatever is not the same number is another state */
	bool print_state; /* level 2: the next instruction is the first of a path */
};

/* ---- path.c ---- */

struct paths *path_new(struct verifier *v);
/* v->cur is the state at the first instruction of function v->func, without arguments. */
void path_begin(struct verifier *v);
/* The last fork can no longer be changed. */
void path_close_fork(struct verifier *v);
/* v->cur is the branch that was forked last; false: there is none. */
bool path_pop(struct verifier *v);
void path_pack(struct verifier *v, const struct state *s, struct packed *out);
void path_unpack(struct verifier *v, const struct packed *in, struct state *s);
/* A copy to be looked at, until the next call. */
struct state *path_show(struct verifier *v, const struct packed *s);
/* Into p->scratch. */
struct packed *path_pack_cur(struct verifier *v);
struct checkpoint *checkpoint_new(struct verifier *v, const struct packed *s);
void checkpoint_free(struct verifier *v, struct checkpoint *c);
/* Of one that was evicted: frees it if it is not needed any more. */
void checkpoint_drop(struct verifier *v, struct checkpoint *c);
/* The path that v->cur was is at its end. */
void path_end(struct verifier *v);
/* All checkpoints are given back. */
void path_forget(struct verifier *v);

/* ---- history.c ---- */

struct history *history_use(struct history *h);
void history_drop(struct verifier *v, struct history *h);
/* v->cur begins anew: a checkpoint was made of it. */
void history_clear(struct verifier *v, struct state *s);

/* ---- prune.c ---- */

/* Whether an earlier path was here with as much: this one need not go on. Else it may
 * leave a checkpoint. */
bool path_prune(struct verifier *v);
/* The newest of the checkpoints at an instruction in v->cur's running function, among
 * those of others. */
struct checkpoint **path_list(struct verifier *v, u32 insn);

/* ---- equal.c ---- */

enum exactness { not_exact, exact, range_within };

void idmap_begin(struct verifier *v, struct idmap *ids);
/* Alike but for ids, which correspond. */
bool regs_exact(struct verifier *v, struct packed_reg old, struct packed_reg cur,
		struct idmap *ids);
/* All that is safe in `old` is safe in `cur`. */
bool packed_equal(struct verifier *v, const struct packed *old, const struct packed *cur,
		  enum exactness how);
bool state_same_calls(const struct state *s, const struct packed *with);

/* ---- precise.c ---- */

/* What is precise in `old` is precise where `cur`'s path made it. changed: set when a
 * checkpoint changed; may be NULL. */
struct trail {
	struct checkpoint *parent;
	struct history *history;
	u32 insn, first_insn, depth;
	bool now; /* v->cur's */
};
void precise_copy(struct verifier *v, const struct packed *old, const struct trail *cur,
		  bool *changed);
/* All scalars of the checkpoints that the path went through. */
void precise_all(struct verifier *v, const struct trail *t);

/* ---- backedge.c ---- */

struct visit *loop_enter(struct verifier *v, struct checkpoint *c);
/* All paths through `c` are at their end. */
void loop_exit(struct verifier *v, struct checkpoint *c);
/* v->cur's path ended at `old`, which is not at its end. */
void loop_add_backedge(struct verifier *v, struct checkpoint *old);
bool loop_is_open(const struct checkpoint *c);
void loop_forget(struct verifier *v);
void path_count_peak(struct verifier *v);

/* ---- stack_live.c ---- */

struct stack_live *stack_live_new(struct verifier *v);
/* Around each step; what it writes counts when it is over. */
void stack_live_begin(struct verifier *v);
void stack_live_end(struct verifier *v);
/* v->cur entered a function. */
void stack_live_enter(struct verifier *v);
/* The slots of each frame of `s` that may be read from its instruction on. */
void stack_live_slots(struct verifier *v, const struct packed *s,
		      u64 slots[SKEP_MAX_FRAMES]);

/* ---- precise_log.c: of level 2 ---- */

void precise_log_span(struct verifier *v, u32 frame, u32 last, u32 first, u32 next);
void precise_log_insn(struct verifier *v, u32 frame, u32 regs, u64 slots, u32 insn);
void precise_log_parent(struct verifier *v, const struct packed *s, u32 frame, u32 regs,
			u64 slots);
void precise_log_copy(struct verifier *v, u32 frame, u32 regs, u64 slots);
void precise_log_all(struct verifier *v, u32 depth);
void precise_log_forced(struct verifier *v, u32 frame, u32 regs, u64 slots);

#endif
