/* flow.h - what is known of a program before any path is walked
 *
 * Functions and their borders, whether every instruction can be reached, where the walk
 * has to compare states and record jumps, loops, and which registers are live: all of it
 * as Linux 6.18 has it, instruction by instruction, since the counts of the walk follow
 * from it. Input is what insn_decode() accepts. Time and memory are linear in the
 * program's length, whatever its loops; nothing recurses. Memory is the pass's arena. In
 * this order:
 *
 *     flow_find_funcs(&v->flow, &env);  // here the kernel looks at func_info, map
 *     flow_check_graph(&v->flow, &env); // references and opcodes, and here at what
 *     flow_find_loops(&v->flow, &env);  // the program attaches to
 */
#ifndef FLOW_H
#define FLOW_H

#include "insn.h"
#include "reject.h"

enum flow_flag {
	flow_prune = 1 << 0,	/* compare the state here with earlier ones */
	flow_jump = 1 << 1,	/* record how the walk came here */
	flow_force = 1 << 2,	/* keep a checkpoint here, however few steps it took */
	flow_callback = 1 << 3, /* a call that runs a callback before it returns */
	flow_start = 1 << 4,	/* the first instruction of a function */
};

struct flow_insn {
	u32 loop; /* which one it is in, the kernel's scc; 0: none */
	u16 live; /* registers (1 << r) that may be read before they are written */
	u8 flags; /* enum flow_flag */
	u8 func;  /* index into funcs */
};

struct flow_func {
	u32 start, end;
	u32 order, norder;		     /* its instructions in flow.postorder */
	bool has_tail_call, has_packet_load; /* LD_ABS or LD_IND */
	bool changes_packet, may_sleep; /* this, or a function that it calls, may; set by
					   flow_check_graph() */
};

struct flow {
	const struct insn *code;
	u32 n;
	struct flow_insn *insns; /* n; the second slot of lddw has all 0 but func */
	struct flow_func *funcs; /* by start; [0] is the main function */
	u32 nfuncs;
	u32 exception_callback; /* index into funcs; 0: none */
	u32 *postorder;		/* instructions, successors first but for loops */
	u32 nloops;		/* loops have the numbers 1 to nloops */
};

/* What a call of a helper or kfunc is. */
struct flow_call {
	bool known;	  /* false: it will be refused when it is reached */
	u8 nargs;	  /* registers from r1 on; 5 for what is not known */
	bool calls_back;  /* runs a callback before it returns */
	bool calls_later; /* runs a callback another time: a timer's */
	bool iter_next;	  /* of an open-coded iterator */
	bool may_sleep;
	bool is_void;	     /* gives nothing */
	bool is_fast;	     /* leaves r1 to r5 alone: fastcall.h */
	bool changes_packet; /* packet pointers are no longer valid afterwards */
};

struct flow_env {
	struct pass *pass;
	struct refusal *refusal;
	bool bpf;     /* CAP_BPF: loops and functions */
	bool untyped; /* no func_info */
	void *ctx;
	struct flow_call (*call)(void *ctx, const struct insn *in);
	/* Optional: each kfunc call, in the order of the program; may refuse. */
	void (*kfunc)(void *ctx, u32 insn);
	/* Optional: where the program's BTF has an exception callback; 0: none. */
	u32 (*exception_callback)(void *ctx);
	/* Optional, for the kernel's log of level 2: writes the instruction and a
	 * newline. */
	void (*print)(void *ctx, u32 insn);
};

/* f->code and f->n are set. Fills funcs (but what flow_check_graph() does), the flag
 * flow_start and func of each instruction. Refuses calls to nowhere, jumps that leave
 * their function, functions without an end and, if untyped, what only func_info allows in
 * them. Log: "func#0 @0". */
void flow_find_funcs(struct flow *f, const struct flow_env *env);

/* Refuses what cannot be reached, jumps into an lddw and, without CAP_BPF, loops. Fills
 * flags. */
void flow_check_graph(struct flow *f, const struct flow_env *env);

/* Fills postorder, loop and live. Log: "Live regs before insn:". */
void flow_find_loops(struct flow *f, const struct flow_env *env);

/* What may come after an instruction in its function: how many (0 to 2), the one below it
 * first. */
u32 flow_successors(const struct flow *f, u32 insn, u32 succ[2]);

/* dst is a copy of src or imm, whole or a part with its sign: its old value is not read.
 */
bool flow_is_move(const struct insn *in);

/* Goes to insn + 1 + off, always or on a condition. */
static inline bool flow_is_jump(const struct insn *in)
{
	return op_info[in->op].class == class_jmp || in->op == op_ja ||
	       in->op == op_gotol || in->op == op_may_goto;
}

/* Where the function begins that an instruction calls or takes the address of; false: it
 * does neither. Before flow_find_funcs() it may lie outside the program. */
static inline bool flow_callee(const struct flow *f, u32 insn, s64 *callee)
{
	const struct insn *in = &f->code[insn];
	bool is_ref = in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC;

	*callee = (s64)insn + 1 + (is_ref ? (s32)in->imm : in->off);
	return is_ref || in->op == op_call_local;
}

/* The function that begins at `insn`; -1: none. */
static inline int flow_func_at(const struct flow *f, u32 insn)
{
	return insn < f->n && f->insns[insn].flags & flow_start ? f->insns[insn].func
								: -1;
}

/* ---- for its own parts ---- */

/* The last step of flow_find_loops(). */
void flow_find_live(struct flow *f, const struct flow_env *env);

#define flow_refuse(env, name, ...) \
	verify_refuse((env)->pass, (env)->refusal, &reject_##name, ##__VA_ARGS__)

#endif
