/* insn.h - one instruction, decoded
 *
 * insn_decode() turns bytecode into struct insn and refuses every encoding that Linux
 * 6.18 refuses for its form alone: unknown opcodes, registers above r10, reserved
 * fields that are not 0. After it nobody looks at opcode bits. Jumps, calls and ends
 * of functions are checked by insn_check_flow(). What an instruction means stands in
 * insn.def; the dozen forms that are no pure operation are listed in enum op by hand.
 */
#ifndef INSN_H
#define INSN_H

#include <skep/abi.h>
#include "bits.h"
#include "log.h"

/* forms of an ALU row; the short names exist only while insn.def is read */
enum { A64K = 1, A64X = 2, A32K = 4, A32X = 8, A_ALL = 15 };

/* One name for every form, in the order of the rows: op_add64k, op_add64x, op_add32k,
 * op_add32x; op_le16; op_jeq64k ... ; op_ldx_w (load), op_ldxs_w (sign-extending),
 * op_st_w (store immediate), op_stx_w (store register), op_ldacq_w (load-acquire),
 * op_strel_w (store-release), op_ldabs_w and op_ldind_w (legacy packet loads);
 * op_lock_add_w, op_lock_add_dw. Some names are of no legal form: see op_info. */
enum op {
	op_none, /* the second slot of an lddw */
#define ALU(name, ...)	op_##name##64k, op_##name##64x, op_##name##32k, op_##name##32x,
#define SWAP(name, ...) op_##name,
#define JMP(name, ...)	op_##name##64k, op_##name##64x, op_##name##32k, op_##name##32x,
#define MEM(name, ...) \
	op_ldx_##name, op_ldxs_##name, op_st_##name, op_stx_##name, op_ldacq_##name, \
		op_strel_##name, op_ldabs_##name, op_ldind_##name,
#define ATOM(name, ...) op_lock_##name##_w, op_lock_##name##_dw,
#include "insn.def"
	op_lddw,	/* imm: all 64 bits; src: enum skep_pseudo_ld */
	op_ja,		/* off: 16 bits */
	op_gotol,	/* off: 32 bits */
	op_may_goto,	/* off */
	op_call_helper, /* imm: helper id */
	op_call_local,	/* off: displacement of the callee */
	op_call_kfunc,	/* imm: BTF id, off: index into fd_array */
	op_exit,
	op_addr_space_cast, /* dst, src; imm: (to << 16) | from */
	op_count,
};

/* What kind of thing an op is: who reads which field. */
enum op_class {
	class_none,
	class_alu,    /* dst = dst op (src | imm); neg has neither */
	class_swap,   /* dst = swap(dst) */
	class_jmp,    /* if dst op (src | imm) goto pc + off + 1 */
	class_load,   /* dst = *(size *)(src + off), sign-extending or acquiring */
	class_store,  /* *(size *)(dst + off) = src | imm */
	class_atomic, /* *(size *)(dst + off) op= src */
	class_packet, /* r0 = packet[imm (+ src)] */
	class_special,
};

/* The fields of struct insn; in op_info.fields, those that are operands. */
enum insn_field {
	field_dst = 1,
	field_src = 2,
	field_off = 4,
	field_imm = 8,
	field_far =
		16, /* with field_off: off has 32 bits, which the encoding has in imm */
};

/* `off` counts instruction slots for jumps and calls (the target is pc + 1 + off),
 * bytes for memory. lddw takes two slots, in an array of struct insn too, so that an
 * index is always the kernel's instruction number. */
struct insn {
	u16 op; /* enum op */
	u8 dst, src;
	s32 off;
	s64 imm; /* sign-extended from 32 bits, but for lddw */
};

struct op_info {
	const char *name;     /* "add64k": the row's name and form; NULL for op_none */
	const char *mnemonic; /* "add", "add32", "ldxsb", "lock_fetch_add32" */
	const char *text;     /* the kernel's operator or keyword, or NULL */
	u8 class;	      /* enum op_class */
	u8 size;	      /* bytes: of memory touched; else of the operands */
	bool legal;	      /* false: no such encoding */
	bool is_imm;	      /* the second operand is imm, not src */
	bool is_signed;	      /* op_ldxs_* */
	u8 fetch;	      /* class_atomic: insn.def's column */

	/* the encoding: the opcode, the fields that are operands (enum insn_field), and
	 * what the others must be */
	u8 code, fields, src;
	s16 off;
	s32 imm;
};

extern const struct op_info op_info[op_count];

/* Decodes `n` slots into out[0..n). 0, or -EINVAL and a message that names the
 * instruction, the field, its value and what it must be. */
int insn_decode(const struct skep_insn *code, u32 n, struct insn *out,
		struct skep_log *log);

/* What is wrong with an instruction's encoding. */
enum insn_fault {
	insn_fits,
	insn_no_opcode,
	insn_load_fields, /* of a load: a mode that there is not, or an imm */
	insn_lddw_slot,	  /* lddw's second slot has more than an imm */
	insn_lddw_kind,	  /* lddw's src is no kind, or imm has too many bits for it */
	insn_fields,	  /* a reserved field is not 0, or selects nothing */
	insn_register,	  /* there is no such register; out has r10 */
};

/* Decodes whatever is there, and says of each instruction what is wrong with it: for a
 * verifier that refuses most faults only where a path comes to them, as Linux does. What
 * is faulty becomes an instruction that goes on to the same ones. r10 may be written. */
void insn_decode_all(const struct skep_insn *code, u32 n, struct insn *out, u8 *faults);

/* Encodes one instruction; returns the slots written, 1 or 2. `in` is legal. */
u32 insn_encode(const struct insn *in, struct skep_insn out[2]);

/* Every jump and local call lands on the start of an instruction inside its own
 * function (calls: at the start of one), and no function runs off its end. 0, -EINVAL or
 * -ENOMEM. */
int insn_check_flow(const struct insn *insns, u32 n, struct skep_log *log);

/* The meaning of a class_alu or class_swap op on constants; of a class_jmp op: 0 or 1.
 * `s` is src or imm, as is_imm says. */
u64 insn_eval(enum op op, u64 d, u64 s);

#endif
