/* verifier.h - the parts of the verifier, and what each does for the others
 *
 * verify() is a pipeline: decode, flow (flow.h), rules (rules.h), then explore() for the
 * main function and each global one. explore() takes a path step by step; a step is one
 * of the do_*() functions below, which changes v->cur or refuses. All memory is v->pass's
 * arena. Each function is in the file that stands above it.
 */
#ifndef VERIFIER_H
#define VERIFIER_H

#include "flow.h"
#include "pass.h"
#include "reject.h"
#include "rules.h"
#include "state.h"

/* What is remembered of an instruction from one path to the next. */
struct insn_aux {
	u16 ptr_type; /* reg_type + 1 of the memory that it touches, with ptr_flags: no
			 path may disagree where the access is converted */
	u32 ptr_flags;
	u8 fault;		      /* enum insn_fault, of its encoding */
	bool narrow;		      /* an operation on 64 bits with a pointer of 32 */
	bool seen;		      /* walked in some path: it is no dead code */
	bool barrier, barrier_behind; /* speculation.h: no speculative path takes it, or
					 goes on behind it */
	bool saves;    /* fastcall.h: it saves or loads a register around a call, */
	u8 saved;      /* which has so many of them */
	u8 mask_state; /* enum mask_state: how its number is masked; 0: not (yet) */
	u32 mask_limit;
	bool tail_maps;			   /* a tail call through more than one map */
	const struct verify_map *tail_map; /* through which, on some path */
};

/* What the log has said, and has to say: see verify_log.c. */
struct log_note {
	u32 regs; /* touched: 1 << r */
	u64 slots;
	size_t at, width; /* where the last instruction ends, and how long it is */
	const struct skep_line_info *line;
};

struct verifier {
	struct pass pass;
	struct refusal refusal; /* why; see reject.h */
	const struct verify_prog *prog;
	const struct profile *profile; /* &who */
	struct profile who;
	struct insn *insns;
	u32 n;
	struct flow flow;
	struct insn_aux *aux; /* n */
	u32 log_level;
	struct verify_result *result;

	struct state *cur;   /* the path that is walked */
	u32 insn, prev_insn; /* where it is, where it came from */
	bool jumped; /* cur->insn was set by the step: else the next instruction follows
		      */
	bool ended;  /* the step was the path's last: exit of the main function, throw */
	u32 next_id; /* of ids in registers, refs, map uids: never 0 */
	u32 func;    /* that explore() began with */
	const struct verify_map *arena, *cgroup_storage[2]; /* that it names: one of each
							       type; NULL: none */
	struct paths *paths; /* path.h: what is still to be walked, checkpoints */
	struct log_note noted;
	struct fastcall *fastcalls; /* of each function */
	struct calls *calls;	    /* call.h: what is known of functions and calls */
	struct record *record; /* explain_record.h: while a refusal is explained; NULL */
	struct facts *gather;  /* gather.h: while facts are collected; NULL */
	bool all_precise;      /* numbers, when states are compared */
	struct typed *typed; /* access_btf.c: types of the kernel that were looked for */
};

/* The step of an instruction refuses: the kernel's words, its errno. */
#define refuse(v, name, ...) \
	verify_refuse(&(v)->pass, &(v)->refusal, &reject_##name, ##__VA_ARGS__)

static inline struct reg *regs_of(struct verifier *v)
{
	return frame_of(v->cur)->r;
}

/* SKEP_F_TEST_*, which only who has CAP_BPF may set. */
static inline bool verifier_tests(const struct verifier *v, u32 flag)
{
	return v->profile->bpf && v->prog->flags & flag;
}

static inline u32 new_id(struct verifier *v)
{
	return ++v->next_id;
}

/* ---- verifier.c ---- */

/* A zeroed `v` is ready for verify_run(). `result` begins anew. */
void verifier_init(struct verifier *v, const struct verify_prog *prog,
		   const struct profile *profile, struct verify_result *result);
/* Whether `step` goes through. 0, or the errno with which it refused (v->refusal has the
 * reason, the log its words), or EINVAL for false. */
int verify_attempt(struct verifier *v, bool (*step)(struct verifier *, void *),
		   void *arg);

/* What is known of a call of a helper or kfunc before the walk. */
struct flow_call verifier_call(struct verifier *v, const struct insn *in);
/* The pipeline: throws to v->pass. */
void verify_run(struct verifier *v);

/* ---- reg.c: registers alone ---- */

void reg_set_none(struct reg *r);
void reg_set_unknown(struct reg *r); /* a scalar, imprecise */
void reg_set_const(struct reg *r, u64 value);
/* A pointer with offset 0, and nothing known but its type. */
void reg_set_pointer(struct reg *r, enum reg_type type, u32 flags);
static inline bool reg_is_pointer(const struct reg *r)
{
	return r->type > reg_scalar;
}
static inline bool reg_is_const(const struct reg *r)
{
	return r->type == reg_scalar && scalar_is_const(&r->n);
}
static inline bool reg_is_zero(const struct reg *r)
{
	return reg_is_const(r) && !r->n.bits.value;
}
/* Of a reg_map, reg_value or reg_key. */
const struct verify_map *reg_map_of(const struct verifier *v, const struct reg *r);
/* "ctx", "map_value_or_null", "rcu_ptr_sock", as the log has it. */
const char *reg_type_name(const struct verifier *v, const struct reg *r, char buf[64]);
/* Refuses a register that was never written: "R%d !read_ok". */
struct reg *reg_read(struct verifier *v, u32 regno);
/* The register that will be written: refuses r10 ("frame pointer is read only"). */
struct reg *reg_write(struct verifier *v, u32 regno);
/* Every register and spilled register of every frame of `s`: for (...) body. */
#define state_each_reg(s, f, r) \
	for (struct reg_walk f = {.state = (s)}; (r = reg_walk(&f));)
struct reg_walk {
	struct state *state;
	u32 frame, index;
};
struct reg *reg_walk(struct reg_walk *w);

/* ---- mem.c, stack.c, packet.c: loads, stores, what helpers touch ---- */

enum mem_access { mem_read = 1, mem_write = 2 };

void do_load(struct verifier *v, const struct insn *in);	/* class_load */
void do_store(struct verifier *v, const struct insn *in);	/* class_store */
void do_atomic(struct verifier *v, const struct insn *in);	/* class_atomic */
void do_packet_load(struct verifier *v, const struct insn *in); /* LD_ABS, LD_IND */

/* An access of the running instruction of `size` bytes at r[regno] + off. value: the
 * register that is loaded into or stored from, or -1 (a constant, or a helper's doing).
 */
void mem_access(struct verifier *v, u32 regno, s32 off, u32 size, enum mem_access access,
		int value, bool sign);

struct call; /* call.h: the helper call that is checked */

/* A helper reads or writes `size` bytes at r[regno]; zero: a size of 0 is allowed.
 * Stack that it reads must be written, which `uninit` takes back: it becomes misc. */
void mem_check(struct verifier *v, u32 regno, u32 size, enum mem_access access, bool zero,
	       bool uninit, struct call *call);
/* The same with the size in r[size_regno], from 0 or 1 to its greatest value. */
void mem_check_sized(struct verifier *v, u32 regno, u32 size_regno,
		     enum mem_access access, bool zero, bool uninit, struct call *call);
/* The pointer has no variable offset and a fixed one of 0, as arguments must. */
void mem_check_plain(struct verifier *v, u32 regno, const struct reg *r, bool fixed_ok);
/* Where frame `f` is used below `off` (a negative number) its function needs as much. */
void stack_grow(struct verifier *v, struct frame *f, s32 off);

/* What the kernel function returns that a struct_ops program stands in for: reg_none,
 * nothing; reg_scalar; reg_btf, a pointer. */
enum reg_type typed_return(struct verifier *v);

/* ---- alu.c, pointer.c, branch.c ---- */

void do_alu(struct verifier *v, const struct insn *in);	 /* class_alu, class_swap */
void do_jump(struct verifier *v, const struct insn *in); /* class_jmp */
void do_lddw(struct verifier *v, const struct insn *in);
void do_addr_space_cast(struct verifier *v, const struct insn *in);
/* In `s`: all that have r's id and may be NULL are it (is_null), or are not. */
void null_mark(struct verifier *v, struct state *s, u32 regno, bool is_null);

/* ---- malformed.c: encodings that are refused ---- */

/* Refuses at once what is wrong wherever it stands: `insn`. */
void malformed_check(struct verifier *v, u32 insn);
/* Refuses the running instruction: a path has come to it. */
void malformed_step(struct verifier *v, const struct insn *in);

/* ---- map_use.c ---- */

/* Refuses a map that programs of this type may not name, or not beside those that they
 * have named. */
void map_check_use(struct verifier *v, const struct verify_map *map);

/* ---- call.c, func.c, callback.c, ref.c ---- */

void do_call_helper(struct verifier *v, const struct insn *in);
void do_call_kfunc(struct verifier *v, const struct insn *in);
void do_call_local(struct verifier *v, const struct insn *in);
/* From the main function: sets v->ended. From another: v->cur is the caller's again. */
void do_exit(struct verifier *v, const struct insn *in);
/* The arguments of function `func`, the one that explore() begins with, in v->cur. */
void func_enter(struct verifier *v, u32 func);
u32 ref_acquire(struct verifier *v, enum ref_kind kind); /* its id */
bool ref_release(struct verifier *v, u32 id);		 /* false: there is none */
/* Nothing may be held any more. `exit`: the main function's end, else a tail call or
 * legacy load, whose name `what` is. */
void ref_check_none(struct verifier *v, bool exit, const char *what);
/* All packet pointers are gone: the packet changed. */
void packet_forget(struct verifier *v);
/* A function with external linkage in BTF: not walked where it is called. */
bool func_is_global(const struct verifier *v, u32 func);
/* After the walk: refuses chains of calls whose stacks together are too large. */
void depth_check(struct verifier *v);
/* After that: refuses calls of kernel functions that there are not, in code that is not
 * dead, and tail calls through several maps whose index has to be guarded. */
void kfunc_check_left(struct verifier *v);

/* ---- explore.c, path.c, prune.c, precise.c, stack_live.c ---- */

/* Walks all paths of one function; v->func is set. */
void explore(struct verifier *v);
/* A copy of v->cur that will be walked from `insn` when this path ends; to be changed
 * until the step is over or the next fork. Refuses too many ("The sequence of %d jumps is
 * too complex."). */
struct state *path_fork(struct verifier *v, u32 insn, u32 from);
/* The same for a callback that runs another time: one frame, zeroed, and no past. Who
 * called it does not matter. */
struct state *path_fork_later(struct verifier *v, u32 insn, u32 from);
/* The checkpoint at `insn` of v->cur's own path, an earlier round of its loop; NULL:
 * none. `now`: it may be the last one that was made, which at a checkpoint that is forced
 * (a call of an iterator) is the running instruction's own. */
const struct checkpoint *path_previous(struct verifier *v, u32 insn, bool now);
/* So that a loop's rounds come to the same state: what is imprecise in both and has
 * changed since `before` is unknown in `s`. before: may be NULL. */
void path_widen(struct verifier *v, const struct checkpoint *before, struct state *s);
void do_may_goto(struct verifier *v, const struct insn *in);
/* The exact value of r[regno] of the running frame decides: back along the path, all that
 * it was made of is precise. */
void precise_reg(struct verifier *v, u32 regno);
/* The same for a spilled scalar of a slot of the running frame. */
void precise_slot(struct verifier *v, u32 frame, u32 slot);
/* The running instruction, for precise_reg() to find: what it did to the stack (a fill or
 * spill, frame and slot), which operand of a comparison points to the stack (and needs no
 * precision), which registers and slots share an id (linked: link_pack() of linked.h). */
enum { HISTORY_STACK = 1, HISTORY_SRC_STACK = 2, HISTORY_DST_STACK = 4 };
void history_add(struct verifier *v, u32 flags, u32 frame, u32 slot, u64 linked);
/* Which slots of `frame` the running instruction reads, and surely writes whole. */
void stack_live_read(struct verifier *v, u32 frame, u64 slots);
void stack_live_write(struct verifier *v, u32 frame, u64 slots);
/* v->cur's path, or its running function, which it still has, is at its end: what was
 * marked takes effect. */
void stack_live_update(struct verifier *v);

/* ---- verify_log.c, state_log.c: the kernel's log; nothing without log_level ---- */

void verify_print(struct verifier *v, const char *fmt, ...) PRINTF(2, 3);
/* The instruction that is about to be taken, with its source line, behind the registers
 * and slots that the one before it touched. */
void log_insn(struct verifier *v, u32 insn);
/* The source line of an instruction, if it is not the last one that was said. */
void log_line(struct verifier *v, u32 insn);
/* After a step: what a jump touched is said at once. */
void log_changes(struct verifier *v);
/* Registers and slots of a frame: all, or those that were touched since the last time. */
void log_state(struct verifier *v, const struct state *s, u32 frame, bool all);
/* Registers (1 << r) and slots of the running frame will be said again. log_insn()
 * touches what is plain from the instruction. */
void log_touch(struct verifier *v, u32 regs, u64 slots);
/* Level 1 takes back what it said of a path that ended well: up to where the log was. */
size_t log_at(const struct verifier *v);
void log_back(struct verifier *v, size_t at);
/* "(b7) r0 = 0", without number and state. v: a struct verifier. */
void log_plain_insn(void *v, u32 insn);
/* "processed %d insns ..." */
void log_end(struct verifier *v);

#endif
