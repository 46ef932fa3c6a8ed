#include "explain_record.h"
#include <errno.h>
#include "path.h"

static void out_of_memory(struct verifier *v)
{
	v->pass.err = -ENOMEM;
	longjmp(v->pass.env, 1);
}

void record_begin(struct verifier *v)
{
	struct record *rec = v->record;

	rec->last = 0;
	rec->forks.n = 0;
}

static void keep_registers(struct verifier *v)
{
	struct record *rec = v->record;
	struct snap *s = &rec->snaps[rec->nsnaps];

	if (rec->nsnaps >= rec->npath || rec->path[rec->nsnaps] != v->result->processed)
		return;
	s->insn = v->insn;
	s->depth = v->cur->depth;
	memcpy(s->r, regs_of(v), sizeof(s->r));
	rec->nsnaps++;
}

void record_step(struct verifier *v)
{
	struct record *rec = v->record;
	u32 step = v->result->processed;

	if (rec->snaps) {
		keep_registers(v);
		return;
	}
	/* steps that a checkpoint ended have numbers too */
	while (step >= rec->nsteps) {
		if (!vec_room((void **)&rec->steps, &rec->steps_room, rec->nsteps,
			      sizeof(rec->steps[0])))
			out_of_memory(v);
		rec->steps[rec->nsteps].prev = 0;
		rec->nsteps++;
	}
	rec->steps[step].prev = rec->last;
	rec->steps[step].insn = v->insn;
	rec->last = step;
}

void record_forks(struct verifier *v)
{
	struct record *rec = v->record;

	while (rec->forks.n < v->paths->npending) {
		u32 *fork = vec_push(&rec->forks);

		if (!fork)
			out_of_memory(v);
		*fork = rec->last;
	}
}

void record_pop(struct verifier *v)
{
	struct record *rec = v->record;

	rec->last = rec->forks.at[--rec->forks.n];
}

void record_end(struct verifier *v)
{
	v->record->last = 0;
}

bool record_choose(struct record *rec)
{
	u32 n = 0, at;

	if (!rec->steps)
		return true;
	for (at = rec->last; at && n < RECORD_MOST; at = rec->steps[at].prev)
		n++;
	if (!n)
		return true;
	rec->path = mem_alloc(n, sizeof(rec->path[0]));
	rec->snaps = mem_alloc(n, sizeof(rec->snaps[0]));
	if (!rec->path || !rec->snaps)
		return false;
	rec->npath = n;
	for (at = rec->last; n; at = rec->steps[at].prev)
		rec->path[--n] = at;
	return true;
}

void record_free(struct record *rec)
{
	mem_free(rec->steps);
	mem_free(rec->path);
	mem_free(rec->snaps);
	vec_free(&rec->forks);
}
