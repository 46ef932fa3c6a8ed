/* Speculative paths, and what is masked and barred because of them: see speculation.h. */
#include "speculation.h"
#include "access.h"
#include <errno.h>
#include "path.h"

/* ---- paths ---- */

static struct state *fork_speculative(struct verifier *v, u32 insn)
{
	struct state *s = path_fork(v, insn, v->insn);

	s->speculative = true;
	return s;
}

void speculation_jump(struct verifier *v, const struct insn *in, u32 insn)
{
	struct frame *f;

	if (!speculation_matters(v))
		return;
	f = frame_of(fork_speculative(v, insn));
	reg_set_unknown(&f->r[in->dst]);
	if (!op_info[in->op].is_imm)
		reg_set_unknown(&f->r[in->src]);
}

static bool run(struct verifier *v, void *take)
{
	(*(void (**)(struct verifier *))take)(v);
	return true;
}

/* A barrier helps; what is not known here may be worse than the kernel's reason. */
static bool is_barred_by(int err, const struct reject *why)
{
	return (err == EPERM || err == EACCES || err == EINVAL) && !reject_is_later(why);
}

bool speculation_step(struct verifier *v, void (*take)(struct verifier *v))
{
	struct insn_aux *aux = &v->aux[v->insn];
	int err;

	if (aux->barrier)
		return false;
	err = verify_attempt(v, run, &take);
	if (!err)
		return !aux->barrier_behind;
	if (!is_barred_by(err, v->refusal.why)) {
		v->pass.err = -err;
		longjmp(v->pass.env, 1);
	}
	v->refusal.why = NULL;
	stack_live_end(v);
	aux->barrier = true;
	aux->mask_state = 0;
	return false;
}

/* ---- masks ---- */

enum mask_state {
	mask_source = 1, /* the number is the source register, */
	mask_dest = 2,	 /* or the destination */
	mask_negative = 4,
	mask_no_pointer = 8,
	mask_const = 16,
};

static const char *operation(enum alu_row row)
{
	return row == alu_add ? "add" : "sub";
}

static bool needs_mask(const struct verifier *v, const struct insn *in, enum alu_row row)
{
	return speculation_matters(v) && (row == alu_add || row == alu_sub) &&
	       !op_info[in->op].is_imm && !v->aux[v->insn].barrier;
}

static void keep_mask(struct verifier *v, const struct insn *in, enum alu_row row,
		      u32 state, u32 limit)
{
	struct insn_aux *aux = &v->aux[v->insn];

	if (aux->mask_state && (aux->mask_state != state || aux->mask_limit != limit))
		refuse(v, mask_differs, in->dst, operation(row));
	aux->mask_state = (u8)state;
	aux->mask_limit = limit;
}

void speculation_numbers(struct verifier *v, const struct insn *in, enum alu_row row)
{
	if (needs_mask(v, in, row))
		keep_mask(v, in, row, mask_no_pointer, 0);
}

/* How far the pointer is from the end of its memory to which it moves. */
static u32 limit_of(struct verifier *v, const struct insn *in, enum alu_row row,
		    const struct reg *p, bool number_is_dst, bool to_left)
{
	u32 most, limit;

	switch (p->type) {
	case reg_stack:
		/* fp itself is where a move to the left begins */
		most = SKEP_MAX_STACK + to_left;
		limit = -((u32)p->n.bits.value + (u32)p->off);
		break;
	case reg_value:
		most = reg_map_of(v, p)->value_size;
		limit = (u32)(to_left ? (u64)p->n.smin : p->n.umax) + (u32)p->off;
		break;
	default: refuse(v, mask_type, number_is_dst ? in->src : in->dst);
	}
	if (limit >= most)
		refuse(v, mask_limit, in->dst, operation(row));
	return limit;
}

static bool push_masked(struct verifier *v, void *pointer)
{
	struct insn *in = &v->insns[v->insn];
	struct reg *d = &frame_of(fork_speculative(v, v->insn + 1))->r[in->dst];

	if (!reg_is_pointer(d)) {
		*d = *(const struct reg *)pointer;
	} else {
		/* as the kernel has it while it computes */
		d->n.umin32 = 0;
		d->n.umax32 = UINT32_MAX;
		d->n.smin32 = INT32_MIN;
		d->n.smax32 = INT32_MAX;
	}
	return true;
}

/* The number is masked to 0: the pointer is where it was. */
static void fork_masked(struct verifier *v, const struct insn *in,
			const struct reg *pointer)
{
	if (verify_attempt(v, push_masked, (void *)pointer))
		refuse(v, mask_paths, in->dst);
}

void speculation_before(struct verifier *v, const struct insn *in, enum alu_row row,
			const struct reg *pointer, const struct reg *number,
			struct mask *mask)
{
	const struct scalar *n = &number->n;
	bool negative = n->smin < 0, known = scalar_is_const(n);
	bool number_is_dst = number == &regs_of(v)[in->dst];

	if (!needs_mask(v, in, row))
		return;
	if (!v->cur->speculative) {
		if (!known && negative != (n->smax < 0))
			refuse(v, mask_signs, number_is_dst ? in->dst : in->src);
		mask->to_left = (row == alu_add) == negative;
		mask->limit = limit_of(v, in, row, pointer, number_is_dst, mask->to_left);
		mask->state = (negative ? mask_negative : 0) | (known ? mask_const : 0) |
			      (number_is_dst ? mask_dest : mask_source);
		v->paths->all_numbers |= !known;
	}
	if (!known)
		fork_masked(v, in, pointer);
}

void speculation_after(struct verifier *v, const struct insn *in, enum alu_row row,
		       const struct reg *pointer, bool number_was_dst,
		       const struct mask *mask)
{
	u32 limit;

	if (!needs_mask(v, in, row) || v->cur->speculative)
		return;
	limit = limit_of(v, in, row, pointer, number_was_dst, mask->to_left);
	limit = (s32)(mask->limit - limit) < 0 ? limit - mask->limit
					       : mask->limit - limit;
	keep_mask(v, in, row, mask->state, limit);
}

/* ---- bounds ---- */

static bool check_value(struct verifier *v, void *access)
{
	access_value_range(v, access);
	return true;
}

static void stack_stays(struct verifier *v, const struct insn *in, const struct reg *r)
{
	s32 off = (s32)(r->off + (s64)r->n.bits.value);
	char bits[48];

	if (!scalar_is_const(&r->n))
		refuse(v, move_stack_variable, in->dst, access_bits(r, bits), off);
	if (off >= 0 || off < -SKEP_MAX_STACK)
		refuse(v, move_stack_outside, in->dst, off);
}

void speculation_bounds(struct verifier *v, const struct insn *in, const struct reg *r)
{
	struct reg at = *r;
	struct access a = {&at, in->dst, r->off, 1, mem_read, -1, false};

	if (!speculation_matters(v))
		return;
	if (r->type == reg_stack)
		stack_stays(v, in, r);
	else if (r->type == reg_value && verify_attempt(v, check_value, &a))
		refuse(v, move_value_outside, in->dst);
}

/* ---- stores ---- */

/* A load behind it may still see what was there before: a spilled register, or nothing
 * that the program wrote. */
void speculation_store(struct verifier *v, const struct slot *slot, const struct reg *r,
		       u32 size)
{
	bool bar = r != NULL;

	if (!speculation_matters(v))
		return;
	for (u32 i = 0; !bar && i < size; i++)
		bar = slot->kind[i] != slot_misc && slot->kind[i] != slot_zero;
	v->aux[v->insn].barrier_behind |= bar;
}
