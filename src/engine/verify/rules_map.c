/* rules_map.c - map types: what lookup gives, which helper takes them */
#include "rules.h"

enum short_flag { DIRECT = 1, SLEEPS = 2 };

#define M(type) (1ull << SKEP_MAP_TYPE_##type)
#define SOCKS	(M(SOCKMAP) | M(SOCKHASH))
#define PLAIN \
	(M(HASH) | M(ARRAY) | M(PERCPU_HASH) | M(PERCPU_ARRAY) | M(LRU_HASH) | \
	 M(LRU_PERCPU_HASH) | M(LPM_TRIE))

static const struct rule_map {
	u16 since;
	u8 flags, gives;
} maps[] = {
#define MAP(type, major, minor, flags, gives) \
	[SKEP_MAP_TYPE_##type] = {major << 8 | minor, flags, reg_##gives},
#define TAKES(...)
#include "map_rule.def"
#undef MAP
#undef TAKES
};

/* By helper; 0: PLAIN. */
static const u64 takes[] = {
#define MAP(...)
#define TAKES(helper, map_types) [SKEP_FUNC_##helper] = map_types,
#include "map_rule.def"
};

static const struct rule_map *rule_of(u32 map_type)
{
	return map_type < ARRAY_SIZE(maps) && maps[map_type].since ? &maps[map_type]
								   : NULL;
}

/* A socket may be put into a map, or taken out, where it cannot be locked already. */
static bool may_change_sockets(u32 id, u32 prog_type, u32 attach_type)
{
	switch (prog_type) {
	case SKEP_PROG_TYPE_SOCKET_FILTER:
	case SKEP_PROG_TYPE_SCHED_CLS:
	case SKEP_PROG_TYPE_SCHED_ACT:
	case SKEP_PROG_TYPE_XDP:
	case SKEP_PROG_TYPE_SK_REUSEPORT:
	case SKEP_PROG_TYPE_FLOW_DISSECTOR:
	case SKEP_PROG_TYPE_SK_LOOKUP: return true;
	case SKEP_PROG_TYPE_SOCK_OPS: return id == SKEP_FUNC_map_delete_elem;
	case SKEP_PROG_TYPE_TRACING: return attach_type == SKEP_TRACE_ITER;
	default: return false;
	}
}

bool rules_map_helper(u32 map_type, u32 id, u32 prog_type, u32 attach_type)
{
	u64 types = id < ARRAY_SIZE(takes) && takes[id] ? takes[id] : PLAIN;

	if (!rule_of(map_type))
		return false;
	if ((id == SKEP_FUNC_map_update_elem || id == SKEP_FUNC_map_delete_elem) &&
	    !may_change_sockets(id, prog_type, attach_type))
		types &= ~SOCKS;
	return types >> map_type & 1;
}

enum reg_type rules_map_lookup(u32 map_type)
{
	const struct rule_map *rule = rule_of(map_type);

	return rule ? rule->gives : reg_none;
}

bool rules_map_direct(u32 map_type)
{
	const struct rule_map *rule = rule_of(map_type);

	return rule && rule->flags & DIRECT;
}

bool rules_map_sleepable(u32 map_type)
{
	const struct rule_map *rule = rule_of(map_type);

	return rule && rule->flags & SLEEPS;
}
