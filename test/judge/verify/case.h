/* case.h - a BPF program as a file, with the running kernel's answer
 *
 * A case holds all that BPF_PROG_LOAD was given, without a descriptor or an id of the
 * machine that it was recorded on, so that the kernel and skep's verifier can be asked
 * again. It is a text: a line a fact, a word and its values; bytes follow their line in
 * hex, on lines that begin with a tab, as many as its length says. Words may be missing;
 * what a later line refers to stands above it.
 *
 *     skep-case 1
 *     name TEXT
 *     group TEXT                         the file that it comes from
 *     prog TYPE ATTACH_TYPE FLAGS PROG_NAME
 *     license TEXT
 *     caps MASK                          enum case_cap, what the loader had
 *     target KIND NAME                   attach_btf_id: a type of the kernel's BTF
 *     btf LEN [FILE]                     the next blob; FILE stands beside the case
 *     map TYPE KEY VALUE ENTRIES FLAGS EXTRA INNER BTF KEY_TYPE VALUE_TYPE NAME
 *                                        INNER: an earlier map, BTF: a blob; -1: none
 *     vmlinux_value NAME                 of the last map: the struct of the kernel's BTF
 *     frozen LEN                         the last map, an array: its first value
 *     prog_btf BTF
 *     func_info RECORD_SIZE LEN
 *     line_info RECORD_SIZE LEN
 *     code LEN                           lddw of a map: PSEUDO_MAP_IDX[_VALUE], a map
 *     ksym INSN KIND NAME                imm is the id of that type of the kernel's BTF
 *     answer ERRNO PROCESSED STATES PEAK_STATES MAX_STATES_PER_INSN USEC
 *     stack TEXT                         bytes, of each function: 40+0
 *     message                            a tab and text: what the kernel said
 *     unpriv ERRNO TEXT                  what users without capabilities were told once:
 *                                        a part of the message; the errno is not known,
 *                                        EACCES if refused
 *
 * Reading is safe whatever the file says; memory is the case's own.
 */
#ifndef CASE_H
#define CASE_H

#include <skep/abi.h>
#include <skep/btf.h>
#include "arena.h"
#include "vec.h"

enum case_cap { CASE_BPF = 1, CASE_PERFMON = 2, CASE_NET_ADMIN = 4, CASE_ADMIN = 8 };

struct case_bytes {
	u8 *at;
	u32 len;
};

struct case_map {
	u32 type, key_size, value_size, max_entries, flags;
	u64 extra;
	s32 inner, btf;
	u32 key_type, value_type;
	char *name, *vmlinux_value;
	struct case_bytes frozen;
};

struct case_ksym {
	u32 insn, kind;
	char *name;
};

struct case_answer {
	int err; /* a positive errno; 0: accepted */
	u32 processed, states, peak, max_per_insn;
	u64 usec;
	char *stack, *message; /* may be NULL */
};

struct vcase {
	struct arena arena;
	char *name, *group, *prog_name, *license; /* never NULL after reading */
	u32 type, attach_type, flags, caps;
	char *target; /* NULL: none */
	u32 target_kind;
	vec(struct case_bytes) btfs;
	vec(struct case_map) maps;
	vec(struct case_ksym) ksyms;
	s32 prog_btf;
	u32 func_info_size, line_info_size;
	struct case_bytes func_info, line_info;
	struct skep_insn *code;
	u32 n;
	struct case_answer answer;
	struct case_answer unpriv; /* by who recorded it, not by the kernel */
	bool has_unpriv;
};

/* 0, or -errno and a sentence. Zeroes `c` first; free it in any case. */
int case_read(struct vcase *c, const char *path, struct skep_log *log);
void case_free(struct vcase *c);

/* Writes DIR/GROUP/NAME.case, folders included, with blobs above 1 KB beside it, each
 * once. Replaces the file. 0 or -errno. */
int case_write(const struct vcase *c, const char *dir);

/* Sets imm of each ksym and *target_id by the names in the kernel's BTF; a name that it
 * does not have becomes 0. */
void case_resolve(struct vcase *c, const struct skep_btf *vmlinux, u32 *target_id);

/* The types of the running kernel, parsed at the first call; NULL: none. Not freed. */
const struct skep_btf *case_vmlinux(void);

/* ---- the kernel's side ---- */

/* What a case refers to, made in the kernel. */
struct case_fds {
	int *btf, *map; /* as many as the case has */
};

/* 0 or -errno and a sentence; close in any case. */
int case_open(const struct vcase *c, struct case_fds *fds, struct skep_log *log);
void case_close(const struct vcase *c, struct case_fds *fds);

/* Loads with that log level into `log`, whose tail is kept; *answer has no texts. The
 * case must be resolved. */
void case_load(const struct vcase *c, const struct case_fds *fds, u32 target_id,
	       u32 log_level, struct skep_log *log, struct case_answer *answer);

/* Reads the statistics at the end of a log (log_level 4) and cuts them off. The stack
 * text points into the log. */
void case_statistics(char *log, struct case_answer *answer);

/* The effective capabilities of this thread become those of the mask, CAP_SYS_RESOURCE
 * and others untouched. */
int case_set_caps(u32 mask);
u32 case_caps(void);
/* The mask of "bpf,net_admin", "none"...; -EINVAL and a sentence on stderr. */
int case_parse_caps(const char *names);

#endif
