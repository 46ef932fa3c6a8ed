/* prog_verify.h - BPF_PROG_LOAD asks the verifier */
#ifndef PROG_VERIFY_H
#define PROG_VERIFY_H

#include "map.h"

struct skep_btf;
struct verify_prog; /* verify.h */
struct verify_result;

/* 0 or -errno, and the kernel's log; *result: what it took, what it found. The
 * caller fills in `prog` but for maps and btf: its map references are indices into
 * maps[], of which there are prog->nmaps. vmlinux: the kernel's types; NULL: the program
 * names nothing of the kernel. */
int prog_verify(struct store *store, struct verify_prog *prog, u32 btf_id,
		struct map *const *maps, const struct skep_btf *vmlinux, u32 log_level,
		struct skep_log *log, struct verify_result *result);

/* What holds in every run of a program that this process opened, after the verifier has
 * accepted it here; to be freed with facts_free(). 0, or -errno. */
struct prog;
struct facts;
int prog_facts(const struct prog *prog, struct facts *out);

#endif
