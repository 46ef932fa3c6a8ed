#include "syntax.h"
#include <errno.h>
#include "mem.h"

struct printer {
	struct skep_log *out;
	const struct insn *in;
	const struct op_info *info;
	struct skep_disasm_opts opts;
};

static void print_register(const struct printer *p, u8 reg, bool is_32)
{
	if (p->opts.syntax == SKEP_SYNTAX_MNEMONIC)
		log_printf(p->out, "%%r%u", reg);
	else
		log_printf(p->out, "%c%u", is_32 ? 'w' : 'r', reg);
}

/* The kernel writes what a jump compares in hex, all else in decimal. */
static void print_imm(const struct printer *p)
{
	if (p->info->class == class_jmp && p->opts.syntax == SKEP_SYNTAX_KERNEL)
		log_printf(p->out, "0x%x", (u32)p->in->imm);
	else
		log_printf(p->out, "%d", (s32)p->in->imm);
}

static void print_target(const struct printer *p, s32 off)
{
	log_printf(p->out, p->opts.syntax == SKEP_SYNTAX_KERNEL ? "pc%+d" : "%+d", off);
}

static void print_helper(const struct printer *p)
{
	s32 id = (s32)p->in->imm;
	const char *name = helper_name(id);

	if (!name && p->opts.helper_name)
		name = p->opts.helper_name(p->opts.ctx, id);
	if (p->opts.syntax == SKEP_SYNTAX_MNEMONIC)
		log_printf(p->out, "%d", id);
	else if (name)
		log_printf(p->out, "bpf_%s#%d", name, id);
	else
		log_printf(p->out, "unknown#%d", id);
}

static void print_offset(const struct printer *p)
{
	if (p->in->off || p->opts.syntax == SKEP_SYNTAX_KERNEL)
		log_printf(p->out, "%+d", p->in->off);
}

static void print_operand(const struct printer *p, char item)
{
	const struct insn *in = p->in;
	bool is_32 = p->info->size == 4;

	switch (item) {
	case 'D': print_register(p, in->dst, is_32); break;
	case 'd':
	case 'v': print_register(p, in->dst, false); break;
	case 's':
	case 'u': print_register(p, in->src, false); break;
	case 'S':
		if (p->info->is_imm)
			print_imm(p);
		else
			print_register(p, in->src, is_32);
		break;
	case 'O': print_offset(p); break;
	case 'i': print_imm(p); break;
	case 'J':
	case 'N': print_target(p, in->off); break;
	case 'C': print_target(p, (s32)in->imm); break;
	case 'H': print_helper(p); break;
	case 'L': log_printf(p->out, "0x%llx", (unsigned long long)in->imm); break;
	case 'l': log_printf(p->out, "%d", (s32)in->imm); break;
	case 'h': log_printf(p->out, "%u", (u32)((u64)in->imm >> 32)); break;
	case 'A':
		log_printf(p->out, "%u, %u", (u32)in->imm >> 16, (u32)in->imm & 0xffff);
		break;
	case 'F':
		if (in->off)
			log_printf(p->out, " off %d", in->off);
		break;
	}
}

/* Of lddw's forms the one whose digit is its src. */
static bool is_form_of(const struct form *f, const struct printer *p)
{
	const char *digit = p->in->op == op_lddw ? strpbrk(f->text, "0123456") : NULL;

	return f->syntax == p->opts.syntax && (!digit || *digit - '0' == p->in->src);
}

static struct skep_disasm_opts opts_of(const struct skep_disasm_opts *given)
{
	struct skep_disasm_opts opts = {0};

	if (given)
		memcpy(&opts, given, MIN(given->size, sizeof(opts)));
	return opts;
}

void insn_print(struct skep_log *out, const struct insn *in,
		const struct skep_disasm_opts *opts)
{
	struct printer p = {
		.out = out, .in = in, .info = &op_info[in->op], .opts = opts_of(opts)};
	struct form forms[SYNTAX_FORMS];
	u32 n = syntax_forms(in->op, forms), i = 0;
	char word[SYNTAX_WORD];

	while (i < n && !is_form_of(&forms[i], &p))
		i++;
	for (const char *c = i < n ? forms[i].text : ""; *c;) {
		size_t len = strcspn(c, "$");

		if (len)
			log_printf(out, "%.*s", (int)len, c);
		else if (syntax_static(c[1], in->op, word))
			log_printf(out, "%s", word);
		else
			print_operand(&p, c[1]);
		c += len ? len : 2;
	}
}

int skep_disasm(const struct skep_insn *code, uint32_t n,
		const struct skep_disasm_opts *opts, char *buf, size_t size,
		struct skep_log *log)
{
	struct skep_log text = {.buf = buf, .size = size};
	struct insn *insns = mem_alloc(n, sizeof(*insns));
	bool numbers = opts_of(opts).flags & SKEP_DISASM_NUMBERS;
	int err = insns ? insn_decode(code, n, insns, log) : -ENOMEM;

	if (size)
		buf[0] = '\0';
	for (u32 at = 0; !err && at < n; at++) {
		if (insns[at].op == op_none)
			continue;
		if (numbers)
			log_printf(&text, "%4u: (%02x) ", at, code[at].code);
		insn_print(&text, &insns[at], opts);
		log_printf(&text, "\n");
	}
	mem_free(insns);
	return err ? err : (int)text.len;
}
