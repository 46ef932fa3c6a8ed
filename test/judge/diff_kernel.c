/* diff_kernel [-n PROGRAMS] [-s SEED] [-k KIND]: random valid programs, loaded and run
 * through the same bpf(2) calls on the engine (its interpreter) and on the running
 * kernel: results, packets, contexts and the contents of maps must be equal.
 *
 * Kinds, in turn unless -k names one: pure (registers and stack, see random_prog.h),
 * filter (classic filters, translated: legacy packet loads), xdp and tc (packets, helpers
 * and maps, see diff_gen.h). A program that the kernel's verifier refuses is not counted;
 * if more than a tenth of a kind is refused, the judge has failed, since it judges too
 * little.
 *
 * Needs root; exit code 77 without. Prints each difference with the program and its
 * seed, so that `-k KIND -s SEED -n 1` shows it again.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "diff_maps.h"
#include "random_prog.h"
#include "cbpf_random.h"

enum { PURE_ROOM = 800, DATA_MOST = 256, LARGE = 9600, OUT = 16384, CONTENTS = 1 << 16 };

static const char *const names[KINDS] = {"pure", "filter", "xdp", "tc"};

union ctx {
	struct skep_sk_buff skb;
	struct skep_xdp_md xdp;
};

struct program {
	struct skep_insn code[DIFF_ROOM];
	u32 n;
	struct diff_funcs funcs; /* n 0: none is said */
	u64 seed;
	enum kind kind;
	u8 data[LARGE];
	u32 len;
	u32 ctx_size; /* 0: none is passed */
	union ctx ctx;
};

/* What a run leaves. */
struct result {
	int err;
	u32 ret, len;
	u8 data[OUT];
	union ctx ctx;
	char maps[CONTENTS];
};

struct side {
	struct skep_sys *sys;
	struct maps maps;
	struct result result;
};

static struct {
	unsigned long long loaded, refused, differ;
} count[KINDS];

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
		p->len = 3400 + diff_pick(state, LARGE - 3400); /* has fragments */
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

static void make(struct program *p)
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

/* The end of the verifier's log, where the reason stands. */
static const char *last_words(const char *log)
{
	size_t len = strlen(log);

	return log + (len > 300 ? len - 300 : 0);
}

/* ---- a side ---- */

static int load(struct side *side, const struct program *p, char *log, u32 size)
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

static void run(struct side *side, int fd, const struct program *p)
{
	struct result *r = &side->result;
	union skep_attr attr = {0};

	memset(r, 0, offsetof(struct result, maps));
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(p->data);
	attr.test.data_size_in = p->len;
	attr.test.data_out = u64_of(r->data);
	attr.test.data_size_out = OUT;
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

/* ---- judging ---- */

/* The first line in which they differ: what was hashed first stands in map_trace. */
static void show_first(const char *want, const char *got)
{
	while (*want && *got) {
		size_t w = strcspn(want, "\n") + 1, g = strcspn(got, "\n") + 1;

		if (w != g || memcmp(want, got, w)) {
			printf("kernel %.*sengine %.*s", (int)w, want, (int)g, got);
			return;
		}
		want += w;
		got += g;
	}
	printf("kernel %sengine %s", *want ? want : "no more\n",
	       *got ? got : "no more\n");
}

static void show(const struct program *p, const char *what)
{
	static char text[64 * DIFF_ROOM];

	printf("%s; -k %s -s %llu -n 1 shows it again\n", what, names[p->kind],
	       (unsigned long long)p->seed);
	if (skep_disasm(p->code, p->n, NULL, text, sizeof(text), NULL) > 0)
		puts(text);
	count[p->kind].differ++;
}

static void compare(const struct program *p, const struct result *want,
		    const struct result *got)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "kernel: error %d, result 0x%x, %u bytes; "
		 "engine: error %d, result 0x%x, %u bytes",
		 -want->err, want->ret, want->len, -got->err, got->ret, got->len);
	if (p->kind >= kind_xdp && strcmp(want->maps, got->maps))
		show_first(want->maps, got->maps);
	if (want->err != got->err || want->ret != got->ret || want->len != got->len)
		show(p, line);
	else if (memcmp(want->data, got->data, sizeof(want->data)))
		show(p, "the packets differ");
	else if (memcmp(&want->ctx, &got->ctx, sizeof(want->ctx)))
		show(p, "the contexts differ");
	else if (p->kind >= kind_xdp && strcmp(want->maps, got->maps))
		show(p, "the maps differ");
}

static void load_refused(const struct program *p, struct side *kernel)
{
	static char log[1 << 16];

	count[p->kind].refused++;
	if (!getenv("DIFF_LOG"))
		return;
	load(kernel, p, log, sizeof(log));
	log[sizeof(log) - 1] = 0;
	show(p, strlen(log) > 200 ? log + strlen(log) - 200 : log);
	count[p->kind].differ--;
}

static void judge(struct side *kernel, struct side *engine, const struct program *p)
{
	static char why[1 << 20];
	char line[400];
	int kfd, efd;

	if (p->kind >= kind_xdp &&
	    (maps_reset(&kernel->maps, p->kind) || maps_reset(&engine->maps, p->kind))) {
		show(p, "the maps cannot be reset");
		return;
	}
	kfd = load(kernel, p, NULL, 0);
	if (kfd < 0) {
		load_refused(p, kernel);
		return;
	}
	count[p->kind].loaded++;
	efd = load(engine, p, NULL, 0);
	if (efd < 0) {
		load(engine, p, why, sizeof(why));
		snprintf(line, sizeof(line), "the engine refuses it (%d): %s", efd,
			 last_words(why));
		show(p, line);
	} else {
		run(kernel, kfd, p);
		run(engine, efd, p);
		compare(p, &kernel->result, &engine->result);
		engine->sys->close(engine->sys, efd);
	}
	kernel->sys->close(kernel->sys, kfd);
}

/* Per-CPU maps: all runs of the kernel on one CPU. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int report(void)
{
	int bad = 0;

	for (u32 k = 0; k < KINDS; k++) {
		if (!(count[k].loaded + count[k].refused))
			continue;
		printf("%-6s %llu programs, %llu more refused by the kernel, %llu differ\n",
		       names[k], count[k].loaded, count[k].refused, count[k].differ);
		bad |= count[k].differ || count[k].refused * 10 > count[k].loaded;
	}
	return bad;
}

static void judge_all(struct side *kernel, struct side *engine, u64 n, u64 first,
		      u32 kind)
{
	static struct program p;

	for (u64 i = 0; i < n; i++) {
		p.seed = first + i;
		p.kind = kind < KINDS ? kind : (enum kind)(i % KINDS);
		make(&p);
		if (p.n)
			judge(kernel, engine, &p);
	}
}

int main(int argc, char **argv)
{
	static struct side kernel, engine;
	struct skep_engine *handle;
	u64 n = 2000, first = 1;
	u32 kind = KINDS;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:k:")) != -1) {
		if (opt == 'n')
			n = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			first = strtoull(optarg, NULL, 0);
		else if (opt == 'k')
			for (kind = 0; kind < KINDS && strcmp(names[kind], optarg);
			     kind++)
				;
		else
			return 2;
	}
	kernel.sys = skep_sys_kernel();
	stay_on_one_cpu();
	opt = maps_open(&kernel.maps, kernel.sys);
	if (opt) {
		printf("SKIP diff_kernel: bpf(2) of the kernel refuses this user (%s)\n",
		       strerror(-opt));
		return 77;
	}
	if (skep_engine_open(NULL, &handle))
		return 1;
	engine.sys = skep_engine_sys(handle);
	if (maps_open(&engine.maps, engine.sys))
		return 1;
	judge_all(&kernel, &engine, n, first, kind);
	maps_close(&engine.maps);
	maps_close(&kernel.maps);
	skep_engine_close(handle);
	return report();
}
