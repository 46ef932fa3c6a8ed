/* diff_prog.h - a random program with its input, on one side of the seam
 *
 * What judges share that load and run such programs: see diff_kernel.c for the kinds.
 */
#ifndef DIFF_PROG_H
#define DIFF_PROG_H

#include "diff_maps.h"

enum { DIFF_DATA = 9600, DIFF_OUT = 16384, DIFF_CONTENTS = 1 << 16 };

extern const char *const diff_names[KINDS];

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
	u8 data[DIFF_DATA];
	u32 len;
	u32 ctx_size; /* 0: none is passed */
	union ctx ctx;
};

/* What a run leaves. */
struct result {
	int err;
	u32 ret, len;
	u8 data[DIFF_OUT];
	union ctx ctx;
	char maps[DIFF_CONTENTS];
};

struct side {
	struct skep_sys *sys;
	struct maps maps;
	struct result result;
};

/* What is asked for: -n PROGRAMS, -s SEED of the first, -k KIND. */
struct diff_options {
	u64 n, first;
	u32 kind; /* KINDS: all in turn */
};

/* False: they are no such options. */
bool diff_options(int argc, char **argv, struct diff_options *o);

/* The program that p->seed and p->kind mean, and its packet and context; p->n is 0 where
 * there is none. */
void diff_make(struct program *p);

/* BPF_PROG_LOAD, with a log if size is not 0: a descriptor, or -errno. */
int diff_load(struct side *side, const struct program *p, char *log, u32 size);

/* BPF_PROG_TEST_RUN; what it leaves is in side->result. */
void diff_run(struct side *side, int fd, const struct program *p);

#endif
