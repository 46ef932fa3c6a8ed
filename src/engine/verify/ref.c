/* What a path holds: references that it has to give back, locks. */
#include "call.h"
#include "object_fields.h"

static struct ref *add(struct verifier *v, enum ref_kind kind, u32 id)
{
	struct state *s = v->cur;

	if (s->nrefs == REFS)
		refuse(v, later_func, "so many references at once");
	s->refs[s->nrefs] = (struct ref){.kind = kind, .id = id, .insn = v->insn};
	return &s->refs[s->nrefs++];
}

/* In order: whoever comes last has to be found last. */
static void drop(struct state *s, u32 i)
{
	memmove(&s->refs[i], &s->refs[i + 1], (s->nrefs - i - 1) * sizeof(s->refs[0]));
	s->nrefs--;
}

static void invalidate(const struct verifier *v, struct reg *r)
{
	if (v->profile->perfmon)
		reg_set_unknown(r);
	else
		reg_set_none(r);
}

u32 ref_acquire(struct verifier *v, enum ref_kind kind)
{
	return add(v, kind, new_id(v))->id;
}

static bool drop_pointer(struct state *s, u32 id)
{
	for (u32 i = 0; i < s->nrefs; i++) {
		if (s->refs[i].kind == ref_pointer && s->refs[i].id == id) {
			drop(s, i);
			return true;
		}
	}
	return false;
}

bool ref_release(struct verifier *v, u32 id)
{
	struct reg *r;

	if (!drop_pointer(v->cur, id))
		return false;
	state_each_reg(v->cur, walk, r)
	{
		if (r->ref == id)
			invalidate(v, r);
	}
	return true;
}

static bool is_packet_slice(const struct reg *r)
{
	return r->type == reg_mem &&
	       (r->dynptr == dynptr_skb || r->dynptr == dynptr_skb_meta ||
		r->dynptr == dynptr_xdp);
}

void packet_forget(struct verifier *v)
{
	struct reg *r;

	state_each_reg(v->cur, walk, r)
	{
		if (r->type == reg_packet || r->type == reg_packet_meta ||
		    r->type == reg_packet_end || is_packet_slice(r))
			invalidate(v, r);
	}
}

/* References alone; they are the main function's concern. */
static void check_leak(struct verifier *v, const char *what)
{
	const struct state *s = v->cur;
	bool leaks = false;

	if (s->depth)
		return;
	for (u32 i = 0; i < s->nrefs; i++) {
		if (s->refs[i].kind != ref_pointer)
			continue;
		verify_print(v, "Unreleased reference id=%u alloc_insn=%u\n",
			     s->refs[i].id, s->refs[i].insn);
		leaks = true;
	}
	if (leaks)
		refuse(v, ref_leak, what);
}

void ref_check_none(struct verifier *v, bool exit, const char *what)
{
	const struct state *s = v->cur;
	bool sections = !exit || !s->depth; /* a callback may leave its caller's alone */

	if (exit)
		what = "BPF_EXIT instruction in main prog";
	if (sections && s->locks)
		refuse(v, held_lock, what);
	check_leak(v, what);
	if (sections && s->irq_id)
		refuse(v, held_irq, what);
	if (sections && s->rcu_locks)
		refuse(v, held_rcu, what);
	if (sections && s->preempt_locks)
		refuse(v, held_preempt, what);
}

/* ---- spin locks: one at a time ---- */

/* The register points to the lock of a map's value, or of an object: in which map it
 * lies, or which BTF the object has. */
static const void *check_lock(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct verify_map *map = r->type == reg_value ? reg_map_of(v, r) : NULL;
	const struct object_fields f = object_fields_of(v, r);
	const struct btf_field *field = NULL;
	s64 off = (s64)r->n.bits.value + r->off;

	if (!scalar_is_const(&r->n))
		refuse(v, lock_offset_varies, regno);
	if (map && !map->btf)
		refuse(v, lock_without_btf, map->name);
	for (u32 i = 0; i < f.n && !field; i++)
		if (f.at[i].kind == field_spin_lock)
			field = &f.at[i];
	if (!field)
		refuse(v, lock_none, map ? "map" : "local", map ? map->name : "kptr");
	if (off != field->off)
		refuse(v, lock_elsewhere, (long long)off, field->off);
	return map ? (const void *)map : r->btf;
}

static struct ref *find_lock(struct state *s, u32 id, const void *lock)
{
	for (u32 i = 0; i < s->nrefs; i++) {
		struct ref *ref = &s->refs[i];

		if (ref->kind == ref_lock && ref->id == id && ref->lock == lock)
			return ref;
	}
	return NULL;
}

void lock_acquire(struct verifier *v, u32 regno)
{
	const void *owner = check_lock(v, regno);
	u32 id = regs_of(v)[regno].id;
	struct state *s = v->cur;

	if (s->locks)
		refuse(v, lock_two);
	add(v, ref_lock, id)->lock = owner;
	s->locks++;
	s->lock_id = id;
	s->lock_ptr = owner;
}

/* What is in a list or tree may be anybody's without its lock. */
static void drop_non_owning(struct verifier *v)
{
	struct reg *r;

	state_each_reg(v->cur, walk, r)
	{
		if (r->flags & flag_non_own)
			invalidate(v, r);
	}
}

void lock_release(struct verifier *v, u32 regno)
{
	const void *owner = check_lock(v, regno);
	u32 id = regs_of(v)[regno].id;
	struct state *s = v->cur;
	struct ref *ref;

	if (!s->locks)
		refuse(v, unlock_without_lock);
	ref = find_lock(s, id, owner);
	if (!ref)
		refuse(v, unlock_other);
	drop(s, (u32)(ref - s->refs));
	s->locks--;
	s->lock_id = 0;
	s->lock_ptr = NULL;
	drop_non_owning(v);
}

/* ---- interrupts ---- */

u32 irq_acquire(struct verifier *v)
{
	return v->cur->irq_id = ref_acquire(v, ref_irq);
}

void irq_release(struct verifier *v, u32 id)
{
	struct state *s = v->cur;
	u32 at = s->nrefs, before = 0;

	for (u32 i = 0; i < s->nrefs && at == s->nrefs; i++) {
		if (s->refs[i].kind != ref_irq)
			continue;
		if (s->refs[i].id == s->irq_id)
			at = i;
		else
			before = s->refs[i].id;
	}
	if (id != s->irq_id || at == s->nrefs)
		refuse(v, irq_order, s->irq_id, at < s->nrefs ? s->refs[at].insn : 0);
	drop(s, at);
	s->irq_id = before;
}
