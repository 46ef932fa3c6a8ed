/* verify_concrete [-n PROGRAMS] [-s SEED] [-k KIND]: what the verifier believes against
 * what is so. Random programs (the kinds of diff_kernel.c) are run in the checked
 * interpreter; before each instruction every register and stack slot must be what the
 * verifier takes it for. Nothing of the kernel is needed.
 *
 * Which state of the verifier has to hold what a run had? Not any that was walked: where
 * a path is given up because an earlier one was alike, numbers that decided nothing may
 * differ from the earlier path's, and so may all that is computed from them. So the
 * program is verified twice more:
 *
 * - Along the run. Nothing is given up for being alike, and of the branches only those
 *   are walked that the run took: the watcher ends a path at its first step that is not
 *   the run's next one. So state k has to hold step k, all of it. That judges what each
 *   instruction does to a state, ranges, links by id, spills, bounds, callbacks. Where a
 *   state splits in two for the same instruction, one half has to hold the step. It costs
 *   what the run costs, however many paths there are.
 * - By checkpoints. The walk is the ordinary one, with a checkpoint wherever there can be
 *   one (BPF_F_TEST_STATE_FREQ). A path that comes to such a place either leaves a
 *   checkpoint or ends because one stands for it. So whenever the run comes there, some
 *   checkpoint has to hold what it had: what is read later on, and of numbers those that
 *   are precise when all paths are walked. That judges liveness, precision and pruning.
 *
 * - And what is handed to compilers (facts.h) has to hold at each step, for it claims to
 *   hold in every run.
 *
 * A run that faults, or that is refused when it is walked alone, is a finding as well.
 * Each prints its program and seed: `-k KIND -s SEED -n 1` shows it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <skep/isa.h>
#include "concrete.h"
#include "diff_prog.h"
#include "facts.h"
#include "last_words.h"
#include "path.h"

/* Instructions of one walk. */
enum { ALONG_MOST = 4 * STEPS, POINTS_MOST = 10000 };

enum { WHY = 512 };

static const struct scope everything = {
	.regs = ~0u,
	.slots = {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull},
};

static struct {
	u64 programs, refused, runs, steps, too_long, points, facts, numberless, found;
} count[KINDS];

/* What __wrap_verify() does with the next program that is loaded. */
static struct {
	const struct verify_watch *watch;
	u32 flags, most;
	u32 stack; /* bytes of the deepest frame */
	bool wants_facts;
	struct facts facts; /* of the last program that was accepted with that */
	int facts_err;
} asked;

int __real_verify(const struct verify_prog *prog, const struct profile *profile,
		  u32 log_level, struct skep_log *log, struct verify_result *result);
int __wrap_verify(const struct verify_prog *prog, const struct profile *profile,
		  u32 log_level, struct skep_log *log, struct verify_result *result);

int __wrap_verify(const struct verify_prog *prog, const struct profile *profile,
		  u32 log_level, struct skep_log *log, struct verify_result *result)
{
	struct verify_prog p = *prog;
	struct profile who = *profile;
	int err;

	p.watch = asked.watch;
	p.flags |= asked.flags;
	if (p.watch)
		who.max_insns = asked.most;
	err = __real_verify(&p, &who, log_level, log, result);
	asked.stack = 0;
	for (u32 i = 0; i < result->nfuncs; i++)
		asked.stack = MAX(asked.stack, result->stack[i]);
	if (!err && asked.wants_facts) {
		facts_free(&asked.facts);
		asked.facts_err = verify_facts(prog, profile, &asked.facts);
	}
	return err;
}

static void show(const struct program *p, const char *fmt, ...) PRINTF(2, 3);

static void show(const struct program *p, const char *fmt, ...)
{
	static char text[64 * DIFF_ROOM];
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("; -k %s -s %llu -n 1 shows it again\n", diff_names[p->kind],
	       (unsigned long long)p->seed);
	if (skep_disasm(p->code, p->n, NULL, text, sizeof(text), NULL) > 0)
		puts(text);
	count[p->kind].found++;
}

/* ---- along the run ---- */

struct along {
	u32 at, next;	      /* the step that the state should hold, and the one after */
	u32 pending;	      /* branches that wait */
	u32 back[STEPS];      /* the step that each of them should hold */
	bool held[STEPS + 1]; /* some state did */
	u32 most;	      /* steps [0, most) are */
	char why[WHY];	      /* not the next one */
};

static struct along along;

/* The kernel walks an instruction twice to split what is 0 or -1 (scalar_fork()): the
 * other half waits at the instruction that it was split at. */
static bool is_other_half(const struct verifier *v, u32 at)
{
	return at && trace.step[at - 1].insn == v->insn &&
	       op_info[v->insns[v->insn].op].class == class_alu;
}

/* A function that was called back returns to the call, which is walked again. */
static bool called_back(const struct verifier *v, u32 at)
{
	const struct concrete *last = at ? &trace.step[at - 1] : NULL;

	return last && v->insns[v->insn].op == op_call_helper &&
	       last->depth == v->cur->depth + 1 && v->insns[last->insn].op == op_exit &&
	       last->callsite[last->depth] == v->insn;
}

static void find_place(struct along *a, const struct verifier *v)
{
	u32 now = v->paths->npending;

	if (now < a->pending) {
		a->at = a->back[now];
		if (is_other_half(v, a->at))
			a->held[--a->at] = false;
	} else {
		a->at = a->next;
		for (u32 i = a->pending; i < now && i < STEPS; i++)
			a->back[i] = a->next;
	}
	a->pending = now;
}

static bool follow(void *arg, const struct verifier *v)
{
	struct along *a = arg;
	char why[WHY];

	if (v->func || v->paths->npending >= STEPS)
		return false;
	find_place(a, v);
	a->next = a->at;
	if (a->at < trace.n && called_back(v, a->at) &&
	    !concrete_is_at(v->cur, &trace.step[a->at]))
		return true;
	if (a->at >= trace.n || a->held[a->at] ||
	    !concrete_is_at(v->cur, &trace.step[a->at]))
		return false;
	if (!concrete_in(v->cur, &trace.step[a->at], &everything, why)) {
		if (a->at == a->most)
			memcpy(a->why, why, WHY);
		return false;
	}
	a->held[a->at] = true;
	a->next = a->at + 1;
	if (a->next > a->most) {
		a->most = a->next;
		strcpy(a->why, "no path comes here");
	}
	return true;
}

static char words[1 << 20];

static void judge_along(struct side *side, const struct program *p)
{
	static const struct verify_watch watch = {.step = follow, .arg = &along};
	int fd;

	memset(&along, 0, sizeof(along));
	strcpy(along.why, "no path comes here");
	asked.watch = &watch;
	asked.most = ALONG_MOST;
	words[0] = 0;
	fd = diff_load(side, p, words, sizeof(words));
	asked.watch = NULL;
	if (fd >= 0)
		side->sys->close(side->sys, fd);
	if (along.most == trace.n)
		return;
	if (fd >= 0)
		show(p, "step %u, instruction %u: %s", along.most,
		     trace.step[along.most].insn, along.why);
	else if (fd == -E2BIG || strstr(words, "too complex"))
		count[p->kind].too_long++;
	else
		show(p, "step %u: refused where it is walked alone: %s", along.most,
		     last_words(words));
}

/* ---- by checkpoints ---- */

struct points {
	bool begun;
	bool point[DIFF_ROOM]; /* checkpoints may stand there */
	u32 first[DIFF_ROOM];  /* step + 1 of the run there; 0: none */
	u32 next[STEPS];
	bool held[STEPS];
	char why[STEPS][128]; /* not */
};

static struct points points;

static void points_begin(struct points *p, const struct verifier *v)
{
	p->begun = true;
	for (u32 i = 0; i < v->n; i++)
		p->point[i] = v->flow.insns[i].flags & flow_prune;
}

static void look_at(void *arg, struct verifier *v, const struct checkpoint *c)
{
	struct scope scope = {.precise = true, .regs = v->flow.insns[c->s.insn].live};
	struct points *p = arg;
	const struct state *s = NULL;
	char why[WHY];
	u32 i;

	if (v->func)
		return;
	if (!p->begun)
		points_begin(p, v);
	stack_live_slots(v, &c->s, scope.slots);
	for (i = p->first[c->s.insn]; i; i = p->next[i - 1]) {
		const struct concrete *at = &trace.step[i - 1];

		if (p->held[i - 1])
			continue;
		s = s ? s : path_show(v, &c->s);
		if (!concrete_is_at(s, at))
			continue;
		p->held[i - 1] = concrete_in(s, at, &scope, why);
		if (!p->held[i - 1])
			memcpy(p->why[i - 1], why, sizeof(p->why[0]) - 1);
	}
}

static void points_say(const struct program *p)
{
	for (u32 i = 0; i < trace.n; i++) {
		u32 insn = trace.step[i].insn;

		count[p->kind].points += points.point[insn];
		if (!points.point[insn] || points.held[i])
			continue;
		show(p, "step %u, instruction %u: no checkpoint holds it: %s", i, insn,
		     points.why[i]);
		return;
	}
}

static void judge_points(struct side *side, const struct program *p)
{
	static const struct verify_watch watch = {.checkpoint = look_at, .arg = &points};
	int fd;

	memset(&points, 0, sizeof(points));
	for (u32 i = trace.n; i--;) {
		u32 *first = &points.first[trace.step[i].insn];

		points.next[i] = *first;
		*first = i + 1;
	}
	asked.watch = &watch;
	asked.most = POINTS_MOST;
	asked.flags = SKEP_F_TEST_STATE_FREQ;
	fd = diff_load(side, p, NULL, 0);
	asked.watch = NULL;
	asked.flags = 0;
	if (fd < 0) {
		count[p->kind].too_long++;
		return;
	}
	side->sys->close(side->sys, fd);
	points_say(p);
}

/* ---- what compilers are told ---- */

static void judge_facts(const struct program *p)
{
	static struct insn code[DIFF_ROOM];
	char why[WHY] = "";
	u32 step = 0;

	count[p->kind].numberless += !asked.facts.numbers;
	if (asked.facts_err || insn_decode(p->code, p->n, code, NULL))
		show(p, "no facts: error %d", -asked.facts_err);
	else if (!concrete_facts(&asked.facts, code, &step, &count[p->kind].facts, why))
		show(p, "step %u, instruction %u: %s", step, trace.step[step].insn, why);
}

/* ---- a program ---- */

static void judge(struct side *side, const struct program *p)
{
	int fd;

	if (p->kind >= kind_xdp && maps_reset(&side->maps, p->kind)) {
		show(p, "the maps cannot be reset");
		return;
	}
	asked.wants_facts = true;
	fd = diff_load(side, p, NULL, 0);
	asked.wants_facts = false;
	if (fd < 0) {
		count[p->kind].refused++;
		return;
	}
	count[p->kind].programs++;
	trace_begin(MIN((u32)round_up(asked.stack, 8), (u32)SKEP_MAX_STACK));
	diff_run(side, fd, p);
	side->sys->close(side->sys, fd);
	if (side->result.err && side->result.err != -EINVAL)
		show(p, "the run ends with error %d", -side->result.err);
	if (!trace.n || trace.full) {
		count[p->kind].too_long += trace.full;
		return;
	}
	count[p->kind].runs++;
	count[p->kind].steps += trace.n;
	judge_along(side, p);
	judge_points(side, p);
	judge_facts(p);
}

/* The eight numbers that a pure program begins with, unknown to the verifier, are small
 * ones in every other program: those meet the bounds that comparisons set. */
static void make_small(struct program *p)
{
	static const s32 near[] = {0,  1,  -1, 2,   7,	  8,   31,
				   32, 63, 64, 127, -128, 255, 256};
	u64 state = p->seed * 3;

	for (u32 i = 0; i < 8; i++) {
		s32 x = near[diff_pick(&state, ARRAY_SIZE(near))];

		p->code[4 * i].imm = x + (s32)diff_pick(&state, 3) - 1;
		p->code[4 * i + 1].imm = p->code[4 * i].imm < 0 ? -1 : 0;
	}
}

static void judge_all(struct side *side, u64 n, u64 first, u32 kind)
{
	static struct program p;

	for (u64 i = 0; i < n; i++) {
		p.seed = first + i;
		p.kind = kind < KINDS ? kind : (enum kind)(p.seed % KINDS);
		diff_make(&p);
		if (p.kind == kind_pure && (p.seed / KINDS) % 2)
			make_small(&p);
		if (p.n)
			judge(side, &p);
	}
}

static int report(void)
{
	bool bad = false;

	for (u32 k = 0; k < KINDS; k++) {
		if (!(count[k].programs + count[k].refused))
			continue;
		printf("%-6s %llu programs, %llu refused; %llu runs, %llu steps, %llu at "
		       "checkpoints, %llu facts (%llu programs without numbers), %llu walks "
		       "too long; %llu found\n",
		       diff_names[k], (unsigned long long)count[k].programs,
		       (unsigned long long)count[k].refused,
		       (unsigned long long)count[k].runs,
		       (unsigned long long)count[k].steps,
		       (unsigned long long)count[k].points,
		       (unsigned long long)count[k].facts,
		       (unsigned long long)count[k].numberless,
		       (unsigned long long)count[k].too_long,
		       (unsigned long long)count[k].found);
		bad |= count[k].found || count[k].refused * 10 > count[k].programs ||
		       count[k].too_long * 4 > count[k].runs;
	}
	return bad;
}

int main(int argc, char **argv)
{
	static struct side side;
	struct skep_engine *engine;
	struct diff_options o;

	if (!diff_options(argc, argv, &o))
		return 2;
	if (skep_engine_open(NULL, &engine))
		return 1;
	side.sys = skep_engine_sys(engine);
	if (maps_open(&side.maps, side.sys))
		return 1;
	judge_all(&side, o.n, o.first, o.kind);
	maps_close(&side.maps);
	skep_engine_close(engine);
	return report();
}
