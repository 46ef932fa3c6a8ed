/* match.h - does a line have a form of syntax.def?
 *
 * The assembler tries every form on a line; the one that fits wins. A matcher remembers
 * how far the best attempt came and what would have taken it further, which makes the
 * message when none fits. It allocates nothing.
 */
#ifndef MATCH_H
#define MATCH_H

#include "syntax.h"

enum { MATCH_EXPECTS = 8 };

struct text {
	const char *s;
	size_t len;
};

struct matcher {
	const char *at, *end; /* what is left of the line; set them before each attempt */
	const char *far;      /* how far any attempt came; NULL at first */
	struct text expect[MATCH_EXPECTS]; /* what could have stood there */
	u32 n_expect;
	bool is_cut;   /* more than fit in there */
	bool is_range; /* a number stood there, but out of range: expect[0] */
	struct skep_asm_opts opts;
};

struct match {
	struct insn in;
	struct text label; /* of a jump or code address that is to be resolved */
	bool has_dst, has_src, is_imm_label;
};

/* `form` is a text of syntax.def with its static items expanded. */
bool match_form(struct matcher *m, const char *form, u8 syntax, u16 op,
		struct match *out);

/* The length of the word (name or number) at `s`, or 0; a label may have dots too. */
size_t match_word(const char *s, const char *end);
size_t match_name(const char *s, const char *end);
void match_skip_space(struct matcher *m);

#endif
