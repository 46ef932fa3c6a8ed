/* Any bytes as a program: the decoder refuses them with a message, or what it accepts
 * encodes, prints and assembles to the same bytes and passes through the flow check. */
#include <skep/isa.h>
#include <stdlib.h>
#include "insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 256 };

static void reads_back(const struct skep_insn *code, u32 n, enum skep_syntax syntax)
{
	static char text[MOST * 100];
	static struct skep_insn again[MOST];
	struct skep_disasm_opts opts = {.size = sizeof(opts), .syntax = syntax};
	int len = skep_disasm(code, n, &opts, text, sizeof(text), NULL);

	if (len < 0 || (size_t)len >= sizeof(text) ||
	    skep_asm(text, (size_t)len, NULL, again, MOST, NULL) != (int)n ||
	    memcmp(code, again, n * sizeof(*code)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skep_insn code[MOST];
	static struct insn insns[MOST];
	char why[300] = "";
	struct skep_log log = {.buf = why, .size = sizeof(why)};
	u32 n = (u32)MIN(size / 8, (size_t)MOST);

	memcpy(code, data, n * 8);
	if (insn_decode(code, n, insns, &log)) {
		if (!log.len)
			abort();
		return 0;
	}
	insn_check_flow(insns, n, &log);
	reads_back(code, n, size & 1 ? SKEP_SYNTAX_MNEMONIC : SKEP_SYNTAX_KERNEL);
	return 0;
}
