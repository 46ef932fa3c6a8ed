/* skep/isa.h - instructions as text: assembler and disassembler
 *
 * Both know two spellings. SKEP_SYNTAX_KERNEL is that of the verifier's log, bpftool and
 * llvm-objdump (`r1 += r2`, `*(u32 *)(r1 +4) = r2`, `if w1 s> 5 goto out`);
 * SKEP_SYNTAX_MNEMONIC that of the bpf_conformance suite (`add32 %r1, 5`,
 * `ldxw %r0, [%r1+2]`, `lock fetch add [%r1], %r2`). docs/isa.md lists every form. The
 * assembler reads both, mixed; what the disassembler writes assembles to the same bytes.
 * A fault is a sentence in the log; see skep/log.h. Nothing here has state.
 */
#ifndef SKEP_ISA_H
#define SKEP_ISA_H

#include <skep/abi.h>
#include <skep/api.h>
#include <skep/log.h>

enum skep_syntax {
	SKEP_SYNTAX_KERNEL = 0,
	SKEP_SYNTAX_MNEMONIC = 1,
};

struct skep_asm_opts {
	size_t size; /* sizeof(struct skep_asm_opts) */

	/* The id of a helper that Linux does not have, or below 0; may be NULL. Linux's
	 * names are known, with and without bpf_. `name` ends with a 0 byte. */
	int (*helper_id)(void *ctx, const char *name);
	void *ctx;
};

/* Assembles `len` bytes of text: an instruction or label (`out:`) a line, comments from
 * ';', '//' or '#' on. A number and a colon before an instruction, as dumps have them,
 * are skipped. `opts` may be NULL. Returns the slots that the program takes and writes
 * the first `room` of them to `out`; or -EINVAL, -E2BIG or -ENOMEM and a message that
 * names line and column. What is written is not checked any further. */
SKEP_API int skep_asm(const char *text, size_t len, const struct skep_asm_opts *opts,
		      struct skep_insn *out, uint32_t room, struct skep_log *log);

enum skep_disasm_flag {
	SKEP_DISASM_NUMBERS = 1, /* "   3: (b7) " before each instruction */
};

struct skep_disasm_opts {
	size_t size; /* sizeof(struct skep_disasm_opts) */
	enum skep_syntax syntax;
	uint32_t flags; /* enum skep_disasm_flag */

	/* The name of a helper that Linux does not have, or NULL; may be NULL. */
	const char *(*helper_name)(void *ctx, int32_t id);
	void *ctx;
};

/* Writes `n` slots as text, an instruction a line. `opts` may be NULL. Returns the bytes
 * that the text takes without the final 0, of which `size` - 1 at most were written to
 * `buf` (which may be NULL if `size` is 0); or -EINVAL and a message that names the
 * instruction that is none. */
SKEP_API int skep_disasm(const struct skep_insn *code, uint32_t n,
			 const struct skep_disasm_opts *opts, char *buf, size_t size,
			 struct skep_log *log);

#endif
