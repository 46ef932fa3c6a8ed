#include "heap.h"
#include "map_field.h"
#include "map_timer.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#define MAP(file, symbol, abi, since) extern const struct map_ops map_##symbol;
#define REFUSED(abi, since, err, why)
#include "map.def"
#undef MAP
#undef REFUSED
/* clang-format on */

enum {
	/* Where the writers of a map's mappings keep a lock of their open file
	 * descriptions: nobody else locks that far out. */
	WRITERS_AT = 1 << 30,
	MOST_SLOTS = 1024
};

const struct map_ops *map_type(u32 type)
{
	static const struct map_ops *const types[] = {
#define MAP(file, symbol, abi, since) [SKEP_MAP_TYPE_##abi] = &map_##symbol,
#define REFUSED(abi, since, err, why)
#include "map.def"
#undef MAP
#undef REFUSED
	};

	return type < ARRAY_SIZE(types) ? types[type] : NULL;
}

int map_refusal(u32 type, const char **why)
{
	static const struct {
		int err;
		const char *why;
	} refusals[] = {
#define MAP(file, symbol, abi, since)
#define REFUSED(abi, since, err, why) [SKEP_MAP_TYPE_##abi] = {err, why},
#include "map.def"
#undef MAP
#undef REFUSED
	};
	bool known = type < ARRAY_SIZE(refusals) && refusals[type].why;

	*why = known ? refusals[type].why : NULL;
	return known ? -refusals[type].err : -EINVAL;
}

/* ---- the view ---- */

/* The region may be another process's work: what MAP_CREATE asks of a user is asked of
 * it again. */
static int check_info(const struct map_info *info, u64 size)
{
	const struct map_ops *ops = map_type(info->type);
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = info->type;
	attr.key_size = info->key_size;
	attr.value_size = info->value_size;
	attr.max_entries = info->max_entries;
	attr.map_flags = info->flags;
	attr.map_extra = info->extra;
	attr.numa_node = UINT32_MAX;
	if (!ops || ops->check(&attr) || !info->slots || info->slots > MOST_SLOTS ||
	    info->size != ops->size(info) || size < OBJECT_HEAD_SIZE ||
	    info->size > size - OBJECT_HEAD_SIZE || !map_fields_fit(info))
		return -EINVAL;
	return 0;
}

int map_bind(struct map *map)
{
	int err;

	memcpy(&map->info, map->obj.head->data, sizeof(map->info));
	map->info.name[SKEP_OBJ_NAME_LEN - 1] = 0;
	err = check_info(&map->info, map->obj.size);
	if (err)
		return err;
	map->ops = map_type(map->info.type);
	map->storage = (u8 *)map->obj.head + OBJECT_HEAD_SIZE;
	map->stride = round_up(map->info.value_size, 8);
	return 0;
}

static int map_open(struct object *obj)
{
	struct map *map = (struct map *)obj;
	int err = map_bind(map);

	if (!err && map->info.fields.kinds & HEAP_OWNERS)
		err = heap_open(obj->store, false);
	if (!err)
		err = map->ops->open(map);
	if (err || !(map->info.fields.kinds & MAP_TIMERS))
		return err;
	err = map_timers_open(map);
	if (err && map->ops->close)
		map->ops->close(map);
	return err;
}

static void map_close(struct object *obj)
{
	struct map *map = (struct map *)obj;

	map_timers_close(map);
	if (map->ops && map->ops->close)
		map->ops->close(map);
}

/* True: the value at *at, of a sparse region, was never used, and neither were those up
 * to what *at is then. */
static bool skip_hole(int fd, u64 *at, u64 stride)
{
	const u64 from = OBJECT_HEAD_SIZE + *at;
	const off_t data = lseek(fd, (off_t)from, SEEK_DATA);

	if (data < 0)
		*at = (u64)INT64_MAX - stride;
	else if ((u64)data >= from + stride)
		*at += ((u64)data - from) / stride * stride - stride;
	else
		return false;
	return true;
}

/* What its values keep of what programs made. */
static void free_kept(struct store *store, const struct map_info *info, int fd,
		      u8 *storage)
{
	const struct map_ops *ops = map_type(info->type);
	const struct map view = {.obj.store = store, .info = *info};
	struct map_values v;

	if (!ops->places)
		return;
	v = ops->places(info);
	for (u64 at = v.lo + v.at; at < v.hi; at += v.stride) {
		if (ops->reserved && skip_hole(fd, &at, v.stride))
			continue;
		map_field_free_kept(&view, storage + at);
	}
}

static void map_removed(struct store *store, int fd)
{
	struct map_info info;
	struct object_head *head;
	struct stat st;
	u64 size;

	if (pread(fd, &info, sizeof(info), sizeof(*head)) != sizeof(info) ||
	    !(info.fields.kinds & HEAP_OWNERS) || fstat(fd, &st))
		return;
	size = (u64)st.st_size;
	if (check_info(&info, size) || heap_open(store, true))
		return;
	head = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		return;
	free_kept(store, &info, fd, (u8 *)head + OBJECT_HEAD_SIZE);
	munmap(head, size);
}

static void map_released(struct object *obj)
{
	map_timers_end((struct map *)obj);
}

/* What a map keeps alive: BTF, and the programs or maps in it. */
static void map_refs(const struct object_head *head, void (*fn)(void *arg, u32 id),
		     void *arg)
{
	struct map_info info;

	memcpy(&info, head->data, sizeof(info));
	if (info.btf_id)
		fn(arg, info.btf_id);
	if (info.inner.btf_id)
		fn(arg, info.inner.btf_id);
	if (check_info(&info, head->size))
		return;
	if (map_type(info.type)->refs)
		map_type(info.type)->refs(&info, (const u8 *)head + OBJECT_HEAD_SIZE, fn,
					  arg);
	if (info.timers && info.fields.kinds & MAP_TIMERS)
		map_timers_refs(&info, (const u8 *)head + OBJECT_HEAD_SIZE, fn, arg);
}

static int map_info_of(struct object *obj, void *out)
{
	const struct map *map = (struct map *)obj;
	struct skep_map_info *info = out;

	if (info->hash ||
	    info->hash_size) /* asks for a hash over the values: no map has one */
		return -EINVAL;
	info->type = map->info.type;
	info->id = obj->id;
	info->key_size = map->info.key_size;
	info->value_size = map->info.value_size;
	info->max_entries = map->info.max_entries;
	info->map_flags = map->info.flags;
	info->map_extra = map->info.extra;
	memcpy(info->name, map->info.name, sizeof(info->name));
	info->btf_id = map->info.btf_id;
	info->btf_key_type_id = map->info.btf_key_type;
	info->btf_value_type_id = map->info.btf_value_type;
	return 0;
}

const struct object_ops map_object_ops = {
	.view_size = sizeof(struct map),
	.open = map_open,
	.close = map_close,
	.refs = map_refs,
	.released = map_released,
	.removed = map_removed,
	.info = map_info_of,
	.info_size = sizeof(struct skep_map_info),
	.pins = true,
};

u32 map_user_value_size(const struct map *map)
{
	return map->ops->per_cpu ? map->stride * map->info.slots : map->info.value_size;
}

/* ---- freeze, mmap, poll ---- */

static struct map_info *live_info(const struct map *map)
{
	return (struct map_info *)map->obj.head->data;
}

bool map_frozen(const struct map *map)
{
	return __atomic_load_n(&live_info(map)->frozen, __ATOMIC_ACQUIRE);
}

static struct flock writers_lock(short type)
{
	return (struct flock){.l_type = type, .l_start = WRITERS_AT, .l_len = 1};
}

int map_freeze(struct map *map)
{
	struct flock lock = writers_lock(F_WRLCK);

	__atomic_store_n(&live_info(map)->frozen, 1, __ATOMIC_SEQ_CST);
	if (!fcntl(map->obj.fd, F_OFD_GETLK, &lock) && lock.l_type == F_UNLCK &&
	    !(map->ops->busy && map->ops->busy(map)))
		return 0;
	__atomic_store_n(&live_info(map)->frozen, 0, __ATOMIC_SEQ_CST);
	return -EBUSY;
}

/* What mmap(2) itself refuses, whatever is mapped. */
static int check_mmap_args(size_t len, int flags, off_t off)
{
	int share = flags & MAP_TYPE;

	if (!len || off % sysconf(_SC_PAGESIZE))
		return -EINVAL;
	if (off < 0)
		return -EOVERFLOW;
	return share == MAP_SHARED || share == MAP_PRIVATE || share == MAP_SHARED_VALIDATE
		       ? 0
		       : -EINVAL;
}

/* What a mapping asks of the map, in the order of the kernel's answers. */
static int check_mmap(const struct map *map, int mode, int prot, int flags)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;

	if (mode == O_WRONLY || (mode == O_RDONLY && shared && prot & PROT_WRITE))
		return -EACCES;
	if (prot & PROT_EXEC)
		return -EPERM;
	if (!map->ops->mmap || map->info.fields.n)
		return -ENOTSUPP;
	if (!shared || mode == O_RDONLY) /* the kernel takes it for a private mapping */
		return -EINVAL;
	if (!(prot & PROT_WRITE))
		return 0;
	if (map_frozen(map))
		return -EPERM;
	return map->info.flags & SKEP_F_RDONLY_PROG ? -EACCES : 0;
}

/* The mapping has an open file description of its own, so that it keeps the map alive as
 * long as it lasts and cannot be made writable later; a writer's carries the lock that
 * map_freeze() looks for. All of it ends with munmap(2) or the process. */
int map_mmap(struct map *map, int mode, void **out, size_t len, int prot, int flags,
	     off_t off)
{
	struct flock lock = writers_lock(F_RDLCK);
	bool write = prot & PROT_WRITE;
	int err = check_mmap_args(len, flags, off), fd;

	if (!err && map->ops->place)
		err = map->ops->place(map, u64_of(*out),
				      round_up(len, (u64)sysconf(_SC_PAGESIZE)), off);
	if (!err)
		err = check_mmap(map, mode, prot, flags);
	if (err)
		return err;
	fd = object_open_id(map->obj.store, OBJECT_MAP, map->obj.id,
			    write ? O_RDWR : O_RDONLY);
	if (fd < 0)
		return fd;
	if (write && fcntl(fd, F_OFD_SETLK, &lock))
		err = -errno;
	else if (write && map_frozen(map)) /* just now */
		err = -EPERM;
	else
		err = map->ops->mmap(map, fd, out, len, prot, flags, off);
	close(fd);
	return err;
}

short map_poll(struct map *map)
{
	return map->ops->poll ? map->ops->poll(map) : POLLERR;
}

/* ---- for map types ---- */

/* The bytes between value_size and the stride too: the kernel keeps what user space put
 * there. */
void map_percpu_read(const struct map *map, const u8 *base, u64 n, u64 i, u8 *user)
{
	for (u32 slot = 0; slot < map->info.slots; slot++, user += map->stride) {
		const u8 *value = base + (slot * n + i) * map->stride;

		if (map->info.fields.n)
			map_field_read(map, user, value);
		else
			map_copy(user, value, map->stride);
	}
}

void map_percpu_write(const struct map *map, u8 *base, u64 n, u64 i, const u8 *user)
{
	for (u32 slot = 0; slot < map->info.slots; slot++, user += map->stride) {
		u8 *value = base + (slot * n + i) * map->stride;

		if (map->info.fields.n)
			map_field_write(map, value, user);
		else
			map_copy(value, user, map->stride);
	}
}

/* Per thread, since a signal handler runs on the thread that it interrupts. */
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

bool map_enter(void)
{
	if (inside)
		return false;
	inside = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return true;
}

void map_leave(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	inside = false;
}
