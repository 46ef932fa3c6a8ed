/* isa_doc.c - writes docs/isa.md from insn.def, syntax.def and cbpf.def */
#include <stdio.h>
#include "cbpf.h"
#include "syntax.h"

/* A cell of a table: as code, with what would end the cell escaped. */
static void cell(const char *text)
{
	printf(" `");
	for (; *text; text++)
		printf(*text == '|' ? "\\|" : "%c", *text);
	printf("` |");
}

/* An example of an op in one spelling. */
static void example(u32 op, enum skep_syntax syntax)
{
	const struct op_info *i = &op_info[op];
	struct skep_disasm_opts opts = {.size = sizeof(opts), .syntax = syntax};
	struct insn in = {.op = (u16)op, .dst = 1, .src = 2};
	char text[80] = "";
	struct skep_log out = {.buf = text, .size = sizeof(text)};

	if (i->fields & field_off)
		in.off = op == op_call_kfunc ? 0 : 8;
	if (i->fields & field_imm)
		in.imm = op == op_addr_space_cast ? 1 : 5;
	if (op == op_lddw)
		in.src = 0;
	insn_print(&out, &in, &opts);
	cell(text);
}

static void row(u32 op, const char *meaning)
{
	const struct op_info *i = &op_info[op];

	if (!i->legal)
		return;
	printf("|");
	example(op, SKEP_SYNTAX_MNEMONIC);
	example(op, SKEP_SYNTAX_KERNEL);
	printf(" %02x |", i->code);
	if (i->fields & field_off)
		printf(" |");
	else
		printf(" %d |", i->off);
	if (i->fields & (field_imm | field_far))
		printf(" |");
	else
		printf(" %#x |", (u32)i->imm);
	if (meaning)
		cell(meaning);
	else
		printf(" |");
	printf("\n");
}

static void table(const char *title, const char *text)
{
	printf("\n## %s\n\n%s\n\n", title, text);
	printf("| mnemonic | as the kernel writes it | opcode | off | imm | meaning |\n"
	       "|---|---|---|---|---|---|\n");
}

#define FORMS(name, expr) \
	row(op_##name##64x, expr), row(op_##name##64k, expr), row(op_##name##32x, expr), \
		row(op_##name##32k, expr);

static void arithmetic(void)
{
	table("Arithmetic",
	      "`dst` becomes the meaning of D (`dst`) and S (`src` or the immediate). UW and SW "
	      "are the unsigned and the signed type of the operands' width, M is 63 or 31. The "
	      "result of 32 bits is zero-extended; an immediate of 64-bit operations is "
	      "sign-extended.");
#define ALU(name, code, off, forms, text, expr) FORMS(name, #expr)
#include "insn.def"
	table("Byte swaps", "The meaning is that of a little-endian machine.");
#define SWAP(name, opcode, bits, text, expr) row(op_##name, #expr);
#include "insn.def"
}

static void jumps(void)
{
	table("Conditional jumps",
	      "To `pc + 1 + off` if the meaning is not 0. D and S as above.");
#define JMP(name, code, text, expr) FORMS(name, #expr)
#include "insn.def"
}

static void memory(void)
{
	table("Loads and stores",
	      "At a register plus `off`. Loads into 64 bits, zero- or sign-extended; "
	      "`ldacq` is a load-acquire, `strel` a store-release (since Linux 6.15).");
#define MEM(name, size, utype, stype) \
	row(op_ldx_##name, NULL), row(op_ldxs_##name, NULL), row(op_st_##name, NULL), \
		row(op_stx_##name, NULL), row(op_ldacq_##name, NULL), \
		row(op_strel_##name, NULL);
#include "insn.def"
	table("Atomic operations",
	      "The word in memory, D, becomes the meaning of D, S (`src`) and, for cmpxchg, A "
	      "(`r0`). Those that fetch give the old word to `src`, cmpxchg to `r0`.");
#define ATOM(name, imm, fetch, text, expr) \
	row(op_lock_##name##_dw, #expr), row(op_lock_##name##_w, #expr);
#include "insn.def"
	table("Loads from the packet",
	      "As classic BPF has them: `r0` becomes a number in network order, at `imm` (plus "
	      "`src`). The program ends with 0 if the packet does. `r6` must be the context; "
	      "`r1` to `r5` are lost.");
#define MEM(name, size, utype, stype) \
	row(op_ldabs_##name, NULL), row(op_ldind_##name, NULL);
#include "insn.def"
}

static void others(void)
{
	table("Others",
	      "`lddw` takes two slots. `off` of `ja32` and of a local call stands in `imm`.");
	row(op_lddw, "dst = imm, 64 bits, or what src says");
	row(op_ja, "goto pc + 1 + off");
	row(op_gotol, "goto pc + 1 + off, 32 bits");
	row(op_may_goto, "goto pc + 1 + off when the program has looped too often");
	row(op_call_helper, "r0 = helper(r1, ... r5)");
	row(op_call_local, "r0 = function(r1, ... r5) in a frame of its own");
	row(op_call_kfunc,
	    "r0 = kfunc(r1, ... r5), imm is its BTF id, off selects the BTF");
	row(op_exit, "return r0");
	row(op_addr_space_cast, "dst = src, between the arena's address space, 1, and 0");
}

static void spellings(void)
{
	static const struct {
		const char *syntax, *text;
	} forms[] = {
#define FORM(syntax, when, text) {#syntax, text},
#include "syntax.def"
	};

	printf("\n## What the assembler reads\n\n"
	       "Every form, for any instruction of its kind, one a line. White space between "
	       "words and signs is free. Numbers are decimal or, with `0x`, hexadecimal. A line "
	       "may begin with a label and a colon; a comment begins with `;`, `//` or `#`.\n\n"
	       "`$o` operator, `$t` type of the memory (`u32`), `$m` mnemonic, `$b` bits, `$w` "
	       "64 or nothing; `$D $S` operands named by their width (`r1`, `w1`; `$S` may be an "
	       "immediate), `$d $s` named as 64 bits, `$v $u` either way where both mean the "
	       "same; `$O` offset, `$i` number, `$F` `off` of a kfunc, `$A` address spaces, `$J` "
	       "label or distance (`+3`, `pc+3`), `$N` distance, `$C` label or distance of a "
	       "function, `$H` name or number of a helper, `$L $l $h` 64 bits, low and high "
	       "half. `$0` to `$6` stand for nothing: the `src` of that form of `lddw`.\n\n"
	       "| spelling | form |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		printf("| %s |", *forms[i].syntax == 'K' ? "kernel" : "mnemonic");
		cell(forms[i].text);
		printf("\n");
	}
}

static void classic(void)
{
	printf("\n## Classic BPF\n\nAs `tcpdump -d` writes it; A, X and M[0] to M[15] are words "
	       "of 32 bits.\n\n| instruction | opcode |\n|---|---|\n");
	for (u16 code = 0; code < 256; code++) {
		const struct skep_filter f = {.code = code, .jt = 1, .jf = 2, .k = 8};
		char text[80];

		if (cbpf_of(&f)->kind == CBPF_BAD)
			continue;
		skep_cbpf_print(&f, 1, text, sizeof(text), NULL);
		text[strcspn(text, "\n")] = '\0';
		for (char *c = text; *c; c++)
			if (*c == '\t')
				*c = ' ';
		printf("|");
		cell(text + strlen("(000) "));
		printf(" %02x |\n", code);
	}
}

int main(void)
{
	printf("# The instructions\n\n"
	       "Generated by `test/isa_doc.c` from `src/isa/insn.def`, `syntax.def` and "
	       "`cbpf.def`; do not edit.\n\n"
	       "All of RFC 9669 and what Linux 6.18 adds. A field of which a table gives the "
	       "value must have it; a field that an instruction does not use must be 0. Both are "
	       "checked when a program is decoded, as Linux does when it loads one. (Linux never "
	       "looks at `off` of `exit`; here it must be 0.) `r10` is read-only.\n");
	arithmetic();
	jumps();
	memory();
	others();
	spellings();
	classic();
	return 0;
}
