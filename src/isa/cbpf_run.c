#include "cbpf.h"
#include <errno.h>

struct run {
	struct skep_cbpf_packet packet;
	u32 a, x, m[CBPF_WORDS];
};

/* `size` bytes at an offset as a load gives it, in network order; false: not there. */
static bool load(const struct run *r, u32 off, u8 size, u32 *out)
{
	const u8 *data = r->packet.data;
	u64 at = off;

	if (off >= CBPF_NET_OFF)
		at = (u64)r->packet.net + (off - CBPF_NET_OFF);
	else if (off >= CBPF_LL_OFF)
		at = off - CBPF_LL_OFF;
	if (at + size > r->packet.len)
		return false;
	for (*out = 0; size--; at++)
		*out = *out << 8 | data[at];
	return true;
}

static int load_anc(struct run *r, const struct cbpf_anc *anc)
{
	const char *ctx = (const char *)r->packet.ctx;
	u32 field = ctx && (anc->how == ANC_CTX || anc->how == ANC_CTX_BE16)
			    ? load32(ctx + anc->arg)
			    : 0;

	switch (anc->how) {
	case ANC_CTX: r->a = field; return 0;
	case ANC_CTX_BE16: r->a = __builtin_bswap16((u16)field); return 0;
	case ANC_XOR: r->a ^= r->x; return 0;
	case ANC_CALL:
		r->a = anc->arg == SKEP_FUNC_get_prandom_u32 ? r->packet.random
							     : r->packet.cpu;
		return 0;
	default: return -EOPNOTSUPP;
	}
}

/* 1: go on; 0: the packet ends before; or -errno. */
static int load_packet(struct run *r, const struct skep_filter *f)
{
	const struct cbpf_info *i = cbpf_of(f);
	const struct cbpf_anc *anc = cbpf_anc(f);
	u32 byte;
	int err;

	if (anc) {
		err = load_anc(r, anc);
		return err ? err : 1;
	}
	if (i->kind != CBPF_MSH)
		return load(r, i->kind == CBPF_IND ? f->k + r->x : f->k, i->arg, &r->a);
	if (!load(r, f->k, 1, &byte))
		return 0;
	r->x = (byte & 15) * 4;
	return 1;
}

static u32 operand(const struct run *r, const struct skep_filter *f)
{
	return cbpf_of(f)->arg ? r->x : f->k;
}

static bool divides_by_zero(const struct run *r, const struct skep_filter *f)
{
	u16 op = cbpf_of(f)->op;

	return (op == op_div32x || op == op_mod32x) && !r->x;
}

/* What all instructions but loads from the packet, jumps and returns do. */
static void compute(struct run *r, const struct skep_filter *f)
{
	const struct cbpf_info *i = cbpf_of(f);
	u32 *reg = i->arg ? &r->x : &r->a;

	switch (i->kind) {
	case CBPF_LEN: *reg = r->packet.wire_len; break;
	case CBPF_IMM: *reg = f->k; break;
	case CBPF_MEM: *reg = r->m[f->k]; break;
	case CBPF_ST: r->m[f->k] = *reg; break;
	case CBPF_TAX: r->x = r->a; break;
	case CBPF_TXA: r->a = r->x; break;
	case CBPF_NEG: r->a = -r->a; break;
	case CBPF_ALU_OP: r->a = (u32)insn_eval(i->op, r->a, operand(r, f)); break;
	}
}

int64_t skep_cbpf_run(const struct skep_filter *code, uint32_t n,
		      const struct skep_cbpf_packet *packet)
{
	struct run r = {0};
	int got;

	if (skep_cbpf_check(code, n, NULL))
		return -EINVAL;
	memcpy(&r.packet, packet, MIN(packet->size, sizeof(r.packet)));
	for (const struct skep_filter *f = code;; f++) {
		switch (cbpf_of(f)->kind) {
		case CBPF_RET: return cbpf_of(f)->arg ? r.a : f->k;
		case CBPF_JA: f += f->k; break;
		case CBPF_JMP_OP:
			f += insn_eval(cbpf_of(f)->op, r.a, operand(&r, f)) ? f->jt
									    : f->jf;
			break;
		case CBPF_ABS:
		case CBPF_IND:
		case CBPF_MSH:
			got = load_packet(&r, f);
			if (got <= 0)
				return got;
			break;
		default:
			if (divides_by_zero(&r, f))
				return 0;
			compute(&r, f);
		}
	}
}
