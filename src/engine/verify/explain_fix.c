/* What to change, in the program's own lines and values. */
#include <stdio.h>
#include <stdlib.h>
#include "call.h"
#include "explain_tale.h"
#include "str.h"

#define WORD(name) void word_##name(struct tale *t, struct str *s)

/* ---- to leave the function ---- */

static bool is_void(const struct tale *t, u32 func)
{
	const struct skep_btf *b = t->v->prog->btf;
	u32 id = b ? func_btf_id(t->v, func) : 0;
	const struct skep_btf_type *ty = id ? btf_type(b, id) : NULL;

	if (!ty || btf_kind(ty) != SKEP_BTF_KIND_FUNC)
		return false;
	return !btf_type(b, ty->type)->type;
}

/* The line is of another function, which the compiler put into the main one. */
static bool is_inlined(const struct tale *t)
{
	const struct skep_line_info *first = tale_line(t, 0),
				    *line = tale_line(t, t->insn);

	return first && line &&
	       (first->file_name_off != line->file_name_off ||
		first->line_col >> 10 > line->line_col >> 10);
}

WORD(leave)
{
	const struct verify_prog *prog = t->v->prog;
	const struct rule_verdict *is = rules_verdict(prog->type, prog->attach_type);
	u32 func = t->v->cur ? frame_of(t->v->cur)->func : 0;

	if (func && is_void(t, func))
		str_printf(s, "return;");
	else if (func || !is || is_inlined(t))
		str_printf(s, "return 0;");
	else if (strchr(is->leave, ' ')) /* "0 ... what that is called" */
		str_printf(s, "return %.1s;%s", is->leave, is->leave + 1);
	else
		str_printf(s, "return %s;", is->leave);
}

/* ---- a check of too few bytes ---- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* The only number that a text has, decimal; 0: it has none or more. */
static u64 only_number(const char *text)
{
	u64 found = 0;

	for (const char *at = text; *at; at++) {
		char *end;
		u64 n;

		if (*at < '0' || *at > '9' || (at > text && is_word(at[-1])))
			continue;
		n = strtoull(at, &end, 10);
		if (found || is_word(*end))
			return 0;
		found = n;
		at = end - 1;
	}
	return found;
}

WORD(widen)
{
	s64 more = tale_offset(t) + (s64)tale_size(t) - t->reg.range;
	u32 insn = t->check == ~0u ? 0 : t->rec->snaps[t->check].insn;
	u64 n;

	if (t->check == ~0u || t->reg.range <= 0 || more <= 0)
		return;
	n = only_number(tale_source(t, tale_line(t, insn)));
	if (n && n <= (u64)t->reg.range)
		str_printf(s, "in %s change %llu to %llu; or ", tale_at(t, insn),
			   (unsigned long long)n, (unsigned long long)(n + (u64)more));
	else
		str_printf(s, "let the comparison in %s include %lld more byte%s; or ",
			   tale_at(t, insn), (long long)more, more == 1 ? "" : "s");
}

/* ---- what is returned ---- */

WORD(verdicts)
{
	const struct verify_prog *prog = t->v->prog;
	const struct rule_verdict *is = rules_verdict(prog->type, prog->attach_type);

	if (is)
		str_printf(s, "%s", is->meaning);
	else
		str_printf(s,
			   "what the values mean is in the documentation of %s "
			   "programs",
			   rules_prog(prog->type)->name);
	if (strstr(t->out->kernel, "in [0, ") && !strstr(t->out->kernel, "in [0, 0]"))
		str_printf(s, "; of a computed value for instance `return x ? 1 : 0;`");
}

WORD(callbacks)
{
	bool stops = t->v->cur && frame_of(t->v->cur)->ret_max > 0;

	str_printf(s, "`return 0;`%s",
		   stops ? " to go on, or `return 1;` to end the rounds early" : "");
}

/* ---- loops ---- */

static bool is_counted_jump(const struct tale *t, u32 insn)
{
	u32 all = t->v->result->processed;

	return op_info[t->v->insns[insn].op].class == class_jmp &&
	       t->v->prog->costs[insn].processed > all / 100;
}

/* The loop's own condition is one of the jumps that were processed often. */
WORD(fewer_paths)
{
	u32 n = 0;

	for (u32 i = 0; t->v->prog->costs && i < t->v->n; i++)
		n += is_counted_jump(t, i);
	if (n > 1)
		str_printf(s, "; fewer `if` in the loop mean fewer paths");
}

/* ---- global functions ---- */

static const struct func_note *called(const struct tale *t)
{
	int func = t->in && t->in->op == op_call_local
			   ? flow_func_at(&t->v->flow, t->insn + 1 + (u32)t->in->off)
			   : -1;

	return func < 0 ? NULL : &calls_of(t->v)->func[func];
}

static void say_declared(struct str *s, const struct func_arg *arg)
{
	switch ((enum func_arg_kind)arg->kind) {
	case func_scalar: str_printf(s, "a number"); break;
	case func_ctx: str_printf(s, "the context"); break;
	case func_arena: str_printf(s, "a pointer into an arena"); break;
	case func_mem:
		str_printf(s, "a pointer to %u bytes, %s", arg->size,
			   arg->nullable ? "or NULL" : "not NULL");
		break;
	}
}

WORD(declared)
{
	const struct func_note *note = called(t);
	u32 n = note && note->args_known ? note->nargs : 0;

	for (u32 i = 0; i < n; i++) {
		str_printf(s, "%sargument %u: ", i ? "; " : "", i + 1);
		say_declared(s, &note->arg[i]);
	}
	if (!n)
		str_printf(s, "arguments as declared");
}

WORD(passed)
{
	const struct func_note *note = called(t);
	u32 n = note && note->args_known ? note->nargs : 0;

	for (u32 i = 0; i < n; i++)
		str_printf(s, "%sargument %u is %s", i ? "; " : "", i + 1,
			   tale_type(t, &t->regs[i + 1]));
}

/* Memory that is too short, or may be NULL, does for a static function that looks. */
static bool is_only_short(const struct reg *r, const struct func_arg *arg)
{
	return arg->kind != func_mem || r->type == reg_value || r->type == reg_mem ||
	       r->type == reg_stack || r->type == reg_packet || r->type == reg_key;
}

WORD(pass_declared)
{
	const struct func_note *note = called(t);
	u32 n = note && note->args_known ? note->nargs : 0;
	bool is_short = n, null = false;

	for (u32 i = 0; i < n; i++) {
		is_short = is_short && is_only_short(&t->regs[i + 1], &note->arg[i]);
		null = null || (note->arg[i].kind == func_mem && !note->arg[i].nullable);
	}
	str_printf(s,
		   "pass what the function declares; a pointer to memory is, for "
		   "instance, the address of a local variable, or what "
		   "bpf_map_lookup_elem() gave%s%s",
		   null ? ", after a NULL check" : "",
		   is_short ? "; or make the function `static`, so that it is verified "
			      "with what it really gets"
			    : "");
}

/* ---- structs and the stack ---- */

WORD(special)
{
	const struct verify_map *map = tale_map(t);
	const struct skep_btf *b = map ? map->btf : NULL;
	u32 id = b ? btf_skip(b, map->value_type) : 0, n = 0;

	for (u32 i = 0; id && i < map->nfields; i++) {
		const struct skep_btf_member *m =
			btf_kind_of(b, id) == SKEP_BTF_KIND_STRUCT
				? tale_member_at(b, id, map->fields[i].off)
				: NULL;

		if (m && *btf_str(b, m->name_off))
			str_printf(s, "%s`%s`", n++ ? ", " : "", btf_str(b, m->name_off));
	}
	if (n)
		str_printf(s, " of struct %s", btf_name(b, id));
	else
		str_printf(s, "that field");
}

/* "combined stack size of 2 calls is 608." */
WORD(stack_over)
{
	const char *is = strstr(t->out->kernel, " is ");
	int bytes = is ? atoi(is + 4) : 0;

	if (bytes > SKEP_MAX_STACK)
		str_printf(s, ", by %d bytes together", bytes - SKEP_MAX_STACK);
}
