/* cbpf_random.h - random filters, for the tests of classic BPF */
#ifndef CBPF_RANDOM_H
#define CBPF_RANDOM_H

#include "cbpf.h"
#include "isa_random.h"

/* Any opcode with a k that suits it most of the time; often refused by the check. */
static struct skep_filter any_filter_insn(u32 left)
{
	static const u32 ks[] = {0,	     1,		 4,	     14,
				 15,	     16,	 31,	     32,
				 0xfffff000, 0xfffff004, 0xfffff028, 0xfffff040,
				 0xffffffff, 0xfff00000, 0x80000000};
	struct skep_filter f = {.k = ks[rnd() % ARRAY_SIZE(ks)]};

	do
		f.code = rnd() & 0xff;
	while (cbpf_info[f.code].kind == CBPF_BAD && rnd() % 50);
	if (cbpf_info[f.code].kind == CBPF_JA)
		f.k = rnd() % 4;
	f.jt = rnd() % 3;
	f.jf = rnd() % 3;
	return f;
}

/* An instruction that passes the check, `left` instructions before the last. */
static struct skep_filter good_filter_insn(u32 left)
{
	struct skep_filter f;

	do {
		f = any_filter_insn(left);
	} while (f.k >= CBPF_AD_OFF || cbpf_info[f.code].kind == CBPF_RET ||
		 cbpf_info[f.code].kind == CBPF_BAD);
	switch (cbpf_info[f.code].kind) {
	case CBPF_JA: f.k %= left; break;
	case CBPF_JMP_OP:
		f.jt %= left;
		f.jf %= left;
		f.k = rnd() % 3 ? rnd() & 0xff : (u32)rnd();
		break;
	case CBPF_ST:
	case CBPF_MEM: f.k %= CBPF_WORDS; break;
	case CBPF_ABS:
	case CBPF_MSH:
	case CBPF_IND: f.k = rnd() % 70; break;
	case CBPF_IMM:
	case CBPF_ALU_OP:
		f.k = rnd() % 2 ? 1 + rnd() % 31 : (u32)rnd() | 1;
		if (cbpf_info[f.code].op == op_lsh32k ||
		    cbpf_info[f.code].op == op_rsh32k)
			f.k &= 31;
	}
	return f;
}

/* A filter that passes the check: all words of M are written first. */
static u32 good_filter(struct skep_filter *out, u32 room)
{
	u32 n = CBPF_WORDS + 2 + rnd() % (room - CBPF_WORDS - 3), at = 0;

	out[at++] = (struct skep_filter){0x00, 0, 0, (u32)rnd()};
	for (u32 i = 0; i < CBPF_WORDS; i++)
		out[at++] = (struct skep_filter){0x02, 0, 0, i};
	while (at < n - 1) {
		out[at] = good_filter_insn(n - 1 - at);
		at++;
	}
	out[at] = (struct skep_filter){0x16, 0, 0, 0};
	return n;
}

#endif
