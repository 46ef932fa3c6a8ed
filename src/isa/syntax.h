/* syntax.h - the forms of syntax.def, shared by assembler and disassembler
 *
 * Guarantees: every legal op has a form in each syntax, and in one syntax no two ops
 * have a form in common (a test assembles what the disassembler writes).
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <skep/isa.h>
#include "insn.h"

enum { SYNTAX_FORMS = 16, SYNTAX_WORD = 24 };

struct form {
	u8 syntax; /* enum skep_syntax */
	const char *text;
};

/* The forms of an op in syntax.def's order; returns their number, 0 if it is not legal.
 */
u32 syntax_forms(u32 op, struct form out[SYNTAX_FORMS]);

/* What a static item ($o, $t, $m, $b, $w) says of an op; false: the item is an operand.
 */
bool syntax_static(char item, u32 op, char out[SYNTAX_WORD]);

/* The helper's name without bpf_, or NULL; the id of such a name, or -1. */
const char *helper_name(s32 id);
s32 helper_id(const char *name, size_t len);

/* One decoded instruction; `opts` may be NULL. */
void insn_print(struct skep_log *out, const struct insn *in,
		const struct skep_disasm_opts *opts);

#endif
