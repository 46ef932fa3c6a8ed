#include "explain_print.h"
#include "tool.h"
#include <string.h>

enum { WIDTH = 90, INDENT = 13 };

/* Breaks lines between words. */
void explain_text(FILE *f, const char *label, const char *text)
{
	int at = INDENT;

	if (!text)
		return;
	fprintf(f, "  %-*s", INDENT - 2, label);
	while (*text) {
		size_t word = strcspn(text, " ");

		if (at > INDENT && at + 1 + (int)word > WIDTH) {
			fprintf(f, "\n%*s", INDENT, "");
			at = INDENT;
		}
		at += fprintf(f, "%s%.*s", at > INDENT ? " " : "", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static void say_at(FILE *f, const char *file, uint32_t line, uint32_t insn)
{
	if (file)
		fprintf(f, "%s:%u", file, line);
	else
		fprintf(f, "instruction %u", insn);
}

static void say_chain(FILE *f, const struct skep_explanation *e)
{
	for (uint32_t i = 0; i < e->nchain; i++) {
		const struct skep_explanation_line *l = &e->chain[i];

		fprintf(f, "  %-*s", INDENT - 2, i ? "" : "because");
		say_at(f, l->file, l->line, l->insn);
		fprintf(f, "  %s\n", l->source);
		fprintf(f, "%*s-> %s\n", INDENT + 4, "", l->note);
	}
}

void explain_print(FILE *f, const struct skep_explanation *e)
{
	fputs("\n", f);
	say_at(f, e->file, e->line, e->insn);
	fprintf(f, ": %s [%s]\n", e->headline, e->code);
	if (*e->source)
		fprintf(f, "  |  %s\n", e->source);
	explain_text(f, "needs", e->required);
	explain_text(f, "known", e->known);
	say_chain(f, e);
	explain_text(f, "fails for", e->input);
	explain_text(f, "to fix", e->fix);
	if (*e->kernel) /* in one line, to be searched for */
		fprintf(f, "  %-*s%s\n", INDENT - 2, "kernel", e->kernel);
	fputs("\n", f);
}

/* ---- JSON ---- */

static void member(FILE *f, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(f, ", \"%s\": ", name);
	json_string(f, text);
}

static void json_line(FILE *f, const struct skep_explanation_line *l)
{
	fprintf(f, "{\"instruction\": %u", l->insn);
	member(f, "file", l->file);
	if (l->file)
		fprintf(f, ", \"line\": %u", l->line);
	member(f, "source", l->source);
	member(f, "note", l->note);
	fputc('}', f);
}

void explain_json(FILE *f, const struct skep_explanation *e)
{
	fputs(", \"explanation\": {\"code\": ", f);
	json_string(f, e->code);
	member(f, "class", e->class_name);
	member(f, "headline", e->headline);
	member(f, "file", e->file);
	if (e->file)
		fprintf(f, ", \"line\": %u, \"column\": %u", e->line, e->column);
	fprintf(f, ", \"instruction\": %u", e->insn);
	member(f, "source", e->source);
	member(f, "required", e->required);
	member(f, "known", e->known);
	member(f, "input", e->input);
	member(f, "fix", e->fix);
	member(f, "kernel", e->kernel);
	fputs(", \"chain\": [", f);
	for (uint32_t i = 0; i < e->nchain; i++) {
		fputs(i ? ", " : "", f);
		json_line(f, &e->chain[i]);
	}
	fputs("]}", f);
}
