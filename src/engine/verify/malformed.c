/* Encodings that there are not: what is refused before any path is walked, and what where
 * a path comes to it, in the order of the kernel's checks. */
#include "verifier.h"

void malformed_check(struct verifier *v, u32 insn)
{
	switch ((enum insn_fault)v->aux[insn].fault) {
	case insn_no_opcode: refuse(v, form_opcode, v->prog->code[insn].code);
	case insn_load_fields: refuse(v, form_load);
	case insn_lddw_slot: refuse(v, form_lddw);
	case insn_lddw_kind: refuse(v, map_reference_form);
	default: break;
	}
}

static const char *special_name(enum op op)
{
	switch (op) {
	case op_lddw: return "BPF_LD_IMM64";
	case op_ja:
	case op_gotol: return "BPF_JA";
	case op_exit: return "BPF_EXIT";
	case op_addr_space_cast: return "BPF_MOV";
	default: return "BPF_CALL";
	}
}

static const char *name_of(const struct insn *in)
{
	switch ((enum op_class)op_info[in->op].class) {
	case class_alu:
		if (in->op == op_neg64k || in->op == op_neg32k)
			return "BPF_NEG";
		return flow_is_move(in) ? "BPF_MOV" : "BPF_ALU";
	case class_swap: return "BPF_END";
	case class_jmp: return "BPF_JMP/JMP32";
	case class_packet: return "BPF_LD_[ABS|IND]";
	case class_store: return op_info[in->op].is_imm ? "BPF_ST" : "BPF_STX";
	default: return special_name(in->op);
	}
}

/* A register that is read, or that there is not. */
static void check_register(struct verifier *v, u32 regno, bool is_read)
{
	if (regno > 10)
		refuse(v, form_register, regno);
	if (is_read)
		reg_read(v, regno);
}

static void refuse_register(struct verifier *v, const struct insn *in)
{
	const struct skep_insn *raw = &v->prog->code[v->insn];
	const struct op_info *info = &op_info[in->op];
	bool jumps = info->class == class_jmp;

	if (jumps)
		check_register(v, raw->dst_reg, true);
	if (info->fields & field_src && in->op != op_lddw)
		check_register(v, raw->src_reg, true);
	check_register(v, raw->dst_reg, false);
}

/* Those that acquire and release are loads and stores. */
static bool is_atomic(const struct insn *in)
{
	const struct op_info *info = &op_info[in->op];

	return info->class == class_atomic ||
	       ((info->class == class_load || info->class == class_store) && info->imm);
}

/* What there is of words and double words. */
static bool is_exchange(s32 imm)
{
	for (u32 op = 0; op < op_count; op++)
		if (op_info[op].class == class_atomic && op_info[op].imm == imm)
			return true;
	return false;
}

void malformed_step(struct verifier *v, const struct insn *in)
{
	const struct skep_insn *raw = &v->prog->code[v->insn];

	if (v->aux[v->insn].fault == insn_register)
		refuse_register(v, in);
	if (in->op == op_may_goto)
		refuse(v, form_may_goto, raw->imm);
	if (in->op == op_addr_space_cast && raw->off == op_info[in->op].off)
		refuse(v, form_cast);
	if (is_atomic(in) && is_exchange(raw->imm))
		refuse(v, form_atomic_size);
	if (is_atomic(in))
		refuse(v, form_atomic, raw->imm);
	if (op_info[in->op].class == class_jmp)
		check_register(v, raw->dst_reg, true);
	refuse(v, form_fields, name_of(in));
}
