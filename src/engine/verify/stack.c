/* stack.c - the stack at known offsets: registers are spilled to it and filled from it
 *
 * What a slot holds is tracked for writes at its lowest byte, of any size; other writes
 * leave bytes that are some number, or 0. Accesses are aligned, so each lies in one slot.
 */
#include "access.h"
#include "fastcall.h"
#include "linked.h"
#include "speculation.h"

/* ---- where ---- */

void stack_grow(struct verifier *v, struct frame *f, s32 off)
{
	const u32 n = stack_slot(off) + 1;
	u32 *depth = &v->result->stack[f->func];

	if (f->nslots >= n)
		return;
	memset(&f->slot[f->nslots], 0, (n - f->nslots) * sizeof(f->slot[0]));
	f->nslots = n;
	*depth = MAX(*depth, n * 8);
}

static const char *how_name(const struct access *a)
{
	return a->how == mem_read ? " read from" : " write to";
}

static s64 lowest(struct verifier *v, const struct access *a)
{
	/* what was never written may be read with CAP_PERFMON alone */
	return a->how == mem_write || v->profile->perfmon
		       ? -SKEP_MAX_STACK
		       : -(s64)stack_of(v, a->r)->nslots * 8;
}

static void bounds_const(struct verifier *v, const struct access *a, s64 min)
{
	if (min < lowest(v, a) || min > -1)
		refuse(v, stack_outside, how_name(a), a->regno, min, a->size);
	if (min + a->size > 0)
		refuse(v, stack_above, how_name(a), a->regno, min, a->size);
}

static void bounds_variable(struct verifier *v, const struct access *a, s64 min, s64 max)
{
	char bits[48];

	if (min < lowest(v, a) || min > -1)
		refuse(v, stack_var_outside, how_name(a), a->regno,
		       access_bits(a->r, bits), a->off, a->size);
	if (max + a->size > 0)
		refuse(v, stack_var_above, how_name(a), a->regno, access_bits(a->r, bits),
		       a->off, a->size);
}

void stack_bounds(struct verifier *v, const struct access *a, s32 *min, s32 *max)
{
	const struct scalar *n = &a->r->n;
	s64 lo, hi;

	if (scalar_is_const(n)) {
		lo = hi = (s64)(n->bits.value + (u64)(s64)a->off);
		bounds_const(v, a, lo);
	} else {
		if (n->smax >= MAX_OFF || n->smin <= -MAX_OFF)
			refuse(v, stack_unbounded, how_name(a), a->regno);
		lo = n->smin + a->off;
		hi = n->smax + a->off;
		bounds_variable(v, a, lo, hi);
	}
	stack_grow(v, stack_of(v, a->r), (s32)lo);
	*min = (s32)lo;
	*max = (s32)hi;
}

/* ---- what is remembered ---- */

void stack_drop_dynptr(struct verifier *v, struct frame *f, u32 n)
{
	struct reg *r;
	u32 id;

	if (f->slot[n].kind[0] != slot_dynptr)
		return;
	/* it has two slots, the first is the lower address */
	if (!f->slot[n].reg.first_slot)
		n++;
	if (f->slot[n].reg.dynptr == dynptr_ringbuf ||
	    f->slot[n].reg.dynptr == dynptr_file)
		refuse(v, dynptr_overwrite);
	id = f->slot[n].reg.id;
	state_each_reg(v->cur, walk, r)
	{
		if (r->type != reg_mem || r->flags & ~(u32)flag_null ||
		    r->dynptr_id != id)
			continue;
		if (v->profile->perfmon)
			reg_set_unknown(r);
		else
			reg_set_none(r);
	}
	for (u32 i = n - 1; i <= n; i++) {
		memset(f->slot[i].kind, slot_invalid, sizeof(f->slot[i].kind));
		reg_set_none(&f->slot[i].reg);
	}
	log_touch(v, 0, 3ull << (n - 1));
	stack_live_write(v, f->number, 3ull << (n - 1));
}

static u32 width(const struct reg *r)
{
	return r->n.umax ? 64 - (u32)__builtin_clzll(r->n.umax) : 0;
}

/* The register and its copy are one number from now on. */
static void give_id(struct verifier *v, struct reg *r)
{
	if (r->type != reg_scalar)
		return;
	if (r->id & ID_ADD_CONST)
		link_forget(r);
	if (!r->id && !scalar_is_const(&r->n))
		r->id = new_id(v);
}

/* ---- reads ---- */

static void check_readable(struct verifier *v, struct frame *f, s32 off, u32 size,
			   bool spilled)
{
	for (u32 i = 0; i < size; i++) {
		const u8 kind = *stack_kind(f, off + (s32)i);

		if (kind == slot_misc || kind == slot_zero ||
		    (kind == slot_spill && spilled) ||
		    (kind == slot_invalid && v->profile->perfmon))
			continue;
		refuse(v, stack_unwritten, off, i, size);
	}
}

static bool all_of_kind(struct frame *f, s32 off, u32 size, enum slot_kind kind)
{
	for (u32 i = 0; i < size; i++)
		if (*stack_kind(f, off + (s32)i) != kind)
			return false;
	return true;
}

static void load_bytes(struct verifier *v, struct frame *f, s32 off, u32 size, int value)
{
	struct reg *to = &regs_of(v)[value];

	if (all_of_kind(f, off, size, slot_zero))
		reg_set_const(to, 0);
	else
		reg_set_unknown(to);
}

static void fill_whole(struct verifier *v, struct slot *s, s32 off, int value)
{
	if (value >= 0) {
		regs_of(v)[value] = s->reg;
	} else if (!v->profile->perfmon && s->reg.type != reg_scalar) {
		refuse(v, stack_leak, off);
	}
}

/* The low `size` bytes of a spilled number of at least as many. The kernel gives neither
 * the slot nor the register an id that it did not have. */
static void fill_low(struct verifier *v, struct slot *s, u32 size, int value)
{
	struct reg *to = &regs_of(v)[value];

	*to = s->reg;
	if (width(to) > 8 * size)
		link_forget(to);
}

static u32 spill_size(const struct slot *s)
{
	u32 size = 1;

	while (size < 8 && s->kind[7 - size] == slot_spill)
		size++;
	return size;
}

/* True if the register that is loaded is the one that was spilled. */
static bool fill(struct verifier *v, struct frame *f, s32 off, u32 size, int value)
{
	struct slot *s = &f->slot[stack_slot(off)];
	const u32 spilled = spill_size(s);

	if (size == 8 && spilled == 8) {
		fill_whole(v, s, off, value);
		return true;
	}
	if (s->reg.type != reg_scalar)
		refuse(v, fill_size);
	if (value < 0)
		return false;
	if (size <= spilled && off % 8 == 0) {
		fill_low(v, s, size, value);
		return true;
	}
	check_readable(v, f, off, size, true);
	if (all_of_kind(f, off, size, slot_spill) && reg_is_zero(&s->reg)) {
		reg_set_const(&regs_of(v)[value], 0);
		return true;
	}
	load_bytes(v, f, off, size, value);
	return false;
}

static void read_fixed(struct verifier *v, struct frame *f, s32 off, u32 size, int value)
{
	const u32 n = stack_slot(off);

	fastcall_touch(v, f, off);
	log_touch(v, 0, 1ull << n);
	stack_live_read(v, f->number, 1ull << n);
	if (slot_is_spilled(&f->slot[n])) {
		if (fill(v, f, off, size, value))
			history_add(v, HISTORY_STACK, f->number, n, 0);
		return;
	}
	check_readable(v, f, off, size, false);
	if (value >= 0)
		load_bytes(v, f, off, size, value);
}

/* ---- writes ---- */

/* Types that are remembered in a slot; the others become some number. */
static bool is_spillable(const struct reg *r)
{
	return reg_is_pointer(r) && r->type != reg_tp_buffer && r->type != reg_dynptr;
}

static void spill(struct slot *s, const struct reg *r, u32 size)
{
	s->reg = *r;
	for (u32 i = 0; i < 8; i++) {
		if (i >= 8 - size)
			s->kind[i] = slot_spill;
		else if (s->kind[i] != slot_invalid && s->kind[i] != slot_zero)
			s->kind[i] = slot_misc;
	}
}

static void spill_scalar(struct verifier *v, struct slot *s, struct reg *r, u32 size)
{
	const bool fits = width(r) <= 8 * size;

	if (fits)
		give_id(v, r);
	spill(s, r, size);
	if (!fits)
		link_forget(&s->reg);
}

static void spill_pointer(struct verifier *v, struct frame *f, struct slot *s,
			  const struct reg *r, u32 size)
{
	if (size != 8)
		refuse(v, spill_size);
	if (f != frame_of(v->cur) && r->type == reg_stack && !r->flags)
		refuse(v, spill_to_caller);
	spill(s, r, size);
}

void stack_scrub(struct slot *s)
{
	for (u32 i = 0; i < 8; i++)
		if (s->kind[i] != slot_invalid)
			s->kind[i] = slot_misc;
}

static bool is_special(const struct slot *s)
{
	return s->kind[7] >= slot_dynptr || s->kind[7] == slot_spill;
}

bool stack_stores_zero(struct verifier *v, int value)
{
	const struct insn *in = &v->insns[v->insn];

	if (value >= 0)
		return reg_is_zero(&regs_of(v)[value]);
	return op_info[in->op].class == class_store && op_info[in->op].is_imm && !in->imm;
}

static void write_bytes(struct verifier *v, struct frame *f, s32 off, u32 size, int value)
{
	struct slot *s = &f->slot[stack_slot(off)];
	u8 kind = slot_misc;

	s->reg.type = reg_none;
	if (is_special(s))
		stack_scrub(s);
	if (stack_stores_zero(v, value)) {
		/* no path that has another number here may be taken for this one */
		if (value >= 0)
			precise_reg(v, value);
		kind = slot_zero;
	}
	for (u32 i = 0; i < size; i++)
		*stack_kind(f, off + (s32)i) = kind;
}

static bool store_spills(struct verifier *v, struct frame *f, s32 off, u32 size,
			 int value)
{
	const struct insn *in = &v->insns[v->insn];
	struct slot *s = &f->slot[stack_slot(off)];
	struct reg *r = value >= 0 ? &regs_of(v)[value] : NULL;
	const bool track = off % 8 == 0 && v->profile->bpf;

	if (r && r->type == reg_scalar && track) {
		spill_scalar(v, s, r, size);
	} else if (!r && track && op_info[in->op].class == class_store &&
		   op_info[in->op].is_imm) {
		struct reg imm;

		reg_set_const(&imm, (u64)in->imm);
		spill(s, &imm, size);
	} else if (r && is_spillable(r)) {
		spill_pointer(v, f, s, r, size);
	} else {
		return false;
	}
	return true;
}

static void write_fixed(struct verifier *v, struct frame *f, s32 off, u32 size, int value)
{
	const u32 n = stack_slot(off);
	const struct slot *s = &f->slot[n];
	const struct reg *r = value >= 0 ? &regs_of(v)[value] : NULL;

	if (!v->profile->perfmon && slot_is_spilled(s) && !slot_is_spilled_scalar(s) &&
	    size != 8)
		refuse(v, spill_corrupt);
	speculation_store(v, s, r && is_spillable(r) ? r : NULL, size);
	stack_drop_dynptr(v, f, n);
	fastcall_touch(v, f, off);
	log_touch(v, 0, 1ull << n);
	if (size == 8)
		stack_live_write(v, f->number, 1ull << n);
	if (store_spills(v, f, off, size, value))
		history_add(v, HISTORY_STACK, f->number, n, 0);
	else
		write_bytes(v, f, off, size, value);
}

void access_stack(struct verifier *v, const struct access *a)
{
	struct frame *f = stack_of(v, a->r);
	s32 min, max;

	stack_bounds(v, a, &min, &max);
	if (scalar_is_const(&a->r->n)) {
		if (a->how == mem_read)
			read_fixed(v, f, min, a->size, a->value);
		else
			write_fixed(v, f, min, a->size, a->value);
	} else if (a->how == mem_read) {
		stack_read_range(v, a, min, max);
	} else {
		stack_write_range(v, a, min, max);
	}
}
