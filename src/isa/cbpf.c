/* cbpf.c - classic BPF: the table and the check */
#include "cbpf.h"
#include <errno.h>
#include "msg.h"

const struct cbpf_info cbpf_info[256] = {
#define CBPF(name, code, kind, arg, mnemonic, operand) \
	[code] = {kind, arg, 0, mnemonic, operand},
#define CBPF_ALU(name, code, operand) \
	[code | 0x04] = {CBPF_ALU_OP, 0, op_##name##32k, #name, operand}, \
		[code | 0x0c] = {CBPF_ALU_OP, 1, op_##name##32x, #name, "x"},
#define CBPF_JMP(name, code) \
	[code | 0x05] = {CBPF_JMP_OP, 0, op_##name##32k, #name, "#%x"}, \
		[code | 0x0d] = {CBPF_JMP_OP, 1, op_##name##32x, #name, "x"},
#include "cbpf.def"
};

/* clang-format off */
static const struct cbpf_anc ancs[] = {
#define CTX(field)  offsetof(struct skep_sk_buff, field)
#define ARG_ANC_NONE(field)     0
#define ARG_ANC_XOR(field)      0
#define ARG_ANC_CTX(field)      CTX(field)
#define ARG_ANC_CTX_BE16(field) CTX(field)
#define ARG_ANC_CALL(field)     SKEP_FUNC_##field
#define CBPF_ANC(name, off, how, field) { #name, off, how, ARG_##how(field) },
#include "cbpf.def"
};
/* clang-format on */

const struct cbpf_anc *cbpf_anc(const struct skep_filter *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(ancs); i++)
		if (cbpf_of(f)->kind == CBPF_ABS && f->k == CBPF_AD_OFF + ancs[i].off)
			return &ancs[i];
	return NULL;
}

const struct cbpf_anc *cbpf_anc_named(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(ancs); i++)
		if (strlen(ancs[i].name) == len && !memcmp(ancs[i].name, name, len))
			return &ancs[i];
	return NULL;
}

/* Division and shift by a constant. */
static const char *check_constant(const struct skep_filter *f)
{
	switch (cbpf_of(f)->op) {
	case op_div32k:
	case op_mod32k: return f->k ? NULL : msg_cbpf_zero;
	case op_lsh32k:
	case op_rsh32k: return f->k < 32 ? NULL : msg_cbpf_shift;
	default: return NULL;
	}
}

/* What is wrong with instruction `at` by itself, or NULL. */
static const char *check_one(const struct skep_filter *f, u32 at, u32 n)
{
	u32 left = n - at - 1; /* instructions behind this one */

	switch (cbpf_of(f)->kind) {
	case CBPF_BAD: return msg_cbpf_opcode;
	case CBPF_ABS: return f->k >= CBPF_AD_OFF && !cbpf_anc(f) ? msg_cbpf_anc : NULL;
	case CBPF_MEM:
	case CBPF_ST: return f->k < CBPF_WORDS ? NULL : msg_cbpf_word;
	case CBPF_JA: return f->k < left ? NULL : msg_cbpf_jump;
	case CBPF_JMP_OP: return MAX(f->jt, f->jf) < left ? NULL : msg_cbpf_branch;
	default: return check_constant(f);
	}
}

/* Every word of M is written before it is read, on all paths; jumps go forward only, so
 * one walk suffices: `known[i]` is what all jumps to i agree on. */
static const char *check_words(const struct skep_filter *code, u32 n, u32 *at)
{
	u16 known[CBPF_MAX_INSNS], now = 0;

	memset(known, 0xff, n * sizeof(*known));
	for (*at = 0; *at < n; ++*at) {
		const struct skep_filter *f = &code[*at];
		u16 *next = &known[*at] + 1;

		now &= known[*at];
		switch (cbpf_of(f)->kind) {
		case CBPF_ST: now |= (u16)(1 << f->k); break;
		case CBPF_MEM:
			if (!(now & 1 << f->k))
				return msg_cbpf_unset;
			break;
		case CBPF_JA:
			next[f->k] &= now;
			now = 0xffff;
			break;
		case CBPF_JMP_OP:
			next[f->jt] &= now;
			next[f->jf] &= now;
			now = 0xffff;
			break;
		}
	}
	return NULL;
}

int skep_cbpf_check(const struct skep_filter *code, uint32_t n, struct skep_log *log)
{
	const char *fault = NULL;
	u32 at;

	if (n == 0 || n > CBPF_MAX_INSNS) {
		log_printf(log, msg_cbpf_length, n, CBPF_MAX_INSNS);
		return -EINVAL;
	}
	for (at = 0; at < n; at++) {
		fault = check_one(&code[at], at, n);
		if (fault)
			break;
	}
	if (!fault && cbpf_of(&code[n - 1])->kind != CBPF_RET) {
		at = n - 1;
		fault = msg_cbpf_ret;
	}
	if (!fault)
		fault = check_words(code, n, &at);
	if (!fault)
		return 0;
	log_printf(log, fault, at, code[at].code, code[at].jt, code[at].jf, code[at].k,
		   n - 1);
	return -EINVAL;
}
