/* object.h - objects: maps, programs, BTF, links, perf events
 *
 * An object is a region of shared memory, a file on tmpfs (shared engine) or a memfd
 * (private engine), that begins with a struct object_head. Its identity is (st_dev,
 * st_ino), never an fd number. A holder is an open file description with a shared flock
 * on it: the user's fd and its dups. The engine's own mapping goes through a description
 * of its own without lock, so it keeps nothing alive. A pin is a hard link. References
 * between objects are ids that the referrer's ops name. An object is alive while a lock,
 * a pin or a living referrer holds it; store_sweep() removes the rest.
 *
 * All functions return 0 or -errno. The region of an object is other processes' to
 * write: every offset read from it is bounded by the reader.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <skep/log.h>
#include <skep/sys.h>
#include "bits.h"

/* The kernel has it and bpf(2) returns it, <errno.h> has not. */
#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif

enum object_kind {
	OBJECT_MAP = 1,
	OBJECT_PROG,
	OBJECT_BTF,
	OBJECT_LINK,
	OBJECT_PERF,
	OBJECT_STATS,	  /* BPF_ENABLE_STATS: run statistics are kept while one lives */
	OBJECT_PERF_RING, /* what a user maps of a perf event */
	OBJECT_ITER,	  /* BPF_ITER_CREATE: what read(2) reads */
	OBJECT_KINDS
};

enum {
	OBJECT_LAYOUT = 8,	/* changes whenever any region's layout does */
	OBJECT_HEAD_SIZE = 4096 /* a kind's own storage begins here */
};
#define OBJECT_MAGIC 0x314a424f50454b53ull /* "SKEPOBJ1" */

/* The first bytes of every region. Immutable once `ready` is set, but for a kind's own
 * part of `data`. */
struct object_head {
	u64 magic;
	u32 layout;
	u32 kind;
	u64 size; /* of the region, this head included */
	u32 id;
	u32 ready;	/* 0 until its creator has finished it */
	u32 uid;	/* of its creator */
	u32 maker;	/* store_self() of its creator, while not ready */
	u64 created_ns; /* CLOCK_BOOTTIME */
	u8 data[];	/* the kind's own, up to OBJECT_HEAD_SIZE */
};

struct store;
struct object;

/* What a kind of object supplies. */
struct object_ops {
	size_t view_size; /* of the process's struct, which begins with a struct object */
	/* Makes the process's view of a mapped region whose head has been checked. */
	int (*open)(struct object *obj);
	void (*close)(struct object *obj);
	/* Calls fn for each id that the object keeps alive. Works on the region alone
	 * (the view is not open), never trusts it. NULL: none. */
	void (*refs)(const struct object_head *head, void (*fn)(void *arg, u32 id),
		     void *arg);
	/* BPF_OBJ_GET_INFO_BY_FD. `info` has info_size bytes: what the user passed, zeros
	 * behind it; it goes back cut to the user's length. NULL: none, -EINVAL. */
	int (*info)(struct object *obj, void *info);
	size_t info_size;
	bool pins; /* OBJ_PIN takes it */
	/* The last holder has closed it, and no pin is left; what refers to it may keep
	 * it alive. Of those that another process closes nobody tells. NULL: nothing. */
	void (*released)(struct object *obj);
	/* It is about to be removed: what its region owns is given up. `fd` is open to
	 * read and write, the store is locked. NULL: nothing. */
	void (*removed)(struct store *store, int fd);
};

/* This process's view of an object; the first member of struct map, struct prog, ... */
struct object {
	struct store *store;
	struct object_head *head; /* the mapped region */
	const struct object_ops *ops;
	u64 size; /* of the mapping, page-rounded; trusted, unlike head->size */
	u32 id, kind;
	u32 users; /* of this view in this process, guarded by the store */
	int fd;	   /* a description of ours, without lock */
	u64 dev, ino;
	bool gone; /* removed from the store; the view ends with its last use */
	struct object *next, *next_id; /* hash chains: by dev and ino, by id */
};

/* Creates a region of `size` bytes (head included, rounded up to pages, memory reserved)
 * with a new id. *out is the view, not open()ed yet: the caller fills in head->data and
 * the storage, then calls object_ready(). -ENOMEM; -EMFILE, -ENFILE. */
int object_create(struct store *store, enum object_kind kind, u64 size,
		  struct object **out);

/* The same, but that only the first `reserved` bytes are; the others are memory when they
 * are used first, and who writes to them when there is none dies of it. */
int object_create_sparse(struct store *store, enum object_kind kind, u64 size,
			 u64 reserved, struct object **out);

/* Opens the view (ops->open) and returns a new fd that holds it, O_CLOEXEC, with open
 * flags O_RDWR, O_RDONLY or O_WRONLY. On failure the object is gone. The caller's use is
 * dropped in both cases. */
int object_ready(struct object *obj, int flags);

/* Throws an unfinished object away. */
void object_abandon(struct object *obj);

/* The object behind a user's fd: counts a use. -EBADF: not open; -EINVAL: no object, or
 * not of this kind (0: any kind). *flags, if not NULL: O_RDWR, O_RDONLY or O_WRONLY. */
int object_get(struct store *store, int fd, enum object_kind kind, struct object **out,
	       int *flags);

/* By id. -ENOENT. For references that the caller holds alive. */
int object_get_id(struct store *store, enum object_kind kind, u32 id,
		  struct object **out);
void object_put(struct object *obj);

/* Whether somebody holds a lock on it: an fd or a mapping. */
bool object_held(struct object *obj);

/* Whether somebody holds it or has pinned it, as far as can be said at once: true while
 * others are at work in the store. */
bool object_wanted(struct object *obj);

/* Whether this process knows that the object has been removed: who caches a use of it
 * should put it. No lock. */
static inline bool object_gone(const struct object *obj)
{
	return __atomic_load_n(&obj->gone, __ATOMIC_RELAXED);
}

/* A new fd for a living object: BPF_*_GET_FD_BY_ID, OBJ_GET. -ENOENT. */
int object_open_id(struct store *store, enum object_kind kind, u32 id, int flags);

/* The least living id above `start`. -ENOENT: none. */
int object_next_id(struct store *store, enum object_kind kind, u32 start, u32 *next);
/* The same, but for who must not wait: -EAGAIN while another process is at work here. */
int object_try_next_id(struct store *store, enum object_kind kind, u32 start, u32 *next);

/* Pins. A path below /sys/fs/bpf names a pin of the engine. Errors as of bpf(2) on
 * bpffs: -EEXIST, -ENOENT, -EPERM (outside), -EINVAL. object_unpin is unlink(2). */
int object_pin(struct store *store, int fd, const char *path);
int object_open_pin(struct store *store, const char *path, int flags);
int object_unpin(struct store *store, const char *path);

/* Removes what nothing holds. Commands that create or look up by id do it where it
 * matters: what they answer is exact, memory comes back soon. */
void store_sweep(struct store *store);

/* close(2), and a sweep if that was the object's last holder. */
int object_close(struct store *store, int fd);

/* ---- the store ---- */

/* `dir` NULL: private, in anonymous memory. `kinds` has OBJECT_KINDS entries; NULL ones
 * do not exist. */
int store_open(const char *dir, const struct object_ops *const *kinds,
	       struct skep_log *log, struct store **out);
void store_close(struct store *store);

/* The same; a store that is new gets `slots` CPU slots, 1 to 1024; 0: the possible CPUs.
 */
int store_open_slots(const char *dir, u32 slots, const struct object_ops *const *kinds,
		     struct skep_log *log, struct store **out);

/* Whether this process uses it with the rights that Linux gives with capabilities (the
 * default) or without: each command asks where Linux asks. */
void store_set_privileged(struct store *store, bool privileged);
bool store_privileged(const struct store *store);

/* What the run layer keeps for this engine (struct runs); the store only carries it. */
void store_set_runs(struct store *store, void *runs);
void *store_runs(struct store *store);

/* The same of the map layer (struct timers). */
void store_set_timers(struct store *store, void *timers);
void *store_timers(struct store *store);

/* ---- processes and CPU slots ---- */

/* This process's name in the store: never 0, below 2^31, never used again after its
 * process, so that what a dead owner left is not mistaken for a living one's. A fork
 * gets a new one. Cheap. */
u32 store_self(struct store *store);

/* Whether the process of that name still lives; `owner` may be a lock word as it stands.
 * One system call: slow paths only. */
bool store_alive(struct store *store, u32 owner);

u32 store_slots(struct store *store); /* how many CPU slots there are */

/* Takes a free slot, waiting for one; slots of dead processes are taken back. */
u32 store_slot_take(struct store *store);
/* That one; false: somebody has it. */
bool store_slot_try(struct store *store, u32 slot);
/* The same, but that it waits for it that long. */
bool store_slot_wait(struct store *store, u32 slot, u32 ms);
void store_slot_give(struct store *store, u32 slot);

/* ---- a lock word in shared memory ---- */

/* 0: free, else the owner's store_self(), and bit 31 when somebody waits. lock_take
 * returns true when it took the lock from a dead owner, whose work the caller must finish
 * or undo first. Not recursive. */
bool lock_take(struct store *store, u32 *word);
bool lock_try(struct store *store, u32 *word, bool *from_dead);
void lock_give(u32 *word);

/* ---- events: what poll(2) waits for ---- */

/* Something became readable. A load when nobody waits; safe in signal handlers. */
void store_notify(struct store *store);

/* Waits until a store_notify() after `seen` was read, or for timeout_ms; may return
 * early. -EINTR: a signal handler ran. */
u32 store_events(struct store *store);
int store_wait(struct store *store, u32 seen, int timeout_ms);

/* A word that is not 0 while run statistics are on; lives as long as the store. */
const u32 *store_stats(struct store *store);

/* ---- the user's memory ---- */

/* Copies to and from addresses that came in a bpf(2) attr: 0, or -EFAULT instead of a
 * crash. (Memory that another thread unmaps during the copy still crashes.) */
int user_copy_in(void *dst, u64 src, size_t len);
int user_copy_out(u64 dst, const void *src, size_t len);

/* A string of less than `size` bytes with its 0: its length, -EFAULT, or -E2BIG. */
int user_copy_string(char *dst, u64 src, size_t size);

/* What bpf(2) asks of a struct that is longer than the one it knows: bytes [known, len)
 * are 0. 0, -E2BIG or -EFAULT. */
int user_check_tail(u64 src, size_t known, size_t len);

/* ---- the engine ---- */

/* The handle of skep/engine.h. */
struct skep_engine {
	struct store *store;
	struct skep_sys sys;
};

#endif
