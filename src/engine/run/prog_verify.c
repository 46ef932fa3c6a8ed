/* What the verifier is told of a program that is being loaded, and of its maps. */
#include "prog_verify.h"
#include "btf_object.h"
#include "map_arena.h"
#include "facts.h"
#include "heap.h"
#include "mem.h"
#include "prog.h"
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

static struct profile profile_of(struct store *store, const struct skep_btf *vmlinux)
{
	const bool may = store_privileged(store);

	return (struct profile){.bpf = may,
				.perfmon = may,
				.net_admin = may,
				.admin = may,
				.vmlinux = vmlinux,
				.variables = true};
}

static struct described *describe_all(struct store *store, struct verify_prog *prog,
				      u32 btf_id, struct map *const *maps)
{
	struct described *d = mem_alloc(1, sizeof(*d));

	if (!d)
		return NULL;
	for (u32 i = 0; i < prog->nmaps; i++)
		describe(d, store, maps[i], i);
	prog->maps = d->maps;
	prog->btf = hold_btf(d, store, btf_id);
	return d;
}

static void forget(struct described *d)
{
	while (d->nheld)
		object_put(d->held[--d->nheld]);
	mem_free(d);
}

int prog_verify(struct store *store, struct verify_prog *prog, u32 btf_id,
		struct map *const *maps, const struct skep_btf *vmlinux, u32 log_level,
		struct skep_log *log, struct verify_result *result)
{
	struct described *d = describe_all(store, prog, btf_id, maps);
	const struct profile profile = profile_of(store, vmlinux);
	int err;

	if (!d)
		return -ENOMEM;
	err = verify(prog, &profile, log_level, log, result);
	forget(d);
	return err;
}

/* The region's code may change under us: what is verified is a copy, and that is what
 * this process decoded, or nothing is said of it. */
static bool is_what_we_have(const struct prog *prog, const struct skep_insn *code,
			    struct insn *in)
{
	if (insn_decode(code, prog->n, in, NULL))
		return false;
	for (u32 i = 0; i < prog->n; i++) {
		const struct insn *own = &prog->insns[i];

		if (in[i].op != own->op || in[i].dst != own->dst ||
		    in[i].src != own->src || in[i].off != own->off ||
		    (in[i].imm != own->imm && (in[i].op != op_lddw || !in[i].src)))
			return false;
	}
	return true;
}

int prog_facts(const struct prog *prog, struct facts *out)
{
	const struct prog_info *info = prog->info;
	const u8 *region = (const u8 *)prog->obj.head;
	struct skep_insn *code = mem_alloc(prog->n, sizeof(*code));
	struct insn *insns = mem_alloc(prog->n, sizeof(*insns));
	struct verify_prog v = {.type = info->type,
				.attach_type = info->expected_attach_type,
				.flags = info->flags,
				.gpl = info->gpl,
				.code = code,
				.n = prog->n,
				.nmaps = prog->nmaps};
	const struct profile profile = profile_of(prog->obj.store, NULL);
	struct described *d = NULL;
	struct verify_result result;
	int err = -ENOMEM;

	if (!code || !insns)
		goto out;
	err = -EOPNOTSUPP;
	for (u32 i = 0; i < prog->nmaps; i++)
		if ((prog->maps[i]->info.fields.kinds |
		     prog->maps[i]->info.inner.fields.kinds) &
		    HEAP_OWNERS)
			goto out; /* objects have addresses that are no memory's */
	memcpy(code, region + prog->insns_off, prog->n * sizeof(*code));
	if (info->nkfuncs || info->attach_btf_id || !is_what_we_have(prog, code, insns))
		goto out;
	if (prog_holds(prog, info->func_info_off, info->nfunc_info,
		       info->func_info_size)) {
		v.func_info = region + info->func_info_off;
		v.nfunc_info = info->nfunc_info;
		v.func_info_size = info->func_info_size;
	}
	d = describe_all(prog->obj.store, &v, info->btf_id, prog->maps);
	err = d ? verify(&v, &profile, 0, NULL, &result) : -ENOMEM;
	if (!err)
		err = verify_facts(&v, &profile, out);
out:
	if (d)
		forget(d);
	mem_free(code);
	mem_free(insns);
	return err;
}
