/* case_tally.c - see case_tally.h */
#include "case_tally.h"
#include <stdio.h>
#include "mem.h"

enum { ROWS_MOST = 20, LARGE = 100000 };

struct row {
	char name[80];
	u32 cases, of[VERDICTS];
	u32 same_errno, same_text, rejected; /* of those that both refuse */
	u32 accepted, near;		     /* of those that both accept */
	u64 ours_ns, theirs_ns, processed, most_bytes;
};

typedef vec(struct row) rows_t;

static const struct side *judge_of(const struct case_result *r, struct tally_sides sides)
{
	return sides.by_kernel && !sides.judge_kernel ? &r->kernel : &r->recorded;
}

static const struct side *judged(const struct case_result *r, struct tally_sides sides)
{
	return sides.judge_kernel ? &r->kernel : &r->skep;
}

enum verdict tally_verdict(const struct case_result *r, struct tally_sides sides)
{
	const struct side *theirs = judge_of(r, sides), *ours = judged(r, sides);

	if (*r->broken || !ours->asked || !theirs->asked)
		return verdict_broken;
	if (side_unjudged(theirs) && !sides.judge_kernel)
		return verdict_unjudged;
	if (!theirs->err == !ours->err)
		return verdict_agrees;
	return ours->err ? verdict_wrong_reject : verdict_wrong_accept;
}

/* Within 5 %. */
static bool is_near(u64 ours, u64 theirs)
{
	u64 away = ours > theirs ? ours - theirs : theirs - ours;

	return away * 20 <= theirs;
}

static void add(struct row *row, const struct case_result *r, struct tally_sides sides)
{
	const struct side *theirs = judge_of(r, sides), *ours = judged(r, sides);
	enum verdict v = tally_verdict(r, sides);

	row->cases++;
	row->of[v]++;
	if (v != verdict_agrees)
		return;
	row->most_bytes = MAX(row->most_bytes, ours->bytes);
	if (ours->err) {
		row->rejected++;
		row->same_errno += ours->err == theirs->err;
		row->same_text += !strcmp(ours->message, theirs->message);
		return;
	}
	row->accepted++;
	row->near += is_near(ours->processed, theirs->processed);
	row->processed += ours->processed;
	row->ours_ns += ours->ns;
	row->theirs_ns += theirs->ns;
}

static struct row *row_of(rows_t *rows, const struct case_result *r)
{
	size_t len = strcspn(r->group, "/");
	struct row *row;

	vec_each(row, rows)
		if (!strncmp(row->name, r->group, len) && !row->name[len])
			return row;
	row = vec_push(rows);
	if (row)
		snprintf(row->name, sizeof(row->name), "%.*s", (int)len, r->group);
	return row;
}

static double percent(u64 part, u64 of)
{
	return of ? 100.0 * (double)part / (double)of : 100;
}

static void print_row(const struct row *r)
{
	u32 judged = r->cases - r->of[verdict_unjudged] - r->of[verdict_broken];

	printf("%-24.24s %6u %6u %6u %6.2f %6u %6u %6u %6.1f %6.1f %6.1f %9.1f %6.2f\n",
	       r->name, r->cases, judged, r->of[verdict_agrees],
	       percent(r->of[verdict_agrees], judged), r->of[verdict_wrong_accept],
	       r->of[verdict_wrong_reject], r->of[verdict_broken],
	       percent(r->same_errno, r->rejected), percent(r->same_text, r->rejected),
	       percent(r->near, r->accepted), (double)r->theirs_ns / 1e6,
	       r->theirs_ns ? (double)r->ours_ns / (double)r->theirs_ns : 0);
}

/* Whether the cost of an instruction grows with their number. */
static void print_cost(const struct row *small, const struct row *large)
{
	const struct row *of[] = {small, large};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of); i++)
		if (of[i]->processed)
			printf("%s: %.0f ns per instruction, the kernel %.0f\n",
			       of[i]->name,
			       (double)of[i]->ours_ns / (double)of[i]->processed,
			       (double)of[i]->theirs_ns / (double)of[i]->processed);
}

static void print_rows(const rows_t *rows)
{
	const struct row *row;
	size_t calm = 0;

	vec_each(row, rows) {
		if (rows->n > ROWS_MOST &&
		    row->of[verdict_agrees] + row->of[verdict_unjudged] == row->cases)
			calm++;
		else
			print_row(row);
	}
	if (calm)
		printf("(%zu groups without a difference)\n", calm);
}

bool tally_print(const struct case_result *results, size_t n, struct tally_sides sides)
{
	struct row all = {.name = "all"}, *row;
	struct row small = {.name = "below 100,000 processed"};
	struct row large = {.name = "100,000 and more"};
	rows_t rows = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		const struct side *theirs = judge_of(&results[i], sides);

		add(&all, &results[i], sides);
		add(theirs->processed < LARGE ? &small : &large, &results[i], sides);
		row = row_of(&rows, &results[i]);
		if (row)
			add(row, &results[i], sides);
	}
	printf("%-24s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %9s %6s\n", "", "cases",
	       "judged", "agree", "%", "wrong+", "wrong-", "broken", "errno%", "text%",
	       "count%", "kernel ms", "ratio");
	print_rows(&rows);
	if (large.cases)
		print_row(&large);
	print_row(&all);
	if (all.most_bytes)
		printf("most memory: %.1f MB\n", (double)all.most_bytes / 1e6);
	if (sides.by_kernel)
		print_cost(&small, &large);
	vec_free(&rows);
	return !all.of[verdict_wrong_accept] && !all.of[verdict_broken];
}

static void print_side(const char *who, const struct side *s)
{
	if (s->asked)
		printf("    %-8s errno %d, processed %u, states %u: %s%s\n", who, s->err,
		       s->processed, s->states, s->err ? "" : "accepted, stack ",
		       s->err ? s->message : s->stack);
}

/* Of those that agree: in words, or in the stack that they count. */
static bool details_differ(const struct side *a, const struct side *b)
{
	if (!a->err)
		return *a->stack && strcmp(a->stack, b->stack);
	return a->err != b->err || strcmp(a->message, b->message);
}

void tally_list(const struct case_result *results, size_t n, struct tally_sides sides)
{
	static const char *const words[VERDICTS] = {"other details", "WRONG ACCEPT",
						    "wrong reject", "", "broken"};
	size_t i;

	for (i = 0; i < n; i++) {
		const struct case_result *r = &results[i];
		enum verdict v = tally_verdict(r, sides);

		if (v == verdict_unjudged)
			continue;
		if (v == verdict_agrees &&
		    (!sides.details ||
		     !details_differ(judge_of(r, sides), judged(r, sides))))
			continue;
		printf("%s: %s: %s%s%s\n", words[v], r->group, r->name,
		       *r->broken ? ": " : "", r->broken);
		print_side(sides.by_kernel && !sides.judge_kernel ? "kernel" : "recorded",
			   judge_of(r, sides));
		print_side(sides.judge_kernel ? "kernel" : "skep", judged(r, sides));
	}
}
