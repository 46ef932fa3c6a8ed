/* What the verifier is told of a program that is being loaded, and of its maps. */
#include "prog_verify.h"
#include "btf_object.h"
#include "map_arena.h"
#include "mem.h"
#include "verify.h"

struct described {
	struct verify_map maps[SKEP_MAX_USED_MAPS];
	struct btf_field fields[SKEP_MAX_USED_MAPS][BTF_FIELDS];
	struct verify_map inner[SKEP_MAX_USED_MAPS];
	struct btf_field inner_fields[SKEP_MAX_USED_MAPS][BTF_FIELDS];
	struct object *held[2 * SKEP_MAX_USED_MAPS + 1]; /* BTF objects */
	u32 nheld;
};

/* NULL: there is none, or it is gone. */
static const struct skep_btf *hold_btf(struct described *d, struct store *store, u32 id)
{
	struct object *obj;

	if (!id || object_get_id(store, OBJECT_BTF, id, &obj))
		return NULL;
	d->held[d->nheld++] = obj;
	return container_of(obj, struct btf_object, obj)->btf;
}

/* What may stand in a map of maps. */
static void describe_inner(struct described *d, struct store *store,
			   const struct map_inner *inner, u32 i)
{
	struct verify_map *m = &d->inner[i];

	*m = (struct verify_map){.type = inner->type,
				 .key_size = inner->key_size,
				 .value_size = inner->value_size,
				 .max_entries = inner->max_entries,
				 .flags = inner->flags,
				 .btf = hold_btf(d, store, inner->btf_id),
				 .key_type = inner->btf_key_type,
				 .value_type = inner->btf_value_type};
	verify_find_fields(m, d->inner_fields[i]);
	d->maps[i].inner = m;
}

static void describe(struct described *d, struct store *store, struct map *map, u32 i)
{
	const struct map_info *info = &map->info;
	struct verify_map *m = &d->maps[i];

	*m = (struct verify_map){.type = info->type,
				 .key_size = info->key_size,
				 .value_size = info->value_size,
				 .max_entries = info->max_entries,
				 .flags = info->flags,
				 .btf = hold_btf(d, store, info->btf_id),
				 .key_type = info->btf_key_type,
				 .value_type = info->btf_value_type};
	memcpy(m->name, info->name, sizeof(m->name) - 1);
	m->nowhere = info->type == SKEP_MAP_TYPE_ARENA && !map_arena_start(map);
	verify_find_fields(m, d->fields[i]);
	if (map->ops->of_maps)
		describe_inner(d, store, &info->inner, i);
	if (info->type == SKEP_MAP_TYPE_ARRAY && info->flags & SKEP_F_RDONLY_PROG &&
	    map_frozen(map))
		m->frozen = ptr_of(map->values.lo + map->values.at);
}

int prog_verify(struct store *store, struct verify_prog *prog, u32 btf_id,
		struct map *const *maps, const struct skep_btf *vmlinux, u32 log_level,
		struct skep_log *log, struct verify_result *result)
{
	const bool may = store_privileged(store);
	const struct profile profile = {.bpf = may,
					.perfmon = may,
					.net_admin = may,
					.admin = may,
					.vmlinux = vmlinux,
					.variables = true};
	struct described *d = mem_alloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	for (u32 i = 0; i < prog->nmaps; i++)
		describe(d, store, maps[i], i);
	prog->maps = d->maps;
	prog->btf = hold_btf(d, store, btf_id);
	err = verify(prog, &profile, log_level, log, result);
	while (d->nheld)
		object_put(d->held[--d->nheld]);
	mem_free(d);
	return err;
}
