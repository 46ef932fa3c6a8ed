/* verify(): the pipeline. */
#include "call.h"
#include "fastcall.h"
#include "kfunc.h"
#include "info.h"
#include "typed.h"
#include "verifier.h"
#include <errno.h>
#include <time.h>

enum {
	LENGTH_MAX = 1000000,
	UNPRIVILEGED_LENGTH_MAX = 4096,
	MAPS_MAX = 64,
	BTF_ID_MAX = 0xfffff,
	FLAGS = 2 * SKEP_F_TEST_REG_INVARIANTS - 1 /* it is the last that there is */
};

/* The largest test, of 999,998 instructions, takes 415 MB; no real program that is known
 * takes more than 54. */
enum { MEMORY_MOST = 1 << 30 };

/* Faults of form are found where the kernel finds them: see malformed.c. */
static void decode(struct verifier *v)
{
	u8 *faults;

	v->n = v->prog->n;
	v->insns = pass_alloc(&v->pass, v->n, sizeof(v->insns[0]));
	v->aux = pass_alloc(&v->pass, v->n, sizeof(v->aux[0]));
	faults = pass_alloc(&v->pass, v->n, sizeof(*faults));
	insn_decode_all(v->prog->code, v->n, v->insns, faults);
	for (u32 i = 0; i < v->n; i++)
		v->aux[i].fault = faults[i];
}

static bool is_for_everybody(u32 type)
{
	return type == SKEP_PROG_TYPE_SOCKET_FILTER || type == SKEP_PROG_TYPE_CGROUP_SKB;
}

/* What BPF_PROG_LOAD asks before there is a verifier: the log stays empty. */
static void check_program(struct verifier *v)
{
	const struct verify_prog *prog = v->prog;
	const struct profile *who = v->profile;
	const struct rule_prog *rule = rules_prog(prog->type);

	if (prog->flags & ~(u32)FLAGS)
		refuse(v, program_type);
	if (!prog->n || prog->n > (who->bpf ? LENGTH_MAX : UNPRIVILEGED_LENGTH_MAX))
		refuse(v, program_long);
	if (!who->bpf && !is_for_everybody(prog->type))
		refuse(v, program_rights);
	if (rule &&
	    ((rule->net_admin && !who->net_admin) || (rule->perfmon && !who->perfmon)))
		refuse(v, program_rights);
	if (!rule || rules_attach(prog->type, prog->attach_type))
		refuse(v, program_type);
	if (prog->attach_btf_id && (!rule->btf || prog->attach_btf_id > BTF_ID_MAX))
		refuse(v, program_type);
}

static struct flow_call flow_kfunc(const struct verifier *v, const struct insn *in)
{
	struct flow_call call = {.nargs = 5};
	const struct kfunc *k;
	u32 proto;

	k = in->off ? NULL : kfunc_find(v, in->imm, &proto);
	/* In dead code it may stand, and does nothing. */
	if (!k || !kfunc_allowed(v, k))
		return call;
	call.known = true;
	call.nargs = (u8)MIN(btf_vlen(btf_type(v->profile->vmlinux, proto)), 5u);
	call.is_void = !btf_type(v->profile->vmlinux, proto)->type;
	call.iter_next = k->flags & kfunc_next;
	call.calls_back = k->does == kfunc_rbtree_add;
	call.calls_later = k->does == kfunc_wq_callback;
	call.may_sleep = k->flags & kfunc_sleeps;
	call.changes_packet = k->flags & kfunc_moves;
	return call;
}

struct flow_call verifier_call(struct verifier *v, const struct insn *in)
{
	const struct verify_prog *prog = v->prog;
	const struct helper_proto *h =
		in->op == op_call_helper
			? rules_helper_for(prog->type, prog->attach_type, (u32)in->imm)
			: NULL;
	struct flow_call call = {.nargs = 5};
	struct rule_hook hook;

	if (in->op == op_call_kfunc)
		return flow_kfunc(v, in);
	if (!h)
		return call;
	hook = typed_hook(v);
	call.known = rules_helper_allowed(prog->type, prog->attach_type, &hook, h->id,
					  v->profile);
	for (call.nargs = 0; call.nargs < 5 && h->arg[call.nargs] != take_none;)
		call.nargs++;
	call.is_void = h->ret == give_void;
	call.is_fast = h->flags & helper_fastcall;
	call.calls_back = h->flags & helper_calls;
	call.calls_later = h->flags & helper_calls_later;
	call.may_sleep = h->flags & helper_sleeps;
	call.changes_packet = h->flags & helper_moves;
	return call;
}

static struct flow_call flow_call(void *v, const struct insn *in)
{
	return verifier_call(v, in);
}

enum { ARENA_PAGE = 4096 };

static void check_value_reference(struct verifier *v, const struct verify_map *map,
				  u32 off)
{
	if (!rules_map_direct(map->type))
		refuse(v, map_no_direct);
	if (map->type == SKEP_MAP_TYPE_ARRAY && map->max_entries != 1)
		refuse(v, map_direct_many, map->value_size, off);
	if (map->type == SKEP_MAP_TYPE_ARENA) {
		if (off > (u64)map->max_entries * ARENA_PAGE)
			refuse(v, map_arena_off, map->value_size, off);
		return;
	}
	if (off >= map->value_size)
		refuse(v, map_direct_off, map->value_size, off);
}

/* The maps that instructions name, whether a path comes there or not. */
static void check_references(struct verifier *v)
{
	u8 *used = pass_alloc(&v->pass, v->prog->nmaps, 1);
	u32 nused = 0;

	for (u32 i = 0; i < v->n; i++) {
		const struct insn *in = &v->insns[i];

		v->insn = i;
		if (v->aux[i].fault)
			malformed_check(v, i);
		if (in->op == op_lddw && in->src == SKEP_PSEUDO_BTF_ID)
			typed_check_symbol(v, in);
		if (in->op != op_lddw || (in->src != SKEP_PSEUDO_MAP_IDX &&
					  in->src != SKEP_PSEUDO_MAP_IDX_VALUE))
			continue;
		if ((u32)in->imm >= v->prog->nmaps)
			refuse(v, map_reference, (int)(u32)in->imm);
		if (!used[in->imm & UINT32_MAX] && nused++ == MAPS_MAX)
			refuse(v, maps_many, MAPS_MAX);
		used[in->imm & UINT32_MAX] = true;
		map_check_use(v, &v->prog->maps[(u32)in->imm]);
		if (in->src == SKEP_PSEUDO_MAP_IDX_VALUE)
			check_value_reference(v, &v->prog->maps[(u32)in->imm],
					      (u32)((u64)in->imm >> 32));
		else if ((u64)in->imm >> 32)
			refuse(v, map_reference_form);
	}
	v->insn = 0;
}

static void flow(struct verifier *v)
{
	struct flow_env env = {.pass = &v->pass,
			       .refusal = &v->refusal,
			       .bpf = v->profile->bpf,
			       .ctx = v,
			       .call = flow_call,
			       .kfunc = kfunc_check_named,
			       .untyped = !v->prog->nfunc_info,
			       .exception_callback = info_exception_callback,
			       .print = v->log_level & 2 ? log_plain_insn : NULL};

	v->flow.code = v->insns;
	v->flow.n = v->n;
	info_check_records(v);
	flow_find_funcs(&v->flow, &env);
	info_check_funcs(v);
	check_references(v);
	flow_check_graph(&v->flow, &env);
	typed_check_target(v);
	flow_find_loops(&v->flow, &env);
}

/* The main function, then each global one that is called, as if by anybody: in rounds,
 * since one may call another that stands before it. */
static void walk(struct verifier *v)
{
	struct calls *calls;
	bool again = true;

	explore(v);
	calls = calls_of(v);
	while (again) {
		again = false;
		for (u32 i = 1; i < v->flow.nfuncs; i++) {
			struct func_note *note = &calls->func[i];

			if (!note->called || note->verified || !func_is_global(v, i))
				continue;
			v->func = i;
			explore(v);
			note->verified = again = true;
			if (v->log_level & 3)
				verify_print(v,
					     "Func#%u ('%s') is safe for any args that "
					     "match its prototype\n",
					     i, func_name(v, i));
		}
	}
}

void verify_run(struct verifier *v)
{
	check_program(v);
	decode(v);
	flow(v);
	fastcall_find(v);
	walk(v);
	fastcall_shrink_stacks(v);
	depth_check(v);
	kfunc_check_left(v);
	callback_check_left(v);
}

int verify_attempt(struct verifier *v, bool (*step)(struct verifier *, void *), void *arg)
{
	volatile int err;
	jmp_buf outer;

	memcpy(&outer, &v->pass.env, sizeof(outer));
	if (pass_try(&v->pass))
		err = step(v, arg) ? 0 : EINVAL;
	else
		err = -v->pass.err;
	memcpy(&v->pass.env, &outer, sizeof(outer));
	if (err == ENOMEM)
		longjmp(v->pass.env, 1);
	v->pass.err = 0;
	return err;
}

bool verify_is_gpl(const char *license)
{
	static const char *const known[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(license, known[i]))
			return true;
	return false;
}

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

void verifier_init(struct verifier *v, const struct verify_prog *prog,
		   const struct profile *profile, struct verify_result *result)
{
	struct profile *who = &v->who;

	v->prog = prog;
	v->result = result;
	v->profile = who;
	v->pass.arena.most = MEMORY_MOST;
	memset(result, 0, sizeof(*result));
	*who = *profile;
	who->bpf |= who->admin; /* CAP_SYS_ADMIN stands for the others */
	who->perfmon |= who->admin;
	who->net_admin |= who->admin;
}

static void tell(const struct verifier *v)
{
	for (u32 i = 0; v->prog->seen && i < v->n; i++)
		v->prog->seen[i] = v->aux[i].seen;
	for (u32 i = 0; v->prog->narrow && i < v->n; i++)
		v->prog->narrow[i] = v->aux[i].narrow;
}

int verify(const struct verify_prog *prog, const struct profile *profile, u32 log_level,
	   struct skep_log *log, struct verify_result *result)
{
	struct verifier v = {.log_level = log_level};
	u64 begun = cpu_ns();

	verifier_init(&v, prog, profile, result);
	v.pass.log = log_level ? log : NULL;
	if (pass_try(&v.pass)) {
		verify_run(&v);
		tell(&v);
	} else if (v.refusal.why == &reject_bad_ctx_access) {
		log_line(&v,
			 v.insn); /* the only error that names its line, if none has */
	}
	result->code = v.refusal.why ? v.refusal.why->code : NULL;
	result->later = v.refusal.why && reject_is_later(v.refusal.why);
	result->insn = v.insn;
	result->ns = cpu_ns() - begun;
	result->bytes = v.pass.arena.held;
	log_end(&v);
	return pass_end(&v.pass);
}
