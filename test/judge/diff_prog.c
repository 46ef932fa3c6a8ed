#include "diff_prog.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>
#include <skep/isa.h>
#include "random_prog.h"
#include "cbpf_random.h"

enum { PURE_ROOM = 800, DATA_MOST = 256 };

const char *const diff_names[KINDS] = {"pure", "filter", "xdp", "tc"};

/* ---- programs and packets ---- */

/* cbpf_random.h keeps its state to itself. */
static u32 random_filter(u64 from, struct skep_insn *code)
{
	struct skep_filter filter[64];
	int n;

	seed = from * 2 + 1;
	for (u32 i = 0; i < 8; i++)
		rnd();
	n = skep_cbpf_translate(filter, good_filter(filter, 64), code, DIFF_ROOM, NULL);
	return n > 0 && n <= DIFF_ROOM ? (u32)n : 0;
}

/* Something like IPv4, IPv6, ARP, or like nothing. */
static void random_packet(u64 *state, struct program *p)
{
	static const u8 heads[][24] = {
		{[12] = 8, 0, 0x45, 0, 0, 60, [23] = 6},
		{[12] = 8, 0, 0x46, 0, 0, 60, [23] = 17},
		{[12] = 0x86, 0xdd, 0x60, [20] = 6},
		{[12] = 8, 6, 0, 1, 8, 0, 6, 4},
	};
	u32 like = diff_pick(state, ARRAY_SIZE(heads) + 1);

	p->len = 54 + diff_pick(state, DATA_MOST - 54);
	if (!diff_pick(state, 8))
		p->len = 14 + diff_pick(state, 40);
	if (p->kind == kind_xdp && !diff_pick(state, 16))
		p->len = 3400 + diff_pick(state, DIFF_DATA - 3400); /* has fragments */
	for (u32 i = 0; i < p->len; i++)
		p->data[i] = (u8)diff_pick(state, 256);
	if (like < ARRAY_SIZE(heads))
		memcpy(p->data, heads[like], sizeof(heads[like]));
}

static void random_context(u64 *state, struct program *p)
{
	struct skep_sk_buff *skb = &p->ctx.skb;

	p->ctx_size = 0;
	memset(&p->ctx, 0, sizeof(p->ctx));
	if (p->kind < kind_xdp || diff_pick(state, 2))
		return;
	if (p->kind == kind_xdp) {
		p->ctx_size = sizeof(p->ctx.xdp);
		p->ctx.xdp.data = diff_pick(state, 4) ? 4 * diff_pick(state, 20)
						      : diff_pick(state, 300);
		p->ctx.xdp.data_end = p->len;
		return;
	}
	p->ctx_size = sizeof(*skb);
	skb->mark = diff_pick(state, UINT32_MAX);
	skb->priority = diff_pick(state, 8);
	skb->tstamp = diff_pick(state, 1000);
	skb->gso_segs = diff_pick(state, 4);
	for (u32 i = 0; i < ARRAY_SIZE(skb->cb); i++)
		skb->cb[i] = diff_pick(state, UINT32_MAX);
}

void diff_make(struct program *p)
{
	u64 state = p->seed * KINDS + p->kind;

	p->funcs.n = 0;
	switch (p->kind) {
	case kind_pure: p->n = insn_random(&state, p->code, PURE_ROOM); break;
	case kind_filter: p->n = random_filter(state, p->code); break;
	default: p->n = diff_gen(&state, p->kind, p->code, &p->funcs);
	}
	random_packet(&state, p);
	random_context(&state, p);
}

/* ---- a side ---- */

int diff_load(struct side *side, const struct program *p, char *log, u32 size)
{
	static const u32 types[KINDS] = {SKEP_PROG_TYPE_SOCKET_FILTER,
					 SKEP_PROG_TYPE_SOCKET_FILTER, SKEP_PROG_TYPE_XDP,
					 SKEP_PROG_TYPE_SCHED_CLS};
	union skep_attr attr = {
		.prog_type = types[p->kind],
		.insn_cnt = p->n,
		.insns = u64_of(p->code),
		.license = u64_of("Dual BSD/GPL"),
		.fd_array = u64_of(side->maps.fd),
		.log_level = size ? 1 : 0,
		.log_size = size,
		.log_buf = u64_of(log),
	};

	if (p->funcs.n) {
		attr.prog_btf_fd = (u32)side->maps.btf;
		attr.func_info = u64_of(p->funcs.at);
		attr.func_info_cnt = p->funcs.n;
		attr.func_info_rec_size = sizeof(p->funcs.at[0]);
	}

	return side->sys->bpf(side->sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

void diff_run(struct side *side, int fd, const struct program *p)
{
	struct result *r = &side->result;
	union skep_attr attr = {0};

	memset(r, 0, offsetof(struct result, maps));
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(p->data);
	attr.test.data_size_in = p->len;
	attr.test.data_out = u64_of(r->data);
	attr.test.data_size_out = DIFF_OUT;
	if (p->ctx_size) {
		attr.test.ctx_in = u64_of(&p->ctx);
		attr.test.ctx_out = u64_of(&r->ctx);
		attr.test.ctx_size_in = attr.test.ctx_size_out = p->ctx_size;
	}
	r->err = side->sys->bpf(side->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	r->ret = attr.test.retval;
	r->len = attr.test.data_size_out;
	if (p->kind >= kind_xdp)
		maps_print(&side->maps, r->maps, sizeof(r->maps));
}

bool diff_options(int argc, char **argv, struct diff_options *o)
{
	*o = (struct diff_options){.n = 2000, .first = 1, .kind = KINDS};
	for (int opt; (opt = getopt(argc, argv, "n:s:k:")) != -1;) {
		switch (opt) {
		case 'n': o->n = strtoull(optarg, NULL, 0); break;
		case 's': o->first = strtoull(optarg, NULL, 0); break;
		case 'k':
			for (o->kind = 0;
			     o->kind < KINDS && strcmp(diff_names[o->kind], optarg);)
				o->kind++;
			break;
		default: return false;
		}
	}
	return true;
}
