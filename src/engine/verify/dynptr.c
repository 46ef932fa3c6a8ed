/* Dynptrs: pointers to memory with their bounds, which the kernel keeps in 16 bytes of
 * the program's stack. */
#include "access.h"
#include "stack_object.h"

int object_slot(struct verifier *v, const struct reg *r, const char *what, u32 n)
{
	s32 off = (s32)((u64)(s64)r->off + r->n.bits.value);

	if (!scalar_is_const(&r->n)) {
		verify_print(v, "%s has to be at a constant offset\n", what);
		return OBJECT_MISPLACED;
	}
	if (off % 8 || (off ? off > -8 * (s64)n : n > 1)) {
		verify_print(v, "cannot pass in %s at an offset=%d\n", what, off);
		return OBJECT_MISPLACED;
	}
	if (!off || off < -SKEP_MAX_STACK || stack_slot(off) >= stack_of(v, r)->nslots)
		return OBJECT_OUTSIDE;
	return (int)stack_slot(off);
}

static int slot_of(struct verifier *v, const struct reg *r)
{
	return object_slot(v, r, "dynptr", 2);
}

static bool is_whole(const struct frame *f, u32 n)
{
	for (u32 i = 0; i < 8; i++)
		if (f->slot[n].kind[i] != slot_dynptr ||
		    f->slot[n - 1].kind[i] != slot_dynptr)
			return false;
	return f->slot[n].reg.first_slot;
}

/* ---- making ---- */

static void put(struct frame *f, u32 n, enum dynptr_kind kind, u32 id, u32 ref,
		bool first)
{
	struct slot *s = &f->slot[n];

	reg_set_pointer(&s->reg, reg_dynptr, 0);
	s->reg.dynptr = (u8)kind;
	s->reg.first_slot = first;
	s->reg.id = id;
	s->reg.ref = ref;
	memset(s->kind, slot_dynptr, sizeof(s->kind));
}

static bool is_referenced(enum dynptr_kind kind)
{
	return kind == dynptr_ringbuf || kind == dynptr_file;
}

static void check_pointer(struct verifier *v, u32 regno)
{
	const u8 type = regs_of(v)[regno].type;

	if (type != reg_stack && type != reg_dynptr)
		refuse(v, dynptr_pointer, regno - 1);
}

void dynptr_make(struct verifier *v, u32 regno, enum dynptr_kind kind, u32 cloned)
{
	const struct reg *r = &regs_of(v)[regno];
	struct frame *f;
	u32 id, ref = cloned, n;
	int at;

	check_pointer(v, regno);
	if (r->type == reg_dynptr || slot_of(v, r) == OBJECT_MISPLACED)
		refuse(v, dynptr_not_new);
	for (s32 i = 0; i < 16; i += 8)
		mem_access(v, regno, i, 8, mem_write, -1, false);
	at = slot_of(v, r);
	if (at < 1)
		refuse(v, dynptr_not_new);
	n = (u32)at;
	f = stack_of(v, r);
	id = new_id(v);
	if (is_referenced(kind) && !ref)
		ref = ref_acquire(v, ref_pointer);
	put(f, n, kind, id, ref, true);
	put(f, n - 1, kind, id, ref, false);
	stack_live_write(v, f->number, 3ull << (n - 1));
}

/* ---- using ---- */

static const char *const kind_names[] = {
	[dynptr_none] = "<unknown>",  [dynptr_local] = "local",
	[dynptr_ringbuf] = "ringbuf", [dynptr_skb] = "skb",
	[dynptr_xdp] = "xdp",	      [dynptr_skb_meta] = "skb_meta",
	[dynptr_file] = "file",
};

const struct reg *dynptr_check(struct verifier *v, u32 regno, enum dynptr_take take,
			       enum dynptr_kind kind)
{
	const struct reg *r = &regs_of(v)[regno], *found = r;
	u64 slots = 0;

	if (take == dynptr_new) {
		dynptr_make(v, regno, kind, 0);
		return NULL;
	}
	check_pointer(v, regno);
	if (r->type == reg_dynptr) {
		if (take == dynptr_write)
			refuse(v, dynptr_const);
	} else {
		int n = slot_of(v, r);

		if (n < 1 || !is_whole(stack_of(v, r), (u32)n))
			refuse(v, dynptr_uninit, regno - 1);
		found = &stack_of(v, r)->slot[n].reg;
		slots = 3ull << (n - 1);
	}
	if (kind != dynptr_none && found->dynptr != kind)
		refuse(v, dynptr_other_kind, kind_names[kind], regno - 1);
	if (slots) {
		stack_live_read(v, r->frame, slots);
		log_touch(v, 0, slots);
	}
	return found;
}

void dynptr_check_owned(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	int n;

	if (r->type != reg_stack)
		refuse(v, dynptr_unowned);
	n = slot_of(v, r);
	if (n < 1 || !stack_of(v, r)->slot[n].reg.ref)
		refuse(v, dynptr_unacquired, regno);
}

/* ---- the end ---- */

static void forget(struct verifier *v, struct frame *f, u32 n)
{
	for (u32 i = n - 1; i <= n; i++) {
		memset(f->slot[i].kind, slot_invalid, sizeof(f->slot[i].kind));
		reg_set_none(&f->slot[i].reg);
	}
	stack_live_write(v, f->number, 3ull << (n - 1));
}

void dynptr_release(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	struct frame *f = stack_of(v, r);
	u32 ref = f->slot[slot_of(v, r)].reg.ref;

	ref_release(v, ref);
	for (u32 i = 1; i < f->nslots; i++)
		if (f->slot[i].kind[0] == slot_dynptr && f->slot[i].reg.ref == ref &&
		    f->slot[i].reg.first_slot)
			forget(v, f, i);
}
