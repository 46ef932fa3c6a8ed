#include "tool.h"
#include "mem.h"
#include "tool_msg.h"
#include <skep/isa.h>
#include <unistd.h>

const char help_asm[] =
	"usage: skep asm [--cbpf] [--hex | --c] [-o FILE] FILE\n"
	"\n"
	"Assembles the instructions in FILE ('-': standard input), one a line, into bytecode.\n"
	"Both spellings are read, mixed: 'r1 += r2' and 'add %r1, %r2'. 'skep disasm' is the\n"
	"way back.\n"
	"\n"
	"      --cbpf         FILE is a classic filter, as tcpdump -d, -dd or -ddd writes it;\n"
	"                     translate it to a program for socket_filter or sched_cls\n"
	"      --hex          write hexadecimal text, an instruction a line\n"
	"      --c            write a C array\n"
	"  -o, --output FILE  write there and not to standard output\n"
	"\n"
	"Without --hex and --c the bytes themselves are written.\n";

static void write_hex(FILE *f, const struct skep_insn *code, u32 n)
{
	const u8 *at = (const u8 *)code;

	for (u32 i = 0; i < n * 8; i++)
		fprintf(f, "%02x%c", at[i], i % 8 == 7 ? '\n' : ' ');
}

/* An initializer a slot; the instruction stands behind its first one. */
static void write_c(FILE *f, const struct skep_insn *code, u32 n)
{
	int size = skep_disasm(code, n, NULL, NULL, 0, NULL);
	char *text = size < 0 ? NULL : mem_alloc((size_t)size + 1, 1), *line = text;

	if (text)
		skep_disasm(code, n, NULL, text, (size_t)size + 1, NULL);
	fprintf(f, "static const struct skep_insn program[] = {\n");
	for (u32 i = 0; i < n; i++) {
		fprintf(f, "\t{ 0x%02x, %u, %u, %d, %d },", code[i].code, code[i].dst_reg,
			code[i].src_reg, code[i].off, code[i].imm);
		if (line && code[i].code) {
			fprintf(f, " /* %.*s */", (int)strcspn(line, "\n"), line);
			line += strcspn(line, "\n") + 1;
		}
		fputc('\n', f);
	}
	fprintf(f, "};\n");
	mem_free(text);
}

/* One of the two ways to bytecode: with no room it says how much it takes. */
struct source {
	const char *text;
	size_t len;
	struct skep_filter *filter; /* NULL: assemble the text */
	u32 n_filter;
};

static int translate(const struct source *s, struct skep_insn *out, u32 room)
{
	struct skep_log *log = tool_log();

	if (s->filter)
		return skep_cbpf_translate(s->filter, s->n_filter, out, room, log);
	return skep_asm(s->text, s->len, NULL, out, room, log);
}

/* The bytecode in memory that the caller frees with mem_free; -1 after a sentence. */
static int assemble(const char *path, bool cbpf, struct skep_insn **out)
{
	struct source s = {0};
	void *text;
	int n = 0;

	*out = NULL;
	if (input_read(path, &text, &s.len))
		return -1;
	s.text = text;
	if (cbpf)
		n = filter_read(path, text, s.len, &s.filter);
	s.n_filter = (u32)n;
	if (n >= 0)
		n = translate(&s, NULL, 0);
	if (n >= 0) {
		*out = mem_alloc((size_t)n, sizeof(**out));
		n = *out ? translate(&s, *out, (u32)n) : -1;
		if (!*out)
			tool_error(msg_no_memory);
	}
	tool_log_show(input_name(path));
	mem_free(s.filter);
	mem_free(text);
	return n;
}

int cmd_asm(int argc, char **argv)
{
	bool cbpf = false, hex = false, c = false;
	const char *output = NULL;
	const struct opt opts[] = {
		{"cbpf", 0, opt_flag, &cbpf},
		{"hex", 0, opt_flag, &hex},
		{"c", 0, opt_flag, &c},
		{"output", 'o', opt_text, &output},
		{0},
	};
	struct skep_insn *code;
	struct args args;
	FILE *f;
	int n, code_out = opt_parse(&args, argc, argv, opts, 1, 1);

	if (code_out >= 0)
		return code_out;
	if (!hex && !c && !output && isatty(STDOUT_FILENO)) {
		tool_error(msg_raw_to_terminal);
		return exit_usage;
	}
	n = assemble(args.at[0], cbpf, &code);
	f = n < 0 ? NULL : output_open(output);
	if (f && c)
		write_c(f, code, (u32)n);
	else if (f && hex)
		write_hex(f, code, (u32)n);
	else if (f)
		fwrite(code, sizeof(*code), (size_t)n, f);
	mem_free(code);
	return f ? output_close(f, output) : exit_failed;
}
