/* What the tables of rules.h say: what a helper takes, who has it, what a context holds.
 */
#include <ctype.h>
#include "call.h"
#include "explain_tale.h"
#include "str.h"

#define WORD(name) void word_##name(struct tale *t, struct str *s)

/* ---- helpers ---- */

static const char *const take_words[] = {
	[take_none] = "nothing",
	[take_any] = "a number",
	[take_ctx] = "the program's context (ctx)",
	[take_map] = "the address of a map (&map)",
	[take_key] = "a pointer to a key, a variable on the stack for instance",
	[take_value] = "a pointer to a value, a variable on the stack for instance",
	[take_mem] = "a pointer to memory: of the stack, a map or the packet",
	[take_size] = "the size of the memory before it",
	[take_size0] = "the size of the memory before it",
	[take_alloc_size] = "a constant size",
	[take_spin_lock] = "a pointer to a bpf_spin_lock in a map's value",
	[take_timer] = "a pointer to a bpf_timer in a map's value",
	[take_sock_common] = "a socket",
	[take_socket] = "a socket",
	[take_btf_sock_common] = "a socket",
	[take_btf_id] = "a pointer to a struct of the kernel",
	[take_percpu_btf_id] = "a pointer to a per-CPU variable of the kernel",
	[take_ringbuf_mem] = "a record that bpf_ringbuf_reserve() gave, at its beginning",
	[take_func] = "a static function of this program",
	[take_stack] = "a pointer to a variable on the stack, or NULL",
	[take_const_str] = "a constant string",
	[take_kptr_dest] = "a pointer to a kptr in a map's value",
	[take_dynptr] = "a pointer to a dynptr on the stack",
};

static const char *take_text(u16 take)
{
	take &= take_kind;
	return take < ARRAY_SIZE(take_words) && take_words[take] ? take_words[take] : "?";
}

static u32 take_of(const struct tale *t)
{
	return t->helper && t->regno >= 1 && t->regno <= 5
		       ? t->helper->arg[t->regno - 1] & take_kind
		       : take_any;
}

WORD(takes)
{
	str_printf(s, "%s", take_text((u16)take_of(t)));
}

/* Numbers that are flags, and the usual value. */
static const struct {
	u32 id, arg;
	const char *text;
} flag_args[] = {
	{SKEP_FUNC_map_update_elem, 4, "flags (BPF_ANY)"},
	{SKEP_FUNC_skb_store_bytes, 5, "flags (0)"},
	{SKEP_FUNC_redirect, 2, "flags (0)"},
	{SKEP_FUNC_perf_event_output, 3, "flags (BPF_F_CURRENT_CPU)"},
	{SKEP_FUNC_skb_output, 3, "flags (BPF_F_CURRENT_CPU)"},
	{SKEP_FUNC_xdp_output, 3, "flags (BPF_F_CURRENT_CPU)"},
	{SKEP_FUNC_get_stackid, 3, "flags (0; BPF_F_USER_STACK: of the process)"},
	{SKEP_FUNC_ringbuf_output, 4, "flags (0)"},
	{SKEP_FUNC_ringbuf_reserve, 3, "flags (0)"},
	{SKEP_FUNC_ringbuf_submit, 2, "flags (0)"},
	{SKEP_FUNC_ringbuf_discard, 2, "flags (0)"},
	{SKEP_FUNC_for_each_map_elem, 4, "flags (0)"},
	{SKEP_FUNC_loop, 4, "flags (0)"},
};

static const char *argument_words(const struct helper_proto *h, u32 i)
{
	for (u32 k = 0; k < ARRAY_SIZE(flag_args); k++)
		if (flag_args[k].id == h->id && flag_args[k].arg == i + 1)
			return flag_args[k].text;
	return take_text(h->arg[i]);
}

WORD(arguments)
{
	const struct helper_proto *h = t->helper;

	for (u32 i = 0; h && i < 5 && h->arg[i] != take_none; i++)
		str_printf(s, "%s%u. %s", i ? "; " : "", i + 1, argument_words(h, i));
	if (!h)
		str_printf(s, "a value for each argument that the function takes");
}

WORD(pass)
{
	u32 take = take_of(t);

	if (t->reg.type == reg_ctx &&
	    (take == take_key || take == take_value || take == take_mem)) {
		str_printf(s, "copy the member of the context into a local variable "
			      "first, and pass the variable's address: &x");
		return;
	}
	switch (take) {
	case take_ctx:
		str_printf(s, "pass the context as the program got it: ctx itself, "
			      "not a copy, a member or ctx + n");
		break;
	case take_map: str_printf(s, "pass the address of the map: &map"); break;
	case take_key:
	case take_value:
		str_printf(s, "keep it in a local variable of the type that the map's "
			      "definition has, and pass the variable's address: &x");
		break;
	case take_mem:
		str_printf(s, "pass the address of a local variable or array, or a "
			      "pointer to a map's value");
		break;
	case take_btf_id:
		str_printf(s, "pass a pointer to that struct of the kernel as a helper "
			      "or the context gave it");
		break;
	default: str_printf(s, "pass %s", take_text((u16)take_of(t)));
	}
}

/* ---- lists ---- */

enum { LIST_MOST = 6 };

struct list {
	struct str *s;
	u32 n;
};

static void list_add(struct list *l, const char *name)
{
	if (l->n++ < LIST_MOST)
		str_printf(l->s, "%s%s", l->n > 1 ? ", " : "", name);
	else if (l->n == LIST_MOST + 2)
		str_printf(l->s, " and others");
}

/* Each type of program that there is. */
#define each_type(type, rule) \
	for (u32 type = 0; type <= SKEP_PROG_TYPE_NETFILTER; type++) \
		if (((rule) = rules_prog(type)))

WORD(types_with)
{
	struct list l = {s, 0};
	const struct rule_prog *rule;

	each_type(type, rule)
	{
		if (t->in &&
		    rules_helper_allowed(type, 0, NULL, (u32)t->in->imm, t->v->profile))
			list_add(&l, rule->name);
	}
	if (!l.n)
		str_printf(s, "none that this user may load");
}

WORD(types_packet)
{
	struct list l = {s, 0};
	const struct rule_prog *rule;

	each_type(type, rule)
	{
		if (rule->packet_write)
			list_add(&l, rule->name);
	}
}

/* ---- maps ---- */

static const char *const map_types[] = {
#define MAP(type, ...) [SKEP_MAP_TYPE_##type] = "BPF_MAP_TYPE_" #type,
#define TAKES(...)
#include "map_rule.def"
};

WORD(map_type)
{
	const struct verify_map *map = tale_map(t);
	u32 type = map ? map->type : 0;

	str_printf(s, "%s",
		   type < ARRAY_SIZE(map_types) && map_types[type] ? map_types[type]
								   : "another type");
}

WORD(map_types)
{
	struct list l = {s, 0};
	const struct verify_prog *prog = t->v->prog;

	for (u32 i = 0; t->helper && i < ARRAY_SIZE(map_types); i++)
		if (map_types[i] &&
		    rules_map_helper(i, t->helper->id, prog->type, prog->attach_type))
			list_add(&l, map_types[i]);
	if (!l.n)
		str_printf(s, "a map of a type that the helper takes");
}

WORD(map_shape)
{
	u32 id = t->helper ? t->helper->id : 0;

	if (rules_map_helper(SKEP_MAP_TYPE_RINGBUF, id, t->v->prog->type, 0))
		str_printf(
			s,
			" (without key and value; max_entries are its bytes: a power of "
			"two, 4096 or more)");
}

WORD(map_helper)
{
	static const char *const names[] = {
		[SKEP_MAP_TYPE_PROG_ARRAY] = "bpf_tail_call()",
		[SKEP_MAP_TYPE_PERF_EVENT_ARRAY] = "bpf_perf_event_output()",
		[SKEP_MAP_TYPE_STACK_TRACE] = "bpf_get_stackid()",
		[SKEP_MAP_TYPE_RINGBUF] = "bpf_ringbuf_reserve() or bpf_ringbuf_output()",
		[SKEP_MAP_TYPE_QUEUE] = "bpf_map_push_elem() and bpf_map_pop_elem()",
		[SKEP_MAP_TYPE_STACK] = "bpf_map_push_elem() and bpf_map_pop_elem()",
		[SKEP_MAP_TYPE_SK_STORAGE] = "bpf_sk_storage_get()",
		[SKEP_MAP_TYPE_TASK_STORAGE] = "bpf_task_storage_get()",
		[SKEP_MAP_TYPE_INODE_STORAGE] = "bpf_inode_storage_get()",
		[SKEP_MAP_TYPE_CGRP_STORAGE] = "bpf_cgrp_storage_get()",
		[SKEP_MAP_TYPE_DEVMAP] = "bpf_redirect_map()",
		[SKEP_MAP_TYPE_CPUMAP] = "bpf_redirect_map()",
		[SKEP_MAP_TYPE_XSKMAP] = "bpf_redirect_map()",
	};
	const struct verify_map *map = tale_map(t);
	u32 type = map ? map->type : 0;

	if (type < ARRAY_SIZE(names) && names[type])
		str_printf(s, "%s", names[type]);
	else
		str_printf(s, "bpf_map_lookup_elem() and bpf_map_update_elem()");
}

WORD(map_special)
{
	static const struct {
		enum field_kind kind;
		const char *name;
	} names[] = {
		{field_spin_lock, "a bpf_spin_lock"},
		{field_res_spin_lock, "a bpf_res_spin_lock"},
		{field_timer, "a bpf_timer"},
		{field_wq, "a bpf_wq"},
		{field_list_head, "a bpf_list_head"},
		{field_rb_root, "a bpf_rb_root"},
	};
	const struct verify_map *map = tale_map(t);

	for (u32 i = 0; map && i < ARRAY_SIZE(names); i++)
		for (u32 k = 0; k < map->nfields; k++)
			if (map->fields[k].kind == names[i].kind) {
				str_printf(s, "%s", names[i].name);
				return;
			}
	str_printf(s, "a special field");
}

/* ---- the context ---- */

/* The struct that the main function takes as its context, in the program's own BTF; 0:
 * not known. */
static u32 declared_context(const struct tale *t)
{
	const struct skep_btf *b = t->v->prog->btf;
	u32 id = b ? func_btf_id(t->v, 0) : 0;
	const struct skep_btf_type *ty = id ? btf_type(b, id) : NULL;

	if (!ty || btf_kind(ty) != SKEP_BTF_KIND_FUNC)
		return 0;
	ty = btf_type(b, ty->type);
	id = btf_vlen(ty) ? btf_skip(b, ((struct skep_btf_param *)btf_tail(ty))->type)
			  : 0;
	if (btf_kind_of(b, id) != SKEP_BTF_KIND_PTR)
		return 0;
	id = btf_skip(b, btf_type(b, id)->type);
	return btf_kind_of(b, id) == SKEP_BTF_KIND_STRUCT ? id : 0;
}

/* The member that holds an offset; NULL. */
const struct skep_btf_member *tale_member_at(const struct skep_btf *b, u32 id, s64 off)
{
	const struct skep_btf_type *ty = btf_type(b, id);
	const struct skep_btf_member *m = btf_tail(ty), *at = NULL;

	for (u32 i = 0; i < btf_vlen(ty); i++)
		if (btf_member_bit(ty, &m[i]) / 8 <= off)
			at = &m[i];
	return off >= 0 && off < ty->size ? at : NULL;
}

WORD(access)
{
	const struct skep_btf *b = t->v->prog->btf;
	bool write = t->in && op_info[t->in->op].class == class_store;
	u32 id = declared_context(t);
	const struct skep_btf_member *at =
		id ? tale_member_at(b, id, tale_offset(t)) : NULL;

	str_printf(s, "%llu bytes are %s at offset %lld of the context",
		   (unsigned long long)tale_size(t), write ? "written" : "read",
		   (long long)tale_offset(t));
	if (at && *btf_str(b, at->name_off))
		str_printf(s, ", which is `%s` of struct %s", btf_str(b, at->name_off),
			   btf_name(b, id));
}

/* The size at which a member of the context may be read, or written; 0: it may not. */
static u32 member_access(const struct tale *t, u32 off, bool write)
{
	const struct verify_prog *p = t->v->prog;
	const struct rule_ctx *rule = rules_ctx(p->type, p->attach_type);

	for (u32 size = 8; rule && size; size /= 2)
		if (off % size == 0 &&
		    rules_ctx_field(rule, (s32)off, size, write, t->v->profile))
			return size;
	return 0;
}

/* The declared struct is the one that the type of program gets. */
static bool context_fits(const struct tale *t, u32 id)
{
	const char *want = func_context(t->v->prog->type);

	return id && want && !strcmp(btf_name(t->v->prog->btf, id), want);
}

WORD(writable)
{
	const struct skep_btf *b = t->v->prog->btf;
	u32 id = declared_context(t);
	struct list l = {s, 0};
	const struct skep_btf_type *ty = id ? btf_type(b, id) : NULL;
	const struct skep_btf_member *m = ty ? btf_tail(ty) : NULL;

	for (u32 i = 0; context_fits(t, id) && i < btf_vlen(ty); i++)
		if (*btf_str(b, m[i].name_off) &&
		    member_access(t, btf_member_bit(ty, &m[i]) / 8, true))
			list_add(&l, btf_str(b, m[i].name_off));
	if (!l.n)
		str_printf(s, "%s", context_fits(t, id) ? "none" : "not known");
}

static void say_other_types(struct tale *t, struct str *s, const char *context)
{
	struct list l = {s, 0};
	const struct rule_prog *rule;

	each_type(type, rule)
	{
		const char *of = func_context(type);

		if (of && !strcmp(of, context))
			list_add(&l, rule->name);
	}
	if (!l.n)
		str_printf(s, "none");
}

/* A context as the kernel's types have it; NULL. */
static const struct skep_btf_type *kernel_context(const struct tale *t, const char *name)
{
	const struct skep_btf *b = t->v->profile->vmlinux;
	u32 id = b ? skep_btf_find(b, name, SKEP_BTF_KIND_STRUCT) : 0;

	return id ? btf_type(b, id) : NULL;
}

/* What there is in place of a member of another context. */
static void say_member_of(struct tale *t, struct str *s, const char *context,
			  const char *member)
{
	const struct skep_btf_type *ty = kernel_context(t, context);
	const struct skep_btf_member *m = ty ? btf_tail(ty) : NULL;
	struct list l = {s, 0};
	u32 n = ty && *member ? btf_vlen(ty) : 0;

	for (u32 i = 0; i < n; i++)
		if (!strcmp(btf_str(t->v->profile->vmlinux, m[i].name_off), member)) {
			str_printf(s, "its `%s`", member);
			return;
		}
	if (!n) {
		str_printf(s, "its members");
		return;
	}
	str_printf(s, "what it has (");
	for (u32 i = 0; i < n; i++)
		if (m[i].name_off)
			list_add(&l, btf_str(t->v->profile->vmlinux, m[i].name_off));
	str_printf(s, "): there is no `%s` in it", member);
}

/* The program's function declares another context than the one that it gets. */
static void say_other_context(struct tale *t, struct str *s, const char *want, u32 id)
{
	const struct skep_btf *b = t->v->prog->btf;
	const struct skep_btf_member *m = tale_member_at(b, id, tale_offset(t));
	const char *member = m ? btf_str(b, m->name_off) : "";

	str_printf(s,
		   "declare the argument as struct %s *ctx, which is the context of %s "
		   "programs, and use ",
		   want, rules_prog(t->v->prog->type)->name);
	say_member_of(t, s, want, member);
	str_printf(s,
		   "; or put the program into a section of a type that gets struct %s "
		   "(",
		   btf_name(b, id));
	say_other_types(t, s, btf_name(b, id));
	str_printf(s, ")");
}

WORD(context_fix)
{
	const char *want = func_context(t->v->prog->type);
	u32 id = declared_context(t);
	const char *have = id ? btf_name(t->v->prog->btf, id) : "";
	s64 off = tale_offset(t);
	u32 size =
		off < 0 || off > UINT16_MAX ? 0 : member_access(t, (u32)off & ~3u, false);

	if (want && id && strcmp(want, have)) {
		say_other_context(t, s, want, id);
	} else if (size && size != tale_size(t)) {
		str_printf(s,
			   "read the member whole, with its own type (%u bytes), into a "
			   "variable, and take the part from that; copying the struct is "
			   "refused, too",
			   size);
	} else {
		str_printf(s,
			   "leave it out: this type of program does not have it; what it "
			   "has is in the documentation of struct %s",
			   want ? want : "its context");
	}
}
