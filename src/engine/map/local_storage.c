#include "local_storage.h"
#include "htab.h"
#include "mem.h"
#include "os.h"
#include <fcntl.h>
#include <stdlib.h>

enum {
	FLAGS = SKEP_F_NO_PREALLOC | SKEP_F_CLONE,
	VALUE_MOST = 65407, /* the kernel's BPF_LOCAL_STORAGE_MAX_VALUE_SIZE */
	OWNERS_LEAST = 4096,
	STEP = 64,  /* elements for which memory is reserved at once */
	AHEAD = 64, /* that other updates may take meanwhile */
	FIRST = 192,
	SWEEP = 2, /* owners that a new one asks after */
};

/* Storage: this, and the table. */
struct head {
	u32 ready; /* elements for which there is memory */
	u32 hand;  /* whom the next new owner asks after */
	u8 pad[56];
};

struct local {
	struct map table; /* a hash of its own, in the storage of the map */
	struct head *head;
	u8 *zeros; /* value_size */
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
	table.max_entries = MAX(MIN(info->owners, (u32)LOCAL_OWNERS), 1u);
	table.flags = 0;
	return table;
}

static struct map table_of(const struct map *map)
{
	return (struct map){
		.obj.store = map->obj.store,
		.info = table_info(&map->info),
		.ops = &table_ops,
		.storage = map->storage + sizeof(struct head),
		.stride = map->stride,
	};
}

static u32 read_number(const char *path)
{
	size_t len;
	void *text;
	u32 n;

	if (os_read_file(path, 64, &text, &len))
		return LOCAL_OWNERS;
	n = (u32)MIN(strtoul(text, NULL, 10), (unsigned long)LOCAL_OWNERS);
	mem_free(text);
	return n;
}

/* There are never more threads than that, and hardly as many cgroups. */
void local_storage_adjust(struct map_info *info)
{
	u32 threads = MIN(read_number("/proc/sys/kernel/threads-max"),
			  read_number("/proc/sys/kernel/pid_max"));

	info->owners = MAX(threads, (u32)OWNERS_LEAST);
}

u64 local_storage_size(const struct map_info *info)
{
	struct map_info table = table_info(info);

	return sizeof(struct head) + htab_size(&table);
}

struct map_values local_storage_places(const struct map_info *info)
{
	struct map_info table = table_info(info);
	struct map_values v = htab_places(&table);

	v.lo += sizeof(struct head);
	v.hi += sizeof(struct head);
	return v;
}

u64 local_storage_reserved(const struct map_info *info)
{
	struct map_info table = table_info(info);

	return sizeof(struct head) + htab_end(&table, FIRST);
}

int local_storage_init(struct map *map)
{
	struct map table = table_of(map);

	((struct head *)map->storage)->ready = FIRST;
	return htab_init(&table);
}

int local_storage_open(struct map *map)
{
	struct local *local = mem_alloc(1, sizeof(*local) + map->info.value_size);
	int err;

	if (!local)
		return -ENOMEM;
	local->table = table_of(map);
	local->head = (struct head *)map->storage;
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

/* The next element that has been used; whoever races with us asks after the same. */
static u32 next(struct head *head, u32 used)
{
	u32 i = __atomic_load_n(&head->hand, __ATOMIC_RELAXED);

	if (i >= used)
		i = 0;
	__atomic_store_n(&head->hand, i + 1, __ATOMIC_RELAXED);
	return i;
}

/* Elements of owners that are no more leave the table: of the next `n`. */
static void sweep(struct local *local, const struct local_kind *kind, u32 n)
{
	struct htab *t = local->table.priv;
	u32 used = MIN(__atomic_load_n(&t->head->fresh, __ATOMIC_RELAXED), t->n), seq;
	struct local_owner owner;

	for (; n && used; n--) {
		u32 i = next(local->head, used);

		/* Somebody may write it just now: then it names nobody, or is found. */
		map_copy(&owner, htab_elem(t, i)->key, sizeof(owner));
		if (htab_find(t, &owner, &seq) == i && kind->gone(&owner))
			htab_remove(&local->table, &owner);
	}
}

/* Memory for what the table takes next; false: there is none. */
static bool grow(struct map *map)
{
	struct local *local = map->priv;
	struct htab *t = local->table.priv;
	u32 ready = __atomic_load_n(&local->head->ready, __ATOMIC_ACQUIRE), more;
	u32 fresh = __atomic_load_n(&t->head->fresh, __ATOMIC_RELAXED);
	u64 from, to;
	int err;

	if (fresh >= t->n || fresh + AHEAD < ready || ready >= t->n)
		return true;
	more = MIN(ready + STEP, t->n);
	from = sizeof(struct head) + htab_end(&local->table.info, ready);
	to = sizeof(struct head) + htab_end(&local->table.info, more);
	do
		err = fallocate(map->obj.fd, 0, (off_t)(OBJECT_HEAD_SIZE + from),
				(off_t)(to - from));
	while (err && errno == EINTR);
	if (err)
		return false;
	/* Who was faster reserved the same. */
	__atomic_compare_exchange_n(&local->head->ready, &ready, more, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return true;
}

static int update(struct map *map, const struct local_kind *kind,
		  const struct local_owner *owner, const void *value, u64 flags)
{
	struct local *local = map->priv;
	u32 seq;
	int err;

	if (htab_find(local->table.priv, owner, &seq) == HTAB_NONE) {
		sweep(local, kind, SWEEP);
		if (!grow(map))
			return -ENOMEM;
	}
	err = htab_write(&local->table, owner, value, flags);
	if (err == -E2BIG) {
		sweep(local, kind, local->table.info.max_entries);
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
