/* typed_ctx.c - contexts that are the arguments of a kernel function: of tracepoints,
 * iterators and functions that are traced */
#include "access.h"

/* The function whose arguments the context is. */
struct traced {
	const struct skep_btf *btf;
	const char *name;
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

/* False: nothing that programs are attached to. */
static bool find_traced(struct verifier *v, struct traced *f)
{
	static const char prefix[] = "btf_trace_";
	const struct skep_btf *btf = v->profile->vmlinux;
	const bool raw = v->prog->attach_type == SKEP_TRACE_RAW_TP;
	u32 id = v->prog->attach_btf_id;

	if (!btf || !id || id >= btf->end_id)
		return false;
	f->btf = btf;
	f->name = btf_name(btf, id);
	if (raw) {
		if (btf_kind_of(btf, id) != SKEP_BTF_KIND_TYPEDEF ||
		    strncmp(f->name, prefix, sizeof(prefix) - 1))
			return false;
		f->name += sizeof(prefix) - 1;
		id = btf_type(btf, id)->type;
		if (btf_kind_of(btf, id) != SKEP_BTF_KIND_PTR)
			return false;
	} else if (btf_kind_of(btf, id) != SKEP_BTF_KIND_FUNC) {
		return false;
	}
	id = btf_type(btf, id)->type;
	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_FUNC_PROTO)
		return false;
	f->nargs = btf_vlen(btf_type(btf, id));
	f->args = btf_tail(btf_type(btf, id));
	f->ret = btf_type(btf, id)->type;
	/* a tracepoint's first is its own data */
	f->skipped = raw;
	return f->nargs >= f->skipped;
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

static bool may_be_null(const struct verifier *v, const struct traced *f, u32 arg)
{
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

/* What is loaded of an argument that is a pointer. */
struct pointer_arg {
	enum reg_type type; /* reg_scalar, reg_buf, or reg_btf */
	u32 target, flags;
	bool iter; /* stands in the table */
};

static struct pointer_arg pointer_arg(const struct verifier *v, const struct traced *f,
				      u32 arg, u32 pointer)
{
	const u32 attach = v->prog->attach_type, to = btf_type(f->btf, pointer)->type;
	struct pointer_arg p = {.type = reg_btf, .target = btf_skip(f->btf, to)};

	for (size_t i = 0; attach == SKEP_TRACE_ITER && i < ARRAY_SIZE(iters); i++) {
		if (iters[i].arg == arg && !strcmp(iters[i].name, f->name)) {
			p.type = iters[i].type;
			p.flags = iters[i].flags;
			p.iter = true;
			return p;
		}
	}
	if (!p.target || btf_kind_of(f->btf, p.target) == SKEP_BTF_KIND_INT)
		p.type = reg_scalar;
	if (attach == SKEP_TRACE_RAW_TP || attach == SKEP_TRACE_ITER)
		p.flags |= flag_trusted;
	if (may_be_null(v, f, arg))
		p.flags |= flag_null;
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

static void access_pointer(struct verifier *v, const struct traced *f, u32 arg, u32 id,
			   const struct access *a)
{
	struct pointer_arg p = pointer_arg(v, f, arg, id);

	if (a->size != 8) {
		verify_print(v, "func '%s' size %u must be 8\n", f->name, a->size);
		refuse(v, bad_ctx_access, a->off, a->size);
	}
	if (p.type == reg_btf && !access_btf_is_struct(f->btf, p.target))
		refuse(v, bad_ctx_access, a->off, a->size);
	if (p.type == reg_btf && !p.iter && v->log_level)
		verify_print(v, "func '%s' arg%u has btf_id %u type %s '%s'\n", f->name,
			     arg, p.target,
			     btf_kind_of(f->btf, p.target) == SKEP_BTF_KIND_UNION
				     ? "UNION"
				     : "STRUCT",
			     btf_name(f->btf, p.target));
	if (a->value >= 0)
		load_pointer(v, &p, f, &regs_of(v)[a->value]);
}

/* The type of argument `arg`; 0: there is none, which the log says. */
static u32 type_of(struct verifier *v, const struct traced *f, u32 arg)
{
	const u32 nargs = f->nargs - f->skipped;

	if (arg < nargs)
		return btf_skip(f->btf, f->args[arg + f->skipped].type);
	if (arg == nargs && (v->prog->attach_type == SKEP_TRACE_FEXIT ||
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

	if (v->prog->type != SKEP_PROG_TYPE_TRACING || !find_traced(v, &f))
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
	if (kind == SKEP_BTF_KIND_PTR)
		access_pointer(v, &f, arg, id, a);
	else if (kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_ENUM ||
		 kind == SKEP_BTF_KIND_ENUM64 || access_btf_is_struct(f.btf, id))
		access_unknown(v, a);
	else
		refuse(v, bad_ctx_access, a->off, a->size);
}
