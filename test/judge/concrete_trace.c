/* The interpreter a second time, for the judge alone: this file's interp() and fuse()
 * stand before the library's. Pairs are not fused, so that every instruction is seen. */
#include "concrete.h"

static void look(const struct run *run, const struct insn *ip, const u64 *r);
#define INTERP_STEP(run, ip, r) look(run, ip, r)
#include "interp.c"

struct trace trace;

u16 fuse(u16 first, u16 second)
{
	return first;
}

void trace_begin(u32 frame)
{
	trace.n = trace.nstack = trace.nvalues = 0;
	trace.full = false;
	trace.prog = NULL;
	trace.frame = frame;
}

static void begin(const struct run *run)
{
	trace.prog = run->prog;
	trace.top = frame_top(run, 0);
	trace.ctx = u64_of(run->ctx);
}

static void note_call(struct concrete *at)
{
	const struct concrete *last = at - 1;

	if (!trace.n)
		return;
	memcpy(at->callsite, last->callsite, sizeof(at->callsite));
	if (at->depth > last->depth)
		at->callsite[at->depth] = last->insn;
}

/* A tail call leads to another program, which is none of ours. */
static void look(const struct run *run, const struct insn *ip, const u64 *r)
{
	struct concrete *at = &trace.step[trace.n];
	u32 bytes = trace.frame * (run->frame + 1);

	if (!trace.prog)
		begin(run);
	if (run->prog != trace.prog || run->tail_calls)
		return;
	if (trace.n == STEPS || trace.nstack + bytes > STACK_BYTES) {
		trace.full = true;
		return;
	}
	*at = (struct concrete){.insn = (u32)(ip - run->prog->code),
				.depth = run->frame,
				.data = u64_of(run->packet.data),
				.meta = u64_of(run->packet.meta),
				.tail = u64_of(run->packet.tail),
				.stack = trace.nstack};
	memcpy(at->r, r, sizeof(at->r));
	note_call(at);
	for (u32 f = 0; f <= run->frame; f++, trace.nstack += trace.frame)
		memcpy(trace.stack + trace.nstack,
		       ptr_of(frame_top(run, f) - trace.frame), trace.frame);
	trace.n++;
}

void __real_run_give_value(struct run *run, struct map *map, void *value, u32 size);
void __wrap_run_give_value(struct run *run, struct map *map, void *value, u32 size);

void __wrap_run_give_value(struct run *run, struct map *map, void *value, u32 size)
{
	u32 i = 0;

	while (i < trace.nvalues && trace.value[i].lo != u64_of(value))
		i++;
	if (i == trace.nvalues && i < VALUES)
		trace.value[trace.nvalues++].lo = u64_of(value);
	__real_run_give_value(run, map, value, size);
}
