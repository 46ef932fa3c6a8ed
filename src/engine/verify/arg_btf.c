/* Arguments of helpers that are pointers to a kernel's struct: is it the one that is
 * asked for, or does it begin with it? */
#include "call.h"

u32 call_type(const struct verifier *v, const char *name, u32 *id)
{
	if (!*id && v->profile->vmlinux)
		*id = skep_btf_find(v->profile->vmlinux, name, SKEP_BTF_KIND_STRUCT);
	return *id;
}

static bool is_struct(const struct skep_btf *btf, u32 id)
{
	u32 kind = btf_kind_of(btf, id);

	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION;
}

/* The struct of an array's elements, and where in one of them *off is. */
static u32 element(const struct skep_btf *btf, u32 id, u32 *off)
{
	bool array = false;

	for (id = btf_skip(btf, id); btf_kind_of(btf, id) == SKEP_BTF_KIND_ARRAY;) {
		const struct skep_btf_array *a = btf_tail(btf_type(btf, id));

		id = btf_skip(btf, a->type);
		array = true;
	}
	if (array && is_struct(btf, id) && btf_size(btf, id))
		*off %= btf_size(btf, id);
	return id;
}

/* The member of the struct that byte *off lies in, if it is a struct itself; *off is then
 * counted from its start. 0: it is not. */
static u32 member_at(const struct skep_btf *btf, u32 id, u32 *off)
{
	const struct skep_btf_type *t = btf_type(btf, id);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		u32 begin = btf_member_bit(t, m) / 8, size = btf_size(btf, m->type), at;

		if (*off < begin)
			return 0;
		if (btf_member_bits(t, m) || size == BTF_NO_SIZE || *off - begin >= size)
			continue;
		at = *off - begin;
		id = element(btf, m->type, &at);
		*off = at;
		return is_struct(btf, id) ? id : 0;
	}
	return 0;
}

/* At that offset of struct `id`, outermost first, a struct `want` begins. */
static bool holds(const struct skep_btf *btf, u32 id, u32 off, u32 want, bool itself)
{
	if (!off && id == want)
		return true;
	for (u32 depth = 0; !itself && depth < BTF_MAX_DEPTH; depth++) {
		id = member_at(btf, id, &off);
		if (!id)
			return false;
		if (!off && id == want)
			return true;
	}
	return false;
}

bool arg_is_typed(const struct reg *r, u32 type)
{
	return r->off >= 0 && holds(r->btf, r->btf_id, (u32)r->off, type, false);
}

void arg_check_typed(struct verifier *v, const struct call *call, u32 regno, u16 take)
{
	const struct reg *r = &regs_of(v)[regno];
	const char *want = call->proto->arg_btf;
	/* sk_release() takes all that begins with a struct sock_common */
	bool itself = take & take_release && call->proto->id != SKEP_FUNC_sk_release;
	u32 id;

	if (r->flags & flag_percpu)
		return;
	if ((take & take_kind) == take_btf_sock_common)
		want = "sock_common";
	if (!want || r->flags & ~(u32)(flag_null | flag_trusted | flag_rcu) ||
	    r->btf != v->profile->vmlinux)
		refuse(v, later_btf_arg, regno);
	if (r->flags & flag_null && take & take_release)
		refuse(v, arg_maybe_null, regno);
	id = call_type(v, want, &calls_of(v)->arg_type[call->proto->id]);
	if (r->off < 0 || !id || !holds(r->btf, r->btf_id, (u32)r->off, id, itself))
		refuse(v, arg_other_type, regno, btf_name(r->btf, r->btf_id), want);
}
