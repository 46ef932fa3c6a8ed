/* verify.h - the verifier: what it is asked, and what it answers
 *
 * verify() decides as Linux 6.18's verifier does: the same abstract domain, the same
 * order of paths, the same checkpoints, pruning and precision, so that its counts mean
 * what the kernel's mean. It knows nothing of the engine's objects: a program's maps are
 * descriptions, so a program for a kernel, or of a type that the engine cannot run, is
 * judged alike. All memory is the call's own; several calls may run at once.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <skep/abi.h>
#include <skep/log.h>
#include "btf_fields.h"
#include "insn.h"

/* Who asks, and on which kernel. */
struct profile {
	u32 kernel; /* 0x060c00 is 6.12; 0: the newest that is known */
	bool bpf, perfmon, net_admin, admin; /* capabilities */
	const struct skep_btf *vmlinux;	     /* the kernel's types; NULL: none */
	bool variables; /* the kernel tells the addresses of its variables
			   (CONFIG_KALLSYMS_ALL), not only of functions */
	u32 max_insns;	/* processed; 0: one million */
	u32 cpus; /* possible ones: bounds bpf_get_smp_processor_id(); 0: not known */
};

struct verify_map {
	u32 type, key_size, value_size, max_entries, flags;
	const struct verify_map *inner; /* of a map in a map; NULL */
	const struct skep_btf *btf;
	u32 key_type, value_type; /* ids in btf */
	const struct btf_field *fields;
	u32 nfields;
	bool nowhere;	  /* an arena that has no address in user space yet */
	const u8 *frozen; /* of an array that neither side may change any more: the value
			     of its only entry, loads from which are constants; of one
			     with more entries anything but NULL; else NULL */
	char name[SKEP_OBJ_NAME_LEN];
};

struct verifier;
struct checkpoint;

/* A judge that looks on (see test/judge/verify_concrete.c). With step(), which is called
 * before each instruction is taken, no path ends because an earlier one was alike, but
 * where step() says false. Without it checkpoint() sees each checkpoint when nothing can
 * change it any more. */
struct verify_watch {
	bool (*step)(void *arg, const struct verifier *v);
	void (*checkpoint)(void *arg, struct verifier *v, const struct checkpoint *c);
	void *arg;
};

/* What an instruction took, on all paths: times that it was processed, checkpoints that
 * were made there. */
struct verify_cost {
	u32 processed, states;
};

#define VERIFY_PERCPU (1u << 31)

/* A program as BPF_PROG_LOAD gets it, but that map references (lddw) have
 * PSEUDO_MAP_IDX or PSEUDO_MAP_IDX_VALUE and an index into maps[] in the low half of
 * imm. Records of func_info and line_info are of the size given. */
struct verify_prog {
	u32 type, attach_type, flags;
	bool gpl;
	const struct skep_insn *code;
	u32 n;
	const struct verify_map *maps;
	u32 nmaps;
	const struct skep_btf *btf;
	const void *func_info, *line_info;
	u32 nfunc_info, func_info_size, nline_info, line_info_size;
	u32 attach_btf_id; /* in the profile's vmlinux */
	char name[SKEP_OBJ_NAME_LEN];
	const struct verify_watch *watch; /* NULL: nobody */
	struct verify_cost *costs;	  /* n, counted up; NULL: they are not */
	u32 *made;    /* n: of an accepted program, the type in btf of the object that a
			 call makes, with VERIFY_PERCPU one for each CPU; 0: none. NULL:
			 nobody asks */
	bool *seen;   /* n: of an accepted program, whether any path comes to the slot;
			 NULL: nobody asks */
	bool *narrow; /* n: of an accepted program, whether an operation on 64 bits has
			 a pointer into an arena, of which there are 32; NULL: nobody
			 asks */
};

struct verify_result {
	u32 processed; /* instructions, on all paths */
	u32 states, peak_states, max_states_per_insn;
	u32 stack[SKEP_MAX_SUBPROGS]; /* bytes, of each function */
	u32 nfuncs;
	u64 ns, bytes;	  /* time, and most memory */
	const char *code; /* of the rejection: "V012"; NULL: accepted */
	bool later;	  /* "not supported yet": what the kernel says is not known */
	u32 insn;	  /* where it was rejected */
	u32 ctx_end;	  /* accesses of the context end there at the latest, */
	u32 buffer_end;	  /* and those of a writable tracepoint's buffer, */
	u32 key_end, value_end; /* and those of what an iterator shows of an element */
};

/* Fills in the map's fields, from what its BTF says of its value. */
void verify_find_fields(struct verify_map *map, struct btf_field room[BTF_FIELDS]);

/* Whether a program's licence lets it call GPL-only helpers. */
bool verify_is_gpl(const char *license);

/* 0, or -errno as the kernel gives it. log: in the kernel's own form, of the level that
 * BPF_PROG_LOAD's log_level means (0: nothing; 1, 2, with 4: statistics). */
int verify(const struct verify_prog *prog, const struct profile *profile, u32 log_level,
	   struct skep_log *log, struct verify_result *result);

/* What holds in every run of a program that verify() accepted: src/ir/facts.h, which says
 * why it does. 0: *out is the caller's, to be freed with facts_free(); else -errno. Takes
 * a walk of its own, or two. */
struct facts;
int verify_facts(const struct verify_prog *prog, const struct profile *profile,
		 struct facts *out);

#endif
