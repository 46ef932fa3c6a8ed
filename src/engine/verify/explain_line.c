/* Lines of the source, from the program's line_info, and how often they were walked. */
#include <stdio.h>
#include "cost.h"
#include "explain_tale.h"
#include "source.h"
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

bool tale_is_nowhere(const struct tale *t, u32 insn)
{
	const struct skep_line_info *line = source_record(t->v->prog, insn);

	return line && !(line->line_col >> 10);
}

const struct skep_line_info *tale_line(const struct tale *t, u32 insn)
{
	return source_line(t->v->prog, insn);
}

const char *tale_file(const struct tale *t, const struct skep_line_info *line)
{
	return source_file(t->v->prog, line);
}

const char *tale_source(const struct tale *t, const struct skep_line_info *line)
{
	return line ? source_text(t->v->prog, line) : "";
}

size_t tale_column(const struct tale *t, const struct skep_line_info *line)
{
	return source_column(t->v->prog, line);
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

/* The three lines that took most steps. */
void word_spent(struct tale *t, struct str *s)
{
	struct skep_verifier_cost *all;
	u32 n = cost_by_line(t->v->prog, t->arena, &all);
	u64 sum = 0;

	for (u32 i = 0; i < n; i++)
		sum += all[i].processed;
	for (u32 k = 0; sum && k < 3; k++) {
		struct skep_verifier_cost *most_of = all;

		for (u32 i = 0; i < n; i++)
			if (all[i].processed > most_of->processed)
				most_of = &all[i];
		if (most_of->processed * 100ull < sum)
			break;
		str_printf(s, "%s%s (%llu%%)", k ? ", " : "", tale_at(t, most_of->insn),
			   most_of->processed * 100ull / sum);
		most_of->processed = 0;
	}
}
