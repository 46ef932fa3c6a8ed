/* Functions of the program: frames, calls of static and global ones, and what state a
 * walk begins with. */
#include "call.h"
#include <errno.h>

struct calls *calls_of(struct verifier *v)
{
	if (!v->calls) {
		v->calls = pass_alloc(&v->pass, 1, sizeof(*v->calls));
		v->calls->func =
			pass_alloc(&v->pass, v->flow.nfuncs, sizeof(*v->calls->func));
		v->calls->loop = pass_alloc(&v->pass, v->n, sizeof(*v->calls->loop));
	}
	return v->calls;
}

/* Its record of func_info, a BTF_KIND_FUNC; NULL: none. */
static const struct skep_btf_type *func_type(const struct verifier *v, u32 func)
{
	const struct verify_prog *p = v->prog;
	const u8 *records = p->func_info;
	u32 id;

	if (!p->btf || func >= p->nfunc_info)
		return NULL;
	id = load32(records + (size_t)func * p->func_info_size + 4);
	if (!id || id >= p->btf->end_id)
		return NULL;
	return btf_kind_of(p->btf, id) == SKEP_BTF_KIND_FUNC ? btf_type(p->btf, id)
							     : NULL;
}

bool func_is_global(const struct verifier *v, u32 func)
{
	const struct skep_btf_type *t = func_type(v, func);

	return t && btf_vlen(t) == SKEP_BTF_FUNC_GLOBAL;
}

const char *func_name(const struct verifier *v, u32 func)
{
	const struct skep_btf_type *t = func_type(v, func);

	return t ? btf_str(v->prog->btf, t->name_off) : "";
}

u32 func_btf_id(const struct verifier *v, u32 func)
{
	const u8 *records = v->prog->func_info;

	return func_type(v, func)
		       ? load32(records + (size_t)func * v->prog->func_info_size + 4)
		       : 0;
}

void frame_init(struct frame *f, u32 callsite, u32 number, u32 func)
{
	memset(f, 0, offsetof(struct frame, slot));
	for (u32 i = 0; i < FP; i++)
		reg_set_none(&f->r[i]);
	reg_set_pointer(&f->r[FP], reg_stack, 0);
	f->r[FP].frame = (u8)number;
	f->callsite = callsite;
	f->number = number;
	f->func = func;
}

struct frame *func_push(struct verifier *v, struct state *s, u32 func, u32 callsite)
{
	u32 depth = s->depth + 1;

	if (depth >= SKEP_MAX_FRAMES)
		refuse(v, frames_many, depth + 1);
	if (!s->frame[depth])
		s->frame[depth] = pass_alloc(&v->pass, 1, sizeof(struct frame));
	frame_init(s->frame[depth], callsite, depth, func);
	s->depth = depth;
	log_touch(v, ~0u, ~0ull);
	return s->frame[depth];
}

void call_clobber(struct verifier *v)
{
	for (u32 i = 0; i <= 5; i++)
		reg_set_none(&regs_of(v)[i]);
}

/* ---- calls ---- */

static void enter_static(struct verifier *v, u32 func)
{
	struct frame *caller = frame_of(v->cur);
	struct frame *callee = func_push(v, v->cur, func, v->insn);

	memcpy(&callee->r[1], &caller->r[1], 5 * sizeof(callee->r[0]));
	for (u32 i = 0; i <= 5; i++)
		reg_set_none(&caller->r[i]);
	v->cur->insn = v->flow.funcs[func].start;
	v->jumped = true;
	if (v->log_level & 3) {
		verify_print(v, "caller:\n");
		log_state(v, v->cur, caller->number, true);
		verify_print(v, "callee:\n");
		log_state(v, v->cur, callee->number, true);
	}
}

struct touch {
	u32 regno, size;
};

static bool touch_memory(struct verifier *v, void *arg)
{
	const struct touch *t = arg;

	mem_check(v, t->regno, t->size, mem_read, true, false, NULL);
	mem_check(v, t->regno, t->size, mem_write, true, false, NULL);
	return true;
}

/* A pointer, NULL allowed, to `size` bytes that may be read and written. */
static bool memory_fits(struct verifier *v, u32 regno, u32 size)
{
	struct reg *r = &regs_of(v)[regno], saved = *r;
	int err;

	if (reg_is_zero(r))
		return true;
	r->flags &= ~(u32)flag_null;
	err = verify_attempt(v, touch_memory, &(struct touch){regno, size});
	*r = saved;
	return !err;
}

static bool argument_fits(struct verifier *v, const struct func_arg *arg, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	switch ((enum func_arg_kind)arg->kind) {
	case func_scalar:
		if (r->type != reg_scalar)
			verify_print(v, "R%u is not a scalar\n", regno);
		return r->type == reg_scalar;
	case func_arena:
		if (r->type != reg_scalar && r->type != reg_arena)
			verify_print(v, "R%u is not a pointer to arena or scalar.\n",
				     regno);
		return r->type == reg_scalar || r->type == reg_arena;
	case func_ctx:
		arg_check_offset(v, regno, false);
		if (r->type != reg_ctx)
			verify_print(v, "arg#%u expects pointer to ctx\n", regno - 1);
		return r->type == reg_ctx;
	case func_mem:
		if (arg->untrusted)
			return true;
		arg_check_offset(v, regno, false);
		if (!memory_fits(v, regno, arg->size))
			return false;
		if (!arg->nullable && r->flags & flag_null)
			verify_print(v, "arg#%u is expected to be non-NULL\n", regno - 1);
		return arg->nullable || !(r->flags & flag_null);
	}
	return false;
}

static bool arguments_fit(struct verifier *v, void *func)
{
	const struct func_note *note = func_args(v, *(const u32 *)func);

	for (u32 i = 0; i < note->nargs; i++) {
		if (!argument_fits(v, &note->arg[i], i + 1))
			return false;
	}
	return true;
}

static bool may_not_sleep(const struct verifier *v)
{
	const struct state *s = v->cur;

	return s->rcu_locks || s->preempt_locks || s->irq_id || !s->sleepable;
}

/* Checked against its BTF, not walked: that is done once, for any arguments. */
static void call_global(struct verifier *v, u32 func)
{
	int err = verify_attempt(v, arguments_fit, &func);

	if (v->cur->locks)
		refuse(v, global_in_lock);
	if (v->flow.funcs[func].may_sleep && may_not_sleep(v))
		refuse(v, global_sleeps);
	if (err == EACCES)
		refuse(v, global_args_offset, func, func_name(v, func));
	if (err == EOPNOTSUPP)
		refuse(v, global_args_tags, func, func_name(v, func));
	if (err)
		refuse(v, global_args, func, func_name(v, func));
	verify_print(v, "Func#%u ('%s') is global and assumed valid.\n", func,
		     func_name(v, func));
	if (v->flow.funcs[func].changes_packet)
		packet_forget(v);
	calls_of(v)->func[func].called = true;
	call_clobber(v);
	reg_set_unknown(&regs_of(v)[0]);
}

void do_call_local(struct verifier *v, const struct insn *in)
{
	int func = flow_func_at(&v->flow, v->insn + 1 + (u32)in->off);

	if (func < 0)
		refuse(v, call_target, v->insn + 1 + (u32)in->off);
	if (func_is_global(v, (u32)func))
		call_global(v, (u32)func);
	else
		enter_static(v, (u32)func);
}

/* ---- where a walk begins ---- */

static void enter_global(struct verifier *v, u32 func)
{
	const struct func_note *note;

	verify_print(v, "Validating %s() func#%u...\n", func_name(v, func), func);
	note = func_args(v, func);
	for (u32 i = 0; i < note->nargs; i++) {
		const struct func_arg *arg = &note->arg[i];
		struct reg *r = &regs_of(v)[i + 1];
		u32 flags = (arg->nullable ? flag_null : 0u) |
			    (arg->untrusted ? flag_untrusted | flag_rdonly : 0u);

		if (arg->kind == func_ctx) {
			reg_set_pointer(r, reg_ctx, 0);
		} else if (arg->kind == func_mem) {
			reg_set_pointer(r, reg_mem, flags);
			r->size = arg->size;
			r->id = arg->nullable ? new_id(v) : 0;
		} else {
			reg_set_unknown(r);
		}
	}
}

void func_enter(struct verifier *v, u32 func)
{
	if (v->prog->type == SKEP_PROG_TYPE_EXT)
		refuse(v, later_func, "programs that replace a function");
	if (func && func == v->flow.exception_callback)
		refuse(v, later_func, "exception callbacks");
	if (func)
		enter_global(v, func);
	else
		reg_set_pointer(&regs_of(v)[1], reg_ctx, 0);
	log_touch(v, ~0u, ~0ull);
}
