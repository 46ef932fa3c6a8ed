/* The kernel's log of what is walked. Level 2 keeps all of it; level 1 the path that was
 * refused: what is said of a path that ends well is taken back. */
#include "verifier.h"
#include "syntax.h"
#include <ctype.h>

void verify_print(struct verifier *v, const char *fmt, ...)
{
	va_list ap;

	if (!v->log_level)
		return;
	va_start(ap, fmt);
	log_vprintf(v->pass.log, fmt, ap);
	va_end(ap);
}

size_t log_at(const struct verifier *v)
{
	return v->pass.log ? v->pass.log->len : 0;
}

void log_back(struct verifier *v, size_t at)
{
	if (v->pass.log && !(v->log_level & 2))
		log_reset(v->pass.log, at);
}

void log_touch(struct verifier *v, u32 regs, u64 slots)
{
	v->noted.regs |= regs;
	v->noted.slots |= slots;
}

/* ---- source lines ---- */

static const struct skep_line_info *line_of(const struct verifier *v, u32 insn)
{
	const struct verify_prog *p = v->prog;
	const struct skep_line_info *found = NULL;
	u32 from = 0, to = p->nline_info;

	while (from < to) {
		u32 middle = from + (to - from) / 2;
		const struct skep_line_info *line =
			(const void *)((const u8 *)p->line_info +
				       (size_t)middle * p->line_info_size);

		if (line->insn_off > insn) {
			to = middle;
		} else {
			found = line;
			from = middle + 1;
		}
	}
	return found;
}

static const char *string(const struct skep_btf *b, u32 off)
{
	return off < b->first_str + b->str_len ? btf_str(b, off) : "";
}

void log_line(struct verifier *v, u32 insn)
{
	const struct skep_line_info *line = v->prog->btf ? line_of(v, insn) : NULL;
	const struct skep_line_info *last = v->noted.line;
	const char *text, *file, *slash;

	if (!line || line == last)
		return;
	if (last && line->file_name_off == last->file_name_off &&
	    line->line_col >> 10 == last->line_col >> 10)
		return;
	text = string(v->prog->btf, line->line_off);
	while (isspace((unsigned char)*text))
		text++;
	file = string(v->prog->btf, line->file_name_off);
	slash = strrchr(file, '/');
	verify_print(v, "; "); /* three messages, each of which the kernel may cut */
	verify_print(v, "%s", text);
	verify_print(v, " @ %s:%u\n", slash ? slash + 1 : file, line->line_col >> 10);
	v->noted.line = line;
}

/* ---- instructions ---- */

static void print_kfunc(struct verifier *v, const struct insn *in)
{
	const struct skep_btf *b = v->profile->vmlinux;
	u32 id = (u32)in->imm;

	verify_print(v, "call %s#%d",
		     b && id < b->end_id && btf_kind_of(b, id) == SKEP_BTF_KIND_FUNC
			     ? btf_name(b, id)
			     : "",
		     (int)id);
}

void log_plain_insn(void *verifier, u32 insn)
{
	struct verifier *v = verifier;
	const struct insn *in = &v->insns[insn];

	verify_print(v, "(%02x) ", v->prog->code[insn].code);
	/* the kernel prints where a map is, which means nothing here */
	if (in->op == op_lddw)
		verify_print(v, "r%u = 0x%llx", in->dst,
			     in->src == SKEP_PSEUDO_CONST || in->src == SKEP_PSEUDO_FUNC
				     ? (unsigned long long)in->imm
				     : 0ULL);
	else if (in->op == op_call_kfunc)
		print_kfunc(v, in);
	else
		insn_print(v->pass.log, in, NULL);
	verify_print(v, "\n");
}

/* Registers that the kernel looks at, or writes, when it takes the instruction: these it
 * prints behind it. */
static u32 touched_by(const struct insn *in)
{
	const struct op_info *info = &op_info[in->op];
	u32 regs = 0;

	switch (in->op) {
	case op_call_kfunc: return in->imm ? 0x3f : 0; /* 0 is looked at later */
	case op_call_helper:
	case op_call_local: return 0x3f;
	case op_exit: return 0;
	}
	if (info->fields & field_dst)
		regs |= 1u << in->dst;
	if ((info->fields & field_src) && in->op != op_lddw)
		regs |= 1u << in->src;
	if (info->class == class_packet)
		regs |= 0x7f;
	if (info->class == class_atomic && info->fetch == 2)
		regs |= 1u;
	return regs;
}

static void print_behind(struct verifier *v)
{
	u32 end;

	if (v->noted.at && v->noted.at == log_at(v)) {
		log_reset(v->pass.log, v->noted.at - 1); /* the newline */
		end = MAX((u32)v->noted.width + 4, 40u);
		end = (u32)round_up(end, 8);
		verify_print(v, "%*c;", (int)(end - v->noted.width - 1), ' ');
	} else {
		verify_print(v, "%u:", v->insn);
	}
	log_state(v, v->cur, v->cur->depth, false);
}

void log_insn(struct verifier *v, u32 insn)
{
	if (v->noted.regs || v->noted.slots)
		print_behind(v);
	log_line(v, insn);
	v->noted.at = log_at(v);
	verify_print(v, "%u: ", insn);
	log_plain_insn(v, insn);
	v->noted.width = log_at(v) - v->noted.at;
	v->noted.at = log_at(v);
	log_touch(v, touched_by(&v->insns[insn]), 0);
}

void log_changes(struct verifier *v)
{
	if ((v->log_level & 3) && op_info[v->insns[v->insn].op].class == class_jmp)
		print_behind(v);
}

/* What no path came to is thrown away before the kernel says how deep stacks are. */
static bool is_dead(const struct verifier *v, u32 func)
{
	return !v->pass.err && v->profile->bpf && !v->aux[v->flow.funcs[func].start].seen;
}

static void print_stacks(struct verifier *v)
{
	verify_print(v, "stack depth ");
	for (u32 i = 0; i < v->flow.nfuncs; i++)
		if (!is_dead(v, i))
			verify_print(v, "%s%u", i ? "+" : "", v->result->stack[i]);
	verify_print(v, "\n");
}

void log_end(struct verifier *v)
{
	const struct verify_result *r = v->result;

	if (!v->insns)
		return; /* refused before there was a verifier */
	if (v->log_level & 4) {
		verify_print(v, "verification time %llu usec\n",
			     (unsigned long long)r->ns / 1000);
		print_stacks(v);
	}
	verify_print(v,
		     "processed %u insns (limit 1000000) max_states_per_insn %u "
		     "total_states %u peak_states %u mark_read 0\n",
		     r->processed, r->max_states_per_insn, r->states, r->peak_states);
}
