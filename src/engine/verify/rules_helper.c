/* rules_helper.c - what helpers take and give, and who may call them */
#include <string.h>
#include "rules.h"

#define T(type)	   (1ull << SKEP_PROG_TYPE_##type)
#define AT(attach) (1ull << SKEP_##attach)
#define BUT(list)  (~(list))
#define NO_RETVAL \
	(AT(CGROUP_INET_INGRESS) | AT(CGROUP_INET_EGRESS) | AT(CGROUP_SOCK_OPS) | \
	 AT(CGROUP_UDP4_RECVMSG) | AT(CGROUP_UDP6_RECVMSG) | AT(CGROUP_UNIX_RECVMSG) | \
	 AT(CGROUP_INET4_GETPEERNAME) | AT(CGROUP_INET6_GETPEERNAME) | \
	 AT(CGROUP_UNIX_GETPEERNAME) | AT(CGROUP_INET4_GETSOCKNAME) | \
	 AT(CGROUP_INET6_GETSOCKNAME) | AT(CGROUP_UNIX_GETSOCKNAME))
#define EVERY (~T(LIRC_MODE2))
#define TC    (T(SCHED_CLS) | T(SCHED_ACT))
#define LWT   (T(LWT_IN) | T(LWT_OUT) | T(LWT_XMIT) | T(LWT_SEG6LOCAL))
#define BTF   (T(TRACING) | T(LSM))
#define TRACE \
	(T(KPROBE) | T(TRACEPOINT) | T(PERF_EVENT) | T(RAW_TRACEPOINT) | \
	 T(RAW_TRACEPOINT_WRITABLE))
#define MULTI \
	(AT(TRACE_KPROBE_MULTI) | AT(TRACE_KPROBE_SESSION) | AT(TRACE_UPROBE_MULTI) | \
	 AT(TRACE_UPROBE_SESSION))

/* Bit 63 stands for all that have no bit of their own. */
static bool has(u64 attach_types, u32 attach_type)
{
	return attach_types >> MIN(attach_type, 63u) & 1;
}

/* ---- what they take and give ---- */

/* clang-format off */
#define A0()                 {take_none}
#define A1(a)                {take_##a}
#define A2(a, b)             {take_##a, take_##b}
#define A3(a, b, c)          {take_##a, take_##b, take_##c}
#define A4(a, b, c, d)       {take_##a, take_##b, take_##c, take_##d}
#define A5(a, b, c, d, e)    {take_##a, take_##b, take_##c, take_##d, take_##e}
/* clang-format on */

enum short_flag {
	GPL = helper_gpl,
	PKT = helper_pkt,
	SLEEPS = helper_sleeps,
	FAST = helper_fastcall,
	MOVES = helper_moves,
	ACQUIRES = helper_acquires,
	CAST = helper_cast,
	CALLS = helper_calls,
	LATER = helper_calls_later,
	SLICE = helper_dynptr_slice,
	GUARDED = helper_guarded,
};

/* clang-format off */
#define ROW(the_name, the_since, the_flags, the_ret, ...) \
	{.name = #the_name, .id = SKEP_FUNC_##the_name, .since = the_since, \
	 .flags = the_flags, .ret = give_##the_ret, .arg = __VA_ARGS__}

static const struct helper_proto protos[] = {
#define PROTO(name, major, minor, flags, ret, ...) \
	ROW(name, major << 8 | minor, flags, ret, __VA_ARGS__),
#define VARIANT(...)
#define VARIANT_AT(...)
#include "helper_proto.def"
#undef PROTO
#undef VARIANT
#undef VARIANT_AT
};

static const struct {
	u64 types, attaches;
	struct helper_proto proto;
} variants[] = {
#define PROTO(...)
#define VARIANT(name, types, flags, ret, ...) \
	{types, ~0ull, ROW(name, 0, flags, ret, __VA_ARGS__)},
#define VARIANT_AT(name, types, attaches, flags, ret, ...) \
	{types, attaches, ROW(name, 0, flags, ret, __VA_ARGS__)},
#include "helper_proto.def"
};
/* clang-format on */

const struct helper_proto *rules_helper(u32 id)
{
	return id && id <= ARRAY_SIZE(protos) ? &protos[id - 1] : NULL;
}

const struct helper_proto *rules_helper_for(u32 prog_type, u32 attach_type, u32 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(variants); i++) {
		if (variants[i].proto.id == id && prog_type < 64 &&
		    variants[i].types >> prog_type & 1 &&
		    has(variants[i].attaches, attach_type))
			return &variants[i].proto;
	}
	return rules_helper(id);
}

/* ---- who may call them ---- */

enum cap { cap_none, cap_bpf, cap_perfmon };

struct allow {
	u8 cap;
	u64 types;
};

/* By id. Most helpers have one row. */
static const struct allow allows[] = {
#define ALLOW(name, capability, types) [SKEP_FUNC_##name] = {cap_##capability, types},
#define ALSO(...)
#define ALLOW_AT(...)
#define ALLOW_HOOK(...)
#include "helper_allow.def"
};

static const struct {
	u32 id;
	struct allow allow;
	u64 attaches;
} more[] = {
#define ALLOW(...)
#define ALSO(name, capability, types) \
	{SKEP_FUNC_##name, {cap_##capability, types}, ~0ull},
#define ALLOW_AT(name, types, attaches) {SKEP_FUNC_##name, {cap_none, types}, attaches},
#define ALLOW_HOOK(...)
#include "helper_allow.def"
};

static const struct {
	u32 id;
	const char *hook, *but;
} hooked[] = {
#define ALLOW(...)
#define ALSO(...)
#define ALLOW_AT(...)
#define ALLOW_HOOK(name, hook, but) {SKEP_FUNC_##name, hook, but},
#include "helper_allow.def"
};

static bool may(const struct allow *a, u32 prog_type, const struct profile *profile)
{
	if (!(a->types >> prog_type & 1))
		return false;
	return a->cap == cap_none ||
	       (a->cap == cap_bpf ? profile->bpf : profile->perfmon);
}

static bool hook_allows(const struct rule_hook *hook, u32 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(hooked); i++) {
		if (hooked[i].id == id && !strcmp(hooked[i].hook, hook->name) &&
		    (!*hooked[i].but || strcmp(hooked[i].but, hook->member)))
			return true;
	}
	return false;
}

/* The struct is there for tests, and has no helpers at all. */
static bool hook_has_none(const struct rule_hook *hook)
{
	return !strcmp(hook->name, "bpf_dummy_ops");
}

bool rules_helper_allowed(u32 prog_type, u32 attach_type, const struct rule_hook *hook,
			  u32 id, const struct profile *profile)
{
	const struct helper_proto *proto = rules_helper(id);

	if (!proto || !rules_prog(prog_type) ||
	    (profile->kernel && profile->kernel >> 8 < proto->since) ||
	    (hook && hook_has_none(hook)))
		return false;
	if (id < ARRAY_SIZE(allows) && may(&allows[id], prog_type, profile))
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(more); i++) {
		if (more[i].id == id && may(&more[i].allow, prog_type, profile) &&
		    has(more[i].attaches, attach_type))
			return true;
	}
	return hook && hook_allows(hook, id);
}

bool rules_helper_known(u32 prog_type, u32 attach_type, u32 id)
{
	static const struct profile everything = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};

	return rules_helper_allowed(prog_type, attach_type, NULL, id, &everything);
}
