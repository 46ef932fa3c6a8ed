/* access_kptr.c - pointers to objects that a map's value keeps */
#include "access.h"
#include "call.h"
#include "object_fields.h"

/* What the field points to: the kernel's type of that name, or if it has none the
 * program's. */
struct kept {
	const struct btf_field *field;
	const struct skep_btf *btf;
	u32 id;
	bool local; /* the program's */
	const char *name;
};

static struct kept kept_of(struct verifier *v, const struct btf_field *f)
{
	struct kept k = {.field = f, .btf = v->profile->vmlinux};
	const struct skep_btf_type *t = btf_type(f->btf, f->btf_id);

	k.name = btf_str(f->btf, t->name_off);
	k.id = access_typed_find(v, k.name, btf_kind(t));
	if (k.id)
		return k;
	k.btf = f->btf;
	k.id = f->btf_id;
	k.local = true;
	return k;
}

/* Types whose objects live on until the end of an RCU section. */
static bool is_rcu_protected(const char *name)
{
	static const char *const names[] = {"prog_test_ref_kfunc", "cgroup",
					    "bpf_cpumask", "task_struct",
					    "bpf_crypto_ctx"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static u32 load_flags(struct verifier *v, const struct kept *k)
{
	const bool percpu = k->field->kind == field_kptr_percpu;
	const bool safe = k->local || is_rcu_protected(k->name);
	u32 flags = flag_null | flag_rcu;

	if (!access_in_rcu(v) || !(percpu || (k->field->kind == field_kptr_ref && safe)))
		return flag_null | flag_untrusted;
	if (percpu)
		flags |= flag_percpu;
	else if (k->local)
		flags |= flag_alloc;
	if (k->local && object_fields_of_type(v, k->btf, k->id).kinds & FIELD_NODES)
		flags |= flag_non_own;
	return flags;
}

static void load_user(struct verifier *v, const struct btf_field *f, struct reg *to)
{
	reg_set_pointer(to, reg_mem, flag_null);
	to->size = btf_size(f->btf, f->btf_id);
	to->id = new_id(v);
}

static void load(struct verifier *v, const struct btf_field *f, struct reg *to)
{
	struct kept k;

	if (f->kind == field_uptr) {
		load_user(v, f, to);
		return;
	}
	k = kept_of(v, f);
	reg_set_pointer(to, reg_btf, load_flags(v, &k));
	to->btf = k.btf;
	to->btf_id = k.id;
	to->id = new_id(v);
}

static _Noreturn void refuse_type(struct verifier *v, const struct kept *k, u32 regno,
				  const char *name)
{
	char type[64];

	reg_type_name(v, &regs_of(v)[regno], type);
	if (k->field->kind == field_kptr_unref)
		refuse(v, kptr_type, regno, type, name, k->name, k->name);
	refuse(v, kptr_type_owned, regno, type, name, k->name);
}

/* What is owned is the object itself, not something that begins with one. */
static bool is_kept(const struct reg *r, const struct kept *k)
{
	if (k->field->kind != field_kptr_unref)
		return !r->off && r->btf_id == k->id;
	return arg_is_typed(r, k->id);
}

static void check_type(struct verifier *v, const struct kept *k, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	u32 good = flag_null | flag_trusted | flag_rcu;

	if (k->field->kind == field_kptr_unref)
		good |= flag_untrusted;
	if (r->type == reg_btf && r->btf != v->profile->vmlinux)
		good = flag_null | flag_alloc |
		       (k->field->kind == field_kptr_percpu ? (u32)flag_percpu : 0);
	if (r->type != reg_btf || r->flags & ~good)
		refuse_type(v, k, regno, "");
	mem_check_plain(v, regno, r, true);
	if (r->btf != k->btf || !is_kept(r, k))
		refuse_type(v, k, regno, btf_name(r->btf, r->btf_id));
}

static void check_stored(struct verifier *v, const struct btf_field *f, u32 regno)
{
	struct kept k;

	if (reg_is_zero(&regs_of(v)[regno]))
		return;
	k = kept_of(v, f);
	check_type(v, &k, regno);
}

void access_kptr(struct verifier *v, const struct access *a, const struct btf_field *f)
{
	const struct insn *in = &v->insns[v->insn];
	const struct op_info *op = &op_info[in->op];

	if ((op->class != class_load && op->class != class_store) || op->is_signed ||
	    op->imm)
		refuse(v, kptr_mode);
	if (a->how == mem_read) {
		load(v, f, &regs_of(v)[a->value]);
		return;
	}
	if (f->kind == field_uptr)
		refuse(v, uptr_store);
	if (f->kind != field_kptr_unref)
		refuse(v, kptr_store);
	if (a->value >= 0)
		check_stored(v, f, (u32)a->value);
	else if (in->imm)
		refuse(v, kptr_constant, f->off);
}

/* ---- bpf_kptr_xchg() ---- */

void kptr_check_place(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct verify_map *map = r->type == reg_value ? reg_map_of(v, r) : NULL;
	const struct object_fields fields = object_fields_of(v, r);
	s64 off = r->off + (s64)r->n.bits.value;

	if (map && !map->btf)
		refuse(v, kptr_no_btf, map->name);
	if (map) {
		call->map = map;
		call->map_reg = *r;
	}
	if (!scalar_is_const(&r->n))
		refuse(v, kptr_variable, regno);
	if (!(fields.kinds & FIELD_KPTRS))
		refuse(v, kptr_none, regno);
	call->kptr = object_field_at(fields, off, FIELD_KPTRS);
	if (!call->kptr)
		refuse(v, kptr_elsewhere, (int)off);
	if (call->kptr->kind == field_kptr_unref)
		refuse(v, kptr_unowned, (int)off);
}

void kptr_check_given(struct verifier *v, const struct call *call, u32 regno)
{
	const struct kept k = kept_of(v, call->kptr);
	const u32 flags = regs_of(v)[regno].flags;

	if (flags & flag_alloc && flags & ~(u32)(flag_alloc | flag_percpu))
		refuse(v, path_bug, "invalid PTR_TO_BTF_ID register for type match");
	if (regs_of(v)[regno].flags & flag_null)
		refuse(v, arg_maybe_null, regno);
	check_type(v, &k, regno);
}

void kptr_give(struct verifier *v, const struct call *call, struct reg *r)
{
	const struct kept k = kept_of(v, call->kptr);

	const u32 made = call->kptr->kind == field_kptr_percpu
				 ? (u32)(flag_alloc | flag_percpu)
				 : (u32)flag_alloc;

	reg_set_pointer(r, reg_btf, flag_null | (k.local ? made : 0));
	r->btf = k.btf;
	r->btf_id = k.id;
}
