#include "match.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "msg.h"
#include "pass.h"

struct pattern {
	const char *text; /* static items expanded */
	u16 op;
	u8 syntax;
};

struct label {
	struct text name;
	u32 at, line;
};

/* A label that instruction `at` names. */
struct ref {
	struct text name;
	u32 at, line, column;
	bool is_imm; /* the distance goes to imm, not off */
};

struct assembler {
	struct pass pass;
	struct matcher matcher;
	struct pattern *patterns;
	u32 n_patterns;

	/* room for one of each a line */
	struct insn *insns;
	struct label *labels;
	struct ref *refs;
	u32 n, n_labels, n_refs;
	s64 first_exit; /* or -1 */

	const char *start; /* of the line */
	u32 line;
};

static void expand(struct assembler *a, u16 op, const struct form *f)
{
	struct pattern *p = &a->patterns[a->n_patterns++];
	char text[128], word[SYNTAX_WORD];
	size_t len = 0;

	for (const char *c = f->text; *c; c++) {
		if (*c != '$')
			text[len++] = *c;
		else if (syntax_static(*++c, op, word))
			len += (size_t)sprintf(text + len, "%s", word);
		else
			len += (size_t)sprintf(text + len, "$%c", *c);
	}
	*p = (struct pattern){arena_strndup(&a->pass.arena, text, len), op, f->syntax};
	if (!p->text)
		pass_throw(&a->pass, ENOMEM, msg_isa_memory);
}

static void expand_all(struct assembler *a)
{
	struct form forms[SYNTAX_FORMS];
	u32 total = 0;

	for (u16 op = 1; op < op_count; op++)
		total += syntax_forms(op, forms);
	a->patterns = pass_alloc(&a->pass, total, sizeof(*a->patterns));
	for (u16 op = 1; op < op_count; op++) {
		u32 n = syntax_forms(op, forms);

		for (u32 i = 0; i < n; i++)
			expand(a, op, &forms[i]);
	}
}

static u32 column_of(const struct assembler *a, const char *at)
{
	return (u32)(at - a->start) + 1;
}

/* How many letters must change to make one word the other; words are short. */
static u32 distance(struct text a, struct text b)
{
	u32 row[33], diagonal, above;

	if (a.len > 32 || b.len > 32)
		return 99;
	for (u32 j = 0; j <= b.len; j++)
		row[j] = j;
	for (u32 i = 0; i < a.len; i++) {
		diagonal = row[0]++;
		for (u32 j = 0; j < b.len; j++) {
			above = row[j + 1];
			row[j + 1] = MIN(MIN(row[j], above) + 1,
					 diagonal + (a.s[i] != b.s[j]));
			diagonal = above;
		}
	}
	return row[b.len];
}

/* The first word of a form that resembles `word`, or nothing. */
static struct text suggestion(const struct assembler *a, struct text word)
{
	struct text best = {"", 0};
	u32 least = word.len < 4 ? 2 : 3;

	for (u32 i = 0; i < a->n_patterns; i++) {
		const char *s = a->patterns[i].text;
		struct text first = {s, match_word(s, s + strlen(s))};
		u32 d = first.len ? distance(word, first) : 99;

		if (d < least) {
			least = d;
			best = first;
		}
	}
	return best;
}

static bool is_phrase(struct text t)
{
	return memchr(t.s, ' ', t.len);
}

/* "a", "a or b", "a, b or c" */
static void join_expected(const struct matcher *m, char *out, size_t size)
{
	size_t len = 0;

	for (u32 i = 0; i < m->n_expect && len < size; i++) {
		const char *quote = is_phrase(m->expect[i]) ? "" : "'";
		const char *before = i + 1 < m->n_expect || m->is_cut ? ", " : " or ";

		len += (size_t)snprintf(out + len, size - len, "%s%s%.*s%s",
					i ? before : "", quote, (int)m->expect[i].len,
					m->expect[i].s, quote);
	}
	if (m->is_cut && len < size)
		snprintf(out + len, size - len, " or others (docs/isa.md)");
}

static _Noreturn void fail_line(struct assembler *a, const char *first)
{
	const struct matcher *m = &a->matcher;
	char expected[400], found[48] = "the end of the line";
	size_t len = match_word(m->far, m->end);
	struct text near = suggestion(a, (struct text){m->far, len});
	u32 column = column_of(a, m->far);

	if (m->far == first && len && near.len)
		pass_throw(&a->pass, EINVAL, msg_asm_near, a->line, column,
			   (int)MIN(len, 32u), m->far, (int)near.len, near.s);
	if (m->far == first && len)
		pass_throw(&a->pass, EINVAL, msg_asm_unknown, a->line, column,
			   (int)MIN(len, 32u), m->far);
	if (len)
		snprintf(found, sizeof(found), "'%.*s'", (int)MIN(len, 32u), m->far);
	else if (m->far < m->end && isprint((unsigned char)*m->far))
		snprintf(found, sizeof(found), "'%c'", *m->far);
	else if (m->far < m->end)
		snprintf(found, sizeof(found), "byte 0x%02x", (u8)*m->far);
	join_expected(m, expected, sizeof(expected));
	pass_throw(&a->pass, EINVAL, msg_asm_expected, a->line, column, found, expected);
}

static void add_insn(struct assembler *a, const struct match *got)
{
	if (a->n + 2 > SKEP_MAX_INSNS)
		pass_throw(&a->pass, E2BIG, msg_asm_too_long, a->line, SKEP_MAX_INSNS);
	if (got->label.len)
		a->refs[a->n_refs++] = (struct ref){
			got->label,	   a->n, a->line, column_of(a, got->label.s),
			got->is_imm_label,
		};
	if (got->in.op == op_exit && a->first_exit < 0)
		a->first_exit = a->n;
	a->insns[a->n] = got->in;
	a->n += got->in.op == op_lddw ? 2 : 1;
}

static void instruction(struct assembler *a)
{
	struct matcher *m = &a->matcher;
	const char *first = m->at;
	struct match got;

	m->far = NULL;
	for (u32 i = 0; i < a->n_patterns; i++) {
		const struct pattern *p = &a->patterns[i];

		m->at = first;
		if (match_form(m, p->text, p->syntax, p->op, &got)) {
			add_insn(a, &got);
			return;
		}
	}
	fail_line(a, first);
}

/* ';' and '//' begin a comment anywhere, '#' where it does not follow a word: a dump
 * writes bpf_ktime_get_ns#5. */
static const char *comment(const char *s, const char *end)
{
	for (const char *c = s; c < end; c++) {
		if (*c == ';' || (*c == '/' && c + 1 < end && c[1] == '/'))
			return c;
		if (*c == '#' && (c == s || !match_word(c - 1, c)))
			return c;
	}
	return end;
}

/* What a dump writes before an instruction: "12: (b7) ". */
static void skip_number(struct matcher *m)
{
	size_t len = 0;

	while (m->at + len < m->end && m->at[len] >= '0' && m->at[len] <= '9')
		len++;
	if (!len || m->at + len == m->end || m->at[len] != ':')
		return;
	m->at += len + 1;
	match_skip_space(m);
	if (m->end - m->at >= 4 && m->at[0] == '(' && m->at[3] == ')')
		m->at += 4;
	match_skip_space(m);
}

static bool label(struct assembler *a)
{
	struct matcher *m = &a->matcher;
	const char *s = m->at;
	size_t len = match_name(s, m->end);

	if (!len || (*s >= '0' && *s <= '9') || s + len == m->end || s[len] != ':')
		return false;
	a->labels[a->n_labels++] = (struct label){{s, len}, a->n, a->line};
	m->at += len + 1;
	match_skip_space(m);
	return true;
}

static void line(struct assembler *a, const char *end)
{
	struct matcher *m = &a->matcher;

	m->at = a->start;
	m->end = comment(a->start, end);
	match_skip_space(m);
	skip_number(m);
	if (label(a))
		skip_number(m);
	if (m->at < m->end)
		instruction(a);
}

static int compare_names(const void *a, const void *b)
{
	const struct label *x = a, *y = b;
	int order = memcmp(x->name.s, y->name.s, MIN(x->name.len, y->name.len));

	if (order)
		return order;
	return (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void sort_labels(struct assembler *a)
{
	if (a->n_labels)
		qsort(a->labels, a->n_labels, sizeof(*a->labels), compare_names);
	for (u32 i = 1; i < a->n_labels; i++) {
		const struct label *x = &a->labels[i - 1], *y = &a->labels[i];

		if (!compare_names(x, y))
			pass_throw(&a->pass, EINVAL, msg_asm_twice, MAX(x->line, y->line),
				   (int)MIN(x->name.len, 64u), x->name.s,
				   MIN(x->line, y->line));
	}
}

/* The instruction that a label stands before. `exit` needs no label: unless there is
 * one, it is the first exit, as in the conformance suite's assembler. */
static s64 find_label(struct assembler *a, const struct ref *r)
{
	const struct label key = {.name = r->name}, *l = NULL;

	if (a->n_labels)
		l = bsearch(&key, a->labels, a->n_labels, sizeof(key), compare_names);
	if (l)
		return l->at;
	if (r->name.len == 4 && !memcmp(r->name.s, "exit", 4) && a->first_exit >= 0)
		return a->first_exit;
	pass_throw(&a->pass, EINVAL, msg_asm_no_label, r->line, r->column,
		   (int)MIN(r->name.len, 64u), r->name.s);
}

static void resolve(struct assembler *a)
{
	for (u32 i = 0; i < a->n_refs; i++) {
		const struct ref *r = &a->refs[i];
		struct insn *in = &a->insns[r->at];
		s64 off = find_label(a, r) - r->at - 1;

		if (r->is_imm)
			in->imm = (u32)off;
		else if (!(op_info[in->op].fields & field_far) && off != (s16)off)
			pass_throw(&a->pass, EINVAL, msg_asm_far, r->line, r->column,
				   (int)MIN(r->name.len, 64u), r->name.s, (long long)off);
		else
			in->off = (s32)off;
	}
}

static void assemble(struct assembler *a, const char *text, size_t len)
{
	const char *end = text + len;
	size_t lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	a->insns =
		pass_alloc(&a->pass, MIN(lines, SKEP_MAX_INSNS) * 2, sizeof(*a->insns));
	a->labels = pass_alloc(&a->pass, lines, sizeof(*a->labels));
	a->refs = pass_alloc(&a->pass, lines, sizeof(*a->refs));
	expand_all(a);
	for (a->start = text; a->start < end; a->start++) {
		const char *stop = memchr(a->start, '\n', (size_t)(end - a->start));

		a->line++;
		line(a, stop ? stop : end);
		a->start = stop ? stop : end;
	}
	sort_labels(a);
	resolve(a);
}

int skep_asm(const char *text, size_t len, const struct skep_asm_opts *opts,
	     struct skep_insn *out, uint32_t room, struct skep_log *log)
{
	struct assembler a = {.pass.log = log, .first_exit = -1};
	struct skep_insn slots[2];

	if (opts)
		memcpy(&a.matcher.opts, opts, MIN(opts->size, sizeof(*opts)));
	if (!pass_try(&a.pass))
		return pass_end(&a.pass);
	assemble(&a, text, len);
	for (u32 at = 0, n; at < a.n; at += n) {
		n = insn_encode(&a.insns[at], slots);
		for (u32 i = 0; i < n && at + i < room; i++)
			out[at + i] = slots[i];
	}
	pass_end(&a.pass);
	return (int)a.n;
}
