/* rules_prog.c - program types: what they need, may do and may return */
#include <errno.h>
#include "rules.h"

enum short_flag {
	PERFMON = 1 << 0,
	NET_ADMIN = 1 << 1,
	LD_ABS = 1 << 2,
	READS = 1 << 3,
	WRITES = 1 << 4,
	TRACE = 1 << 5,
	BTF = 1 << 6,
	SLEEPS = 1 << 7,
	ASLEEP = 1 << 8,
};

#define ANY	   (~0ull)
#define NONE	   1ull
#define AT(attach) (1ull << SKEP_##attach)
#define BINDS	   (AT(CGROUP_INET4_BIND) | AT(CGROUP_INET6_BIND))
#define SENDS \
	(AT(CGROUP_UDP4_SENDMSG) | AT(CGROUP_UDP6_SENDMSG) | AT(CGROUP_UNIX_SENDMSG))
#define REPLIES \
	(AT(CGROUP_UDP4_RECVMSG) | AT(CGROUP_UDP6_RECVMSG) | AT(CGROUP_UNIX_RECVMSG) | \
	 AT(CGROUP_INET4_GETPEERNAME) | AT(CGROUP_INET6_GETPEERNAME) | \
	 AT(CGROUP_UNIX_GETPEERNAME) | AT(CGROUP_INET4_GETSOCKNAME) | \
	 AT(CGROUP_INET6_GETSOCKNAME) | AT(CGROUP_UNIX_GETSOCKNAME))

/* clang-format off */
static const struct rule_prog progs[] = {
#define PROG(type, abi, major, minor, flags, attaches) \
	[SKEP_PROG_TYPE_##abi] = { \
		.name = #type, .since = major << 8 | minor, .attach_types = attaches, \
		.packet_read = (flags) & READS, .packet_write = (flags) & WRITES, \
		.ld_abs = (flags) & LD_ABS, .net_admin = (flags) & NET_ADMIN, \
		.perfmon = (flags) & PERFMON, .trace = (flags) & TRACE, \
		.btf = (flags) & BTF, .sleepable = (flags) & SLEEPS, \
		.sleepable_only = (flags) & ASLEEP},
#define RETURN(...)
#define VERDICT(...)
#include "prog_rule.def"
#undef PROG
#undef RETURN
#undef VERDICT
};
/* clang-format on */

static const struct {
	u32 prog_type;
	u64 attach_types;
	s32 min, max;
} returns[] = {
#define PROG(...)
#define RETURN(type, attaches, min, max) {SKEP_PROG_TYPE_##type, attaches, min, max},
#define VERDICT(...)
#include "prog_rule.def"
#undef RETURN
#undef VERDICT
};

static const struct {
	u32 prog_type;
	u64 attach_types;
	struct rule_verdict is;
} verdicts[] = {
#define RETURN(...)
#define VERDICT(type, attaches, leave, meaning) \
	{SKEP_PROG_TYPE_##type, attaches, {leave, meaning}},
#include "prog_rule.def"
};

static bool has(u64 attach_types, u32 attach_type)
{
	return attach_types == ANY ||
	       (attach_type < 64 && attach_types >> attach_type & 1);
}

const struct rule_prog *rules_prog(u32 prog_type)
{
	return prog_type < ARRAY_SIZE(progs) && progs[prog_type].name ? &progs[prog_type]
								      : NULL;
}

int rules_attach(u32 prog_type, u32 attach_type)
{
	const struct rule_prog *rule = rules_prog(prog_type);

	return rule && has(rule->attach_types, attach_type) ? 0 : -EINVAL;
}

bool rules_return_range(u32 prog_type, u32 attach_type, s32 *min, s32 *max)
{
	for (u32 i = 0; i < ARRAY_SIZE(returns); i++) {
		if (returns[i].prog_type == prog_type &&
		    has(returns[i].attach_types, attach_type)) {
			*min = returns[i].min;
			*max = returns[i].max;
			return true;
		}
	}
	return false;
}

const struct rule_verdict *rules_verdict(u32 prog_type, u32 attach_type)
{
	for (u32 i = 0; i < ARRAY_SIZE(verdicts); i++)
		if (verdicts[i].prog_type == prog_type &&
		    has(verdicts[i].attach_types, attach_type))
			return &verdicts[i].is;
	return NULL;
}
