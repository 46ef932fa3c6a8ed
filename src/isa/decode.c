#include "insn.h"
#include <errno.h>
#include <stdio.h>
#include "msg.h"
#include "pass.h"

/* Which ops share an opcode: a list for each, in the order of enum op. */
struct decoder {
	struct pass pass;
	u16 first[256];
	u16 next[op_count];
	const struct skep_insn *code;
	u32 n;
};

static void index_ops(struct decoder *d)
{
	for (u32 op = op_count; op-- > 1;) {
		if (!op_info[op].legal)
			continue;
		d->next[op] = d->first[op_info[op].code];
		d->first[op_info[op].code] = (u16)op;
	}
}

/* The fields in the order in which they select the op. */
static const struct field {
	u8 bit;
	const char *name;
} fields[] = {
	{field_off, "off"},
	{field_src, "src"},
	{field_imm, "imm"},
	{field_dst, "dst"},
};

static s32 field_of(const struct skep_insn *in, u8 bit)
{
	switch (bit) {
	case field_off: return in->off;
	case field_src: return in->src_reg;
	case field_imm: return in->imm;
	default: return in->dst_reg;
	}
}

static s32 field_must_be(const struct op_info *op, u8 bit)
{
	switch (bit) {
	case field_off: return op->off;
	case field_src: return op->src;
	case field_imm: return op->imm;
	default: return 0;
	}
}

/* Which fields of the encoding are operands: what is far stands in imm, not in off. */
static u8 operands(const struct op_info *op)
{
	return op->fields & field_far ? (op->fields & ~field_off) | field_imm
				      : op->fields;
}

/* Are the first `n` fields as `op` wants them? */
static bool fits(const struct op_info *op, const struct skep_insn *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(operands(op) & fields[i].bit) &&
		    field_of(in, fields[i].bit) != field_must_be(op, fields[i].bit))
			return false;
	return true;
}

static u16 match(const struct decoder *d, const struct skep_insn *in, size_t n)
{
	u16 op = d->first[in->code];

	while (op && !fits(&op_info[op], in, n))
		op = d->next[op];
	return op;
}

static void print_value(char *buf, size_t size, u8 bit, s32 v)
{
	snprintf(buf, size, bit == field_imm && (v > 9 || v < -9) ? "0x%x" : "%d",
		 (unsigned)v);
}

/* No op fits: says which field excluded the last that might, and what it may be. */
static _Noreturn void refuse(struct decoder *d, u32 at)
{
	const struct skep_insn *in = &d->code[at];
	char want[160] = "", value[16];
	size_t f = 0, len = 0;
	u16 op;

	if (!d->first[in->code])
		pass_throw(&d->pass, EINVAL, msg_isa_opcode, at, in->code);
	while (match(d, in, f + 1))
		f++;
	for (op = d->first[in->code]; op && len < sizeof(want); op = d->next[op]) {
		if (!fits(&op_info[op], in, f))
			continue;
		print_value(value, sizeof(value), fields[f].bit,
			    field_must_be(&op_info[op], fields[f].bit));
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s",
					len ? " or " : "", value);
	}
	print_value(value, sizeof(value), fields[f].bit, field_of(in, fields[f].bit));
	pass_throw(&d->pass, EINVAL, msg_isa_field, at, op_info[match(d, in, f)].mnemonic,
		   fields[f].name, value, want);
}

static void check_register(struct decoder *d, u32 at, const struct op_info *op,
			   const char *field, u8 reg, bool is_written)
{
	if (reg > 10)
		pass_throw(&d->pass, EINVAL, msg_isa_register, at, op->mnemonic, field,
			   reg);
	if (reg == 10 && is_written)
		pass_throw(&d->pass, EINVAL, msg_isa_frame, at, op->mnemonic, field);
}

static void check_registers(struct decoder *d, u32 at, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	bool is_memory = op->class == class_store || op->class == class_atomic;

	if (op->fields & field_dst)
		check_register(d, at, op, "dst", in->dst,
			       !is_memory && op->class != class_jmp);
	if (op->fields & field_src && in->op != op_lddw)
		check_register(d, at, op, "src", in->src, op->fetch == 1);
}

/* The kernel casts between its own address space, 0, and the arena's, 1. */
static void check_cast(struct decoder *d, u32 at, const struct insn *in)
{
	char imm[16];

	if (in->op != op_addr_space_cast || in->imm == 1 || in->imm == 1 << 16)
		return;
	print_value(imm, sizeof(imm), field_imm, (s32)in->imm);
	pass_throw(&d->pass, EINVAL, msg_isa_field, at, op_info[in->op].mnemonic, "imm",
		   imm, "0x1 (from address space 1 to 0) or 0x10000 (from 0 to 1)");
}

/* RFC 9669 section 5.4: these use imm alone, not next_imm. */
static bool is_one_word(u8 src)
{
	return src == SKEP_PSEUDO_MAP_FD || src == SKEP_PSEUDO_MAP_IDX ||
	       src == SKEP_PSEUDO_FUNC;
}

static s64 lddw_imm(const struct skep_insn *in)
{
	return (s64)((u64)(u32)in[1].imm << 32 | (u32)in->imm);
}

static void decode_lddw(struct decoder *d, u32 at, struct insn *out)
{
	const struct skep_insn *low = &d->code[at], *high = low + 1;
	char src[4];

	if (at + 1 == d->n)
		pass_throw(&d->pass, EINVAL, msg_isa_lddw_cut, at, d->n);
	if (high->code || high->dst_reg || high->src_reg || high->off)
		pass_throw(&d->pass, EINVAL, msg_isa_lddw_next, at, high->code,
			   high->dst_reg, high->src_reg, high->off);
	if (low->src_reg > SKEP_PSEUDO_MAP_IDX_VALUE) {
		snprintf(src, sizeof(src), "%u", low->src_reg);
		pass_throw(&d->pass, EINVAL, msg_isa_field, at, "lddw", "src", src,
			   "0 to 6 (enum skep_pseudo_ld)");
	}
	if (high->imm && is_one_word(low->src_reg))
		pass_throw(&d->pass, EINVAL, msg_isa_lddw_high, at, low->src_reg,
			   high->imm);
	out->imm = lddw_imm(low);
	out[1] = (struct insn){0};
}

static void take_operands(const struct skep_insn *in, u16 op, struct insn *out)
{
	const struct op_info *info = &op_info[op];

	*out = (struct insn){.op = op};
	if (info->fields & field_dst)
		out->dst = in->dst_reg;
	if (info->fields & field_src)
		out->src = in->src_reg;
	if (info->fields & field_off)
		out->off = info->fields & field_far ? in->imm : in->off;
	if (info->fields & field_imm)
		out->imm = in->imm;
}

static void decode_one(struct decoder *d, u32 at, struct insn *out)
{
	const struct skep_insn *in = &d->code[at];
	u16 op = match(d, in, ARRAY_SIZE(fields));

	if (!op)
		refuse(d, at);
	take_operands(in, op, out);
	if (op == op_lddw)
		decode_lddw(d, at, out);
	check_registers(d, at, out);
	check_cast(d, at, out);
}

/* ---- what need not fit ---- */

static u32 misfits(const struct op_info *op, const struct skep_insn *in)
{
	u32 n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		n += !(operands(op) & fields[i].bit) &&
		     field_of(in, fields[i].bit) != field_must_be(op, fields[i].bit);
	return n;
}

/* The op that the fewest fields exclude. */
static u16 closest(const struct decoder *d, const struct skep_insn *in)
{
	u16 best = d->first[in->code];

	for (u16 op = best; op; op = d->next[op])
		if (misfits(&op_info[op], in) < misfits(&op_info[best], in))
			best = op;
	return best;
}

/* RFC 9669 section 3: three bits of class; of jumps four of what it does. */
static bool is_class(u8 code, u8 class)
{
	return (code & 7) == class;
}

static bool jumps(u8 code)
{
	u8 what = code & 0xf0;

	return (is_class(code, 5) || is_class(code, 6)) && what != 0x80 &&
	       what != 0x90; /* call, exit */
}

static enum insn_fault no_op(const struct skep_insn *in, struct insn *out)
{
	*out = (struct insn){.op = op_mov64k};
	if (jumps(in->code))
		*out = (struct insn){.op = op_jeq64k, .off = in->off};
	return is_class(in->code, 1) ? insn_load_fields : insn_no_opcode;
}

static enum insn_fault decode_wide(const struct decoder *d, u32 at, struct insn *out)
{
	const struct skep_insn *low = &d->code[at], *high = low + 1;

	/* the second slot is an instruction of its own, then */
	if (at + 1 == d->n || high->code || high->dst_reg || high->src_reg || high->off) {
		*out = (struct insn){.op = op_mov64k};
		return insn_lddw_slot;
	}
	out->imm = lddw_imm(low);
	out[1] = (struct insn){0};
	if (low->src_reg > SKEP_PSEUDO_MAP_IDX_VALUE ||
	    (high->imm && is_one_word(low->src_reg) && low->src_reg != SKEP_PSEUDO_FUNC))
		return insn_lddw_kind;
	return insn_fits;
}

/* Registers that there are not become r10. */
static enum insn_fault register_fault(struct insn *in)
{
	u8 has = op_info[in->op].fields;
	bool dst = has & field_dst && in->dst > 10;
	bool src = has & field_src && in->op != op_lddw && in->src > 10;

	in->dst = dst ? 10 : in->dst;
	in->src = src ? 10 : in->src;
	return dst || src ? insn_register : insn_fits;
}

static bool fields_fit(const struct skep_insn *in, const struct insn *out)
{
	if (out->op == op_addr_space_cast && out->imm != 1 && out->imm != 1 << 16)
		return false;
	if (out->op == op_exit) /* Linux does not look at its off */
		return !in->dst_reg && !in->src_reg && !in->imm;
	return !misfits(&op_info[out->op], in);
}

static enum insn_fault decode_whatever(const struct decoder *d, u32 at, struct insn *out)
{
	const struct skep_insn *in = &d->code[at];
	enum insn_fault no_register, wide = insn_fits;
	u16 op = closest(d, in);

	if (!op)
		return no_op(in, out);
	take_operands(in, op, out);
	no_register = register_fault(out);
	if (op == op_lddw)
		wide = decode_wide(d, at, out);
	if (wide)
		return wide;
	if (!fields_fit(in, out))
		return is_class(in->code, 1) ? insn_load_fields : insn_fields;
	return no_register;
}

void insn_decode_all(const struct skep_insn *code, u32 n, struct insn *out, u8 *faults)
{
	struct decoder d = {.code = code, .n = n};

	index_ops(&d);
	for (u32 at = 0; at < n; at += out[at].op == op_lddw ? 2 : 1)
		faults[at] = (u8)decode_whatever(&d, at, &out[at]);
}

/* ---- all must fit ---- */

int insn_decode(const struct skep_insn *code, u32 n, struct insn *out,
		struct skep_log *log)
{
	struct decoder d = {.pass.log = log, .code = code, .n = n};

	if (!pass_try(&d.pass))
		return pass_end(&d.pass);
	if (n > SKEP_MAX_INSNS)
		pass_throw(&d.pass, E2BIG, msg_isa_too_long, n, SKEP_MAX_INSNS);
	index_ops(&d);
	for (u32 at = 0; at < n; at += out[at].op == op_lddw ? 2 : 1)
		decode_one(&d, at, &out[at]);
	return pass_end(&d.pass);
}

u32 insn_encode(const struct insn *in, struct skep_insn out[2])
{
	const struct op_info *op = &op_info[in->op];

	out[0] = (struct skep_insn){.code = op->code,
				    .dst_reg = in->dst & 15,
				    .src_reg = op->src,
				    .off = op->off,
				    .imm = op->imm};
	if (op->fields & field_src)
		out[0].src_reg = in->src & 15;
	if (op->fields & field_imm)
		out[0].imm = (s32)in->imm;
	if (op->fields & field_far)
		out[0].imm = in->off;
	else if (op->fields & field_off)
		out[0].off = (s16)in->off;
	if (in->op != op_lddw)
		return 1;
	out[1] = (struct skep_insn){.imm = (s32)((u64)in->imm >> 32)};
	return 2;
}
