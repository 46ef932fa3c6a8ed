/* Objects: made, opened, counted in this process, closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>
#include "os.h"
#include "store.h"

enum { RESERVE_STEP = 16 << 20, BIG = 64 << 20, HUGE_PAGE = 2 << 20 };

#ifndef MADV_COLLAPSE /* since Linux 6.1 */
#define MADV_COLLAPSE 25
#endif

/* ---- heads ---- */

static const char *head_fault(struct store *store, u32 id, const struct object_head *head,
			      const struct stat *st)
{
	if (head->magic != OBJECT_MAGIC)
		return "it does not begin as ours do";
	if (head->layout != OBJECT_LAYOUT)
		return "its layout has another number";
	if (id && head->id != id)
		return "its id is not its name";
	if (!head->ready)
		return NULL;
	if (!head->kind || head->kind >= OBJECT_KINDS || !store->kinds[head->kind])
		return "its kind is unknown";
	if (head->size < OBJECT_HEAD_SIZE || head->size != (u64)st->st_size)
		return "its size is not that of the file";
	return NULL;
}

/* A file of another user cannot stand in a directory of mode 0700, but a link to one. */
enum file_kind head_read(struct store *store, int fd, u32 id, struct object_head *head,
			 struct stat *st, const char **fault)
{
	const char *none;
	ssize_t n;

	if (!fault)
		fault = &none;
	*fault = "it is not a file of this user";
	memset(head, 0, sizeof(*head));
	if (fstat(fd, st) || !S_ISREG(st->st_mode) || st->st_uid != geteuid())
		return file_foreign;
	n = pread(fd, head, sizeof(*head), 0);
	*fault = NULL;
	/* Its maker died before it wrote the head: the file is empty or zero. */
	if (n >= 0 && !head->magic && !head->layout && !head->size)
		return file_unready;
	*fault = n == (ssize_t)sizeof(*head) ? head_fault(store, id, head, st)
					     : "it is cut short";
	if (*fault)
		return file_foreign;
	return head->ready ? file_good : file_unready;
}

bool file_held(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* ---- the tables of views ---- */

static u32 bucket(u64 n)
{
	return (u32)(n * 0x9e3779b97f4a7c15ull >> 32) % VIEW_BUCKETS;
}

struct object *view_of_file(struct store *store, u64 dev, u64 ino)
{
	struct object *obj = store->by_file[bucket(ino)];

	while (obj && (obj->ino != ino || obj->dev != dev))
		obj = obj->next;
	return obj;
}

struct object *view_of_id(struct store *store, u32 id)
{
	struct object *obj = store->by_id[bucket(id)];

	while (obj && (obj->id != id || obj->gone))
		obj = obj->next_id;
	return obj;
}

/* One store makes the view known, so that a fork at any instruction leaves both
 * processes with whole chains. */
static void view_insert(struct object *obj)
{
	struct object **file = &obj->store->by_file[bucket(obj->ino)];
	struct object **id = &obj->store->by_id[bucket(obj->id)];

	obj->next = *file;
	obj->next_id = *id;
	__atomic_store_n(file, obj, __ATOMIC_RELEASE);
	__atomic_store_n(id, obj, __ATOMIC_RELEASE);
}

static void view_unlink(struct object *obj)
{
	struct object **file = &obj->store->by_file[bucket(obj->ino)];
	struct object **id = &obj->store->by_id[bucket(obj->id)];

	while (*file && *file != obj)
		file = &(*file)->next;
	while (*id && *id != obj)
		id = &(*id)->next_id;
	if (*file)
		*file = obj->next;
	if (*id)
		*id = obj->next_id;
}

/* The view's memory, mapping and fd; ops->close has run or there was no open. */
static void view_free(struct object *obj)
{
	if (obj->head)
		munmap(obj->head, obj->size);
	if (obj->fd >= 0)
		close(obj->fd);
	mem_free(obj);
}

static void view_close(struct object *obj)
{
	if (obj->ops->close)
		obj->ops->close(obj);
	view_free(obj);
}

/* The first view that may end, taken out of the tables; ops->close of a program ends
 * uses of maps, so the caller asks again. */
static struct object *take_unused(struct store *store, bool all)
{
	struct object *found = NULL;

	views_lock(store);
	for (u32 i = 0; i < VIEW_BUCKETS && !found; i++)
		for (struct object *obj = store->by_file[i]; obj && !found;
		     obj = obj->next)
			if (!obj->users && (all || obj->gone))
				found = obj;
	if (found)
		view_unlink(found);
	views_unlock(store);
	return found;
}

void views_drop(struct store *store)
{
	struct object *obj;

	while ((obj = take_unused(store, false)))
		view_close(obj);
}

void views_close(struct store *store)
{
	struct object *obj;

	while ((obj = take_unused(store, true)))
		view_close(obj);
}

/* ---- opening a view ---- */

/* Where the address space has the alignment for huge pages, if the region can have any;
 * MAP_FAILED. */
static void *map_region(int fd, u64 size)
{
	u64 room = size + HUGE_PAGE, before;
	void *map;
	u8 *at;

	if (size < HUGE_PAGE)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	at = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		  0);
	if (at == MAP_FAILED)
		return at;
	before = round_up(u64_of(at), HUGE_PAGE) - u64_of(at);
	if (before)
		munmap(at, before);
	at += before;
	munmap(at + size, room - before - size);
	map = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (map == MAP_FAILED)
		munmap(at, size);
	return map;
}

/* A view of the region behind fd, which is the view's from now on. */
static int view_new(struct store *store, int fd, u64 size, enum object_kind kind, u32 id,
		    struct object **out)
{
	struct object *obj = mem_alloc(1, store->kinds[kind]->view_size);
	struct stat st;
	void *map;

	if (!obj || fstat(fd, &st)) {
		mem_free(obj);
		close(fd);
		return -ENOMEM;
	}
	*obj = (struct object){.store = store,
			       .ops = store->kinds[kind],
			       .size = size,
			       .id = id,
			       .kind = kind,
			       .users = 1,
			       .fd = fd,
			       .dev = st.st_dev,
			       .ino = st.st_ino};
	map = map_region(fd, size);
	if (map == MAP_FAILED) {
		view_free(obj);
		return -ENOMEM;
	}
	obj->head = map;
	*out = obj;
	return 0;
}

static int ops_open(struct object *obj)
{
	return obj->ops->open ? obj->ops->open(obj) : 0;
}

/* Makes a view known, unless another thread was faster: then that one is used. */
static struct object *view_publish(struct object *obj)
{
	struct store *store = obj->store;
	struct object *other;

	views_lock(store);
	other = view_of_file(store, obj->dev, obj->ino);
	if (other)
		other->users++;
	else
		view_insert(obj);
	views_unlock(store);
	if (!other)
		return obj;
	view_close(obj);
	return other;
}

/* Opens the object `id` of a shared store, whose file must be (dev, ino) if ino is set,
 * and which must be of `kind` if that is set: else a program that names itself as its map
 * would be opened without end. */
static int view_open(struct store *store, enum object_kind kind, u32 id, u64 ino,
		     struct object **out)
{
	struct object_head head;
	struct object *obj;
	struct stat st;
	int fd = store->keep->open(store, id, O_RDWR), err;

	if (fd < 0)
		return fd;
	if (head_read(store, fd, id, &head, &st, NULL) != file_good ||
	    (ino && st.st_ino != ino) || (kind && head.kind != kind)) {
		close(fd);
		return -ENOENT;
	}
	err = view_new(store, fd, head.size, head.kind, id, &obj);
	if (err)
		return err;
	err = ops_open(obj);
	if (err) {
		view_free(obj);
		return err;
	}
	*out = view_publish(obj);
	return 0;
}

/* ---- uses ---- */

struct object *view_use(struct store *store, const struct stat *st)
{
	struct object *obj;

	views_lock(store);
	obj = view_of_file(store, st->st_dev, st->st_ino);
	if (obj)
		obj->users++;
	views_unlock(store);
	return obj;
}

static int access_mode(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? O_RDWR : flags & O_ACCMODE;
}

/* The object behind an fd that this process has no view of: it came from another one. */
static int adopt(struct store *store, int fd, const struct stat *st, struct object **out)
{
	struct object_head head;
	struct stat again;
	enum file_kind kind;
	char path[32];
	int own, err;

	if (store->dir < 0 || !S_ISREG(st->st_mode) || st->st_dev != store->dev)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = access_mode(fd) == O_WRONLY ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	kind = head_read(store, own < 0 ? fd : own, 0, &head, &again, NULL);
	if (own >= 0)
		close(own);
	if (kind != file_good)
		return -EINVAL;
	err = view_open(store, 0, head.id, st->st_ino, out);
	return err == -ENOENT ? -EINVAL : err;
}

int object_get(struct store *store, int fd, enum object_kind kind, struct object **out,
	       int *flags)
{
	struct object *obj;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -EBADF;
	obj = view_use(store, &st);
	if (!obj) {
		err = adopt(store, fd, &st, &obj);
		if (err)
			return err;
	}
	if (kind && obj->kind != kind) {
		object_put(obj);
		return -EINVAL;
	}
	if (flags)
		*flags = access_mode(fd);
	*out = obj;
	return 0;
}

int object_get_id(struct store *store, enum object_kind kind, u32 id, struct object **out)
{
	struct object *obj;
	int err;

	views_lock(store);
	obj = view_of_id(store, id);
	if (obj)
		obj->users++;
	views_unlock(store);
	if (!obj) {
		err = store->dir < 0 ? -ENOENT : view_open(store, kind, id, 0, &obj);
		if (err)
			return err;
	}
	if (kind && obj->kind != kind) {
		object_put(obj);
		return -ENOENT;
	}
	*out = obj;
	return 0;
}

void object_put(struct object *obj)
{
	struct store *store = obj->store;
	bool last;

	views_lock(store);
	last = --obj->users == 0 && obj->gone;
	if (last)
		view_unlink(obj);
	views_unlock(store);
	if (last)
		view_close(obj);
}

/* ---- making ---- */

/* Bytes that the machine could give without killing anybody. */
static u64 memory_left(void)
{
	char *text, *at;
	size_t len;
	struct sysinfo info;
	u64 kib = 0;

	if (!os_read_file("/proc/meminfo", 1 << 16, (void **)&text, &len)) {
		at = strstr(text, "MemAvailable:");
		if (at)
			kib = strtoull(at + strlen("MemAvailable:"), NULL, 10);
		mem_free(text);
	}
	if (kib || sysinfo(&info))
		return kib << 10;
	return ((u64)info.freeram + info.bufferram) * info.mem_unit;
}

/* A region that the machine cannot hold must be an error now and not the end of some
 * process later: memfds have no limit, and reserving one would take all there is. */
static bool fits(u64 size)
{
	u64 left = size < BIG ? UINT64_MAX : memory_left();

	return size <= left - left / 16;
}

/* Pages of 2 MiB where the system gives them: random accesses to a large table cost a
 * fraction then, above all on a virtual machine. It is the one way that does not ask for
 * the administrator's consent to huge pages in shared memory. */
static void take_huge_pages(int fd, void *head, u64 size)
{
	int saved = errno;

	/* Where there is nothing yet, there is nothing to collapse. */
	for (u64 at = 0; at + HUGE_PAGE <= size; at += HUGE_PAGE)
		if (posix_fallocate(fd, (off_t)at, 1) ||
		    madvise((u8 *)head + at, HUGE_PAGE, MADV_COLLAPSE))
			break;
	errno = saved;
}

/* In steps, so that a signal undoes one of them and not all. */
static int reserve(int fd, u64 size)
{
	int err = 0;

	for (u64 at = 0; at < size && !err; at += RESERVE_STEP) {
		do
			err = posix_fallocate(fd, (off_t)at,
					      (off_t)MIN(size - at, (u64)RESERVE_STEP));
		while (err == EINTR);
	}
	return err ? -ENOMEM : 0;
}

static u64 boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

/* The file of a new object, with a head that says whose it is: from here on it stays as
 * long as its maker lives. */
static int make_file(struct store *store, enum object_kind kind, u64 size, u32 *id)
{
	struct object_head head = {.magic = OBJECT_MAGIC,
				   .layout = OBJECT_LAYOUT,
				   .kind = kind,
				   .size = size,
				   .uid = geteuid(),
				   .maker = store_self(store),
				   .created_ns = boot_ns()};
	int fd;

	do {
		*id = __atomic_fetch_add(&store->state->next_id, 1, __ATOMIC_RELAXED);
		fd = *id ? store->keep->make(store, *id) : -EEXIST;
	} while (fd == -EEXIST);
	if (fd < 0)
		return fd;
	head.id = *id;
	if (pwrite(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head))
		return fd;
	store->keep->remove(store, *id);
	close(fd);
	return -ENOMEM;
}

static void remove_file(struct store *store, u32 id)
{
	store_lock(store);
	store->keep->remove(store, id);
	store_unlock(store);
}

static int create(struct store *store, enum object_kind kind, u64 size, u64 reserved,
		  struct object **out)
{
	u32 id;
	int fd, err;

	store_lock(store);
	fd = make_file(store, kind, size, &id);
	store_unlock(store);
	if (fd < 0)
		return fd == -ENOSPC ? -ENOMEM : fd;
	err = fits(reserved) && !ftruncate(fd, (off_t)size) ? 0 : -ENOMEM;
	if (err)
		close(fd);
	else
		err = view_new(store, fd, size, kind, id, out);
	if (!err) {
		take_huge_pages(fd, (*out)->head, reserved);
		err = reserve(fd, reserved);
		if (err)
			view_free(*out);
	}
	if (err)
		remove_file(store, id);
	return err;
}

/* A store that grows is swept before it has become much larger than what lives in it. */
static void sweep_if_grown(struct store *store, u64 size)
{
	enum { OBJECTS = 16, BYTES = 16 << 20 };

	store_lock(store);
	store->made++;
	store->made_bytes += size;
	if (store->made > OBJECTS + store->live / 16 || store->made_bytes > BYTES)
		sweep_locked(store);
	store_unlock(store);
	views_drop(store);
}

int object_create_sparse(struct store *store, enum object_kind kind, u64 size,
			 u64 reserved, struct object **out)
{
	u64 page = (u64)sysconf(_SC_PAGESIZE);
	int err;

	if (size > INT64_MAX - page || size < OBJECT_HEAD_SIZE)
		return size < OBJECT_HEAD_SIZE ? -EINVAL : -ENOMEM;
	size = round_up(size, page);
	reserved = MIN(round_up(reserved, page), size);
	sweep_if_grown(store, reserved);
	err = create(store, kind, size, reserved, out);
	if (err != -ENOMEM && err != -EMFILE)
		return err;
	store_sweep(store);
	return create(store, kind, size, reserved, out);
}

int object_create(struct store *store, enum object_kind kind, u64 size,
		  struct object **out)
{
	return object_create_sparse(store, kind, size, size, out);
}

void object_abandon(struct object *obj)
{
	remove_file(obj->store, obj->id);
	view_free(obj);
}

int hold(int fd)
{
	int err;

	if (fd < 0)
		return fd;
	fcntl(fd, F_SETFL, 0); /* without O_NONBLOCK */
	if (!flock(fd, LOCK_SH | LOCK_NB))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int object_ready(struct object *obj, int flags)
{
	struct store *store = obj->store;
	int fd, err = ops_open(obj);

	if (err) {
		object_abandon(obj);
		return err;
	}
	store_lock(store);
	views_lock(store);
	obj->users = 0;
	view_insert(obj);
	views_unlock(store);
	__atomic_store_n(&obj->head->ready, 1, __ATOMIC_RELEASE);
	fd = hold(store->keep->open(store, obj->id, flags));
	if (fd < 0)
		store->keep->remove(store, obj->id);
	store_unlock(store);
	if (fd < 0)
		store_sweep(store);
	return fd;
}
