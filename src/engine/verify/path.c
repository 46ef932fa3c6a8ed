/* States at rest: packed and unpacked, branches still to be walked, checkpoints */
#include "path.h"

enum { PENDING_MAX = 8192 }; /* the kernel's BPF_COMPLEXITY_LIMIT_JMP_SEQ */

/* ---- packing ---- */

static u32 kinds_pack(const u8 kind[8])
{
	u64 k = load64(kind);

	k = (k | k >> 4) & 0x00ff00ff00ff00ffu;
	k = (k | k >> 8) & 0x0000ffff0000ffffu;
	return (u32)(k | k >> 16);
}

static void kinds_unpack(u32 kinds, u8 kind[8])
{
	u64 k = kinds;

	k = (k | k << 16) & 0x0000ffff0000ffffu;
	k = (k | k << 8) & 0x00ff00ff00ff00ffu;
	store64(kind, (k | k << 4) & 0x0f0f0f0f0f0f0f0fu);
}

static struct packed_reg pack_reg(struct verifier *v, struct reg *r)
{
	u32 form = form_of(&v->paths->forms, &v->pass, r);

	return (struct packed_reg){form, form ? r->id : 0};
}

static void unpack_reg(struct verifier *v, struct packed_reg in, struct reg *r)
{
	*r = *form_reg(&v->paths->forms, in.form);
	r->id = in.id;
	r->precise = r->type == reg_scalar && !v->profile->bpf;
}

static bool has_reg(const struct slot *s)
{
	return s->kind[7] == slot_spill || s->kind[7] >= slot_dynptr;
}

/* Returns what follows the frame's slots. */
static char *pack_frame(struct verifier *v, struct frame *f, struct packed_frame *out,
			char *base, char *at)
{
	struct packed_slot *slot = (struct packed_slot *)at;

	for (u32 i = 0; i < FP; i++)
		out->r[i] = pack_reg(v, &f->r[i]);
	out->callsite = f->callsite;
	out->func = f->func;
	out->async_entries = f->async_entries;
	out->callback_depth = f->callback_depth;
	out->ret_min = f->ret_min;
	out->ret_max = f->ret_max;
	out->callback = f->callback;
	out->async_callback = f->async_callback;
	out->exception_callback = f->exception_callback;
	out->nslots = (u8)f->nslots;
	out->slots = (u32)(at - base);
	out->precise = 0;
	out->precise_regs = 0;
	for (u32 i = 0; i < f->nslots; i++, slot++) {
		slot->kinds = kinds_pack(f->slot[i].kind);
		slot->reg = (struct packed_reg){FORM_NONE, 0};
		if (has_reg(&f->slot[i]))
			slot->reg = pack_reg(v, &f->slot[i].reg);
	}
	return (char *)slot;
}

static void unpack_frame(struct verifier *v, const struct packed_frame *in,
			 const struct packed_slot *slot, u32 number, struct frame *f)
{
	for (u32 i = 0; i < FP; i++)
		unpack_reg(v, in->r[i], &f->r[i]);
	reg_set_pointer(&f->r[FP], reg_stack, 0);
	f->r[FP].frame = (u8)number;
	f->callsite = in->callsite;
	f->number = number;
	f->func = in->func;
	f->async_entries = in->async_entries;
	f->callback_depth = in->callback_depth;
	f->ret_min = in->ret_min;
	f->ret_max = in->ret_max;
	f->callback = in->callback;
	f->async_callback = in->async_callback;
	f->exception_callback = in->exception_callback;
	f->nslots = in->nslots;
	for (u32 i = 0; i < f->nslots; i++) {
		kinds_unpack(slot[i].kinds, f->slot[i].kind);
		unpack_reg(v, slot[i].reg, &f->slot[i].reg);
	}
}

void path_pack(struct verifier *v, const struct state *s, struct packed *out)
{
	char *base = (char *)out, *at = (char *)&out->frame[s->depth + 1];

	*out = (struct packed){
		.depth = s->depth,
		.insn = s->insn,
		.first_insn = s->first_insn,
		.last_insn = s->last_insn,
		.nhistory = s->nhistory,
		.parent = s->parent,
		.history = s->history,
		.dfs_depth = s->dfs_depth,
		.callback_unroll = s->callback_unroll,
		.may_goto_depth = s->may_goto_depth,
		.nrefs = s->nrefs,
		.locks = s->locks,
		.preempt_locks = s->preempt_locks,
		.irq_id = s->irq_id,
		.lock_id = s->lock_id,
		.rcu_locks = s->rcu_locks,
		.lock_ptr = s->lock_ptr,
		.speculative = s->speculative,
		.sleepable = s->sleepable,
	};
	for (u32 i = 0; i <= s->depth; i++)
		at = pack_frame(v, s->frame[i], &out->frame[i], base, at);
	at = base + round_up((u64)(at - base), 8);
	out->refs = (u32)(at - base);
	memcpy(at, s->refs, s->nrefs * sizeof(s->refs[0]));
	out->bytes = (u32)round_up(out->refs + s->nrefs * sizeof(s->refs[0]), 16);
}

void path_unpack(struct verifier *v, const struct packed *in, struct state *s)
{
	s->depth = in->depth;
	s->insn = in->insn;
	s->first_insn = in->first_insn;
	s->last_insn = in->last_insn;
	s->nhistory = in->nhistory;
	s->parent = in->parent;
	s->history = in->history;
	s->dfs_depth = in->dfs_depth;
	s->callback_unroll = in->callback_unroll;
	s->may_goto_depth = in->may_goto_depth;
	s->nrefs = in->nrefs;
	s->locks = in->locks;
	s->preempt_locks = in->preempt_locks;
	s->irq_id = in->irq_id;
	s->lock_id = in->lock_id;
	s->rcu_locks = in->rcu_locks;
	s->lock_ptr = in->lock_ptr;
	s->speculative = in->speculative;
	s->sleepable = in->sleepable;
	for (u32 i = 0; i <= in->depth; i++)
		unpack_frame(v, &in->frame[i], packed_slots(in, i), i, s->frame[i]);
	memcpy(s->refs, packed_refs(in), in->nrefs * sizeof(s->refs[0]));
}

struct packed *path_pack_cur(struct verifier *v)
{
	path_pack(v, v->cur, v->paths->scratch);
	return v->paths->scratch;
}

/* ---- making all ---- */

static struct state *state_new(struct verifier *v)
{
	struct state *s = pass_alloc(&v->pass, 1, sizeof(*s));
	struct frame *f = pass_alloc(&v->pass, SKEP_MAX_FRAMES, sizeof(*f));

	for (u32 i = 0; i < SKEP_MAX_FRAMES; i++)
		s->frame[i] = &f[i];
	return s;
}

struct state *path_show(struct verifier *v, const struct packed *s)
{
	struct state *out = v->paths->shown;

	if (!out)
		out = v->paths->shown = state_new(v);
	path_unpack(v, s, out);
	for (u32 d = 0; d <= s->depth; d++) {
		struct frame *f = out->frame[d];

		for (u32 i = 0; i < FP; i++)
			f->r[i].precise |= s->frame[d].precise_regs >> i & 1;
		for (u32 i = 0; i < f->nslots; i++)
			f->slot[i].reg.precise |= s->frame[d].precise >> i & 1;
	}
	return out;
}

/* The most bytes that a packed state has. */
enum {
	PACKED_MAX = sizeof(struct packed) +
		     SKEP_MAX_FRAMES * (sizeof(struct packed_frame) +
					SLOTS * sizeof(struct packed_slot)) +
		     REFS * sizeof(struct ref) + 32
};

struct paths *path_new(struct verifier *v)
{
	struct paths *p = pass_alloc(&v->pass, 1, sizeof(*p));

	v->paths = p;
	v->cur = state_new(v);
	p->fork = state_new(v);
	p->scratch = pass_alloc(&v->pass, 1, PACKED_MAX);
	p->lists = pass_alloc(&v->pass, v->n, sizeof(struct checkpoint *));
	p->nlist = pass_alloc(&v->pass, v->n, sizeof(u32));
	p->pending_size = pass_alloc(&v->pass, PENDING_MAX + 1, sizeof(u32));
	p->pending_log = pass_alloc(&v->pass, PENDING_MAX + 1, sizeof(size_t));
	forms_init(&p->forms, &v->pass);
	p->live = stack_live_new(v);
	return p;
}

static void frame_begin(struct frame *f)
{
	for (u32 i = 0; i < FP; i++)
		reg_set_none(&f->r[i]);
	reg_set_pointer(&f->r[FP], reg_stack, 0);
	f->callsite = ~0u;
	f->number = 0;
	f->func = 0;
	f->async_entries = 0;
	f->ret_min = f->ret_max = 0;
	f->callback = f->async_callback = f->exception_callback = false;
	f->callback_depth = 0;
	f->nslots = 0;
}

/* One frame, and nothing held. */
static void state_begin(struct state *s, u32 insn)
{
	struct frame *frames[SKEP_MAX_FRAMES];

	memcpy(frames, s->frame, sizeof(frames));
	memset(s, 0, offsetof(struct state, refs));
	memset(&s->nrefs, 0, sizeof(*s) - offsetof(struct state, nrefs));
	memcpy(s->frame, frames, sizeof(frames));
	s->insn = s->first_insn = insn;
	s->last_insn = ~0u;
	frame_begin(s->frame[0]);
}

void path_begin(struct verifier *v)
{
	state_begin(v->cur, v->flow.funcs[v->func].start);
	v->cur->frame[0]->func = v->func;
	v->cur->sleepable = v->prog->flags & SKEP_F_SLEEPABLE;
	v->insn = v->cur->insn;
	v->prev_insn = ~0u;
}

/* ---- tables ---- */

u32 node_hash(u32 seed, const u32 *call, u32 n)
{
	u64 h = seed;

	for (u32 i = 0; i < n; i++)
		h = (h ^ call[i]) * 0x9e3779b97f4a7c15;
	return (u32)(h >> 32);
}

static void node_grow(struct verifier *v, struct node_table *t)
{
	struct node_table to = {.mask = t->at ? t->mask * 2 + 1 : 63, .n = t->n};
	struct node *node, *next;

	to.at = pass_alloc(&v->pass, (size_t)to.mask + 1, sizeof(struct node *));
	for (u32 i = 0; t->at && i <= t->mask; i++)
		for (node = t->at[i]; node; node = next) {
			next = node->next;
			node->next = to.at[node->hash & to.mask];
			to.at[node->hash & to.mask] = node;
		}
	*t = to;
}

void node_add(struct verifier *v, struct node_table *t, struct node *node)
{
	if (!t->at || t->n > t->mask)
		node_grow(v, t);
	node->next = t->at[node->hash & t->mask];
	t->at[node->hash & t->mask] = node;
	t->n++;
}

/* ---- branches ---- */

static char *pending_room(struct verifier *v)
{
	struct paths *p = v->paths;

	if (p->pending_room - p->pending_used < PACKED_MAX) {
		size_t room = p->pending_room * 2 + 4 * (size_t)PACKED_MAX;
		char *bytes = pass_alloc(&v->pass, room, 1);

		if (p->pending_used)
			memcpy(bytes, p->pending, p->pending_used);
		p->pending = bytes;
		p->pending_room = room;
	}
	return p->pending + p->pending_used;
}

void path_close_fork(struct verifier *v)
{
	struct paths *p = v->paths;
	struct packed *s;

	if (!p->forked)
		return;
	p->forked = false;
	s = (struct packed *)pending_room(v);
	path_pack(v, p->fork, s);
	p->pending_used += s->bytes;
	p->pending_log[p->npending] = log_at(v);
	p->pending_size[p->npending++] = s->bytes;
}

/* Which errno it is depends on who forks, in the kernel. */
static _Noreturn void refuse_paths(struct verifier *v, u32 n)
{
	u8 op = v->insns[v->insn].op;

	if (op == op_may_goto || op == op_call_kfunc)
		refuse(v, rounds_many, n);
	refuse(v, paths_many, n);
}

/* The kernel counts the fork that is too much. */
static void open_fork(struct verifier *v)
{
	path_close_fork(v);
	if (v->paths->npending + 1 > PENDING_MAX)
		refuse_paths(v, v->paths->npending + 1);
	v->paths->forked = true;
}

static void copy_frame(const struct frame *from, struct frame *to)
{
	memcpy(to, from,
	       offsetof(struct frame, slot) + from->nslots * sizeof(from->slot[0]));
}

static void copy_state(const struct state *from, struct state *to)
{
	struct frame *frames[SKEP_MAX_FRAMES];

	memcpy(frames, to->frame, sizeof(frames));
	memcpy(to, from, offsetof(struct state, refs));
	memcpy(to->refs, from->refs, from->nrefs * sizeof(from->refs[0]));
	memcpy(&to->nrefs, &from->nrefs, sizeof(*to) - offsetof(struct state, nrefs));
	memcpy(to->frame, frames, sizeof(frames));
	for (u32 i = 0; i <= from->depth; i++)
		copy_frame(from->frame[i], to->frame[i]);
}

struct state *path_fork(struct verifier *v, u32 insn, u32 from)
{
	struct state *s = v->paths->fork;

	open_fork(v);
	copy_state(v->cur, s);
	history_use(s->history);
	s->insn = insn;
	s->last_insn = from;
	if (s->parent)
		s->parent->branches++;
	return s;
}

struct state *path_fork_later(struct verifier *v, u32 insn, u32 from)
{
	struct state *s = v->paths->fork;

	open_fork(v);
	state_begin(s, insn);
	s->last_insn = from;
	return s;
}

bool path_pop(struct verifier *v)
{
	struct paths *p = v->paths;

	if (!p->npending)
		return false;
	history_drop(v, v->cur->history);
	p->ntrodden = 0;
	p->pending_used -= p->pending_size[--p->npending];
	path_unpack(v, (struct packed *)(p->pending + p->pending_used), v->cur);
	v->prev_insn = v->cur->last_insn;
	log_back(v, p->pending_log[p->npending]);
	return true;
}

/* ---- checkpoints ---- */

static u32 size_class(u32 bytes)
{
	return (u32)__builtin_ctzll(pow2_ceil(bytes));
}

/* Powers of two and the middle between them. */
static u32 class_bytes(u32 bytes, u8 *class)
{
	u32 c = size_class(bytes), whole = 1u << c, part = whole / 4 * 3;

	*class = (u8)(bytes <= part && c < 16 ? c + 16 : c);
	return bytes <= part && c < 16 ? part : whole;
}

struct checkpoint *checkpoint_new(struct verifier *v, const struct packed *s)
{
	struct paths *p = v->paths;
	struct checkpoint *c;
	u8 class;
	u32 bytes = class_bytes((u32)offsetof(struct checkpoint, s) + s->bytes, &class);

	c = p->free[class];
	if (c)
		p->free[class] = c->next;
	else
		c = pass_alloc(&v->pass, 1, bytes);
	memset(c, 0, offsetof(struct checkpoint, s));
	c->class = class;
	c->branches = 1;
	memcpy(&c->s, s, s->bytes);
	history_use(c->s.history);
	return c;
}

void checkpoint_free(struct verifier *v, struct checkpoint *c)
{
	history_drop(v, c->s.history);
	c->next = v->paths->free[c->class];
	v->paths->free[c->class] = c;
}

/* One that no list has any more is needed while paths lead back to it. */
void checkpoint_drop(struct verifier *v, struct checkpoint *c)
{
	if (!c->evicted || c->branches || loop_is_open(c))
		return;
	v->paths->nevicted--;
	checkpoint_free(v, c);
}

void path_end(struct verifier *v)
{
	struct checkpoint *c = v->cur->parent, *parent;

	for (; c && !--c->branches; c = parent) {
		parent = c->s.parent;
		loop_exit(v, c);
		checkpoint_drop(v, c);
	}
}

/* What is evicted and still led back to at the end stays: the arena has it. */
void path_forget(struct verifier *v)
{
	const struct verify_watch *w = v->prog->watch;
	struct paths *p = v->paths;

	history_clear(v, v->cur);
	for (u32 i = 0; i < v->n; i++) {
		struct checkpoint *c = p->lists[i], *next;

		for (; c; c = next) {
			next = c->next;
			if (w && w->checkpoint)
				w->checkpoint(w->arg, v, c);
			checkpoint_free(v, c);
		}
		p->lists[i] = NULL;
		p->nlist[i] = 0;
	}
	loop_forget(v);
}
