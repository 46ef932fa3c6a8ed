/* prog_at.h - the program that a `skep prog` works on, its parts are prog.c, prog_show.c,
 * prog_dump.c and prog_exec.c */
#ifndef PROG_AT_H
#define PROG_AT_H

#include <skep/load.h>
#include "arena.h"
#include "prog_name.h"
#include "which.h"

/* All that info says; arrays are in the arena, and empty where it does not say. */
struct prog_at {
	int fd;
	struct skep_prog_info info;
	struct skep_insn *code;
	u32 n;
	u32 *map_ids, nmap_ids;
	u8 *funcs,
		*lines; /* records of info.func_info_rec_size, info.line_info_rec_size */
	u32 nfuncs, nlines;
	u64 *ksyms; /* addresses of the subprograms */
	u32 nksyms;
	struct skep_btf *btf; /* NULL: none */
	struct arena arena;
};

/* 0 or -errno. prog_at_close() does not close fd. */
int prog_at_open(struct skep_sys *sys, int fd, struct prog_at *p);
void prog_at_close(struct prog_at *p);

/* The name of its function where BTF has it, else info's, which is cut at 15 letters. */
const char *prog_at_name(const struct prog_at *p);
/* The nth record, NULL behind the last. */
const struct skep_func_info *prog_at_func(const struct prog_at *p, u32 n);
const struct skep_line_info *prog_at_line(const struct prog_at *p, u32 n);

int prog_show(struct request *r, int fd);
int prog_dump(struct request *r);
int prog_exec(struct request *r);

#endif
