#include "tool.h"
#include "mem.h"
#include "tool_msg.h"
#include <skep/isa.h>
#include <ctype.h>
#include <stdlib.h>

const char help_disasm[] =
	"usage: skep disasm [--mnemonics] [--hex] [--numbers] FILE\n"
	"\n"
	"Writes the bytecode in FILE ('-': standard input) as text, an instruction a line.\n"
	"What it writes, 'skep asm' turns into the same bytes.\n"
	"\n"
	"  -m, --mnemonics  write 'add %r1, %r2' and not 'r1 += r2'\n"
	"      --hex        FILE is hexadecimal text\n"
	"  -n, --numbers    write the number and the opcode before each instruction\n";

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Turns hexadecimal text, two digits a byte, into bytes in place. */
static bool hex_decode(char *text, size_t *len)
{
	size_t n = 0, line = 1;

	for (size_t i = 0; i < *len; i++) {
		line += text[i] == '\n';
		if (isspace((unsigned char)text[i]))
			continue;
		if (!isxdigit((unsigned char)text[i]) ||
		    !isxdigit((unsigned char)text[i + 1])) {
			tool_error(msg_hex_digit, line, text[i]);
			return false;
		}
		text[n++] = (char)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
		i++;
	}
	*len = n;
	return true;
}

static int write_text(const char *path, const void *data, size_t len,
		      const struct skep_disasm_opts *opts)
{
	struct skep_log *log = tool_log();
	u32 n = (u32)(len / sizeof(struct skep_insn));
	int size = skep_disasm(data, n, opts, NULL, 0, log);
	char *text = size < 0 ? NULL : mem_alloc((size_t)size + 1, 1);

	if (text) {
		skep_disasm(data, n, opts, text, (size_t)size + 1, log);
		fputs(text, stdout);
	} else if (size >= 0) {
		tool_error(msg_no_memory);
	}
	tool_log_show(input_name(path));
	mem_free(text);
	return text ? exit_ok : exit_failed;
}

int cmd_disasm(int argc, char **argv)
{
	bool mnemonics = false, hex = false, numbers = false;
	const struct opt opts[] = {
		{"mnemonics", 'm', opt_flag, &mnemonics},
		{"hex", 0, opt_flag, &hex},
		{"numbers", 'n', opt_flag, &numbers},
		{0},
	};
	struct skep_disasm_opts how = {.size = sizeof(how)};
	struct args args;
	void *data;
	size_t len;
	int code = opt_parse(&args, argc, argv, opts, 1, 1);

	if (code >= 0)
		return code;
	how.syntax = mnemonics ? SKEP_SYNTAX_MNEMONIC : SKEP_SYNTAX_KERNEL;
	how.flags = numbers ? SKEP_DISASM_NUMBERS : 0;
	if (input_read(args.at[0], &data, &len))
		return exit_failed;
	code = exit_failed;
	if (!hex || hex_decode(data, &len)) {
		if (len % sizeof(struct skep_insn))
			tool_error(msg_odd_bytes, input_name(args.at[0]), len);
		else
			code = write_text(args.at[0], data, len, &how);
	}
	mem_free(data);
	return code;
}
