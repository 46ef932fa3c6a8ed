/* Maps of maps: an element is the id of a map, which it keeps alive. */
#include "fd_array.h"
#include "htab.h"
#include "map_field.h"

int map_inner_describe(struct store *store, int fd, struct map_inner *out)
{
	struct object *obj;
	int err = object_get(store, fd, OBJECT_MAP, &obj, NULL);
	const struct map *map;

	if (err)
		return err;
	map = (const struct map *)obj;
	*out = (struct map_inner){
		.type = map->info.type,
		.key_size = map->info.key_size,
		.value_size = map->info.value_size,
		.max_entries = map->info.max_entries,
		.flags = map->info.flags,
		.btf_id = map->info.btf_id,
		.btf_key_type = map->info.btf_key_type,
		.btf_value_type = map->info.btf_value_type,
		.fields = map->info.fields,
	};
	if (map->ops->of_maps)
		err = -EINVAL;
	else if (map->ops->inner == map_inner_never)
		err = -ENOTSUPP;
	object_put(obj);
	return err;
}

bool map_inner_fits(const struct map *outer, const struct map *map)
{
	const struct map_inner *want = &outer->info.inner;
	const struct map_info *is = &map->info;
	bool sized =
		map->ops->inner == map_inner_sized && !(is->flags & SKEP_F_INNER_MAP);

	return is->type == want->type && is->key_size == want->key_size &&
	       is->value_size == want->value_size && is->flags == want->flags &&
	       map_fields_alike(&is->fields, is->btf_id, &want->fields, want->btf_id) &&
	       (!sized || is->max_entries == want->max_entries);
}

static bool fits(struct map *map, const struct object *inner)
{
	return map_inner_fits(map, container_of(inner, struct map, obj));
}

static int array_write(struct map *map, const void *key, const void *value, u64 flags)
{
	return fd_array_write(map, key, value, flags, OBJECT_MAP, fits);
}

/* ---- hash_of_maps ---- */

static int hash_check(const union skep_attr *attr)
{
	if (attr->value_size != sizeof(u32))
		return -EINVAL;
	return htab_check(attr, SKEP_F_NO_PREALLOC, false);
}

/* A program may not touch the ids. */
static int hash_open(struct map *map)
{
	int err = htab_open(map);

	map->values = (struct map_values){0};
	return err;
}

static int hash_write(struct map *map, const void *key, const void *value, u64 flags)
{
	struct object *obj;
	int err = object_get(map->obj.store, (int)load32(value), OBJECT_MAP, &obj, NULL);

	if (err)
		return err;
	err = fits(map, obj) ? htab_write(map, key, &obj->id, flags) : -EINVAL;
	object_put(obj);
	return err;
}

const struct map_ops map_array_of_maps = {
	.name = "array_of_maps",
	.of_maps = true,
	.btf = map_btf_never,
	.write = array_write,
	.batch = map_batch_lookup | map_batch_update,
	FD_ARRAY_OPS,
};

const struct map_ops map_hash_of_maps = {
	.name = "hash_of_maps",
	.of_maps = true,
	.btf = map_btf_never,
	.no_value_ptr = true,
	.check = hash_check,
	.size = htab_size,
	.init = htab_init,
	.open = hash_open,
	.close = htab_close,
	.remove = htab_remove,
	.read = htab_read,
	.write = hash_write,
	.next_key = htab_next_key,
	.bucket = htab_bucket,
	.batch = HTAB_BATCH,
	.refs = htab_refs,
};
