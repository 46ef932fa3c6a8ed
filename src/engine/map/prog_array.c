#include "map.h"

/* Storage: a head, then program ids, 0: none. An id keeps its program alive: refs(). */

struct head {
	u64 kind; /* of the programs in it and of those that use it; 0: not decided yet */
	u8 pad[56];
};

static int check(const union skep_attr *attr)
{
	u32 allowed = SKEP_F_NUMA_NODE | SKEP_F_RDONLY | SKEP_F_WRONLY;

	return !attr->max_entries || attr->key_size != 4 || attr->value_size != 4 ||
			       attr->map_flags & ~allowed
		       ? -EINVAL
		       : 0;
}

static u64 size(const struct map_info *info)
{
	return sizeof(struct head) + info->max_entries * (u64)sizeof(u32);
}

static int open_view(struct map *map)
{
	map->priv = map->storage + sizeof(struct head);
	return 0;
}

bool prog_array_fits(struct map *map, u32 prog_type, u32 attach_type, bool frags)
{
	u64 *kind = &((struct head *)map->storage)->kind, old = 0;
	u64 mine = 1ull << 63 | (u64)frags << 62 | (u64)(prog_type & 0xffff) << 32 |
		   attach_type;

	return __atomic_compare_exchange_n(kind, &old, mine, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) ||
	       old == mine;
}

/* An object_head's data begins, for a program, with its type, attach type and flags. */
static bool fits(struct map *map, const struct object *prog)
{
	u32 kind[3];

	memcpy(kind, prog->head->data, sizeof(kind));
	return prog_array_fits(map, kind[0], kind[1], kind[2] & SKEP_F_XDP_HAS_FRAGS);
}

static int read_id(struct map *map, const void *key, void *value)
{
	const u32 *ids = map->priv;
	u32 index = load32(key), id;

	if (index >= map->info.max_entries)
		return -ENOENT;
	id = __atomic_load_n(&ids[index], __ATOMIC_ACQUIRE);
	store32(value, id);
	return id ? 0 : -ENOENT;
}

static int write_fd(struct map *map, const void *key, const void *value, u64 flags)
{
	u32 *ids = map->priv, index = load32(key);
	struct object *prog;
	int err;

	if (flags != SKEP_ANY)
		return -EINVAL;
	if (index >= map->info.max_entries)
		return -E2BIG;
	err = object_get(map->obj.store, load32(value), OBJECT_PROG, &prog, NULL);
	if (err)
		return err;
	if (fits(map, prog))
		__atomic_store_n(&ids[index], prog->id, __ATOMIC_RELEASE);
	else
		err = -EINVAL;
	object_put(prog);
	return err;
}

static int remove_id(struct map *map, const void *key)
{
	u32 *ids = map->priv, index = load32(key);

	if (index >= map->info.max_entries)
		return -E2BIG;
	return __atomic_exchange_n(&ids[index], 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

static void refs(const void *storage, u64 size, void (*fn)(void *arg, u32 id), void *arg)
{
	const u32 *ids = (const u32 *)((const u8 *)storage + sizeof(struct head));

	for (u64 i = 0; sizeof(struct head) + (i + 1) * sizeof(u32) <= size; i++) {
		u32 id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE);

		if (id)
			fn(arg, id);
	}
}

const struct map_ops map_prog_array = {
	.name = "prog_array",
	.no_value_ptr = true,
	.check = check,
	.size = size,
	.open = open_view,
	.remove = remove_id,
	.read = read_id,
	.write = write_fd,
	.next_key = map_index_next,
	.refs = refs,
};
