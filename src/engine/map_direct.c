/* A map's operations for the program that has the engine inside: skep/map.h. */
#include <errno.h>
#include <fcntl.h>
#include <skep/map.h>
#include "map.h"
#include "mem.h"

/* What a descriptor was when it was taken hold of. */
struct skep_map {
	struct map *map;
	bool reads, writes;
};

int skep_map_get(struct skep_engine *engine, int fd, struct skep_map **out)
{
	struct skep_map *handle;
	struct object *obj;
	int mode, err = object_get(engine->store, fd, OBJECT_MAP, &obj, &mode);

	*out = NULL;
	if (err)
		return err;
	handle = mem_alloc(1, sizeof(*handle));
	if (!handle) {
		object_put(obj);
		return -ENOMEM;
	}
	handle->map = container_of(obj, struct map, obj);
	handle->reads = mode != O_WRONLY;
	handle->writes = mode != O_RDONLY;
	*out = handle;
	return 0;
}

void skep_map_put(struct skep_map *handle)
{
	if (!handle)
		return;
	object_put(&handle->map->obj);
	mem_free(handle);
}

uint32_t skep_map_key_size(const struct skep_map *handle)
{
	return handle->map->info.key_size;
}

uint32_t skep_map_value_size(const struct skep_map *handle)
{
	return map_user_value_size(handle->map);
}

static bool may_write(const struct skep_map *handle)
{
	return handle->writes && !map_frozen(handle->map);
}

int skep_map_lookup(struct skep_map *handle, const void *key, void *value)
{
	struct map *map = handle->map;

	if (unlikely(!handle->reads))
		return -EPERM;
	return map->ops->read ? map->ops->read(map, key, value) : -ENOTSUPP;
}

int skep_map_update(struct skep_map *handle, const void *key, const void *value,
		    uint64_t flags)
{
	struct map *map = handle->map;

	if (unlikely(!may_write(handle)))
		return -EPERM;
	return map->ops->write ? map->ops->write(map, key, value, flags) : -ENOTSUPP;
}

int skep_map_delete(struct skep_map *handle, const void *key)
{
	struct map *map = handle->map;

	if (unlikely(!may_write(handle)))
		return -EPERM;
	return map->ops->remove ? map->ops->remove(map, key) : -ENOTSUPP;
}

int skep_map_lookup_and_delete(struct skep_map *handle, const void *key, void *value)
{
	struct map *map = handle->map;

	if (unlikely(!handle->reads || !may_write(handle)))
		return -EPERM;
	return map->ops->take ? map->ops->take(map, key, value) : -ENOTSUPP;
}

int skep_map_next_key(struct skep_map *handle, const void *key, void *next)
{
	struct map *map = handle->map;

	if (unlikely(!handle->reads))
		return -EPERM;
	return map->ops->next_key ? map->ops->next_key(map, key, next) : -ENOTSUPP;
}
