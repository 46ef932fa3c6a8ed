/* What skep verify writes of its trials: a table, or JSON. */
#include "explain_print.h"
#include "trial.h"
#include <stdlib.h>
#include <string.h>

/* ---- what is said ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *verdict(const struct trial *t)
{
	static const char *const words[] = {"accepted", "refused", "unknown", "failed"};

	return words[trial_verdict(t)];
}

static const struct skep_explanation *explanation_of(const struct trial *t)
{
	return t->err && t->verifier ? skep_verifier_explanation(t->verifier) : NULL;
}

/* ---- lines of the source, by what they took ---- */

enum { LINES_MOST = 30 };

static int by_cost(const void *a, const void *b)
{
	const struct skep_verifier_cost *const *x = a, *const *y = b;

	if ((*x)->processed != (*y)->processed)
		return (*x)->processed > (*y)->processed ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static double percent(u64 part, const struct trial *t)
{
	return 100.0 * (double)part / (double)MAX(t->stats.processed, 1u);
}

static void say_cost(const struct trial *t, const struct skep_verifier_cost *c)
{
	printf("  %6.2f %9u %7u  ", percent(c->processed, t), c->processed, c->states);
	if (c->file)
		printf("%s:%u  %s\n", c->file, c->line, c->source);
	else
		printf("%s%s%u: %s\n", c->function ? c->function : "",
		       c->function ? " " : "", c->insn, c->source);
}

static void say_rest(const struct trial *t, const struct skep_verifier_cost **at, u32 n)
{
	u64 processed = 0, states = 0;

	for (u32 i = 0; i < n; i++) {
		processed += at[i]->processed;
		states += at[i]->states;
	}
	if (n)
		printf("  %6.2f %9llu %7llu  (%u more)\n", percent(processed, t),
		       (unsigned long long)processed, (unsigned long long)states, n);
}

/* Most expensive first, and no more than fit on a screen. */
static void say_costs(const struct trial *t)
{
	u32 n = 0, shown;
	const struct skep_verifier_cost *all =
		t->verifier ? skep_verifier_costs(t->verifier, &n) : NULL;
	const struct skep_verifier_cost **at = all ? mem_alloc(n, sizeof(*at)) : NULL;

	if (!at)
		return;
	for (u32 i = 0; i < n; i++)
		at[i] = &all[i];
	qsort(at, n, sizeof(*at), by_cost);
	if (!all->file)
		puts("  no line information (compile with -g): by instruction");
	printf("  %6s %9s %7s\n", "%", "processed", "states");
	shown = n > LINES_MOST ? LINES_MOST - 1 : n;
	for (u32 i = 0; i < shown; i++)
		say_cost(t, at[i]);
	say_rest(t, at + shown, n - shown);
	putchar('\n');
	mem_free(at);
}

/* ---- the table ---- */

/* What the loader said, a sentence a line. */
static void say_reason(const struct trial *t)
{
	const char *label = "reason";

	putchar('\n');
	for (char *line = t->log.buf, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		explain_text(stdout, label, line);
		label = "";
	}
	putchar('\n');
}

static void say_why(const struct trials *all, const struct trial *t)
{
	if (explanation_of(t)) {
		explain_print(stdout, explanation_of(t));
		return;
	}
	if (!t->log.len || !t->log.buf)
		return;
	if (!all->level) {
		say_reason(t);
		return;
	}
	if (t->cut)
		puts("(the log is longer than 16 MiB; this is its end)");
	fputs(t->log.buf, stdout);
}

static void say_line(const struct trials *all, const struct trial *t, int width)
{
	int used = printf("%s/%s", base_name(t->path), t->name);

	printf("%*s  ", MAX(width - used, 0), "");
	if (t->stats.processed)
		printf("%-8s %9u %7u %9.3f %6u\n", verdict(t), t->stats.processed,
		       t->stats.states, (double)t->stats.ns / 1e6, t->stats.stack);
	else
		puts(verdict(t));
	say_why(all, t);
	say_costs(t);
}

static void say_sum(const struct trials *all)
{
	u32 n[failed + 1] = {0};
	const struct trial *t;

	vec_each(t, &all->list)
		n[trial_verdict(t)]++;
	printf("%zu programs: %u accepted, %u refused", all->list.n, n[accepted],
	       n[refused]);
	if (n[unknown])
		printf(", %u unknown", n[unknown]);
	if (n[failed])
		printf(", %u failed", n[failed]);
	putchar('\n');
}

void trials_table(const struct trials *all)
{
	const struct trial *t;
	int width = 0;

	vec_each(t, &all->list)
		width = MAX(width,
			    (int)(strlen(base_name(t->path)) + strlen(t->name) + 1));
	printf("%-*s  %-8s %9s %7s %9s %6s\n", width, "program", "verdict", "processed",
	       "states", "ms", "stack");
	vec_each(t, &all->list)
		say_line(all, t, width);
	if (all->list.n > 1)
		say_sum(all);
}

/* ---- JSON ---- */

static void json_costs(const struct trial *t)
{
	u32 n = 0;
	const struct skep_verifier_cost *c =
		t->verifier ? skep_verifier_costs(t->verifier, &n) : NULL;

	printf(", \"lines\": [");
	for (u32 i = 0; i < n; i++) {
		printf("%s{", i ? ", " : "");
		if (c[i].file) {
			printf("\"file\": ");
			json_string(stdout, c[i].file);
			printf(", \"line\": %u, ", c[i].line);
		}
		if (c[i].function) {
			printf("\"function\": ");
			json_string(stdout, c[i].function);
			printf(", ");
		}
		printf("\"source\": ");
		json_string(stdout, c[i].source);
		printf(", \"instruction\": %u, \"instructions\": %u, "
		       "\"processed\": %u, \"states\": %u}",
		       c[i].insn, c[i].ninsns, c[i].processed, c[i].states);
	}
	putchar(']');
}

static void json_trial(const struct trials *all, const struct trial *t)
{
	printf("{\"object\": ");
	json_string(stdout, t->path);
	printf(", \"program\": ");
	json_string(stdout, t->name);
	printf(", \"verdict\": \"%s\", \"errno\": %d", verdict(t), -t->err);
	if (t->stats.code)
		printf(", \"code\": \"%s\", \"instruction\": %u", t->stats.code,
		       t->stats.insn);
	printf(", \"processed\": %u, \"states\": %u, \"peak_states\": %u, "
	       "\"ns\": %llu, \"bytes\": %llu, \"stack\": %u",
	       t->stats.processed, t->stats.states, t->stats.peak_states,
	       (unsigned long long)t->stats.ns, (unsigned long long)t->stats.bytes,
	       t->stats.stack);
	if (all->source)
		json_costs(t);
	if (explanation_of(t))
		explain_json(stdout, explanation_of(t));
	printf(", \"log\": ");
	json_string(stdout, t->log.len && t->log.buf ? t->log.buf : "");
	putchar('}');
}

void trials_json(const struct trials *all)
{
	const struct trial *t;

	puts("[");
	vec_each(t, &all->list) {
		json_trial(all, t);
		puts(t + 1 < all->list.at + all->list.n ? "," : "");
	}
	puts("]");
}
