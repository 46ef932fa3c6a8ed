/* verify_explain(): the class of a refusal, and its sentences. */
#include "explain.h"
#include <errno.h>
#include <stdlib.h>
#include "explain_tale.h"

enum { KERNEL_LOG = 16 << 10 };

/* ---- what became of the register at fault ---- */

/* The call that ended what it was; ~0: it was not a call. */
static u32 clearing_step(const struct tale *t)
{
	const struct record *rec = t->rec;
	const struct snap *last = rec->nsnaps ? &rec->snaps[rec->nsnaps - 1] : NULL;

	if (!last || t->regno < 0)
		return ~0u;
	for (u32 step = rec->nsnaps - 1; step--;) {
		const struct snap *s = &rec->snaps[step];
		u16 op = t->v->insns[s->insn].op;

		if (s->depth != last->depth || s->r[t->regno].type == t->reg.type)
			continue;
		return op == op_call_helper || op == op_call_kfunc || op == op_call_local
			       ? step
			       : ~0u;
	}
	return ~0u;
}

static const struct reg *before_clearing(const struct tale *t)
{
	static const struct reg none;
	u32 step = clearing_step(t);

	return step == ~0u ? &none : &t->rec->snaps[step].r[t->regno];
}

/* ---- when ---- */

static bool when_any(const struct tale *t)
{
	return true;
}

static bool when_null(const struct tale *t)
{
	return t->reg.flags & flag_null;
}

static bool when_null_value(const struct tale *t)
{
	return when_null(t) && t->reg.type == reg_value;
}

static bool when_null_record(const struct tale *t)
{
	return when_null(t) && t->reg.flags & flag_ringbuf;
}

static bool when_packet(const struct tale *t)
{
	return t->reg.type == reg_packet || t->reg.type == reg_packet_meta;
}

static bool when_number(const struct tale *t)
{
	return t->reg.type == reg_scalar;
}

static bool when_released(const struct tale *t)
{
	return before_clearing(t)->ref && t->reg.type <= reg_scalar;
}

static bool when_moved(const struct tale *t)
{
	return before_clearing(t)->type == reg_packet && t->reg.type <= reg_scalar;
}

static bool when_cleared(const struct tale *t)
{
	return t->regno >= 1 && t->regno <= 5 && clearing_step(t) != ~0u;
}

static bool when_varies(const struct tale *t)
{
	return t->reg.n.bits.mask;
}

static bool when_below(const struct tale *t)
{
	return when_varies(t) && t->reg.n.smin < -MAX(tale_offset(t), 0);
}

/* Something was subtracted from the sum of a packet pointer and what varies. */
static bool when_subtracted(const struct tale *t)
{
	return when_packet(t) && when_varies(t) && tale_offset(t) < 0;
}

/* It is in a loop, and did no harm in the rounds before. */
static bool when_rounds(const struct tale *t)
{
	return t->in && !when_varies(t) && tale_rounds(t);
}

static bool when_returns(const struct tale *t)
{
	return t->in && t->in->op == op_exit;
}

static bool when_callback(const struct tale *t)
{
	return t->v->cur && frame_of(t->v->cur)->callback;
}

static bool when_size(const struct tale *t)
{
	return t->helper && !when_varies(t) && t->regno >= 1 && t->regno < 5 &&
	       t->regs[t->regno + 1].type == reg_scalar &&
	       t->regs[t->regno + 1].n.bits.mask;
}

static bool when_fixed(const struct tale *t)
{
	return !when_varies(t) && !when_size(t);
}

static bool when_locks(const struct tale *t)
{
	return t->helper && t->helper->id == SKEP_FUNC_spin_lock;
}

static bool when_call(const struct tale *t)
{
	return t->in && (t->in->op == op_call_helper || t->in->op == op_call_local);
}

/* These may read what was never written; all that is refused is a dynptr or iterator. */
static bool when_privileged(const struct tale *t)
{
	return t->v->profile->perfmon;
}

static bool when_write(const struct tale *t)
{
	return t->in && op_info[t->in->op].class == class_store;
}

/* ---- classes ---- */

#define CLASS(name, follow, headline, required, known, input, fix) \
	static const struct explain_class class_##name##_words = { \
		#name, follow_##follow, headline, required, known, input, fix};
#include "explain.def"

static const struct {
	const struct reject *why;
	bool (*when)(const struct tale *t);
	const struct explain_class *class;
} cases[] = {
#define CASE(reject, when, class) {&reject_##reject, when_##when, &class_##class##_words},
#include "explain.def"
};

static const struct explain_class *class_of(const struct tale *t)
{
	const struct reject *why = t->v->refusal.why;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cases[i].why == why && cases[i].when(t))
			return cases[i].class;
	return reject_is_later(why) ? &class_later_words : &class_other_words;
}

/* ---- the refusal ---- */

/* The register that the kernel names: "R3 invalid mem access". */
static int named_register(const char *message)
{
	for (const char *at = message; (at = strchr(at, 'R')); at++)
		if ((at == message || at[-1] == ' ') && at[1] >= '0' && at[1] <= '9')
			return MIN(atoi(at + 1), FP);
	return -1;
}

static const char *last_line(struct tale *t, char *log)
{
	size_t len = strlen(log);
	char *at;

	while (len && log[len - 1] == '\n')
		log[--len] = '\0';
	at = strrchr(log, '\n');
	return tale_text(t, "%s", at ? at + 1 : log);
}

static int operand(const struct tale *t)
{
	u8 class = op_info[t->in->op].class;

	if (class == class_alu && op_info[t->in->op].fields & field_src)
		return reg_is_pointer(&t->regs[t->in->src]) ? t->in->src : t->in->dst;
	if (class == class_load)
		return t->in->src;
	return class == class_store || class == class_atomic ? t->in->dst : -1;
}

/* The last instruction of the first function that has no end. */
static u32 open_end(const struct flow *f)
{
	for (u32 i = 0; i < f->nfuncs; i++) {
		u32 last = f->funcs[i].end ? f->funcs[i].end - 1 : 0;
		u16 op = last < f->n ? f->code[last].op : (u16)op_exit;

		if (op != op_exit && op != op_ja && op != op_gotol)
			return last;
	}
	return 0;
}

/* Before any path is walked the message has the number; after it, it is about calls. */
static u32 insn_without_path(const struct tale *t)
{
	const char *number = strstr(t->out->kernel, "insn ");
	u32 i = 0;

	if (number && number[5] >= '0' && number[5] <= '9')
		return (u32)atoi(number + 5);
	if (t->v->refusal.why == &reject_func_no_end)
		return open_end(&t->v->flow);
	if (t->v->insn &&
	    (!t->v->result->processed || t->v->refusal.why == &reject_tail_call_maps))
		return t->v->insn;
	while (t->v->insns && i < t->v->n && t->v->insns[i].op != op_call_local)
		i++;
	return i < t->v->n ? i : 0;
}

static void look(struct tale *t)
{
	struct verifier *v = t->v;
	const struct record *rec = t->rec;

	t->insn = v->insn;
	t->regno = named_register(t->out->kernel);
	if (!rec->nsnaps && !rec->last)
		t->insn = insn_without_path(t);
	if (!rec->nsnaps || !v->cur || rec->snaps[rec->nsnaps - 1].insn != v->insn)
		return;
	t->in = &v->insns[v->insn];
	t->regs = rec->snaps[rec->nsnaps - 1].r;
	if (t->in->op == op_call_helper)
		t->helper = rules_helper_for(v->prog->type, v->prog->attach_type,
					     (u32)t->in->imm);
	if (t->regno < 0)
		t->regno = operand(t);
	if (t->regno >= 0)
		t->reg = t->regs[t->regno];
}

/* Of the three numbers that may be meant. */
static void find_number(struct tale *t)
{
	t->number = &t->reg;
	if (t->class->follow == follow_other && t->in &&
	    op_info[t->in->op].fields & field_src)
		t->number = &t->regs[t->regs[t->in->src].type == reg_scalar ? t->in->src
									    : t->in->dst];
	if (t->class->follow == follow_size && t->regs && t->reg.type != reg_scalar &&
	    t->regno < 5)
		t->number = &t->regs[++t->regno];
}

/* ---- the texts ---- */

static void say_chain(struct tale *t)
{
	struct skep_explanation *out = t->out;
	struct skep_explanation_line *lines =
		arena_alloc(t->arena, CHAIN_MOST, sizeof(lines[0]));

	if (!lines)
		return;
	while (t->nevents) {
		const struct chain_event *e = &t->events[--t->nevents];
		const struct skep_line_info *line = tale_line(t, e->insn);
		struct skep_explanation_line *to = &lines[out->nchain++];

		to->insn = e->insn;
		to->note = e->note;
		to->line = line ? line->line_col >> 10 : 0;
		to->file = line ? tale_file(t, line) : NULL;
		to->source = tale_source(t, line);
		if (!line)
			to->source = tale_insn(t, e->insn);
	}
	out->chain = lines;
}

static void say(struct tale *t)
{
	struct skep_explanation *out = t->out;
	const struct skep_line_info *line = tale_line(t, t->insn);

	out->code = t->v->refusal.why->code;
	out->class_name = t->class->name;
	out->insn = t->insn;
	out->line = line ? line->line_col >> 10 : 0;
	out->column = line ? line->line_col & 0x3ff : 0;
	out->file = line ? tale_file(t, line) : NULL;
	out->source = line ? tale_source(t, line) : tale_insn(t, t->insn);
	out->headline = tale_expand(t, t->class->headline);
	if (!out->headline)
		out->headline = tale_text(t, "%s, without a word of the kernel",
					  strerror(t->v->refusal.why->err));
	if (!out->headline) /* the kernel says nothing either */
		out->headline = tale_text(t, "this is refused without a message: %s",
					  t->v->refusal.why->name);
	out->required = tale_expand(t, t->class->required);
	out->known = tale_expand(t, t->class->known);
	if (out->known && !strcmp(out->known, out->kernel))
		out->known = NULL;
	out->input = tale_expand(t, t->class->input);
	out->fix = tale_expand(t, t->class->fix);
	if (t->advice)
		out->fix = tale_text(t, "%s; or: %s", t->advice, out->fix);
	say_chain(t);
}

static void tell(struct verifier *v, char *log, struct explained *e)
{
	u32 cleared;
	struct tale t = {.v = v,
			 .rec = v->record,
			 .arena = &e->arena,
			 .out = &e->out,
			 .scale = 1,
			 .origin = ~0u,
			 .cleared = ~0u,
			 .check = ~0u,
			 .own = -1};

	e->out.kernel = last_line(&t, log);
	if (v->refusal.why == &reject_loop_endless) /* the states stand behind it */
		e->out.kernel =
			tale_text(&t, "infinite loop detected at insn %u", v->insn);
	look(&t);
	cleared = clearing_step(&t);
	if (cleared != ~0u)
		t.cleared = t.rec->snaps[cleared].insn;
	t.class = class_of(&t);
	find_number(&t);
	chain_build(&t);
	say(&t);
}

/* Where all paths together count there is none to be told. */
static bool is_limit(const struct reject *why)
{
	return why == &reject_insns_many || why == &reject_paths_many;
}

/* One walk. The second one ends in the texts, the first one where it says enough. */
static int walk(const struct verify_prog *prog, const struct profile *profile,
		struct record *rec, bool second, struct explained *e)
{
	char *text = mem_alloc(1, KERNEL_LOG);
	struct skep_log log = {.buf = text, .size = KERNEL_LOG};
	struct verify_result result;
	struct verifier v = {.record = rec, .pass = {.log = &log}};

	if (!text)
		return -ENOMEM;
	verifier_init(&v, prog, profile, &result);
	if (pass_try(&v.pass))
		verify_run(&v);
	if (v.refusal.why && (second || is_limit(v.refusal.why)))
		tell(&v, text, e);
	mem_free(text);
	return pass_end(&v.pass);
}

int verify_explain(const struct verify_prog *prog, const struct profile *profile,
		   struct explained *e)
{
	struct verify_prog counted = *prog;
	struct record rec = {0};
	int err;

	*e = (struct explained){0};
	counted.costs = arena_alloc(&e->arena, prog->n, sizeof(counted.costs[0]));
	err = walk(&counted, profile, &rec, false, e);
	if (err && !e->out.headline && record_choose(&rec))
		walk(&counted, profile, &rec, true, e);
	record_free(&rec);
	if (err && e->out.headline)
		return 0;
	arena_free(&e->arena);
	*e = (struct explained){0};
	return err ? -ENOMEM : -ENOENT;
}
