/* bpf_map_elem: the elements of one map. Of a per-CPU map programs see copies of all
 * CPUs' values, of others the value itself, which they may change. */
#include "iter_object.h"
#include <errno.h>
#include "map.h"
#include "mem.h"

enum { ARG_MAP = 1, ARG_KEY, ARG_VALUE };

static bool is_array(const struct map *map)
{
	return map->info.type == SKEP_MAP_TYPE_ARRAY ||
	       map->info.type == SKEP_MAP_TYPE_PERCPU_ARRAY;
}

static bool has_elements(const struct map *map)
{
	u32 type = map->info.type;

	return is_array(map) || type == SKEP_MAP_TYPE_HASH ||
	       type == SKEP_MAP_TYPE_LRU_HASH || type == SKEP_MAP_TYPE_PERCPU_HASH ||
	       type == SKEP_MAP_TYPE_LRU_PERCPU_HASH;
}

static int check(const struct prog_info *prog, const struct map *map)
{
	if (!has_elements(map))
		return -EINVAL;
	return prog->key_end > map->info.key_size ||
			       prog->value_end > map_user_value_size(map)
		       ? -EACCES
		       : 0;
}

static int attach(struct attach *at, const union skep_iter_link_info *info,
		  struct iter_over *over)
{
	struct object *obj;
	struct map *map;
	int err = info->map.map_fd ? object_get(at->store, (int)info->map.map_fd,
						OBJECT_MAP, &obj, NULL)
				   : -EBADF;

	if (err)
		return err;
	map = container_of(obj, struct map, obj);
	err = check(at->prog->info, map);
	over->map_id = obj->id;
	object_put(obj);
	return err;
}

static void fill(const struct iter_over *over, struct skep_link_info *info)
{
	info->iter.map.map_id = over->map_id;
}

/* ---- a hash: bucket now.at, element now.skip of it ---- */

static int get_room(struct iter_walk *w, u32 n)
{
	mem_free(w->keys);
	mem_free(w->values);
	w->keys = mem_alloc(n, w->map->info.key_size);
	w->values = mem_alloc(n, map_user_value_size(w->map));
	w->room = w->keys && w->values ? n : 0;
	return w->room ? 0 : -ENOMEM;
}

/* The elements of the bucket, as they are now. -ENOENT: there is no such bucket. */
static int take_bucket(struct iter_walk *w)
{
	s64 n;
	int err;

	for (;;) {
		n = w->map->ops->bucket(w->map, (u32)w->now.at, w->room, false, w->keys,
					w->values);
		if (n <= w->room) {
			w->nkeys = n < 0 ? 0 : (u32)n;
			return n < 0 ? (int)n : 0;
		}
		err = get_room(w, (u32)n * 2);
		if (err)
			return err;
	}
}

static int find_in_hash(struct iter_walk *w)
{
	for (;; w->now.at++, w->now.skip = 0, w->nkeys = 0) {
		int err = w->nkeys ? 0 : take_bucket(w);

		if (err)
			return err == -ENOENT ? 0 : err;
		if (w->now.skip < w->nkeys)
			return 1;
	}
}

/* ---- any map ---- */

/* LINK_UPDATE does not ask whether the map's keys and values are as large as the program
 * takes them for; and another process may have written another map into the region. */
static int find(struct iter_walk *w)
{
	if (!w->map || check(w->prog->info, w->map))
		return -EFAULT;
	return is_array(w->map) ? w->now.at < w->map->info.max_entries : find_in_hash(w);
}

static void pass(struct iter_walk *w)
{
	if (is_array(w->map))
		w->now.at++;
	else
		w->now.skip++;
}

/* The key of the element that was found, and of a per-CPU map the copies of its value. */
static int take_key(struct iter_walk *w, u8 **key, u8 **copies)
{
	u64 i = is_array(w->map) ? 0 : w->now.skip;

	if (is_array(w->map) && !w->room && get_room(w, 1))
		return -ENOMEM;
	*key = (u8 *)w->keys + i * w->map->info.key_size;
	*copies = (u8 *)w->values + i * map_user_value_size(w->map);
	if (!is_array(w->map))
		return 0;
	store32(*key, (u32)w->now.at);
	return w->map->ops->per_cpu ? w->map->ops->read(w->map, *key, *copies) : 0;
}

static void give(struct iter_walk *w, u32 arg, void *at, u64 len, bool write)
{
	w->args[arg] = u64_of(at);
	w->regions[w->nregions++] =
		(struct skep_region){.at = at, .len = len, .write = write};
}

static void last(struct iter_walk *w)
{
	w->args[ARG_MAP] = iter_image_map(w, w->map);
}

static int show(struct iter_walk *w)
{
	const struct map *map = w->map;
	bool write = map->ops->per_cpu || !(map->info.flags & SKEP_F_RDONLY_PROG);
	u8 *key, *value;
	int err = take_key(w, &key, &value);

	if (err)
		return err;
	if (!map->ops->per_cpu)
		value = map->ops->peek ? map->ops->peek(w->map, key)
				       : map->ops->lookup(w->map, key, 0);
	if (!value)
		return 1;
	last(w);
	give(w, ARG_KEY, key, map->info.key_size, false);
	give(w, ARG_VALUE, value, map_user_value_size(map), write);
	return 0;
}

const struct iter_target iter_bpf_map_elem = {
	.nargs = 4,
	.attach = attach,
	.fill = fill,
	.find = find,
	.pass = pass,
	.show = show,
	.last = last,
};
