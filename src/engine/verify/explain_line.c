/* Lines of the source, from the program's line_info, and how often they were walked. */
#include <ctype.h>
#include <stdio.h>
#include "explain_tale.h"
#include "syntax.h"

const char *tale_text(struct tale *t, const char *fmt, ...)
{
	char buf[TALE_TEXT];
	const char *copy;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	copy = arena_strndup(t->arena, buf, strlen(buf));
	return copy ? copy : "";
}

/* ---- lines of the source ---- */

static const struct skep_line_info *record_of(const struct tale *t, u32 insn)
{
	const struct verify_prog *p = t->v->prog;
	u32 from = 0, to = p->nline_info;
	const struct skep_line_info *line = NULL;

	if (!p->btf || p->line_info_size < sizeof(*line) || insn >= t->v->n)
		return NULL;
	while (from < to) {
		u32 middle = from + (to - from) / 2;
		const struct skep_line_info *at =
			(const void *)((const u8 *)p->line_info +
				       (size_t)middle * p->line_info_size);

		if (at->insn_off > insn) {
			to = middle;
		} else {
			line = at;
			from = middle + 1;
		}
	}
	return line;
}

bool tale_is_nowhere(const struct tale *t, u32 insn)
{
	const struct skep_line_info *line = record_of(t, insn);

	return line && !(line->line_col >> 10);
}

/* What the compiler made of no line belongs to the one before. */
const struct skep_line_info *tale_line(const struct tale *t, u32 insn)
{
	const struct verify_prog *p = t->v->prog;
	const struct skep_line_info *line = record_of(t, insn);

	while (line && !(line->line_col >> 10) && (const void *)line != p->line_info)
		line = (const void *)((const u8 *)line - p->line_info_size);
	return line;
}

static const char *btf_text(const struct tale *t, u32 off)
{
	const struct skep_btf *b = t->v->prog->btf;

	return off < b->first_str + b->str_len ? btf_str(b, off) : "";
}

const char *tale_file(const struct tale *t, const struct skep_line_info *line)
{
	const char *file = btf_text(t, line->file_name_off);
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

const char *tale_source(const struct tale *t, const struct skep_line_info *line)
{
	const char *text = line ? btf_text(t, line->line_off) : "";

	while (isspace((unsigned char)*text))
		text++;
	return text;
}

size_t tale_column(const struct tale *t, const struct skep_line_info *line)
{
	size_t indent = (size_t)(tale_source(t, line) - btf_text(t, line->line_off));
	size_t column = line->line_col & 0x3ff;

	return column > indent ? column - indent - 1 : 0;
}

const char *tale_insn(struct tale *t, u32 insn)
{
	char buf[128];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	buf[0] = '\0';
	if (insn < t->v->n)
		insn_print(&log, &t->v->insns[insn], NULL);
	return tale_text(t, "%s", buf);
}

const char *tale_at(struct tale *t, u32 insn)
{
	const struct skep_line_info *line = tale_line(t, insn);

	if (!line)
		return tale_text(t, "instruction %u", insn);
	return tale_text(t, "%s:%u", tale_file(t, line), line->line_col >> 10);
}

/* ---- steps ---- */

/* Steps by line of the source. */
enum { SPENT_LINES = 4096 };
struct spent {
	u32 file, line, insn;
	u64 n;
};

static struct spent *spent_at(struct tale *t, struct spent *all, u32 insn)
{
	const struct skep_line_info *line = tale_line(t, insn);
	u32 file = line ? line->file_name_off : ~0u;
	u32 number = line ? line->line_col >> 10 : insn;
	u32 at = (file * 31 + number) % SPENT_LINES;

	for (u32 i = 0; i < SPENT_LINES; i++, at = (at + 1) % SPENT_LINES) {
		struct spent *s = &all[at];

		if (!s->n)
			*s = (struct spent){file, number, insn, 0};
		if (s->file == file && s->line == number)
			return s;
	}
	return NULL;
}

/* The three lines that took most steps. */
void word_spent(struct tale *t, struct str *s)
{
	struct spent *all = arena_alloc(t->arena, SPENT_LINES, sizeof(all[0]));
	u64 sum = 0;

	for (u32 i = 0; all && t->rec->spent && i < t->v->n; i++) {
		struct spent *at = t->rec->spent[i] ? spent_at(t, all, i) : NULL;

		if (at)
			at->n += t->rec->spent[i];
		sum += t->rec->spent[i];
	}
	for (u32 k = 0; all && k < 3; k++) {
		struct spent *most_of = all;

		for (u32 i = 0; i < SPENT_LINES; i++)
			if (all[i].n > most_of->n)
				most_of = &all[i];
		if (most_of->n * 100 < sum)
			break;
		str_printf(s, "%s%s (%llu%%)", k ? ", " : "", tale_at(t, most_of->insn),
			   (unsigned long long)(most_of->n * 100 / sum));
		most_of->n = 0;
	}
}
