/* typed_target.c - what a program is attached to: a type of the kernel's BTF, and whether
 * it may sleep there */
#include "typed.h"
#include <stdio.h>

enum { ARGS_MAX = 12, ARG_BYTES_MAX = 16 };

/* Functions that would run on, or in, the code that calls programs. */
static const char *const denied[] = {
	"migrate_disable",   "migrate_enable",	  "rcu_read_unlock_strict",
	"preempt_count_add", "preempt_count_sub", "__rcu_read_lock",
	"__rcu_read_unlock",
};

/* Functions that never return. */
static const char *const endless[] = {
	"__ia32_sys_exit",
	"__ia32_sys_exit_group",
	"__kunit_abort",
	"kunit_try_catch_throw",
	"__module_put_and_kthread_exit",
	"__x64_sys_exit",
	"__x64_sys_exit_group",
	"do_exit",
	"do_group_exit",
	"kthread_complete_and_exit",
	"make_task_dead",
};

static bool is_among(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

/* ---- sleeping ---- */

static bool may_sleep(const struct verify_prog *p)
{
	switch (p->type) {
	case SKEP_PROG_TYPE_TRACING: return p->attach_type != SKEP_TRACE_RAW_TP;
	case SKEP_PROG_TYPE_LSM: return p->attach_type != SKEP_LSM_CGROUP;
	case SKEP_PROG_TYPE_KPROBE: /* of a function of a process */
	case SKEP_PROG_TYPE_STRUCT_OPS: return true;
	default: return false;
	}
}

static void check_sleep(struct verifier *v)
{
	const bool sleeps = v->prog->flags & SKEP_F_SLEEPABLE;

	if (v->prog->type == SKEP_PROG_TYPE_SYSCALL) {
		if (!sleeps)
			refuse(v, target_sleeps);
	} else if (sleeps && !may_sleep(v->prog)) {
		refuse(v, target_awake);
	}
}

/* ---- functions ---- */

static void check_tracepoint(struct verifier *v, const struct skep_btf *btf, u32 id)
{
	static const char prefix[] = "btf_trace_";
	const struct skep_btf_type *t = btf_type(btf, id);

	if (btf_kind(t) != SKEP_BTF_KIND_TYPEDEF)
		refuse(v, target_no_typedef, id);
	if (strncmp(btf_str(btf, t->name_off), prefix, sizeof(prefix) - 1))
		refuse(v, target_name, id, btf_str(btf, t->name_off));
	if (btf_kind_of(btf, t->type) != SKEP_BTF_KIND_PTR)
		refuse(v, target_wrong);
	t = btf_type(btf, t->type);
	if (btf_kind_of(btf, t->type) != SKEP_BTF_KIND_FUNC_PROTO)
		refuse(v, target_wrong);
}

static bool is_passed(const struct skep_btf *btf, u32 id, bool ret)
{
	const u32 size = btf_size(btf, id);

	switch (btf_kind_of(btf, id)) {
	case SKEP_BTF_KIND_UNKN: return ret;
	case SKEP_BTF_KIND_STRUCT: return !ret && size <= ARG_BYTES_MAX;
	case SKEP_BTF_KIND_PTR:
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64: return true;
	case SKEP_BTF_KIND_INT: return size <= (ret ? 8 : ARG_BYTES_MAX);
	default: return false;
	}
}

void typed_check_function(struct verifier *v, const struct skep_btf *btf, u32 id)
{
	const char *name = btf_name(btf, id);
	const struct skep_btf_type *proto;
	const struct skep_btf_param *args;

	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_FUNC)
		refuse(v, target_no_function, id);
	proto = btf_type(btf, btf_type(btf, id)->type);
	args = btf_tail(proto);
	if (btf_vlen(proto) > ARGS_MAX)
		refuse(v, target_args, name, btf_vlen(proto));
	if (!is_passed(btf, btf_skip(btf, proto->type), true))
		refuse(v, target_returns, name,
		       typed_kind_name(btf, btf_skip(btf, proto->type)));
	for (u32 i = 0; i < btf_vlen(proto); i++) {
		if (!args[i].type && i + 1 == btf_vlen(proto))
			refuse(v, target_varargs, name);
		if (!is_passed(btf, btf_skip(btf, args[i].type), false))
			refuse(v, target_arg, name, i,
			       typed_kind_name(btf, btf_skip(btf, args[i].type)));
	}
}

/* fentry, fexit, fmod_ret */
static void check_traced(struct verifier *v, const char *name)
{
	/* where those may be is not in BTF */
	if (v->prog->flags & SKEP_F_SLEEPABLE ||
	    v->prog->attach_type == SKEP_MODIFY_RETURN)
		refuse(v, target_later, name);
	if (is_among(name, denied, ARRAY_SIZE(denied)))
		refuse(v, target_denied, name);
	if (v->prog->attach_type == SKEP_TRACE_FEXIT &&
	    is_among(name, endless, ARRAY_SIZE(endless)))
		refuse(v, target_endless, name);
}

static void check_tracing(struct verifier *v)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = v->prog->attach_btf_id;

	if (!id)
		refuse(v, target_none);
	if (!btf)
		refuse(v, typed_ctx_later);
	if (id >= btf->end_id)
		refuse(v, target_invalid, id);
	if (v->prog->attach_type == SKEP_TRACE_RAW_TP) {
		check_tracepoint(v, btf, id);
		return;
	}
	typed_check_function(v, btf, id);
	if (v->prog->attach_type != SKEP_TRACE_ITER)
		check_traced(v, btf_name(btf, id));
	else if (!typed_is_iter(btf_name(btf, id)))
		refuse(v, target_wrong);
}

/* ---- structs of functions ---- */

/* What a known struct has, and programs may not be. */
static void check_member(struct verifier *v, const char *ops, const char *name)
{
	if (!strcmp(ops, "tcp_congestion_ops")) {
		if (!strcmp(name, "get_info"))
			refuse(v, ops_unsupported, name, ops);
	} else if (strcmp(ops, "bpf_dummy_ops")) {
		refuse(v, ops_later, ops);
	} else if (v->prog->flags & SKEP_F_SLEEPABLE && strcmp(name, "test_sleepable")) {
		refuse(v, ops_asleep, name, ops);
	}
}

/* A struct that the kernel takes has another around it, of that name. */
static bool is_ops(const struct skep_btf *btf, const char *name)
{
	char around[128];

	snprintf(around, sizeof(around), "bpf_struct_ops_%s", name);
	return *name && skep_btf_find(btf, around, SKEP_BTF_KIND_STRUCT);
}

static void check_ops(struct verifier *v)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 id = v->prog->attach_btf_id, member = v->prog->attach_type;
	const struct skep_btf_type *t;
	const struct skep_btf_member *m;
	const char *name, *ops;
	u32 func;

	if (!v->prog->gpl)
		refuse(v, ops_licence);
	if (!id)
		refuse(v, ops_none);
	if (!btf)
		refuse(v, typed_ctx_later);
	if (id >= btf->end_id)
		refuse(v, ops_unknown, id);
	t = btf_type(btf, id);
	ops = btf_str(btf, t->name_off);
	if (btf_kind(t) != SKEP_BTF_KIND_STRUCT || !is_ops(btf, ops))
		refuse(v, ops_unknown, id);
	if (member >= btf_vlen(t))
		refuse(v, ops_no_member, member, ops);
	m = (const struct skep_btf_member *)btf_tail(t) + member;
	name = btf_str(btf, m->name_off);
	func = btf_skip(btf, m->type);
	if (btf_kind_of(btf, func) != SKEP_BTF_KIND_PTR ||
	    btf_kind_of(btf, btf_skip(btf, btf_type(btf, func)->type)) !=
		    SKEP_BTF_KIND_FUNC_PROTO)
		refuse(v, ops_no_function, name, member, ops);
	check_member(v, ops, name);
}

void typed_check_target(struct verifier *v)
{
	check_sleep(v);
	switch (v->prog->type) {
	case SKEP_PROG_TYPE_STRUCT_OPS: check_ops(v); break;
	case SKEP_PROG_TYPE_TRACING: check_tracing(v); break;
	case SKEP_PROG_TYPE_LSM:
	case SKEP_PROG_TYPE_EXT:
		if (!v->prog->attach_btf_id)
			refuse(v, target_none);
		refuse(v, later_btf_prog);
	}
}
