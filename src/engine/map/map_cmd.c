#include "btf_object.h"
#include "cmd.h"
#include "map_field.h"
#include "mem.h"
#include <fcntl.h>
#include <net/if.h>

/* Checks stand in the kernel's order wherever the order decides the errno. */

/* A key or value on its way: small ones need no allocation. */
struct scratch {
	u8 *at;
	u8 small[256] __attribute__((aligned(8)));
};

static int scratch_get(struct scratch *s, size_t size)
{
	s->at = size <= sizeof(s->small) ? s->small : mem_alloc(size, 1);
	return s->at ? 0 : -ENOMEM;
}

static void scratch_put(struct scratch *s)
{
	if (s->at != s->small)
		mem_free(s->at);
}

static int scratch_copy(struct scratch *s, u64 user, size_t size)
{
	int err = scratch_get(s, size);

	if (err)
		return err;
	err = user_copy_in(s->at, user, size);
	if (err)
		scratch_put(s);
	return err;
}

/* ---- MAP_CREATE ---- */

enum { MAP_TYPES = SKEP_MAP_TYPE_ARENA + 1 };

/* The engine has no tokens: no fd is one. */
static int check_token(const union skep_attr *attr)
{
	if (!(attr->map_flags & SKEP_F_TOKEN_FD))
		return 0;
	return fcntl(attr->map_token_fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
}

static int check_numa(const union skep_attr *attr)
{
	bool given = attr->map_flags & SKEP_F_NUMA_NODE;

	/* One node, as on most machines: memory lies where the page cache puts it. */
	return given && attr->numa_node && attr->numa_node != UINT32_MAX ? -EINVAL : 0;
}

static int check_create(const struct store *store, const union skep_attr *attr)
{
	const struct map_ops *ops = map_type(attr->map_type);
	u32 files = SKEP_F_RDONLY | SKEP_F_WRONLY;
	u32 progs = SKEP_F_RDONLY_PROG | SKEP_F_WRONLY_PROG;
	union skep_attr plain = *attr;
	const char *why;
	int err;

	plain.map_flags &= ~(u32)SKEP_F_TOKEN_FD;
	if (attr->btf_vmlinux_value_type_id ||
	    (attr->btf_key_type_id && !attr->btf_value_type_id) ||
	    (attr->map_flags & files) == files || (attr->map_flags & progs) == progs ||
	    check_numa(attr))
		return -EINVAL;
	if (!ops)
		return map_refusal(attr->map_type, &why);
	if ((attr->map_extra && !ops->extra) || (ops->typed && !attr->btf_key_type_id))
		return -EINVAL;
	if (!store_privileged(store))
		return map_check_unprivileged(&plain, check_token(attr));
	err = ops->late_check ? check_token(attr) : 0;
	if (!err)
		err = ops->check(&plain);
	return err ? err : check_token(attr);
}

/* A device's own map: no driver that the engine has offers one. */
static int check_device(const struct store *store, const union skep_attr *attr)
{
	char name[IF_NAMESIZE];

	if (!attr->map_ifindex)
		return 0;
	if (!store_privileged(store))
		return -EPERM;
	if (attr->map_type != SKEP_MAP_TYPE_ARRAY && attr->map_type != SKEP_MAP_TYPE_HASH)
		return -EINVAL;
	return if_indextoname(attr->map_ifindex, name) ? -EOPNOTSUPP : -EINVAL;
}

/* Letters, digits, '_' and '.', ended by a 0 byte. */
static int copy_name(char *dst, const char *src)
{
	for (int i = 0; i < SKEP_OBJ_NAME_LEN; i++) {
		char c = src[i];

		if (!c)
			return 0;
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '.')
			return -EINVAL;
		dst[i] = c;
	}
	return -EINVAL;
}

/* Only programs that were signed by hash may use it: not here. */
static int check_exclusive(const union skep_attr *attr)
{
	u8 hash[32];

	if (!attr->excl_prog_hash && !attr->excl_prog_hash_size)
		return 0;
	if (!attr->excl_prog_hash || attr->excl_prog_hash_size != sizeof(hash))
		return -EINVAL;
	return user_copy_in(hash, attr->excl_prog_hash, sizeof(hash)) ? -EFAULT
								      : -EOPNOTSUPP;
}

/* ---- BTF of keys and values ---- */

static u32 btf_size_of(const struct skep_btf *btf, u32 id)
{
	return id < btf->end_id ? btf_size(btf, id) : BTF_NO_SIZE;
}

static bool is_index(const struct skep_btf *btf, u32 id)
{
	const struct skep_btf_type *type;
	u32 what;

	id = btf_skip(btf, id);
	if (btf_kind_of(btf, id) == SKEP_BTF_KIND_VAR) /* the kernel looks through it */
		id = btf_skip(btf, btf_type(btf, id)->type);
	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_INT)
		return false;
	type = btf_type(btf, id);
	what = *(u32 *)btf_tail(type);
	return SKEP_BTF_INT_BITS(what) == 32 && !SKEP_BTF_INT_OFFSET(what);
}

static bool key_fits(const struct skep_btf *btf, u32 key, enum map_btf rule)
{
	switch (rule) {
	case map_btf_any: return true;
	case map_btf_index:
	case map_btf_globals: return is_index(btf, key);
	case map_btf_struct:
		return btf_kind_of(btf, btf_skip(btf, key)) == SKEP_BTF_KIND_STRUCT;
	case map_btf_never:
	case map_btf_none: break;
	}
	return false;
}

static int check_types(const struct skep_btf *btf, struct map_info *info,
		       enum map_btf rule)
{
	u32 key = info->btf_key_type, value = info->btf_value_type;
	int err;

	if (btf_size_of(btf, value) != info->value_size ||
	    (!key && rule == map_btf_any) ||
	    (key && btf_size_of(btf, key) != info->key_size))
		return -EINVAL;
	err = map_find_fields(btf, info);
	if (err)
		return err;
	if (!key && rule != map_btf_never)
		return rule == map_btf_none ||
				       (rule == map_btf_globals &&
					info->max_entries == 1 &&
					btf_kind_of(btf, value) == SKEP_BTF_KIND_DATASEC)
			       ? 0
			       : -EINVAL;
	if (rule == map_btf_never)
		return -ENOTSUPP;
	return key_fits(btf, key, rule) ? 0 : -EINVAL;
}

static int check_btf(struct store *store, const union skep_attr *attr,
		     struct map_info *info)
{
	struct object *obj;
	int err;

	if (!attr->btf_value_type_id)
		return 0;
	err = object_get(store, attr->btf_fd, OBJECT_BTF, &obj, NULL);
	if (err)
		return err;
	info->btf_id = obj->id;
	info->btf_key_type = attr->btf_key_type_id;
	info->btf_value_type = attr->btf_value_type_id;
	err = check_types(((struct btf_object *)obj)->btf, info,
			  map_type(info->type)->btf);
	object_put(obj);
	return err;
}

static int make_info(struct store *store, const union skep_attr *attr,
		     struct map_info *info)
{
	const struct map_ops *ops = map_type(attr->map_type);
	u32 dropped = SKEP_F_RDONLY | SKEP_F_WRONLY | SKEP_F_TOKEN_FD;
	int err = copy_name(info->name, attr->map_name);

	info->type = attr->map_type;
	info->key_size = attr->key_size;
	info->value_size = attr->value_size;
	info->max_entries = attr->max_entries;
	info->extra = attr->map_extra;
	info->flags = attr->map_flags & ~dropped;
	info->slots = store_slots(store);
	if (ops->adjust)
		ops->adjust(info);
	info->size = ops->size(info);
	if (!err)
		err = check_btf(store, attr, info);
	return err ? err : check_exclusive(attr);
}

static int make_map(struct object *obj, const struct map_info *info)
{
	struct map *map = (struct map *)obj;
	int err;

	memcpy(obj->head->data, info, sizeof(*info));
	err = map_bind(map);
	return !err && map->ops->init ? map->ops->init(map) : err;
}

static int describe_inner(struct store *store, const union skep_attr *attr,
			  struct map_info *info)
{
	if (!map_type(attr->map_type)->of_maps)
		return 0;
	return map_inner_describe(store, (int)attr->inner_map_fd, &info->inner);
}

static u64 reserved_size(const struct map_info *info)
{
	const struct map_ops *ops = map_type(info->type);

	return ops->reserved ? ops->reserved(info) : info->size;
}

int cmd_map_create(struct store *store, union skep_attr *attr)
{
	struct map_info info = {0};
	struct object *obj;
	int err = check_create(store, attr);

	if (!err)
		err = check_device(store, attr);
	if (!err)
		err = describe_inner(store, attr, &info);
	if (!err)
		err = make_info(store, attr, &info);
	if (err)
		return err;
	/* Whatever there is too little of, the kernel says ENOMEM. */
	if (object_create_sparse(store, OBJECT_MAP, OBJECT_HEAD_SIZE + info.size,
				 OBJECT_HEAD_SIZE + reserved_size(&info), &obj))
		return -ENOMEM;
	err = make_map(obj, &info);
	if (err) {
		object_abandon(obj);
		return err;
	}
	return object_ready(obj, attr->map_flags & SKEP_F_RDONLY   ? O_RDONLY
				 : attr->map_flags & SKEP_F_WRONLY ? O_WRONLY
								   : O_RDWR);
}

/* ---- elements ---- */

int map_get(struct store *store, u32 fd, u32 needs, struct map **out)
{
	struct object *obj;
	int mode, err = object_get(store, fd, OBJECT_MAP, &obj, &mode);
	struct map *map;

	if (err)
		return err;
	map = (struct map *)obj;
	if (needs & map_need_plain && map->info.fields.n) {
		object_put(obj);
		return -ENOTSUPP;
	}
	if ((needs & map_need_read && mode == O_WRONLY) ||
	    (needs & map_need_write && (mode == O_RDONLY || map_frozen(map)))) {
		object_put(obj);
		return -EPERM;
	}
	*out = map;
	return 0;
}

/* The user's key. A map without keys takes none. */
static int copy_key(struct map *map, u64 user, struct scratch *key)
{
	if (!map->info.key_size && user)
		return -EINVAL;
	return scratch_copy(key, user, map->info.key_size);
}

typedef int read_fn(struct map *map, const void *key, void *value);

static int fetch(struct map *map, union skep_attr *attr, const void *key, read_fn *read)
{
	u32 size = map_user_value_size(map);
	struct scratch value;
	int err;

	if (!read)
		return -ENOTSUPP;
	err = scratch_get(&value, size);
	if (err)
		return err;
	err = read(map, key, value.at);
	if (!err)
		err = user_copy_out(attr->value, value.at, size);
	scratch_put(&value);
	return err;
}

static int store_value(struct map *map, union skep_attr *attr, const void *key)
{
	struct scratch value;
	int err;

	if (!map->ops->write)
		return -ENOTSUPP;
	err = scratch_copy(&value, attr->value, map_user_value_size(map));
	if (err)
		return err;
	err = map->ops->write(map, key, value.at, attr->flags);
	scratch_put(&value);
	return err;
}

/* A map that is asked gives no value back. */
static int ask(struct map *map, union skep_attr *attr)
{
	struct scratch value;
	int err = scratch_copy(&value, attr->value, map->info.value_size);

	if (err)
		return err;
	err = map->ops->read(map, NULL, value.at);
	scratch_put(&value);
	return err;
}

static int lookup(struct map *map, union skep_attr *attr, const void *key)
{
	if (map->ops->asks)
		return ask(map, attr);
	return fetch(map, attr, key,
		     attr->flags & SKEP_F_LOCK ? map_read_locked : map->ops->read);
}

static int take(struct map *map, union skep_attr *attr, const void *key)
{
	return fetch(map, attr, key, map->ops->take);
}

static int delete (struct map *map, union skep_attr *attr, const void *key)
{
	return map->ops->remove ? map->ops->remove(map, key) : -ENOTSUPP;
}

static int next_key(struct map *map, union skep_attr *attr, const void *key)
{
	u32 size = map->info.key_size;
	struct scratch next;
	int err;

	if (!map->ops->next_key)
		return -ENOTSUPP;
	err = scratch_get(&next, size);
	if (err)
		return err;
	err = map->ops->next_key(map, attr->key ? key : NULL, next.at);
	if (!err)
		err = user_copy_out(attr->next_key, next.at, size);
	scratch_put(&next);
	return err;
}

/* What the commands on one element have in common. `first`: a key of NULL is meant. */
static int with_key(struct store *store, union skep_attr *attr, u32 needs, bool first,
		    int (*fn)(struct map *map, union skep_attr *attr, const void *key))
{
	struct scratch key;
	struct map *map;
	int err = map_get(store, attr->map_fd, needs, &map);

	if (err)
		return err;
	if (attr->flags & SKEP_F_LOCK && !map_has_field(map, field_spin_lock))
		err = -EINVAL;
	else if (first && !attr->key)
		err = scratch_get(&key, 0);
	else
		err = copy_key(map, attr->key, &key);
	if (!err) {
		err = fn(map, attr, key.at);
		scratch_put(&key);
	}
	object_put(&map->obj);
	return err;
}

int cmd_map_lookup_elem(struct store *store, union skep_attr *attr)
{
	if (attr->flags & ~(u64)SKEP_F_LOCK)
		return -EINVAL;
	return with_key(store, attr, map_need_read, false, lookup);
}

int cmd_map_update_elem(struct store *store, union skep_attr *attr)
{
	return with_key(store, attr, map_need_write, false, store_value);
}

int cmd_map_delete_elem(struct store *store, union skep_attr *attr)
{
	return with_key(store, attr, map_need_write, false, delete);
}

int cmd_map_get_next_key(struct store *store, union skep_attr *attr)
{
	return with_key(store, attr, map_need_read, true, next_key);
}

int cmd_map_lookup_and_delete_elem(struct store *store, union skep_attr *attr)
{
	if (attr->flags & ~(u64)SKEP_F_LOCK)
		return -EINVAL;
	return with_key(store, attr, map_need_read | map_need_write, false, take);
}

int cmd_map_freeze(struct store *store, union skep_attr *attr)
{
	struct map *map;
	int err = map_get(store, attr->map_fd, map_need_write | map_need_plain, &map);

	if (err)
		return err;
	err = map_freeze(map);
	object_put(&map->obj);
	return err;
}
