/* alu.h - what the files of arithmetic and branches do for each other
 *
 * alu.c takes the instructions of class_alu apart and gives pointers to pointer.c;
 * branch.c the jumps, of which bound.c takes those that compare with a packet's end;
 * null.c knows which pointers are NULL together.
 */
#ifndef ALU_H
#define ALU_H

#include "verifier.h"

/* The rows of insn.def that are arithmetic, whatever their form. */
enum alu_row {
#define ALU(name, ...) alu_##name,
#include "insn.def"
	alu_swap,
};

/* r[in->dst] = pointer op number, where `in` has them in either order. `op` is the
 * kernel's operator. */
void pointer_alu(struct verifier *v, const struct insn *in, enum alu_row row,
		 const struct reg *pointer, const struct reg *number);
const char *alu_operator(const struct insn *in, enum alu_row row);

/* The pointer is not NULL, which lookups of some maps turn into another type. */
void null_lift(struct verifier *v, struct reg *r);

#endif
