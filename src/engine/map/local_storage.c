#include "local_storage.h"
#include "htab.h"
#include "mem.h"

enum {
	FLAGS = SKEP_F_NO_PREALLOC | SKEP_F_CLONE,
	VALUE_MOST = 65407,	   /* the kernel's BPF_LOCAL_STORAGE_MAX_VALUE_SIZE */
	ROOM = LOCAL_OWNERS << 12, /* bytes of values */
};

struct local {
	struct map table; /* a hash of its own, in the storage of the map */
	u8 *zeros;	  /* value_size */
};

int local_storage_check(const union skep_attr *attr)
{
	if (attr->map_flags & ~(u32)FLAGS || !(attr->map_flags & SKEP_F_NO_PREALLOC) ||
	    attr->max_entries || attr->key_size != 4 || !attr->value_size)
		return -EINVAL;
	return attr->value_size > VALUE_MOST ? -E2BIG : 0;
}

static const struct map_ops table_ops = {.name = "local_storage", HTAB_OPS};

static struct map_info table_info(const struct map_info *info)
{
	struct map_info table = *info;

	table.key_size = sizeof(struct local_owner);
	table.max_entries = MIN(ROOM / MAX(info->value_size, 1u), (u32)LOCAL_OWNERS);
	table.flags = 0;
	return table;
}

static struct map table_of(const struct map *map)
{
	return (struct map){
		.obj.store = map->obj.store,
		.info = table_info(&map->info),
		.ops = &table_ops,
		.storage = map->storage,
		.stride = map->stride,
	};
}

u64 local_storage_size(const struct map_info *info)
{
	struct map_info table = table_info(info);

	return htab_size(&table);
}

int local_storage_init(struct map *map)
{
	struct map table = table_of(map);

	return htab_init(&table);
}

int local_storage_open(struct map *map)
{
	struct local *local = mem_alloc(1, sizeof(*local) + map->info.value_size);
	int err;

	if (!local)
		return -ENOMEM;
	local->table = table_of(map);
	local->zeros = (u8 *)(local + 1);
	err = htab_open(&local->table);
	if (err) {
		mem_free(local);
		return err;
	}
	map->priv = local;
	map->values = local->table.values;
	return 0;
}

void local_storage_close(struct map *map)
{
	struct local *local = map->priv;

	if (local)
		htab_close(&local->table);
	mem_free(local);
}

/* Elements of owners that are no more leave the table. */
static void sweep(struct map *table, const struct local_kind *kind)
{
	struct local_owner owner, next;
	int err = htab_next_key(table, NULL, &next);

	for (u32 n = 0; !err && n < table->info.max_entries; n++) {
		owner = next;
		err = htab_next_key(table, &owner, &next);
		if (kind->gone(&owner))
			htab_remove(table, &owner);
	}
}

static int update(struct map *map, const struct local_kind *kind,
		  const struct local_owner *owner, const void *value, u64 flags)
{
	struct local *local = map->priv;
	int err = htab_write(&local->table, owner, value, flags);

	if (err == -E2BIG) {
		sweep(&local->table, kind);
		err = htab_write(&local->table, owner, value, flags);
	}
	return err == -E2BIG ? -ENOMEM : err;
}

static void *find(struct map *map, const struct local_owner *owner)
{
	struct local *local = map->priv;
	struct htab *t = local->table.priv;
	u32 seq, i = htab_find(t, owner, &seq);

	return i == HTAB_NONE ? NULL : htab_value(t, i);
}

/* ---- user space's side ---- */

void *local_storage_lookup(struct map *map, const struct local_kind *kind,
			   const void *key)
{
	struct local_owner owner;

	return kind->by_fd((int)load32(key), &owner) ? NULL : find(map, &owner);
}

int local_storage_read(struct map *map, const struct local_kind *kind, const void *key,
		       void *value)
{
	struct local *local = map->priv;
	struct local_owner owner;
	int err = kind->by_fd((int)load32(key), &owner);

	if (err)
		return err;
	return htab_read(&local->table, &owner, value);
}

int local_storage_write(struct map *map, const struct local_kind *kind, const void *key,
			const void *value, u64 flags)
{
	struct local_owner owner;
	int err = kind->by_fd((int)load32(key), &owner);

	return err ? err : update(map, kind, &owner, value, flags);
}

int local_storage_remove(struct map *map, const struct local_kind *kind, const void *key)
{
	struct local_owner owner;
	int err = kind->by_fd((int)load32(key), &owner);

	return err ? err : local_storage_delete(map, &owner);
}

/* ---- a program's side ---- */

void *local_storage_get(struct map *map, const struct local_kind *kind,
			const struct local_owner *owner, const void *value, bool create)
{
	struct local *local = map->priv;
	void *at = find(map, owner);

	if (at || !create)
		return at;
	if (update(map, kind, owner, value ? value : local->zeros, SKEP_NOEXIST))
		return NULL;
	return find(map, owner);
}

int local_storage_delete(struct map *map, const struct local_owner *owner)
{
	struct local *local = map->priv;

	return htab_remove(&local->table, owner);
}
