/* cbpf.h - classic BPF as a table by opcode; the functions stand in skep/isa.h */
#ifndef CBPF_H
#define CBPF_H

#include <skep/isa.h>
#include "insn.h"

enum {
	CBPF_WORDS = 16, /* M[0] to M[15] */
	CBPF_MAX_INSNS = 4096,
};

/* Loads at negative offsets: ancillary data, from the network header, from the link
 * header (<linux/filter.h>). */
#define CBPF_AD_OFF  ((u32)-0x1000)
#define CBPF_NET_OFF ((u32)-0x100000)
#define CBPF_LL_OFF  ((u32)-0x200000)

enum cbpf_kind {
	CBPF_BAD,
	CBPF_ABS,
	CBPF_IND,
	CBPF_LEN,
	CBPF_IMM,
	CBPF_MEM,
	CBPF_MSH,
	CBPF_ST,
	CBPF_TAX,
	CBPF_TXA,
	CBPF_RET,
	CBPF_JA,
	CBPF_NEG,
	CBPF_ALU_OP,
	CBPF_JMP_OP,
};

struct cbpf_info {
	u8 kind; /* enum cbpf_kind; CBPF_BAD: no such opcode */
	u8 arg;
	u16 op; /* of CBPF_ALU_OP and CBPF_JMP_OP: the 32-bit op that means the same */
	const char *mnemonic, *operand;
};

enum cbpf_anc_how { ANC_NONE, ANC_CTX, ANC_CTX_BE16, ANC_CALL, ANC_XOR };

struct cbpf_anc {
	const char *name;
	u32 off; /* from CBPF_AD_OFF */
	u8 how;	 /* enum cbpf_anc_how */
	u16 arg; /* offset in struct skep_sk_buff, or a helper's id */
};

extern const struct cbpf_info cbpf_info[256];

static inline const struct cbpf_info *cbpf_of(const struct skep_filter *f)
{
	return &cbpf_info[f->code < 256 ? f->code : 0xff]; /* 0xff is none */
}

/* What the load `f` gives besides the packet's bytes, or NULL. */
const struct cbpf_anc *cbpf_anc(const struct skep_filter *f);
const struct cbpf_anc *cbpf_anc_named(const char *name, size_t len);

#endif
