/* Where a path came from, instruction by instruction, newest first. Paths that part share
 * what they have in common. */
#include "path.h"

struct history *history_use(struct history *h)
{
	if (h)
		h->users++;
	return h;
}

void history_drop(struct verifier *v, struct history *h)
{
	struct paths *p = v->paths;

	while (h && !--h->users) {
		struct history *prev = h->prev;

		h->prev = p->free_history;
		p->free_history = h;
		h = prev;
	}
}

void history_clear(struct verifier *v, struct state *s)
{
	history_drop(v, s->history);
	s->history = NULL;
	s->nhistory = 0;
	v->paths->ntrodden = 0;
}

static struct history *make(struct verifier *v)
{
	struct paths *p = v->paths;
	struct history *h = p->free_history;

	if (!h) {
		enum { BATCH = 256 };

		h = pass_alloc(&v->pass, BATCH, sizeof(*h));
		for (u32 i = 0; i < BATCH; i++)
			h[i].prev = i + 1 < BATCH ? &h[i + 1] : NULL;
	}
	p->free_history = h->prev;
	return h;
}

static void fill(struct history *h, u32 flags, u32 frame, u32 slot, u64 linked)
{
	h->flags = (u8)(h->flags | flags);
	if (flags & HISTORY_STACK) {
		h->frame = (u8)frame;
		h->slot = (u8)slot;
	}
	h->linked = linked;
}

/* A fork of this instruction has the entry as it was. */
static struct history *own(struct verifier *v, struct history *open)
{
	struct history *h;

	if (open->users == 1)
		return open;
	h = make(v);
	*h = *open;
	h->users = 1;
	history_use(h->prev);
	history_drop(v, open);
	v->cur->history = h;
	return h;
}

void history_add(struct verifier *v, u32 flags, u32 frame, u32 slot, u64 linked)
{
	struct paths *p = v->paths;
	struct state *s = v->cur;
	struct history *h;

	if (p->open) {
		p->open = own(v, p->open);
		fill(p->open, flags, frame, slot, linked);
		return;
	}
	h = make(v);
	*h = (struct history){
		.prev = s->history, .users = 1, .insn = v->insn, .from = v->prev_insn};
	fill(h, flags, frame, slot, linked);
	s->history = h;
	s->nhistory++;
	p->open = h;
}
