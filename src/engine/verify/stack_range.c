/* stack_range.c - the stack at variable offsets, and as the memory of helpers */
#include "access.h"
#include "call.h"
#include "fastcall.h"

/* Whether a register may hold the bytes of this slot's spill as a number. */
static bool is_number(struct verifier *v, const struct slot *s)
{
	return slot_is_spilled(s) && (s->reg.type == reg_scalar || v->profile->perfmon);
}

static _Noreturn void refuse_unwritten(struct verifier *v, const struct access *a,
				       s32 min, s32 at)
{
	char bits[48];

	if (scalar_is_const(&a->r->n))
		refuse(v, range_unwritten, a->regno, min, at - min, a->size);
	refuse(v, range_var_unwritten, a->regno, access_bits(a->r, bits), at - min,
	       a->size);
}

/* Each byte of [min, end) can be read; with a->how mem_write somebody writes there as
 * well. */
static void check_written(struct verifier *v, const struct access *a, s32 min, s32 end)
{
	struct frame *f = stack_of(v, a->r);
	u64 read = 0;

	for (s32 at = min; at < end; at++) {
		struct slot *s = &f->slot[stack_slot(at)];
		u8 *kind = stack_kind(f, at);

		read |= 1ull << stack_slot(at);
		if (*kind == slot_misc)
			continue;
		if (*kind == slot_zero ||
		    (*kind == slot_invalid && v->profile->perfmon)) {
			if (a->how == mem_write)
				*kind = slot_misc;
		} else if (!is_number(v, s)) {
			refuse_unwritten(v, a, min, at);
		} else if (a->how == mem_write) {
			/* the register is lost */
			reg_set_unknown(&s->reg);
			stack_scrub(s);
		}
	}
	/* not stack_live_write(): a helper may leave some of it as it was */
	if (read)
		stack_live_read(v, f->number, read);
}

/* The helper writes it all, after the other arguments were looked at. */
static void note_uninit(struct verifier *v, const struct access *a, s32 min,
			struct call *raw)
{
	struct frame *f = stack_of(v, a->r);

	for (s32 at = min; at < min + (s32)a->size; at++)
		if (*stack_kind(f, at) == slot_dynptr)
			refuse(v, dynptr_helper_write, at);
	raw->uninit_reg = a->regno;
	raw->uninit_size = a->size;
}

static void check_variable(struct verifier *v, const struct access *a)
{
	char bits[48];

	if (!v->profile->perfmon)
		refuse(v, stack_var_unpriv, a->regno, access_bits(a->r, bits));
}

void stack_check(struct verifier *v, const struct access *a, bool zero, struct call *raw)
{
	const bool fixed = scalar_is_const(&a->r->n);
	s32 min, max;

	if (!a->size && !zero)
		refuse(v, stack_zero_sized);
	stack_bounds(v, a, &min, &max);
	if (!fixed)
		check_variable(v, a);
	if (raw && fixed)
		note_uninit(v, a, min, raw);
	else
		check_written(v, a, min, max + (s32)a->size);
}

void stack_read_range(struct verifier *v, const struct access *a, s32 min, s32 max)
{
	struct frame *f = stack_of(v, a->r);
	const s32 end = max + (s32)a->size;
	bool zero = true;
	char bits[48];

	if (a->value < 0)
		refuse(v, stack_var_helper, access_bits(a->r, bits), a->off, a->size);
	check_variable(v, a);
	check_written(v, a, min, end);
	fastcall_touch(v, f, min);
	for (s32 at = min; zero && at < end; at++) {
		log_touch(v, 0, 1ull << stack_slot(at));
		zero = *stack_kind(f, at) == slot_zero;
	}
	if (zero)
		reg_set_const(&regs_of(v)[a->value], 0);
	else
		reg_set_unknown(&regs_of(v)[a->value]);
}

/* One byte that a store may reach. True: the fact that it stores 0 is what keeps it. */
static bool write_maybe(struct verifier *v, struct frame *f, s32 at, bool zero)
{
	struct slot *s = &f->slot[stack_slot(at)];
	u8 *kind = stack_kind(f, at);
	bool stays;

	log_touch(v, 0, 1ull << stack_slot(at));
	if (!v->profile->perfmon && *kind != slot_misc && *kind != slot_zero)
		refuse(v, stack_var_spilled, v->insn, at);
	if (zero && *kind == slot_spill && slot_is_spilled(s) && reg_is_zero(&s->reg))
		return true;
	if (slot_is_spilled(s))
		for (u32 i = 0; i < 8; i++)
			if (s->kind[i] != slot_invalid)
				s->kind[i] = slot_misc;
	s->reg.type = reg_none;
	stays = zero && *kind == slot_zero;
	*kind = stays ? slot_zero : slot_misc;
	return stays;
}

void stack_write_range(struct verifier *v, const struct access *a, s32 min, s32 max)
{
	struct frame *f = stack_of(v, a->r);
	const s32 end = max + (s32)a->size;
	const bool zero = stack_stores_zero(v, a->value);
	bool used = false;

	for (s32 at = min; at < end; at++)
		stack_drop_dynptr(v, f, stack_slot(at));
	fastcall_touch(v, f, min);
	for (s32 at = min; at < end; at++)
		used |= write_maybe(v, f, at, zero);
	if (used && a->value >= 0)
		precise_reg(v, a->value);
}
