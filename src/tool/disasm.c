#include "tool.h"
#include "mem.h"
#include "tool_msg.h"
#include <skep/isa.h>
#include <ctype.h>
#include <stdlib.h>

const char help_disasm[] =
	"usage: skep disasm [--mnemonics] [--numbers] [--cbpf] [--hex] FILE\n"
	"\n"
	"Writes the bytecode in FILE ('-': standard input) as text, an instruction a line.\n"
	"What it writes, 'skep asm' turns into the same bytes.\n"
	"\n"
	"  -m, --mnemonics  write 'add %r1, %r2' and not 'r1 += r2'\n"
	"      --hex        FILE is hexadecimal text\n"
	"      --cbpf       FILE is a classic filter, bytes or text as tcpdump -d, -dd or\n"
	"                   -ddd writes it; write it as tcpdump -d does\n"
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

struct code {
	const void *at;
	u32 n;
	const struct skep_disasm_opts *opts; /* NULL: classic BPF */
};

static int print(const struct code *c, char *buf, size_t size)
{
	if (!c->opts)
		return skep_cbpf_print(c->at, c->n, buf, size, tool_log());
	return skep_disasm(c->at, c->n, c->opts, buf, size, tool_log());
}

static int write_text(const char *path, const struct code *c)
{
	int size = print(c, NULL, 0);
	char *text = size < 0 ? NULL : mem_alloc((size_t)size + 1, 1);

	if (text) {
		print(c, text, (size_t)size + 1);
		fputs(text, stdout);
	} else if (size >= 0) {
		tool_error(msg_no_memory);
	}
	tool_log_show(input_name(path));
	mem_free(text);
	return text ? exit_ok : exit_failed;
}

static int write_filter(const char *path, const void *data, size_t len)
{
	struct skep_filter *filter;
	int n = filter_read(path, data, len, &filter);
	struct code c = {filter, (u32)n, NULL};
	int code = n < 0 ? exit_failed : write_text(path, &c);

	mem_free(filter);
	return code;
}

static int write_insns(const char *path, const void *data, size_t len,
		       const struct skep_disasm_opts *opts)
{
	struct code c = {data, (u32)(len / sizeof(struct skep_insn)), opts};

	if (len % sizeof(struct skep_insn)) {
		tool_error(msg_odd_bytes, input_name(path), len);
		return exit_failed;
	}
	return write_text(path, &c);
}

int cmd_disasm(int argc, char **argv)
{
	bool mnemonics = false, hex = false, numbers = false, cbpf = false;
	const struct opt opts[] = {
		{"mnemonics", 'm', opt_flag, &mnemonics},
		{"hex", 0, opt_flag, &hex},
		{"numbers", 'n', opt_flag, &numbers},
		{"cbpf", 0, opt_flag, &cbpf},
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
	if (hex && !hex_decode(data, &len))
		code = exit_failed;
	else if (cbpf)
		code = write_filter(args.at[0], data, len);
	else
		code = write_insns(args.at[0], data, len, &how);
	mem_free(data);
	return code;
}
