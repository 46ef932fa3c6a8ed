/* Arithmetic: of numbers; pointers are handed to pointer.c. */
#include "alu.h"
#include "linked.h"
#include "speculation.h"

/* clang-format off */
static const u8 rows[op_count] = {
#define ALU(name, ...) [op_##name##64k ... op_##name##32x] = alu_##name,
#define SWAP(name, ...) [op_##name] = alu_swap,
#include "insn.def"
};
/* clang-format on */

const char *alu_operator(const struct insn *in, enum alu_row row)
{
	/* the kernel's list has no signed division */
	return op_info[in->op].text + (row == alu_sdiv || row == alu_smod);
}

/* ---- moves ---- */

static void move_const(struct verifier *v, const struct insn *in)
{
	struct reg *d = reg_write(v, in->dst);

	reg_set_const(d, op_info[in->op].size == 4 ? (u32)in->imm : (u64)in->imm);
}

/* The greatest number that the move does not change. */
static u64 unchanged_max(const struct insn *in, enum alu_row row)
{
	switch (row) {
	case alu_movsx8: return INT8_MAX;
	case alu_movsx16: return INT16_MAX;
	case alu_movsx32: return INT32_MAX;
	default: return op_info[in->op].size == 4 ? UINT32_MAX : UINT64_MAX;
	}
}

static void move_part_of_pointer(struct verifier *v, const struct insn *in, struct reg *d)
{
	bool is32 = op_info[in->op].size == 4;

	if (!v->profile->perfmon && is32)
		refuse(v, pointer_part, in->src);
	if (!v->profile->perfmon)
		refuse(v, pointer_extend, in->src);
	reg_set_unknown(d);
	if (is32)
		scalar_zero_extend(&d->n, 4);
}

static void move(struct verifier *v, const struct insn *in, enum alu_row row)
{
	struct reg *s = reg_read(v, in->src), *d = reg_write(v, in->dst);
	bool unchanged = s->n.umax <= unchanged_max(in, row);

	if (in->op == op_mov64x) {
		link_before_copy(v, s);
		*d = *s;
		return;
	}
	if (reg_is_pointer(s)) {
		move_part_of_pointer(v, in, d);
		return;
	}
	if (unchanged)
		link_before_copy(v, s);
	*d = *s;
	if (!unchanged)
		link_forget(d);
	scalar_alu(in->op, &d->n, &s->n);
}

/* ---- operators with one operand ---- */

static void unary(struct verifier *v, const struct insn *in)
{
	struct reg *d = reg_read(v, in->dst);
	struct scalar old = d->n;

	if (reg_is_pointer(d) && !v->profile->perfmon)
		refuse(v, pointer_unary, in->dst);
	reg_write(v, in->dst);
	if (reg_is_pointer(d)) {
		reg_set_unknown(d);
		return;
	}
	if (in->op != op_le64)
		link_forget(d);
	scalar_alu(in->op, &d->n, &old);
}

/* ---- operators with two ---- */

static bool is_division(enum alu_row row)
{
	return row == alu_div || row == alu_sdiv || row == alu_mod || row == alu_smod;
}

static bool is_shift(enum alu_row row)
{
	return row == alu_lsh || row == alu_rsh || row == alu_arsh;
}

static void check_const(struct verifier *v, const struct insn *in, enum alu_row row)
{
	if (is_division(row) && !in->imm)
		refuse(v, divide_by_zero);
	if (is_shift(row) && (u64)in->imm >= op_info[in->op].size * 8u)
		refuse(v, bad_shift, (s32)in->imm);
}

/* A number that is -1 or 0, as s>>= 63 gives, becomes either on a path of its own before
 * a mask is laid on it: compilers select so. */
static void fork_mask(struct verifier *v, const struct insn *in, struct reg *d,
		      const struct scalar *s)
{
	bool whole = d->n.smin == -1 && d->n.smax == 0;
	struct scalar zero;
	struct reg *other;

	if (!scalar_fork(in->op, &d->n, s, &zero))
		return;
	other = &frame_of(path_fork(v, v->insn, v->insn))->r[in->dst];
	other->n = zero;
	if (whole)
		other->id = d->id = 0;
}

static void numbers(struct verifier *v, const struct insn *in, enum alu_row row,
		    struct reg *d, const struct scalar *s)
{
	u64 was_max = d->n.umax;

	fork_mask(v, in, d, s);
	if (!scalar_alu(in->op, &d->n, s)) {
		reg_set_unknown(d);
		return;
	}
	if (row != alu_add && row != alu_sub) {
		link_forget(d);
		return;
	}
	speculation_numbers(v, in, row);
	link_add(v, d, s, row == alu_sub, op_info[in->op].size == 4, was_max);
}

static void with_pointer(struct verifier *v, const struct insn *in, enum alu_row row,
			 struct reg *d, struct reg *s)
{
	if (!reg_is_pointer(s)) {
		precise_reg(v, in->src);
		pointer_alu(v, in, row, d, s);
	} else if (!reg_is_pointer(d)) {
		precise_reg(v, in->dst);
		pointer_alu(v, in, row, s, d);
	} else if (row == alu_sub && v->profile->perfmon) {
		reg_set_unknown(d);
	} else {
		refuse(v, two_pointers, in->dst, alu_operator(in, row));
	}
}

/* Linux makes it an operation on 32 bits. */
static void note_narrow(struct verifier *v, const struct insn *in)
{
	v->aux[v->insn].narrow |= op_info[in->op].size == 8;
}

static void binary_const(struct verifier *v, const struct insn *in, enum alu_row row)
{
	struct reg *d = reg_read(v, in->dst), k;

	check_const(v, in, row);
	reg_write(v, in->dst);
	if (d->type == reg_arena) {
		note_narrow(v, in);
		return;
	}
	reg_set_const(&k, (u64)in->imm);
	if (reg_is_pointer(d))
		pointer_alu(v, in, row, d, &k);
	else
		numbers(v, in, row, d, &k.n);
}

static void binary_reg(struct verifier *v, const struct insn *in, enum alu_row row)
{
	struct reg *s = reg_read(v, in->src), *d = reg_read(v, in->dst);
	struct scalar operand = s->n;

	reg_write(v, in->dst);
	if (d->type == reg_arena) {
		note_narrow(v, in);
		return;
	}
	/* whatever is computed with an arena's pointer is one */
	if (s->type == reg_arena) {
		*d = *s;
		return;
	}
	if (reg_is_pointer(d) || reg_is_pointer(s)) {
		with_pointer(v, in, row, d, s);
		return;
	}
	if (d->precise)
		precise_reg(v, in->src);
	numbers(v, in, row, d, &operand);
}

void do_alu(struct verifier *v, const struct insn *in)
{
	enum alu_row row = rows[in->op];

	switch (row) {
	case alu_mov:
	case alu_movsx8:
	case alu_movsx16:
	case alu_movsx32:
		if (op_info[in->op].is_imm)
			move_const(v, in);
		else
			move(v, in, row);
		break;
	case alu_neg:
	case alu_swap: unary(v, in); break;
	default:
		if (op_info[in->op].is_imm)
			binary_const(v, in, row);
		else
			binary_reg(v, in, row);
	}
}
