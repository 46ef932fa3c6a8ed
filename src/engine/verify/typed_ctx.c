/* typed_ctx.c - contexts that are the arguments of a kernel function: of tracepoints,
 * iterators and functions that are traced */
#include "access.h"
#include "typed.h"
#include <stdio.h>

/* The function whose arguments the context is. */
struct traced {
	const struct skep_btf *btf;
	const char *name;
	const char *ops; /* of struct_ops: the struct whose member it is */
	const struct skep_btf_param *args;
	u32 nargs;
	u32 skipped; /* arguments before args[0] that programs do not see */
	u32 ret;
};

static const struct {
	const char *name;
	u32 arg, type, flags;
} iters[] = {
#define ITER(name, arg, type, flags) {"bpf_iter_" #name, arg, reg_##type, flags},
#include "typed_ctx.def"
};

static const struct {
	const char *name;
	u32 arg;
} nullable[] = {
#define NULLABLE(name, arg) {#name, arg},
#include "typed_ctx.def"
};

bool typed_is_iter(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(iters); i++)
		if (!strcmp(iters[i].name, name))
			return true;
	return false;
}

static bool find_args(struct traced *f, const struct skep_btf *btf, u32 proto,
		      u32 skipped)
{
	if (btf_kind_of(btf, proto) != SKEP_BTF_KIND_FUNC_PROTO)
		return false;
	f->btf = btf;
	f->nargs = btf_vlen(btf_type(btf, proto));
	f->args = btf_tail(btf_type(btf, proto));
	f->ret = btf_type(btf, proto)->type;
	f->skipped = skipped;
	return f->nargs >= skipped;
}

/* The struct and member that a struct_ops program is for. */
static bool find_ops(const struct skep_btf *btf, u32 id, u32 member, struct traced *f)
{
	const struct skep_btf_type *t = btf_type(btf, id);
	const struct skep_btf_member *m = btf_tail(t);

	if (btf_kind(t) != SKEP_BTF_KIND_STRUCT || member >= btf_vlen(t))
		return false;
	f->ops = btf_str(btf, t->name_off);
	f->name = btf_str(btf, m[member].name_off);
	id = btf_skip(btf, m[member].type);
	/* other structs have rules of their own */
	return ((!strcmp(f->ops, "tcp_congestion_ops") && strcmp(f->name, "get_info")) ||
		!strcmp(f->ops, "bpf_dummy_ops")) &&
	       btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR &&
	       find_args(f, btf, btf_skip(btf, btf_type(btf, id)->type), 0);
}

/* A tracepoint is a pointer to a function whose first argument is its own data. */
static bool find_tracepoint(const struct skep_btf *btf, u32 id, struct traced *f)
{
	static const char prefix[] = "btf_trace_";

	f->name = btf_name(btf, id);
	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_TYPEDEF ||
	    strncmp(f->name, prefix, sizeof(prefix) - 1))
		return false;
	f->name += sizeof(prefix) - 1;
	id = btf_type(btf, id)->type;
	return btf_kind_of(btf, id) == SKEP_BTF_KIND_PTR &&
	       find_args(f, btf, btf_type(btf, id)->type, 1);
}

/* False: nothing that programs are attached to, or not supported. */
static bool find_traced(struct verifier *v, struct traced *f)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = v->prog->attach_btf_id;

	*f = (struct traced){.name = ""};
	if (!btf || !id || id >= btf->end_id)
		return false;
	if (v->prog->type == SKEP_PROG_TYPE_STRUCT_OPS)
		return find_ops(btf, id, v->prog->attach_type, f);
	if (v->prog->type != SKEP_PROG_TYPE_TRACING)
		return false;
	if (v->prog->attach_type == SKEP_TRACE_RAW_TP)
		return find_tracepoint(btf, id, f);
	f->name = btf_name(btf, id);
	return btf_kind_of(btf, id) == SKEP_BTF_KIND_FUNC &&
	       find_args(f, btf, btf_type(btf, id)->type, 0);
}

struct rule_hook typed_hook(struct verifier *v)
{
	struct traced f;

	if (!find_traced(v, &f))
		return (struct rule_hook){"", ""};
	return f.ops ? (struct rule_hook){f.ops, f.name} : (struct rule_hook){f.name, ""};
}

const char *access_struct_ops(struct verifier *v)
{
	struct traced f;

	return find_traced(v, &f) ? f.ops : NULL;
}

enum reg_type typed_return(struct verifier *v)
{
	struct traced f;

	if (!find_traced(v, &f))
		refuse(v, typed_ctx_later);
	if (!v->prog->gpl)
		refuse(v, ops_licence);
	if (!f.ret)
		return reg_none;
	return btf_kind_of(f.btf, btf_skip(f.btf, f.ret)) == SKEP_BTF_KIND_PTR
		       ? reg_btf
		       : reg_scalar;
}

static u32 room_of(const struct skep_btf *btf, u32 id)
{
	u32 size = btf_size(btf, btf_skip(btf, id));

	return size == BTF_NO_SIZE ? 0 : (u32)round_up(size, 8);
}

/* Which argument the byte at `off` belongs to, as the kernel counts: nargs is what the
 * function returns. */
static u32 arg_at(const struct traced *f, s32 off)
{
	u32 end = 0;

	for (u32 i = 0; i < f->nargs; i++) {
		end += room_of(f->btf, f->args[i].type);
		if ((u32)off < end)
			return i;
	}
	return (u32)off < end + room_of(f->btf, f->ret) ? f->nargs : f->nargs + 1;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && !strcmp(name + n - m, suffix);
}

/* The kernel's own version of a struct_ops function says which of its arguments may be
 * NULL. */
static bool stub_says_null(struct verifier *v, const struct traced *f, u32 arg)
{
	struct typed *typed = access_typed(v);
	const struct skep_btf_type *proto;
	const struct skep_btf_param *args;
	char name[128];

	if (!typed->has_stub) {
		snprintf(name, sizeof(name), "%s__%s", f->ops, f->name);
		typed->stub = skep_btf_find(f->btf, name, SKEP_BTF_KIND_FUNC);
		typed->has_stub = true;
	}
	if (!typed->stub)
		return false;
	proto = btf_type(f->btf, btf_type(f->btf, typed->stub)->type);
	args = btf_tail(proto);
	return arg < btf_vlen(proto) &&
	       ends_with(btf_str(f->btf, args[arg].name_off), "__nullable");
}

static bool may_be_null(struct verifier *v, const struct traced *f, u32 arg)
{
	if (f->ops)
		return stub_says_null(v, f, arg);
	if (arg + f->skipped >= f->nargs)
		return false;
	if (ends_with(btf_str(f->btf, f->args[arg + f->skipped].name_off), "__nullable"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nullable); i++)
		if (v->prog->attach_type == SKEP_TRACE_RAW_TP && nullable[i].arg == arg &&
		    !strcmp(nullable[i].name, f->name))
			return true;
	return false;
}

/* Congestion control is for no other sockets. */
static u32 tcp_sock(struct verifier *v)
{
	u32 *id = &access_typed(v)->tcp_sock;

	if (!*id)
		*id = skep_btf_find(v->profile->vmlinux, "tcp_sock",
				    SKEP_BTF_KIND_STRUCT);
	if (!*id)
		refuse(v, typed_ctx_later);
	return *id;
}

/* What is loaded of an argument that is a pointer. */
struct pointer_arg {
	enum reg_type type; /* reg_scalar, reg_buf, or reg_btf */
	u32 target, flags;
	bool iter; /* stands in the table */
};

static struct pointer_arg pointer_arg(struct verifier *v, const struct traced *f, u32 arg,
				      u32 pointer)
{
	const u32 attach = v->prog->attach_type, to = btf_type(f->btf, pointer)->type;
	struct pointer_arg p = {.type = reg_btf, .target = btf_skip(f->btf, to)};

	for (size_t i = 0; !f->ops && attach == SKEP_TRACE_ITER && i < ARRAY_SIZE(iters);
	     i++) {
		if (iters[i].arg == arg && !strcmp(iters[i].name, f->name)) {
			p.type = iters[i].type;
			p.flags = iters[i].flags;
			p.iter = true;
			return p;
		}
	}
	if (!p.target || btf_kind_of(f->btf, p.target) == SKEP_BTF_KIND_INT)
		p.type = reg_scalar;
	if (f->ops || attach == SKEP_TRACE_RAW_TP || attach == SKEP_TRACE_ITER)
		p.flags |= flag_trusted;
	if (may_be_null(v, f, arg))
		p.flags |= flag_null;
	if (f->ops && p.type == reg_btf && !strcmp(f->ops, "tcp_congestion_ops") &&
	    !strcmp(btf_name(f->btf, p.target), "sock"))
		p.target = tcp_sock(v);
	p.flags |= access_btf_tag(f->btf, to) & (u32)(flag_user | flag_percpu);
	return p;
}

static void load_pointer(struct verifier *v, const struct pointer_arg *p,
			 const struct traced *f, struct reg *to)
{
	if (p->type == reg_scalar) {
		reg_set_unknown(to);
		return;
	}
	reg_set_pointer(to, p->type, p->flags);
	if (p->type == reg_btf) {
		to->btf = f->btf;
		to->btf_id = p->target;
	}
	if (p->flags & flag_null)
		to->id = new_id(v);
}

const char *typed_kind_name(const struct skep_btf *btf, u32 id)
{
	static const char *const names[] = {
		"UNKNOWN",
#define KIND(name, ...) #name,
#include "btf_kind.def"
#undef KIND
	};

	return names[btf_kind_of(btf, id)];
}

static void access_pointer(struct verifier *v, const struct traced *f, u32 arg, u32 id,
			   const struct access *a)
{
	struct pointer_arg p = pointer_arg(v, f, arg, id);

	if (a->size != 8) {
		verify_print(v, "func '%s' size %u must be 8\n", f->name, a->size);
		refuse(v, bad_ctx_access, a->off, a->size);
	}
	if (p.type == reg_btf && !access_btf_is_struct(f->btf, p.target)) {
		verify_print(v, "func '%s' arg%u type %s is not a struct\n", f->name, arg,
			     typed_kind_name(f->btf, p.target));
		refuse(v, bad_ctx_access, a->off, a->size);
	}
	if (p.type == reg_btf && !p.iter && v->log_level)
		verify_print(v, "func '%s' arg%u has btf_id %u type %s '%s'\n", f->name,
			     arg, p.target,
			     btf_kind_of(f->btf, p.target) == SKEP_BTF_KIND_UNION
				     ? "UNION"
				     : "STRUCT",
			     access_btf_name(f->btf, p.target));
	if (a->value >= 0)
		load_pointer(v, &p, f, &regs_of(v)[a->value]);
}

/* The type of argument `arg`; 0: there is none, which the log says. */
static u32 type_of(struct verifier *v, const struct traced *f, u32 arg)
{
	const u32 nargs = f->nargs - f->skipped;

	if (arg < nargs)
		return btf_skip(f->btf, f->args[arg + f->skipped].type);
	if (arg == nargs && !f->ops &&
	    (v->prog->attach_type == SKEP_TRACE_FEXIT ||
	     v->prog->attach_type == SKEP_MODIFY_RETURN))
		return btf_skip(f->btf, f->ret);
	verify_print(v, "func '%s' doesn't have %u-th argument\n", f->name, arg + 1);
	return 0;
}

void access_typed_ctx(struct verifier *v, const struct access *a)
{
	enum { ARGS_MAX = 12 };
	struct traced f;
	u32 arg, id, kind;

	if (!find_traced(v, &f))
		refuse(v, typed_ctx_later);
	if (a->off < 0 || a->off >= ARGS_MAX * 8 || a->how == mem_write ||
	    (u32)a->off % a->size)
		refuse(v, bad_ctx_access, a->off, a->size);
	if (a->off % 8) {
		verify_print(v, "func '%s' offset %d is not multiple of 8\n", f.name,
			     a->off);
		refuse(v, bad_ctx_access, a->off, a->size);
	}
	arg = arg_at(&f, a->off);
	id = type_of(v, &f, arg);
	kind = btf_kind_of(f.btf, id);
	if (kind == SKEP_BTF_KIND_PTR) {
		access_pointer(v, &f, arg, id, a);
	} else if ((kind == SKEP_BTF_KIND_INT && btf_size(f.btf, id) <= 8) ||
		   kind == SKEP_BTF_KIND_ENUM || kind == SKEP_BTF_KIND_ENUM64 ||
		   access_btf_is_struct(f.btf, id)) {
		access_unknown(v, a);
	} else {
		if (id)
			verify_print(v,
				     "func '%s' arg%u '%s' has type %s. Only pointer "
				     "access is allowed\n",
				     f.name, arg,
				     *btf_name(f.btf, id) ? btf_name(f.btf, id)
							  : "(anon)",
				     typed_kind_name(f.btf, id));
		refuse(v, bad_ctx_access, a->off, a->size);
	}
}
