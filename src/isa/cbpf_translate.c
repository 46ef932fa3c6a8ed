/* cbpf_translate.c - classic BPF to BPF
 *
 * r0 is A, r6 the context (packet loads want it there), r7 X, r8 keeps A over a load of
 * X; M[i] stands in the frame. All words are 32 bits, the upper halves 0. A packet load
 * that fails ends the program with 0, in both kinds of BPF.
 */
#include "cbpf.h"
#include <errno.h>
#include "msg.h"
#include "pass.h"

enum { A = 0, CTX = 6, X = 7, KEEP = 8, FRAME = 10 };

struct translator {
	struct pass pass;
	const struct skep_filter *code;
	u32 n;

	struct insn *out;
	u32 n_out;
	u32 *start; /* where each filter instruction begins in `out` */
	bool *is_reached;
};

enum { PROLOGUE = 3, MOST_SLOTS = 6 /* for one instruction */ };

#define EMIT(t, name, ...) \
	((t)->out[(t)->n_out++] = (struct insn){.op = op_##name, __VA_ARGS__})

static s32 word_of(u32 k)
{
	return (s32)(k - CBPF_WORDS) * 4;
}

static u16 load_abs(u8 size)
{
	return size == 4 ? op_ldabs_w : size == 2 ? op_ldabs_h : op_ldabs_b;
}

static u16 load_ind(u8 size)
{
	return size == 4 ? op_ldind_w : size == 2 ? op_ldind_h : op_ldind_b;
}

static void translate_load(struct translator *t, const struct skep_filter *f)
{
	const struct cbpf_anc *anc = cbpf_anc(f);
	u8 size = cbpf_of(f)->arg;

	if (!anc) {
		t->out[t->n_out++] =
			(struct insn){.op = load_abs(size), .imm = (s32)f->k};
		return;
	}
	switch (anc->how) {
	case ANC_CTX_BE16:
		EMIT(t, ldx_w, .dst = A, .src = CTX, .off = anc->arg);
		EMIT(t, be16, .dst = A);
		break;
	case ANC_CTX: EMIT(t, ldx_w, .dst = A, .src = CTX, .off = anc->arg); break;
	case ANC_CALL: EMIT(t, call_helper, .imm = anc->arg); break;
	case ANC_XOR: EMIT(t, xor32x, .dst = A, .src = X); break;
	default:
		pass_throw(&t->pass, EOPNOTSUPP, msg_cbpf_no_bpf, (u32)(f - t->code),
			   f->code, f->jt, f->jf, f->k);
	}
}

static void translate_return(struct translator *t, const struct skep_filter *f)
{
	if (!cbpf_of(f)->arg)
		EMIT(t, mov32k, .dst = A, .imm = (s32)f->k);
	EMIT(t, exit);
}

static void translate_alu(struct translator *t, const struct skep_filter *f)
{
	const struct cbpf_info *i = cbpf_of(f);

	if (i->op == op_div32x || i->op == op_mod32x) {
		EMIT(t, jne32k, .dst = X, .off = 2);
		EMIT(t, mov32k, .dst = A);
		EMIT(t, exit);
	}
	t->out[t->n_out++] = (struct insn){.op = i->op,
					   .dst = A,
					   .src = i->arg ? X : 0,
					   .imm = i->arg ? 0 : (s32)f->k};
}

/* Targets are filter instructions until resolve() knows where they begin. */
static void translate_jump(struct translator *t, const struct skep_filter *f, u32 at)
{
	const struct cbpf_info *i = cbpf_of(f);

	t->out[t->n_out++] = (struct insn){.op = i->op,
					   .dst = A,
					   .src = i->arg ? X : 0,
					   .imm = i->arg ? 0 : (s32)f->k,
					   .off = (s32)at + 1 + f->jt};
	if (f->jf)
		EMIT(t, ja, .off = (s32)at + 1 + f->jf);
}

/* X = 4 * (packet[k] & 15) */
static void translate_msh(struct translator *t, const struct skep_filter *f)
{
	EMIT(t, mov32x, .dst = KEEP, .src = A);
	EMIT(t, ldabs_b, .imm = (s32)f->k);
	EMIT(t, and32k, .dst = A, .imm = 15);
	EMIT(t, lsh32k, .dst = A, .imm = 2);
	EMIT(t, mov32x, .dst = X, .src = A);
	EMIT(t, mov32x, .dst = A, .src = KEEP);
}

static void translate_one(struct translator *t, u32 at)
{
	const struct skep_filter *f = &t->code[at];
	const struct cbpf_info *i = cbpf_of(f);
	u8 reg = i->arg ? X : A;

	switch (i->kind) {
	case CBPF_ABS: translate_load(t, f); break;
	case CBPF_IND:
		t->out[t->n_out++] =
			(struct insn){.op = load_ind(i->arg), .src = X, .imm = (s32)f->k};
		break;
	case CBPF_MSH: translate_msh(t, f); break;
	case CBPF_LEN:
		EMIT(t, ldx_w, .dst = reg, .src = CTX,
		     .off = offsetof(struct skep_sk_buff, len));
		break;
	case CBPF_IMM: EMIT(t, mov32k, .dst = reg, .imm = (s32)f->k); break;
	case CBPF_MEM:
		EMIT(t, ldx_w, .dst = reg, .src = FRAME, .off = word_of(f->k));
		break;
	case CBPF_ST:
		EMIT(t, stx_w, .dst = FRAME, .src = reg, .off = word_of(f->k));
		break;
	case CBPF_TAX: EMIT(t, mov32x, .dst = X, .src = A); break;
	case CBPF_TXA: EMIT(t, mov32x, .dst = A, .src = X); break;
	case CBPF_NEG: EMIT(t, neg32k, .dst = A); break;
	case CBPF_ALU_OP: translate_alu(t, f); break;
	case CBPF_JMP_OP: translate_jump(t, f, at); break;
	case CBPF_JA: EMIT(t, ja, .off = (s32)(at + 1 + f->k)); break;
	case CBPF_RET: translate_return(t, f); break;
	}
}

/* Linux accepts filters with dead instructions, but no BPF programs with such. Jumps go
 * forward, so one walk finds them. */
static void reach(struct translator *t)
{
	t->is_reached[0] = true;
	for (u32 at = 0; at < t->n; at++) {
		const struct skep_filter *f = &t->code[at];
		bool *next = &t->is_reached[at] + 1;

		if (!t->is_reached[at])
			continue;
		switch (cbpf_of(f)->kind) {
		case CBPF_RET: break;
		case CBPF_JA: next[f->k] = true; break;
		case CBPF_JMP_OP: next[f->jt] = next[f->jf] = true; break;
		default: *next = true;
		}
	}
}

static void resolve(struct translator *t)
{
	for (u32 at = 0; at < t->n; at++) {
		u8 kind = cbpf_of(&t->code[at])->kind;
		u32 end = t->start[at + 1];

		if (!t->is_reached[at] || (kind != CBPF_JMP_OP && kind != CBPF_JA))
			continue;
		for (u32 i = t->start[at]; i < end; i++)
			t->out[i].off = (s32)(t->start[t->out[i].off] - i - 1);
	}
}

static void translate(struct translator *t)
{
	t->out = pass_alloc(&t->pass, t->n * MOST_SLOTS + PROLOGUE, sizeof(*t->out));
	t->start = pass_alloc(&t->pass, t->n + 1, sizeof(*t->start));
	t->is_reached = pass_alloc(&t->pass, t->n + 1, sizeof(*t->is_reached));
	reach(t);
	EMIT(t, mov64x, .dst = CTX, .src = 1);
	EMIT(t, mov32k, .dst = A);
	EMIT(t, mov32k, .dst = X);
	for (u32 at = 0; at < t->n; at++) {
		t->start[at] = t->n_out;
		if (t->is_reached[at])
			translate_one(t, at);
	}
	t->start[t->n] = t->n_out;
	resolve(t);
}

int skep_cbpf_translate(const struct skep_filter *code, uint32_t n, struct skep_insn *out,
			uint32_t room, struct skep_log *log)
{
	struct translator t = {.pass.log = log, .code = code, .n = n};
	struct skep_insn slots[2];
	int err = skep_cbpf_check(code, n, log);

	if (err)
		return err;
	if (!pass_try(&t.pass))
		return pass_end(&t.pass);
	translate(&t);
	for (u32 i = 0; i < t.n_out; i++) {
		insn_encode(&t.out[i], slots);
		if (i < room)
			out[i] = slots[0];
	}
	pass_end(&t.pass);
	return (int)t.n_out;
}
