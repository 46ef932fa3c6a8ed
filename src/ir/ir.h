/* ir.h - the compiler's intermediate form
 *
 * A function is an array of nodes in static single assignment form, which stand in the
 * lists of basic blocks. A node is named by its index; 0 is none. A value has 64 bits; of
 * a node with `bits` 32 the upper half is 0. Operands are read as `bits` says: a 32-bit
 * node reads the low halves. Each pass is a function of struct ir, and keeps this: a
 * value's block dominates its uses (phi: the end of the predecessor).
 *
 * ir_build.c makes it of instructions; ir_fold.c computes what is constant or known
 * already; the target then takes it as it is (src/jit).
 */
#ifndef IR_H
#define IR_H

#include "arena.h"
#include "insn.h"

enum ir_op {
#define IR(name, args, flags, op) ir_##name,
#include "ir.def"
};

enum ir_flag { IR_PURE = 1, IR_COMMUTES = 2, IR_NO_VALUE = 4 };

struct ir_info {
	const char *name;
	u8 args, flags;
	u16 alu64, alu32; /* enum op of the register forms; op_none */
};

extern const struct ir_info ir_info[];

/* What a comparison asks, in the order of insn.def's rows. */
enum ir_cc {
#define JMP(name, ...) ir_##name,
#include "insn.def"
	ir_cc_count
};

struct ir_node {
	u8 op;	 /* enum ir_op */
	u8 bits; /* 32 or 64: of the operation */
	u8 size; /* bytes of memory, or that are extended */
	u8 kind; /* load: sign-extending; udiv, umod: not by 0; others: see ir.def */
	u8 scale;
	bool shared; /* load: of memory that is not the run's alone: it stays */
	u16 uses;    /* saturates */
	u32 block;
	u32 a, b, c;
	u32 list, nlist; /* in ir->lists */
	u32 prev, next;	 /* in the block */
	s64 imm;
	u64 umax; /* the value is not above it */
};

enum ir_end { ir_jump, ir_branch, ir_return };

struct ir_block {
	u32 first, last; /* nodes */
	u32 preds, npreds;
	u8 end;	 /* enum ir_end */
	u8 cc;	 /* ir_branch: a cc b goes to succ[0], else to succ[1] */
	u8 bits; /* of the comparison */
	u8 nsuccs;
	u32 a, b; /* ir_return: the value is a */
	u64 amax; /* a is not above it here */
	u32 succ[2];
	u32 idom, depth; /* depth: of loops around it */
	u32 number;	 /* in reverse postorder */
	u32 insn;
};

struct ir {
	struct arena arena;
	struct ir_node *nodes;
	u32 n, room;
	struct ir_block *blocks; /* 0 is none, 1 the entry */
	u32 nblocks;
	u32 *order; /* reverse postorder, norder; others cannot be reached */
	u32 norder;
	u32 *layout; /* the same blocks as code has them: ir_layout() */
	u32 *lists;
	u32 nlists, lists_room;
	u32 *forward; /* what stands for a node now; itself */
	bool failed;  /* no memory: all that follows is meaningless */
};

/* The bytes of a constant fit where an instruction takes 32 bits, sign-extended. */
static inline bool ir_is_small(s64 imm)
{
	return imm == (s32)imm;
}

static inline struct ir_node *ir_at(const struct ir *ir, u32 n)
{
	return &ir->nodes[n];
}

static inline bool ir_is_konst(const struct ir *ir, u32 n)
{
	return ir->nodes[n].op == ir_konst;
}

/* What stands for a node now. */
u32 ir_find(struct ir *ir, u32 n);

/* A new node, in no block. */
u32 ir_new(struct ir *ir, enum ir_op op, u8 bits);
void ir_append(struct ir *ir, u32 block, u32 node);
void ir_remove(struct ir *ir, u32 node);
void ir_insert_before(struct ir *ir, u32 node, u32 before);
/* Room for n operands in ir->lists. */
u32 ir_list(struct ir *ir, u32 n);

u32 ir_konst_of(struct ir *ir, u32 block, s64 imm);
/* A node of two operands at a block's end, folded where its operands are known. */
u32 ir_binary(struct ir *ir, u32 block, enum ir_op op, u8 bits, u32 a, u32 b);

/* ---- building ---- */

enum { IR_RESULT = 16 };

/* What the builder does not know: the engine's side. Each hook appends nodes to `block`,
 * and gives the value that the instruction leaves (0: none). */
struct ir_world {
	/* A load or store whose base may be a context: true, if it was done, *value set
	 * by loads. */
	bool (*access)(struct ir *ir, u32 block, void *arg, u32 at, const struct insn *in,
		       u32 base, u32 value, u32 *out);
	/* Whether nobody else reads or writes the memory at the register, during the run:
	 * docs/memory-model.md. */
	bool (*is_private)(void *arg, u32 at, u32 reg);
	/* lddw: the number it stands for. */
	u64 (*address)(void *arg, const struct insn *in);
	/* r1 to r5 of a call; how many it reads. */
	u32 (*nargs)(void *arg, const struct insn *in);
	u32 (*call)(struct ir *ir, u32 block, void *arg, u32 at, const struct insn *in,
		    const u32 r[6]);
	/* -1, or which way a conditional jump always goes: 0 or 1. */
	int (*branch)(void *arg, u32 at);
	/* Whether bounds are known of a register before the instruction, or of what it
	 * leaves (IR_RESULT). */
	bool (*range)(void *arg, u32 at, u32 reg, u64 *min, u64 *max);
	void *arg;
};

struct ir_func {
	u32 start, end; /* slots */
	bool main;
};

/* Params of every function: 0 the run, 1 to 5 r1 to r5 (main: 1 is the context). The
 * caller frees *out with ir_free(), also after an error. 0, -ENOMEM, or -ENOTSUP: an
 * instruction that it does not have. */
int ir_build(struct ir *ir, const struct insn *insns, const struct ir_func *func,
	     const struct ir_world *world);
void ir_free(struct ir *ir);

/* ---- passes ---- */

/* Order, predecessors, dominators, depth of loops; renews all of them. What the depth was
 * before helps to keep loops together. */
void ir_flow(struct ir *ir);
/* Constants, identities, what was computed before. */
void ir_fold(struct ir *ir);
/* Takes away what nobody uses; counts uses. */
void ir_sweep(struct ir *ir);
/* The order of blocks in memory: ir->layout. */
void ir_layout(struct ir *ir);
/* Whether a loop begins with the block. */
bool ir_is_loop(const struct ir *ir, u32 block);

#endif
