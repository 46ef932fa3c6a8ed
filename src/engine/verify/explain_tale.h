/* explain_tale.h - a refusal while it is put into words; shared by explain*.c */
#ifndef EXPLAIN_TALE_H
#define EXPLAIN_TALE_H

#include "explain.h"
#include "explain_record.h"
#include "str.h"

/* What the lines that led to the refusal are about. */
enum follow {
	follow_none,
	follow_pointer, /* where the register at fault came from */
	follow_number,	/* the variable part of its offset, or the number that it is */
	follow_size,	/* the number that says how long a helper's memory is */
	follow_other,	/* the second operand of the instruction */
	follow_ref,	/* the reference that is left, and the branches since */
	follow_lock,	/* the same of a lock */
	follow_path,	/* the branches alone */
};

struct explain_class {
	const char *name;
	enum follow follow;
	const char *headline, *required, *known, *input, *fix;
};

enum { CHAIN_MOST = 6, TALE_TEXT = 1024 };

/* Greater offsets from the start of a packet are not compared with its end. */
enum { PACKET_FAR = 0xffff };

struct chain_event {
	u32 step, insn;
	const char *note;
	bool origin;
};

struct tale {
	struct verifier *v;
	struct record *rec;
	struct arena *arena;
	struct skep_explanation *out;
	const struct explain_class *class;
	const struct insn
		*in; /* the refused one; NULL: before any path, or the stack's depth */
	u32 insn;
	int regno;	/* that the kernel's message is about; -1: none */
	struct reg reg; /* it, before the instruction */
	const struct reg *regs;
	const struct helper_proto *helper; /* that is called; NULL */
	const struct reg *number; /* what decides: of a pointer its variable part */
	u32 cleared;		  /* the call that ended what the register was; ~0 */
	u32 origin; /* the step that made the value, in rec->snaps; ~0: none */
	const char *origin_text;
	const char *name; /* of the variable, if a line of the source tells; NULL */
	u64 scale;	  /* bytes for each one of the variable: of an index */
	bool wide;	  /* only the low 32 bits were checked */
	bool joined;	  /* a number that was made from it was checked */
	bool derived;	  /* more than that was calculated in the refused line */
	struct chain_event events[CHAIN_MOST];
	u32 nevents;
	const char *advice; /* what to change, where a check was lost; NULL */
	const char *held;   /* a note about an instruction of no line */
	u32 check; /* step of the comparison that made a packet's bytes known; ~0: none */
	s64 own; /* the greatest number that a lost check of the program lets pass; -1 */
};

/* ---- explain_chain.c ---- */

/* Fills events, origin and name. */
void chain_build(struct tale *t);

/* ---- explain_name.c ---- */

/* Of the value at fault, in t->name. */
void tale_find_name(struct tale *t);
/* "e->count": the only member through a pointer in the refused line; NULL. */
const char *tale_member(struct tale *t);

/* ---- explain_line.c ---- */

const char *tale_text(struct tale *t, const char *fmt, ...) PRINTF(2, 3);
/* "prog.c:12", or "instruction 7". */
const char *tale_at(struct tale *t, u32 insn);
/* The instruction as the disassembler has it. */
const char *tale_insn(struct tale *t, u32 insn);
/* The compiler made it of no line of the source. */
bool tale_is_nowhere(const struct tale *t, u32 insn);
/* NULL: there is none. */
const struct skep_line_info *tale_line(const struct tale *t, u32 insn);
const char *tale_file(const struct tale *t, const struct skep_line_info *line);
/* The line's text without its indentation; "" for NULL. */
const char *tale_source(const struct tale *t, const struct skep_line_info *line);
/* Where in that text the instruction's expression begins; 0: not known. */
size_t tale_column(const struct tale *t, const struct skep_line_info *line);

/* ---- explain_bound.c ---- */

/* "0 to 255", "any 64-bit number". */
const char *tale_range(struct tale *t, const struct scalar *n);
/* How many bytes the refused instruction touches, 0: not known; where its offset begins
 * without the variable part; how many bytes there are. */
u64 tale_size(const struct tale *t);
s64 tale_offset(const struct tale *t);
u64 tale_limit(const struct tale *t);
/* How often the refused instruction was passed on this path before. */
u32 tale_rounds(const struct tale *t);

/* ---- explain_kind.c ---- */

/* "a pointer to a value of map 'counts', or NULL". */
const char *tale_type(struct tale *t, const struct reg *r);
/* "bpf_map_lookup_elem()" of the call at an instruction. */
const char *tale_call(struct tale *t, u32 insn);
/* That the refusal is about, by its register, a call's or its own; NULL. */
const struct verify_map *tale_map(const struct tale *t);
/* The global variable at an offset of the section that a map is; NULL: it is none. */
const struct skep_btf_var_secinfo *tale_variable(const struct verify_map *map, s64 off);

/* ---- explain_rule.c ---- */

/* The member of a struct that holds an offset; NULL. */
const struct skep_btf_member *tale_member_at(const struct skep_btf *b, u32 id, s64 off);

/* ---- explain_word.c ---- */

/* A template of explain.def, with its {words} filled in; NULL for NULL. */
const char *tale_expand(struct tale *t, const char *template);

#define WORD(name) void word_##name(struct tale *t, struct str *s);
#include "explain_word.def"

#endif
