/* Loops: when a path inside one ends at a checkpoint whose own paths are not at their
 * end, what is precise there is not all known yet. Linux 6.18 remembers the path, for
 * each loop and each chain of calls that leads to it, and goes over all of them when the
 * loop is left, until nothing changes. And loops whose end is not in a counter (open
 * iterators, callbacks, may_goto) are made to converge: what changes from round to round
 * is taken to be unknown.
 */
#include "path.h"

enum { ROUNDS_MAX = 64 };

struct backedge {
	struct backedge *next;
	struct checkpoint *equal;
	struct trail trail;
};

struct visit {
	struct node node;
	u32 call[SKEP_MAX_FRAMES], depth, loop;
	struct checkpoint *entry; /* the first in the loop that is not at its end */
	struct backedge *backedges;
	u32 nbackedges;
};

void path_count_peak(struct verifier *v)
{
	struct paths *p = v->paths;
	u32 n = p->nexplored + p->nevicted + p->nbackedges;

	v->result->peak_states = MAX(v->result->peak_states, n);
}

/* The outermost frame of `s` that is in a loop. */
static bool find_chain(struct verifier *v, const struct packed *s, struct visit *key)
{
	*key = (struct visit){0};
	for (u32 i = 0; i <= s->depth; i++) {
		u32 insn = packed_insn(s, i);

		key->depth = i;
		key->loop = v->flow.insns[insn].loop;
		if (key->loop)
			return true;
		key->call[i] = insn;
	}
	return false;
}

static void log_visit(struct verifier *v, const char *what, const struct visit *at)
{
	if (!(v->log_level & 2))
		return;
	verify_print(v, "SCC %s (", what);
	for (u32 i = 0; i < at->depth; i++)
		verify_print(v, "%u,", at->call[i]);
	verify_print(v, "%u)\n", at->loop);
}

static struct visit *get_visit(struct verifier *v, struct visit *key)
{
	struct node *at;
	struct visit *new;

	key->node.hash = node_hash(key->loop, key->call, key->depth);
	for (at = node_first(&v->paths->visits, key->node.hash); at; at = at->next) {
		struct visit *visit = container_of(at, struct visit, node);

		if (visit->loop == key->loop && visit->depth == key->depth &&
		    !memcmp(visit->call, key->call, sizeof(key->call)))
			return visit;
	}
	new = pass_alloc(&v->pass, 1, sizeof(*new));
	*new = *key;
	node_add(v, &v->paths->visits, &new->node);
	return new;
}

struct visit *loop_enter(struct verifier *v, struct checkpoint *c)
{
	struct visit key, *at;

	if (!find_chain(v, &c->s, &key))
		return NULL;
	at = get_visit(v, &key);
	if (!at->entry) {
		at->entry = c;
		log_visit(v, "enter", at);
	}
	return at;
}

static void drop_backedges(struct verifier *v, struct visit *at)
{
	for (struct backedge *b = at->backedges; b; b = b->next)
		history_drop(v, b->trail.history);
	at->backedges = NULL;
}

static void propagate(struct verifier *v, struct visit *at)
{
	bool changed = true;

	for (u32 round = 0; changed; round++) {
		changed = false;
		for (struct backedge *b = at->backedges; b; b = b->next)
			if (round >= ROUNDS_MAX)
				precise_all(v, &b->trail);
			else
				precise_copy(v, &b->equal->s, &b->trail, &changed);
	}
	drop_backedges(v, at);
}

void loop_exit(struct verifier *v, struct checkpoint *c)
{
	struct visit *at = c->visit;

	if (!at || at->entry != c)
		return;
	log_visit(v, "exit", at);
	at->entry = NULL;
	v->paths->nbackedges -= at->nbackedges;
	at->nbackedges = 0;
	path_count_peak(v);
	propagate(v, at);
}

void loop_add_backedge(struct verifier *v, struct checkpoint *old)
{
	struct backedge *b = pass_alloc(&v->pass, 1, sizeof(*b));
	struct state *s = v->cur;
	struct visit *at = old->visit;

	if (!at)
		refuse(v, path_bug, "add backedge: no SCC in verification path");
	b->equal = old;
	b->trail = (struct trail){s->parent, history_use(s->history),
				  s->insn,   s->first_insn,
				  s->depth,  false};
	log_visit(v, "backedge", at);
	b->next = at->backedges;
	at->backedges = b;
	at->nbackedges++;
	v->paths->nbackedges++;
	path_count_peak(v);
}

bool loop_is_open(const struct checkpoint *c)
{
	return c->visit && c->visit->backedges;
}

void loop_forget(struct verifier *v)
{
	struct node_table *t = &v->paths->visits;

	if (t->n)
		memset(t->at, 0, ((size_t)t->mask + 1) * sizeof(t->at[0]));
	t->n = 0;
}

/* ---- rounds that come to the same ---- */

const struct checkpoint *path_previous(struct verifier *v, u32 insn, bool now)
{
	const struct state *s = v->cur;
	const struct checkpoint *c, *same = s->parent;
	u32 depth = now ? s->dfs_depth : same ? same->s.dfs_depth : 0;

	for (c = *path_list(v, insn); c; c = c->next)
		if (c->s.insn == insn && c->branches && c->s.dfs_depth < depth &&
		    state_same_calls(s, &c->s))
			return c;
	return NULL;
}

static void widen(struct verifier *v, struct packed_reg before, bool precise,
		  struct reg *r, struct idmap *ids)
{
	const struct reg *old = form_reg(&v->paths->forms, before.form);
	struct packed_reg now;

	if (old->type != reg_scalar || r->type != reg_scalar || precise || r->precise)
		return;
	now = (struct packed_reg){form_of(&v->paths->forms, &v->pass, r), r->id};
	if (!regs_exact(v, before, now, ids))
		reg_set_unknown(r);
}

void path_widen(struct verifier *v, const struct checkpoint *before, struct state *s)
{
	struct idmap ids;

	if (!before)
		return;
	idmap_begin(v, &ids);
	for (u32 d = before->s.depth + 1; d--;) {
		const struct packed_frame *f = &before->s.frame[d];
		const struct packed_slot *slots = packed_slots(&before->s, d);
		struct frame *now = s->frame[d];

		for (u32 i = 0; i < FP; i++)
			widen(v, f->r[i], f->precise_regs >> i & 1, &now->r[i], &ids);
		for (u32 i = 0; i < f->nslots && i < now->nslots; i++)
			if (slots[i].kinds >> 28 == slot_spill &&
			    slot_is_spilled(&now->slot[i]))
				widen(v, slots[i].reg, f->precise >> i & 1,
				      &now->slot[i].reg, &ids);
	}
}
