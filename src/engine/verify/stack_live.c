/* Which stack slots are still read, as Linux 6.18 finds it out
 *
 * What the steps read and surely write is gathered for each instruction and each chain of
 * calls that leads to it. When a path or a function ends, what is live before each
 * instruction follows by the textbook's equations: read here, or live behind it and not
 * written here. A function's sums go to the call that it was called by.
 *
 * The kernel goes over all instructions in postorder until a round changes nothing. The
 * same results come from going over those only whose operands changed, in that order:
 * long programs, whose paths end thousands of times, cost what changed.
 */
#include "path.h"

struct masks {
	u64 read, written; /* by the instruction: perhaps, surely */
	u64 written_later; /* by it or surely by one behind it */
	u64 before;	   /* live */
};

/* Instructions to go over, by their place in the function's postorder. */
struct work {
	u64 *bits;
	u32 first, last; /* words that may have bits */
};

struct chain {
	u32 call[SKEP_MAX_FRAMES]; /* [depth] is the running function's start */
	u32 func[SKEP_MAX_FRAMES];
	u32 depth;
};

struct instance {
	struct node node;
	struct chain chain;
	u32 start, n;
	bool updated, dropped; /* marks changed; fewer are written than was thought */
	struct masks *frame[SKEP_MAX_FRAMES]; /* NULL: nothing marked */
	struct work work[SKEP_MAX_FRAMES];
	bool *seen; /* written was set once */
};

struct stack_live {
	struct node_table instances;
	struct instance *cur;
	u64 writing[SKEP_MAX_FRAMES];
	u32 writing_insn;
	u32 *place; /* of an instruction in its function's postorder */
	u32 *preds,
		*pred_at; /* those of i: preds[pred_at[i]] until preds[pred_at[i + 1]] */
};

/* ---- what comes before what ---- */

static void find_preds(struct verifier *v, struct stack_live *l)
{
	u32 succ[2], total = 0;

	l->pred_at = pass_alloc(&v->pass, (size_t)v->n + 2, sizeof(u32));
	for (u32 i = 0; i < v->n; i++)
		for (u32 k = flow_successors(&v->flow, i, succ); k--; total++)
			if (succ[k] < v->n)
				l->pred_at[succ[k] + 2]++;
	for (u32 i = 2; i < v->n + 2; i++)
		l->pred_at[i] += l->pred_at[i - 1];
	l->preds = pass_alloc(&v->pass, (size_t)total + 1, sizeof(u32));
	for (u32 i = 0; i < v->n; i++)
		for (u32 k = flow_successors(&v->flow, i, succ); k--;)
			if (succ[k] < v->n)
				l->preds[l->pred_at[succ[k] + 1]++] = i;
}

struct stack_live *stack_live_new(struct verifier *v)
{
	struct stack_live *l = pass_alloc(&v->pass, 1, sizeof(*l));

	l->place = pass_alloc(&v->pass, (size_t)v->n + 1, sizeof(u32));
	for (u32 f = 0; f < v->flow.nfuncs; f++)
		for (u32 i = 0; i < v->flow.funcs[f].norder; i++)
			l->place[v->flow.postorder[v->flow.funcs[f].order + i]] = i;
	find_preds(v, l);
	return l;
}

/* ---- instances ---- */

static bool chain_is(const struct chain *a, const struct chain *b)
{
	return a->depth == b->depth &&
	       !memcmp(a->call, b->call, (a->depth + 1) * sizeof(a->call[0]));
}

static struct instance *get_instance(struct verifier *v, const struct chain *c)
{
	const u32 hash = node_hash(0, c->call, c->depth + 1);
	const struct flow_func *f = &v->flow.funcs[c->func[c->depth]];
	struct node *at = node_first(&v->paths->live->instances, hash);
	struct instance *i;

	for (; at; at = at->next) {
		i = container_of(at, struct instance, node);
		if (chain_is(&i->chain, c))
			return i;
	}
	i = pass_alloc(&v->pass, 1, sizeof(*i));
	i->node.hash = hash;
	i->chain = *c;
	i->start = f->start;
	i->n = f->end - f->start;
	i->seen = pass_alloc(&v->pass, i->n, sizeof(bool));
	node_add(v, &v->paths->live->instances, &i->node);
	return i;
}

static struct instance *of_state(struct verifier *v, const struct state *s, u32 depth)
{
	struct chain c = {.depth = depth};

	for (u32 i = 0; i <= depth; i++) {
		c.func[i] = s->frame[i]->func;
		c.call[i] = i < depth ? s->frame[i + 1]->callsite
				      : v->flow.funcs[c.func[i]].start;
	}
	return get_instance(v, &c);
}

static struct instance *current(struct verifier *v)
{
	struct stack_live *l = v->paths->live;

	if (!l->cur)
		l->cur = of_state(v, v->cur, v->cur->depth);
	return l->cur;
}

static struct masks *masks_of(struct verifier *v, struct instance *in, u32 frame,
			      u32 insn)
{
	if (!in->frame[frame]) {
		in->frame[frame] = pass_alloc(&v->pass, in->n, sizeof(struct masks));
		in->work[frame].bits = pass_alloc(&v->pass, in->n / 64 + 1, sizeof(u64));
		in->work[frame].first = ~0u;
	}
	return &in->frame[frame][insn - in->start];
}

static void add_work(struct verifier *v, struct instance *in, u32 frame, u32 insn)
{
	struct work *w = &in->work[frame];
	u32 place = v->paths->live->place[insn], word = place / 64;

	w->bits[word] |= (u64)1 << place % 64;
	w->first = MIN(w->first, word);
	w->last = MAX(w->last, word);
}

/* ---- marks ---- */

static void mark_read(struct verifier *v, struct instance *in, u32 frame, u32 insn,
		      u64 slots)
{
	struct masks *m = masks_of(v, in, frame, insn);

	if (!(slots & ~m->read))
		return;
	m->read |= slots;
	if (m->read & ~m->before)
		in->updated = true;
	add_work(v, in, frame, insn);
}

void stack_live_read(struct verifier *v, u32 frame, u64 slots)
{
	mark_read(v, current(v), frame, v->insn, slots);
}

static void begin_writes(struct stack_live *l, const struct instance *in, u32 insn)
{
	l->writing_insn = insn;
	memset(l->writing, 0, (in->chain.depth + 1) * sizeof(l->writing[0]));
}

void stack_live_begin(struct verifier *v)
{
	begin_writes(v->paths->live, current(v), v->insn);
}

void stack_live_write(struct verifier *v, u32 frame, u64 slots)
{
	v->paths->live->writing[frame] |= slots;
}

/* The first time all counts that was written, later what always was. Linux 6.18 keeps
 * what it was in 32 bits: of the slots below fp - 256 it forgets to take away, unless one
 * above goes. */
static void end_writes(struct verifier *v, struct instance *in)
{
	struct stack_live *l = v->paths->live;
	u32 insn = l->writing_insn;
	bool *seen = &in->seen[insn - in->start];

	for (u32 f = 0; f <= in->chain.depth; f++) {
		u64 mask = l->writing[f];
		struct masks *m;
		u32 old;

		if (!mask && !*seen)
			continue;
		m = masks_of(v, in, f, insn);
		old = (u32)m->written;
		if (*seen)
			mask &= old;
		if (old == mask)
			continue;
		m->written = mask;
		in->updated = true;
		in->dropped |= (old & ~mask) != 0;
		add_work(v, in, f, insn);
	}
	*seen = true;
}

void stack_live_end(struct verifier *v)
{
	struct stack_live *l = v->paths->live;

	if (l->cur)
		end_writes(v, l->cur);
}

void stack_live_enter(struct verifier *v)
{
	v->paths->live->cur = NULL;
}

/* ---- the equations ---- */

static void log_slots(struct verifier *v, u64 slots)
{
	const char *comma = "";

	for (; slots; slots &= slots - 1, comma = ",")
		verify_print(v, "%s%d", comma, -8 * (__builtin_ctzll(slots) + 1));
}

static void log_chain(struct verifier *v, const struct chain *c)
{
	for (u32 i = 0; i <= c->depth; i++)
		verify_print(v, "%s%d", i ? "," : "(", (int)c->call[i]);
	verify_print(v, ")");
}

static void log_change(struct verifier *v, const struct instance *in, const char *what,
		       u32 frame, u32 insn, u64 old, u64 now)
{
	if (old == now)
		return;
	log_chain(v, &in->chain);
	verify_print(v, " frame %d insn %d ", (int)frame, (int)insn);
	if (now & ~old) {
		verify_print(v, "+%s ", what);
		log_slots(v, now & ~old);
		verify_print(v, " ");
	}
	if (old & ~now) {
		verify_print(v, "-%s ", what);
		log_slots(v, old & ~now);
	}
	verify_print(v, "\n");
}

static bool is_logged(struct verifier *v, const struct instance *in,
		      const struct masks *m, u32 insn)
{
	return (v->log_level & 2) && (m->read || m->written || insn == in->start ||
				      (v->flow.insns[insn].flags & flow_prune));
}

/* What is surely written counts for the callers' slots only, beside the log. */
static bool wants_written(const struct verifier *v, const struct instance *in)
{
	return in->chain.depth || (v->log_level & 2);
}

/* Whether something changed. */
static bool go_over(struct verifier *v, struct instance *in, u32 frame, u32 insn)
{
	struct masks *all = in->frame[frame], *m = &all[insn - in->start];
	u32 succ[2], n = flow_successors(&v->flow, insn, succ);
	u64 before = 0, later = ~(u64)0;
	bool changed;

	if (!n)
		return false;
	for (u32 i = 0; i < n; i++) {
		before |= all[succ[i] - in->start].before;
		later &= all[succ[i] - in->start].written_later;
	}
	before = (before & ~m->written) | m->read;
	later = wants_written(v, in) ? later | m->written : 0;
	changed = before != m->before || later != m->written_later;
	if (is_logged(v, in, m, insn)) {
		log_change(v, in, "live", frame, insn, m->before, before);
		log_change(v, in, "written", frame, insn, m->written_later, later);
	}
	m->before = before;
	m->written_later = later;
	return changed;
}

static void add_preds(struct verifier *v, struct instance *in, u32 frame, u32 insn)
{
	struct stack_live *l = v->paths->live;

	for (u32 i = l->pred_at[insn]; i < l->pred_at[insn + 1]; i++)
		add_work(v, in, frame, l->preds[i]);
}

/* One round over a frame's work in postorder; what turns up behind is the next one's. */
static bool one_round(struct verifier *v, struct instance *in, u32 frame)
{
	const struct flow_func *f = &v->flow.funcs[in->chain.func[in->chain.depth]];
	struct work *w = &in->work[frame];
	u32 word = w->first, end = w->last;
	bool changed = false;

	w->first = ~0u;
	w->last = 0;
	for (; word <= end && word < in->n / 64 + 1; word++) {
		u64 todo = w->bits[word];

		while (todo) {
			u32 place = word * 64 + (u32)__builtin_ctzll(todo);
			u32 insn = v->flow.postorder[f->order + place];
			u64 behind = ~(u64)1 << place % 64;

			w->bits[word] &= ~((u64)1 << place % 64);
			if (go_over(v, in, frame, insn)) {
				changed = true;
				add_preds(v, in, frame, insn);
				end = MAX(end, w->last);
			}
			todo = w->bits[word] & behind;
		}
	}
	return changed;
}

/* Fewer slots are surely written: all that followed from it is found out again. */
static void written_anew(struct verifier *v, struct instance *in)
{
	for (u32 f = 0; f <= in->chain.depth; f++)
		for (u32 i = 0; in->frame[f] && i < in->n; i++) {
			in->frame[f][i].written_later = 0;
			if (in->frame[f][i].written)
				add_work(v, in, f, in->start + i);
		}
}

static void to_caller(struct verifier *v, struct instance *in)
{
	struct stack_live *l = v->paths->live;
	struct chain c = in->chain;
	struct instance *outer;
	u32 call;

	c.depth--;
	call = c.call[c.depth];
	c.call[c.depth] = v->flow.funcs[c.func[c.depth]].start;
	outer = get_instance(v, &c);
	begin_writes(l, outer, call);
	for (u32 f = 0; f <= c.depth; f++) {
		struct masks *m = in->frame[f];

		if (!m)
			continue;
		l->writing[f] |= m->written_later;
		mark_read(v, outer, f, call, m->before);
	}
	end_writes(v, outer);
}

static void update(struct verifier *v, struct instance *in)
{
	u32 rounds = 0;
	bool changed;

	if (in->dropped && wants_written(v, in))
		written_anew(v, in);
	do {
		changed = false;
		rounds++;
		for (u32 f = 0; f <= in->chain.depth; f++)
			if (in->frame[f])
				changed |= one_round(v, in, f);
	} while (changed);
	if (v->log_level & 2) {
		log_chain(v, &in->chain);
		verify_print(v, " live stack update done in %d iterations\n",
			     (int)rounds);
	}
	if (in->chain.depth)
		to_caller(v, in);
	in->updated = in->dropped = false;
}

void stack_live_update(struct verifier *v)
{
	v->paths->live->cur = NULL;
	for (u32 d = v->cur->depth + 1; d--;) {
		struct instance *in = of_state(v, v->cur, d);

		if (in->updated)
			update(v, in);
	}
}

/* ---- questions ---- */

static u64 live_before(const struct instance *in, u32 frame, u32 insn)
{
	return in->frame[frame] ? in->frame[frame][insn - in->start].before : 0;
}

void stack_live_slots(struct verifier *v, const struct packed *s,
		      u64 slots[SKEP_MAX_FRAMES])
{
	struct chain c = {0};

	for (u32 d = 0; d <= s->depth; d++) {
		const struct instance *in;
		u32 insn = packed_insn(s, d);

		c.depth = d;
		c.func[d] = s->frame[d].func;
		c.call[d] = v->flow.funcs[c.func[d]].start;
		in = get_instance(v, &c);
		c.call[d] = insn;
		if (d < s->depth && !(v->flow.insns[insn].flags & flow_callback))
			insn++;
		slots[d] = 0;
		for (u32 f = 0; f <= d; f++)
			slots[f] |= live_before(in, f, insn);
	}
}
