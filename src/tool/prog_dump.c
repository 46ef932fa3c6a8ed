/* skep prog dump xlated: instructions as the verifier left them. */
#include "prog_at.h"
#include "btf.h"
#include "mem.h"
#include "tool_msg.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <skep/isa.h>

enum { NOSPEC = 0xc0, PROBE_MEM = 0x20, PROBE_MEMSX = 0x40 }; /* inside the kernel only */

/* A function of the kernel that an instruction names. */
struct symbol {
	u64 address;
	char name[128];
};

struct dumper {
	struct request *r;
	struct prog_at p;
	struct symbol *symbols;
	u32 nsymbols;
	u64 base; /* calls are relative to it; 0: not known */
	bool opcodes, linum;
	u32 next_func, next_line;
};

/* ---- names of the kernel's functions ---- */

static bool calls_kernel(const struct skep_insn *in)
{
	return in->code == 0x85 && in->src_reg != SKEP_PSEUDO_CALL;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static const char *symbol_name(const struct dumper *d, u64 address)
{
	struct symbol key = {.address = address};
	const struct symbol *s = d->nsymbols ? bsearch(&key, d->symbols, d->nsymbols,
						       sizeof(key), by_address)
					     : NULL;

	return s && *s->name ? s->name : NULL;
}

/* Calls fn for each line of /proc/kallsyms. */
static void each_symbol(void (*fn)(struct dumper *d, u64 address, const char *name),
			struct dumper *d)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char *line = NULL, name[128];
	unsigned long long address;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		if (sscanf(line, "%llx %*c %127s", &address, name) == 2 && address)
			fn(d, address, name);
	free(line);
	if (f)
		fclose(f);
}

static void find_base(struct dumper *d, u64 address, const char *name)
{
	if (!strcmp(name, "__bpf_call_base"))
		d->base = address;
}

static void find_name(struct dumper *d, u64 address, const char *name)
{
	struct symbol key = {.address = address};
	struct symbol *s =
		bsearch(&key, d->symbols, d->nsymbols, sizeof(key), by_address);

	if (s && !*s->name)
		snprintf(s->name, sizeof(s->name), "%s", name);
}

/* Only what the program calls is kept of the two hundred thousand. */
static int read_symbols(struct dumper *d)
{
	u32 n = d->p.nksyms;

	if (d->r->side.engine)
		return 0;
	each_symbol(find_base, d);
	for (u32 i = 0; i < d->p.n; i++)
		n += calls_kernel(&d->p.code[i]);
	d->symbols = n ? arena_alloc(&d->p.arena, n, sizeof(*d->symbols)) : NULL;
	if (n && !d->symbols)
		return -ENOMEM;
	for (u32 i = 0; i < d->p.n && d->base; i++)
		if (calls_kernel(&d->p.code[i]))
			d->symbols[d->nsymbols++].address =
				d->base + (u64)(s64)d->p.code[i].imm;
	for (u32 i = 0; i < d->p.nksyms; i++)
		d->symbols[d->nsymbols++].address = d->p.ksyms[i];
	if (d->nsymbols) {
		qsort(d->symbols, d->nsymbols, sizeof(*d->symbols), by_address);
		each_symbol(find_name, d);
	}
	return 0;
}

/* ---- an instruction ---- */

/* With native code imm is the subprogram's number. */
static void call_subprogram(const struct dumper *d, const struct skep_insn *in,
			    struct str *s)
{
	u32 i = (u32)in->imm;
	const char *name = i < d->p.nksyms ? symbol_name(d, d->p.ksyms[i]) : NULL;

	str_printf(s, "call pc%+d", d->p.nksyms ? in->off : in->imm);
	if (name)
		str_printf(s, "#%s", name);
	else if (i < d->p.nksyms)
		str_printf(s, "#0x%" PRIx64, d->p.ksyms[i]);
}

/* What a dump has and a program that is loaded does not. */
static bool special(const struct dumper *d, const struct skep_insn *in, struct str *s)
{
	u64 imm = (u32)in->imm;
	const char *name =
		calls_kernel(in) ? symbol_name(d, d->base + (u64)(s64)in->imm) : NULL;

	if (in->code == NOSPEC) {
		str_printf(s, "nospec");
	} else if (name) {
		str_printf(s, "call %s#%d", name, in->imm);
	} else if (in->code == 0x85 && in->src_reg == SKEP_PSEUDO_CALL) {
		call_subprogram(d, in, s);
	} else if (in->code != 0x18) {
		return false;
	} else if (in->src_reg == SKEP_PSEUDO_MAP_FD) {
		str_printf(s, "r%d = map[id:%" PRIu64 "]", in->dst_reg, imm);
	} else if (in->src_reg == SKEP_PSEUDO_MAP_VALUE) {
		str_printf(s, "r%d = map[id:%" PRIu64 "][0]+%" PRIu32, in->dst_reg, imm,
			   (u32)in[1].imm);
	} else if (in->src_reg == SKEP_PSEUDO_FUNC) {
		str_printf(s, "r%d = subprog[%+d]", in->dst_reg, in->imm);
	} else {
		str_printf(s, "r%d = 0x%" PRIx64, in->dst_reg,
			   (u64)in[1].imm << 32 | imm);
	}
	return true;
}

/* Loads that may fault are marked inside the kernel; they are loads. */
static struct skep_insn plain_load(struct skep_insn in)
{
	if ((in.code & 7) == 1 && (in.code & 0xe0) == PROBE_MEM)
		in.code = (u8)((in.code & 0x1f) | 0x60);
	else if ((in.code & 7) == 1 && (in.code & 0xe0) == PROBE_MEMSX)
		in.code = (u8)((in.code & 0x1f) | 0x80);
	return in;
}

/* "(bf) r6 = r1" */
static void instruction(struct dumper *d, const struct skep_insn *in, struct str *s)
{
	struct skep_insn plain = plain_load(*in);
	char text[256];
	int n;

	str_printf(s, "(%02x) ", in->code);
	if (special(d, in, s))
		return;
	n = skep_disasm(&plain, 1, NULL, text, sizeof(text), NULL);
	if (n < 0)
		str_printf(s, "?");
	else
		str_printf(s, "%.*s", (int)strcspn(text, "\n"), text);
}

/* ---- what stands around it ---- */

static void func_line(struct dumper *d, u32 at)
{
	const struct skep_func_info *f = prog_at_func(&d->p, d->next_func);
	const struct skep_btf_type *t;
	struct str s = {0};

	if (!d->p.btf || !f || f->insn_off != at)
		return;
	d->next_func++;
	t = skep_btf_type_by_id(d->p.btf, f->type_id);
	if (!t || btf_kind(t) != SKEP_BTF_KIND_FUNC)
		return;
	btf_print_type(&s, d->p.btf, t->type, btf_str(d->p.btf, t->name_off), false);
	if (d->r->json)
		json_text(&d->r->out, "proto", s.s ? s.s : "");
	else
		printf("%s:\n", s.s ? s.s : "");
	str_free(&s);
}

static const char *btf_text(const struct dumper *d, u32 off)
{
	const char *text = skep_btf_string(d->p.btf, off);

	return text ? text + strspn(text, " \t") : "";
}

static void source_line(struct dumper *d, u32 at)
{
	const struct skep_line_info *l = NULL, *next;
	struct json *j = &d->r->out;
	const char *text, *file;

	while (d->p.btf && (next = prog_at_line(&d->p, d->next_line)) &&
	       next->insn_off <= at) {
		l = next;
		d->next_line++;
	}
	if (!l || l->insn_off != at)
		return;
	text = btf_text(d, l->line_off);
	file = btf_text(d, l->file_name_off);
	if (!d->r->json) {
		printf("; %s", text);
		if (d->linum && *file)
			printf(" [file:%s line_num:%" PRIu32 " line_col:%" PRIu32 "]",
			       file, l->line_col >> 10, l->line_col & 0x3ff);
		putchar('\n');
		return;
	}
	json_text(j, "src", text);
	if (d->linum && *file)
		json_text(j, "file", file);
	if (d->linum && l->line_col >> 10)
		json_number(j, "line_num", l->line_col >> 10);
	if (d->linum && l->line_col & 0x3ff)
		json_number(j, "line_col", l->line_col & 0x3ff);
}

static void json_opcodes(struct json *j, const struct skep_insn *in, bool wide)
{
	char text[8];

	json_open(j, "opcodes", '{');
	snprintf(text, sizeof(text), "0x%02x", in->code);
	json_text(j, "code", text);
	snprintf(text, sizeof(text), "0x%x", in->src_reg);
	json_text(j, "src_reg", text);
	snprintf(text, sizeof(text), "0x%x", in->dst_reg);
	json_text(j, "dst_reg", text);
	json_bytes(j, "off", &in->off, sizeof(in->off));
	json_bytes(j, "imm", &in->imm, wide ? 12 : 4); /* the second slot's begins as 0 */
	json_close(j, '}');
}

static void print_opcodes(const struct skep_insn *in, bool wide)
{
	const u8 *at = (const u8 *)in;

	printf("      ");
	for (u32 i = 0; i < (wide ? 16 : 8); i++)
		printf(" %02x", at[i]);
	putchar('\n');
}

/* Returns the slots that it takes. */
static u32 dump_one(struct dumper *d, u32 i)
{
	const struct skep_insn *in = &d->p.code[i];
	bool wide = in->code == 0x18 && i + 1 < d->p.n;
	struct str s = {0};

	if (d->r->json)
		json_open(&d->r->out, NULL, '{');
	func_line(d, i);
	source_line(d, i);
	if (in->code == 0x18 && !wide)
		str_printf(&s, "(18) ?");
	else
		instruction(d, in, &s);
	if (d->r->json) {
		json_text(&d->r->out, "disasm", s.s ? s.s : "");
		if (d->opcodes)
			json_opcodes(&d->r->out, in, wide);
		json_close(&d->r->out, '}');
	} else {
		printf("%4" PRIu32 ": %s\n", i, s.s ? s.s : "");
		if (d->opcodes)
			print_opcodes(in, wide);
	}
	str_free(&s);
	return wide ? 2 : 1;
}

static int write_code(struct dumper *d, const char *path)
{
	FILE *f = output_open(path);

	if (!f)
		return exit_failed;
	fwrite(d->p.code, sizeof(*d->p.code), d->p.n, f);
	return output_close(f, path);
}

static int dump(struct dumper *d, const char *path)
{
	if (!d->p.n) {
		tool_error(msg_prog_hidden, prog_at_name(&d->p));
		return exit_failed;
	}
	if (path)
		return write_code(d, path);
	if (read_symbols(d))
		return which_failed(d->r, "the program", -ENOMEM);
	json_open(&d->r->out, NULL, '[');
	for (u32 i = 0; i < d->p.n;)
		i += dump_one(d, i);
	json_close(&d->r->out, ']');
	return exit_ok;
}

static int dump_options(struct dumper *d, const char **path)
{
	struct request *r = d->r;

	for (;;) {
		if (req_is(r, "opcodes"))
			d->opcodes = true;
		else if (req_is(r, "linum"))
			d->linum = true;
		else if (!req_is(r, "file"))
			return req_end(r);
		else if (!(*path = req_need(r, "a file")))
			return exit_usage;
	}
}

int prog_dump(struct request *r)
{
	struct dumper d = {.r = r};
	const char *path = NULL;
	int fd, err, code;

	if (!req_is(r, "xlated")) {
		tool_error(msg_data_word, "xlated", r->n ? *r->at : "nothing", r->cmd);
		return exit_usage;
	}
	fd = which_open(r, which_prog);
	if (fd < 0)
		return exit_failed;
	err = prog_at_open(r->sys, fd, &d.p);
	r->sys->close(r->sys, fd);
	if (err)
		return which_failed(r, "the program", err);
	code = dump_options(&d, &path);
	if (!code)
		code = dump(&d, path);
	prog_at_close(&d.p);
	return code;
}
