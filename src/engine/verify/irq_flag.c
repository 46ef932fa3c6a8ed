/* irq_flag.c - what the kernel keeps of interrupts that are off: a word of the program's
 * stack, to be given back in the order in which such words were taken */
#include "access.h"
#include "call.h"
#include "kfunc.h"

static int slot_of(struct verifier *v, const struct reg *r)
{
	return object_slot(v, r, "irq_flag", 1);
}

static u32 flags_in(const struct slot *s)
{
	u32 n = 0;

	for (u32 i = 0; i < 8; i++)
		n += s->kind[i] == slot_irq;
	return n;
}

static void save(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	int at = slot_of(v, r);
	struct slot *s;

	if (at == OBJECT_MISPLACED || (at >= 0 && flags_in(&stack_of(v, r)->slot[at])))
		refuse(v, irq_not_new, regno - 1);
	mem_access(v, regno, 0, 8, mem_write, -1, false);
	at = slot_of(v, r);
	if (at < 0)
		refuse(v, irq_not_new, regno - 1);
	s = &stack_of(v, r)->slot[at];
	reg_set_pointer(&s->reg, reg_stack, 0);
	s->reg.ref = irq_acquire(v);
	memset(s->kind, slot_irq, sizeof(s->kind));
	log_touch(v, 0, 1ull << at);
	stack_live_write(v, r->frame, 1ull << at);
}

static void restore(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const int at = slot_of(v, r);
	struct slot *s;

	if (at < 0)
		refuse(v, irq_not_saved, regno - 1);
	s = &stack_of(v, r)->slot[at];
	if (flags_in(s) != 8 || !s->reg.ref)
		refuse(v, irq_not_saved, regno - 1);
	stack_live_read(v, r->frame, 1ull << at);
	irq_release(v, s->reg.ref);
	reg_set_none(&s->reg);
	memset(s->kind, slot_invalid, sizeof(s->kind));
	log_touch(v, 0, 1ull << at);
	stack_live_write(v, r->frame, 1ull << at);
}

void irq_check(struct verifier *v, const struct kfunc_call *call, u32 regno)
{
	if (regs_of(v)[regno].type != reg_stack)
		refuse(v, irq_pointer, regno - 1);
	if (call->kfunc->does == kfunc_irq_save)
		save(v, regno);
	else
		restore(v, regno);
}
