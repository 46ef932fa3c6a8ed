/* seq_gen_code.h - instructions of the programs that sequences load
 *
 * r6 is the context, r7 what the program returns: count_in() makes a register count.
 */
#ifndef SEQ_GEN_CODE_H
#define SEQ_GEN_CODE_H

#include "seq_gen.h"

enum {
	INSNS = 256,
	KEY_AT = -32,
	VALUE_AT = -160,
	DYNPTR_AT = -176,
	KEY_MOST = 24,
	VALUE_MOST = 128
};

struct code {
	struct skep_insn insns[INSNS];
	u32 n;
	struct {
		u32 insn;
		u16 slot;
	} fds[8];
	u32 nfds;
};

static inline void emit(struct code *c, int code, int dst, int src, int off, s64 imm)
{
	if (c->n < INSNS)
		c->insns[c->n++] = (struct skep_insn){.code = (u8)code,
						      .dst_reg = (u8)(dst & 15),
						      .src_reg = (u8)(src & 15),
						      .off = (s16)off,
						      .imm = (s32)imm};
}

static inline void mov(struct code *c, int dst, s64 imm)
{
	emit(c, SKEP_ALU64 | SKEP_MOV | SKEP_K, dst, 0, 0, imm);
}

static inline void mov_reg(struct code *c, int dst, int src)
{
	emit(c, SKEP_ALU64 | SKEP_MOV | SKEP_X, dst, src, 0, 0);
}

static inline void stack_address(struct code *c, int dst, int at)
{
	mov_reg(c, dst, 10);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, dst, 0, 0, at);
}

static inline void map_address(struct code *c, int dst, u16 slot)
{
	if (c->nfds == ARRAY_SIZE(c->fds))
		return;
	c->fds[c->nfds].insn = c->n;
	c->fds[c->nfds++].slot = slot;
	emit(c, SKEP_LD | SKEP_IMM | SKEP_DW, dst, 1, 0, 0);
	emit(c, 0, 0, 0, 0, 0);
}

static inline void call(struct code *c, int func)
{
	emit(c, SKEP_JMP | SKEP_CALL, 0, 0, 0, func);
}

/* r7 = r7 * 31 + reg */
static inline void count_in(struct code *c, int reg)
{
	emit(c, SKEP_ALU64 | SKEP_MUL | SKEP_K, 7, 0, 0, 31);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_X, 7, reg, 0, 0);
}

/* A key of the map, on the stack at KEY_AT. */
void gen_store_key(struct gen *g, struct code *c, const struct seq_made *map);

/* Whether its keys and values fit, and it forgets nothing. */
bool gen_usable(const struct seq_made *map);

/* The arguments of PROG_LOAD. */
void gen_insns(struct gen *g, struct code *c);

/* BTF of these types; its bytes. */
u32 gen_btf_blob(u8 *to, const u32 *types, u32 ntypes, const char *names, u32 nnames);

/* A program with a callback: elements, timers, what user space wrote. */
void gen_callback(struct gen *g);

#endif
