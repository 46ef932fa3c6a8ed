/* Opening and closing a store, its state region, its two locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>
#include "heap.h"
#include "msg.h"
#include "os.h"
#include "store.h"

/* CPUs that the kernel may ever bring up; "0-3,8" are five. */
static u32 possible_cpus(void)
{
	char *text, *at;
	size_t len;
	u64 n = 0;

	if (os_read_file("/sys/devices/system/cpu/possible", 4096, (void **)&text,
			 &len)) {
		long conf = sysconf(_SC_NPROCESSORS_CONF);

		return (u32)MIN(MAX(conf, 1), STORE_SLOTS);
	}
	for (at = text; *at >= '0' && *at <= '9'; at += *at == ',') {
		u64 first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		n += last - MIN(first, last) + 1;
	}
	mem_free(text);
	return (u32)MIN(MAX(n, 1u), (u64)STORE_SLOTS);
}

/* ---- the state region ---- */

#define NEW_STATE "state.new"

int store_reopen(struct store *store)
{
	char path[32];
	int fd;

	if (store->dir >= 0) {
		fd = openat(store->dir, "state", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", store->state_fd);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int state_make(int fd, u32 slots)
{
	struct state *state;
	int err = posix_fallocate(fd, 0, sizeof(*state));

	if (err)
		return -err;
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return -errno;
	state->layout = STORE_LAYOUT << 16 | OBJECT_LAYOUT;
	state->slots = slots ? slots : possible_cpus();
	state->size = sizeof(*state);
	state->next_id = 1;
	__atomic_store_n(&state->magic, STORE_MAGIC, __ATOMIC_RELEASE);
	munmap(state, sizeof(*state));
	return 0;
}

/* NULL when the file is a state of ours, else what is wrong with it. */
static const char *state_fault(int fd)
{
	struct state head = {0};
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "its state is not a file";
	if (pread(fd, &head, offsetof(struct state, gens), 0) !=
	    (ssize_t)offsetof(struct state, gens))
		return "its state is cut short";
	if (head.magic != STORE_MAGIC)
		return "its state does not begin as ours does";
	if (head.layout != (STORE_LAYOUT << 16 | OBJECT_LAYOUT))
		return "its layout has another number";
	if (head.size != sizeof(head) || (u64)st.st_size < sizeof(head))
		return "its state has another size";
	if (!head.slots || head.slots > STORE_SLOTS)
		return "its number of CPU slots is impossible";
	return NULL;
}

static int state_map(struct store *store)
{
	store->state = mmap(NULL, sizeof(*store->state), PROT_READ | PROT_WRITE,
			    MAP_SHARED, store->state_fd, 0);
	if (store->state == MAP_FAILED) {
		store->state = NULL;
		return -errno;
	}
	store->slots = MIN(MAX(store->state->slots, 1u), (u32)STORE_SLOTS);
	return 0;
}

static int state_open_private(struct store *store, u32 slots, struct skep_log *log)
{
	int err, fd;

	store->state_fd = memfd_create("skep-state", MFD_CLOEXEC);
	err = store->state_fd < 0 ? -errno : state_make(store->state_fd, slots);
	if (!err)
		err = state_map(store);
	if (err) {
		log_printf(log, msg_no_memory, strerror(-err));
		return err;
	}
	fd = store_reopen(store);
	if (fd < 0) {
		log_printf(log, msg_no_proc, "/proc/self/fd", strerror(-fd));
		return fd;
	}
	close(fd);
	return 0;
}

/* Made whole under another name, under a lock that ends with its holder, and renamed: so
 * nobody meets it half made, and what somebody dies over the next one makes anew. */
static int state_make_file(struct store *store, u32 slots)
{
	int fd = openat(store->dir, NEW_STATE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			0600);
	int err = fd < 0 ? -errno : 0;

	while (!err && flock(fd, LOCK_EX))
		err = errno == EINTR ? 0 : -errno;
	if (!err && faccessat(store->dir, "state", F_OK, 0)) {
		err = ftruncate(fd, 0) ? -errno : state_make(fd, slots);
		if (!err && renameat(store->dir, NEW_STATE, store->dir, "state"))
			err = -errno;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int state_open_file(struct store *store, const char *dir, u32 slots,
			   struct skep_log *log)
{
	const char *fault;
	int err;

	store->state_fd = store_reopen(store);
	if (store->state_fd == -ENOENT) {
		err = state_make_file(store, slots);
		store->state_fd = err ? err : store_reopen(store);
	}
	if (store->state_fd < 0) {
		log_printf(log, msg_dir_part, dir, "state", strerror(-store->state_fd));
		return store->state_fd;
	}
	unlinkat(store->dir, NEW_STATE, 0); /* of who came too late, and died */
	fault = state_fault(store->state_fd);
	if (fault) {
		log_printf(log, msg_state_layout, dir, fault, dir);
		return -EPROTO;
	}
	err = state_map(store);
	if (err)
		log_printf(log, msg_no_memory, strerror(-err));
	return err;
}

/* ---- open and close ---- */

static int process_open(struct store *store, const char *dir, struct skep_log *log)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	store->process = os_map_anon(page);
	if (!store->process || madvise(store->process, page, MADV_WIPEONFORK)) {
		log_printf(log, msg_no_memory, strerror(errno));
		return -ENOMEM;
	}
	store_self(store);
	if (store->process->name)
		return 0;
	log_printf(log, msg_no_number, dir ? dir : "a private engine", STORE_PROCS,
		   strerror(errno));
	return -EAGAIN;
}

static int open_parts(struct store *store, const char *dir, u32 slots,
		      struct skep_log *log)
{
	int err;

	if (!dir) {
		store->keep = &keep_memory;
		store->stats = &store->own_stats;
		err = state_open_private(store, slots, log);
	} else {
		store->keep = &keep_files;
		err = files_open(store, dir, log);
		if (!err)
			err = state_open_file(store, dir, slots, log);
		if (!err)
			store->stats = &store->state->stats;
	}
	return err ? err : process_open(store, dir, log);
}

int store_open_slots(const char *dir, u32 slots, const struct object_ops *const *kinds,
		     struct skep_log *log, struct store **out)
{
	struct store *store;
	int err;

	*out = NULL;
	if (slots > STORE_SLOTS) {
		log_printf(log, msg_bad_slots, slots, STORE_SLOTS);
		return -EINVAL;
	}
	store = mem_alloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->kinds = kinds;
	store->dir = store->objects = store->pins = store->state_fd = -1;
	err = open_parts(store, dir, slots, log);
	if (err) {
		store_close(store);
		return err;
	}
	if (dir)
		files_name_leftovers(store, dir, log);
	*out = store;
	return 0;
}

int store_open(const char *dir, const struct object_ops *const *kinds,
	       struct skep_log *log, struct store **out)
{
	return store_open_slots(dir, 0, kinds, log, out);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_state(struct store *store)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (store->process) {
		store_unclaim(store);
		munmap(store->process, page);
	}
	if (store->state)
		munmap(store->state, sizeof(*store->state));
	close_fd(store->state_fd);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->process) {
		if (store->dir >= 0) /* nobody else sees a private one */
			store_sweep(store);
		views_close(store);
		store->keep->close(store);
	}
	heap_close(store);
	close_state(store);
	close_fd(store->objects);
	close_fd(store->pins);
	close_fd(store->dir);
	mem_free(store);
}

void store_set_privileged(struct store *store, bool privileged)
{
	store->unprivileged = !privileged;
}

bool store_privileged(const struct store *store)
{
	return !store->unprivileged;
}

void store_set_runs(struct store *store, void *runs)
{
	store->runs = runs;
}

void *store_runs(struct store *store)
{
	return store->runs;
}

void store_set_timers(struct store *store, void *timers)
{
	store->timers = timers;
}

void *store_timers(struct store *store)
{
	return store->timers;
}

const u32 *store_stats(struct store *store)
{
	return store->stats;
}

/* ---- locks ---- */

/* What a dead process left, half done or held by it alone, goes now: a file without a
 * head, an object whose maker is dead, one that nobody holds. */
void store_lock(struct store *store)
{
	bool from_dead = lock_take(store, &store->state->lock);

	if (store->dir >= 0 && (store_lost_process(store) || from_dead))
		sweep_locked(store);
}

bool store_try_lock(struct store *store)
{
	bool from_dead;

	return lock_try(store, &store->state->lock, &from_dead);
}

void store_unlock(struct store *store)
{
	lock_give(&store->state->lock);
}

void views_lock(struct store *store)
{
	pthread_mutex_lock(&store->process->mutex);
}

void views_unlock(struct store *store)
{
	pthread_mutex_unlock(&store->process->mutex);
}
