/* What the kernel's log of level 2 says of the way back */
#include "path.h"

static void print_regs(struct verifier *v, u32 regs)
{
	const char *sep = "";

	for (u32 i = 0; i < FP; i++) {
		if (!(regs & 1u << i))
			continue;
		verify_print(v, "%sr%u", sep, i);
		sep = ",";
	}
}

static void print_slots(struct verifier *v, u64 slots)
{
	const char *sep = "";

	for (; slots; slots &= slots - 1) {
		verify_print(v, "%s%d", sep, -8 * (__builtin_ctzll(slots) + 1));
		sep = ",";
	}
}

static void print_marks(struct verifier *v, u32 regs, u64 slots)
{
	verify_print(v, "regs=");
	print_regs(v, regs);
	verify_print(v, " stack=");
	print_slots(v, slots);
}

void precise_log_span(struct verifier *v, u32 frame, u32 last, u32 first, u32 next)
{
	if (v->log_level & 2)
		verify_print(v,
			     "mark_precise: frame%u: last_idx %d first_idx %d "
			     "subseq_idx %d \n",
			     frame, (int)last, (int)first, (int)next);
}

void precise_log_insn(struct verifier *v, u32 frame, u32 regs, u64 slots, u32 insn)
{
	if (!(v->log_level & 2) || v->insns[insn].op == op_none)
		return;
	verify_print(v, "mark_precise: frame%u: ", frame);
	print_marks(v, regs, slots);
	verify_print(v, " before %u: ", insn);
	log_plain_insn(v, insn);
}

void precise_log_parent(struct verifier *v, const struct packed *s, u32 frame, u32 regs,
			u64 slots)
{
	if (!(v->log_level & 2))
		return;
	verify_print(v, "mark_precise: frame%u: parent state ", frame);
	print_marks(v, regs, slots);
	verify_print(v, ": ");
	log_state(v, path_show(v, s), frame, true);
}

void precise_log_copy(struct verifier *v, u32 frame, u32 regs, u64 slots)
{
	const char *sep = "";

	if (!(v->log_level & 2) || !(regs || slots))
		return;
	verify_print(v, "frame %u: propagating ", frame);
	print_regs(v, regs);
	for (sep = regs ? "," : ""; slots; slots &= slots - 1) {
		verify_print(v, "%sfp%d", sep, -8 * (__builtin_ctzll(slots) + 1));
		sep = ",";
	}
	verify_print(v, "\n");
}

void precise_log_all(struct verifier *v, u32 depth)
{
	if (v->log_level & 2)
		verify_print(v,
			     "mark_precise: frame%u: falling back to forcing all scalars "
			     "precise\n",
			     depth);
}

void precise_log_forced(struct verifier *v, u32 frame, u32 regs, u64 slots)
{
	if (!(v->log_level & 2))
		return;
	for (; regs; regs &= regs - 1)
		verify_print(v, "force_precise: frame%u: forcing r%u to be precise\n",
			     frame, (u32)__builtin_ctz(regs));
	for (; slots; slots &= slots - 1)
		verify_print(v, "force_precise: frame%u: forcing fp%d to be precise\n",
			     frame, -8 * (__builtin_ctzll(slots) + 1));
}
