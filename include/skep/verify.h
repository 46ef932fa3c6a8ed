/* skep/verify.h - the verifier alone, as a side of the seam
 *
 * A verifier takes what BPF_MAP_CREATE, BPF_BTF_LOAD and BPF_PROG_LOAD say and answers
 * BPF_PROG_LOAD with the verdict, the errno and the log of the running kernel's newest
 * known relative, Linux 6.18. It runs nothing and keeps no elements, so it judges
 * programs and maps of every type, also those that the engine does not have, without
 * root. Drive it as any struct skep_sys, with skep_object_load() for instance.
 */
#ifndef SKEP_VERIFY_H
#define SKEP_VERIFY_H

#include <stdbool.h>
#include <skep/btf.h>
#include <skep/sys.h>

struct skep_verifier;

struct skep_verifier_opts {
	size_t size;			/* sizeof(struct skep_verifier_opts) */
	bool unprivileged;		/* judge as for a user without capabilities */
	bool explain;			/* a refusal is put into words */
	const struct skep_btf *vmlinux; /* the kernel's types, which must outlive the
					   verifier; NULL: none */
	bool variables; /* the kernel knows its variables by name (CONFIG_KALLSYMS_ALL):
			   programs may use them */
	bool count;	/* what each line takes */
};

/* What the last BPF_PROG_LOAD was like. */
struct skep_verifier_stats {
	bool accepted;
	int err; /* -errno of the verdict; BPF_PROG_LOAD says -ENOSPC instead of it when
		    the log is larger than its buffer */
	bool unknown; /* refused as "not supported yet": it is not the kernel's verdict */
	const char *code;   /* of the reason if not: "V012"; NULL: refused before */
	uint32_t insn;	    /* where */
	uint32_t processed; /* instructions, on all paths */
	uint32_t states, peak_states, max_states_per_insn;
	uint32_t stack;	    /* bytes, of the functions that call each other, at most */
	uint64_t ns, bytes; /* CPU time; most memory at a time */
};

/* One of the lines that led to a refusal, in the order in which they ran. */
struct skep_explanation_line {
	const char *file; /* NULL: the program has no line information */
	uint32_t line, insn;
	const char *source; /* the line's text; without lines the instruction */
	const char *note;   /* what it did */
};

/* A refusal in words. Texts may be NULL where there is nothing to say, but for code,
 * class_name, source, headline and kernel. */
struct skep_explanation {
	const char *code;	/* "V113" */
	const char *class_name; /* "offset_outside": stable, as the code is */
	const char *headline;
	const char *file; /* of the refused instruction, as in the lines */
	uint32_t line, column, insn;
	const char *source;
	const char *required, *known; /* what must hold, what holds instead */
	const char *input;	      /* with which it goes wrong */
	const char *fix;
	const char *kernel; /* the last line of the kernel's log */
	const struct skep_explanation_line *chain;
	uint32_t nchain;
};

/* What a line of the source took. Of a program without line information it is an
 * instruction. */
struct skep_verifier_cost {
	const char *file;	    /* NULL: no line information */
	const char *function;	    /* of the first instruction; NULL: not known */
	const char *source;	    /* the line's text; without lines the instruction's */
	uint32_t line, insn;	    /* insn: the first one */
	uint32_t ninsns;	    /* that the verifier came to */
	uint32_t processed, states; /* as in the statistics */
};

/* Opens a verifier; opts may be NULL. 0 or -errno; close it with skep_verifier_close,
 * which closes what was made with it. One thread at a time. */
SKEP_API int skep_verifier_open(const struct skep_verifier_opts *opts,
				struct skep_verifier **out);
SKEP_API void skep_verifier_close(struct skep_verifier *v);

/* Its side of the seam: bpf(2), close(2), memory to look at, and files, in which loaders
 * read what the running kernel is like; the rest is -EOPNOTSUPP. */
SKEP_API struct skep_sys *skep_verifier_sys(struct skep_verifier *v);
SKEP_API const struct skep_verifier_stats *
skep_verifier_stats(const struct skep_verifier *v);
/* Of the last BPF_PROG_LOAD, until the next one; NULL: it was accepted, or `explain` was
 * not set, or it was refused before it was verified. */
SKEP_API const struct skep_explanation *
skep_verifier_explanation(const struct skep_verifier *v);
/* Of the last BPF_PROG_LOAD, until the next one, also of a refused one: *n lines, in the
 * order of files and lines. NULL: there are none, or `count` was not set. */
SKEP_API const struct skep_verifier_cost *
skep_verifier_costs(const struct skep_verifier *v, uint32_t *n);

#endif
