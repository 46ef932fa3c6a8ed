/* jit.h - from the intermediate form to native code
 *
 * A target is one folder that defines a struct jit_target: its registers and how each
 * node becomes instructions. What is common is here: which value lies in which register
 * (jit_alloc.c), moves that happen at once (jit_move.c), memory for code (jit_code.c).
 */
#ifndef JIT_H
#define JIT_H

#include "ir.h"

enum { JIT_REGS = 32, JIT_NONE = 0xff, JIT_PARAMS = 6, JIT_ALIGN = 32 };

/* A set of registers. */
typedef u32 jit_set;

struct jit_target {
	jit_set free; /* that values may lie in */
	u8 params[JIT_PARAMS], result;
	u8 order[JIT_REGS]; /* in which registers are tried, JIT_NONE at the end */
	/* Before registers are given out: forms that the target has, see x86_64. */
	void (*lower)(struct ir *ir);
	/* What a node destroys beside its value; `early`: its operands must not lie there
	 * either. */
	jit_set (*destroys)(const struct ir *ir, const struct ir_node *x, jit_set *early);
	/* Whether the node's value may not take the register of operand b or c. */
	bool (*late)(const struct ir *ir, const struct ir_node *x);
	/* Whether a value is made anew at each use and needs no register. */
	bool (*immediate)(const struct ir *ir, u32 node);
};

/* Where each value is: below JIT_REGS a register, JIT_NONE none is needed, else slot
 * where[] - JIT_SLOT of the stack. */
enum { JIT_SLOT = 0x100 };

struct jit_alloc {
	u16 *where; /* by node */
	u32 slots;
	jit_set used;
};

/* Gives each value its place; all memory is ir's arena. false: there is none. */
bool jit_allocate(struct ir *ir, const struct jit_target *target, struct jit_alloc *out);

/* ---- moves that happen at once ---- */

struct jit_move {
	u16 to, from; /* as where[]; from JIT_NONE: the constant */
	s64 imm;
};

/* What a target does for one move, or for an exchange of two registers. */
struct jit_mover {
	void (*move)(void *arg, u16 to, u16 from);
	void (*konst)(void *arg, u16 to, s64 imm);
	void (*swap)(void *arg, u16 a, u16 b);
	void *arg;
};

void jit_move_all(struct jit_move *moves, u32 n, const struct jit_mover *mover);

/* ---- code ---- */

struct jit_buf {
	u8 *at;
	u32 n, room;
	bool failed;
};

/* A call of a function of the program, or an address of one: 4 bytes relative to their
 * end. */
struct jit_patch {
	u32 at, func;
};

/* One function's code. */
struct jit_func {
	struct jit_buf buf;
	u32 entry; /* of the function that was compiled last */
	struct jit_patch *patches;
	u32 npatches, patches_room;
};

/* Whether this machine runs what the compiler makes: x86_64 with BMI2. */
bool jit_serves(void);

/* Appends the function's code to out->buf. 0 or -ENOMEM. */
int jit_x86_64(struct ir *ir, u32 leave_off, struct jit_func *out);

/* Memory that can be run and not written. */
struct jit_code {
	void *at;
	size_t len;
};

int jit_code_make(const void *bytes, size_t len, struct jit_code *out);
void jit_code_free(struct jit_code *code);

#endif
