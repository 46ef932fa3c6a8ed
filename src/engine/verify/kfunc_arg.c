/* kfunc_arg.c - arguments of kernel functions: what BTF and the endings of the
 * parameters' names ask for, against what the register holds */
#include "access.h"
#include "call.h"
#include "kfunc.h"
#include "typed.h"
#include <errno.h>

enum wants {
	wants_later, /* not modelled */
	wants_ctx,
	wants_null,
	wants_dynptr,
	wants_iter,
	wants_irq,
	wants_str,
	wants_map,
	wants_alloc,
	wants_refcounted,
	wants_list_head,
	wants_list_node,
	wants_rb_root,
	wants_rb_node,
	wants_callback,
	wants_wq,
	wants_typed,
	wants_mem,
	wants_mem_size, /* its size comes next */
};

/* One argument. */
struct param {
	const char *name;
	u32 type, to;	 /* in the function's BTF; what it points to, 0 is void */
	u32 i;		 /* 0 is r1 */
	const char *end; /* of the next one's name that is this one's size; NULL */
};

/* Which parameters are what, in the order in which the kernel asks: by the end of the
 * name, or the struct that they point to. */
static const struct {
	const char *end, *type;
	enum wants wants;
} rules[] = {
	{"__alloc", NULL, wants_alloc},
	{"__refcounted_kptr", NULL, wants_refcounted},
	{NULL, "bpf_dynptr", wants_dynptr},
	{NULL, "bpf_list_head", wants_list_head},
	{NULL, "bpf_list_node", wants_list_node},
	{NULL, "bpf_rb_root", wants_rb_root},
	{NULL, "bpf_rb_node", wants_rb_node},
	{"__str", NULL, wants_str},
	{"__map", NULL, wants_map},
	{NULL, "bpf_wq", wants_wq},
	{NULL, "bpf_task_work", wants_later},
	{"__irq_flag", NULL, wants_irq},
	{NULL, "bpf_res_spin_lock", wants_later},
};

bool kfunc_is_number(const struct skep_btf *btf, u32 id)
{
	u32 kind = btf_kind_of(btf, btf_skip(btf, id));

	return kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_ENUM ||
	       kind == SKEP_BTF_KIND_ENUM64;
}

u32 kfunc_pointee(const struct skep_btf *btf, u32 id)
{
	id = btf_skip(btf, id);
	return btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR
		       ? btf_skip(btf, btf_type(btf, id)->type)
		       : 0;
}

static bool ends(const char *name, const char *with)
{
	size_t n = strlen(name), m = strlen(with);

	return n >= m && !strcmp(name + n - m, with);
}

static bool is_pointer(const struct skep_btf *btf, u32 id)
{
	return btf_kind_of(btf, btf_skip(btf, id)) == SKEP_BTF_KIND_PTR;
}

/* ---- what it takes ---- */

/* Numbers only, up to four structs deep. steps: a bound on hostile types' width. */
static bool is_plain(const struct skep_btf *btf, u32 id, u32 depth, u32 *steps)
{
	const struct skep_btf_type *t = btf_type(btf, id);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		u32 type = btf_skip(btf, m->type);

		if (!--*steps)
			return false;
		if (access_btf_is_struct(btf, type)) {
			if (depth == 3 || !is_plain(btf, type, depth + 1, steps))
				return false;
			continue;
		}
		if (btf_kind_of(btf, type) == SKEP_BTF_KIND_ARRAY) {
			const struct skep_btf_array *a = btf_tail(btf_type(btf, type));

			if (!a->nelems)
				return false;
			type = a->type;
		}
		if (!kfunc_is_number(btf, type))
			return false;
	}
	return true;
}

bool kfunc_is_plain(const struct skep_btf *btf, u32 id)
{
	u32 steps = 1 << 16;

	return access_btf_is_struct(btf, id) && is_plain(btf, id, 0, &steps);
}

static void check_memory_type(struct verifier *v, const struct kfunc_call *call,
			      const struct param *p)
{
	const struct skep_btf *btf = call->btf;

	if (kfunc_is_number(btf, p->to) || (p->end && !p->to) ||
	    kfunc_is_plain(btf, p->to))
		return;
	refuse(v, kfunc_pointee, p->i, typed_kind_name(btf, p->to),
	       p->to ? btf_name(btf, p->to) : "", p->end ? "void, " : "");
}

/* Objects of the kernel that have a register type of their own. */
static const char *const objects[reg_types] = {
	[reg_socket] = "sock",
	[reg_sock_common] = "sock_common",
	[reg_tcp_sock] = "tcp_sock",
	[reg_map] = "bpf_map",
};

static enum wants wants_typed_or_memory(struct verifier *v, const struct kfunc_call *call,
					const struct param *p)
{
	const struct reg *r = &regs_of(v)[p->i + 1];

	if (r->type == reg_btf || objects[r->type]) {
		if (!access_btf_is_struct(call->btf, p->to))
			refuse(v, kfunc_no_struct, call->kfunc->name, p->i,
			       typed_kind_name(call->btf, p->to),
			       p->to ? btf_name(call->btf, p->to) : "");
		return wants_typed;
	}
	if (btf_kind_of(call->btf, p->to) == SKEP_BTF_KIND_FUNC_PROTO)
		return wants_callback;
	check_memory_type(v, call, p);
	return p->end ? wants_mem_size : wants_mem;
}

static enum wants what_is_wanted(struct verifier *v, const struct kfunc_call *call,
				 const struct param *p)
{
	const struct reg *r = &regs_of(v)[p->i + 1];
	const char *to = p->to ? btf_name(call->btf, p->to) : "";

	if (call->kfunc->does == kfunc_cast_ctx || func_is_context(v, call->btf, p->to))
		return wants_ctx;
	if (ends(p->name, "__nullable") && reg_is_zero(r) && !p->end)
		return wants_null;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		/* an iterator is known by its place, not its name */
		if (rules[i].wants == wants_dynptr && !p->i &&
		    strcmp(to, rules[i].type) && call->kfunc->flags & kfunc_iter)
			return wants_iter;
		if (rules[i].end ? ends(p->name, rules[i].end)
				 : access_btf_is_struct(call->btf, p->to) &&
					   !strcmp(to, rules[i].type))
			return rules[i].wants;
	}
	return wants_typed_or_memory(v, call, p);
}

/* ---- whether it fits ---- */

static void check_trust(struct verifier *v, const struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const u32 flags = call->kfunc->flags;

	if (!(flags & (kfunc_trusted | kfunc_release | kfunc_rcu)) ||
	    access_is_trusted(r) || (objects[r->type] && !r->flags))
		return;
	if (!(flags & kfunc_rcu))
		refuse(v, kfunc_untrusted, regno);
	if (!(r->flags & flag_rcu))
		refuse(v, kfunc_not_rcu, regno);
}

/* "nf_conn___init" is nf_conn, before it may be used as one. */
static bool is_made_of(const char *a, const char *b)
{
	const size_t n = strlen(b);

	return !strncmp(a, b, n) && !strcmp(a + n, "___init");
}

static bool is_projection(const char *taken, const char *passed)
{
	return (!strcmp(taken, "__sk_buff") && !strcmp(passed, "sk_buff")) ||
	       (!strcmp(taken, "xdp_md") && !strcmp(passed, "xdp_buff"));
}

static bool type_fits(const struct kfunc_call *call, const struct param *p,
		      const struct reg *r)
{
	const char *taken = btf_name(call->btf, p->to),
		   *passed = btf_name(r->btf, r->btf_id);

	if (is_projection(taken, passed))
		return true;
	if (r->btf != call->btf || r->n.bits.value)
		return false;
	if ((call->kfunc->flags & kfunc_release && r->ref) || is_made_of(taken, passed) ||
	    is_made_of(passed, taken))
		return !r->off && r->btf_id == p->to;
	return arg_is_typed(r, p->to);
}

static void check_typed(struct verifier *v, const struct kfunc_call *call,
			const struct param *p)
{
	const u32 good = flag_alloc | flag_trusted | flag_non_own;
	struct reg r = regs_of(v)[p->i + 1], name = {.type = r.type};
	char is[64], want[64];

	name.flags = r.flags & good;
	if (!objects[r.type] &&
	    (r.type != reg_btf || (r.flags & ~good && !(r.flags & flag_rcu))))
		refuse(v, kfunc_not_typed, p->i, reg_type_name(v, &r, is),
		       reg_type_name(v, &name, want));
	if (objects[r.type]) {
		if (r.flags)
			refuse(v, later_kfunc);
		r.btf = call->btf;
		r.btf_id = skep_btf_find(r.btf, objects[r.type], SKEP_BTF_KIND_STRUCT);
		if (!r.btf_id)
			refuse(v, later_kfunc);
	}
	r.btf_id = btf_skip(r.btf, r.btf_id);
	if (!type_fits(call, p, &r))
		refuse(v, kfunc_other_type, call->kfunc->name, p->i,
		       typed_kind_name(call->btf, p->to), btf_name(call->btf, p->to),
		       p->i + 1, typed_kind_name(r.btf, r.btf_id),
		       btf_name(r.btf, r.btf_id));
}

static enum dynptr_kind made_kind(const struct kfunc_call *call)
{
	switch (call->kfunc->does) {
	case kfunc_dynptr_skb: return dynptr_skb;
	case kfunc_dynptr_skb_meta: return dynptr_skb_meta;
	case kfunc_dynptr_xdp: return dynptr_xdp;
	case kfunc_dynptr_clone: return (enum dynptr_kind)call->dynptr.dynptr;
	default: return dynptr_none;
	}
}

static void check_dynptr(struct verifier *v, struct kfunc_call *call,
			 const struct param *p)
{
	if (!ends(p->name, "__uninit")) {
		call->dynptr = *dynptr_check(v, p->i + 1, dynptr_read, dynptr_none);
		return;
	}
	if (made_kind(call) == dynptr_none)
		refuse(v, later_kfunc);
	dynptr_make(v, p->i + 1, made_kind(call), call->dynptr.ref);
}

static void check_iter(struct verifier *v, struct kfunc_call *call, const struct param *p)
{
	if (call->kfunc->does == kfunc_css_task && !v->cur->sleepable &&
	    v->prog->type != SKEP_PROG_TYPE_LSM &&
	    !(v->prog->type == SKEP_PROG_TYPE_TRACING &&
	      v->prog->attach_type == SKEP_TRACE_ITER))
		refuse(v, kfunc_css_task);
	if (!access_btf_is_struct(call->btf, p->to))
		refuse(v, later_kfunc);
	iter_check(v, call, p->i + 1, p->to);
}

/* ---- memory ---- */

struct touch {
	u32 regno, size;
	bool sized;
};

static bool touch(struct verifier *v, void *arg)
{
	const struct touch *t = arg;

	for (u32 how = mem_read; how <= mem_write; how++) {
		if (t->sized)
			mem_check_sized(v, t->regno, t->regno + 1, (enum mem_access)how,
					true, false, NULL);
		else
			mem_check(v, t->regno, t->size, (enum mem_access)how, true, false,
				  NULL);
	}
	return true;
}

/* 0 or errno: who passes NULL is asked for nothing, so it is not asked here. */
static int touch_all(struct verifier *v, struct touch t)
{
	struct reg *r = &regs_of(v)[t.regno], saved = *r;
	int err;

	r->flags &= ~(u32)flag_null;
	err = verify_attempt(v, touch, &t);
	*r = saved;
	return err;
}

static void check_memory(struct verifier *v, const struct kfunc_call *call,
			 const struct param *p)
{
	struct touch t = {.regno = p->i + 1, .size = btf_size(call->btf, p->to)};
	struct reg *r = &regs_of(v)[t.regno], saved = *r;

	if (reg_is_zero(r))
		return;
	if (!p->to || t.size == BTF_NO_SIZE)
		refuse(v, later_kfunc);
	r->flags &= ~(u32)flag_null;
	touch(v, &t);
	*r = saved;
}

static void take_constant(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (!scalar_is_const(&r->n))
		refuse(v, kfunc_not_const, regno);
	call->constant = r->n.bits.value;
}

static void check_sized(struct verifier *v, struct kfunc_call *call,
			const struct param *p)
{
	u32 regno = p->i + 1;
	int err = 0;

	if (!reg_is_zero(&regs_of(v)[regno]) || !ends(p->name, "__opt"))
		err = touch_all(v, (struct touch){.regno = regno, .sized = true});
	if (err == EACCES)
		refuse(v, kfunc_memory, p->i, p->i + 1);
	if (err)
		refuse(v, kfunc_memory_odd, p->i, p->i + 1);
	if (ends(p->end, "__szk"))
		take_constant(v, call, regno + 1);
}

/* ---- in the kernel's order ---- */

static void check_number(struct verifier *v, struct kfunc_call *call,
			 const struct param *p)
{
	u32 regno = p->i + 1;

	if (regs_of(v)[regno].type != reg_scalar)
		refuse(v, kfunc_not_number, regno);
	if (!ends(p->name, "__k"))
		return;
	take_constant(v, call, regno);
	precise_reg(v, regno);
}

static void note_reference(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (!r->ref)
		return;
	if (call->kfunc->flags & kfunc_release) {
		if (call->ref)
			refuse(v, later_kfunc);
		call->release = regno;
	}
	call->ref = r->ref;
}

/* A pointer to the bpf_wq of a map's value. */
static void check_wq(struct verifier *v, struct kfunc_call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct btf_field *field = NULL;
	const struct verify_map *map;
	s64 off = (s64)r->n.bits.value + r->off;

	if (r->type != reg_value || r->flags)
		refuse(v, wq_no_value, regno - 1);
	map = reg_map_of(v, r);
	if (!scalar_is_const(&r->n))
		refuse(v, wq_offset_varies, regno);
	if (!map->btf)
		refuse(v, wq_without_btf, map->name);
	for (u32 i = 0; i < map->nfields; i++)
		if (map->fields[i].kind == field_wq)
			field = &map->fields[i];
	if (!field)
		refuse(v, wq_none, map->name);
	if (off != field->off)
		refuse(v, wq_elsewhere, (long long)off, field->off);
	call->wq = *r;
}

/* The map is the one that the work queue lies in. */
static void check_wq_map(struct verifier *v, const struct kfunc_call *call,
			 const struct reg *map)
{
	const struct reg *wq = &call->wq;

	if (wq->type == reg_none)
		return;
	if (reg_map_of(v, wq) != reg_map_of(v, map) || wq->map_uid != map->map_uid)
		refuse(v, wq_other_map, wq->map_uid, map->map_uid);
}

static void check_taken(struct verifier *v, struct kfunc_call *call,
			const struct param *p, enum wants wants)
{
	const u32 regno = p->i + 1;
	const struct reg *r = &regs_of(v)[regno];
	char name[64];

	switch (wants) {
	case wants_later: refuse(v, later_kfunc);
	case wants_null: break;
	case wants_ctx:
		if (r->type != reg_ctx)
			refuse(v, kfunc_not_ctx, p->i, reg_type_name(v, r, name));
		break;
	case wants_dynptr: check_dynptr(v, call, p); break;
	case wants_iter: check_iter(v, call, p); break;
	case wants_irq: irq_check(v, call, regno); break;
	case wants_str:
		if (r->type != reg_value || r->flags)
			refuse(v, kfunc_not_str, p->i);
		arg_check_str(v, regno);
		break;
	case wants_map: /* every map is a struct bpf_map */
		if (r->flags)
			refuse(v, later_kfunc);
		check_wq_map(v, call, r);
		break;
	case wants_wq: check_wq(v, call, regno); break;
	case wants_alloc: object_check_dropped(v, call, regno); break;
	case wants_refcounted: object_check_refcounted(v, call, regno); break;
	case wants_list_head: object_check_root(v, call, regno, field_list_head); break;
	case wants_list_node: object_check_node(v, call, regno, field_list_node); break;
	case wants_rb_root: object_check_root(v, call, regno, field_rb_root); break;
	case wants_rb_node: object_check_node(v, call, regno, field_rb_node); break;
	case wants_callback: object_check_callback(v, call, regno); break;
	case wants_typed: check_typed(v, call, p); break;
	case wants_mem: check_memory(v, call, p); break;
	case wants_mem_size: check_sized(v, call, p); break;
	}
}

static enum wants check_pointer(struct verifier *v, struct kfunc_call *call,
				const struct param *p)
{
	const struct reg *r = &regs_of(v)[p->i + 1];
	const u32 flags = call->kfunc->flags;
	enum wants wants;

	if (flags & (kfunc_trusted | kfunc_release | kfunc_rcu) &&
	    (reg_is_zero(r) || r->flags & flag_null) && !ends(p->name, "__nullable"))
		refuse(v, kfunc_null, p->i);
	note_reference(v, call, p->i + 1);
	wants = what_is_wanted(v, call, p);
	if (wants == wants_null)
		return wants;
	if (wants == wants_map && r->type != reg_map)
		refuse(v, kfunc_not_map, p->i + 1);
	if (wants == wants_typed || wants == wants_map || wants == wants_alloc)
		check_trust(v, call, p->i + 1);
	arg_check_offset(v, p->i + 1, flags & kfunc_release && r->ref);
	check_taken(v, call, p, wants);
	return wants;
}

/* The end of the name of the parameter behind it, if that is its size. */
static const char *size_end(const struct verifier *v, const struct kfunc_call *call,
			    u32 i)
{
	const struct skep_btf_type *t = btf_type(call->btf, call->proto);
	const struct skep_btf_param *p = btf_tail(t);
	const char *name;

	if (i + 1 >= btf_vlen(t) || !kfunc_is_number(call->btf, p[i + 1].type) ||
	    regs_of((struct verifier *)v)[i + 2].type != reg_scalar)
		return NULL;
	name = btf_str(call->btf, p[i + 1].name_off);
	return ends(name, "__sz") ? "__sz" : ends(name, "__szk") ? "__szk" : NULL;
}

void kfunc_check_args(struct verifier *v, struct kfunc_call *call)
{
	const struct skep_btf_type *t = btf_type(call->btf, call->proto);
	const struct skep_btf_param *params = btf_tail(t);

	if (btf_vlen(t) > 5)
		refuse(v, later_kfunc);
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct param p = {
			.name = btf_str(call->btf, params[i].name_off),
			.type = params[i].type,
			.to = kfunc_pointee(call->btf, params[i].type),
			.i = i,
			.end = size_end(v, call, i),
		};

		if (ends(p.name, "__ign") || ends(p.name, "__prog"))
			continue;
		if (kfunc_is_number(call->btf, p.type))
			check_number(v, call, &p);
		else if (!is_pointer(call->btf, p.type))
			refuse(v, kfunc_arg_kind, i,
			       typed_kind_name(call->btf, btf_skip(call->btf, p.type)));
		else if (check_pointer(v, call, &p) == wants_mem_size)
			i++;
	}
	if (call->kfunc->flags & kfunc_release && !call->release)
		refuse(v, kfunc_no_release, call->kfunc->name);
}
