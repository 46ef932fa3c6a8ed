/* Which maps a program may name at all, by its type: what their values hold must be safe
 * wherever the program runs. */
#include "verifier.h"

void verify_find_fields(struct verify_map *map, struct btf_field room[BTF_FIELDS])
{
	bool typed = map->btf && map->value_type && map->value_type < map->btf->end_id;
	int n = typed ? btf_fields(map->btf, map->value_type, FIELD_OF_MAP, room) : 0;

	map->fields = room;
	map->nfields = (u32)MAX(n, 0);
}

static bool has(const struct verify_map *map, enum field_kind kind)
{
	for (u32 i = 0; i < map->nfields; i++) {
		if (map->fields[i].kind == kind)
			return true;
	}
	return false;
}

/* May run anywhere in the kernel, where a lock is held that it would take. */
static bool is_tracing(u32 type)
{
	switch (type) {
	case SKEP_PROG_TYPE_KPROBE:
	case SKEP_PROG_TYPE_TRACEPOINT:
	case SKEP_PROG_TYPE_PERF_EVENT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE: return true;
	default: return false;
	}
}

/* The program finds its cgroup's storage by its type alone. */
static void note_storage(struct verifier *v, const struct verify_map *map)
{
	const struct verify_map **used = &v->cgroup_storage[0];

	if (map->type == SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE)
		used = &v->cgroup_storage[1];
	else if (map->type != SKEP_MAP_TYPE_CGROUP_STORAGE)
		return;
	if (*used && *used != map)
		refuse(v, map_storages);
	*used = map;
}

static void note_arena(struct verifier *v, const struct verify_map *map)
{
	if (v->arena && v->arena != map)
		refuse(v, map_arenas);
	if (!v->profile->perfmon || !v->profile->bpf)
		refuse(v, map_arena_rights);
	if (map->nowhere)
		refuse(v, map_arena_nowhere);
	v->arena = map;
}

void map_check_use(struct verifier *v, const struct verify_map *map)
{
	bool tracing = is_tracing(v->prog->type);
	bool lock = has(map, field_spin_lock) || has(map, field_res_spin_lock);

	if (tracing && (has(map, field_list_head) || has(map, field_rb_root)))
		refuse(v, map_tracing_graph);
	if (lock && v->prog->type == SKEP_PROG_TYPE_SOCKET_FILTER)
		refuse(v, map_filter_lock);
	if (tracing && lock)
		refuse(v, map_tracing_lock);
	if (tracing && has(map, field_timer))
		refuse(v, map_tracing_timer);
	if (tracing && has(map, field_wq))
		refuse(v, map_tracing_wq);
	if (map->type == SKEP_MAP_TYPE_STRUCT_OPS)
		refuse(v, map_struct_ops);
	if (v->prog->flags & SKEP_F_SLEEPABLE && !rules_map_sleepable(map->type))
		refuse(v, map_sleepable);
	note_storage(v, map);
	if (map->type == SKEP_MAP_TYPE_ARENA)
		note_arena(v, map);
}
