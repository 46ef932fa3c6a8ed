/* Jumps, which are long until all code is there. */
#include "emit.h"
#include "mem.h"

static void add_jump(struct emit *e, struct jump new)
{
	if (e->njumps == e->jumps_room) {
		u32 room = MAX(2 * e->jumps_room, 64u);
		struct jump *more = mem_resize(e->jumps, room, sizeof(*more));

		if (!more) {
			e->b->failed = true;
			return;
		}
		e->jumps = more;
		e->jumps_room = room;
	}
	new.at = e->b->n;
	new.len = new.room;
	e->jumps[e->njumps++] = new;
	for (u32 i = 0; i < new.room; i++)
		x86_byte(e->b, 0x90);
}

void emit_jump(struct emit *e, u8 cc, u32 to)
{
	add_jump(e, (struct jump){.to = to, .cc = cc, .room = cc == ALWAYS ? 5 : 6});
}

void emit_align(struct emit *e)
{
	add_jump(e, (struct jump){.cc = ALIGN, .room = JIT_ALIGN - 1});
}

u32 emit_skip(struct emit *e, u8 cc)
{
	x86_byte(e->b, cc == ALWAYS ? 0xeb : 0x70 | cc);
	x86_byte(e->b, 0);
	return e->b->n;
}

void emit_skip_end(struct emit *e, u32 from)
{
	if (!e->b->failed)
		e->b->at[from - 1] = (u8)(e->b->n - from);
}

/* All jumps are long at first. Each round makes those short that reach; code only moves
 * together, so that what was short stays. Then the code is moved once. gain[i]: bytes
 * that jump i and those before it save. */
static u32 gained(const struct emit *e, const u32 *gain, u32 at)
{
	u32 lo = 0, hi = e->njumps;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (e->jumps[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? gain[lo - 1] : 0;
}

static void sum_gains(const struct emit *e, u32 *gain)
{
	u32 sum = 0;

	for (u32 i = 0; i < e->njumps; i++) {
		sum += (u32)e->jumps[i].room - e->jumps[i].len;
		gain[i] = sum;
	}
}

static bool shorten(struct emit *e, u32 *gain)
{
	bool changed = false;

	for (u32 i = 0; i < e->njumps; i++) {
		struct jump *j = &e->jumps[i];
		s64 from = (s64)j->at + j->room, to = e->starts[j->to];
		s64 off = to - gained(e, gain, (u32)to) - (from - gain[i]);

		if (j->cc != ALIGN && j->len == j->room && off >= -128 && off <= 127) {
			j->len = 2;
			changed = true;
		}
	}
	sum_gains(e, gain);
	return changed;
}

/* What is between a jump and its target only becomes less. */
static void align(struct emit *e, u32 begin, u32 *gain)
{
	u32 sum = 0;

	for (u32 i = 0; i < e->njumps; i++) {
		struct jump *j = &e->jumps[i];

		if (j->cc == ALIGN)
			j->len = (u8)(-(j->at - begin - sum) % JIT_ALIGN);
		sum += (u32)j->room - j->len;
		gain[i] = sum;
	}
}

/* Instructions of up to nine bytes that do nothing: Intel's manual, NOP. */
static void write_nothing(u8 *at, u32 len)
{
	static const u8 nop[9][9] = {
		{0x90},
		{0x66, 0x90},
		{0x0f, 0x1f, 0x00},
		{0x0f, 0x1f, 0x40, 0x00},
		{0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
		{0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
		{0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	};

	for (u32 n; len; len -= n, at += n) {
		n = MIN(len, (u32)ARRAY_SIZE(nop));
		memcpy(at, nop[n - 1], n);
	}
}

static void write_jump(u8 *at, const struct jump *j, s32 off)
{
	u8 *p = at;

	if (j->cc == ALIGN) {
		write_nothing(at, j->len);
		return;
	}

	if (j->len == 2) {
		at[0] = j->cc == ALWAYS ? 0xeb : 0x70 | j->cc;
		at[1] = (u8)off;
		return;
	}
	if (j->cc != ALWAYS)
		*p++ = 0x0f;
	*p++ = j->cc == ALWAYS ? 0xe9 : 0x80 | j->cc;
	store32(p, (u32)off);
}

/* From the code with long jumps, which begins at `begin`. */
static void move_code(struct emit *e, u32 begin, const u32 *gain)
{
	u8 *code = e->b->at;
	u32 from = begin, to = begin;

	for (u32 i = 0; i < e->njumps; i++) {
		const struct jump *j = &e->jumps[i];
		u32 target = e->starts[j->to], len = j->at - from;

		memmove(code + to, code + from, len);
		to += len;
		write_jump(code + to, j,
			   (s32)(target - gained(e, gain, target) - (to + j->len)));
		to += j->len;
		from = j->at + j->room;
	}
	memmove(code + to, code + from, e->b->n - from);
	for (u32 i = 0; i < e->out->npatches; i++)
		if (e->out->patches[i].at >= begin)
			e->out->patches[i].at -= gained(e, gain, e->out->patches[i].at);
	e->b->n -= from - to;
}

void emit_finish_jumps(struct emit *e, u32 begin)
{
	u32 *gain = arena_alloc(&e->ir->arena, e->njumps + 1, sizeof(u32));
	int rounds = 0;

	if (!gain || e->b->failed) {
		e->b->failed = true;
		return;
	}
	while (shorten(e, gain) && ++rounds < 8)
		;
	align(e, begin, gain);
	move_code(e, begin, gain);
}
